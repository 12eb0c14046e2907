"""Distances in mm on a grid of voxels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["FAR_MM", "distance_to", "signed_distance"]

Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]

# Distances to the surface are kept up to this; what is further is certainly inside or outside.
FAR_MM = 20.0


def _maurer(inside: BoolArray, spacing_mm: Spacing) -> Array:
    """Return the distance to the nearest outermost voxel inside: above 0 inside, 0 on it, below 0 outside."""
    import SimpleITK as sitk  # noqa: N813 - its own documentation's name

    image = sitk.GetImageFromArray(np.ascontiguousarray(inside, dtype=np.uint8))
    image.SetSpacing(spacing_mm[::-1])  # type: ignore[no-untyped-call]
    distance = sitk.SignedMaurerDistanceMap(  # type: ignore[no-untyped-call]
        image, insideIsPositive=True, squaredDistance=False, useImageSpacing=True
    )
    values: Array = sitk.GetArrayFromImage(distance)
    return values


def signed_distance(inside: BoolArray, spacing_mm: Spacing) -> Array:
    """Return the distance to the surface between inside and outside, above 0 inside, up to FAR_MM.

    Exact to half the longest voxel edge, as the surface runs between voxels.
    """
    if not inside.any():
        return np.full(inside.shape, -FAR_MM, dtype=np.float32)
    if inside.all():
        return np.full(inside.shape, FAR_MM, dtype=np.float32)
    signed = _maurer(inside, spacing_mm) + min(spacing_mm) / 2
    return np.asarray(np.clip(signed, -FAR_MM, FAR_MM), dtype=np.float32)


def distance_to(voxels: BoolArray, spacing_mm: Spacing) -> Array:
    """Return the distance to the nearest of `voxels`, 0 on them; infinite where there are none."""
    if not voxels.any():
        return np.full(voxels.shape, np.inf, dtype=np.float32)
    away: Array = np.maximum(-_maurer(voxels, spacing_mm), np.float32(0))
    return away
