"""Faults that the images of a stack show without looking at where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gist_imaging.problems import Code, Problem
from gist_imaging.study import flags
from gist_imaging.study.positions import is_placed
from gist_imaging.study.series import FrameFacts

__all__ = ["fact_problems"]

# Writers round Pixel Spacing to four digits or more; over 512 columns of 0.75 mm this is 0.04 mm.
_SAME_SPACING_WITHIN = 1e-4

# From a micrometre to a metre; beyond, a pixel spacing is an error.
_PIXEL_AT_LEAST_MM = 1e-3
_PIXEL_AT_MOST_MM = 1e3

# Direction cosines are rounded to six digits or fewer; the limit of the gate (inclusive).
_SAME_PLANE_WITHIN = 1e-4

# JPEG baseline, JPEG extended, JPEG-LS near-lossless (PS3.5 annex A): lossy whatever the header says.
_LOSSY_SYNTAXES = {
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
}


def fact_problems(frames: Sequence[FrameFacts]) -> list[Problem]:
    """Return missing or unusable geometry, mixtures, unusable rescale and lossy compression."""
    return [*_geometry(frames), *_mixtures(frames), *_rescale(frames), *_pixels(frames)]


def _geometry(frames: Sequence[FrameFacts]) -> list[Problem]:
    if any(flags.reasons(frame.flags, flags.MOSAIC_NO_GEOMETRY) for frame in frames):
        found = "a mosaic needs the number of its slices and their normal, this one does not give them"
        return [Problem(Code.MOSAIC_NO_GEOMETRY, found)]
    problems = []
    unplaced = [
        frame
        for frame in frames
        if not is_placed(frame)
        and not (frame.position_mm and flags.reasons(frame.flags, flags.ORIENTATION_BAD))
    ]
    if unplaced:
        found = f"position and orientation are needed, {len(unplaced)} of {len(frames)} images lack them"
        problems.append(Problem(Code.NO_GEOMETRY, found, unplaced[0].name))
    problems += _bad(frames, flags.ORIENTATION_BAD, Code.BAD_ORIENTATION, "two unit vectors at right angles")
    spacing = _bad(frames, flags.PIXEL_SPACING_BAD, Code.BAD_PIXEL_SPACING, "two numbers above 0")
    without = [frame for frame in frames if not _has_spacing(frame)]
    if not spacing and without:
        counted = f"{len(without)} of {len(frames)} images have no Pixel Spacing that can be used"
        found = f"two numbers above 0 are needed, {counted}"
        spacing = [Problem(Code.BAD_PIXEL_SPACING, found, without[0].name)]
    return problems + spacing


def _has_spacing(frame: FrameFacts) -> bool:
    spacing = frame.pixel_spacing_mm
    return spacing is not None and min(spacing) >= _PIXEL_AT_LEAST_MM and max(spacing) <= _PIXEL_AT_MOST_MM


def _bad(frames: Sequence[FrameFacts], flag: str, code: Code, needed: str) -> list[Problem]:
    for frame in frames:
        for reason in flags.reasons(frame.flags, flag):
            return [Problem(code, f"{needed} are needed, found {reason}", frame.name)]
    return []


def _mixtures(frames: Sequence[FrameFacts]) -> list[Problem]:
    problems = []
    if odd := _odd_one(frames, ((frame.rows, frame.columns) for frame in frames)):
        found = f"{odd.rows} x {odd.columns} beside {frames[0].rows} x {frames[0].columns}"
        problems.append(Problem(Code.MIXED_MATRIX, f"one matrix size is needed, found {found}", odd.name))
    spacings = [frame.pixel_spacing_mm for frame in frames if frame.pixel_spacing_mm]
    within = _SAME_SPACING_WITHIN * max(spacings[0]) if spacings else 0.0
    if not all(_close(spacing, spacings[0], within) for spacing in spacings):
        found = "one pixel spacing is needed, the images have several"
        problems.append(Problem(Code.MIXED_PIXEL_SPACING, found))
    planes = [frame.orientation for frame in frames if frame.orientation]
    if planes and not all(_close(plane, planes[0], _SAME_PLANE_WITHIN) for plane in planes):
        found = "parallel slices are needed, their orientations differ a little and cannot be told apart"
        problems.append(Problem(Code.MIXED_ORIENTATION, found))
    if len({frame.frame_uid for frame in frames if frame.frame_uid}) > 1:
        found = "one frame of reference is needed, the images have several"
        problems.append(Problem(Code.MIXED_FRAME_OF_REFERENCE, found))
    return problems


def _odd_one(frames: Sequence[FrameFacts], keys: Iterable[Any]) -> FrameFacts | None:
    named = list(zip(frames, keys, strict=True))
    return next((frame for frame, key in named if key != named[0][1]), None)


def _close(one: Sequence[float], other: Sequence[float], within: float) -> bool:
    return one == other or all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


def _rescale(frames: Sequence[FrameFacts]) -> list[Problem]:
    problems = _bad(frames, flags.RESCALE_BAD, Code.BAD_RESCALE, "one slope above 0 and one intercept")
    table = [frame for frame in frames if flags.MODALITY_LUT in frame.flags]
    if table and not problems:
        found = "a slope and an intercept are needed, the values go through a table (Modality LUT)"
        problems = [Problem(Code.BAD_RESCALE, found, table[0].name)]
    raw = [frame for frame in frames if frame.modality == "CT" and frame.rescale_slope is None]
    if raw and not problems:
        found = f"CT needs rescale slope and intercept, {len(raw)} of {len(frames)} images have none"
        problems = [Problem(Code.BAD_RESCALE, found, raw[0].name)]
    if not problems and len({(frame.rescale_slope, frame.rescale_intercept) for frame in frames}) > 1:
        problems = [Problem(Code.MIXED_RESCALE, "the images have several rescale slopes or intercepts")]
    return problems


def _pixels(frames: Sequence[FrameFacts]) -> list[Problem]:
    problems = []
    formats = {(frame.bits_allocated, frame.bits_stored, frame.pixel_representation) for frame in frames}
    if len(formats) > 1:
        found = f"one pixel format is usual, the images have {len(formats)} (bits or sign)"
        problems.append(Problem(Code.MIXED_PIXEL_FORMAT, found))
    lossy = [frame for frame in frames if frame.lossy or frame.transfer_syntax_uid in _LOSSY_SYNTAXES]
    if lossy:
        found = f"original values are wanted, {len(lossy)} of {len(frames)} images were compressed with loss"
        problems.append(Problem(Code.LOSSY_COMPRESSED, found))
    return problems
