"""Where the reader is in the open case: which lesion, which two visits, which tool, and what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from gist_imaging import workflow
from gist_napari.open_study import OpenStudy
from gist_napari.said import Toast
from gist_napari.tools.names import TOOLS, Tool

if TYPE_CHECKING:
    import numpy.typing as npt

    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase, VisitFacts
    from gist_imaging.session.state import CaseState

__all__ = ["BRUSH_MM", "LARGEST_BRUSH_MM", "SMALLEST_BRUSH_MM", "Choices"]

BRUSH_MM = 6.0
"""Diameter of the brush at the start."""

BRUSH_STEP = 1.2
"""Each key press changes the brush by a fifth, as in 3D Slicer."""

SMALLEST_BRUSH_MM, LARGEST_BRUSH_MM = 0.5, 80.0


class Choices(OpenStudy):
    """What a reader has chosen to look at and to work with; all of it can be changed at any time."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.active_visit = ""
        self.active_lesion = ""
        self.tool = Tool.PAN
        self.brush_mm = BRUSH_MM
        self.ball = False
        self.levator_side = "R"
        self.landmark = ""
        self.value_range: tuple[float, float] | None = None
        self.linked = True
        self.masks_hidden = False
        self.outline_only = False
        self.slices_seen: Callable[[str], frozenset[int]] | None = None
        """Tells which slices of a visit were on the screen; the reading view sets it."""

    def _choose_first(self, opened: OpenCase) -> None:
        visits = [visit for visit in opened.visits if visit.measured is not None] or list(opened.visits)
        view = opened.state.plain("view", "place") or {}
        lesions = self.lesions
        shown = [visit.label for visit in self.pair if visit is not None]
        first = next((visit.label for visit in visits if visit.label in shown), shown[0] if shown else "")
        left = str(view.get("visit") or "")
        self.active_visit = left if left in shown else first
        left = str(view.get("lesion") or "")
        self.active_lesion = left if left in lesions else "".join(lesions[:1])

    def _forget_choices(self) -> None:
        """Choose anew what belonged to the case before: a tool, a point, a side, values, hidden masks."""
        self.tool = Tool.PAN
        self.landmark, self.levator_side = "", "R"
        self.value_range = None
        self.masks_hidden = False
        if self.case is None:
            self.active_lesion = self.active_visit = ""

    @property
    def lesions(self) -> list[str]:
        """Names of the lesions of the open case."""
        return [] if self.case is None else [key[1] for key, _ in self.case.state.under("lesion")]

    def new_lesion(self, organ: str = "rectum", role: str = "target") -> str:
        """Add a lesion and make it the active one; return its name."""
        name = str(self.do(workflow.add_lesion, organ, role) or "")
        if name:
            self.choose_lesion(name)
        return name

    @property
    def pair(self) -> tuple[VisitFacts | None, VisitFacts | None]:
        """The two visits side by side: baseline and follow-up, None where there is none."""
        if self.case is None:
            return None, None
        visits = self.case.visits
        pre = next((visit for visit in visits if visit.role == "baseline"), visits[0] if visits else None)
        later = [visit for visit in visits if visit is not pre]
        chosen = self.case.state.plain("view", "followup")
        post = next((visit for visit in later if visit.label == chosen), None)
        if post is None:
            post = next((visit for visit in later if visit.role == "follow_up"), later[0] if later else None)
        return pre, post

    @property
    def followups(self) -> list[str]:
        """Labels of the visits that can stand beside the baseline."""
        pre, _ = self.pair
        return [] if self.case is None else [one.label for one in self.case.visits if one is not pre]

    def choose_followup(self, visit: str) -> None:
        """Let another visit stand beside the baseline."""
        _, post = self.pair
        if post is None or visit == post.label or self.jobs.busy:
            if self.jobs.busy:
                self.warn("A job is running: wait, or stop it with Esc, then change the visit.")
            return
        if self.do(workflow.remember_view, "followup", visit) is not None:
            if self.active_visit == post.label:
                self.active_visit = visit
            self.pair_changed.emit()
            self.active_changed.emit()

    def tag_of(self, visit: str) -> str:
        """Return PRE or POST for a visit of the pair, its label for another."""
        pre, post = self.pair
        if pre is not None and visit == pre.label:
            return "PRE"
        if post is not None and visit == post.label:
            return "POST"
        return visit

    def choose_visit(self, visit: str) -> None:
        """Make a pane the active one; a mouse press does it, hovering never."""
        if visit and visit != self.active_visit:
            self.active_visit = visit
            self.active_changed.emit()

    def choose_lesion(self, lesion: str) -> None:
        """Make a lesion the active one."""
        if lesion != self.active_lesion:
            self.active_lesion = lesion
            self.active_changed.emit()

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; without a lesion, those that need one create L1."""
        if self.case is None:
            self.said.emit(Toast("Open a case first: choose one in the worklist and press Enter.", "warning"))
            return
        if TOOLS[tool].needs_lesion and not self.active_lesion:
            self.new_lesion()
        self.tool = tool
        self.active_changed.emit()

    def set_brush_mm(self, diameter_mm: float) -> None:
        """Set the diameter of the brush; the strip, the cursor and the panel show this one value."""
        self.brush_mm = round(min(max(diameter_mm, SMALLEST_BRUSH_MM), LARGEST_BRUSH_MM), 2)
        self.active_changed.emit()

    def larger_brush(self) -> None:
        """Make the brush larger by a fifth."""
        self.set_brush_mm(self.brush_mm * BRUSH_STEP)

    def smaller_brush(self) -> None:
        """Make the brush smaller by a fifth."""
        self.set_brush_mm(self.brush_mm / BRUSH_STEP)

    def set_view(
        self, *, linked: bool | None = None, hidden: bool | None = None, outline: bool | None = None
    ) -> None:
        """Link the panes, hide the masks, or show outlines without filling."""
        self.linked = self.linked if linked is None else linked
        self.masks_hidden = self.masks_hidden if hidden is None else hidden
        self.outline_only = self.outline_only if outline is None else outline
        self.view_changed.emit()

    def set_levator_side(self, side: str) -> None:
        """Choose the patient's side that levator strokes belong to: "R" or "L"."""
        self.levator_side = side
        self.active_changed.emit()

    def set_landmark(self, name: str) -> None:
        """Choose the landmark that the next click places."""
        self.landmark = name
        self.active_changed.emit()

    def go_to(self, visit: str, point_mm: npt.ArrayLike) -> None:
        """Bring both panes to a place of a visit."""
        self.go_wanted.emit(visit, point_mm)

    def remember_view(self, **words: Any) -> None:
        """Keep where the reader is, to come back to it after a restart."""
        if self.case is not None and not self.case.read_only:
            with self._told():
                workflow.remember_view(
                    self.case, "place", {"visit": self.active_visit, "lesion": self.active_lesion, **words}
                )

    def _on_event(self, event: Event, _state: CaseState) -> None:
        if self.active_lesion and self.active_lesion not in self.lesions:
            self.active_lesion = self.lesions[0] if self.lesions else ""
            self.active_changed.emit()
        super()._on_event(event, _state)
