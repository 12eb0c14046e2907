"""Masks put together, and what a tumour must not contain taken out."""

from __future__ import annotations

import numpy as np

from gist_imaging.errors import MaskError
from gist_imaging.segment.refine_edit import check_one_grid, edited
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["difference", "exclude_gas", "exclude_structure", "exclusive_or", "intersection", "union"]


def union(mask: Mask, other: Mask) -> Mask:
    """Return the voxels of either mask, as the structure of `mask`; MaskError on another grid."""
    check_one_grid(mask.geometry, other.geometry)
    return edited(mask, mask.voxels | other.voxels, "union", {"other": other.structure})


def intersection(mask: Mask, other: Mask) -> Mask:
    """Return the voxels of both masks, as the structure of `mask`; MaskError on another grid."""
    check_one_grid(mask.geometry, other.geometry)
    return edited(mask, mask.voxels & other.voxels, "intersection", {"other": other.structure})


def difference(mask: Mask, other: Mask) -> Mask:
    """Return the voxels of `mask` that `other` does not hold; MaskError on another grid."""
    check_one_grid(mask.geometry, other.geometry)
    return edited(mask, mask.voxels & ~other.voxels, "difference", {"other": other.structure})


def exclusive_or(mask: Mask, other: Mask) -> Mask:
    """Return the voxels of exactly one mask, as the structure of `mask`; MaskError on another grid."""
    check_one_grid(mask.geometry, other.geometry)
    return edited(mask, mask.voxels ^ other.voxels, "exclusive_or", {"other": other.structure})


def exclude_gas(mask: Mask, volume: Volume, *, below_hu: float) -> Mask:
    """Return `mask` without gas: voxels below a number of Hounsfield units; exactly that number stays.

    A voxel that is not a number stays: nothing is known of it.

    Raises
    ------
    MaskError
        If the image is not in HU or lies on another grid, or the threshold is not a number.
    """
    check_one_grid(mask.geometry, volume.geometry)
    if volume.quantity is not Quantity.HU:
        raise MaskError(
            "gas is told by Hounsfield units",
            f"the image holds {volume.quantity}",
            "erase the gas by hand, or state the quantity if this is CT",
        )
    if not np.isfinite(below_hu):
        raise MaskError("a threshold is a number in HU", f"got {below_hu}", "-200 lies between fat and gas")
    voxels = np.array(mask.voxels)
    voxels[mask.voxels] = ~(volume.voxels[mask.voxels] < below_hu)
    return edited(mask, voxels, "exclude_gas", {"below_hu": float(below_hu)})


def exclude_structure(mask: Mask, protected: Mask) -> Mask:
    """Return `mask` without the voxels of a protected structure, which is named in the provenance.

    Raises
    ------
    MaskError
        If both lie on different grids.
    """
    check_one_grid(mask.geometry, protected.geometry)
    return edited(
        mask, mask.voxels & ~protected.voxels, "exclude_structure", {"protected": protected.structure}
    )
