"""Whether a seeded result may have left the tumour, told from its shape and what was drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from gist_imaging.segment.seeded import SeededResult
from gist_imaging.segment.seeded_distance import distance_to

__all__ = ["LEAK_FROM_PROBABILITY", "LeakEvidence", "leak_evidence"]

# A logistic curve: whether more than a fifth of the mask is outside the label. Fitted on all results after 0
# to 10 corrections on the 24 scans of 13 labelled tumours of docs/segmentation.md, drawn by four hands: seeds
# 0 and 1 of two independent robots, one of them benchmarks/segmentation/hand.py. The benchmark confidence.py
# beside it judges this rule, and with --refit fits it anew, also with each tumour left out in turn.
_CONSTANT, _PER_RADIUS, _PER_LOG_SKIN, _PER_CHANGE = -7.19, 11.2, 2.71, 11.8

# The largest change that counts; a first result built of pieces may double.
_CHANGE_AT_MOST = 0.3

# A warning is given from here (inclusive); about a tenth of the results that needed none then get one.
LEAK_FROM_PROBABILITY = 0.13

# Voxels nearer than this to the surface are its skin, or than one and a half voxels where these are larger.
_SKIN_MM, _SKIN_VOXELS = 1.5, 1.5


@dataclass(frozen=True, slots=True)
class LeakEvidence:
    """What tells results that left the tumour from others.

    Parameters
    ----------
    stroke_distance_radii : mean distance of the mask's voxels from what was drawn as tumour, in radii of the
        ball of the same volume; 0.75 around one point, less the further strokes reach
    skin_share : share of the mask within 1.5 mm of its surface; an error of a millimetre weighs more in a
        small or thin tumour
    last_change : by how much of its volume the last strokes changed the mask, -0.3 to 0.3; what had to be
        removed was noticed, what was added may go too far
    """

    stroke_distance_radii: float
    skin_share: float
    last_change: float

    @property
    def probability(self) -> float:
        """That more than a fifth of the mask is outside the tumour, as on the labelled tumours."""
        return float(
            expit(
                _CONSTANT
                + _PER_RADIUS * self.stroke_distance_radii
                + _PER_LOG_SKIN * np.log(max(self.skin_share, 1e-3))
                + _PER_CHANGE * self.last_change
            )
        )


def leak_evidence(result: SeededResult, before: SeededResult | None = None) -> LeakEvidence | None:
    """Return the evidence on a result; None where the mask is empty.

    Parameters
    ----------
    before : the result of the round before, where there is one
    """
    inside = result.signed_mm > 0
    n_inside = int(inside.sum())
    if not n_inside:
        return None
    spacing = result.mask.geometry.spacing_mm
    tumour = result.drawn > 0
    if not tumour.any():  # a loop or a box alone: as if its middle had been clicked
        tumour = result.signed_mm == result.signed_mm.max()
    radius_mm = float(np.cbrt(3 * n_inside * result.mask.geometry.voxel_volume_mm3 / (4 * np.pi)))
    skin_mm = max(_SKIN_MM, _SKIN_VOXELS * min(spacing))
    change = 0.0
    if before is not None and before.mask.n_voxels:
        change = float(np.clip(n_inside / before.mask.n_voxels - 1, -_CHANGE_AT_MOST, _CHANGE_AT_MOST))
    return LeakEvidence(
        float(distance_to(tumour, spacing)[inside].mean()) / radius_mm,
        float((result.signed_mm[inside] < skin_mm).mean()),
        change,
    )
