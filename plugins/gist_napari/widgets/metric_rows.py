"""Names of the numbers between tumour and levator ani, and one row for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gist_napari.widgets import style
from gist_napari.widgets.style import number_text
from gist_napari.widgets.telling import reason_told, sentence

if TYPE_CHECKING:
    from gist_imaging.anatomy.metric import Metric

__all__ = ["FIRST", "HEIGHT", "LINES", "MORE", "SHIFTS", "metric_row", "metric_told"]

FIRST: Mapping[str, tuple[str, str]] = {
    "min_distance": ("M1 smallest distance", "contact"),
    "contact_area": ("M2 contact area", "contact"),
    "displacement_p95": ("M3 displacement, 95th percentile", "displacement"),
    "bow_difference": ("M4 bow, difference of sides", "displacement"),
    "thickness_ratio": ("M7 thickness, affected / other", ""),
    "signal_ratio": ("M9 signal, affected / other", "invasion"),
}
"""Metrics that stand beside one of the reader's words, and which."""
MORE: Mapping[str, str] = {
    "distance_p5": "M1 distance, 5th percentile",
    "overlap_volume": "M1 overlap of the outlines",
    "contact_length": "M2 longest contact in a slice",
    "contact_arc": "M2 its arc around the tumour",
    "displacement_mean": "M3 displacement, mean in contact",
    "displacement_max": "M3 displacement, largest",
    "displaced_volume": "M3 displaced volume",
    "bow": "M4 bow",
    "bow_ratio": "M4 bow / chord",
    "levator_angle": "M5 coronal angle",
    "levator_angle_difference": "M5 angle, difference of sides",
    "hemi_hiatus_ratio": "M6 half hiatus, affected / other",
    "fossa_loss": "M8 loss of ischioanal fat",
}
LINES: Mapping[str, str] = {
    "pubococcygeal_line": "M11 pubococcygeal line",
    "h_line": "M11 H line",
    "m_line": "M11 M line, above 0 below the PCL",
    "levator_plate_to_pcl": "M11 levator plate to the PCL",
    "levator_plate_to_horizontal": "M11 levator plate to the horizontal",
    "anorectal_angle": "M11 anorectal angle",
    "hiatus_area": "M11 area of the hiatus",
}
HEIGHT: Mapping[str, str] = {
    "straight": "Above the anal verge, straight",
    "two_segment": "Above the anal verge, two segments",
    "curved": "Above the anal verge, along the wall",
    "lower_edge_above_junction": "Lower edge above the junction",
    "nearest_to_junction": "Nearest point to the junction",
    "lower_edge_above_pcl": "Lower edge above the PCL",
}
_UNITS: Mapping[str, str] = {"mm2": "mm²", "mm3": "mm³", "deg": "°", "1": ""}
SHIFTS: Mapping[str, str] = {
    "in_contact": "M10 moved, mean where the tumour touched",
    "overall": "M10 moved, mean of the muscle",
    "largest": "M10 moved, where it moved most",
}
"""Above 0 laterally and towards the feet."""


def metric_row(
    title: str,
    told: str,
    metric: Metric,
    show_me: Callable[[], None] | None = None,
    note_words: Callable[[str], str] = str,
) -> QWidget:
    """Return a row: the name, what is told, a way to its points, and its notes.

    Parameters
    ----------
    show_me : called to go to the points of the metric; None where it has none to show
    note_words : a note as it is worded on the screen
    """
    row = QWidget()
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    head = QHBoxLayout()
    head.addWidget(style.quiet(title, wrap=False), 1)
    if metric.points_mm and show_me is not None:
        show = style.tool_button("Show me", "Go there and draw the points it was measured between")
        show.clicked.connect(lambda: show_me())
        head.addWidget(show)
    column.addLayout(head)
    words = style.text(told, wrap=True)
    style.tabular(words)
    column.addWidget(words)
    for note in metric.notes:
        column.addWidget(style.quiet(sentence(note_words(note))))
    return row


def metric_told(metric: Metric) -> str:
    """Return a number with unit and interval, or why there is none.

    >>> from gist_imaging.anatomy.metric import Metric
    >>> metric_told(Metric(2.41, "mm", low=1.1, high=3.7))
    'Measured 2.4 mm (1.1 to 3.7)'
    >>> metric_told(Metric.missing("mm", "the anal verge was not marked"))
    'Not measured: the anal verge was not marked.'
    """
    if metric.value is None:
        return f"Not measured: {reason_told(metric.reason)}."
    unit = _UNITS.get(metric.unit, metric.unit)
    space = "" if unit in ("", "°") else " "
    told = f"Measured {_number(metric.value, metric.unit)}{space}{unit}"
    if metric.low is not None and metric.high is not None:
        told += f" ({_number(metric.low, metric.unit)} to {_number(metric.high, metric.unit)})"
    return told


def _number(value: float, unit: str) -> str:
    return number_text(value, 2 if unit == "1" else 0 if abs(value) >= 1000 else 1)
