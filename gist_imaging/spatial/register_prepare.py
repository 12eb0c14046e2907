"""What the registration looks at: a feature image of the patient at several voxel sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import Cancelled, RegistrationError
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["Level", "Stop", "levels_of", "stop_if"]

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]
Region = Literal["bone", "whole"]
Stop = Callable[[], bool] | None
"""Asked between steps whether the user wants to stop; None is never."""

FINEST_MM = 2.0
N_LEVELS = 3
# A pelvis fits at 2 mm; longer scans get larger voxels, so that no step takes long.
_MOST_VOXELS = 3_000_000
# Cancellous bone begins at about 150 HU; portal venous vessels reach as far, so bone is asked to be denser.
BONE_ABOVE_HU = 180.0
_BONE_UP_TO_HU = 900.0
_LEAST_BONE_MM3 = 10_000.0
_SPECK_MM3 = 1_000.0
_AROUND_BONE_MM = 4.0
_BODY_ABOVE_HU = -300.0
_SOFT_TISSUE_HU = (-200.0, 300.0)
_HU_PER_UNIT = 100.0
# MR signal is judged against its surroundings, so that a coil's bias field does not count.
_SURROUNDINGS_MM = 30.0
_LEAST_CONTRAST = 0.2
_AIR_BELOW_PART_OF_P99 = 0.06
_SMOOTHING_VOXELS = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One voxel size of the feature image, on a grid along the patient's axes.

    Parameters
    ----------
    values : (k, j, i) feature, no unit; 0 where nothing was scanned
    scanned : where the scan has values
    region : what the fit is asked to bring together (near bone, or the body)
    geometry : cubic voxels along z, y, x
    """

    values: FloatImage
    scanned: BoolImage
    region: BoolImage
    geometry: Geometry

    @property
    def voxel_mm(self) -> float:
        """Edge of a voxel."""
        return self.geometry.spacing_mm[0]


def stop_if(cancelled: Stop) -> None:
    """Raise `Cancelled` when the user asked to stop."""
    if cancelled is not None and cancelled():
        raise Cancelled


def levels_of(volume: Volume, on: Region, name: str, cancelled: Stop = None) -> tuple[Level, ...]:
    """Return the feature image from the finest (2 mm, more for very long scans) to the coarsest level.

    Parameters
    ----------
    volume : the scan
    on : "bone" (HU only) or "whole"
    name : how messages call the scan, "fixed" or "moving"
    cancelled : asked between steps

    Raises
    ------
    RegistrationError
        If the scan shows no bone, or nothing but one grey.
    """
    values, scanned, geometry = _upright(volume, cancelled)
    if not scanned.any() or float(np.ptp(values[scanned])) == 0.0:
        raise RegistrationError(
            f"a {name} scan that shows something",
            "all its voxels have one value",
            "choose another series of that visit",
        )
    if volume.quantity is Quantity.HU:
        body = _body(values, scanned, geometry, cancelled)
        stop_if(cancelled)
        feature, region = _bony(values, body, geometry, name) if on == "bone" else _soft(values, body)
    else:
        feature, region = _locally_normalised(values, scanned, geometry)
    region = region & scanned
    if not region.any():
        raise RegistrationError(f"a body in the {name} scan", "found air alone", "choose another series")
    from scipy.ndimage import gaussian_filter

    stop_if(cancelled)
    feature = gaussian_filter(feature, _SMOOTHING_VOXELS, mode="nearest") * scanned
    levels = [Level(feature, scanned, region, geometry)]
    for _ in range(N_LEVELS - 1):
        stop_if(cancelled)
        levels.append(_halved(levels[-1]))
    return tuple(levels)


def _upright(volume: Volume, cancelled: Stop) -> tuple[FloatImage, BoolImage, Geometry]:
    """Return the scan on cubic voxels along z, y and x, so that flips and turns of its grid do not matter."""
    from scipy.ndimage import affine_transform

    corners = volume.geometry.corners_mm
    # Half a voxel beyond the outermost centres still belongs to the scan; a single slice has a body too.
    low, high = corners.min(axis=0), corners.max(axis=0)
    extent = np.maximum(high - low, 1.0)
    spacing_mm = max(FINEST_MM, float(np.cbrt(extent.prod() / _MOST_VOXELS)))
    source, grid = _binned(volume.voxels, volume.geometry, spacing_mm, cancelled)
    i, j, k = (np.ceil((high - low) / spacing_mm).astype(int) + 1).tolist()
    upright = Geometry.from_spacing(
        (k, j, i), (spacing_mm,) * 3, tuple(low.tolist()), np.eye(3)[:, ::-1], volume.geometry.frame_uid
    )
    to_source = np.linalg.inv(grid.affine) @ upright.affine
    values: FloatImage = affine_transform(
        source,
        to_source[:3, :3],
        to_source[:3, 3],
        output_shape=upright.shape,
        order=1,
        mode="nearest",
        prefilter=False,
    )
    scanned = np.isfinite(values)
    kk, jj, ii = np.ogrid[:k, :j, :i]
    for axis, length in enumerate(grid.shape):
        a, b, c, d = to_source[axis]
        index = a * kk + b * jj + c * ii + d
        scanned &= (index >= -0.5) & (index <= length - 0.5)
    values[~scanned] = 0.0
    return values, scanned, upright


