"""What can be wrong with strokes along the levator ani: refused, or left in with a warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gist_imaging.anatomy.levator_sheet import Sheet
from gist_imaging.anatomy.levator_stroke import LevatorStroke, resampled
from gist_imaging.anatomy.surface import FloatArray, Side
from gist_imaging.errors import PromptError
from gist_imaging.spatial.geometry import Geometry

__all__ = ["MEET_WITHIN_MM", "Midline", "checked_strokes", "meeting_warnings", "outside_warnings"]

# Strokes that stay nearer to each other than this are one stroke, drawn or stored twice (inclusive).
SAME_STROKE_WITHIN_MM = 0.5

# Strokes that pass the same place on the muscle farther apart than this contradict each other.
MEET_WITHIN_MM = 3.0

# So far beyond the midline a stroke still belongs to its side: the two muscles meet behind the rectum.
_MIDLINE_WITHIN_MM = 5.0

# Twice the diagonal of the muscle of one side, which spans about 95 mm from front to back, 50 mm across and
# 40 mm from head to feet.
LARGEST_EXTENT_MM = 230.0

_FEW_STROKES = 4
_SAME_PLACE_MM = 1.5
_ENDS_WITHIN_MM = 2.0 * SAME_STROKE_WITHIN_MM
_LEFT = {"L": "left", "R": "right"}


@dataclass(frozen=True, slots=True)
class Midline:
    """The plane between the patient's left and right.

    Parameters
    ----------
    point_mm : (3,) LPS, on the plane
    to_left : (3,) LPS, at right angles to it, to the patient's left; any length
    """

    point_mm: FloatArray
    to_left: FloatArray

    def left_of(self, points_mm: FloatArray) -> FloatArray:
        """Return how far points (..., 3) lie to the left of the plane, mm; below 0 to the right."""
        normal = np.asarray(self.to_left, dtype=np.float64)
        return np.asarray((points_mm - np.asarray(self.point_mm)) @ (normal / np.linalg.norm(normal)))


def checked_strokes(
    strokes: Sequence[LevatorStroke], side: Side, midline: Midline | None
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return which strokes make the sheet of `side`, and warnings.

    Returns
    -------
    used : positions in `strokes`, duplicates left out
    warnings : sentences that number strokes from 1 in the order given

    Raises
    ------
    PromptError
        If the side is neither L nor R, sides are swapped, fewer than two strokes are left, or they extend
        over more than a muscle can.
    """
    if side not in ("L", "R"):
        raise PromptError("a side is L or R, the patient's own", f"got {side!r}", "correct the side")
    own = [number for number, stroke in enumerate(strokes) if stroke.side == side]
    other = len(strokes) - len(own)
    _check_sides(strokes, midline)
    warnings = []
    used: list[int] = []
    for number in own:
        twin = next((held for held in used if _same(strokes[held], strokes[number])), None)
        if twin is None:
            used.append(number)
        else:
            warnings.append(f"stroke {number + 1} repeats stroke {twin + 1}; it was left out")
    if len(used) < 2:
        found = f"got {len(used)} for side {side}" + (f" and {other} for the other side" if other else "")
        found += ", without repeats" if warnings else ""
        raise PromptError(
            "a sheet needs strokes on two slices or more, best on 4 to 8 (one stroke has no width)",
            found,
            f"draw the {_LEFT[side]} levator ani on more slices",
        )
    points = np.concatenate([strokes[number].points_mm for number in used])
    extent = float(np.linalg.norm(np.ptp(points, axis=0)))
    if extent > LARGEST_EXTENT_MM:
        raise PromptError(
            f"the levator ani of one side extends over at most {LARGEST_EXTENT_MM:g} mm",
            f"these strokes extend over {extent:.0f} mm",
            "leave out what lies far away; are all strokes of one scan?",
        )
    if len(used) < _FEW_STROKES:
        warnings.append(f"only {len(used)} strokes; 4 to 8 show the muscle better and give an error estimate")
    if midline is not None:
        warnings += _beyond_midline(strokes, used, side, midline)
    return tuple(used), tuple(warnings)


