"""A real window with two panes, as the reading screen has them, and a mouse to drive it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

WIDTH, HEIGHT = 1280, 800


class TwoPanes:
    """napari's own canvas as PRE, and a second one docked beside it as POST."""

    def __init__(self, viewer: Any) -> None:
        from napari.components import ViewerModel
        from napari.qt import QtViewer
        from qtpy.QtCore import Qt

        from gist_napari.pane import Pane, qt_viewer_of

        self.viewer = viewer
        main = qt_viewer_of(viewer)
        self.window = main.window()
        main.dockLayerList.hide()
        main.dockLayerControls.hide()
        self.pre = Pane(viewer, main, "PRE")
        model = ViewerModel(title="post")
        second = QtViewer(model)
        dock = viewer.window.add_dock_widget(second, name="post", area="right")
        self.post = Pane(model, second, "POST")
        self.window.resize(WIDTH, HEIGHT)
        self.pump(0.3)
        self.window.resizeDocks([dock], [WIDTH // 2 - 10], Qt.Orientation.Horizontal)
        self.pump(0.3)

    def pump(self, seconds: float = 0.05) -> None:
        """Let the window draw itself."""
        from qtpy.QtWidgets import QApplication

        until = time.monotonic() + seconds
        while True:
            QApplication.processEvents()
            if time.monotonic() >= until:
                return
            time.sleep(0.002)

    def picture_of(self, pane: Any) -> np.ndarray:
        """Return what the screen shows where the pane is, once it rests: (row, column, RGB)."""
        before = None
        for _ in range(40):
            self.pump(0.03)
            picture = self._grabbed(pane)
            if before is not None and np.array_equal(before, picture):
                return picture
            before = picture
        raise AssertionError("the picture does not come to rest")

    def _grabbed(self, pane: Any) -> np.ndarray:
        from qtpy.QtCore import QPoint
        from qtpy.QtGui import QImage
        from qtpy.QtWidgets import QApplication

        corner = pane.widget.mapToGlobal(QPoint(0, 0))
        grabbed = QApplication.primaryScreen().grabWindow(
            0, corner.x(), corner.y(), pane.widget.width(), pane.widget.height()
        )
        image = grabbed.toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    def mouse(self, pane: Any, kind: str, at: Any, button: str = "left", *held: str) -> None:
        """Send one mouse event to a canvas: "press", "move", "release" or "double"."""
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        buttons = {
            "left": Qt.MouseButton.LeftButton,
            "right": Qt.MouseButton.RightButton,
            "middle": Qt.MouseButton.MiddleButton,
            "none": Qt.MouseButton.NoButton,
        }
        kinds = {
            "press": QEvent.Type.MouseButtonPress,
            "move": QEvent.Type.MouseMove,
            "release": QEvent.Type.MouseButtonRelease,
            "double": QEvent.Type.MouseButtonDblClick,
        }
        local = QPointF(float(at[0]), float(at[1]))
        changed = Qt.MouseButton.NoButton if kind == "move" else buttons[button]
        down = Qt.MouseButton.NoButton if kind == "release" else buttons[button]
        event = QMouseEvent(
            kinds[kind], local, pane.widget.mapToGlobal(local), changed, down, _modifiers(held)
        )
        QApplication.sendEvent(pane.widget, event)

    def wheel(self, pane: Any, notches: int, *held: str, at: Any = None) -> None:
        """Turn the wheel over a canvas, one event for each notch; up is positive."""
        from qtpy.QtCore import QPoint, QPointF, Qt
        from qtpy.QtGui import QWheelEvent
        from qtpy.QtWidgets import QApplication

        local = QPointF(*(at or (pane.widget.width() / 2, pane.widget.height() / 2)))
        for _ in range(abs(notches)):
            event = QWheelEvent(
                local,
                pane.widget.mapToGlobal(local),
                QPoint(),
                QPoint(0, 120 if notches > 0 else -120),
                Qt.MouseButton.NoButton,
                _modifiers(held),
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(pane.widget, event)

    def close(self) -> None:
        """Close the window."""
        self.pre.close()
        self.post.close()
        self.viewer.close()
        self.pump(0.1)


def _modifiers(held: tuple[str, ...]) -> Any:
    from qtpy.QtCore import Qt

    known = {
        "ctrl": Qt.KeyboardModifier.ControlModifier,
        "alt": Qt.KeyboardModifier.AltModifier,
        "shift": Qt.KeyboardModifier.ShiftModifier,
    }
    modifiers = Qt.KeyboardModifier.NoModifier
    for name in held:
        modifiers |= known[name]
    return modifiers


@contextmanager
def two_panes() -> Iterator[TwoPanes]:
    """Open the window; a machine without a display fails here, and says so."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.name == "nt"):
        pytest.fail("these tests open a window and need a display: run them under xvfb-run")
    import napari

    window = TwoPanes(napari.Viewer(show=True))
    try:
        yield window
    finally:
        window.close()
