"""Several stacks at the same positions: told apart by what differs between them, usually time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gist_imaging.problems import Code
from gist_imaging.study.positions import Placement, slice_problems
from gist_imaging.study.series import FrameFacts

__all__ = ["repeats_at_most", "split_repeats"]

# Two slices this close (inclusive) are at one position; the same figure as the gate's tolerance.
_ONE_POSITION_WITHIN_MM = 0.05

# A stack of its own holds a third of all positions or more (inclusive). This keeps one volume whole
# whose slices each have their own acquisition number or time.
_POSITIONS_AT_LEAST = 1 / 3

# A smaller stack counts beside one that holds half of all positions or more (inclusive), when no position
# repeats in any of them and each is evenly spaced: the part of a later phase that was sent, say.
_MAIN_POSITIONS_AT_LEAST = 1 / 2

Stack = list[FrameFacts]


def repeats_at_most(frames: Sequence[FrameFacts]) -> int:
    """Return how many frames share the most crowded position; 0 where positions are not known."""
    places = _places(frames)
    return max((len(place) for place in places), default=0)


def split_repeats(frames: Sequence[FrameFacts]) -> tuple[str, list[Stack]]:
    """Return stacks without repeated positions, in order, and what told them apart.

    Returns
    -------
    by : "image_type", "echo_number", "temporal_position" or "instance_number"; "" when nothing separates
        the frames
    stacks : one where nothing separates them

    Notes
    -----
    A statement of the images separates them only where positions repeat and where every stack that it
    makes holds a third of the positions or more. Smaller stacks are made too when one stack holds half of
    the positions or more, no position repeats in any stack, and each is evenly spaced or a single slice.
    Tried in this order: Image Type, echo number, temporal position, acquisition number, trigger time,
    acquisition time, then the rank of these times at each position, and last whole blocks of Instance
    Numbers. What is still repeated afterwards is split again.

    Blocks of Instance Numbers are safe to measure: each goes through every position exactly once, and all
    go through them in the same order, as a scanner does that repeats a stack. An image that is missing or
    doubled, or two stacks numbered alike or in turn, make no such blocks and stay together, to be refused.
    The blocks are told apart by rank; that a higher rank is a later time is the writer's habit, not stated.
    """
    if repeats_at_most(frames) < 2:
        return "", [list(frames)]
    for by, key in _KEYS:
        stacks = _stacks_of(frames, key)
        if stacks is not None:
            further = [split_repeats(stack) for stack in stacks]
            weakest = "instance_number" if any(name == "instance_number" for name, _ in further) else by
            return weakest, [stack for _, parts in further for stack in parts]
    for time in (_trigger, _clock):
        ranked = _by_rank(frames, time)
        if ranked is not None:
            return "temporal_position", ranked
    blocks = _by_blocks(frames)
    return ("instance_number", blocks) if blocks is not None else ("", [list(frames)])


def _trigger(frame: FrameFacts) -> float | None:
    return frame.trigger_time_ms


def _clock(frame: FrameFacts) -> tuple[str, str] | None:
    if frame.acquisition_time is None:
        return None
    return frame.acquisition_date or "", frame.acquisition_time


_KEYS: tuple[tuple[str, Callable[[FrameFacts], Any]], ...] = (
    ("image_type", lambda frame: frame.image_type),
    ("echo_number", lambda frame: frame.echo_number),
    ("temporal_position", lambda frame: frame.temporal_position),
    ("temporal_position", lambda frame: frame.acquisition_number),
    ("temporal_position", _trigger),
    ("temporal_position", _clock),
)


def _places(frames: Sequence[FrameFacts]) -> list[Stack]:
    """Return the frames of each position, in order along the normal."""
    placement = Placement.of(frames)
    if placement is None:
        return []
    borders = np.flatnonzero(placement.gaps_mm > _ONE_POSITION_WITHIN_MM) + 1
    starts = [0, *borders.tolist(), len(frames)]
    return [list(placement.frames[a:b]) for a, b in pairwise(starts)]


def _stacks_of(frames: Sequence[FrameFacts], key: Callable[[FrameFacts], Hashable]) -> list[Stack] | None:
    groups: dict[Hashable, Stack] = {}
    for frame in frames:
        groups.setdefault(key(frame), []).append(frame)
    if len(groups) < 2 or (None in groups and key is not _KEYS[0][1]):
        return None
    if not (_hold_a_third_each(groups.values(), frames) or _are_clean(groups.values(), frames)):
        return None
    return [groups[name] for name in sorted(groups, key=_in_order)]


def _hold_a_third_each(stacks: Iterable[Stack], frames: Sequence[FrameFacts]) -> bool:
    before = repeats_at_most(frames)
    positions = len(_places(frames))
    for stack in stacks:
        own = len(_places(stack))
        if own < _POSITIONS_AT_LEAST * positions or (own < 2 and positions > 1):
            return False
        if repeats_at_most(stack) >= before:
            return False
    return True


def _are_clean(stacks: Iterable[Stack], frames: Sequence[FrameFacts]) -> bool:
    """Return whether one stack holds half of the positions, and none has a fault or a repeated position."""
    largest = 0
    for stack in stacks:
        placement = Placement.of(stack)
        if placement is None or any(p.code is not Code.SINGLE_SLICE for p in slice_problems(placement)):
            return False
        largest = max(largest, len(stack))
    return largest >= _MAIN_POSITIONS_AT_LEAST * len(_places(frames))


def _in_order(value: Any) -> Any:
    return tuple(str(part) for part in value) if isinstance(value, tuple) else value


def _by_rank(frames: Sequence[FrameFacts], time: Callable[[FrameFacts], Any]) -> list[Stack] | None:
    """Return the first, second, ... images in time at every position, where the stacks follow one another."""
    places = _places(frames)
    count = len(places[0])
    if any(len(place) != count for place in places) or any(time(frame) is None for frame in frames):
        return None
    ranked = [sorted(place, key=time) for place in places]
    stacks = [[place[rank] for place in ranked] for rank in range(count)]
    ends = [(min(map(time, stack)), max(map(time, stack))) for stack in stacks]
    follow = all(before[1] < after[0] for before, after in pairwise(ends))
    return stacks if follow else None


def _by_blocks(frames: Sequence[FrameFacts]) -> list[Stack] | None:
    """Return runs of Instance Numbers that each go through every position once, all in the same order."""
    places = _places(frames)
    count = len(places)
    place_of = {id(frame): number for number, place in enumerate(places) for frame in place}
    order = [(frame.instance_number or 0, frame.frame) for frame in frames]
    if any(frame.instance_number is None for frame in frames) or len(set(order)) < len(order):
        return None
    if count < 2 or len(frames) % count:
        return None
    ranked = [frame for _, frame in sorted(zip(order, frames, strict=True), key=lambda pair: pair[0])]
    blocks = [ranked[at : at + count] for at in range(0, len(ranked), count)]
    orders = {tuple(place_of[id(frame)] for frame in block) for block in blocks}
    return blocks if len(orders) == 1 and len(set(*orders)) == count else None
