"""What the grey values say, and how far they can be believed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.segment.seeded_section import Section

__all__ = ["Features", "gate", "learn", "limits", "log_odds", "smoothed"]

Array = npt.NDArray[np.float32]
Features = tuple[Array, Array]
Weights = npt.NDArray[np.floating]
Spacing = tuple[float, float, float]

_BINS = 24
_CLIP = 3.0

# Below the lower area under the curve the image is not used at all, from the upper one on fully.
_GATE_FROM, _GATE_TO = 0.65, 0.90


def limits(voxels: npt.NDArray[np.generic]) -> tuple[float, float]:
    """Return the 1st and the 99th percentile of the finite values; equal for a constant image."""
    some = np.asarray(voxels).reshape(-1)[:: max(1, voxels.size // 50_000)].astype(np.float64)
    some = some[np.isfinite(some)]
    if not some.size:
        return 0.0, 0.0
    low, high = np.percentile(some, (1, 99))
    return float(low), float(high)


def smoothed(voxels: npt.NDArray[np.generic], grey: tuple[float, float], spacing_mm: Spacing) -> Features:
    """Return the image, `grey` values as 0 and 1, behind Gaussians of 1 and 2 mm."""
    low, high = grey
    values = np.nan_to_num(np.asarray(voxels, dtype=np.float32), nan=low, posinf=high, neginf=low)
    image = np.clip((values - low) / (high - low), 0, 1, dtype=np.float32)
    fine = ndimage.gaussian_filter(image, [1.0 / step for step in spacing_mm], truncate=2.5)
    coarse = ndimage.gaussian_filter(fine, [np.sqrt(3.0) / step for step in spacing_mm], truncate=2.5)
    return fine, coarse


def _bins(features: Features) -> npt.NDArray[np.int64]:
    fine, coarse = ((np.clip(f, 0, 0.9999) * _BINS).astype(np.int64) for f in features)
    return np.asarray(fine * _BINS + coarse)


def learn(features: Features, inside: Weights, outside: Weights) -> Array:
    """Return the (576,) log-odds of tumour for each pair of grey values, both classes weighed alike.

    Parameters
    ----------
    inside, outside : how far each voxel is believed to be tumour or background, 0 and above
    """
    bins = _bins(features).ravel()
    counts = []
    for weights in (inside, outside):
        count = np.bincount(bins, weights.ravel(), minlength=_BINS * _BINS).reshape(_BINS, _BINS)
        count = ndimage.gaussian_filter(count / max(count.sum(), 1e-9), 1.2)
        counts.append(count / max(count.sum(), 1e-9) + 0.2 / _BINS**2)
    table: Array = np.clip(np.log(counts[0] / counts[1]), -_CLIP, _CLIP).astype(np.float32).ravel()
    return table


def log_odds(features: Features, table: Array) -> Array:
    """Return the learned log-odds at each voxel."""
    return np.asarray(table[_bins(features)], dtype=np.float32)


def gate(features: Features, section: Section) -> tuple[float, Array | None]:
    """Return how far the image can be believed, 0 to 1, and the table learned on the slice of `section`.

    The measure is the area under the ROC curve of the table on that slice, where the outline is known best.
    """
    plane = tuple(np.take(f, section.level, axis=section.axis) for f in features)
    inside = section.signed_mm > 0
    outside = (section.signed_mm <= 0) & (section.signed_mm > -10)
    if inside.sum() < 10 or outside.sum() < 10:
        return 0.0, None
    table = learn((plane[0], plane[1]), inside.astype(np.float64), outside.astype(np.float64))
    odds = log_odds((plane[0], plane[1]), table)
    area = _area_under_curve(odds[inside], odds[outside])
    return float(np.clip((area - _GATE_FROM) / (_GATE_TO - _GATE_FROM), 0, 1)), table


def _area_under_curve(positive: Array, negative: Array) -> float:
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([positive, negative]))[: len(positive)].sum()
    n, m = len(positive), len(negative)
    return float((ranks - n * (n + 1) / 2) / (n * m))
