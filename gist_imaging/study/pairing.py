"""Which series of two visits are best compared, and what is not comparable about them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gist_imaging.study.pairing_traits import SeriesTraits

__all__ = ["Chip", "SeriesPair", "chips_of", "measured_series", "pairs_of"]

# Slices that are tilted by less against each other show the same section; exclusive. The rule by which the
# two panes of the reading screen scroll together.
_PLANE_BELOW_DEG: Final = 15.0

# The larger slice distance (or pixel) over the smaller one; exclusive.
_RATIO_BELOW: Final = 1.5

# What a tumour is best outlined on, the smallest sum first: T2 across the canal in MR, axial in CT.
_PLANE_RANK: Final = {"axial": 0, "oblique": 0, "sagittal": 2, "coronal": 3}
_WEIGHTING_RANK: Final = {"T2": 0, None: 1, "T1_contrast": 2, "STIR": 2, "T1": 3, "DWI": 8, "ADC": 9}
_MODALITY_RANK: Final = {"CT": 0, "MR": 0}
_OTHER_MODALITY_RANK: Final = 20

_MEASURABLE_TOGETHER: Final = ("plane", "modality", "weighting")
"""Where one of these differs, a pair of other series is better, however fine the voxels."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that is compared between two series.

    Parameters
    ----------
    name : plane, thickness, in_plane, modality, weighting, phase or kvp
    state : same, differs or unknown
    text : both sides for people, such as "3.0 | 5.0 mm"
    """

    name: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class SeriesPair:
    """Two series of two visits.

    Parameters
    ----------
    chips : what was compared
    score : 1 where everything is the same, 0 where everything differs; what is unknown counts half
    voxel_mm3 : of the coarser series
    """

    baseline: SeriesTraits
    follow_up: SeriesTraits
    chips: tuple[Chip, ...]
    score: float
    voxel_mm3: float

    @property
    def differing(self) -> tuple[str, ...]:
        """Names of the chips that differ."""
        return tuple(chip.name for chip in self.chips if chip.state == "differs")

    def to_json(self) -> dict[str, Any]:
        """Return the pair as plain values for `json.dumps`."""
        return {
            "baseline": self.baseline.key,
            "follow_up": self.follow_up.key,
            "score": round(self.score, 3),
            "chips": {chip.name: {"state": chip.state, "text": chip.text} for chip in self.chips},
        }


def chips_of(one: SeriesTraits, other: SeriesTraits) -> tuple[Chip, ...]:
    """Return what is comparable between two series, and what is not."""
    cosine = min(1.0, abs(sum(a * b for a, b in zip(one.normal, other.normal, strict=True))))
    apart_deg = math.degrees(math.acos(cosine))
    return (
        _chip("plane", apart_deg < _PLANE_BELOW_DEG, f"{one.plane} | {other.plane}, {apart_deg:.0f}°"),
        _ratio("thickness", one.spacing_mm[0], other.spacing_mm[0]),
        _ratio("in_plane", one.in_plane_mm, other.in_plane_mm),
        _same("modality", one.modality, other.modality),
        *(
            [_same("weighting", one.weighting, other.weighting)]
            if "MR" in (one.modality, other.modality)
            else []
        ),
        _same("phase", one.phase, other.phase),
        *([_same("kvp", one.kvp, other.kvp)] if one.modality == other.modality == "CT" else []),
    )


def pairs_of(baseline: Sequence[SeriesTraits], follow_up: Sequence[SeriesTraits]) -> tuple[SeriesPair, ...]:
    """Return every pair of measurable series, the best first.

    Pairs of the same plane, modality and weighting go first; among them, those on which a tumour is best
    outlined; among these, the most comparable; and then the finest.
    """
    pairs = [_pair(one, other) for one in baseline for other in follow_up]
    return tuple(sorted(pairs, key=_worth))


def measured_series(
    visits: Mapping[str, Sequence[SeriesTraits]], baseline: str | None, follow_ups: Iterable[str]
) -> dict[str, str]:
    """Return for each visit with a measurable series the key of the one that is proposed for measuring.

    All follow-ups are paired with one series of the baseline: that of the best pair with the first of them.

    Parameters
    ----------
    visits : label to its measurable series
    baseline, follow_ups : labels, in time order
    """
    chosen: dict[str, str] = {}
    if baseline is not None:
        candidates = list(visits[baseline])
        for label in follow_ups:
            pairs = pairs_of(candidates, visits[label])
            if pairs:
                chosen[label] = pairs[0].follow_up.key
                chosen[baseline] = pairs[0].baseline.key
                candidates = [pairs[0].baseline]
    for label, series in visits.items():
        if series and label not in chosen:
            chosen[label] = min(series, key=lambda one: (_unfitness(one), one.voxel_mm3, one.key)).key
    return chosen


def _pair(one: SeriesTraits, other: SeriesTraits) -> SeriesPair:
    chips = chips_of(one, other)
    worth = {"same": 1.0, "unknown": 0.5, "differs": 0.0}
    score = sum(worth[chip.state] for chip in chips) / len(chips)
    return SeriesPair(one, other, chips, score, max(one.voxel_mm3, other.voxel_mm3))


def _worth(pair: SeriesPair) -> tuple[int, int, float, float, str, str]:
    apart = sum(name in pair.differing for name in _MEASURABLE_TOGETHER)
    unfit = _unfitness(pair.baseline) + _unfitness(pair.follow_up)
    return apart, unfit, -pair.score, pair.voxel_mm3, pair.baseline.key, pair.follow_up.key


def _unfitness(series: SeriesTraits) -> int:
    return (
        _PLANE_RANK.get(series.plane, 3)
        + (_WEIGHTING_RANK.get(series.weighting, 3) if series.modality == "MR" else 0)
        + _MODALITY_RANK.get(series.modality, _OTHER_MODALITY_RANK)
    )


def _chip(name: str, is_same: bool, text: str) -> Chip:
    return Chip(name, "same" if is_same else "differs", text)


def _ratio(name: str, one_mm: float, other_mm: float) -> Chip:
    ratio = max(one_mm, other_mm) / min(one_mm, other_mm)
    return _chip(name, ratio < _RATIO_BELOW, f"{one_mm:.3g} | {other_mm:.3g} mm")


def _same(name: str, one: str | float | None, other: str | float | None) -> Chip:
    shown = [f"{value:g} kV" if isinstance(value, float) else value or "unknown" for value in (one, other)]
    text = " | ".join(shown)
    if one is None or other is None:
        return Chip(name, "unknown", text)
    return _chip(name, one == other, text)
