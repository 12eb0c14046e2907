"""Strokes along the levator ani of each side: where they are, what surface they make, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_imaging.measure.region import slice_axis
from gist_imaging.spatial import slice_number
from gist_napari.tools.names import Tool
from gist_napari.widgets import style
from gist_napari.widgets.page import Page, emptied
from gist_napari.widgets.parts import Switch
from gist_napari.widgets.telling import mm, sentence
from gist_napari.widgets.words import SIDE_WORDS

if TYPE_CHECKING:
    from gist_imaging.anatomy.levator import LevatorReport
    from gist_imaging.session.open_case import OpenCase
    from gist_napari.session import Session

__all__ = ["AT_LEAST_SLICES", "LevatorPage", "SliceTicks"]

AT_LEAST_SLICES = 3
"""Strokes on fewer slices make no surface."""

EMPTY = (
    "Trace the levator from its origin to the puborectalis on 3–8 coronal slices, each side. Coronal along "
    "the anal canal is best{missing}."
)


class SliceTicks(QWidget):
    """A strip with one place a slice; ticks show where each side has strokes, R above, L below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.n_slices = 0
        self.slices: dict[str, list[int]] = {"R": [], "L": []}
        self.setFixedHeight(44)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_slices(self, n_slices: int, slices: dict[str, list[int]]) -> None:
        """Show on which of `n_slices` each side has strokes."""
        self.n_slices, self.slices = n_slices, slices
        told = "; ".join(
            f"{SIDE_WORDS[side]}: {', '.join(str(k + 1) for k in held) or 'none'}"
            for side, held in slices.items()
        )
        self.setAccessibleName(f"Slices with strokes, {told}")
        self.setToolTip(f"Slices with strokes: {told}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw both rows of ticks."""
        painter = QPainter(self)
        left, right = 16.0, self.width() - 4.0
        font = painter.font()
        font.setPixelSize(style.SMALL_PX)
        painter.setFont(font)
        for row, side in enumerate(("R", "L")):
            top = 4.0 + row * 20.0
            painter.setPen(QColor(style.QUIET))
            painter.drawText(QPointF(2.0, top + 12.0), side)
            painter.setPen(QPen(QColor(style.LINE), 1.0))
            painter.drawLine(QPointF(left, top + 8.0), QPointF(right, top + 8.0))
            if self.n_slices:
                step = (right - left) / self.n_slices
                for k in self.slices.get(side, ()):
                    box = QRectF(left + k * step, top, max(2.0, step - 1.0), 16.0)
                    painter.fillRect(box, QColor(style.LEVATOR))
        painter.end()


class LevatorPage(Page):
    """Strokes of the levator ani on the active scan (W9)."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.what = style.heading("")
        self.rows.addWidget(self.what)
        self.side = Switch(
            (
                ("R", "patient R", "Strokes of the patient's right, on the left of the screen"),
                ("L", "patient L", "Strokes of the patient's left, on the right of the screen"),
            )
        )
        self.side.chosen.connect(self._choose_side)
        self.rows.addWidget(self.side)
        self.empty = style.text("", wrap=True)
        self.rows.addWidget(self.empty)
        self.trace = style.button("Trace", "Take the levator tool and draw along the muscle")
        self.trace.clicked.connect(lambda: session.choose_tool(Tool.LEVATOR))
        self.rows.addWidget(self.trace)
        self.ticks = SliceTicks()
        self.rows.addWidget(self.ticks)
        self.sides = {side: style.text("", wrap=True) for side in ("R", "L")}
        for label in self.sides.values():
            self.rows.addWidget(label)
        self.surface = style.text("", wrap=True)
        self.rows.addWidget(self.surface)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.make = style.button("Make surface", "Join the strokes of this side to a surface; see its error")
        self.delete = style.button("Delete last", "Take the last stroke of this side away; can be undone")
        self.make.clicked.connect(self.make_surface)
        self.delete.clicked.connect(self.delete_last)
        row.addWidget(self.make)
        row.addWidget(self.delete)
        self.rows.addLayout(row)
        self.warnings = QVBoxLayout()
        self.rows.addLayout(self.warnings)
        self.rows.addStretch(1)
        self._made: dict[tuple[str, str, str], LevatorReport] = {}
        session.case_changed.connect(self._made.clear)
        self.refresh()

    def _choose_side(self, side: str) -> None:
        self.session.set_levator_side(side)

    def _strokes(self, side: str) -> list[tuple[tuple[str, ...], Any]]:
        case = self.session.case
        if case is None or not self.session.active_visit:
            return []
        held = list(case.state.under("levator", self.session.active_visit, side))
        return sorted(held, key=lambda pair: (len(pair[0][3]), pair[0][3]))

    def refresh(self) -> None:
        """Show the strokes of both sides on the active scan."""
        session = self.session
        case, visit = session.case, session.active_visit
        self.side.show_chosen(session.levator_side)
        tag = session.tag_of(visit)
        self.what.setText("No case is open" if case is None else f"{tag} · levator ani")
        strokes = {side: self._strokes(side) for side in ("R", "L")}
        slices, n_slices = self._slices(case, visit, strokes)
        self.ticks.show_slices(n_slices, slices)
        for side, held in strokes.items():
            n = len(set(slices[side]))
            short = f", at least {AT_LEAST_SLICES} needed" if n < AT_LEAST_SLICES else ""
            told = f"{len(held)} strokes on {n} slices{short}" if held else "no strokes yet"
            current = "▸" if side == session.levator_side else " "
            self.sides[side].setText(f"{current} {sentence(SIDE_WORDS[side])}: {told}")
        nothing = not any(strokes.values())
        self.empty.setVisible(nothing)
        self.empty.setText(EMPTY.format(missing=self._missing_plane(case, visit)))
        style.look(self.trace, "main" if nothing else "")
        self._show_surface()

    def _slices(
        self, case: OpenCase | None, visit: str, strokes: dict[str, Any]
    ) -> tuple[dict[str, list[int]], int]:
        if case is None or not visit or case.visit(visit).measured is None:
            return {"R": [], "L": []}, 0
        try:
            volume = case.measured_volume(visit)
        except GistImagingError:
            return {"R": [], "L": []}, 0
        geometry = volume.geometry
        axis = slice_axis(geometry, from_dicom=bool(volume.series_uid))
        found: dict[str, list[int]] = {}
        for side, held in strokes.items():
            middles = [geometry.to_index(np.mean(value["points_mm"], axis=0)) for _, value in held]
            at = [round(float(middle[axis])) for middle in middles]
            found[side] = [slice_number(geometry, axis, index) - 1 for index in at]
        return found, int(geometry.shape[axis])

    def _missing_plane(self, case: OpenCase | None, visit: str) -> str:
        if case is None or not visit:
            return ""
        planes = {series.plane for series in case.visit(visit).series}
        return "" if "coronal" in planes else f"; this study has none at {self.session.tag_of(visit)}"

    def _show_surface(self) -> None:
        emptied(self.warnings)
        side = self.session.levator_side
        n = len(self._strokes(side))
        held = self._made.get(self._of_strokes(self.session.active_visit, side))
        style.look(self.make, "" if n >= AT_LEAST_SLICES else "off")
        style.look(self.delete, "" if n else "off")
        self.surface.setVisible(n > 0)
        if held is None:
            self.surface.setText(f"Surface of patient {side}: not made from these strokes yet.")
            return
        error = held.error_rms
        told = mm(error.value) if error.value is not None else f"unknown, {error.reason}"
        self.surface.setText(
            f"Surface of patient {side}: made. Left-out error {told}; thickness from {held.thickness_source}."
        )
        for words in held.warnings:
            self.warnings.addWidget(style.warning(sentence(words, ".")))

    def _of_strokes(self, visit: str, side: str) -> tuple[str, str, str]:
        """Return the key of what was made from the strokes as they are: as many others make another one."""
        return visit, side, repr(self._strokes(side))

    def make_surface(self) -> None:
        """Make the surface of the chosen side and show its error."""
        side, visit = self.session.levator_side, self.session.active_visit
        made = self.session.do(workflow.levator_surface, visit, side)
        if made is not None:
            self._made[self._of_strokes(visit, side)] = made[1]
        self.refresh()

    def delete_last(self) -> None:
        """Take the last stroke of the chosen side away."""
        strokes = self._strokes(self.session.levator_side)
        if strokes:
            key, _ = strokes[-1]
            self.session.do(workflow.remove_levator_stroke, key[1], key[2], key[3])