def _check_sides(strokes: Sequence[LevatorStroke], midline: Midline | None) -> None:
    """Refuse strokes of the left that lie right of those of the right, or of the plane between them."""
    # Without a plane, x stands for it: strokes of both sides can still be told apart.
    middles = [stroke.points_mm.mean(axis=0) for stroke in strokes]
    if midline is not None:
        lefts = [float(midline.left_of(middle)) for middle in middles]
        border, named = 0.0, "the midline"
    else:
        lefts = [float(middle[0]) for middle in middles]
        mean = {
            side: np.mean([left for left, stroke in zip(lefts, strokes, strict=True) if stroke.side == side])
            for side in {stroke.side for stroke in strokes}
        }
        if len(mean) < 2:
            return
        border, named = float(mean["L"] + mean["R"]) / 2.0, "the middle between both sides"
        if mean["L"] <= mean["R"]:
            raise PromptError(
                "strokes of side L lie to the patient's left of those of side R",
                f"they lie {mean['R'] - mean['L']:.0f} mm to the right (in LPS, x grows to the left)",
                "swap the sides of the strokes, or check the orientation of the series",
            )
    wrong = [
        number
        for number, (left, stroke) in enumerate(zip(lefts, strokes, strict=True), start=1)
        if (left < border - _MIDLINE_WITHIN_MM and stroke.side == "L")
        or (left > border + _MIDLINE_WITHIN_MM and stroke.side == "R")
    ]
    if wrong:
        first = strokes[wrong[0] - 1].side
        raise PromptError(
            f"strokes of side {first} lie to the {_LEFT[first]} of {named}",
            f"stroke(s) {', '.join(map(str, wrong))} lie on the other side of it",
            "correct their side, or check the orientation of the series",
        )


def _beyond_midline(
    strokes: Sequence[LevatorStroke], used: Sequence[int], side: Side, midline: Midline
) -> list[str]:
    sign = 1.0 if side == "L" else -1.0
    warnings = []
    for number in used:
        beyond = float(-(sign * midline.left_of(strokes[number].points_mm)).min())
        if beyond > _MIDLINE_WITHIN_MM:
            warnings.append(f"stroke {number + 1} reaches {beyond:.0f} mm beyond the midline")
    return warnings


def _same(one: LevatorStroke, other: LevatorStroke) -> bool:
    from scipy.spatial import cKDTree

    # Lines that begin and end elsewhere, either way round, need no closer look.
    ends, others = one.points_mm[[0, -1]], other.points_mm[[0, -1]]
    apart = min(np.linalg.norm(ends - turned, axis=1).max() for turned in (others, others[::-1]))
    if apart > _ENDS_WITHIN_MM:
        return False
    first, second = (resampled(stroke.points_mm, 0.5) for stroke in (one, other))
    farthest = max(np.max(cKDTree(a).query(b)[0]) for a, b in ((first, second), (second, first)))
    return bool(farthest <= SAME_STROKE_WITHIN_MM)


def outside_warnings(strokes: Sequence[LevatorStroke], numbers: Sequence[int], image: Geometry) -> list[str]:
    """Return a warning for each stroke that leaves the image.

    Raises
    ------
    PromptError
        If all strokes lie outside.
    """
    warnings = []
    all_outside = True
    for number in numbers:
        index = image.to_index(strokes[number].points_mm)
        outside = np.asarray(((index < -0.5) | (index > np.asarray(image.shape) - 0.5)).any(axis=1))
        all_outside &= bool(outside.all())
        if outside.any():
            part = "lies" if outside.all() else f"lies with {outside.sum()} of {len(outside)} points"
            warnings.append(f"stroke {number + 1} {part} outside the image, which says nothing there")
    if all_outside:
        raise PromptError(
            "strokes lie on the image that is given with them",
            "all of them lie outside it",
            "give the series that they were drawn on; or were the scans registered in between?",
        )
    return warnings


def meeting_warnings(sheet: Sheet, numbers: Sequence[int], charted: Sequence[FloatArray]) -> list[str]:
    """Return a warning for each pair of strokes that pass one place of the muscle at different depths.

    Coronal and axial strokes cross on purpose; they should meet where they do.

    Parameters
    ----------
    sheet : the sheet through all strokes
    numbers : of the strokes, from 0
    charted : (n, 3) each: `a`, `t` and `r` of evenly sampled points
    """
    from scipy.spatial import cKDTree

    warnings = []
    for number, points in zip(numbers, charted, strict=True):
        if _doubles_back(points):
            warnings.append(f"stroke {number + 1} crosses itself or doubles back; draw it in one direction")
    # Each point's own distance from the sheet, so that a slant between the two points does not count.
    off = [
        (points[:, 2] - sheet.height(points[:, 0], points[:, 1]))
        / sheet.steepness(points[:, 0], points[:, 1])
        for points in charted
    ]
    for later in range(len(charted)):
        tree = cKDTree(charted[later][:, :2])
        for earlier in range(later):
            gap, partner = (np.asarray(found) for found in tree.query(charted[earlier][:, :2]))
            meets = gap <= _SAME_PLACE_MM
            if not meets.any():
                continue
            apart = float(np.abs(off[earlier][meets] - off[later][partner[meets]]).max())
            if apart > MEET_WITHIN_MM:
                warnings.append(
                    f"strokes {numbers[earlier] + 1} and {numbers[later] + 1} pass the same place "
                    f"{apart:.1f} mm apart; look at both again"
                )
    return warnings


def _doubles_back(points: FloatArray) -> bool:
    """Return whether a line comes back to within a point's distance of an earlier part of itself."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(_SAME_PLACE_MM, output_type="ndarray")
    return bool(len(pairs) and (np.abs(pairs[:, 0] - pairs[:, 1]) > 6).any())
