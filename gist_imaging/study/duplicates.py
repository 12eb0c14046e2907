"""Images that claim to be one and the same: copies are dropped, contradictions are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import FrameFacts

__all__ = ["SameContent", "drop_copies"]

SameContent = Callable[[FrameFacts, FrameFacts], bool]


def drop_copies(
    frames: Iterable[FrameFacts], same_content: SameContent | None = None
) -> tuple[list[FrameFacts], list[Problem]]:
    """Return the frames without copies, and what was found.

    Frames with one SOP Instance UID and frame number are copies (IDENTICAL_DUPLICATE, dropped) when all
    their facts agree apart from where the file lies, and `same_content` does not contradict. Else they
    contradict one another (DUPLICATE_INSTANCE): at different positions both are kept, at one position the
    first by file name.

    Parameters
    ----------
    frames : of one series
    same_content : compares the pixels of two frames; without it the facts decide
    """
    kept: dict[tuple[str, int], list[FrameFacts]] = {}
    copies = contradictions = 0
    for frame in sorted(frames, key=lambda facts: (facts.name, facts.frame)):
        twins = kept.setdefault((frame.sop_instance_uid, frame.frame), [])
        if any(_are_copies(frame, twin, same_content) for twin in twins):
            copies += 1
            continue
        contradictions += bool(twins)
        if not any(_at_one_place(frame, twin) for twin in twins):
            twins.append(frame)
    problems = []
    if contradictions:
        found = f"one image for each SOP Instance UID is expected, {contradictions} images differ from theirs"
        problems.append(Problem(Code.DUPLICATE_INSTANCE, found))
    if copies:
        problems.append(Problem(Code.IDENTICAL_DUPLICATE, f"{copies} images are there more than once"))
    return [frame for twins in kept.values() for frame in twins], problems


def _are_copies(one: FrameFacts, other: FrameFacts, same_content: SameContent | None) -> bool:
    if _without_place(one) != _without_place(other):
        return False
    return same_content is None or same_content(one, other)


def _without_place(frame: FrameFacts) -> FrameFacts:
    # A copy may be stored with another transfer syntax, and its pixels at another place in the file.
    return replace(
        frame,
        path=Path(),
        name="",
        member=None,
        modified_ns=None,
        pixel_offset=None,
        pixel_length=None,
        transfer_syntax_uid="",
    )


def _at_one_place(one: FrameFacts, other: FrameFacts) -> bool:
    return one.position_mm == other.position_mm and one.orientation == other.orientation
