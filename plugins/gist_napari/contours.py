"""Where a mask crosses the slice that is shown; worked out once for each mask and slice."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial import Mask
from gist_napari.layers import DisplayGrid, FloatArray
from gist_napari.planes import Plane

__all__ = ["OutlineCache", "outline"]

_KEPT = 512


class _Key(NamedTuple):
    mask: int
    grid: int
    plane: Plane
    depth: int


class OutlineCache:
    """The outlines that were drawn last.

    Masks never change, so the object is the key; it is held here, so that its identity stays its own.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[_Key, tuple[Mask, DisplayGrid, list[FloatArray]]] = OrderedDict()

    def of(self, mask: Mask, grid: DisplayGrid, plane: Plane, depth: int) -> list[FloatArray]:
        """Return `outline(mask, grid, plane, depth)`."""
        key = _Key(id(mask), id(grid), plane, depth)
        found = self._held.get(key)
        if found is None:
            found = (mask, grid, outline(mask, grid, plane, depth))
            self._held[key] = found
            if len(self._held) > _KEPT:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return found[2]

    def keep_only(self, masks: list[Mask]) -> None:
        """Forget the outlines of all other masks."""
        wanted = {id(mask) for mask in masks}
        for key in [key for key in self._held if key.mask not in wanted]:
            del self._held[key]


def outline(mask: Mask, grid: DisplayGrid, plane: Plane, depth: int) -> list[FloatArray]:
    """Return the iso-0.5 contour of `mask` on one displayed slice, the line that diameters are measured on.

    Parameters
    ----------
    mask : on the displayed grid, or on another grid of the same frame of reference (then each displayed
        pixel shows the mask voxel that holds its centre); nothing is drawn where the frames differ by name
    depth : display index along `plane.axis`

    Returns
    -------
    closed polygons, (n, 3) world mm
    """
    if not 0 <= depth < grid.shape[plane.axis]:
        return []
    inside = _slice(mask, grid, plane, depth)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        return []
    from skimage.measure import find_contours

    top, left = rows[0], columns[0]
    part = np.pad(inside[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.float32), 1)
    axes = [plane.down, plane.across]
    polygons = []
    for found in find_contours(part, 0.5):  # type: ignore[no-untyped-call]
        found = _corners(found)
        world = np.empty((len(found), 3))
        world[:, plane.axis] = grid.translate_mm[plane.axis] + depth * grid.scale_mm[plane.axis]
        world[:, axes] = grid.translate_mm[axes] + (found - 1 + (top, left)) * grid.scale_mm[axes]
        polygons.append(world)
    return polygons


def _corners(polygon: FloatArray) -> FloatArray:
    """Return a closed polygon without the points that lie on a straight line between their neighbours."""
    around = polygon[:-1]
    before, after = around - np.roll(around, 1, axis=0), np.roll(around, -1, axis=0) - around
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    return np.asarray(around[turns])


def _slice(mask: Mask, grid: DisplayGrid, plane: Plane, depth: int) -> npt.NDArray[np.bool_]:
    """Return the displayed slice of `mask`, (down, across)."""
    if mask.geometry is grid.geometry or mask.geometry.matches(grid.geometry):
        return np.asarray(np.take(grid.displayed(mask.voxels), depth, axis=plane.axis))
    shape = (grid.shape[plane.down], grid.shape[plane.across])
    one, other = mask.geometry.frame_uid, grid.geometry.frame_uid
    if one and other and one != other:
        return np.zeros(shape, dtype=np.bool_)
    indices = np.empty((*shape, 3))
    indices[..., plane.axis] = depth
    indices[..., plane.down] = np.arange(shape[0])[:, None]
    indices[..., plane.across] = np.arange(shape[1])
    points_mm = grid.geometry.to_patient(grid.to_native(indices))
    k, j, i = np.moveaxis(np.floor(mask.geometry.to_index(points_mm) + 0.5).astype(np.int64), -1, 0)
    depth_k, height, width = mask.geometry.shape
    is_held = (k >= 0) & (k < depth_k) & (j >= 0) & (j < height) & (i >= 0) & (i < width)
    inside = np.zeros(shape, dtype=np.bool_)
    inside[is_held] = mask.voxels[k[is_held], j[is_held], i[is_held]]
    return inside
