"""What the mouse does on a canvas, told apart before napari sees it.

One Qt event filter takes every mouse event of a flat view. napari would zoom with the bare wheel, and paint
with the right button; here the wheel goes through slices and the right button sets window and level whatever
tool is in hand. A turned 3D view keeps napari's own mouse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QWidget

__all__ = ["CanvasMouse"]

_NOTCH = 120

Position = tuple[float, float]


class CanvasMouse(QObject):
    """Turns the mouse events of one canvas into what the reader means.

    Positions are (x, y) in logical pixels of the canvas, in the middle of the screen pixel under the mouse.
    """

    wheel_steps = Signal(int, bool)
    """Slices to go, and whether this pane goes alone (Alt)."""
    wheel_zooms = Signal(int, object)
    """Notches towards the reader (out is negative), and about which position."""
    wheel_sizes = Signal(int)
    """Notches that the brush grows."""
    moved = Signal(object)
    """Position of the mouse with no button down, or None when it has left the canvas."""
    pressed = Signal(object, object)
    dragged = Signal(object, object)
    released = Signal(object, object)
    """Position and keyboard modifiers of the left button."""
    panned = Signal(float, float)
    """Pixels since the last event."""
    window_begins = Signal()
    window_dragged = Signal(float, float)
    """Pixels since the button went down."""
    window_reset_wanted = Signal()
    maximise_wanted = Signal()
    resized = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.tool_active = False
        """Whether the left button belongs to a tool; otherwise it pans."""
        self.left_sets_window = False
        """Whether the left button sets window and level, whatever the tool (the key W held down)."""
        self.sleeps = False
        """Whether napari has the mouse for itself (a 3D view)."""
        self.bare_wheel_zooms = False
        """Whether the bare wheel zooms and Ctrl+wheel goes through slices, as in plain napari."""
        self._button: Qt.MouseButton | None = None
        self._doing = ""
        self._start: Position = (0.0, 0.0)
        self._last: Position = (0.0, 0.0)
        self._rest = 0
        canvas.setMouseTracking(True)
        canvas.installEventFilter(self)

    @property
    def is_drawing(self) -> bool:
        """Whether a tool has the left button down."""
        return self._doing == "tool"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return whether the event ends here."""
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.resized.emit()
            return False
        if self.sleeps:
            return False
        handlers: dict[QEvent.Type, Callable[[Any], None]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._double_click,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.Leave: self._leave,
        }
        handler = handlers.get(kind)
        if handler is None:
            return bool(kind == QEvent.Type.NativeGesture)
        handler(event)
        # Leave and the first press also set the focus and the cursor; those must reach the canvas.
        return bool(kind != QEvent.Type.Leave)

    def _press(self, event: QMouseEvent) -> None:
        canvas = self.parent()
        if isinstance(canvas, QWidget):
            canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._button is not None:
            return
        self._button = event.button()
        self._start = self._last = self._position(event)
        is_left = self._button == Qt.MouseButton.LeftButton
        if self._button == Qt.MouseButton.RightButton or (is_left and self.left_sets_window):
            self._doing = "window"
            self.window_begins.emit()
        elif self._button == Qt.MouseButton.MiddleButton or (is_left and not self.tool_active):
            self._doing = "pan"
            if is_left:
                self.pressed.emit(self._start, event.modifiers())
        elif is_left:
            self._doing = "tool"
            self.pressed.emit(self._start, event.modifiers())
        else:
            self._doing = ""

    def _double_click(self, event: QMouseEvent) -> None:
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.window_reset_wanted.emit()
        elif is_left and not self.tool_active:
            self.maximise_wanted.emit()
        else:
            # Two quick dabs of the brush are two dabs.
            self._press(event)

    def _move(self, event: QMouseEvent) -> None:
        at = self._position(event)
        if self._doing == "window":
            self.window_dragged.emit(at[0] - self._start[0], at[1] - self._start[1])
        elif self._doing == "pan":
            self.panned.emit(at[0] - self._last[0], at[1] - self._last[1])
        elif self._doing == "tool":
            self.dragged.emit(at, event.modifiers())
        self._last = at
        self.moved.emit(at)

    def _release(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        doing, was_left = self._doing, self._button == Qt.MouseButton.LeftButton
        self._button, self._doing = None, ""
        if was_left and doing in ("tool", "pan"):
            self.released.emit(self._position(event), event.modifiers())

    def _wheel(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        # With Alt held down Qt reports a sideways wheel on some systems.
        self._rest += turned.y() or turned.x()
        notches = int(self._rest / _NOTCH)
        if notches == 0:
            return
        self._rest -= notches * _NOTCH
        held = event.modifiers()
        with_control = bool(held & Qt.KeyboardModifier.ControlModifier)
        is_bare = held == Qt.KeyboardModifier.NoModifier
        if is_bare if self.bare_wheel_zooms else with_control:
            self.wheel_zooms.emit(notches, self._position(event))
        elif held & Qt.KeyboardModifier.ShiftModifier:
            self.wheel_sizes.emit(notches)
        else:
            self.wheel_steps.emit(-notches, bool(held & Qt.KeyboardModifier.AltModifier))

    def _leave(self, event: QEvent) -> None:
        self._rest = 0
        self.moved.emit(None)

    def _position(self, event: QMouseEvent | QWheelEvent) -> Position:
        """Return the middle of the screen pixel that the mouse is on.

        A mouse reports the corner of that pixel; what the pixel shows is what lies in its middle.
        """
        canvas = self.parent()
        ratio = canvas.devicePixelRatioF() if isinstance(canvas, QWidget) else 1.0
        at = event.position()
        return (math.floor(at.x() * ratio) + 0.5) / ratio, (math.floor(at.y() * ratio) + 0.5) / ratio
