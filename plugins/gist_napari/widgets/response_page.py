"""What became of the lesion by every set of rules; shown only after the reader's own call is committed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_imaging.response.change import Category, Query, Reason
from gist_imaging.spatial.volume import Quantity
from gist_napari.widgets import style
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import Fold
from gist_napari.widgets.style import number_text
from gist_napari.widgets.telling import distance_mm, mm, reason_told, sentence
from gist_napari.widgets.words import word_told

if TYPE_CHECKING:
    from gist_imaging.response.change import Response
    from gist_imaging.response.compare import Comparison
    from gist_napari.session import Session

__all__ = ["BEFORE", "ResponsePage", "headline"]

BEFORE = "Commit your call to see change."

_CRITERIA: Mapping[str, str] = {
    "recist11": "RECIST 1.1",
    "choi": "Choi",
    "mchoi": "Modified Choi",
    "who": "WHO",
    "volume_sphere_recist": "Volume, as a sphere by RECIST",
    "volume_sphere_who": "Volume, as a sphere by WHO",
    "volume_ellipsoid": "Volume, −30 and +20 %",
    "volume_reliability": "Volume, −35 and +55 %",
}
_UNDER_MORE = ("volume_sphere_who", "volume_ellipsoid", "volume_reliability")
_CATEGORIES: Mapping[str, str] = {
    Category.CR: "complete response",
    Category.PR: "partial response",
    Category.SD: "stable disease",
    Category.NON_CR_NON_PD: "neither gone nor progressed",
    Category.PD: "progressive disease",
    Category.NE: "not evaluable",
}
_REASONS: Mapping[str, str] = {
    Reason.BASELINE_NOT_EVALUABLE: "the baseline cannot be evaluated",
    Reason.NO_TARGET_AT_BASELINE: "there is no target lesion at baseline",
    Reason.TARGET_NOT_EVALUABLE: "a target lesion cannot be evaluated",
    Reason.NON_TARGET_NOT_EVALUABLE: "a non-target lesion cannot be evaluated",
    Reason.GEOMETRY_NOT_PHYSICAL: "the file's spacing is not the patient's",
    Reason.SINGLE_SLICE: "the image has one slice",
    Reason.DENSITY_NOT_DEFINED: "density has no unit on these scans (not CT)",
    Reason.PHASE_UNKNOWN: "the contrast phase is not stated: state it on Look (F2)",
    Reason.PHASE_NOT_PORTAL_VENOUS: "the scans are not both portal venous: density cannot be compared",
    Reason.KVP_DIFFERS: "the tube voltage differs: density cannot be compared",
    Reason.BASELINE_DENSITY_TOO_LOW: "the density at baseline is too low for a change in percent",
    Reason.PR_AFTER_CR: "a partial follows a complete response: was that real?",
    Reason.SD_TOO_EARLY: "the follow-up is too early to call it stable",
    Reason.NO_ASSESSMENT: "there is no follow-up",
}
_QUERIES: Mapping[str, str] = {
    Query.PR_AFTER_CR: "was the complete response real?",
    Query.REAPPEARANCE_AFTER_CR: "all targets had gone and one is back: was the complete response real?",
    Query.GROWTH_FROM_NADIR: "the size has grown past the cut-off since its smallest: look again.",
}
_AS_GOOD_AS_NONE_PCT = 0.05
"""Less change than this is told as 0.0 %."""
_DIGITS = {"mm": 1, "mm2": 0, "mm3": 1}


class ResponsePage(Page):
    """One row a criterion: word, arrow, number; the rule in a sentence; the numbers used (W12)."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.impression = style.text("", wrap=True)
        self.before = style.text("", wrap=True)
        self.list = QVBoxLayout()
        self.list.setSpacing(8)
        self.rows.addWidget(self.impression)
        self.rows.addWidget(self.before)
        self.rows.addLayout(self.list)
        self.rows.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show the response once the call is committed; before, only what to do."""
        session = self.session
        emptied(self.list)
        lesion, case = session.active_lesion, session.case
        held = None if case is None or not lesion else case.state.plain("impression", lesion)
        word = held.get("word") if isinstance(held, dict) else held
        self.impression.setText(
            f"Your impression of {lesion}: {word_told('impression', word)}" if lesion else ""
        )
        self.impression.setVisible(bool(lesion))
        self.before.setVisible(True)
        if case is None:
            self.before.setText("No case is open. Choose one in the worklist and press Enter.")
        elif not self.revealed:
            self.before.setText(BEFORE)
        elif session.pair[1] is None:
            self.before.setText("NE: this case has no follow-up. Nothing can be compared.")
        elif not lesion:
            self.before.setText("Choose a lesion in the strip below the images.")
        else:
            compared = self.asked(workflow.change_numbers, lesion)
            self.before.setVisible(compared is None)
            self.before.setText(f"NE: {self.refused}." if self.refused else "")
            if compared is not None:
                self._show(compared)
                self._show_overrides(lesion)

    def _show_overrides(self, lesion: str) -> None:
        """Say that diameters set by hand stand beside these numbers, which are those of the masks."""
        for visit in self.session.pair:
            shown = () if visit is None else self.asked(workflow.shown_calipers, lesion, visit.label) or ()
            own = [mm(distance_mm(one.points_mm)) for one in shown if one.overridden]
            if visit is not None and own:
                tag = self.session.tag_of(visit.label)
                self.list.addWidget(
                    style.quiet(f"By hand on {tag}: {', '.join(own)}. The rows above are those of the masks.")
                )

    def _show(self, compared: Comparison) -> None:
        more = Fold("response", "Volume by other cut-offs")
        for response in compared.responses:
            row = _row(response)
            if response.criterion in _UNDER_MORE:
                more.rows.addWidget(row)
            else:
                self.list.addWidget(row)
        self.list.addWidget(_numbers(compared))
        self.list.addWidget(more)


def headline(response: Response) -> str:
    """Return category, arrow and number of a response.

    An NE says its reason first and has no arrow.
    """
    word = f"{response.category} {_CATEGORIES[response.category]}".replace("NON_CR_NON_PD ", "")
    if response.category is Category.NE:
        return f"NE: {_REASONS.get(str(response.reason), reason_told(response.reason))}."
    change = response.change_pct_baseline
    if response.category is Category.PD and response.change_pct_nadir is not None:
        change = response.change_pct_nadir
    if change is None:
        return word
    if abs(change) < _AS_GOOD_AS_NONE_PCT:
        return f"{word} → 0.0 %"
    return f"{word} {'↓' if change < 0 else '↑'} {number_text(change, signed=True)} %"


def _row(response: Response) -> QWidget:
    row = QWidget()
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    column.addWidget(style.quiet(_CRITERIA.get(response.criterion, response.criterion), wrap=False))
    head = style.text(headline(response), wrap=True)
    head.setStyleSheet("font-weight: 600;")
    style.tabular(head)
    column.addWidget(head)
    if response.rule:
        # The rule begins with its own category, which stands above already.
        rule = response.rule.partition(": ")[2] or response.rule
        column.addWidget(style.text(sentence(rule, "."), wrap=True))
    if response.query:
        column.addWidget(style.warning(_QUERIES.get(response.query, response.query)))
    used = _used(response)
    if used:
        column.addWidget(style.quiet(used))
    version = f"Rules {response.criterion}, version {response.rule_version}"
    row.setToolTip("; ".join((version, *response.trace)))
    return row


def _used(response: Response) -> str:
    told = []
    if response.baseline_value is not None and response.followup_value is not None and response.unit:
        values = [response.baseline_value, response.followup_value]
        unit = {"mm2": "mm²", "mm3": "mL"}.get(response.unit, response.unit)
        if response.unit == "mm3":
            values = [value / 1000.0 for value in values]
        digits = _DIGITS.get(response.unit, 1)
        told.append(f"{number_text(values[0], digits)} → {number_text(values[1], digits)} {unit}")
    if response.density_baseline_hu is not None and response.density_followup_hu is not None:
        densities = (response.density_baseline_hu, response.density_followup_hu)
        pair = " → ".join(number_text(one, 0) for one in densities) + " HU"
        change = response.density_change_pct
        told.append(pair if change is None else f"{pair} ({number_text(change, signed=True)} %)")
    return "; ".join(told)


_CHANGES: Mapping[str, tuple[str, str, float]] = {
    "longest_axial_diameter_mm": ("Longest diameter", "mm", 1.0),
    "short_axis_mm": ("Perpendicular", "mm", 1.0),
    "volume_mm3": ("Volume", "mL", 1000.0),
    "mean": ("Mean", "", 1.0),
}


def _numbers(compared: Comparison) -> QWidget:
    lines = []
    for name, (title, unit, divide) in _CHANGES.items():
        before, after = getattr(compared.pre, name), getattr(compared.post, name)
        if before is None and after is None:
            continue
        unit = str(compared.pre.quantity) if name == "mean" and compared.pre.mean_hu is not None else unit
        pair = " → ".join("–" if one is None else number_text(one / divide) for one in (before, after))
        change = compared.change_pct.get(name)
        told = "" if change is None else f", {number_text(change, signed=True)}\u00a0%"
        if name == "mean" and Quantity.ARBITRARY in (compared.pre.quantity, compared.post.quantity):
            # Signal without a unit differs from scan to scan; its change says nothing.
            title, told = "Mean signal", ", without a unit: not compared"
        lines.append(f"{title}: {pair} {unit}".rstrip() + told)
    label = style.text("\n".join(lines), wrap=True)
    style.tabular(label)
    return label
