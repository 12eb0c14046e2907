"""What a reader put on a scan, as plain values: marks in patient mm, and masks by their hashes.

`segment` and `anatomy` stand above this room, so a stroke or a landmark is held here as its kind and its
points; `Prompt` and `Landmark` are made from it there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_values import checked_object
from gist_imaging.study.codes import Side

__all__ = ["Fact", "Mark", "MaskReference", "PointMm"]

PointMm = tuple[float, float, float]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_UID = re.compile(r"[0-9.]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _matching(pattern: re.Pattern[str], value: object, what: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ReadingError(f"{what} has the form {pattern.pattern}", "got another form", "correct it")


@dataclass(frozen=True, slots=True)
class Mark:
    """Points that a reader put on the images of one visit.

    Parameters
    ----------
    kind : what they are, such as scribble, longest_axial_diameter, anal_verge or levator
    timepoint : label of the visit
    points_mm : (n, 3) LPS, in the frame of reference `frame_uid`
    lesion : name of the lesion, where the mark belongs to one
    side : side of the patient, where it has one
    include : for a prompt, whether the place is tumour
    round : for a prompt, how many results the reader had seen before
    why : for a diameter by hand, the word that says why it is not the outline's; None for other marks

    Raises
    ------
    ReadingError
        If there is no point, one is not finite, or a name has another form.
    """

    kind: str
    timepoint: str
    points_mm: tuple[PointMm, ...] = field(repr=False)
    lesion: str | None = None
    side: Side | None = None
    include: bool = True
    round: int = 0
    frame_uid: str | None = None
    why: str | None = None

    def __post_init__(self) -> None:
        for name in ("kind", "timepoint", "lesion", "why"):
            if name in ("kind", "timepoint") or getattr(self, name) is not None:
                _matching(_NAME, getattr(self, name), f"{name} of a mark")
        if self.frame_uid is not None:
            _matching(_UID, self.frame_uid, "frame_uid of a mark")
        if self.side is not None:
            object.__setattr__(self, "side", Side.read(self.side, f"mark {self.kind}: side"))
        object.__setattr__(self, "points_mm", _points(self.points_mm, f"mark {self.kind}"))
        whole = isinstance(self.round, int) and not isinstance(self.round, bool)
        if not isinstance(self.include, bool) or not whole or self.round < 0:
            raise ReadingError(
                f"mark {self.kind}: include is true or false, round a whole number from 0", "got others"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the mark as plain values for `json.dumps`; `why` is left out where there is none."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        if self.why is None:
            del held["why"]
        return {
            **held,
            "points_mm": [list(point) for point in self.points_mm],
            "side": None if self.side is None else self.side.value,
        }

    @classmethod
    def from_json(cls, value: object) -> Mark:
        """Return the mark that `to_json` wrote."""
        held = dict(checked_object(value, [one.name for one in fields(cls)], "a mark"))
        _need(held, ("kind", "timepoint", "points_mm"), "a mark")
        return cls(**held)


def _points(value: object, what: str) -> tuple[PointMm, ...]:
    try:
        rows = [tuple(map(float, row)) for row in value] if isinstance(value, Iterable) else []
    except (TypeError, ValueError, OverflowError):
        rows = []
    if not rows or not all(len(row) == 3 and all(map(math.isfinite, row)) for row in rows):
        raise ReadingError(
            f"{what}: points are rows of finite x, y, z in mm, at least one",
            "got others",
            "correct points_mm",
        )
    return tuple((row[0], row[1], row[2]) for row in rows)


@dataclass(frozen=True, slots=True)
class MaskReference:
    """A mask that the reader accepted, by the hashes of its content; the voxels lie in the store.

    Parameters
    ----------
    lesion, timepoint : what is outlined, and when
    mask_sha256 : `Mask.sha256()`
    image_sha256 : `Volume.sha256()` of the image that it was drawn on
    empty : the reader looked and found no lesion
    method : manual, threshold, region_grow, model, model_edited, ...
    """

    lesion: str
    timepoint: str
    mask_sha256: str
    image_sha256: str
    empty: bool = False
    method: str = "manual"

    def __post_init__(self) -> None:
        for name in ("lesion", "timepoint", "method"):
            _matching(_NAME, getattr(self, name), f"{name} of a mask")
        for name in ("mask_sha256", "image_sha256"):
            _matching(_SHA256, getattr(self, name), name)
        if not isinstance(self.empty, bool):
            raise ReadingError("empty of a mask is true or false", "got something else", "correct it")

    def to_json(self) -> dict[str, Any]:
        """Return the reference as plain values for `json.dumps`."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, value: object) -> MaskReference:
        """Return the reference that `to_json` wrote."""
        held = dict(checked_object(value, [one.name for one in fields(cls)], "a mask"))
        _need(held, ("lesion", "timepoint", "mask_sha256", "image_sha256"), "a mask")
        return cls(**held)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a reader stated beside the call, in a word of a closed list.

    Parameters
    ----------
    name : what it is about: phase, quality, filling, coronal_plane, artefact, landmark or impression
    value : the word, such as portal_venous, not_visible or much_smaller
    timepoint : label of the visit; None for what is said of all visits together
    about : the lesion or the landmark that it is said of, where it is of one

    Raises
    ------
    ReadingError
        If a name or word has another form.
    """

    name: str
    value: str
    timepoint: str | None = None
    about: str | None = None

    def __post_init__(self) -> None:
        for name in ("name", "value", "timepoint", "about"):
            if name in ("name", "value") or getattr(self, name) is not None:
                _matching(_NAME, getattr(self, name), f"{name} of a fact")

    def to_json(self) -> dict[str, Any]:
        """Return the fact as plain values for `json.dumps`."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, value: object) -> Fact:
        """Return the fact that `to_json` wrote."""
        held = dict(checked_object(value, [one.name for one in fields(cls)], "a fact"))
        _need(held, ("name", "value"), "a fact")
        return cls(**held)


def _need(held: dict[str, Any], names: tuple[str, ...], what: str) -> None:
    missing = [name for name in names if name not in held]
    if missing:
        raise ReadingError(f"{what} has {', '.join(names)}", f"missing: {', '.join(missing)}", "add it")
