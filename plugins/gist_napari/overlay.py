"""The one transparent widget that draws everything over an image."""

from __future__ import annotations

from dataclasses import dataclass, field

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QWidget

from gist_napari.contours import OutlineCache
from gist_napari.furniture import (
    Corners,
    paint_corners,
    paint_crosshair,
    paint_cursor,
    paint_frame,
    paint_letters,
    paint_message,
    paint_scale_bar,
)
from gist_napari.orientation import EdgeLetters
from gist_napari.paint import paint_scene
from gist_napari.planes import PlaneMap
from gist_napari.scene import Scene

__all__ = ["BrushCursor", "Overlay", "OverlayPicture", "SlicePicture"]


@dataclass(frozen=True, slots=True)
class BrushCursor:
    """The brush under the mouse.

    Parameters
    ----------
    at : canvas position
    radius_px : of the circle
    tag : what it draws on, such as "PRE · L1"
    colour : hex
    """

    at: tuple[float, float]
    radius_px: float
    tag: str
    colour: str


@dataclass(frozen=True, slots=True)
class SlicePicture:
    """Grey pixels that lie over the image for a moment, such as the other visit while blinking.

    Parameters
    ----------
    image : one pixel for each pixel of the displayed slice, hung as the slice is
    """

    image: QImage


@dataclass(frozen=True, slots=True)
class OverlayPicture:
    """Everything that one overlay shows.

    Parameters
    ----------
    view : where positions lie; None draws the message alone
    dashed : whether the frame of the active pane is dashed
    """

    view: PlaneMap | None = None
    letters: EdgeLetters | None = None
    corners: Corners = field(default_factory=Corners)
    scene: Scene = field(default_factory=Scene)
    crosshair: tuple[float, float] | None = None
    cursor: BrushCursor | None = None
    over: SlicePicture | None = None
    message: str = ""
    active: bool = False
    dashed: bool = False


class Overlay(QWidget):
    """Draws an `OverlayPicture` over its parent, and lets the mouse through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.outlines = OutlineCache()
        self.picture = OverlayPicture()
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def show_picture(self, picture: OverlayPicture) -> None:
        """Draw `picture` from now on."""
        if picture.scene is not self.picture.scene:
            self.outlines.keep_only([drawing.mask for drawing in picture.scene.masks])
        self.picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = (float(self.width()), float(self.height()))
        picture = self.picture
        if picture.view is None:
            paint_message(painter, picture.message, size)
        else:
            self._paint_view(painter, picture, picture.view, size)
        if picture.letters is not None:
            paint_letters(painter, picture.letters, size)
        paint_corners(painter, picture.corners, size)
        if picture.active:
            paint_frame(painter, size, picture.dashed)
        painter.end()

    def _paint_view(
        self, painter: QPainter, picture: OverlayPicture, view: PlaneMap, size: tuple[float, float]
    ) -> None:
        if picture.over is not None:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            left, top, right, bottom = view.slice_box_px
            painter.drawImage(QRectF(left, top, right - left, bottom - top), picture.over.image)
        paint_scene(painter, picture.scene, view, self.outlines)
        paint_scale_bar(painter, view.px_per_mm, size)
        if picture.crosshair is not None:
            paint_crosshair(painter, picture.crosshair)
        if picture.cursor is not None:
            cursor = picture.cursor
            paint_cursor(painter, cursor.at, cursor.radius_px, cursor.tag, cursor.colour)
