"""How far a correction believes the grey values, and how the shape of the tumour stretches its reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.segment.seeded_distance import distance_to
from gist_imaging.segment.seeded_image import Features, learn, log_odds

__all__ = ["Belief", "belief_near", "stretched"]

Array = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]

# Neighbouring voxels say much the same, so their log-odds together claim too much: this share is believed.
_ORDINARY = 0.3

# Grey values separate inside from outside clearly when their mean log-odds 1 to 6 mm from the surface
# differ by more than the first number, fully from the second; then so much more is believed, and more yet
# for each mm of the error beyond 2 mm, up to 6, because there the shape is known to be wrong.
_CLEAR_FROM, _CLEAR_TO = 3.0, 3.75
_WHEN_CLEAR, _WHEN_CLEAR_PER_MM = 1.0, 0.8
_DEEP_FROM_MM, _DEEP_TO_MM = 2.0, 6.0
# A lesion that is less thick than the first number has too few voxels to be clear about; more from there on.
_THICK_FROM_MM, _THICK_TO_MM = 3.0, 6.0
_NEAR_FROM_MM, _NEAR_TO_MM = 1.0, 6.0

# An error of a long tumour is long: the reach grows along each axis with this power of the tumour's spread
# there over the geometric mean of all three, within these bounds.
_STRETCH_POWER = 0.5
_STRETCH_FROM, _STRETCH_TO = 0.8, 1.6

# Across the slices it was seen on, an error reaches further: this much for each mm of its depth beyond 1.
_ACROSS_PER_MM = 0.2


@dataclass(frozen=True, slots=True)
class Belief:
    """What the grey values are worth near a stroke.

    Parameters
    ----------
    weight : what their log-odds are multiplied by; 0 and above
    clear : 0 to 1, how clearly they separate inside from outside
    """

    weight: float
    clear: float


def belief_near(
    signed_mm: Array,
    stroke: npt.NDArray[np.int64],
    deep_mm: float,
    features: Features,
    spacing_mm: Spacing,
) -> Belief:
    """Return how far the grey values can be believed near a stroke, judged beside the error that it marks.

    Parameters
    ----------
    signed_mm : (k, j, i) distance to the surface before the stroke, above 0 inside
    stroke : (n, 3) voxels of the stroke
    deep_mm : how deep the error is; what lies nearer to the stroke does not judge
    features : the smoothed image of the same part
    """
    on = np.zeros(signed_mm.shape, dtype=np.bool_)
    on[tuple(stroke.T)] = True
    beside = distance_to(on, spacing_mm) > deep_mm
    sure = (1 - np.exp(-((signed_mm / 4.0) ** 2))) * beside
    odds = log_odds(
        features, learn(features, sure * (signed_mm > 0), sure * ((signed_mm < 0) & (signed_mm > -12.0)))
    )
    near = beside & (np.abs(signed_mm) > _NEAR_FROM_MM) & (np.abs(signed_mm) < _NEAR_TO_MM)
    inside, outside = near & (signed_mm > 0), near & (signed_mm < 0)
    if not (inside.any() and outside.any()):
        return Belief(_ORDINARY, 0.0)
    apart = float(odds[inside].mean() - odds[outside].mean())
    clear = float(np.clip((apart - _CLEAR_FROM) / (_CLEAR_TO - _CLEAR_FROM), 0, 1))
    thick_mm = float(signed_mm.max())
    clear *= float(np.clip((thick_mm - _THICK_FROM_MM) / (_THICK_TO_MM - _THICK_FROM_MM), 0, 1))
    beyond_mm = float(np.clip(deep_mm, _DEEP_FROM_MM, _DEEP_TO_MM)) - _DEEP_FROM_MM
    return Belief(_ORDINARY + clear * (_WHEN_CLEAR + _WHEN_CLEAR_PER_MM * beyond_mm), clear)


def stretched(
    inside: npt.NDArray[np.bool_], axis: int | None, deep_mm: float, spacing_mm: Spacing
) -> npt.NDArray[np.float64]:
    """Return (3,) how far along k, j, i a correction reaches, as a factor.

    Parameters
    ----------
    inside : the tumour so far
    axis : across the slice that the stroke was drawn on, or None
    deep_mm : how deep the error is
    """
    spread = []
    for across, step in enumerate(spacing_mm):
        n = np.count_nonzero(inside, axis=tuple(other for other in range(3) if other != across))
        at = np.arange(len(n)) * step
        total = max(int(n.sum()), 1)
        middle = float((n * at).sum()) / total
        spread.append(float(np.sqrt((n * (at - middle) ** 2).sum() / total + step**2)))
    ratio = np.array(spread) / np.prod(spread) ** (1 / 3)
    factor = np.clip(ratio**_STRETCH_POWER, _STRETCH_FROM, _STRETCH_TO)
    if axis is not None:
        factor[axis] *= 1 + _ACROSS_PER_MM * (deep_mm - 1)
    return np.asarray(factor, dtype=np.float64)
