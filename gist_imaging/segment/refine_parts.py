"""Parts and holes of a mask: keep the largest, drop islands, fill holes.

Parts are counted with 26-connectivity unless said otherwise, holes with 6-connectivity (4 within a slice),
which is the pair that leaves no voxel both inside and outside.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.errors import MaskError
from gist_imaging.segment.refine_edit import Part, edited, edited_part
from gist_imaging.spatial.mask import Mask

__all__ = ["fill_holes", "fill_holes_in_slices", "keep_largest", "remove_islands"]

Connectivity = Literal[6, 18, 26]

_RANK = {6: 1, 18: 2, 26: 3}


def keep_largest(mask: Mask, connectivity: Connectivity = 26) -> Mask:
    """Return the part of `mask` with most voxels; of several with equally many, all of them."""
    part, labels, sizes = _parts(mask, connectivity)
    largest = 1 + np.flatnonzero(sizes[1:] == sizes[1:].max(initial=0))
    return edited_part(mask, part, np.isin(labels, largest), "keep_largest", {"connectivity": connectivity})


def remove_islands(mask: Mask, smaller_than_mm3: float, connectivity: Connectivity = 26) -> Mask:
    """Return `mask` without the parts smaller than a volume; a part of exactly that volume stays.

    Raises
    ------
    MaskError
        If the volume is below 0 or not a number.
    """
    if not smaller_than_mm3 >= 0.0:
        raise MaskError("a volume is 0 mm³ or more", f"got {smaller_than_mm3}", "give it in mm³")
    part, labels, sizes = _parts(mask, connectivity)
    voxel_mm3 = mask.geometry.voxel_volume_mm3
    # Counted in whole voxels, so that rounding of the voxel's volume decides nothing.
    at_least_voxels = np.ceil(smaller_than_mm3 / voxel_mm3 * (1.0 - 1e-9))
    stays = sizes >= at_least_voxels
    if len(stays):
        stays[0] = False
    parameters = {"smaller_than_mm3": float(smaller_than_mm3), "connectivity": connectivity}
    return edited_part(mask, part, stays[labels], "remove_islands", parameters)


def fill_holes(mask: Mask, at_most_mm3: float | None = None) -> Mask:
    """Return `mask` with its holes filled: outside parts that reach no border of the image.

    In an image of a single slice that slice is judged alone.

    Parameters
    ----------
    at_most_mm3 : larger holes stay (a hole of exactly that volume is filled); None fills all
    """
    parameters = {"at_most_mm3": at_most_mm3}
    if mask.is_empty:
        return edited(mask, mask.voxels, "fill_holes", parameters)
    part = mask.slices
    inside = mask.voxels[part]
    # An axis with one voxel has no border to reach.
    flat = tuple(axis for axis in range(3) if mask.geometry.shape[axis] == 1)
    filled = _filled(np.squeeze(inside, axis=flat)).reshape(inside.shape)
    if at_most_mm3 is not None:
        labels, n_holes = ndimage.label(filled & ~inside)
        volumes = np.bincount(labels.ravel(), minlength=n_holes + 1) * mask.geometry.voxel_volume_mm3
        too_large = volumes > at_most_mm3 * (1.0 + 1e-9)
        too_large[0] = False
        filled = filled & ~too_large[labels]
    return edited_part(mask, part, filled, "fill_holes", parameters)


def fill_holes_in_slices(mask: Mask, slice_axis: Literal[0, 1, 2] = 0) -> Mask:
    """Return `mask` with the holes of each slice filled: outside parts that reach no border of the slice.

    Parameters
    ----------
    slice_axis : the array axis that runs from slice to slice
    """
    part = mask.slices
    filled = np.array(mask.voxels[part])
    for plane in np.moveaxis(filled, slice_axis, 0):
        plane[:] = _filled(plane)
    return edited_part(mask, part, filled, "fill_holes_in_slices", {"slice_axis": slice_axis})


def _filled(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(ndimage.binary_fill_holes(inside), dtype=np.bool_)


def _parts(mask: Mask, connectivity: Connectivity) -> tuple[Part, npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return the bounding box, the number of each voxel's part in it, and how many voxels each has."""
    if connectivity not in _RANK:
        raise MaskError("connectivity is 6, 18 or 26", f"got {connectivity}", "26 joins at corners too")
    part = mask.slices
    structure = ndimage.generate_binary_structure(3, _RANK[connectivity])
    labels, n_parts = ndimage.label(mask.voxels[part], structure)
    return part, labels, np.bincount(labels.ravel(), minlength=n_parts + 1)
