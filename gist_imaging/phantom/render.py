"""Scans of the phantom on any grid, and the masks that go with them.

A voxel on the surface of an organ holds a mixture: coverage falls linearly across one pixel, averaged over
three parts of the slice's thickness where slices are thick. The tumour is different: every voxel whose centre
lies inside it holds the tumour alone, and only voxels outside its rim are mixed. So the mean over the mask of
voxel centres is the true mean but for noise and, where there is a necrotic core, the counting of its voxels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.phantom.distances import Point, Solid
from gist_imaging.phantom.frame import bones, soft_frame
from gist_imaging.phantom.levator import levator_distance
from gist_imaging.phantom.organs import organs
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.tissues import MUSCLE_T2_SIGNAL, Appearance, Tissue
from gist_imaging.provenance import Provenance
from gist_imaging.spatial import Geometry, Mask, Quantity, Volume
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["ct_volume", "levator_mask", "slice_points", "t2_volume", "tumour_mask", "window_of"]

Side = Literal["L", "R"]

_CT_RANGE_HU = (-1024, 3071)
_SLICE_PARTS = (-1 / 3, 0.0, 1 / 3)
_THIN_PIXELS = 1.5
_SMOOTHING = np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25))
_RAMP_WIDTH = 9
_BIAS_LENGTH_MM = 160.0


def ct_volume(
    phantom: PelvisPhantom, geometry: Geometry, noise_sd: float, rng: np.random.Generator
) -> Volume:
    """Return a portal venous CT in HU (int16) with noise of `noise_sd` HU, grained like a scanner's."""
    values = _painted(phantom, geometry, lambda appearance: appearance.hu)
    for k in range(geometry.shape[0]):
        values[k] += noise_sd * _grain(rng, geometry.shape[1:])
    voxels = np.clip(np.rint(values), *_CT_RANGE_HU).astype(np.int16)
    return Volume(voxels, geometry, Quantity.HU, modality="CT", slice_thickness_mm=geometry.spacing_mm[0])


def t2_volume(
    phantom: PelvisPhantom,
    geometry: Geometry,
    noise_sd: float,
    rng: np.random.Generator,
    bias: float = 0.12,
) -> Volume:
    """Return a T2-weighted MR (int16, muscle about 110) with Rician noise and a smooth bias field.

    Parameters
    ----------
    phantom, geometry, rng : the pelvis, the grid, the source of noise
    noise_sd : of each of the two channels, in signal units
    bias : half the range of the coil's bias, as a part of the signal
    """
    values = _painted(phantom, geometry, lambda appearance: appearance.t2 * MUSCLE_T2_SIGNAL)
    for k in range(geometry.shape[0]):
        body = phantom.to_body(slice_points(geometry, k))
        swing = np.sin(body[..., 0] / _BIAS_LENGTH_MM + 0.4) - np.cos(body[..., 1] / _BIAS_LENGTH_MM)
        signal = values[k] * (1.0 + bias * swing)
        real, imaginary = noise_sd * rng.standard_normal((2, *geometry.shape[1:]))
        values[k] = np.hypot(signal + real, imaginary)
    voxels = np.rint(values).astype(np.int16)
    return Volume(voxels, geometry, modality="MR", slice_thickness_mm=geometry.spacing_mm[0])


def tumour_mask(phantom: PelvisPhantom, geometry: Geometry) -> Mask:
    """Return the voxels whose centres lie inside the tumour or on its surface; empty without a tumour."""
    provenance = Provenance("phantom")
    if phantom.tumour is None:
        return Mask(np.zeros(geometry.shape, dtype=np.bool_), geometry, provenance=provenance)
    voxels = _inside(phantom, geometry, phantom.tumour.distance)
    return Mask(voxels, geometry, provenance=provenance)


def levator_mask(phantom: PelvisPhantom, geometry: Geometry, side: Side) -> Mask:
    """Return the voxels whose centres lie in the levator ani of the patient's left or right side.

    The midline belongs to the left; voxels of the tumour belong to neither side.
    """

    def one_side(points: FloatArray) -> FloatArray:
        x = points[..., 0]
        wrong_side = np.where(x < 0.0, 1.0, -1.0) if side == "L" else np.where(x < 0.0, -1.0, 1.0)
        return np.asarray(np.maximum(levator_distance(phantom, points), wrong_side))

    voxels = _inside(phantom, geometry, one_side) & ~tumour_mask(phantom, geometry).voxels
    name = "levator_ani_left" if side == "L" else "levator_ani_right"
    return Mask(voxels, geometry, structure=name, provenance=Provenance("phantom"))


def _inside(
    phantom: PelvisPhantom, geometry: Geometry, distance: Callable[[FloatArray], FloatArray]
) -> npt.NDArray[np.bool_]:
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    for k in range(geometry.shape[0]):
        voxels[k] = distance(phantom.to_body(slice_points(geometry, k))) <= 0.0
    return voxels


