"""One image of the reading screen: which slice is seen, how, and what every pixel of it means.

napari draws the grey image and nothing else. Positions cross this border as LPS mm of the patient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QApplication, QWidget

from gist_imaging.spatial import Volume
from gist_napari.facts import PaneFacts
from gist_napari.furniture import Corners
from gist_napari.layers import AXIS_LABELS, UNITS, DisplayGrid, FloatArray
from gist_napari.mouse import CanvasMouse
from gist_napari.orientation import edge_letters, tilt_text
from gist_napari.overlay import BrushCursor, Overlay, OverlayPicture, SlicePicture
from gist_napari.planes import Plane, PlaneMap, acquired_plane, fit_px_per_mm
from gist_napari.scene import STYLES, Scene
from gist_napari.window_level import Preset, Window, default_window, dragged

__all__ = ["Pane", "PaneFacts", "qt_viewer_of"]

_LAYER = "image"
_ZOOM_STEP = 1.15
_PX_PER_MM_LIMITS = (0.05, 200.0)


def qt_viewer_of(viewer: Any) -> Any:
    """Return the Qt widget that shows `viewer`, found without private attributes.

    A plugin is handed a proxy of the viewer; the widget knows the viewer itself.
    """
    from napari.qt import QtViewer

    wanted = getattr(viewer, "__wrapped__", viewer)
    return next(
        widget
        for widget in QApplication.allWidgets()
        if isinstance(widget, QtViewer) and getattr(widget.viewer, "__wrapped__", widget.viewer) is wanted
    )


class Pane(QObject):
    """One canvas that shows one volume.

    Parameters
    ----------
    model : napari's ViewerModel of this canvas
    qt_viewer : the QtViewer that draws it
    tag : "PRE" or "POST"
    """

    stepped = Signal(int)
    """The slice index after the reader moved through the slices."""
    stepped_alone = Signal(int)
    """The same, when the reader wants this pane alone to move (Alt)."""
    moved = Signal(object)
    """Position under the mouse, (3,) LPS; None when the mouse has left."""
    pressed = Signal(object, object)
    dragged = Signal(object, object)
    released = Signal(object, object)
    """Position, (3,) LPS, and keyboard modifiers of the left button."""
    sized = Signal(int)
    """Notches that the brush grows (Shift and wheel)."""
    window_changed = Signal()
    view_changed = Signal()
    """Plane, slice, middle, magnification or size of the canvas have changed."""
    fit_wanted = Signal()
    """Another plane or volume is shown, or napari's own command resets the view."""
    resized = Signal()
    maximise_wanted = Signal()

    def __init__(self, model: Any, qt_viewer: Any, tag: str) -> None:
        super().__init__(qt_viewer)
        self.model, self.qt_viewer, self.tag = model, qt_viewer, tag
        self.widget: QWidget = qt_viewer.canvas.native
        self.volume: Volume | None = None
        self.grid: DisplayGrid | None = None
        self.plane = Plane.AXIAL
        self._layer: Any = None
        self._facts, self._caption = PaneFacts(), ""
        self._window, self._inverted, self._smooth = Window(0.0, 1.0), False, False
        self._scene, self._active, self._message = Scene(), False, ""
        self._crosshair_mm: FloatArray | None = None
        self._brush: tuple[float, str, str] | None = None
        self._mouse_at: tuple[float, float] | None = None
        self._over: SlicePicture | None = None
        self._over_words = ""
        self._quiet = 0
        self._window_before_drag = self._window
        self._prepare_napari()
        self.overlay = Overlay(self.widget)
        self.mouse = CanvasMouse(self.widget)
        self._connect()

    def _prepare_napari(self) -> None:
        """Switch off what napari itself would draw on the picture or do with the mouse."""
        self.qt_viewer.show_welcome_screen = False
        # Its slider counts from the feet and from 0; the pane counts as readers do.
        self.qt_viewer.dims.hide()
        canvas, scene = self.model.canvas, self.model.scene
        canvas.background_color_override = "black"
        canvas.grid.enabled = False
        for overlay in (*canvas.overlays.values(), *scene.overlays.values()):
            overlay.visible = False
        self.model.dims.ndisplay = 2

    def _connect(self) -> None:
        mouse = self.mouse
        mouse.wheel_steps.connect(self._on_wheel)
        mouse.wheel_zooms.connect(self._on_zoom)
        mouse.wheel_sizes.connect(self.sized)
        mouse.moved.connect(self._on_moved)
        mouse.pressed.connect(lambda at, held: self._tell(self.pressed, at, held))
        mouse.dragged.connect(lambda at, held: self._tell(self.dragged, at, held))
        mouse.released.connect(lambda at, held: self._tell(self.released, at, held))
        mouse.panned.connect(self._on_panned)
        mouse.window_begins.connect(self._on_window_begins)
        mouse.window_dragged.connect(
            lambda dx, dy: self.set_window(dragged(self._window_before_drag, dx, dy))
        )
        mouse.window_reset_wanted.connect(self.reset_window)
        mouse.maximise_wanted.connect(self.maximise_wanted)
        mouse.resized.connect(self._on_resized)
        self.model.dims.events.point.connect(self._on_dims)
        camera = self.model.scene.camera
        camera.events.zoom.connect(self._on_camera)
        camera.events.center.connect(self._on_camera)
        camera.events.orientation.connect(self._on_orientation)
        self.model.events.reset_view.connect(self._on_reset_view)

    # What is shown

    def show_volume(self, volume: Volume, *, caption: str, facts: PaneFacts | None = None) -> None:
        """Show a volume in the plane that it was acquired in, its middle slice, as large as fits.

        Parameters
        ----------
        caption : the series in words, such as "MR T2 ax · 3.0 mm"
        facts : what else the pane says about it
        """
        self._remove_layer()
        grid = DisplayGrid(volume.geometry)
        self.volume, self.grid, self._caption, self._facts = volume, grid, caption, facts or PaneFacts()
        self._window, self._message = default_window(volume), ""
        self._scene, self._crosshair_mm, self._over = Scene(), None, None
        with _Quiet(self):
            self._layer = self.model.add_image(
                grid.displayed(volume.voxels),
                name=_LAYER,
                scale=grid.scale_mm,
                translate=grid.translate_mm,
                units=UNITS,
                axis_labels=AXIS_LABELS,
                contrast_limits=self._window.limits,
                colormap=self._colormap(),
                interpolation2d=self._interpolation(),
                metadata={"series_uid": volume.series_uid},
            )
            self.model.dims.axis_labels = AXIS_LABELS
            middle = (np.asarray(grid.shape) - 1) // 2
            self.model.dims.point = tuple(grid.translate_mm + middle * grid.scale_mm)
            self._hang(acquired_plane(grid))
        self.window_changed.emit()
        self._changed(fit=True)

    def clear(self, message: str) -> None:
        """Show no volume but a message that says why, and what to do."""
        self._remove_layer()
        self.volume = self.grid = self._layer = None
        self._scene, self._crosshair_mm, self._message, self._over = Scene(), None, message, None
        self._changed()

    def _remove_layer(self) -> None:
        if self._layer is not None and self._layer in self.model.layers:
            with _Quiet(self):
                self.model.layers.remove(self._layer)
        self._layer = None

    def set_plane(self, plane: Plane) -> None:
        """Show another plane of the volume, through the point in the middle of the picture."""
        if self.grid is None:
            return
        middle_mm = self.at_mm
        with _Quiet(self):
            self._hang(plane)
            self._look_at(self.grid.to_world(middle_mm))
        self._changed(fit=True)

    def _hang(self, plane: Plane) -> None:
        """Turn napari to `plane`, as radiologists hang it, and show the slices whole."""
        self.plane, self._over = plane, None
        self.model.dims.order = (plane.axis, plane.down, plane.across)
        self.model.scene.camera.orientation2d = plane.orientation2d
        self._centre(self._middle_world())
        self.model.scene.camera.zoom = self.fit_px_per_mm()

    def _middle_world(self) -> FloatArray:
        grid = self._shown_grid()
        return np.asarray(grid.translate_mm + (np.asarray(grid.shape) - 1) / 2 * grid.scale_mm)

    def _shown_grid(self) -> DisplayGrid:
        if self.grid is None:
            raise LookupError("a pane that shows a volume, but it shows none; show one first")
        return self.grid

    # Slices

    @property
    def slice_axis(self) -> int:
        """Array axis (0 k, 1 j, 2 i) of the volume that runs through the slices of the plane."""
        return self._shown_grid().order[self.plane.axis]

    @property
    def n_slices(self) -> int:
        """How many slices the plane has; 0 without a volume."""
        return 0 if self.grid is None else self.grid.shape[self.plane.axis]

    @property
    def depth(self) -> int:
        """Display index of the slice along its axis."""
        grid, axis = self._shown_grid(), self.plane.axis
        depth = round(float((self.model.dims.point[axis] - grid.translate_mm[axis]) / grid.scale_mm[axis]))
        return min(max(depth, 0), grid.shape[axis] - 1)

    @property
    def slice_index(self) -> int:
        """Which slice is shown, from 0, counted from the head, the front or the right; see `Plane`."""
        if self.grid is None:
            return 0
        return self.depth if self.plane.reading_sign > 0 else self.n_slices - 1 - self.depth

    def set_slice_index(self, index: int) -> None:
        """Show slice `index`, or the nearest that there is."""
        if self.grid is None:
            return
        index = min(max(index, 0), self.n_slices - 1)
        if index == self.slice_index:
            return
        depth = index if self.plane.reading_sign > 0 else self.n_slices - 1 - index
        axis = self.plane.axis
        with _Quiet(self):
            self.model.dims.set_point(
                axis, float(self.grid.translate_mm[axis] + depth * self.grid.scale_mm[axis])
            )
        self._over = None
        self._changed()

    def step(self, n: int) -> None:
        """Go `n` slices on (towards the feet, the back or the left), and tell the listeners."""
        before = self.slice_index
        self.set_slice_index(before + n)
        if self.slice_index != before:
            self.stepped.emit(self.slice_index)

    def go_to(self, point_mm: npt.ArrayLike) -> None:
        """Show the slice that holds an LPS position, and bring the position into sight."""
        self.show_slice_at(point_mm)
        view = self.view
        if view is None:
            return
        x, y = view.to_canvas(point_mm).tolist()
        width, height = view.size_px
        if not (0.1 * width <= x <= 0.9 * width and 0.1 * height <= y <= 0.9 * height):
            self.set_centre(point_mm)

    def show_slice_at(self, point_mm: npt.ArrayLike) -> None:
        """Show the slice that is nearest to an LPS position."""
        if self.grid is None:
            return
        axis = self.plane.axis
        world = self.grid.to_world(point_mm)
        depth = round(float((world[axis] - self.grid.translate_mm[axis]) / self.grid.scale_mm[axis]))
        self.set_slice_index(depth if self.plane.reading_sign > 0 else self.n_slices - 1 - depth)

    # Where things lie

    @property
    def view(self) -> PlaneMap | None:
        """The map between the canvas and the patient; None without a volume or in 3D."""
        if self.grid is None or self.model.dims.ndisplay != 2:
            return None
        camera = self.model.scene.camera
        down_mm, across_mm = camera.center[-2:]
        size = (float(self.widget.width()), float(self.widget.height()))
        return PlaneMap(
            self.grid, self.plane, self.depth, (float(down_mm), float(across_mm)), float(camera.zoom), size
        )

    def _seen(self) -> PlaneMap:
        view = self.view
        if view is None:
            raise LookupError("a pane that shows slices of a volume, but it does not; show a volume first")
        return view

    @property
    def at_mm(self) -> FloatArray:
        """(3,) LPS in the middle of the canvas, on the slice."""
        view = self._seen()
        return view.to_patient((view.size_px[0] / 2, view.size_px[1] / 2))

    centre_mm = at_mm

    def to_patient(self, canvas_xy: npt.ArrayLike) -> FloatArray:
        """Return the (..., 3) LPS positions that (..., 2) canvas positions show."""
        return self._seen().to_patient(canvas_xy)

    def to_canvas(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return the (..., 2) canvas positions of (..., 3) LPS positions."""
        return self._seen().to_canvas(points_mm)

    def voxel_at(self, point_mm: npt.ArrayLike) -> tuple[int, int, int] | None:
        """Return the native (k, j, i) that holds an LPS position; None outside the volume."""
        return None if self.grid is None else self.grid.voxel_at(point_mm)

    def value_at(self, point_mm: npt.ArrayLike) -> float | None:
        """Return the native value at an LPS position, whatever the window; None outside the volume."""
        voxel = self.voxel_at(point_mm)
        return None if voxel is None or self.volume is None else float(self.volume.voxels[voxel])

    # Magnification and middle

    @property
    def px_per_mm(self) -> float:
        """Magnification in logical pixels."""
        return float(self.model.scene.camera.zoom)

    def set_px_per_mm(self, value: float) -> None:
        """Magnify about the middle of the canvas."""
        low, high = _PX_PER_MM_LIMITS
        value = min(max(value, low), high)
        if self.grid is not None and value != self.px_per_mm:
            with _Quiet(self):
                self.model.scene.camera.zoom = value
            self._changed()

    def fit_px_per_mm(self) -> float:
        """Return the magnification at which a whole slice fits the canvas."""
        size = (float(self.widget.width()), float(self.widget.height()))
        return fit_px_per_mm(self._shown_grid(), self.plane, size)

    def set_centre(self, point_mm: npt.ArrayLike) -> None:
        """Bring an LPS position, dropped onto the slice, to the middle of the canvas."""
        if self.grid is None:
            return
        with _Quiet(self):
            self._centre(self.grid.to_world(point_mm))
        self._changed()

    def show_whole(self) -> None:
        """Bring the middle of the volume to the middle of the canvas."""
        if self.grid is not None:
            with _Quiet(self):
                self._centre(self._middle_world())
            self._changed()

    def _centre(self, world: FloatArray) -> None:
        plane = self.plane
        self.model.scene.camera.center = (0.0, float(world[plane.down]), float(world[plane.across]))

    def _look_at(self, world: FloatArray) -> None:
        grid = self._shown_grid()
        index = np.clip(np.rint((world - grid.translate_mm) / grid.scale_mm), 0, np.asarray(grid.shape) - 1)
        self.model.dims.point = tuple(grid.translate_mm + index * grid.scale_mm)

    # Grey levels

    @property
    def window(self) -> Window:
        """Which values are black and white."""
        return self._window

    def set_window(self, window: Window) -> None:
        """Show other values as black and white."""
        self._window = window
        if self._layer is not None:
            self._layer.contrast_limits = window.limits
        self.window_changed.emit()
        self.refresh()

    def reset_window(self) -> None:
        """Go back to the window that the volume opened with."""
        if self.volume is not None:
            self.set_window(default_window(self.volume))

    def set_preset(self, preset: Preset) -> None:
        """Show the window that a preset means on this volume."""
        if self.volume is not None:
            self.set_window(preset.of(self.volume))

    @property
    def inverted(self) -> bool:
        """Whether high values are dark."""
        return self._inverted

    def set_inverted(self, inverted: bool) -> None:
        """Show high values dark, or bright again."""
        self._inverted = inverted
        if self._layer is not None:
            self._layer.colormap = self._colormap()
        self.window_changed.emit()
        self.refresh()

    def set_smooth(self, smooth: bool) -> None:
        """Blend neighbouring voxels on the screen; off, every voxel shows its own value."""
        self._smooth = smooth
        if self._layer is not None:
            self._layer.interpolation2d = self._interpolation()

    def _colormap(self) -> str:
        return "gray_r" if self._inverted else "gray"

    def _interpolation(self) -> str:
        return "linear" if self._smooth else "nearest"

    # What is drawn over the image

    def set_scene(self, scene: Scene) -> None:
        """Draw `scene` over the image."""
        self._scene = scene
        self.refresh()

    def set_crosshair(self, point_mm: npt.ArrayLike | None) -> None:
        """Mark an LPS position, dropped onto the slice; None takes the mark away."""
        self._crosshair_mm = None if point_mm is None else np.asarray(point_mm, dtype=np.float64)
        self.refresh()

    def set_cursor(self, radius_mm: float | None, tag: str = "", style: str = "tumour") -> None:
        """Draw the brush at the mouse, with the words of what it draws on; None takes it away."""
        self._brush = None if radius_mm is None else (radius_mm, tag, STYLES[style])
        self.refresh()

    def set_active(self, active: bool) -> None:
        """Draw the frame of the pane that keys go to."""
        self._active = active
        self.refresh()

    def set_over(self, over: SlicePicture | None, words: str = "") -> None:
        """Lay another picture over the image until the next step, named by `words`; None shows the image."""
        self._over, self._over_words = over, words
        self.refresh()

    @property
    def tool_active(self) -> bool:
        """Whether the left button belongs to a tool instead of panning."""
        return self.mouse.tool_active

    @tool_active.setter
    def tool_active(self, active: bool) -> None:
        self.mouse.tool_active = active

    def refresh(self) -> None:
        """Draw everything over the image anew."""
        view = self.view
        if view is None:
            picture = OverlayPicture(message=self._message, active=self._active)
        else:
            crosshair = None if self._crosshair_mm is None else _pair(view.to_canvas(self._crosshair_mm))
            picture = OverlayPicture(
                view,
                edge_letters(view.grid, view.plane),
                self._corners(view),
                self._scene,
                crosshair,
                self._cursor(view),
                self._over,
                active=self._active,
                dashed=self.tag == "POST",
            )
        self.overlay.show_picture(picture)

    @property
    def title(self) -> str:
        """Case, visit and day in one line, as written at the top left."""
        return self._facts.first_line(self.tag)

    def _corners(self, view: PlaneMap) -> Corners:
        first = self.title if self._over is None else self._over_words
        tilt = tilt_text(view.grid, view.plane)
        window = str(self._window) + (" inverted" if self._inverted else "")
        return Corners(
            tuple(text for text in (first, self._caption) if text),
            (self._facts.note,) if self._facts.note else (),
            (window, f"{view.plane.value} {self.slice_index + 1}/{self.n_slices}"),
            (tilt,) if tilt else (),
        )

    def _cursor(self, view: PlaneMap) -> BrushCursor | None:
        if self._brush is None or self._mouse_at is None:
            return None
        radius_mm, tag, colour = self._brush
        return BrushCursor(self._mouse_at, radius_mm * view.px_per_mm, tag, colour)

    # Events

    def _changed(self, *, fit: bool = False) -> None:
        self.refresh()
        if fit:
            self.fit_wanted.emit()
        self.view_changed.emit()

    def _tell(self, signal: Any, at: tuple[float, float], held: Any) -> None:
        if self.view is not None:
            signal.emit(self.to_patient(at), held)

    def _on_wheel(self, n: int, alone: bool) -> None:
        if not alone:
            self.step(n)
            return
        before = self.slice_index
        self.set_slice_index(before + n)
        if self.slice_index != before:
            self.stepped_alone.emit(self.slice_index)

    def _on_zoom(self, notches: int, at: tuple[float, float]) -> None:
        if self.view is None:
            return
        held_mm = self.to_patient(at)
        with _Quiet(self):
            self.set_px_per_mm(self.px_per_mm * _ZOOM_STEP**notches)
            dx, dy = (np.asarray(at) - self.to_canvas(held_mm)).tolist()
            self._pan(dx, dy)
        self._changed()

    def _on_panned(self, dx: float, dy: float) -> None:
        if self.view is not None:
            with _Quiet(self):
                self._pan(dx, dy)
            self._changed()

    def _pan(self, dx: float, dy: float) -> None:
        view = self._seen()
        width, height = view.size_px
        self._centre(view.to_world((width / 2 - dx, height / 2 - dy)))

    def _on_moved(self, at: tuple[float, float] | None) -> None:
        self._mouse_at = at
        if self.view is None:
            return
        self.moved.emit(None if at is None else self.to_patient(at))
        if self._brush is not None:
            self.refresh()

    def _on_window_begins(self) -> None:
        self._window_before_drag = self._window

    def _on_resized(self) -> None:
        self.overlay.setGeometry(self.widget.rect())
        self.resized.emit()
        self._changed()

    def _on_dims(self) -> None:
        """Follow napari's own slider and keys."""
        if not self._quiet and self.grid is not None:
            self._over = None
            self._changed()
            self.stepped.emit(self.slice_index)

    def _on_camera(self) -> None:
        """Follow napari's own zoom commands."""
        if not self._quiet and self.grid is not None:
            self._changed()

    def _on_reset_view(self) -> None:
        """Follow napari's own command to show everything."""
        if not self._quiet and self.grid is not None:
            self.show_whole()
            self.fit_wanted.emit()

    def _on_orientation(self) -> None:
        """Keep the picture from being mirrored by a preference."""
        camera = self.model.scene.camera
        if self.grid is not None and self.model.dims.ndisplay == 2:
            wanted = self.plane.orientation2d
            if tuple(str(word) for word in camera.orientation2d) != wanted:
                camera.orientation2d = wanted


class _Quiet:
    """While it lasts, napari's events are our own doing."""

    def __init__(self, pane: Pane) -> None:
        self._pane = pane

    def __enter__(self) -> None:
        self._pane._quiet += 1

    def __exit__(self, *_: object) -> None:
        self._pane._quiet -= 1


def _pair(values: FloatArray) -> tuple[float, float]:
    x, y = values.tolist()
    return x, y
