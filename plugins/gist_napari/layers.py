"""The display world of a volume, the only place that knows axis order.

What napari gets are the voxels of a volume in another index order (a view, no copy), with a scale and a
shift in mm and nothing else: an affine that permutes axes crashes it, and an oblique one makes it show wrong
voxels. The display world therefore runs along the own edges of the volume, ordered and turned to grow
to the head, the back and the left as nearly as the acquisition allows. It is the patient turned as a whole:
distances are those of the patient, positions are not. Positions go through `DisplayGrid.to_patient` and
`to_world`.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial import Geometry

__all__ = ["AXIS_LABELS", "UNITS", "DisplayGrid"]

AXIS_LABELS = ("S", "P", "L")
"""Where the axes of the display world grow to: superior, posterior, left."""

UNITS = ("mm", "mm", "mm")

FloatArray = npt.NDArray[np.float64]

# LPS axis and sign that display axes 0, 1 and 2 follow: z to the head, y to the back, x to the left.
_PATIENT_AXES = (2, 1, 0)


class DisplayGrid:
    """How the voxels (k, j, i) of a grid lie in the display world (S, P, L).

    Parameters
    ----------
    geometry : the native grid; all patient positions go through it
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        axes = geometry.axes
        closeness = np.abs(axes[list(_PATIENT_AXES)])
        k, j, i = max(
            permutations(range(3)), key=lambda order: sum(closeness[n, axis] for n, axis in enumerate(order))
        )
        self.order: tuple[int, int, int] = (k, j, i)
        """Native axis along each display axis."""
        self.flips: tuple[int, int, int] = tuple(  # type: ignore[assignment]
            -1 if axes[_PATIENT_AXES[n], axis] < 0 else 1 for n, axis in enumerate(self.order)
        )
        """-1 where a display axis runs against its native axis."""
        self.shape: tuple[int, int, int] = tuple(geometry.shape[axis] for axis in self.order)  # type: ignore[assignment]
        self.directions: FloatArray = axes[:, list(self.order)] * np.asarray(self.flips)
        """(3, 3) unit directions of the display axes as columns, LPS."""
        self.scale_mm: FloatArray = np.asarray(geometry.spacing_mm)[list(self.order)]
        first = geometry.to_patient(self.to_native(np.zeros(3)))
        self.translate_mm: FloatArray = np.asarray(self.directions.T @ first)
        """World position of the first displayed voxel's centre."""

    def displayed(self, voxels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return native `voxels` (k, j, i) in display order: a view of the same memory."""
        return voxels.transpose(self.order)[tuple(slice(None, None, flip) for flip in self.flips)]

    def to_native(self, indices: npt.ArrayLike) -> FloatArray:
        """Return the (k, j, i) of display indices, (..., 3) with fractions."""
        shown = np.asarray(indices, dtype=np.float64)
        native = np.empty_like(shown)
        for n, (axis, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            native[..., axis] = shown[..., n] if flip > 0 else self.shape[n] - 1 - shown[..., n]
        return native

    def from_native(self, indices: npt.ArrayLike) -> FloatArray:
        """Return the display indices of (k, j, i), (..., 3) with fractions."""
        native = np.asarray(indices, dtype=np.float64)
        shown = np.empty_like(native)
        for n, (axis, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            shown[..., n] = native[..., axis] if flip > 0 else self.shape[n] - 1 - native[..., axis]
        return shown

    def to_patient(self, world_mm: npt.ArrayLike) -> FloatArray:
        """Return the LPS positions of world positions, (..., 3) mm."""
        shown = (np.asarray(world_mm, dtype=np.float64) - self.translate_mm) / self.scale_mm
        return self.geometry.to_patient(self.to_native(shown))

    def to_world(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return the world positions of LPS positions, (..., 3) mm."""
        shown = self.from_native(self.geometry.to_index(points_mm))
        return np.asarray(self.translate_mm + shown * self.scale_mm)

    def voxel_at(self, point_mm: npt.ArrayLike) -> tuple[int, int, int] | None:
        """Return the native voxel that holds an LPS position; None outside the volume.

        A voxel reaches half a spacing to each side of its centre; a shared face belongs to the higher index.
        """
        k, j, i = np.floor(self.geometry.to_index(point_mm) + 0.5).astype(int).tolist()
        is_inside = all(0 <= at < n for at, n in zip((k, j, i), self.geometry.shape, strict=True))
        return (k, j, i) if is_inside else None
