"""What one press, drag and release of the left button becomes, tool by tool.

A gesture collects points in patient mm, shows what it will do, and calls one action when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from gist_imaging import workflow
from gist_napari.scene import LineDrawing, Scene
from gist_napari.tools.names import Tool

if TYPE_CHECKING:
    from gist_napari.session import Session

__all__ = ["Gesture", "GestureContext", "gesture_for"]

FloatArray = npt.NDArray[np.float64]

# Points of a stroke closer than this say nothing new; a pixel is larger.
_POINTS_APART_MM = 0.2

# How near a handle must be pressed to be taken.
_HANDLE_PX = 12.0

_SHORTEST_MM = 1.0


@dataclass(frozen=True, slots=True)
class GestureContext:
    """Where a gesture happens.

    Parameters
    ----------
    visit : label of the pane's visit
    px_per_mm : zoom of the pane
    slice_axis : array axis (0 k, 1 j, 2 i) of the measured series that the shown plane is perpendicular to
    measured : whether the pane shows the series that lesions are outlined on
    ask_why : asks for a reason beside the pointer and calls back with it; not at all when it is refused
    """

    visit: str
    px_per_mm: float
    slice_axis: int
    measured: bool
    ask_why: Callable[[str, Sequence[str], Callable[[str], None]], None]


class Gesture(Protocol):
    """One press, drag and release."""

    def drag(self, point_mm: FloatArray) -> None:
        """Go on to a point."""

    def release(self, point_mm: FloatArray) -> bool:
        """End at a point; return False when the gesture goes on with another press."""

    def preview(self) -> Scene:
        """Return what is drawn meanwhile."""


def gesture_for(
    session: Session, context: GestureContext, point_mm: FloatArray, inverted: bool
) -> Gesture | None:
    """Return the gesture that a press with the session's tool begins, or None where it begins none.

    Parameters
    ----------
    inverted : Ctrl is held: a stroke says "not tumour", the brush erases and the eraser paints
    """
    tool = session.tool
    if tool in _ON_MEASURED and not context.measured:
        session.warn(
            "Tumour is drawn on the series chosen for measuring, and this pane shows another one; "
            "press Page Up or Page Down until the header says 'measured'."
        )
        return None
    make = _GESTURES.get(tool)
    return None if make is None else make(session, context, np.asarray(point_mm, dtype=np.float64), inverted)


_ON_MEASURED = {Tool.STROKE, Tool.LOOP, Tool.OUTLINE, Tool.BRUSH, Tool.ERASE, Tool.RANGE_BRUSH, Tool.CALIPER}


@dataclass(eq=False)
class _Line:
    """Collects the points of a line."""

    session: Session
    context: GestureContext
    points: list[FloatArray] = field(default_factory=list)

    def drag(self, point_mm: FloatArray) -> None:
        if not self.points or np.linalg.norm(point_mm - self.points[-1]) >= _POINTS_APART_MM:
            self.points.append(np.asarray(point_mm, dtype=np.float64))

    @property
    def line(self) -> FloatArray:
        """(n, 3) LPS mm."""
        return np.asarray(self.points)

    @property
    def length_mm(self) -> float:
        """Length of the line."""
        return (
            float(np.linalg.norm(np.diff(self.line, axis=0), axis=1).sum()) if len(self.points) > 1 else 0.0
        )


@dataclass(eq=False)
class _Stroke(_Line):
    include: bool = True

    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        self.session.do(
            workflow.add_stroke, self.session.active_lesion, self.context.visit, self.line, self.include
        )
        return True

    def preview(self) -> Scene:
        style = "tumour" if self.include else "quiet"
        return Scene(lines=(LineDrawing(self.line, style=style),)) if self.points else Scene()


@dataclass(eq=False)
class _Closed(_Line):
    loop: bool = False

    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        if len(self.points) < 3:
            self.session.warn("A closed line has at least three points; draw around the tumour.")
            return True
        action = workflow.add_loop if self.loop else workflow.add_outline
        self.session.do(action, self.session.active_lesion, self.context.visit, self.line)
        return True

    def preview(self) -> Scene:
        style = "quiet" if self.loop else "tumour"
        return Scene(lines=(LineDrawing(self.line, style=style, closed=True),)) if self.points else Scene()


@dataclass(eq=False)
class _Brush(_Line):
    erase: bool = False
    value_range: tuple[float, float] | None = None

    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        self.session.do(
            workflow.brush,
            self.session.active_lesion,
            self.context.visit,
            self.line,
            self.session.brush_mm / 2,
            erase=self.erase,
            ball=self.session.ball,
            slice_axis=self.context.slice_axis,
            in_range=self.value_range,
        )
        return True

    def preview(self) -> Scene:
        if not self.points:
            return Scene()
        style = "quiet" if self.erase else "tumour"
        return Scene(lines=(LineDrawing(self.line, style=style, width_mm=self.session.brush_mm),))


@dataclass(eq=False)
class _TwoPoints(_Line):
    """A straight line between press and pointer."""

    def drag(self, point_mm: FloatArray) -> None:
        self.points = [*self.points[:1], np.asarray(point_mm, dtype=np.float64)]

    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        if self.length_mm >= _SHORTEST_MM:
            self.session.do(workflow.add_ruler, self.context.visit, self.line)
        return True

    def preview(self) -> Scene:
        if len(self.points) < 2:
            return Scene()
        return Scene(lines=(LineDrawing(self.line, style="quiet", label=f"{self.length_mm:.1f} mm"),))


@dataclass(eq=False)
class _Ellipse(_TwoPoints):
    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        if self.length_mm >= _SHORTEST_MM:
            self.session.do(workflow.add_roi, self.context.visit, "ellipse", self.line)
        return True


@dataclass(eq=False)
class _TwoAxes(_TwoPoints):
    long_axis: FloatArray | None = None

    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        if self.length_mm < _SHORTEST_MM:
            return True
        if self.long_axis is None:
            self.long_axis = self.line
            self.points = []
            return False
        both = np.concatenate([self.long_axis, self.line])
        self.session.do(workflow.add_roi, self.context.visit, "bidimensional", both)
        return True

    def drag(self, point_mm: FloatArray) -> None:
        if not self.points:
            self.points = [np.asarray(point_mm, dtype=np.float64)]
        else:
            super().drag(point_mm)

    def preview(self) -> Scene:
        now = super().preview().lines
        if self.long_axis is None:
            return Scene(lines=now)
        length = float(np.linalg.norm(self.long_axis[1] - self.long_axis[0]))
        held = LineDrawing(self.long_axis, style="quiet", label=f"{length:.1f} mm")
        return Scene(lines=(held, *now))


@dataclass(eq=False)
class _Handle(_TwoPoints):
    """Moves one end of a caliper; the other end stays."""

    lesion: str = ""
    measure: str = ""

    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        ends = self.line
        visit, lesion, measure, session = self.context.visit, self.lesion, self.measure, self.session
        case = session.case

        def keep(why: str) -> None:
            if session.case is case:
                session.do(workflow.set_caliper, lesion, visit, measure, ends, why)

        title = "Why another diameter?" if measure != "short_axis" else "Why another perpendicular?"
        self.context.ask_why(title, CALIPER_REASONS, keep)
        return True

    def preview(self) -> Scene:
        label = f"{self.length_mm:.1f} mm"
        return Scene(lines=(LineDrawing(self.line, style="tumour", handles=True, label=label),))


CALIPER_REASONS = ("edge_judged", "vessel", "artefact", "other")


@dataclass(eq=False)
class _Levator(_Line):
    def release(self, point_mm: FloatArray) -> bool:
        self.drag(point_mm)
        if len(self.points) < 2:
            self.session.warn("A stroke along the levator ani needs a drag, not a click.")
            return True
        self.session.do(workflow.add_levator_stroke, self.context.visit, self.session.levator_side, self.line)
        return True

    def preview(self) -> Scene:
        if not self.points:
            return Scene()
        return Scene(lines=(LineDrawing(self.line, style="levator", label=self.session.levator_side),))


@dataclass(eq=False)
class _Click(_Line):
    """Places the landmark that the panel named when the mouse was pressed."""

    landmark: str = ""

    def release(self, point_mm: FloatArray) -> bool:
        if not self.landmark:
            self.session.warn("Choose a landmark on the Levator page (F5); the next click places it.")
            return True
        self.session.do(workflow.place_landmark, self.context.visit, self.landmark, point_mm)
        return True

    def preview(self) -> Scene:
        return Scene()


def _line_like(kind: type[_Line], **given: object) -> Callable[..., Gesture]:
    def make(session: Session, context: GestureContext, point: FloatArray, _inverted: bool) -> Gesture:
        return kind(session, context, [point], **given)  # type: ignore[return-value]

    return make


def _click(session: Session, context: GestureContext, point: FloatArray, _inverted: bool) -> Gesture:
    return _Click(session, context, [point], landmark=session.landmark)


def _stroke(session: Session, context: GestureContext, point: FloatArray, inverted: bool) -> Gesture:
    return _Stroke(session, context, [point], include=not inverted)


def _brush(session: Session, context: GestureContext, point: FloatArray, inverted: bool) -> Gesture | None:
    tool = session.tool
    if tool is Tool.RANGE_BRUSH and session.value_range is None:
        session.warn("Set the range of values first: Segment page (F3), More.")
        return None
    in_range = session.value_range if tool is Tool.RANGE_BRUSH else None
    return _Brush(session, context, [point], erase=(tool is Tool.ERASE) != inverted, value_range=in_range)


def _caliper(session: Session, context: GestureContext, point: FloatArray, _inverted: bool) -> Gesture | None:
    if session.case is None:
        return None
    reach = _HANDLE_PX / context.px_per_mm
    found: list[tuple[float, FloatArray, str]] = []
    for caliper in workflow.shown_calipers(session.case, session.active_lesion, context.visit):
        ends = np.asarray(caliper.points_mm, dtype=np.float64)
        for moved, kept in ((0, 1), (1, 0)):
            away = float(np.linalg.norm(ends[moved] - point))
            found.append((away, ends[kept], caliper.measure))
    near = min(found, key=lambda handle: handle[0], default=None)
    if near is None or near[0] > reach:
        session.warn("Press on an end of the diameter or of its perpendicular (J goes to their slice).")
        return None
    return _Handle(session, context, [near[1], point], lesion=session.active_lesion, measure=near[2])


_GESTURES: dict[Tool, Callable[[Session, GestureContext, FloatArray, bool], Gesture | None]] = {
    Tool.STROKE: _stroke,
    Tool.LOOP: _line_like(_Closed, loop=True),
    Tool.OUTLINE: _line_like(_Closed),
    Tool.BRUSH: _brush,
    Tool.ERASE: _brush,
    Tool.RANGE_BRUSH: _brush,
    Tool.CALIPER: _caliper,
    Tool.RULER: _line_like(_TwoPoints),
    Tool.BIDIMENSIONAL: _line_like(_TwoAxes),
    Tool.ELLIPSE: _line_like(_Ellipse),
    Tool.LANDMARK: _click,
    Tool.LEVATOR: _line_like(_Levator),
}
