"""The geometry gate: whether a stack of images is a volume, on which grid, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from gist_imaging.problems import Code, Problem, Severity
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.study.positions import Placement, slice_problems
from gist_imaging.study.series import FrameFacts
from gist_imaging.study.slice_facts import fact_problems

__all__ = ["GateResult", "check_stack"]

# RECIST 1.1, Eur J Cancer 2009;45:228, appendix II: CT slices of 5 mm or less (5 itself is thin enough).
THIN_AT_MOST_MM = 5.0

# From a micrometre to a metre; beyond, a distance between slices is an error.
_VOXEL_AT_LEAST_MM = 1e-3
_VOXEL_AT_MOST_MM = 1e3

# House rule: a median gap up to 1.5 slice thicknesses (inclusive) is an ordinary gap.
GAP_AT_MOST_THICKNESSES = 1.5


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate says of a stack.

    Parameters
    ----------
    frames : along the slice normal (columns x rows of the first image) where the positions are known,
        else as given
    geometry : the grid, also where an error stands against it that may be overridden; None where no
        right-angled grid fits, and then no override is possible
    problems : everything found, errors first
    """

    frames: tuple[FrameFacts, ...]
    geometry: Geometry | None
    problems: tuple[Problem, ...]


def check_stack(frames: Sequence[FrameFacts], instance_numbers: Collection[int] = ()) -> GateResult:
    """Return the frames in order, their grid and what is wrong.

    Slices are ordered and spaced by Image Position (Patient) along the normal of their orientation, never
    by file name, Instance Number or spacing tags. Spacing is the mean gap, except where slices are missing
    or uneven: there it is the number nearest to the median gap that divides the length of the stack.

    A grid that stands beside an error says what an override would measure:

    - MISSING_SLICES, NONUNIFORM_SPACING: an even grid over the true length of the stack, which may have
      more or fewer slices than there are images. Positions stay true; values between the images are
      interpolated linearly along the normal when the series is loaded, so that structures keep their
      size, and detail inside a hole is invented;
    - SINGLE_SLICE: a slab as thick as Slice Thickness says; areas and diameters hold, a volume does not;
    - MIXED_ORIENTATION (within 0.01), MIXED_FRAME_OF_REFERENCE, DUPLICATE_INSTANCE: the grid of the first
      slice's orientation;
    - BAD_RESCALE: the true grid; the values are stored numbers, not HU.

    No grid fits a stack with more holes than images (an even grid of more than four slices for each
    image), NO_GEOMETRY, MOSAIC_NO_GEOMETRY, BAD_ORIENTATION, BAD_PIXEL_SPACING, MIXED_MATRIX,
    MIXED_PIXEL_SPACING, DUPLICATE_POSITION and TILT: they cannot be overridden.

    Parameters
    ----------
    frames : images that belong together, in any order
    instance_numbers : of the whole series, when the stack is only a part of it: numbers that run on in a
        sister stack leave no hole
    """
    problems = fact_problems(frames)
    codes = {problem.code for problem in problems}
    placement = Placement.of(frames)
    geometry = None
    ordered = tuple(frames)
    if placement is not None:
        ordered = placement.frames
        problems += slice_problems(placement)
        codes = {problem.code for problem in problems}
        if not codes & _NO_GRID:
            uneven = bool(codes & {Code.MISSING_SLICES, Code.NONUNIFORM_SPACING})
            geometry = _grid(placement, _even_count(placement) if uneven else len(placement.frames))
    if placement is not None and geometry is None and not codes & _NO_GRID:
        problems.append(_why_no_grid(placement))
    problems += _thickness_problems(frames, placement)
    problems += _hole_problems(frames, instance_numbers)
    problems.sort(key=lambda problem: problem.severity is not Severity.ERROR)
    return GateResult(ordered, geometry, tuple(problems))


_NO_GRID = {
    Code.NO_GEOMETRY,
    Code.MOSAIC_NO_GEOMETRY,
    Code.BAD_ORIENTATION,
    Code.BAD_PIXEL_SPACING,
    Code.MIXED_MATRIX,
    Code.MIXED_PIXEL_SPACING,
    Code.DUPLICATE_POSITION,
    Code.TILT,
}


# House rule (inclusive): beyond, more than three slices of four would be invented.
_EVEN_SLICES_PER_IMAGE_AT_MOST = 4


def _even_count(placement: Placement) -> int:
    """Return the slices of the even grid that is nearest to the median gap; it ends where the stack ends."""
    length = float(placement.along_mm[-1] - placement.along_mm[0])
    return round(length / placement.spacing_mm(median=True)) + 1


def _why_no_grid(placement: Placement) -> Problem:
    needed = "two positions or a thickness are needed"
    if len(placement.frames) == 1:
        found = "one slice without a usable thickness"
    elif placement.spacing_mm() > _VOXEL_AT_MOST_MM:
        found = "slices beyond a metre apart"
    else:
        needed, found = "slices without long holes are needed", "holes longer than the slices beside them"
    return Problem(Code.NO_GEOMETRY, f"{needed}, found {found}")


def _grid(placement: Placement, count: int) -> Geometry | None:
    first = placement.frames[0]
    images = len(placement.frames)
    if first.pixel_spacing_mm is None or count > _EVEN_SLICES_PER_IMAGE_AT_MOST * images:
        return None
    if images == 1:
        gap = first.slice_thickness_mm
    else:
        gap = float(placement.along_mm[-1] - placement.along_mm[0]) / (count - 1)
    if not gap or not _VOXEL_AT_LEAST_MM <= gap <= _VOXEL_AT_MOST_MM:
        return None
    rows_apart, columns_apart = first.pixel_spacing_mm
    axes = np.column_stack([placement.normal, placement.column, placement.row])
    x, y, z = placement.positions[0].tolist()
    return Geometry.from_spacing(
        (count, first.rows, first.columns),
        (gap, rows_apart, columns_apart),
        (x, y, z),
        axes,
        first.frame_uid,
    )


def _thickness_problems(frames: Sequence[FrameFacts], placement: Placement | None) -> list[Problem]:
    stated = [frame.slice_thickness_mm for frame in frames if frame.slice_thickness_mm]
    if not stated:
        return []
    thickness = median(stated)
    problems = []
    if thickness > THIN_AT_MOST_MM:
        found = f"slices of {THIN_AT_MOST_MM:g} mm or less are wanted, these are {thickness:g} mm thick"
        problems.append(Problem(Code.THICK_SLICES, found))
    gap = placement.spacing_mm(median=True) if placement is not None and len(frames) > 1 else 0.0
    if gap > GAP_AT_MOST_THICKNESSES * thickness:
        found = f"slices {thickness:g} mm thick are {gap:.4g} mm apart"
        problems.append(Problem(Code.GAP_EXCEEDS_THICKNESS, found))
    return problems


def _hole_problems(frames: Sequence[FrameFacts], instance_numbers: Collection[int]) -> list[Problem]:
    """Return a warning when neither the stack's nor the series' instance numbers run on without a hole."""
    if any(frame.n_frames > 1 for frame in frames):
        return []
    own = {frame.instance_number for frame in frames if frame.instance_number is not None}
    holes = [_holes(own), _holes(set(instance_numbers) | own)]
    if not own or not all(holes):
        return []
    found = f"instance numbers should run on without a hole, {min(holes)} are missing"
    return [Problem(Code.INSTANCE_NUMBER_GAPS, found)]


def _holes(numbers: set[int]) -> int:
    return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
