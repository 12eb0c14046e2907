"""The hand on the images: presses and drags of the left button become gestures, and these become actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QPoint, Qt, Signal
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QMenu, QWidget

from gist_napari.scene import Scene
from gist_napari.tools.gestures import Gesture, GestureContext, gesture_for
from gist_napari.tools.names import Tool

if TYPE_CHECKING:
    from gist_imaging.session.open_case import VisitFacts
    from gist_napari.layers import FloatArray
    from gist_napari.pane import Pane
    from gist_napari.session import Session

__all__ = ["Hand"]

_BRUSHES = {Tool.BRUSH, Tool.ERASE, Tool.RANGE_BRUSH}


class Hand(QObject):
    """One gesture at a time, in one of two panes.

    Parameters
    ----------
    visit_at : gives the visit of pane 0 or 1
    is_measured : tells whether that pane shows the series that lesions are outlined on
    """

    moved = Signal()
    """What the gesture shows has changed."""
    ended = Signal()

    def __init__(
        self,
        session: Session,
        panes: Sequence[Pane],
        visit_at: Callable[[int], VisitFacts | None],
        is_measured: Callable[[int], bool],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.session, self.panes = session, panes
        self._visit_at, self._is_measured, self._widget = visit_at, is_measured, parent
        self._gesture: tuple[int, Gesture] | None = None
        self._tool = session.tool
        self._menu: QMenu | None = None
        for at, pane in enumerate(panes):
            pane.pressed.connect(lambda point, held, at=at: self._press(at, point, held))
            pane.dragged.connect(lambda point, _held, at=at: self._drag(at, point))
            pane.released.connect(lambda point, _held, at=at: self._release(at, point))
            pane.sized.connect(self._size_brush)
        session.active_changed.connect(self.take_tool)

    def preview(self, at: int) -> Scene:
        """Return what the gesture shows in a pane."""
        return self._gesture[1].preview() if self._gesture is not None and self._gesture[0] == at else Scene()

    def drop(self) -> bool:
        """Forget a gesture that has not ended; return whether there was one."""
        was, self._gesture = self._gesture, None
        if self._menu is not None:
            self._menu.close()
        self.moved.emit()
        return was is not None

    def take_tool(self) -> None:
        """Give both panes the session's tool: what the left button does, and how the pointer looks."""
        tool = self.session.tool
        if tool is not self._tool:
            # What another tool has begun is not gone on with by this one.
            self._tool = tool
            self.drop()
        drawing = tool is not Tool.PAN and self.session.case is not None
        for pane in self.panes:
            pane.tool_active = drawing and tool is not Tool.WINDOW
            pane.mouse.left_sets_window = drawing and tool is Tool.WINDOW
            radius_mm = self.session.brush_mm / 2 if tool in _BRUSHES else None
            pane.set_cursor(radius_mm, f"{self.session.active_lesion} · {pane.tag}")

    def _press(self, at: int, point_mm: FloatArray, held: Any) -> None:
        visit, pane = self._visit_at(at), self.panes[at]
        if visit is None:
            return
        self.session.choose_visit(visit.label)
        if not pane.tool_active:
            return
        if self._gesture is not None and self._gesture[0] == at:
            self._gesture[1].drag(point_mm)
            return
        inverted = bool(held & Qt.KeyboardModifier.ControlModifier)
        measured = self._is_measured(at)
        context = GestureContext(visit.label, pane.px_per_mm, pane.slice_axis, measured, self._ask_why)
        gesture = gesture_for(self.session, context, point_mm, inverted)
        self._gesture = None if gesture is None else (at, gesture)
        self.moved.emit()

    def _drag(self, at: int, point_mm: FloatArray) -> None:
        if self._gesture is not None and self._gesture[0] == at:
            self._gesture[1].drag(point_mm)
            self.moved.emit()

    def _release(self, at: int, point_mm: FloatArray) -> None:
        if self._gesture is None or self._gesture[0] != at:
            return
        if self._gesture[1].release(point_mm):
            self._gesture = None
        self.ended.emit()

    def _size_brush(self, notches: int) -> None:
        for _ in range(abs(notches)):
            if notches > 0:
                self.session.larger_brush()
            else:
                self.session.smaller_brush()

    def _ask_why(self, title: str, reasons: Sequence[str], then: Callable[[str], None]) -> None:
        menu = QMenu(self._widget)
        menu.setObjectName("gistWhy")
        menu.addAction(title).setEnabled(False)
        menu.addSeparator()
        for number, reason in enumerate(reasons, start=1):
            action = menu.addAction(f"&{number}  {reason.replace('_', ' ')}")
            action.triggered.connect(lambda _checked=False, reason=reason: then(reason))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.destroyed.connect(self._forget_menu)
        self._menu = menu
        menu.popup(QCursor.pos() + QPoint(8, 8))

    def _forget_menu(self) -> None:
        self._menu = None
