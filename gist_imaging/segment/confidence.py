"""How sure a seeded result is: probability near the surface, the uncertain rim, and a warning of leaks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.seeded import SeededResult
from gist_imaging.segment.seeded_distance import distance_to
from gist_imaging.segment.seeded_strokes import stroke_of

__all__ = ["Confidence", "confidence_of"]

Array = npt.NDArray[np.float32]

# How uncertain the surface is (mm, scale of a logistic curve) on a drawn line, and how much more with each
# mm from it; chosen on the labelled tumours of docs/segmentation.md with one hand, checked with another.
_AT_A_LINE_MM, _PER_MM, _AT_MOST_MM = 0.4, 0.04, 2.5

# Voxels between these probabilities make the uncertain rim.
RIM_FROM, RIM_TO = 0.2, 0.8

# A leak is suspected when more than this share of the mask is expected to be outside the tumour; the
# expectation is cautious, and this is where it best told results with more than 20 % outside from others.
LEAK_ABOVE_SHARE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Confidence:
    """How sure a result is.

    Parameters
    ----------
    probability : (k, j, i) of the result's box; that a voxel is tumour, 0 to 1
    rim_mm3 : volume of the voxels with a probability of 0.2 to 0.8 (both inclusive)
    expected_outside_share : the share of the mask that is expected to be no tumour, 0 to 1
    leak_reasons : sentences, one for each sign of a leak; none when there is no warning
    """

    probability: Array = field(repr=False)
    rim_mm3: float
    expected_outside_share: float
    leak_reasons: tuple[str, ...] = ()

    @property
    def warns_of_leak(self) -> bool:
        """Whether a reader should look for places where the mask left the tumour."""
        return bool(self.leak_reasons)


def confidence_of(result: SeededResult, log: PromptLog) -> Confidence:
    """Return how sure `result` is, which `log` gave.

    The surface is surest where something was drawn and less sure with the distance from it. What was drawn
    is certain: 0 or 1.
    """
    geometry = result.mask.geometry
    spacing = geometry.spacing_mm
    lines = np.zeros(result.box.shape, dtype=np.bool_)
    for prompt in log.prompts:
        stroke = stroke_of(prompt, geometry)
        if stroke.kind != "box":
            k, j, i = (stroke.voxels - result.box.start).T
            lines[k, j, i] = True
    away = np.minimum(distance_to(lines, spacing), 1000.0)
    scale = np.minimum(_AT_A_LINE_MM + _PER_MM * away, _AT_MOST_MM)
    probability = expit(result.signed_mm / scale)
    probability[result.drawn > 0] = 1.0
    probability[result.drawn < 0] = 0.0
    voxel_mm3 = geometry.voxel_volume_mm3
    rim = (probability >= RIM_FROM) & (probability <= RIM_TO)
    inside = result.signed_mm > 0
    n_inside = int(inside.sum())
    outside_share = float((1 - probability[inside]).sum() / n_inside) if n_inside else 0.0
    return Confidence(
        probability.astype(np.float32),
        float(rim.sum() * voxel_mm3),
        outside_share,
        _leak_reasons(inside, outside_share),
    )


def _leak_reasons(inside: npt.NDArray[np.bool_], outside_share: float) -> tuple[str, ...]:
    reasons = []
    if outside_share > LEAK_ABOVE_SHARE:
        reasons.append(
            f"{100 * outside_share:.0f} % of the mask or more may be outside the tumour: it is thin, or "
            "lies far from what was drawn"
        )
    edge = [inside.take(at, axis=axis).any() for axis in range(3) for at in (0, -1)]
    if any(edge):
        reasons.append("the mask reaches the edge of the part of the image that was worked on")
    return tuple(reasons)
