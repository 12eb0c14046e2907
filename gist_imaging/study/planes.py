"""Stacks of different planes in one series: told apart, and the localizers among them named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gist_imaging.problems import Code, Problem
from gist_imaging.spatial.geometry import PLANE_NAME_WITHIN_DEG
from gist_imaging.study.series import FrameFacts

__all__ = ["by_plane", "plane_problems"]

# Direction cosines that differ by more are another plane; closer ones, up to the gate's 1e-4, cannot be
# told apart and are reported there.
_SAME_PLANE_WITHIN = 1e-2

# A stack with this share of a series' images (inclusive) is what the series is about.
_MAIN_SHARE = 0.75

# Up to this many slices (inclusive) beside a main stack are its localizers.
_LOCALIZER_SLICES_AT_MOST = 3

# A series with this many planes or more, none of them the main one, is a localizer or a rotating view.
_LOCALIZER_PLANES_AT_LEAST = 3


def by_plane(frames: Sequence[FrameFacts]) -> dict[str, list[FrameFacts]]:
    """Return the frames of each plane by its name ("axial", "oblique", a second one "axial 2").

    Frames that do not state a usable orientation stay with the largest plane, so that the gate refuses
    that stack instead of measuring one with holes.
    """
    planes: list[list[FrameFacts]] = []
    lost = [frame for frame in frames if frame.orientation is None]
    for frame in frames:
        if frame.orientation is None:
            continue
        plane = next((plane for plane in planes if _parallel(plane[0], frame)), None)
        if plane is None:
            planes.append([frame])
        else:
            plane.append(frame)
    if not planes:
        return {"unknown": lost} if lost else {}
    max(planes, key=len).extend(lost)
    named: dict[str, list[FrameFacts]] = {}
    for plane in planes:
        name = _plane_name(plane[0])
        number = sum(1 for taken in named if taken.partition(" ")[0] == name) + 1
        named[name if number == 1 else f"{name} {number}"] = plane
    return named


def _parallel(one: FrameFacts, other: FrameFacts) -> bool:
    if one.orientation is None or other.orientation is None:
        return False
    if one.orientation == other.orientation:
        return True
    pairs = zip(one.orientation, other.orientation, strict=True)
    return all(abs(a - b) <= _SAME_PLANE_WITHIN for a, b in pairs)


def _plane_name(frame: FrameFacts) -> str:
    orientation = np.asarray(frame.orientation, dtype=np.float64)
    normal = np.abs(np.cross(orientation[:3], orientation[3:]))
    nearest = int(np.argmax(normal))
    if normal[nearest] < np.cos(np.radians(PLANE_NAME_WITHIN_DEG)):
        return "oblique"
    return ("sagittal", "coronal", "axial")[nearest]


def plane_problems(planes: dict[str, list[FrameFacts]]) -> dict[str, tuple[Problem, ...]]:
    """Return for each plane what is wrong with its being in this series.

    - One plane, or two without a main one: nothing; each is a volume of its own.
    - A main plane (75 % of the images or more) stays measurable and carries nothing. Beside it, three
      slices or fewer are its localizers and carry LOCALIZER and MIXED_ORIENTATION; larger stacks are
      volumes of their own.
    - Three planes or more without a main one: all are LOCALIZER (three-plane localizer, rotating view).
    """
    total = sum(len(frames) for frames in planes.values())
    main = [name for name, frames in planes.items() if len(frames) >= _MAIN_SHARE * total]
    if len(planes) < 2 or (not main and len(planes) < _LOCALIZER_PLANES_AT_LEAST):
        return {}
    if not main:
        found = f"one plane is wanted, the series has {len(planes)} planes and none is the main one"
        return dict.fromkeys(planes, (Problem(Code.LOCALIZER, found),))
    return {
        name: _beside(main[0], len(frames))
        for name, frames in planes.items()
        if name != main[0] and len(frames) <= _LOCALIZER_SLICES_AT_MOST
    }


def _beside(main: str, slices: int) -> tuple[Problem, ...]:
    found = f"{slices} slice(s) of another plane share the series with a stack ({main})"
    return (
        Problem(Code.LOCALIZER, f"a diagnostic stack is wanted, {found}"),
        Problem(Code.MIXED_ORIENTATION, f"parallel slices are needed, {found}"),
    )
