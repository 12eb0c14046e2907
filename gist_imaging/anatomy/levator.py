"""The levator ani of one side as a smooth sheet with a thickness, from strokes on a few slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gist_imaging.anatomy.levator_chart import chart_of
from gist_imaging.anatomy.levator_checks import (
    MEET_WITHIN_MM,
    Midline,
    checked_strokes,
    meeting_warnings,
    outside_warnings,
)
from gist_imaging.anatomy.levator_distance import distance_to_sheet
from gist_imaging.anatomy.levator_sheet import Sheet, domain_of, fit_sheet, grid_on
from gist_imaging.anatomy.levator_snap import moved_mm, snapped
from gist_imaging.anatomy.levator_stroke import LevatorStroke, resampled
from gist_imaging.anatomy.levator_thickness import PUBLISHED_THICKNESS_MM, sheet_thickness
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, Side
from gist_imaging.errors import PromptError
from gist_imaging.spatial.volume import Volume

__all__ = ["LeftOut", "LevatorReport", "levator_surface"]

_SAMPLED_EVERY_MM = 1.0
# A left-out stroke that lies with less than this share between the others says too little.
_BETWEEN_SHARE = 0.3
# A stroke is named when more than this share of it lies farther than 3 mm from the sheet.
_STANDS_OUT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How far one stroke lies from the sheet that the other strokes make.

    Parameters
    ----------
    stroke : its number, from 1 in the order given
    rms, maximum : mm, over its part between the other strokes; without a value for a stroke at the edge
    """

    stroke: int
    rms: Metric
    maximum: Metric


@dataclass(frozen=True, slots=True)
class LevatorReport:
    """What a reader should know beside the sheet.

    Parameters
    ----------
    strokes : what the sheet was made from: of its side, without repeats, as drawn
    snapped : the same strokes moved onto the image's line, which the sheet then follows; None = not asked
    residual_mm : root mean square distance of these strokes to the sheet
    error_rms, error_max : distance of each stroke to the sheet made without it, over all that lie between
        others; mm. It holds the reader's own noise and a gap twice as wide, so it is an upper estimate.
    left_out : the same for each stroke
    thickness_source : "image", "strokes" or "published"
    measured_share : part of the sheet where the image gave a thickness; None without an image
    warnings : sentences; strokes are numbered from 1 in the order given
    """

    strokes: tuple[LevatorStroke, ...] = field(repr=False)
    snapped: tuple[LevatorStroke, ...] | None = field(repr=False)
    residual_mm: float
    error_rms: Metric
    error_max: Metric
    left_out: tuple[LeftOut, ...]
    thickness_source: str
    measured_share: float | None
    warnings: tuple[str, ...]


def levator_surface(
    strokes: Sequence[LevatorStroke],
    *,
    side: Side,
    volume: Volume | None = None,
    snap: bool = False,
    default_thickness_mm: float = PUBLISHED_THICKNESS_MM,
    midline: Midline | None = None,
) -> tuple[LevatorSurface, LevatorReport]:
    """Return the sheet through the strokes of one side, and what to know about it.

    The sheet ends where the strokes end: it spans what lies between neighbours and is not carried on beyond.
    Strokes may be coronal, axial, sagittal or oblique and may cross. Waves shorter than about 12 mm are
    smoothed away as noise of the hand.

    Parameters
    ----------
    strokes : of this side, or of both; those of the other side only help to find swapped sides
    side : the patient's left or right
    volume : T2-weighted MR or CT in the frame of the strokes; gives the thickness, and the frame's name
    snap : move the strokes onto the image's line first, by at most 3 mm; the report holds both
    default_thickness_mm : where neither image nor strokes give one
    midline : the plane between left and right, where known, to find strokes on the wrong side

    Raises
    ------
    PromptError
        If strokes are missing, on the wrong side, outside the image, or span no sheet.
    """
    used, notes = checked_strokes(strokes, side, midline)
    warnings = list(notes)
    drawn = tuple(strokes[number] for number in used)
    if volume is not None:
        warnings += outside_warnings(strokes, used, volume.geometry)
    moved = None
    if snap:
        if volume is None:
            raise PromptError("snapping needs an image", "none was given", "give the volume, or do not snap")
        moved = tuple(snapped(stroke, volume) for stroke in drawn)
        for number, before, after in zip(used, drawn, moved, strict=True):
            warnings.append(f"stroke {number + 1} was moved by up to {moved_mm(before, after):.1f} mm")
    sampled = [resampled(stroke.points_mm, _SAMPLED_EVERY_MM) for stroke in moved or drawn]
    frame_uid = volume.geometry.frame_uid if volume is not None else None
    surface, sheet, charted = _fitted(sampled, side, frame_uid)
    warnings += meeting_warnings(sheet, used, charted)
    residual, _ = distance_to_sheet(surface, np.concatenate(sampled))
    warnings += _uncovered(used, sampled, residual)
    left_out, error_rms, error_max = _without_each(sampled, charted, sheet, used, surface)
    bare = replace(surface, error_mm=error_rms.value)
    thickness = sheet_thickness(bare, drawn, volume, default_thickness_mm)
    report = LevatorReport(
        drawn,
        moved,
        float(np.sqrt(np.mean(residual**2))),
        error_rms,
        error_max,
        left_out,
        thickness.source,
        thickness.measured_share,
        (*warnings, *thickness.notes),
    )
    return replace(bare, thickness_mm=thickness.thickness_mm), report


