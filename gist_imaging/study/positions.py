"""Where the slices of a stack lie along their normal, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import FrameFacts

__all__ = ["Placement", "is_placed", "position_tolerance_mm", "slice_problems"]

Array = npt.NDArray[np.float64]

# Positions may be off the even grid by 0.05 mm or 2 % of the median gap, whichever is more (inclusive).
_POSITION_WITHIN_MM = 0.05
_POSITION_WITHIN_GAPS = 0.02

# 1 - cosine between the line through first and last position and the normal (inclusive): 0.81 degrees.
_DRIFT_WITHIN = 1e-4

# Beyond this share of wide gaps the spacing changes along the stack; below it slices are missing.
_WIDE_GAPS_AT_MOST = 0.25

# No scanner is 100 m long; larger numbers are errors, and would break the arithmetic.
_POSITION_AT_MOST_MM = 1e5


def is_placed(frame: FrameFacts) -> bool:
    """Return whether the image says where it lies, in numbers that can be true."""
    return (
        frame.position_mm is not None
        and frame.orientation is not None
        and max(map(abs, frame.position_mm)) <= _POSITION_AT_MOST_MM
    )


def position_tolerance_mm(median_gap_mm: float) -> float:
    """Return how far a slice may lie from its place on an even grid (inclusive).

    >>> position_tolerance_mm(1.0), position_tolerance_mm(5.0)
    (0.05, 0.1)
    """
    return max(_POSITION_WITHIN_MM, _POSITION_WITHIN_GAPS * median_gap_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Frames in order along their normal.

    Parameters
    ----------
    frames : sorted by `along_mm`; equal places by instance number, then by name
    positions : (n, 3) mm, LPS, in the order of `frames`
    along_mm : (n,) position along the normal
    row, column, normal : (3,) unit vectors, LPS: direction of the column index, of the row index, and
        their cross product; made exactly perpendicular
    """

    frames: tuple[FrameFacts, ...]
    positions: Array
    along_mm: Array
    row: Array
    column: Array
    normal: Array

    @classmethod
    def of(cls, frames: Sequence[FrameFacts]) -> Placement | None:
        """Return the frames in order, or None when one of them does not say where it lies."""
        if not frames or not all(is_placed(frame) for frame in frames):
            return None
        orientation = np.asarray(frames[0].orientation, dtype=np.float64)
        row = orientation[:3] / np.linalg.norm(orientation[:3])
        normal = np.cross(row, orientation[3:])
        normal = normal / np.linalg.norm(normal)
        column = np.cross(normal, row)
        positions = np.asarray([frame.position_mm for frame in frames], dtype=np.float64)
        along = positions @ normal
        # The same files in another order must give the same stack.
        order = sorted(
            range(len(frames)),
            key=lambda at: (along[at], frames[at].instance_number or 0, frames[at].name, frames[at].frame),
        )
        return cls(tuple(frames[at] for at in order), positions[order], along[order], row, column, normal)

    @property
    def gaps_mm(self) -> Array:
        """(n - 1,) distances between neighbours along the normal."""
        return np.diff(self.along_mm)

    def spacing_mm(self, *, median: bool = False) -> float:
        """Return the mean (or median) gap; 0 for one slice."""
        if len(self.frames) < 2:
            return 0.0
        if median:
            return float(np.median(self.gaps_mm))
        return float((self.along_mm[-1] - self.along_mm[0]) / (len(self.frames) - 1))


def slice_problems(placement: Placement) -> list[Problem]:
    """Return what is wrong with the order and spacing of the slices."""
    count = len(placement.frames)
    if count == 1:
        return [Problem(Code.SINGLE_SLICE, "several slices are needed for a volume, there is one")]
    gaps = placement.gaps_mm
    tolerance = position_tolerance_mm(float(np.median(gaps)))
    twins = int((gaps <= tolerance).sum())
    if twins:
        found = f"each position should have one slice, {twins} of {count} slices share theirs with another"
        return [Problem(Code.DUPLICATE_POSITION, found), *_tilt(placement)]
    return [*_uneven(placement, tolerance), *_tilt(placement)]


def _uneven(placement: Placement, tolerance: float) -> list[Problem]:
    gaps = placement.gaps_mm
    usual = float(np.median(gaps))
    # Both ends of a gap may be off by the tolerance.
    odd = gaps[np.abs(gaps - usual) > 2 * tolerance]
    if not odd.size:
        return _off_grid(placement, tolerance)
    multiples = np.round(odd / usual)
    missing = (multiples >= 2) & (np.abs(odd - multiples * usual) <= 2 * tolerance)
    few = missing.sum() <= max(1, _WIDE_GAPS_AT_MOST * gaps.size)
    if missing.all() and few:
        lost = int((multiples - 1).sum())
        found = f"slices {usual:.4g} mm apart are expected, {lost} are missing in {odd.size} place(s)"
        return [Problem(Code.MISSING_SLICES, found)]
    found = f"even spacing is needed, gaps run from {gaps.min():.4g} to {gaps.max():.4g} mm"
    return [Problem(Code.NONUNIFORM_SPACING, found)]


def _off_grid(placement: Placement, tolerance: float) -> list[Problem]:
    """Return a problem when a slice lies further than the tolerance from the best even grid."""
    count = np.arange(len(placement.frames))
    slope, start = np.polyfit(count, placement.along_mm, 1)
    worst = float(np.abs(placement.along_mm - (start + slope * count)).max())
    if worst <= tolerance:
        return []
    found = f"even spacing is needed, a slice lies {worst:.3g} mm off an even grid"
    return [Problem(Code.NONUNIFORM_SPACING, found)]


def _tilt(placement: Placement) -> list[Problem]:
    """Return TILT when the stack leans by more than 1e-4 (1 - cosine) or by more than a pixel in all."""
    line = placement.positions[-1] - placement.positions[0]
    length = float(np.linalg.norm(line))
    rise = float(line @ placement.normal)
    lean = float(np.linalg.norm(line - rise * placement.normal))
    if length == 0 or rise == 0:
        return []
    spacing = placement.frames[0].pixel_spacing_mm
    pixel = max(min(spacing), _POSITION_WITHIN_MM) if spacing else float("inf")
    if 1 - rise / length <= _DRIFT_WITHIN and lean <= pixel:
        return []
    angle = float(np.degrees(np.arctan2(lean, rise)))
    found = f"slices should follow their normal, these drift from it by {angle:.3g} degrees ({lean:.3g} mm)"
    return [Problem(Code.TILT, found)]