def _binned(
    voxels: npt.NDArray[Any], geometry: Geometry, spacing_mm: float, cancelled: Stop
) -> tuple[FloatImage, Geometry]:
    """Return means over blocks of voxels that are not larger than `spacing_mm`."""
    factors = [
        max(1, min(int(spacing_mm / step + 1e-6), length))
        for step, length in zip(geometry.spacing_mm, geometry.shape, strict=True)
    ]
    shape = [length // factor for length, factor in zip(geometry.shape, factors, strict=True)]
    depth, height, width = factors
    rows, columns = shape[1] * height, shape[2] * width
    means = np.empty(shape, dtype=np.float32)
    for k in range(shape[0]):
        stop_if(cancelled)
        slab = voxels[k * depth : (k + 1) * depth, :rows, :columns].sum(axis=0, dtype=np.float32)
        means[k] = slab.reshape(shape[1], height, shape[2], width).mean(axis=(1, 3)) / depth
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.to_patient((np.asarray(factors) - 1) / 2.0)
    affine[:3, :3] *= factors
    return means, Geometry((shape[0], shape[1], shape[2]), affine)


def _halved(level: Level) -> Level:
    """Return the level of twice the voxel size; a voxel was scanned when half of its parts were."""
    shape = tuple(-(-length // 2) for length in level.values.shape)
    pads = [(0, 2 * new - old) for new, old in zip(shape, level.values.shape, strict=True)]

    def blocks(image: npt.NDArray[Any]) -> FloatImage:
        padded = np.pad(image, pads).astype(np.float32, copy=False)
        total = np.zeros(shape, dtype=np.float32)
        for k, j, i in np.ndindex(2, 2, 2):
            total += padded[k::2, j::2, i::2]
        return total

    count = blocks(level.scanned)
    scanned = count >= 4.0
    values = (blocks(level.values) / np.maximum(count, 1.0) * scanned).astype(np.float32)
    affine = level.geometry.affine.copy()
    affine[:3, 3] = level.geometry.to_patient((0.5, 0.5, 0.5))
    affine[:3, :3] *= 2.0
    grid = Geometry((shape[0], shape[1], shape[2]), affine, level.geometry.frame_uid)
    return Level(values, scanned, (blocks(level.region) > 0.0) & scanned, grid)


def _body(values: FloatImage, scanned: BoolImage, geometry: Geometry, cancelled: Stop) -> BoolImage:
    """Return the largest solid part: the patient without the table."""
    from scipy import ndimage

    solid = ndimage.binary_opening((values > _BODY_ABOVE_HU) & scanned, iterations=2)
    stop_if(cancelled)
    labels, count = ndimage.label(solid)
    if count == 0:
        return np.zeros(geometry.shape, dtype=np.bool_)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(ndimage.binary_dilation(labels == sizes.argmax(), iterations=2))


def _bony(values: FloatImage, body: BoolImage, geometry: Geometry, name: str) -> tuple[FloatImage, BoolImage]:
    from scipy import ndimage

    labels, _ = ndimage.label((values > BONE_ABOVE_HU) & body, structure=np.ones((3, 3, 3)))
    sizes_mm3 = np.bincount(labels.ravel()) * geometry.voxel_volume_mm3
    sizes_mm3[0] = 0.0
    bone = (sizes_mm3 >= _SPECK_MM3)[labels]
    found_mm3 = float(bone.sum()) * geometry.voxel_volume_mm3
    if found_mm3 < _LEAST_BONE_MM3:
        raise RegistrationError(
            f"at least {_LEAST_BONE_MM3 / 1000:.0f} mL of bone in the {name} scan",
            f"found {found_mm3 / 1000:.1f} mL above {BONE_ABOVE_HU:.0f} HU",
            'match the whole pelvis (on="whole"), or place point pairs',
        )
    near = ndimage.binary_dilation(bone, iterations=max(1, round(_AROUND_BONE_MM / geometry.spacing_mm[0])))
    feature = (np.clip(values, BONE_ABOVE_HU, _BONE_UP_TO_HU) - BONE_ABOVE_HU) / _HU_PER_UNIT
    return (feature * near).astype(np.float32), near


def _soft(values: FloatImage, body: BoolImage) -> tuple[FloatImage, BoolImage]:
    return (np.clip(values, *_SOFT_TISSUE_HU) / _HU_PER_UNIT).astype(np.float32), body


def _locally_normalised(
    values: FloatImage, scanned: BoolImage, geometry: Geometry
) -> tuple[FloatImage, BoolImage]:
    """Return how many local standard deviations a voxel lies above its surroundings."""
    from scipy.ndimage import gaussian_filter

    low, high = (float(value) for value in np.percentile(values[scanned], (1.0, 99.0)))
    level = np.clip((values - low) / max(high - low, 1e-6), 0.0, 1.2).astype(np.float32) * scanned
    sigma = _SURROUNDINGS_MM / 2.0 / geometry.spacing_mm[0]

    def around(image: FloatImage) -> FloatImage:
        return np.asarray(gaussian_filter(image, sigma, mode="constant", truncate=2.0))

    share = np.maximum(around(scanned.astype(np.float32)), 1e-3)
    mean = around(level) / share
    spread = np.sqrt(np.maximum(around(level * level) / share - mean * mean, 0.0))
    typical = float(np.median(spread[scanned]))
    feature = (level - mean) / (spread + _LEAST_CONTRAST * typical + 1e-6) * scanned
    return feature.astype(np.float32), (level > _AIR_BELOW_PART_OF_P99) & scanned
