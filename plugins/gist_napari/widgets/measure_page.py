"""Sizes of the active lesion on both scans: what the program proposes and what the reader put instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_imaging.response.visit import (
    MEASURABLE_AT_LEAST_MM,
    SLICE_AT_MOST_MM,
    SLICES_AT_LEAST,
    TargetLesion,
    is_measurable,
)
from gist_napari.tools.names import Tool
from gist_napari.widgets import style
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import Switch
from gist_napari.widgets.style import number_text
from gist_napari.widgets.telling import distance_mm, ml, mm, number_of, reason_told

if TYPE_CHECKING:
    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.session.open_case import VisitFacts
    from gist_imaging.session.regions import RoiNumbers
    from gist_napari.session import Session
    from gist_napari.widgets.live_numbers import LiveNumbers

__all__ = ["MeasurePage"]

WHY = (
    ("edge_judged", "edge", "I see the edge elsewhere"),
    ("vessel", "vessel", "A vessel was included or left out"),
    ("artefact", "artefact", "An artefact moved the edge"),
    ("other", "other", "Another reason"),
)
LONGEST, SHORT = "longest_axial_diameter", "short_axis"
_NAMES = {LONGEST: "Longest", SHORT: "Perpendicular"}
NO_MASK = "No mask on {tag} yet. F3 to segment, or None visible there if it is gone."
CUT_OFF = (
    "The tumour reaches the edge of the image and may be cut off: choose another series, or say that it "
    "cannot be measured here."
)


class _VisitSizes(QWidget):
    """Sizes of one scan."""

    def __init__(self, page: MeasurePage, tag: str) -> None:
        super().__init__()
        self.page, self.tag, self.visit = page, tag, ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(3)
        head = QHBoxLayout()
        self.title = style.heading(tag)
        self.jump = style.button("Jump", "Show the slice of the longest diameter", "J")
        self.jump.clicked.connect(self._jump)
        head.addWidget(self.title, 1)
        head.addWidget(self.jump)
        column.addLayout(head)
        self.empty = style.text("", wrap=True)
        column.addWidget(self.empty)
        self.table = QWidget()
        grid = QGridLayout(self.table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.setColumnMinimumWidth(2, 62)
        self.cells: dict[tuple[str, str], QLabel] = {}
        for at, words in enumerate(("proposed", "yours"), start=1):
            grid.addWidget(_right(style.quiet(words, wrap=False)), 0, at)
        rows = (
            (LONGEST, _NAMES[LONGEST]),
            (SHORT, _NAMES[SHORT]),
            ("3d", "3D diameter"),
            ("volume", "Volume"),
        )
        for row, (name, words) in enumerate(rows, start=1):
            grid.addWidget(style.quiet(words, wrap=False), row, 0)
            for at, whose in enumerate(("proposed", "yours"), start=1):
                if at == 2 and name in ("3d", "volume"):
                    continue
                label = _right(style.text("–"))
                style.tabular(label)
                self.cells[(name, whose)] = label
                grid.addWidget(label, row, at)
        column.addWidget(self.table)
        self.where = style.quiet("")
        self.measurable = style.text("", wrap=True)
        self.edge = style.warning(CUT_OFF)
        column.addWidget(self.where)
        column.addWidget(self.measurable)
        column.addWidget(self.edge)
        self.ask = style.text("You moved an end. Why?", wrap=True)
        self.why = Switch(WHY)
        self.why.chosen.connect(self._state_why)
        self.back: QPushButton = style.button("Back to proposed", "Take your caliper away; can be undone")
        self.back.clicked.connect(self._clear)
        self.angle = style.warning("")
        column.addWidget(self.angle)
        column.addWidget(self.ask)
        column.addWidget(self.why)
        column.addWidget(self.back)

    def follow(self, facts: VisitFacts | None) -> None:
        """Show what is known of one scan."""
        session = self.page.session
        self.setVisible(facts is not None)
        self.visit = "" if facts is None else facts.label
        self._clear_texts()
        if facts is None or session.case is None:
            return
        lesion = session.active_lesion
        self.title.setText(f"{self.tag} · {lesion or 'no lesion'}")
        measured = self.page.live.of(lesion, self.visit) if lesion else None
        present = measured is not None and measured.n_voxels > 0
        gone = measured is not None and measured.n_voxels == 0
        for widget in (self.table, self.jump, self.where, self.measurable):
            widget.setVisible(present)
        self.empty.setVisible(not present)
        outlined = session.case.state.mask(lesion, self.visit) is not None if lesion else False
        if not lesion:
            words = "No lesion yet. F3, then the first stroke makes L1."
        elif gone:
            words = "None visible: every size is 0."
        else:
            words = "Being measured …" if outlined else NO_MASK.format(tag=self.tag)
        self.empty.setText(words)
        calipers = {name: session.case.state.plain("caliper", lesion, self.visit, name) for name in _NAMES}
        self._show_calipers(calipers)
        self.edge.setVisible(measured is not None and measured.touches_image_edge)
        if measured is not None and present:
            self._show_numbers(measured, calipers)

    def _clear_texts(self) -> None:
        """Take every number away; nothing of another scan or case may stay, seen or not."""
        for label in self.cells.values():
            label.setText("–")
            label.setToolTip("")
        for label in (self.where, self.measurable, self.ask, self.angle):
            label.setText("")
        self.title.setText(self.tag)

    def _show_calipers(self, calipers: dict[str, Any]) -> None:
        own = {name: held for name, held in calipers.items() if held is not None}
        for widget in (self.ask, self.why, self.back):
            widget.setVisible(bool(own))
        for name in _NAMES:
            held = calipers[name]
            self.cells[(name, "yours")].setText("–" if held is None else mm(distance_mm(held["points_mm"])))
        shown = self.page.asked(workflow.shown_calipers, self.page.session.active_lesion, self.visit) or ()
        told = [f"{_NAMES[one.measure]} {one.note}" for one in shown if one.note]
        if any(one.stale for one in shown):
            told.append("The mask was changed after you measured: check your ends")
        self.angle.setText("▲ " + ". ".join(told) + "." if told else "")
        self.angle.setVisible(bool(told))
        if own:
            first = next(iter(own.values()))
            why = str(first.get("why") or "")
            self.why.show_chosen(why)
            self.ask.setText(f"Measured by hand by {first.get('by')}, because of:")

    def _show_numbers(self, measured: LesionMeasurement, calipers: dict[str, Any]) -> None:
        shown = {
            LONGEST: ("longest_axial_diameter_mm", mm),
            SHORT: ("short_axis_mm", mm),
            "3d": ("longest_3d_diameter_mm", mm),
            "volume": ("volume_mm3", ml),
        }
        for name, (field, words) in shown.items():
            label = self.cells[(name, "proposed")]
            label.setText(words(getattr(measured, field)))
            label.setToolTip(reason_told(measured.not_measured.get(field)))
        plane = measured.ld_plane or "no"
        tilt = f", tilted {measured.ld_tilt_deg:.0f}°" if measured.ld_tilt_deg and plane == "oblique" else ""
        case, at = self.page.session.case, ""
        mask = None if case is None else case.state.mask(self.page.session.active_lesion, self.visit)
        if case is not None and mask is not None and measured.ld_slice is not None:
            at = f" · slice {number_of(case, mask, self.visit, measured.ld_slice)}"
        is_stale = mask is None or measured.mask_sha256 != mask.sha256()
        old = " · ◔ stale: the mask has changed; being measured again …" if is_stale else ""
        self.where.setText(f"{plane} plane{tilt}{at}{old}")
        own = distance_mm((calipers[LONGEST] or {}).get("points_mm"))
        self.measurable.setText(_measurable(measured, own))

    def _jump(self) -> None:
        case = self.page.session.case
        if case is None:
            return
        held = case.state.plain("caliper", self.page.session.active_lesion, self.visit, LONGEST)
        points = None if held is None else held["points_mm"]
        if points is None:
            measured = self.page.live.of(self.page.session.active_lesion, self.visit)
            points = None if measured is None else measured.end_points_mm.get("longest_axial_diameter_mm")
        if points:
            middle = tuple((one + other) / 2.0 for one, other in zip(points[0], points[1], strict=True))
            self.page.session.go_to(self.visit, middle)

    def _state_why(self, name: str) -> None:
        session = self.page.session
        for measure in _NAMES:
            held = (
                None
                if session.case is None
                else session.case.state.plain("caliper", session.active_lesion, self.visit, measure)
            )
            if held is not None:
                session.do(
                    workflow.set_caliper, session.active_lesion, self.visit, measure, held["points_mm"], name
                )

    def _clear(self) -> None:
        session = self.page.session
        for measure in _NAMES:
            if session.case is not None and session.case.state.plain(
                "caliper", session.active_lesion, self.visit, measure
            ):
                session.do(workflow.clear_caliper, session.active_lesion, self.visit, measure)


class MeasurePage(Page):
    """Longest diameter and perpendicular of both scans, rulers and regions (W7)."""

    def __init__(self, session: Session, numbers: LiveNumbers, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.live = numbers
        numbers.changed.connect(self.refresh_soon)
        self.next = style.text("", wrap=True)
        self.rows.addWidget(self.next)
        self.visits = {tag: _VisitSizes(self, tag) for tag in ("PRE", "POST")}
        for sizes in self.visits.values():
            self.rows.addWidget(sizes)
        self.marks_title = style.heading("Rulers and regions")
        self.rows.addWidget(self.marks_title)
        tools = QHBoxLayout()
        tools.setSpacing(4)
        for word, tool, tip in (
            ("Caliper", Tool.CALIPER, "Drag an end of the longest diameter or its perpendicular"),
            ("Ruler", Tool.RULER, "Drag from one point to another"),
            ("Ellipse", Tool.ELLIPSE, "Drag from corner to corner: mean and spread inside"),
        ):
            button = style.button(word, tip)
            button.clicked.connect(lambda _=False, tool=tool: session.choose_tool(tool))
            tools.addWidget(button)
        self.rows.addLayout(tools)
        self.marks = QVBoxLayout()
        self.marks.setSpacing(2)
        self.rows.addLayout(self.marks)
        self.rows.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show both scans."""
        pre, post = self.session.pair
        self.next.setVisible(self.session.case is None)
        self.next.setText("No case is open. Choose one in the worklist and press Enter.")
        for tag, facts in (("PRE", pre), ("POST", post)):
            self.visits[tag].follow(facts)
        self._show_marks()

    def _show_marks(self) -> None:
        emptied(self.marks)
        case = self.session.case
        if case is None:
            return
        held = [*case.state.plain_under("ruler"), *case.state.plain_under("roi")]
        if not held:
            self.marks.addWidget(style.quiet("None yet: take Ruler or Ellipse and drag on an image."))
        for key, value in held:
            row = QHBoxLayout()
            row.setSpacing(4)
            label = style.text(f"{self.session.tag_of(key[1])} {self._mark_words(key, value)}", wrap=True)
            style.tabular(label)
            go = style.button("Go", "Show it")
            go.clicked.connect(
                lambda _=False, visit=key[1], point=value["points_mm"][0]: self.session.go_to(visit, point)
            )
            delete = style.button("✕", "Delete; can be undone")
            delete.setFixedWidth(style.TARGET_PX)
            delete.clicked.connect(lambda _=False, key=key: self.session.do(workflow.remove_mark, key))
            row.addWidget(label, 1)
            row.addWidget(go)
            row.addWidget(delete)
            self.marks.addLayout(row)

    def _mark_words(self, key: tuple[str, ...], value: Any) -> str:
        if key[0] == "ruler":
            return f"ruler {mm(distance_mm(value['points_mm']))}"
        shape = str(value["shape"])
        numbers = self.asked(workflow.roi_numbers, key[1], key[2])
        return shape if numbers is None else f"{shape} {_roi_words(numbers)}"


