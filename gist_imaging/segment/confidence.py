"""How sure a seeded result is: probability near the surface, the uncertain rim, and a warning of leaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from gist_imaging.segment.confidence_leak import LEAK_FROM_PROBABILITY, LeakEvidence, leak_evidence
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.seeded import SeededEngine, SeededResult
from gist_imaging.segment.seeded_distance import distance_to
from gist_imaging.segment.seeded_strokes import stroke_of
from gist_imaging.spatial import Volume

__all__ = ["Confidence", "confidence_of", "segment_with_confidence"]

Array = npt.NDArray[np.float32]

# How uncertain the surface is (mm, scale of a logistic curve) on a drawn line, and how much more with each
# mm from it; chosen on the labelled tumours of docs/segmentation.md with one hand, checked with another.
_AT_A_LINE_MM, _PER_MM, _AT_MOST_MM = 0.4, 0.04, 2.5

# Voxels between these probabilities make the uncertain rim.
RIM_FROM, RIM_TO = 0.2, 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Confidence:
    """How sure a result is.

    Parameters
    ----------
    probability : (k, j, i) of the result's box; that a voxel is tumour, 0 to 1
    rim_mm3 : volume of the voxels with a probability of 0.2 to 0.8 (both inclusive)
    expected_outside_share : the share of the mask that is expected to be no tumour, 0 to 1
    leak : what tells results that left the tumour from others; None where the mask is empty
    leak_reasons : sentences, one for each sign of a leak; none when there is no warning
    """

    probability: Array = field(repr=False)
    rim_mm3: float
    expected_outside_share: float
    leak: LeakEvidence | None = None
    leak_reasons: tuple[str, ...] = ()

    @property
    def warns_of_leak(self) -> bool:
        """Whether a reader should look for places where the mask left the tumour."""
        return bool(self.leak_reasons)

    def to_json(self) -> dict[str, Any]:
        """Return what a reader is told, without the probability of each voxel."""
        return {
            "rim_mm3": self.rim_mm3,
            "expected_outside_share": self.expected_outside_share,
            "leak_probability": None if self.leak is None else self.leak.probability,
            "leak_reasons": list(self.leak_reasons),
        }


def confidence_of(result: SeededResult, log: PromptLog, before: SeededResult | None = None) -> Confidence:
    """Return how sure `result` is, which `log` gave.

    The surface is surest where something was drawn and less sure with the distance from it. What was drawn
    is certain: 0 or 1.

    Parameters
    ----------
    before : the result of the round before; without it, what the last strokes changed is not known
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
    leak = leak_evidence(result, before)
    return Confidence(
        probability.astype(np.float32),
        float(rim.sum() * voxel_mm3),
        outside_share,
        leak,
        _leak_reasons(inside, leak),
    )


def segment_with_confidence(
    volume: Volume,
    log: PromptLog,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[SeededResult, Confidence]:
    """Return what the seeded engine makes of `log`, and how sure it is.

    The parameters and errors are those of `SeededEngine.update`.
    """
    engine = SeededEngine(volume)
    result = engine.update(log, progress=progress, cancelled=cancelled)
    rounds = log.rounds()
    before = engine.update(log.up_to(rounds[-2][0])) if len(rounds) > 1 else None
    return result, confidence_of(result, log, before)


def _leak_reasons(inside: npt.NDArray[np.bool_], leak: LeakEvidence | None) -> tuple[str, ...]:
    reasons = []
    if leak is not None and leak.probability >= LEAK_FROM_PROBABILITY:
        changed = (
            f"; the last strokes changed it by {100 * leak.last_change:+.0f} %" if leak.last_change else ""
        )
        reasons.append(
            "a fifth of the mask or more may be outside the tumour: "
            f"{100 * leak.skin_share:.0f} % of it lies just under its surface, and what was drawn as tumour "
            f"lies {leak.stroke_distance_radii:.2f} of its radius away on average{changed}"
        )
    edge = [inside.take(at, axis=axis).any() for axis in range(3) for at in (0, -1)]
    if any(edge):
        reasons.append("the mask reaches the edge of the part of the image that was worked on")
    return tuple(reasons)
