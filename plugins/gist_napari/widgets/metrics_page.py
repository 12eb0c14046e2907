"""What the reader said beside what was measured; shown only after the reader's own call is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_napari.widgets import style
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import Fold, Switch
from gist_napari.widgets.style import number_text
from gist_napari.widgets.telling import mm, reason_told, sentence, slices_as_shown
from gist_napari.widgets.words import SIDE_WORDS, word_told

if TYPE_CHECKING:
    from gist_imaging.anatomy.metric import Metric
    from gist_imaging.anatomy.relation_values import RelationMeasurement
    from gist_imaging.anatomy.suggestion import RelationSuggestion
    from gist_imaging.anatomy.visit_relation import VisitRelation
    from gist_imaging.session.event import Event
    from gist_napari.session import Session

__all__ = ["BEFORE", "MetricsPage", "metric_told"]

BEFORE = "Commit your call to see what was measured."

_FIRST: Mapping[str, tuple[str, str]] = {
    "min_distance": ("M1 smallest distance", "contact"),
    "contact_area": ("M2 contact area", "contact"),
    "displacement_p95": ("M3 displacement, 95th percentile", "displacement"),
    "bow_difference": ("M4 bow, difference of sides", "displacement"),
    "thickness_ratio": ("M7 thickness, affected / other", ""),
    "signal_ratio": ("M9 signal, affected / other", "invasion"),
}
"""Metrics that stand beside one of the reader's words, and which."""
_MORE: Mapping[str, str] = {
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
_LINES: Mapping[str, str] = {
    "pubococcygeal_line": "M11 pubococcygeal line",
    "h_line": "M11 H line",
    "m_line": "M11 M line, above 0 below the PCL",
    "levator_plate_to_pcl": "M11 levator plate to the PCL",
    "levator_plate_to_horizontal": "M11 levator plate to the horizontal",
    "anorectal_angle": "M11 anorectal angle",
    "hiatus_area": "M11 area of the hiatus",
}
_HEIGHT: Mapping[str, str] = {
    "straight": "Above the anal verge, straight",
    "two_segment": "Above the anal verge, two segments",
    "curved": "Above the anal verge, along the wall",
    "lower_edge_above_junction": "Lower edge above the junction",
    "nearest_to_junction": "Nearest point to the junction",
    "lower_edge_above_pcl": "Lower edge above the PCL",
}
_UNITS: Mapping[str, str] = {"mm2": "mm²", "mm3": "mm³", "deg": "°", "1": ""}


@dataclass(frozen=True, slots=True)
class _MeasureJob:
    """Measures in a thread; reads the case as it is, and changes nothing."""

    measure: Callable[[], VisitRelation]
    label: str = "Measuring tumour and levator ani"

    def run(
        self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
    ) -> VisitRelation:
        """Return the numbers; it cannot say how far it is, and is dropped when it was stopped."""
        del progress, cancelled
        return self.measure()


class MetricsPage(Page):
    """You said, measured, and where: one row a metric (W11)."""

    points_wanted = Signal(str, object)  # visit, points in mm to draw

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.before = style.text("", wrap=True)
        self.visits = Switch((("PRE", "PRE", "Of the first scan"), ("POST", "POST", "Of the second scan")))
        self.visits.show_chosen("PRE")
        self.visits.chosen.connect(lambda _: self.refresh())
        self.measure = style.button("Measure", "Measure tumour and levator ani of this scan", main=True)
        self.measure.clicked.connect(self.start)
        for widget in (self.before, self.visits, self.measure):
            self.rows.addWidget(widget)
        self.list = QVBoxLayout()
        self.list.setSpacing(8)
        self.rows.addLayout(self.list)
        self.rows.addStretch(1)
        self._made: dict[tuple[str, str], VisitRelation] = {}
        session.case_changed.connect(self._made.clear)
        session.state_changed.connect(self._forget)
        self.refresh()

    def _forget(self, event: Event) -> None:
        if event.kind != "view":
            self._made.clear()

    @property
    def visit(self) -> str:
        """Label of the scan whose numbers are shown."""
        pre, post = self.session.pair
        chosen = post if self.visits.name == "POST" else pre
        return "" if chosen is None else chosen.label

    def refresh(self) -> None:
        """Show the numbers once the call is committed; before, only what to do."""
        session = self.session
        emptied(self.list)
        shown = self.revealed
        for widget in (self.visits, self.measure):
            widget.setVisible(shown)
        self.visits.buttons["POST"].setVisible(session.pair[1] is not None)
        self.before.setVisible(True)
        if session.case is None:
            self.before.setText("No case is open. Choose one in the worklist and press Enter.")
            return
        if not shown:
            self.before.setText(BEFORE)
            return
        made = self._made.get((session.active_lesion, self.visit))
        self.measure.setVisible(made is None)
        self.before.setVisible(made is None)
        self.before.setText("Not measured yet from the outlines and strokes as they are.")
        if made is not None:
            self._show(made)

    def start(self) -> None:
        """Measure the chosen scan in a thread."""
        session, case = self.session, self.session.case
        lesion, visit = session.active_lesion, self.visit
        if case is None or not self.revealed or not lesion or not visit:
            return

        given = case.state.sha256

        def keep(made: VisitRelation) -> None:
            if self.session.case is not case:
                return
            if case.state.sha256 != given:
                session.warn("Something was changed while this was measured: press Measure again.")
            else:
                self._made[(lesion, visit)] = made
                self.refresh()

        session.run(_MeasureJob(lambda: workflow.metrics(case, lesion, visit)), keep)

    # ---------------------------------------------------------------- showing

    def _show(self, made: VisitRelation) -> None:
        for note in made.notes:
            self.list.addWidget(style.quiet(sentence(note)))
        more = Fold("metrics/more", "More: all numbers of the relation")
        order = list(SIDE_WORDS)
        for one in sorted(made.relations, key=lambda one: order.index(one.side)):
            self.list.addWidget(style.heading(sentence(SIDE_WORDS[one.side])))
            self._show_side(one, made.suggestions.get(one.side), more)
        lines = Fold("metrics/lines", "Pelvic floor and height")
        for held, names in ((made.lines, _LINES), (made.height, _HEIGHT)):
            for field in fields(held):
                if field.name in names:
                    lines.rows.addWidget(self._row(names[field.name], "", getattr(held, field.name)))
        self.list.addWidget(more)
        self.list.addWidget(lines)
        self.list.addWidget(
            style.quiet("Your words stand; numbers are advice, and none of them shows invasion.")
        )

    def _show_side(
        self, one: RelationMeasurement, suggestion: RelationSuggestion | str | None, more: Fold
    ) -> None:
        codes: Mapping[str, Any] = one.reader_codes or {}
        for name, metric in one.metrics.items():
            if name in _FIRST:
                title, axis = _FIRST[name]
                said = f"You: {word_told(axis, codes.get(axis))}." if axis and codes.get(axis) else ""
                self.list.addWidget(self._row(title, said, metric, self._limit(name)))
            else:
                more.rows.addWidget(self._row(_MORE[name], "", metric))
        if suggestion is not None and not isinstance(suggestion, str):
            for axis in suggestion.disagreements:
                held = suggestion.contact if axis == "contact" else suggestion.displacement
                own = word_told(axis, str(suggestion.own_call[axis]))
                told = "; ".join(sentence(evidence.sentence) for evidence in held.evidence)
                self.list.addWidget(
                    style.text(
                        f"You: {own}. The numbers suggest {word_told(axis, held.word)}: {told}", wrap=True
                    )
                )

    def _limit(self, name: str) -> str:
        """Return what distances on this scan cannot be finer than."""
        case = self.session.case
        if case is None or name != "min_distance":
            return ""
        facts = case.visit(self.visit)
        series = next((one for one in facts.series if one.key == facts.measured), None)
        return "" if series is None else f", limit of this scan {mm(max(series.spacing_mm))}"

    def _row(self, title: str, said: str, metric: Metric, limit: str = "") -> QWidget:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        head = QHBoxLayout()
        head.addWidget(style.quiet(title, wrap=False), 1)
        if metric.points_mm:
            show = style.tool_button("Show me", "Go there and draw the points it was measured between")
            show.clicked.connect(lambda: self._show_me(metric))
            head.addWidget(show)
        column.addLayout(head)
        told = style.text(
            f"{said} {metric_told(metric)}{limit if metric.value is not None else ''}".strip(), wrap=True
        )
        style.tabular(told)
        column.addWidget(told)
        for note in metric.notes:
            column.addWidget(style.quiet(sentence(self._counted(note))))
        return row

    def _counted(self, note: str) -> str:
        case = self.session.case
        return note if case is None else slices_as_shown(note, case.measured_volume(self.visit).geometry)

    def _show_me(self, metric: Metric) -> None:
        points = metric.points_mm
        middle = tuple(sum(axis) / len(points) for axis in zip(*points, strict=True))
        self.session.go_to(self.visit, middle)
        self.points_wanted.emit(self.visit, points)


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
