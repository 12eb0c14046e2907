"""Brushes in millimetres: add, erase, and paint only where the image lies in a range."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import MaskError
from gist_imaging.segment.refine_edit import Part, check_one_grid, edited_part
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["add_brush", "brush_part", "brush_voxels", "erase_brush", "paint_in_range"]

FloatArray = npt.NDArray[np.float64]
Axis = Literal[0, 1, 2]

# A voxel centre at exactly the radius is in, whatever the rounding of the positions.
_ROUNDING_MM = 1e-6


def brush_voxels(
    geometry: Geometry, points_mm: npt.ArrayLike, radius_mm: float, slice_axis: Axis | None = None
) -> npt.NDArray[np.bool_]:
    """Return the voxels that a brush covers when it is drawn along a line.

    A voxel is covered when its centre lies within the radius of the line (inclusive), measured in the
    patient; the voxel under each point is covered however small the brush.

    Parameters
    ----------
    points_mm : (n, 3) LPS; one is a click. What lies outside the image covers nothing
    radius_mm : 0 or more
    slice_axis : None for a ball; for a disc, the array axis that runs from slice to slice: only the slice
        of the first point is painted, and the other points are taken perpendicularly onto it

    Returns
    -------
    (k, j, i) bool

    Raises
    ------
    MaskError
        If there is no point, a point is not finite, or the radius is below 0 or not finite.
    """
    part, local = brush_part(geometry, points_mm, radius_mm, slice_axis)
    covered = np.zeros(geometry.shape, dtype=np.bool_)
    covered[part] = local
    return covered


def brush_part(
    geometry: Geometry, points_mm: npt.ArrayLike, radius_mm: float, slice_axis: Axis | None
) -> tuple[Part, npt.NDArray[np.bool_]]:
    """Return the part of the grid that a brush may touch, and which of its voxels are covered.

    The same as `brush_voxels`, at the cost of the stroke and not of the grid.
    """
    line = np.asarray(points_mm, dtype=np.float64)
    if line.ndim != 2 or line.shape[1] != 3 or not len(line) or not np.isfinite(line).all():
        raise MaskError(
            "a brush is drawn along finite points (x, y, z) in mm", f"got shape {line.shape}", "draw again"
        )
    if not 0.0 <= radius_mm < np.inf:
        raise MaskError("a brush has a radius of 0 mm or more", f"got {radius_mm}", "choose another size")
    indices = geometry.to_index(line)
    if slice_axis is not None:
        indices[:, slice_axis] = np.floor(indices[0, slice_axis] + 0.5)
    nearest = np.floor(indices + 0.5).astype(np.int64)
    reach = np.ceil(radius_mm / np.asarray(geometry.spacing_mm)) + 1
    first = np.clip(np.floor(indices.min(axis=0) - reach), 0, geometry.shape).astype(int)
    last = np.clip(np.ceil(indices.max(axis=0) + reach) + 1, first, geometry.shape).astype(int)
    k, j, i = (slice(begin, end) for begin, end in zip(first.tolist(), last.tolist(), strict=True))
    part = (k, j, i)
    covered = np.zeros(last - first, dtype=np.bool_)
    if covered.size:
        box = geometry.crop(*_start_and_shape(part))
        line = geometry.to_patient(indices)
        for begin, end in zip(line, line[1:] if len(line) > 1 else line, strict=False):
            _cover(covered, box, begin, end, radius_mm, slice_axis)
    under = nearest[((nearest >= first) & (nearest < last)).all(axis=1)] - first
    covered[tuple(under.T)] = True
    return part, covered


def _start_and_shape(part: Part) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    k, j, i = part
    return (k.start, j.start, i.start), (k.stop - k.start, j.stop - j.start, i.stop - i.start)


def _cover(
    covered: npt.NDArray[np.bool_],
    geometry: Geometry,
    first: FloatArray,
    last: FloatArray,
    radius_mm: float,
    slice_axis: Axis | None,
) -> None:
    """Set the voxels within `radius_mm` of the piece of line from `first` to `last`."""
    ends = geometry.to_index(np.stack([first, last]))
    reach = (radius_mm + _ROUNDING_MM) * np.linalg.norm(np.linalg.inv(geometry.affine[:3, :3]), axis=1)
    low = np.maximum(np.ceil(ends.min(axis=0) - reach), 0).astype(np.int64)
    high = np.minimum(np.floor(ends.max(axis=0) + reach), np.subtract(geometry.shape, 1)).astype(np.int64)
    if slice_axis is not None:
        at = int(np.floor(ends[0, slice_axis] + 0.5))
        if not 0 <= at < geometry.shape[slice_axis]:
            return
        low[slice_axis] = high[slice_axis] = at
    if (high < low).any():
        return
    part = tuple(slice(a, b + 1) for a, b in zip(low.tolist(), high.tolist(), strict=True))
    grid = np.stack(np.meshgrid(*(np.arange(p.start, p.stop) for p in part), indexing="ij"), axis=-1)
    from_first = geometry.to_patient(grid) - first
    along = last - first
    length_2 = float(along @ along)
    where = np.clip(from_first @ along / length_2, 0.0, 1.0) if length_2 > 0 else np.zeros(grid.shape[:-1])
    away_2 = np.sum((from_first - where[..., None] * along) ** 2, axis=-1)
    covered[part] |= away_2 <= (radius_mm + _ROUNDING_MM) ** 2


def add_brush(mask: Mask, points_mm: npt.ArrayLike, radius_mm: float, slice_axis: Axis | None = None) -> Mask:
    """Return `mask` with what a brush covers added; see `brush_voxels`."""
    part, covered = brush_part(mask.geometry, points_mm, radius_mm, slice_axis)
    return edited_part(
        mask, part, mask.voxels[part] | covered, "add_brush", _parameters(radius_mm, slice_axis)
    )


def erase_brush(
    mask: Mask, points_mm: npt.ArrayLike, radius_mm: float, slice_axis: Axis | None = None
) -> Mask:
    """Return `mask` without what a brush covers; see `brush_voxels`."""
    part, covered = brush_part(mask.geometry, points_mm, radius_mm, slice_axis)
    return edited_part(
        mask, part, mask.voxels[part] & ~covered, "erase_brush", _parameters(radius_mm, slice_axis)
    )


def paint_in_range(
    mask: Mask,
    volume: Volume,
    points_mm: npt.ArrayLike,
    radius_mm: float,
    *,
    at_least: float,
    at_most: float,
    quantity: Quantity,
    slice_axis: Axis | None = None,
) -> Mask:
    """Return `mask` with those voxels under a brush added whose value lies in a range.

    Voxels that are not a number are never added, and nothing is removed.

    Parameters
    ----------
    at_least, at_most : in the unit of `quantity`, both inclusive
    quantity : what the range is meant in; must be that of the image

    Raises
    ------
    MaskError
        If image and mask lie on different grids, the image holds another quantity, or the range is empty.
    """
    check_one_grid(mask.geometry, volume.geometry)
    if volume.quantity is not quantity:
        raise MaskError(
            f"a range in {quantity} for an image in {quantity}",
            f"the image holds {volume.quantity}",
            "give the range in the image's own quantity",
        )
    if not at_least <= at_most:
        raise MaskError(
            "a range runs from its lower to its upper end", f"got {at_least} to {at_most}", "exchange them"
        )
    part, covered = brush_part(mask.geometry, points_mm, radius_mm, slice_axis)
    values = volume.voxels[part]
    inside = mask.voxels[part] | (covered & (values >= at_least) & (values <= at_most))
    parameters = {
        **_parameters(radius_mm, slice_axis),
        "at_least": float(at_least),
        "at_most": float(at_most),
        "quantity": str(quantity),
    }
    return edited_part(mask, part, inside, "paint_in_range", parameters)


def _parameters(radius_mm: float, slice_axis: Axis | None) -> dict[str, float | int | None]:
    return {"radius_mm": float(radius_mm), "slice_axis": slice_axis}
