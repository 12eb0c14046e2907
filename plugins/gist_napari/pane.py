"""One image of the reading screen, and what the reader does on it.

Only the grey image is drawn by napari. Positions cross this border as LPS mm of the patient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QApplication

from gist_imaging.spatial import Volume
from gist_napari.facts import PaneFacts
from gist_napari.mouse import CanvasMouse
from gist_napari.pane_drawing import PaneDrawing
from gist_napari.scene import Scene
from gist_napari.window_level import dragged

__all__ = ["Pane", "PaneFacts", "qt_viewer_of"]

_ZOOM_STEP = 1.15


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


class Pane(PaneDrawing):
    """One canvas that shows one volume of one visit.

    Parameters
    ----------
    model : napari's ViewerModel of this canvas
    qt_viewer : the QtViewer that draws it
    tag : "PRE" or "POST"
    """

    stepped_alone = Signal(int)
    """The slice index after the reader moved this pane alone (Alt)."""
    moved = Signal(object)
    """Position under the mouse, (3,) LPS; None when the mouse has left."""
    pressed = Signal(object, object)
    dragged = Signal(object, object)
    released = Signal(object, object)
    """Position, (3,) LPS, and keyboard modifiers of the left button."""
    sized = Signal(int)
    """Notches that the brush grows (Shift and wheel)."""
    resized = Signal()
    maximise_wanted = Signal()

    def __init__(self, model: Any, qt_viewer: Any, tag: str) -> None:
        super().__init__(model, qt_viewer, tag)
        self._window_before_drag = self._window
        self._prepare_napari()
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
        mouse.pressed.connect(self._on_pressed)
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
        camera = self.model.scene.camera.events
        self._heard: tuple[tuple[Any, Any], ...] = (
            (self.model.dims.events.point, self._on_dims),
            (camera.zoom, self._on_camera),
            (camera.center, self._on_camera),
            (camera.angles, self.refresh),
            (camera.orientation, self._on_orientation),
            (self.model.events.reset_view, self._on_reset_view),
        )
        for emitter, heard in self._heard:
            emitter.connect(heard)

    def show_volume(self, volume: Volume, *, caption: str, facts: PaneFacts | None = None) -> None:
        """Show a volume in the plane that it was acquired in, its middle slice, as large as fits.

        Parameters
        ----------
        caption : the series in words, such as "MR T2 ax · 3.0 mm"
        facts : what else the pane says about it
        """
        self._caption, self._facts, self._message = caption, facts or PaneFacts(), ""
        self._scene, self._crosshair_mm = Scene(), None
        self._show(volume)

    def clear(self, message: str) -> None:
        """Show no volume but a message that says why, and what to do."""
        self._message, self._scene, self._crosshair_mm = message, Scene(), None
        self._show_nothing()

    def close(self) -> None:
        """Give the canvas back to napari as it was; the pane is of no use afterwards."""
        for emitter, heard in self._heard:
            emitter.disconnect(heard)
        self._heard = ()
        self._remove_layer()
        self.volume = self.grid = None
        self.widget.removeEventFilter(self.mouse)
        self.overlay.hide()
        self.overlay.deleteLater()
        camera = self.model.scene.camera
        camera.mouse_pan = camera.mouse_zoom = True
        camera.orientation2d = ("down", "right")
        self.model.dims.ndisplay = 2
        self.model.canvas.background_color_override = None
        self.qt_viewer.dims.show()

    def set_flat(self, flat: bool) -> None:
        """Show slices, or leave the pane to a 3D view."""
        self.mouse.sleeps = not flat
        super().set_flat(flat)

    @property
    def tool_active(self) -> bool:
        """Whether the left button belongs to a tool instead of panning."""
        return self.mouse.tool_active

    @tool_active.setter
    def tool_active(self, active: bool) -> None:
        self.mouse.tool_active = active

    # Events

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
        with self.unheard():
            self.set_px_per_mm(self.px_per_mm * _ZOOM_STEP**notches)
            dx, dy = (np.asarray(at) - self.to_canvas(held_mm)).tolist()
            self._pan(dx, dy)
        self._changed()

    def _on_pressed(self, at: tuple[float, float], held: Any) -> None:
        if self.view is not None:
            self.set_focus(self.to_patient(at))
            self._tell(self.pressed, at, held)

    def _on_panned(self, dx: float, dy: float) -> None:
        if self.view is not None:
            with self.unheard():
                self._pan(dx, dy)
            self._changed()

    def _pan(self, dx: float, dy: float) -> None:
        view = self._seen()
        width, height = view.size_px
        self._centre(view.to_world((width / 2 - dx, height / 2 - dy)))

    def _changed(self, *, fit: bool = False) -> None:
        super()._changed(fit=fit)
        # The mouse stands still, but what lies under it is another place now.
        if self._mouse_at is not None and self.view is not None:
            self.moved.emit(self.to_patient(self._mouse_at))

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
        if not self._quiet and self.view is not None:
            self._step_taken()
            self._focus = np.asarray(self.model.dims.point, dtype=np.float64)
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
        if self.grid is not None and self._flat:
            wanted = self.plane.orientation2d
            if tuple(str(word) for word in camera.orientation2d) != wanted:
                camera.orientation2d = wanted