def _fitted(
    sampled: Sequence[FloatArray], side: Side, frame_uid: str | None
) -> tuple[LevatorSurface, Sheet, list[FloatArray]]:
    chart = chart_of(sampled, side)
    charted = [np.stack(chart.to_chart(points), axis=1) for points in sampled]
    sheet = fit_sheet(chart, charted)
    points = grid_on(sheet, domain_of([points[:, :2] for points in charted]))
    return LevatorSurface(side, points, np.ones(points.shape[:2]), frame_uid=frame_uid), sheet, charted


def _uncovered(numbers: Sequence[int], sampled: Sequence[FloatArray], distance: FloatArray) -> list[str]:
    """Return a warning for each stroke that stands out of the sheet, as ends without a neighbour do."""
    warnings = []
    parts = np.split(distance, np.cumsum([len(points) for points in sampled])[:-1])
    for number, away in zip(numbers, parts, strict=True):
        if (away > MEET_WITHIN_MM).mean() > _STANDS_OUT_SHARE:
            warnings.append(
                f"stroke {number + 1} lies up to {away.max():.0f} mm off the sheet: "
                "it has no neighbour there, or the others contradict it"
            )
    return warnings


def _without_each(
    sampled: Sequence[FloatArray],
    charted: Sequence[FloatArray],
    sheet: Sheet,
    numbers: Sequence[int],
    surface: LevatorSurface,
) -> tuple[tuple[LeftOut, ...], Metric, Metric]:
    """Return the distance of each stroke to the sheet made without it, and of all together."""
    if len(sampled) < 3:
        missing = Metric.missing("mm", "fewer than 3 strokes: none can be left out")
        return (), missing, missing
    results, distances = [], []
    for left in range(len(sampled)):
        others = [points for number, points in enumerate(charted) if number != left]
        found = _distance_between(sampled[left], charted[left], others, sheet, surface)
        if found is None:
            missing = Metric.missing("mm", "this stroke lies at the edge, not between the others")
            results.append(LeftOut(numbers[left] + 1, missing, missing))
            continue
        distances.append(found)
        results.append(LeftOut(numbers[left] + 1, *_rms_and_max(found)))
    if not distances:
        missing = Metric.missing("mm", "no stroke lies between the others")
        return tuple(results), missing, missing
    return tuple(results), *_rms_and_max(np.concatenate(distances))


def _distance_between(
    points_mm: FloatArray,
    charted: FloatArray,
    others: Sequence[FloatArray],
    sheet: Sheet,
    surface: LevatorSurface,
) -> FloatArray | None:
    """Return the distances of the part of a stroke that lies between the others to their sheet."""
    try:
        domain = domain_of([points[:, :2] for points in others])
        between = domain.holds(charted[:, 0], charted[:, 1])
        if between.mean() < _BETWEEN_SHARE:
            return None
        points = grid_on(fit_sheet(sheet.chart, others, sheet.knots), domain)
    except PromptError:
        # The others alone make no sheet.
        return None
    rest = LevatorSurface(surface.side, points, np.ones(points.shape[:2]))
    return distance_to_sheet(rest, points_mm[between])[0]


def _rms_and_max(distance: FloatArray) -> tuple[Metric, Metric]:
    return Metric(float(np.sqrt(np.mean(distance**2))), "mm"), Metric(float(distance.max()), "mm")
