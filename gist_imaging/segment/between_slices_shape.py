"""The shape between drawn slices: moved, scaled, and with the area that its neighbours foretell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.interpolate import Akima1DInterpolator, CubicHermiteSpline, CubicSpline

from gist_imaging.segment.between_slices_follow import FloatStack, follow

__all__ = ["Motion", "at_area", "carried_shape", "shape_between", "signed_distance"]

BoolSlice = npt.NDArray[np.bool_]
Motion = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]

# How much of the shape comes from the outlines carried along the image; the rest from their geometry.
CARRIED_SHARE = 0.5


def signed_distance(inside: BoolSlice, spacing_mm: Sequence[float]) -> FloatStack:
    """Return mm to the edge of a slice's outline, above 0 inside; `inside` has pixels of both kinds."""
    outside = ndimage.distance_transform_edt(~inside, sampling=spacing_mm)
    within = ndimage.distance_transform_edt(inside, sampling=spacing_mm)
    return np.asarray(within - outside, dtype=np.float32)


def at_area(field: FloatStack, n_pixels: int) -> FloatStack:
    """Return `field` raised or lowered so that `n_pixels` of it are above 0."""
    n = min(max(n_pixels, 1), field.size - 1)
    level = np.partition(field.ravel(), field.size - n)[field.size - n]
    return np.asarray(field - level + np.float32(1e-6), dtype=np.float32)


def shape_between(drawn: Mapping[int, BoolSlice], spacing_mm: tuple[float, float]) -> FloatStack:
    """Return mm from the edge of the shape on each slice from the first to the last outline.

    The area of a slice is the modified Akima interpolation of the areas drawn, with none one slice beyond
    the outermost outlines; its centre lies on the natural cubic spline through their centres. Both
    neighbouring outlines are moved to that centre, scaled to that area and blended, the larger one
    counting for more: the last slice of a tumour says little about its shape.

    Parameters
    ----------
    drawn : slice number to (j, i) bool, rising numbers from 0; at least 2
    spacing_mm : between pixel centres along j, i

    Returns
    -------
    (k, j, i) mm, above 0 inside
    """
    numbers = np.array(list(drawn))
    spacing = np.asarray(spacing_mm)
    n_pixels = np.array([np.count_nonzero(inside) for inside in drawn.values()], dtype=np.float64)
    centres = np.array([np.argwhere(inside).mean(axis=0) for inside in drawn.values()]) * spacing
    radii = np.sqrt(n_pixels)
    distances = [signed_distance(inside, spacing_mm) for inside in drawn.values()]
    area_at = _area_profile(numbers, n_pixels)
    centre_at = CubicSpline(numbers, centres, bc_type="natural")
    shape = np.empty((numbers[-1] + 1, *distances[0].shape), np.float32)
    for before in range(len(numbers) - 1):
        first, last = numbers[before], numbers[before + 1]
        shape[first], shape[last] = distances[before], distances[before + 1]
        for k in range(first + 1, last):
            n = max(float(area_at(k)), 1.0)
            radius, centre, share = np.sqrt(n), centre_at(k), (k - first) / (last - first)
            weights = np.array([(1 - share) * radii[before], share * radii[before + 1]])
            weights /= weights.sum()
            blend = np.zeros_like(distances[0])
            for which, weight in zip((before, before + 1), weights, strict=True):
                zoom = radii[which] / radius
                offset = (centres[which] - zoom * centre) / spacing
                moved = ndimage.affine_transform(
                    distances[which], [zoom, zoom], offset=offset, order=1, mode="nearest"
                )
                blend += np.float32(weight / zoom) * moved
            shape[k] = at_area(blend, round(n))
    return shape


def _area_profile(numbers: npt.NDArray[np.int64], areas: npt.NDArray[np.float64]) -> CubicHermiteSpline:
    """Return the area at any slice from the first to the last number.

    Modified Akima interpolation; but from the outermost outlines it does not rise faster than keeps the
    way to the next one monotone, so that a tumour cut off flat does not bulge.
    """
    beyond = np.r_[numbers[0] - 1, numbers, numbers[-1] + 1]
    akima = Akima1DInterpolator(beyond, np.r_[0.0, areas, 0.0], method="makima")
    slopes = akima.derivative()(numbers)
    secants = np.diff(areas) / np.diff(numbers)
    for end, secant in ((0, secants[0]), (-1, secants[-1])):
        low, high = sorted((0.0, 3 * secant))
        slopes[end] = np.clip(slopes[end], low, high)
    return CubicHermiteSpline(numbers, areas, slopes)


def carried_shape(
    shape: FloatStack, numbers: Sequence[int], motion: Motion, check: Callable[[], None]
) -> FloatStack:
    """Return `shape` blended with its outlines as they follow the image's motion, areas kept.

    Parameters
    ----------
    shape : (k, j, i) mm from `shape_between`
    numbers : the slices that were drawn, rising
    motion : what `slice_motion` returns for the same slices
    """
    from_before, from_after = motion
    n_pixels = np.count_nonzero(shape > 0, axis=(1, 2))
    blended = shape.copy()
    for first, last in pairwise(numbers):
        check()
        upwards, downwards = {first: shape[first]}, {last: shape[last]}
        for k in range(first + 1, last):
            upwards[k] = follow(upwards[k - 1], from_before[k - 1])
        for k in range(last - 1, first, -1):
            downwards[k] = follow(downwards[k + 1], from_after[k])
        for k in range(first + 1, last):
            share = (k - first) / (last - first)
            below, above = (1 - share) * np.sqrt(n_pixels[first]), share * np.sqrt(n_pixels[last])
            weight = np.float32(below / (below + above))
            carried = at_area(weight * upwards[k] + (1 - weight) * downwards[k], int(n_pixels[k]))
            mixed = (1 - CARRIED_SHARE) * shape[k] + CARRIED_SHARE * carried
            blended[k] = at_area(mixed.astype(np.float32), int(n_pixels[k]))
    return blended
