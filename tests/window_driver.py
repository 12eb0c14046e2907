"""Hands and eyes for tests of the window: real mouse and key events, and pictures of what is seen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QGuiApplication, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

SHOTS = os.environ.get("GIST_IMAGING_SHOTS")
"""A folder that every picture is kept in, to be looked at; nothing is kept without it."""


def settle(seconds: float = 0.05) -> None:
    """Let events be handled for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def wait_for(is_true: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait until something is true; fail with `what` when it is not in time."""
    end = time.monotonic() + seconds
    while not is_true():
        QApplication.processEvents()
        time.sleep(0.005)
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")


class Hands:
    """What a reader does to a pane and to the keyboard."""

    def __init__(self, window: QWidget) -> None:
        self.window = window

    def key(self, key: Qt.Key, held: Any = Qt.KeyboardModifier.NoModifier, on: QWidget | None = None) -> None:
        """Press a key where the focus is."""
        target = on or QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, held)
        settle()

    def type(self, text: str, on: QWidget | None = None) -> None:
        """Type text where the focus is."""
        QTest.keyClicks(on or QApplication.focusWidget() or self.window, text)
        settle()

    def click(
        self, widget: QWidget, at: QPoint | None = None, button: Any = Qt.MouseButton.LeftButton
    ) -> None:
        """Click in the middle of a widget, or at a place of it."""
        QTest.mouseClick(widget, button, Qt.KeyboardModifier.NoModifier, at or widget.rect().center())
        settle()

    def drag(
        self,
        pane: Any,
        points_mm: npt.ArrayLike,
        *,
        button: Any = Qt.MouseButton.LeftButton,
        held: Any = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Press at the first of some positions of the patient, move through them, release at the last."""
        self.drag_px(
            pane.widget, pane.to_canvas(np.asarray(points_mm, dtype=float)), button=button, held=held
        )

    def drag_px(
        self,
        widget: QWidget,
        points: Sequence[Sequence[float]] | npt.NDArray[Any],
        *,
        button: Any = Qt.MouseButton.LeftButton,
        held: Any = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Press, move and release at positions of a widget in pixels."""
        places = [QPoint(round(float(x)), round(float(y))) for x, y in points]
        QTest.mousePress(widget, button, held, places[0])
        QApplication.processEvents()
        for place in places[1:]:
            self._move(widget, place, button, held)
        QTest.mouseRelease(widget, button, held, places[-1])
        settle()

    def _move(self, widget: QWidget, place: QPoint, button: Any, held: Any) -> None:
        from qtpy.QtGui import QMouseEvent

        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            QPointF(widget.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            button,
            held,
        )
        QApplication.sendEvent(widget, event)
        QApplication.processEvents()

    def hover(self, widget: QWidget, point: Sequence[float]) -> None:
        """Move the mouse over a widget with no button down."""
        place = QPoint(round(float(point[0])), round(float(point[1])))
        self._move(widget, place, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
        settle()

    def wheel(self, widget: QWidget, notches: int, held: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Turn the wheel over the middle of a widget; below 0 is towards the reader (down)."""
        middle = widget.rect().center()
        event = QWheelEvent(
            QPointF(middle),
            QPointF(widget.mapToGlobal(middle)),
            QPoint(0, 0),
            QPoint(0, 120 if notches > 0 else -120),
            Qt.MouseButton.NoButton,
            held,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        for _ in range(abs(notches)):
            QApplication.sendEvent(widget, QWheelEvent(event))
            QApplication.processEvents()
        settle(0.02)


def picture(window: QWidget, name: str = "") -> npt.NDArray[np.uint8]:
    """Return what the screen shows of a window, (rows, columns, 3), and keep it where SHOTS says."""
    settle(0.1)
    screen = QGuiApplication.primaryScreen()
    frame = window.frameGeometry() if window.isWindow() else None
    corner = window.mapToGlobal(QPoint(0, 0)) if frame is None else window.geometry().topLeft()
    grabbed = screen.grabWindow(0, corner.x(), corner.y(), window.width(), window.height()).toImage()
    if SHOTS and name:
        folder = Path(SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        grabbed.save(str(folder / f"{name}.png"))
    image = grabbed.convertToFormat(grabbed.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), dtype=np.uint8)
    rows = raw.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 3]
    return rows.reshape(image.height(), image.width(), 3).copy()