def _painted(phantom: PelvisPhantom, geometry: Geometry, value: Callable[[Appearance], float]) -> FloatArray:
    """Return the noiseless scan: organs with mixed edges, then the tumour with a clean inside."""
    painting = (*soft_frame(), *bones(), *organs(phantom))
    values = np.empty(geometry.shape, dtype=np.float64)
    slice_mm, _, pixel_mm = geometry.spacing_mm
    offsets = _SLICE_PARTS if slice_mm > _THIN_PIXELS * pixel_mm else (0.0,)
    for k in range(geometry.shape[0]):
        parts = [_painted_plane(painting, phantom, geometry, k + offset, value) for offset in offsets]
        values[k] = np.mean(parts, axis=0)
        _paint_tumour(values[k], phantom, geometry, k, value)
    return values


def _painted_plane(
    painting: Sequence[Solid],
    phantom: PelvisPhantom,
    geometry: Geometry,
    k: float,
    value: Callable[[Appearance], float],
) -> FloatArray:
    body = phantom.to_body(slice_points(geometry, k))
    pixel_mm = geometry.spacing_mm[2]
    plane = np.full(geometry.shape[1:], value(Tissue.AIR.value))
    for solid in painting:
        window = window_of(solid.centre, solid.half_mm, phantom, geometry, k)
        if window is None:
            continue
        coverage = np.clip(0.5 - solid.distance(body[window]) / pixel_mm, 0.0, 1.0)
        plane[window] += coverage * (value(solid.tissue.value) - plane[window])
    return plane


def _paint_tumour(
    plane: FloatArray,
    phantom: PelvisPhantom,
    geometry: Geometry,
    k: int,
    value: Callable[[Appearance], float],
) -> None:
    tumour = phantom.tumour
    if tumour is None:
        return
    window = window_of(tumour.centre_mm, tumour.half_box_mm, phantom, geometry, k)
    if window is None:
        return
    body = phantom.to_body(slice_points(geometry, k)[window])
    pixel_mm = geometry.spacing_mm[2]
    coverage = np.clip(1.0 - tumour.distance(body) / pixel_mm, 0.0, 1.0)
    plane[window] += coverage * (value(tumour.viable) - plane[window])
    if tumour.core_fraction > 0.0:
        inside = tumour.core_distance(body) <= 0.0
        plane[window][inside] = value(tumour.core)


def window_of(
    centre_body: Point, half_mm: Point, phantom: PelvisPhantom, geometry: Geometry, k: float
) -> tuple[slice, slice] | None:
    """Return the rows and columns of slice `k` that a box of the body can reach, None where it reaches none.

    Parameters
    ----------
    centre_body, half_mm : the box, along the body's axes
    phantom, geometry, k : the pelvis, the grid, and the slice; fractions lie between slices
    """
    centre = geometry.to_index(phantom.to_patient(centre_body))
    turned = np.abs(geometry.axes.T @ phantom.axes)
    reach = turned @ np.asarray(half_mm) / geometry.spacing_mm + 1.5
    if abs(k - centre[0]) > reach[0]:
        return None
    low = np.maximum(np.floor(centre - reach), 0.0).astype(int)
    high = np.maximum(np.ceil(centre + reach) + 1.0, 0.0).astype(int)
    if low[1] >= geometry.shape[1] or low[2] >= geometry.shape[2] or not high[1:].all():
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[2]), int(high[2]))


def slice_points(geometry: Geometry, k: float) -> FloatArray:
    """Return the centres (j, i, 3) of the voxels of slice `k`, LPS mm; fractions lie between slices."""
    _, rows, columns = geometry.shape
    down, across = geometry.affine[:3, 1], geometry.affine[:3, 2]
    first = geometry.to_patient((k, 0.0, 0.0))
    return np.asarray(
        first + np.arange(rows)[:, None, None] * down + np.arange(columns)[None, :, None] * across
    )


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Return noise of mean 0 and standard deviation 1 with the grain of filtered back-projection.

    It is smooth over about two pixels, and the ramp filter leaves it almost nothing at low frequencies, so
    the mean over a region settles faster than that of white noise.
    """
    from scipy.ndimage import convolve, uniform_filter

    margin = _RAMP_WIDTH // 2
    rows, columns = shape
    noise = rng.standard_normal((rows + 2 * margin, columns + 2 * margin))
    band = convolve(noise, _SMOOTHING) - uniform_filter(noise, _RAMP_WIDTH)
    # The variance that the difference of the two kernels leaves of white noise.
    variance = np.square(_SMOOTHING).sum() - 1.0 / _RAMP_WIDTH**2
    return np.asarray(band[margin:-margin, margin:-margin] / np.sqrt(variance))
