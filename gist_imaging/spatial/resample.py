"""Put a Mask or a Volume on another grid of the same frame of reference; only when somebody asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError, MaskError
from gist_imaging.spatial.difference import POSITION_WITHIN_MM, in_one_frame
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Box, Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["reorient_mask", "resample_mask", "resample_volume"]

# A sample halfway between a voxel inside and one outside belongs to the side of the lower index, so that a
# shift by half a voxel neither adds nor removes a layer. In voxels; far above rounding, far below meaning.
_TIE_BREAK = 1e-6


def reorient_mask(mask: Mask, onto: Geometry, tol_mm: float = POSITION_WITHIN_MM) -> Mask | None:
    """Return `mask` on `onto` when both are the same voxel centres in another index order, else None.

    Axes are swapped and flipped; no value is interpolated. Frames of reference are compared by name.

    Parameters
    ----------
    tol_mm : how far two voxel centres may lie apart and still be one (inclusive)
    """
    if not in_one_frame(mask.geometry.frame_uid, onto.frame_uid):
        return None
    # Whole-number steps in `onto` for one step along each axis of the mask.
    steps = np.linalg.inv(onto.affine[:3, :3]) @ mask.geometry.affine[:3, :3]
    whole = np.rint(steps)
    order = tuple(int(axis) for axis in np.abs(whole).argmax(axis=1))
    is_permutation = np.array_equal(np.abs(whole).sum(axis=0), (1, 1, 1)) and sorted(order) == [0, 1, 2]
    if not is_permutation or tuple(mask.geometry.shape[axis] for axis in order) != onto.shape:
        return None
    signs = [whole[row, axis] for row, axis in enumerate(order)]
    turned = mask.voxels.transpose(order)
    turned = turned[tuple(slice(None, None, int(sign)) for sign in signs)]
    affine = mask.geometry.affine[:, [*order, 3]].copy()
    for axis, sign in enumerate(signs):
        if sign < 0:
            affine[:3, 3] += affine[:3, axis] * (onto.shape[axis] - 1)
            affine[:3, axis] *= -1
    if not Geometry(onto.shape, affine).matches(onto, tol_mm):
        return None
    return replace(mask, voxels=np.ascontiguousarray(turned), geometry=onto)


def resample_mask(mask: Mask, onto: Geometry) -> Mask:
    """Return `mask` on the grid `onto`.

    The occupancy (1 inside, 0 outside) is interpolated linearly between voxel centres; a voxel belongs to
    the structure where it is 0.5 or more, which is inside the iso-0.5 surface that diameters and meshes are
    measured on. Where both grids share voxel centres the result is exact; ties between two voxels go to
    one side, so that sizes are kept.

    Raises
    ------
    GeometryError
        If the frames of reference have different names: that needs an explicit transform.
    MaskError
        If part of the structure lies outside `onto`.
    """
    _check_frames(mask.geometry, onto)
    box = mask.bounding_box
    if box is None:
        return Mask.empty(onto, mask.structure, mask.lesion_id, mask.provenance)
    _check_inside(mask, onto)
    structure = mask.geometry.crop(*box)
    occupancy = mask.voxels[mask.slices].astype(np.float32)
    # Only where the structure is: the interpolation reaches at most one voxel beyond it.
    low, size = _covering_box(structure, onto)
    sampled = _sampled(occupancy, structure, onto.crop(low, size), order=1, outside=0.0, nudge=-_TIE_BREAK)
    return Mask.of_part(sampled >= 0.5, low, onto, mask.structure, mask.lesion_id, mask.provenance)


def resample_volume(
    volume: Volume,
    onto: Geometry,
    *,
    method: Literal["linear", "nearest"] = "linear",
    outside: float | None = None,
) -> Volume:
    """Return `volume` on the grid `onto`, as float32 ("linear") or in its own dtype ("nearest").

    Parameters
    ----------
    outside : value of voxels of `onto` beyond the outermost voxel centres of `volume`; None refuses them

    Raises
    ------
    GeometryError
        If the frames of reference have different names, or voxels lie outside and no value is stated.
    """
    _check_frames(volume.geometry, onto)
    if outside is None:
        indices = volume.geometry.to_index(onto.corners_mm)
        beyond = np.maximum(-indices, indices - (np.asarray(volume.geometry.shape) - 1)).max(axis=0)
        beyond_mm = float((beyond * volume.geometry.spacing_mm).max())
        if beyond_mm > POSITION_WITHIN_MM:
            raise GeometryError(
                "the new grid lies inside the image",
                f"it reaches {beyond_mm:.2f} mm beyond its outermost voxel centres",
                "choose a smaller grid, or state the value outside",
            )
    source = volume.voxels.astype(np.float32) if method == "linear" else volume.voxels
    # Rounding may put the outermost centres a hair outside; they take the edge's value.
    voxels = _sampled(
        source, volume.geometry, onto, order=1 if method == "linear" else 0, outside=outside, nudge=0.0
    )
    return replace(volume, voxels=voxels, geometry=onto)


def _sampled(
    source: npt.NDArray[Any],
    grid: Geometry,
    onto: Geometry,
    *,
    order: Literal[0, 1],
    outside: float | None,
    nudge: float,
) -> npt.NDArray[Any]:
    from scipy import ndimage

    to_source = np.linalg.inv(grid.affine) @ onto.affine
    mode: Literal["nearest", "grid-constant"] = "nearest" if outside is None else "grid-constant"
    sampled: npt.NDArray[Any] = ndimage.affine_transform(
        source,
        to_source[:3, :3],
        to_source[:3, 3] + nudge,
        output_shape=onto.shape,
        order=order,
        mode=mode,
        cval=0.0 if outside is None else outside,
        prefilter=False,
    )
    return sampled


def _check_frames(grid: Geometry, onto: Geometry) -> None:
    if not in_one_frame(grid.frame_uid, onto.frame_uid):
        raise GeometryError(
            "both grids lie in one frame of reference",
            "they lie in two",
            "register the scans first: positions in different frames do not compare",
        )


def _covering_box(structure: Geometry, onto: Geometry) -> Box:
    """Return first voxel and shape of the part of `onto` that reaches one voxel beyond `structure`."""
    depth, height, width = structure.shape
    around = structure.crop((-1, -1, -1), (depth + 2, height + 2, width + 2))
    indices = onto.to_index(around.corners_mm)
    last = np.asarray(onto.shape) - 1
    low = np.clip(np.floor(indices.min(axis=0)), 0, last).astype(int).tolist()
    high = np.clip(np.ceil(indices.max(axis=0)), 0, last).astype(int).tolist()
    size = [above - below + 1 for below, above in zip(low, high, strict=True)]
    return (low[0], low[1], low[2]), (size[0], size[1], size[2])


def _check_inside(mask: Mask, onto: Geometry) -> None:
    inside = mask.indices
    indices = onto.to_index(mask.geometry.to_patient(inside))
    tolerance = 0.5 + POSITION_WITHIN_MM / np.asarray(onto.spacing_mm)
    is_outside = ((indices < -tolerance) | (indices > np.asarray(onto.shape) - 1 + tolerance)).any(axis=1)
    if is_outside.any():
        raise MaskError(
            "a structure inside the image",
            f"{int(is_outside.sum())} of {len(inside)} of its voxels lie outside",
            "give the image that it was drawn on",
        )
