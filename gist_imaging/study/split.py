"""Facts of images into series: stacks of slices that belong together, each checked by the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gist_imaging.problems import Code, Problem, Severity
from gist_imaging.study.duplicates import SameContent, drop_copies
from gist_imaging.study.gate import GateResult, check_stack
from gist_imaging.study.kinds import localizer_by_name, not_a_volume
from gist_imaging.study.planes import by_plane, plane_problems
from gist_imaging.study.repeats import split_repeats
from gist_imaging.study.series import FrameFacts, PatientIdentity, Series, SeriesKind

__all__ = ["assemble"]

Split = dict[str, str | float]

# Image Type values 3 and up that say what a voxel means (PS3.3 C.8.3.1, C.8.13.3, and the vendors' own
# words for complex parts, Dixon parts and calculated maps). Other words (ND, NORM, DIS2D, ADD) name
# processing steps and separate images only where positions repeat.
_MEANINGS = {
    *("M", "MAGNITUDE", "P", "PHASE", "R", "REAL", "I", "IMAGINARY", "VELOCITY"),
    *("ADC", "EADC", "FA", "TRACEW", "CALC_BVALUE", "MEAN"),
    *("FIELD_MAP", "FIELD_MAP_HZ", "B0", "B1"),
    *("W", "WATER", "F", "FAT", "IP", "OP", "IN_PHASE", "OUT_PHASE", "OPP_PHASE", "FAT_FRACTION"),
    *("T1_MAP", "T2_MAP", "T2_STAR_MAP", "R2_MAP", "R2_STAR_MAP"),
    *("SUB", "SUBTRACT", "SUBTRACTION", "MIP", "MIN_IP", "MPR"),
    *("CBF", "CBV", "MTT", "TTP"),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Stack:
    frames: tuple[FrameFacts, ...]
    split: Split


def assemble(frames: Iterable[FrameFacts], same_content: SameContent | None = None) -> tuple[Series, ...]:
    """Return the series that the images make, in the order of study, series and split.

    One Series Instance UID is split by what the images say of themselves, so that each stack is one
    plane, echo, b-value, phase, meaning and time:

    - orientation (see `gist_imaging.study.planes`), echo time, b-value, cardiac or contrast phase, and
      words of Image Type that say what a voxel means always separate;
    - time, acquisition number and other words of Image Type separate only where positions repeat (see
      `gist_imaging.study.repeats`), so one volume is not torn apart. `temporal_position` is the 1-based
      rank in time;
    - matrix and pixel spacing never separate: the gate reports them.

    Where only Instance Numbers tell stacks at the same positions apart, complete and equal stacks are
    made and ranked by them; which rank is which phase is for the reader to say, who has to choose one.
    Repeated positions that nothing separates are refused together (DUPLICATE_POSITION).

    Slices whose Patient ID, birth date or sex differ make one series all the same: no split could tell
    which are right. Each stack then carries MIXED_FRAME_OF_REFERENCE with the question, because slices
    of two people share no frame of reference whatever their UIDs say.

    Parameters
    ----------
    frames : facts of images and other objects, in any order; the order changes nothing
    same_content : compares the pixels of two frames with one SOP Instance UID
    """
    groups: dict[tuple[str, str], list[FrameFacts]] = {}
    for frame in frames:
        groups.setdefault((frame.study_uid, frame.series_uid), []).append(frame)
    return tuple(series for uids in sorted(groups) for series in _series_of(groups[uids], same_content))


def _series_of(found: list[FrameFacts], same_content: SameContent | None) -> list[Series]:
    frames, whole = drop_copies(found, same_content)
    n_files = len({(frame.path, frame.member) for frame in frames})
    expected = max((frame.expected_in_series or 0 for frame in frames), default=0)
    if n_files < expected:
        told = f"{expected} images are expected, {n_files} are here"
        whole.append(Problem(Code.COUNT_BELOW_EXPECTED, told))
    differing = PatientIdentity.conflicts(frame.patient for frame in frames)
    if differing:
        told = f"images of one patient are needed, they differ in {', '.join(differing)}"
        whole.append(Problem(Code.MIXED_FRAME_OF_REFERENCE, f"{told}: are these the same patient?"))
    others, images = _apart(frames)
    planes = by_plane(images)
    beside = plane_problems(planes)
    numbers = {frame.instance_number for frame in frames if frame.instance_number is not None}
    series = []
    for name, plane in planes.items():
        split: Split = {"orientation": name} if len(planes) > 1 else {}
        for stack in _stacks(plane, split):
            problems = (*whole, *localizer_by_name(stack.frames), *beside.get(name, ()))
            series.append(_measured(stack, check_stack(stack.frames, numbers), problems))
    for problems, members in others.items():
        odd = _odd_plane(members, planes)
        series.append(_picture(members, (*problems, *odd, *whole)))
    return sorted(series, key=lambda one: (_KIND_ORDER[one.kind], _sortable(one.split)))


_KIND_ORDER = {SeriesKind.VOLUME: 0, SeriesKind.REFUSED: 1, SeriesKind.NOT_A_VOLUME: 2}


def _sortable(split: Any) -> list[tuple[str, bool, float, str]]:
    return [
        (name, isinstance(value, str), 0.0 if isinstance(value, str) else value, str(value))
        for name, value in sorted(split.items())
    ]


def _apart(
    frames: Iterable[FrameFacts],
) -> tuple[dict[tuple[Problem, ...], list[FrameFacts]], list[FrameFacts]]:
    others: dict[tuple[Problem, ...], list[FrameFacts]] = {}
    images = []
    for frame in frames:
        problems = not_a_volume(frame)
        if problems:
            others.setdefault(problems, []).append(frame)
        else:
            images.append(frame)
    return others, images


def _odd_plane(members: list[FrameFacts], planes: dict[str, list[FrameFacts]]) -> tuple[Problem, ...]:
    """Return MIXED_ORIENTATION for localizers that share the series of a stack of another plane."""
    if not planes or all(frame.orientation is None for frame in members):
        return ()
    together = by_plane([*(frame for plane in planes.values() for frame in plane), *members])
    if len(together) == len(planes):
        return ()
    found = f"{len(members)} localizer image(s) of another plane share the series"
    return (Problem(Code.MIXED_ORIENTATION, f"parallel slices are needed, {found}"),)


def _stacks(frames: Sequence[FrameFacts], split: Split) -> list[_Stack]:
    stacks = [_Stack(tuple(frames), split)]
    for name, value in _ALWAYS:
        stacks = [part for stack in stacks for part in _by_value(stack, name, value)]
    return [part for stack in stacks for part in _by_repeats(stack)]


def _by_value(stack: _Stack, name: str, value: Callable[[FrameFacts], str | float | None]) -> list[_Stack]:
    groups: dict[str | float | None, list[FrameFacts]] = {}
    for frame in stack.frames:
        groups.setdefault(value(frame), []).append(frame)
    if len(groups) < 2:
        return [stack]
    # The stack that does not state the value is the one whose split lacks it.
    return [
        _Stack(tuple(members), stack.split if stated is None else {**stack.split, name: stated})
        for stated, members in groups.items()
    ]


def _meaning(frame: FrameFacts) -> str | None:
    words = [word.upper().replace(" ", "_") for word in frame.image_type[2:]]
    return "\\".join(dict.fromkeys(word for word in words if word in _MEANINGS)) or None


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


_ALWAYS: tuple[tuple[str, Callable[[FrameFacts], str | float | None]], ...] = (
    ("image_type", _meaning),
    # Echo times are stated to a hundredth of a millisecond, b-values to 1 s/mm².
    ("echo_time_ms", lambda frame: _rounded(frame.echo_time_ms, 2)),
    ("b_value", lambda frame: _rounded(frame.b_value, 0)),
    ("phase", lambda frame: frame.phase),
)


def _by_repeats(stack: _Stack) -> list[_Stack]:
    by, parts = split_repeats(stack.frames)
    if len(parts) < 2:
        return [stack]
    names = [_own_words(part, stack.frames) for part in parts]
    if by == "image_type" and len(set(names)) == len(names):
        splits: list[Split] = [{"image_type": name} for name in names]
    elif by == "echo_number" and len({part[0].echo_number for part in parts}) == len(parts):
        splits = [{"echo_number": float(part[0].echo_number or 0)} for part in parts]
    else:
        splits = [{"temporal_position": float(rank)} for rank in range(1, len(parts) + 1)]
    return [_Stack(tuple(part), {**stack.split, **own}) for part, own in zip(parts, splits, strict=True)]


def _own_words(part: Sequence[FrameFacts], frames: Sequence[FrameFacts]) -> str:
    common = set.intersection(*(set(frame.image_type) for frame in frames))
    own = [word for word in part[0].image_type if word not in common]
    return "\\".join(own or part[0].image_type)


def _measured(stack: _Stack, gate: GateResult, more: tuple[Problem, ...]) -> Series:
    problems = tuple(sorted((*gate.problems, *more), key=lambda one: _SEVERITY_ORDER[one.severity]))
    codes = {problem.code for problem in problems if problem.severity is Severity.ERROR}
    if any(problem.severity is Severity.NOT_A_VOLUME for problem in problems):
        kind = SeriesKind.NOT_A_VOLUME
    elif codes - {Code.SINGLE_SLICE}:
        kind = SeriesKind.REFUSED
    else:
        kind = SeriesKind.VOLUME
    first = gate.frames[0]
    grid = gate.geometry
    return Series(
        series_uid=first.series_uid,
        study_uid=first.study_uid,
        modality=first.modality,
        description=first.description,
        kind=kind,
        shape=(len(gate.frames), first.rows, first.columns),
        spacing_mm=grid.spacing_mm if grid else None,
        n_files=len({(frame.path, frame.member) for frame in gate.frames}),
        split=stack.split,
        problems=problems,
        geometry=grid,
        frames=gate.frames,
    )


_SEVERITY_ORDER = {Severity.NOT_A_VOLUME: 0, Severity.ERROR: 1, Severity.WARNING: 2}


def _picture(members: list[FrameFacts], problems: tuple[Problem, ...]) -> Series:
    first = members[0]
    return Series(
        series_uid=first.series_uid,
        study_uid=first.study_uid,
        modality=first.modality,
        description=first.description,
        kind=SeriesKind.NOT_A_VOLUME,
        shape=(len(members), first.rows, first.columns) if first.rows else None,
        spacing_mm=None,
        n_files=len({(frame.path, frame.member) for frame in members}),
        problems=problems,
        frames=tuple(members),
    )