def _roi_words(numbers: RoiNumbers) -> str:
    axes = f"{number_text(numbers.long_mm)} × {number_text(numbers.short_mm)} mm"
    if numbers.mean is None or numbers.sd is None:
        return axes
    unit = " HU" if str(numbers.quantity) == "HU" else ""
    return f"{axes}, mean {number_text(numbers.mean)} ± {number_text(numbers.sd)}{unit}"


def _measurable(measured: LesionMeasurement, own_mm: float | None) -> str:
    target = TargetLesion.of(measured)
    if own_mm is not None:
        target = replace(target, longest_diameter_mm=own_mm)
    answer, size, slice_mm = is_measurable(target), target.longest_diameter_mm, target.slice_mm
    if answer is None:
        why = reason_told(target.reason) or "thickness of the slices is not known"
        return f"Measurable: not known, {why}"
    needed = MEASURABLE_AT_LEAST_MM
    if slice_mm is not None and slice_mm > SLICE_AT_MOST_MM:
        needed = SLICES_AT_LEAST * slice_mm
    word = "yes" if answer else "no"
    sign = "≥" if answer else "<"
    return f"Measurable: {word}, {mm(size)} {sign} {needed:g} mm on slices of {mm(slice_mm)}"


def _right(label: QLabel) -> QLabel:
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
