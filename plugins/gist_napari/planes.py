"""The three planes of a display world, and the exact map between a slice of it and the pixels of a canvas."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from gist_napari.layers import DisplayGrid, FloatArray

__all__ = ["Plane", "PlaneMap", "acquired_plane", "fit_px_per_mm"]


class Plane(Enum):
    """A plane of the display world, hung as radiologists do.

    Axial: patient's right at the screen's left, front up. Coronal: right at the left, head up. Sagittal:
    front at the left, head up.
    """

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"

    @property
    def axis(self) -> int:
        """Display axis that runs through the slices."""
        return _LAYOUT[self][0]

    @property
    def down(self) -> int:
        """Display axis that runs along the columns of the screen."""
        return _LAYOUT[self][1]

    @property
    def across(self) -> int:
        """Display axis that runs along the rows of the screen; it always grows to the right."""
        return _LAYOUT[self][2]

    @property
    def down_sign(self) -> int:
        """1 where the vertical axis grows downwards on the screen, -1 where it grows upwards."""
        return 1 if self is Plane.AXIAL else -1

    @property
    def reading_sign(self) -> int:
        """1 where slices are counted along the display axis, -1 against it.

        Axial slices are counted from the head to the feet, coronal ones from the front to the back,
        sagittal ones from the right to the left; wheel down goes to the next number.
        """
        return -1 if self is Plane.AXIAL else 1

    @property
    def orientation2d(self) -> tuple[str, str]:
        """Camera orientation of napari that hangs this plane."""
        return ("down" if self.down_sign > 0 else "up", "right")


_LAYOUT = {Plane.AXIAL: (0, 1, 2), Plane.CORONAL: (1, 0, 2), Plane.SAGITTAL: (2, 0, 1)}


@dataclass(frozen=True, slots=True)
class PlaneMap:
    """One slice of a volume on a canvas: where a patient position is drawn, and what a pixel shows.

    Canvas positions are (x, y) in logical pixels from the upper left corner, as Qt gives them; a pixel's
    middle lies at +0.5. Nothing here depends on the screen's pixel ratio.

    Parameters
    ----------
    grid, plane : of the volume shown
    depth : display index of the slice along `plane.axis`
    centre_mm : world (down, across) in the middle of the canvas
    px_per_mm : the same in both directions
    size_px : width and height of the canvas
    """

    grid: DisplayGrid
    plane: Plane
    depth: int
    centre_mm: tuple[float, float]
    px_per_mm: float
    size_px: tuple[float, float]

    @property
    def depth_mm(self) -> float:
        """World position of the slice along `plane.axis`."""
        axis = self.plane.axis
        return float(self.grid.translate_mm[axis] + self.depth * self.grid.scale_mm[axis])

    @property
    def thickness_mm(self) -> float:
        """Distance between the centres of two slices of this plane."""
        return float(self.grid.scale_mm[self.plane.axis])

    @property
    def normal(self) -> FloatArray:
        """(3,) unit direction through the slices, LPS, the way that slices are counted."""
        return np.asarray(self.grid.directions[:, self.plane.axis] * self.plane.reading_sign)

    @property
    def slice_box_px(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the whole slice on the canvas, to the outer edges of its voxels."""
        grid = self.grid
        low = grid.translate_mm - grid.scale_mm / 2
        ends = self.world_to_canvas(np.stack([low, low + np.asarray(grid.shape) * grid.scale_mm]))
        (left, right), (one, other) = np.sort(ends[:, 0]).tolist(), np.sort(ends[:, 1]).tolist()
        return left, one, right, other

    def world_to_canvas(self, world_mm: npt.ArrayLike) -> FloatArray:
        """Return the (..., 2) canvas positions of world positions, wherever they lie along the slices."""
        world = np.asarray(world_mm, dtype=np.float64)
        plane, (down_mm, across_mm), (width, height) = self.plane, self.centre_mm, self.size_px
        x = width / 2 + (world[..., plane.across] - across_mm) * self.px_per_mm
        y = height / 2 + (world[..., plane.down] - down_mm) * self.px_per_mm * plane.down_sign
        return np.stack([x, y], axis=-1)

    def to_canvas(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return the (..., 2) canvas positions of LPS positions, dropped onto the slice at right angles."""
        return self.world_to_canvas(self.grid.to_world(points_mm))

    def to_world(self, canvas_xy: npt.ArrayLike) -> FloatArray:
        """Return the (..., 3) world positions that canvas positions show."""
        canvas = np.asarray(canvas_xy, dtype=np.float64)
        plane, (down_mm, across_mm), (width, height) = self.plane, self.centre_mm, self.size_px
        world = np.empty((*canvas.shape[:-1], 3))
        world[..., plane.axis] = self.depth_mm
        world[..., plane.across] = across_mm + (canvas[..., 0] - width / 2) / self.px_per_mm
        world[..., plane.down] = down_mm + (canvas[..., 1] - height / 2) / self.px_per_mm * plane.down_sign
        return world

    def to_patient(self, canvas_xy: npt.ArrayLike) -> FloatArray:
        """Return the (..., 3) LPS positions that canvas positions show."""
        return self.grid.to_patient(self.to_world(canvas_xy))

    def height_mm(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return how far LPS positions lie from the slice, signed the way that slices are counted."""
        world = self.grid.to_world(points_mm)
        return np.asarray((world[..., self.plane.axis] - self.depth_mm) * self.plane.reading_sign)


def fit_px_per_mm(grid: DisplayGrid, plane: Plane, size_px: tuple[float, float]) -> float:
    """Return the largest magnification at which a whole slice of `plane` fits a canvas of `size_px`."""
    across_mm = grid.shape[plane.across] * grid.scale_mm[plane.across]
    down_mm = grid.shape[plane.down] * grid.scale_mm[plane.down]
    return float(min(max(size_px[0], 1.0) / across_mm, max(size_px[1], 1.0) / down_mm))


def acquired_plane(grid: DisplayGrid) -> Plane:
    """Return the plane whose slices are the acquired ones."""
    through = grid.order.index(0)
    return next(plane for plane in Plane if plane.axis == through)
