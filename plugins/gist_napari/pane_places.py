"""Which slice a canvas shows, how large, and where every position of the patient lies on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from gist_napari.layers import DisplayGrid, FloatArray
from gist_napari.planes import Plane, PlaneMap, acquired_plane, fit_px_per_mm

__all__ = ["PanePlaces"]

_PX_PER_MM_LIMITS = (0.05, 200.0)
_SAME_PLACE_MM = 1e-6


class PanePlaces(QObject):
    """The slice, the middle and the magnification of one canvas; positions are LPS mm of the patient.

    Parameters
    ----------
    model : napari's ViewerModel of this canvas
    qt_viewer : the QtViewer that draws it
    """

    stepped = Signal(int)
    """The slice index after the reader moved through the slices."""
    focus_changed = Signal()
    """The reader has pointed at another place."""
    view_changed = Signal()
    """Plane, slice, middle, magnification or size of the canvas have changed."""
    fit_wanted = Signal()
    """Another plane or volume is shown, or napari's own command resets the view."""

    def __init__(self, model: Any, qt_viewer: Any) -> None:
        super().__init__(qt_viewer)
        self.model, self.qt_viewer = model, qt_viewer
        self.widget: QWidget = qt_viewer.canvas.native
        self.grid: DisplayGrid | None = None
        self.plane = Plane.AXIAL
        self._focus: FloatArray = np.zeros(3)
        self._flat = True
        self._quiet = 0

    def refresh(self) -> None:
        """Draw everything over the image anew."""

    def _show_image(self, shown: bool) -> None:
        """Show the slices themselves, or not."""

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """While it lasts, napari's events are our own doing and nobody is told."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def _changed(self, *, fit: bool = False) -> None:
        self.refresh()
        if fit:
            self.fit_wanted.emit()
        self.view_changed.emit()

    def _step_taken(self) -> None:
        """Forget what belonged to the slice before."""

    # The plane

    def set_plane(self, plane: Plane) -> None:
        """Show another plane of the volume, through the place that the reader last pointed at."""
        if self.view is not None:
            with self.unheard():
                self._hang(plane)
            self._changed(fit=True)

    def _hang(self, plane: Plane) -> None:
        """Turn napari to `plane` through the focus, as radiologists hang it, and show the slice whole."""
        self.plane = plane
        self._step_taken()
        self.model.dims.order = (plane.axis, plane.down, plane.across)
        self.model.dims.point = tuple(self._focus)
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

    @property
    def flat(self) -> bool:
        """Whether slices are shown; otherwise the pane is a 3D view that napari's own mouse turns."""
        return self._flat

    def set_flat(self, flat: bool) -> None:
        """Show slices, or leave the pane to a 3D view."""
        if self.grid is None or flat == self._flat:
            return
        self._flat = flat
        camera = self.model.scene.camera
        with self.unheard():
            self.model.dims.ndisplay = 2 if flat else 3
            self._show_image(flat)
            camera.mouse_pan = camera.mouse_zoom = not flat
            if flat:
                self._hang(self.plane)
        self._changed(fit=flat)

    # Slices

    @property
    def slice_axis(self) -> int:
        """Array axis (0 k, 1 j, 2 i) of the volume that runs through the slices of the plane."""
        return self._shown_grid().order[self.plane.axis]

    @property
    def is_acquired_plane(self) -> bool:
        """Whether the plane is that of the acquired slices, not a reformat."""
        return self.plane is acquired_plane(self._shown_grid())

    @property
    def native_slice(self) -> int:
        """Index of the shown slice along its array axis, as stored."""
        shown = np.zeros(3)
        shown[self.plane.axis] = self.depth
        return round(float(self._shown_grid().to_native(shown)[self.slice_axis]))

    @property
    def n_slices(self) -> int:
        """How many slices the plane has; 0 without a volume."""
        return 0 if self.grid is None else self.grid.shape[self.plane.axis]

    @property
    def depth(self) -> int:
        """Display index of the slice along its axis."""
        return self.depth_of(self.plane)

    def depth_of(self, plane: Plane) -> int:
        """Return the display index of the slice of `plane` that holds the focus."""
        grid, axis = self._shown_grid(), plane.axis
        at = self.model.dims.point[axis] if plane is self.plane and self._flat else self._focus[axis]
        depth = round(float((at - grid.translate_mm[axis]) / grid.scale_mm[axis]))
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
        self._focus[axis] = self.grid.translate_mm[axis] + depth * self.grid.scale_mm[axis]
        # napari cuts every layer once for the point and again for the step, which is the same slice.
        with self.unheard(), self.model.dims.events.current_step.blocker():
            self.model.dims.set_point(axis, float(self._focus[axis]))
        self._step_taken()
        self._changed()

    def step(self, n: int) -> None:
        """Go `n` slices on (towards the feet, the back or the left), and tell the listeners."""
        before = self.slice_index
        self.set_slice_index(before + n)
        if self.slice_index != before:
            self.stepped.emit(self.slice_index)

    def go_to(self, point_mm: npt.ArrayLike) -> None:
        """Show the slice that holds an LPS position, make it the focus, and bring it into sight."""
        self.show_slice_at(point_mm)
        self.set_focus(point_mm)
        view = self.view
        if view is None:
            return
        x, y = view.to_canvas(point_mm).tolist()
        width, height = view.size_px
        if not (0.1 * width <= x <= 0.9 * width and 0.1 * height <= y <= 0.9 * height):
            self.set_centre(point_mm)

    def visit(self, point_mm: npt.ArrayLike) -> None:
        """Go to an LPS position as a reader's own step: the listeners are told, and a linked pane follows."""
        before = self.slice_index
        self.go_to(point_mm)
        if self.slice_index != before:
            self.stepped.emit(self.slice_index)

    @property
    def focus_mm(self) -> FloatArray:
        """(3,) LPS that the reader last pointed at, on the slice that is shown."""
        return self._shown_grid().to_patient(self._focus)

    def set_focus(self, point_mm: npt.ArrayLike) -> None:
        """Let other planes go through an LPS position."""
        grid = self.grid
        if grid is None:
            return
        index = np.rint((grid.to_world(point_mm) - grid.translate_mm) / grid.scale_mm)
        focus = grid.translate_mm + np.clip(index, 0, np.asarray(grid.shape) - 1) * grid.scale_mm
        # Along the slices the focus is the slice itself.
        focus[self.plane.axis] = self._focus[self.plane.axis]
        if not np.array_equal(focus, self._focus):
            self._focus = focus
            self.focus_changed.emit()

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
        if self.grid is None or not self._flat:
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
            with self.unheard():
                self.model.scene.camera.zoom = value
            self._changed()

    def fit_px_per_mm(self) -> float:
        """Return the magnification at which a whole slice fits the canvas."""
        size = (float(self.widget.width()), float(self.widget.height()))
        return fit_px_per_mm(self._shown_grid(), self.plane, size)

    def set_centre(self, point_mm: npt.ArrayLike) -> None:
        """Bring an LPS position, dropped onto the slice, to the middle of the canvas."""
        view = self.view
        if self.grid is None:
            return
        world = self.grid.to_world(point_mm)
        if view is not None:
            wanted = world[[view.plane.down, view.plane.across]]
            if np.allclose(wanted, view.centre_mm, rtol=0.0, atol=_SAME_PLACE_MM):
                return
        with self.unheard():
            self._centre(world)
        self._changed()

    def show_whole(self) -> None:
        """Bring the middle of the volume to the middle of the canvas."""
        if self.grid is not None:
            with self.unheard():
                self._centre(self._middle_world())
            self._changed()

    def _centre(self, world: FloatArray) -> None:
        plane = self.plane
        self.model.scene.camera.center = (0.0, float(world[plane.down]), float(world[plane.across]))
