"""A small picture of another plane through the place that a pane looks at; painted, not a third canvas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QWidget

from gist_napari.contours import OutlineCache
from gist_napari.furniture import Corners, paint_corners, paint_letters, paint_message, paint_scale_bar
from gist_napari.grey import grey_image
from gist_napari.orientation import edge_letters
from gist_napari.paint import paint_scene
from gist_napari.pane import Pane
from gist_napari.pens import TEXT, cased_path
from gist_napari.planes import Plane, PlaneMap, fit_px_per_mm
from gist_napari.scene import Scene

__all__ = ["ReferenceRow", "ReferenceView"]

# It is drawn anew once the wheel has rested for so long, so that it costs nothing while scrolling.
_REST_MS = 50

_LETTER_PX = 14


class ReferenceView(QWidget):
    """One plane of a pane's volume, through its focus, with a line where the pane's slice cuts.

    A click goes there.
    """

    went = Signal(object)
    """Position that was clicked, (3,) LPS; the pane has gone there."""

    def __init__(self, pane: Pane, plane: Plane) -> None:
        super().__init__()
        self.pane, self.plane = pane, plane
        self._image: QImage | None = None
        self._image_of: tuple[object, ...] = ()
        self._outlines = OutlineCache()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.update)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 90)
        self.setToolTip(f"{plane.value} through the place you look at; click to go there")
        for signal in (pane.view_changed, pane.window_changed, pane.focus_changed, pane.scene_changed):
            signal.connect(self._rest.start)

    def set_plane(self, plane: Plane) -> None:
        """Show another plane."""
        self.plane = plane
        self.setToolTip(f"{plane.value} through the place you look at; click to go there")
        self._rest.start()

    @property
    def view(self) -> PlaneMap | None:
        """The map between this picture and the patient; None without a volume."""
        grid = self.pane.grid
        if grid is None:
            return None
        size = (float(self.width()), float(self.height()))
        middle = grid.translate_mm + (np.asarray(grid.shape) - 1) / 2 * grid.scale_mm
        return PlaneMap(
            grid,
            self.plane,
            self.pane.depth_of(self.plane),
            (float(middle[self.plane.down]), float(middle[self.plane.across])),
            fit_px_per_mm(grid, self.plane, size),
            size,
        )

    def sizeHint(self) -> QSize:
        """Return the size at a window of 1280 × 800."""
        return QSize(235, 150)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the slice, what lies on it, and where the pane's slice cuts it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        size = (float(self.width()), float(self.height()))
        view = self.view
        if view is None:
            paint_message(painter, "no image", size)
            painter.end()
            return
        left, top, right, bottom = view.slice_box_px
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.pane.smooth)
        painter.drawImage(QRectF(left, top, right - left, bottom - top), self._slice(view))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scene = self._scene()
        self._outlines.keep_only([drawing.mask for drawing in scene.masks])
        paint_scene(painter, scene, view, self._outlines)
        self._paint_cut(painter, view, (left, top, right, bottom))
        paint_letters(painter, edge_letters(view.grid, self.plane), size, _LETTER_PX)
        paint_corners(painter, Corners(top_left=(self.plane.value,)), size)
        paint_scale_bar(painter, view.px_per_mm, size, text_px=11)
        painter.end()

    def _scene(self) -> Scene:
        """Return the pane's scene without words and handles: there is no room for them here."""
        scene = self.pane.scene
        return Scene(
            tuple(replace(drawing, tag="") for drawing in scene.masks),
            tuple(replace(line, label="", handles=False) for line in scene.lines),
            tuple(replace(point, label="") for point in scene.points),
        )

    def _slice(self, view: PlaneMap) -> QImage:
        window, inverted = self.pane.window, self.pane.inverted
        wanted = (view.grid, self.plane, view.depth, window, inverted)
        if self._image is None or wanted != self._image_of:
            values = self.pane.slice_values(self.plane, view.depth)
            self._image, self._image_of = grey_image(values, window, inverted), wanted
        return self._image

    def _paint_cut(self, painter: QPainter, view: PlaneMap, box: tuple[float, float, float, float]) -> None:
        other = self.pane.plane
        if other is self.plane:
            return
        world = view.grid.translate_mm.copy()
        world[other.axis] += self.pane.depth_of(other) * view.grid.scale_mm[other.axis]
        x, y = view.world_to_canvas(world).tolist()
        left, top, right, bottom = box
        path = QPainterPath()
        if other.axis == self.plane.down:
            path.moveTo(QPointF(left, y))
            path.lineTo(QPointF(right, y))
        else:
            path.moveTo(QPointF(x, top))
            path.lineTo(QPointF(x, bottom))
        cased_path(painter, path, TEXT, width_px=1.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the place that was clicked."""
        view = self.view
        if view is None or event.button() != Qt.MouseButton.LeftButton:
            return
        point_mm = view.to_patient((event.position().x() + 0.5, event.position().y() + 0.5))
        if self.pane.voxel_at(point_mm) is not None:
            self.pane.visit(point_mm)
            self.went.emit(point_mm)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew."""
        self.update()


class ReferenceRow(QWidget):
    """The two planes that the pane does not show, side by side."""

    def __init__(self, pane: Pane) -> None:
        super().__init__()
        self.pane = pane
        self.views = (ReferenceView(pane, Plane.CORONAL), ReferenceView(pane, Plane.SAGITTAL))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 0)
        row.setSpacing(2)
        for view in self.views:
            row.addWidget(view)
        pane.view_changed.connect(self._on_view_changed)
        self._on_view_changed()

    def _on_view_changed(self) -> None:
        others = [plane for plane in Plane if plane is not self.pane.plane]
        for view, plane in zip(self.views, others, strict=True):
            if view.plane is not plane:
                view.set_plane(plane)
