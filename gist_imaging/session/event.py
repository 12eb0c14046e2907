"""What one action of a reader changed, as a value that can be stored, undone and replayed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from gist_imaging.errors import ReadingError
from gist_imaging.segment.refine_edit import Edit
from gist_imaging.session.cells import MASK_KINDS, CellKey, Plain, checked_key, checked_plain
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["Change", "Event", "EventKind", "MaskChange", "changed", "mask_changed"]

EventKind = Literal["act", "view", "undo", "redo", "barrier"]
"""act: can be undone. view: where the reader looks; no step of its own. undo, redo: of the event `of`.
barrier: a commit; nothing before it can be undone."""

FORMAT = 1
"""Version of the stored form; a reader of events refuses a later one."""

_LARGEST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Change:
    """One plain cell, before and after; None means that the cell is not there."""

    key: CellKey
    old: Plain
    new: Plain

    def reversed(self) -> Change:
        """Return the change that takes this one back."""
        return Change(self.key, self.new, self.old)


@dataclass(frozen=True, slots=True, eq=False)
class MaskChange:
    """One cell that holds a mask, before and after.

    Parameters
    ----------
    geometry : grid of the mask
    edit : voxels that changed; against the empty mask where there was none before or is none after
    was_there, is_there : whether the cell held a mask before and holds one after
    structure, lesion_id : those of the mask
    sha256 : of the mask after, to verify a replay; "" where there is none
    made : the masks before and after as the action had them, so that applying it need not copy a whole grid;
        dropped by `bare` before the change is kept, and never stored
    """

    key: CellKey
    geometry: Geometry
    edit: Edit
    was_there: bool
    is_there: bool
    structure: str = "tumour"
    lesion_id: str | None = None
    sha256_before: str = ""
    sha256: str = ""
    made: tuple[Mask | None, Mask] | None = field(default=None, repr=False)

    def bare(self) -> MaskChange:
        """Return the change without the masks themselves; voxels that differ are enough."""
        return self if self.made is None else replace(self, made=None)

    def reversed(self) -> MaskChange:
        """Return the change that takes this one back."""
        runs = self.edit.runs.copy()
        runs[:, 2] = 1 - runs[:, 2]
        edit = Edit(self.edit.name, self.edit.shape, runs, self.edit.after, self.edit.before)
        return MaskChange(
            self.key, self.geometry, edit, self.is_there, self.was_there, self.structure, self.lesion_id,
            self.sha256, self.sha256_before,
        )  # fmt: skip

    def applied(self, mask: Mask | None) -> Mask | None:
        """Return the mask after, given the one before.

        Raises
        ------
        MaskError, ReadingError
            If it is not the mask that the change was made on.
        """
        if (mask is not None) != self.was_there:
            raise ReadingError(
                f"cell {' '.join(self.key)} {'holds' if self.was_there else 'has no'} mask before this step",
                "found the opposite",
                "replay the journal from its beginning",
            )
        if not self.is_there:
            return None
        if self.made is not None and self.made[0] is mask:
            return self.made[1]
        before = mask if mask is not None else Mask.empty(self.geometry, self.structure, self.lesion_id)
        return self.edit.apply(before)


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One action of a reader.

    Parameters
    ----------
    kind : see `EventKind`
    name : the action, such as "brush"; words and underscores
    label : the same for people, such as "brush POST slice 44"; for the undo list
    changes : the cells that changed; none for undo and redo
    of : for undo and redo, the sequence number of the event
    seq : position in the journal, from 1; 0 before it is appended
    at_utc : ISO time to the millisecond when it happened, "" before it is appended
    details : what else is worth keeping (tool, parameters, seconds); plain values
    """

    kind: EventKind
    name: str
    label: str
    changes: tuple[Change | MaskChange, ...] = ()
    of: int = 0
    seq: int = 0
    at_utc: str = ""
    details: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in get_args(EventKind) or not self.name:
            raise ReadingError(f"an event is one of {', '.join(get_args(EventKind))}", f"got {self.kind!r}")
        if (self.kind in ("undo", "redo")) != (self.of > 0):
            raise ReadingError("undo and redo name the event, no other does", f"got {self.kind} of {self.of}")
        keys = [change.key for change in self.changes]
        if len(set(keys)) != len(keys):
            raise ReadingError("an event changes each cell once", f"{self.name} changes one twice")
        object.__setattr__(self, "changes", tuple(self.changes))
        object.__setattr__(self, "details", checked_plain(("event",), dict(self.details)))

    def to_bytes(self) -> bytes:
        """Return the stored form, without `seq` and `at_utc`, which the journal keeps beside it."""
        text = json.dumps(
            {
                "format": FORMAT,
                "kind": self.kind,
                "name": self.name,
                "label": self.label,
                "of": self.of,
                "changes": [_change_json(change) for change in self.changes],
                "details": dict(self.details),
            },
            separators=(",", ":"),
            sort_keys=True,
            allow_nan=False,
        )
        return zlib.compress(text.encode("utf-8"), 1)

    def bare(self) -> Event:
        """Return the event as it is kept: without the masks that it was made of."""
        changes = tuple(one.bare() if isinstance(one, MaskChange) else one for one in self.changes)
        return replace(self, changes=changes)

    @classmethod
    def from_bytes(cls, stored: bytes, seq: int, at_utc: str) -> Event:
        """Return the event that `to_bytes` wrote.

        Raises
        ------
        ReadingError
            If the bytes are no event, or one of a later version.
        """
        try:
            inflate = zlib.decompressobj()
            held = json.loads(inflate.decompress(stored, _LARGEST_BYTES))
            if held["format"] != FORMAT:
                raise ReadingError(
                    f"an event of format {FORMAT}", f"found {held['format']}", "use the version that wrote it"
                )
            changes = tuple(_change_of(change) for change in held["changes"])
            return cls(
                held["kind"], held["name"], held["label"], changes, held["of"], seq, at_utc, held["details"]
            )
        except (zlib.error, KeyError, TypeError, ValueError) as error:
            raise ReadingError(
                f"event {seq} of the journal can be read",
                f"found {type(error).__name__}",
                "run `gist-imaging study verify`, then restore the last backup if it says so",
            ) from error


def changed(key: CellKey, old: Plain, new: Plain) -> Change:
    """Return the change of a plain cell; values are copied."""
    key = checked_key(key)
    if key[0] in MASK_KINDS:
        raise ReadingError(f"cell {' '.join(key)} holds a mask", "got a plain value", "use mask_changed")
    return Change(key, checked_plain(key, old), checked_plain(key, new))


def mask_changed(key: CellKey, old: Mask | None, new: Mask | None, name: str) -> MaskChange:
    """Return the change of a cell that holds a mask.

    Raises
    ------
    MaskError
        If both masks lie on different grids; put the old one away first.
    """
    key = checked_key(key)
    one = new if new is not None else old
    if key[0] not in MASK_KINDS or one is None:
        raise ReadingError(
            f"cell {' '.join(key)} holds a mask before or after", "got none", "correct the key"
        )
    nothing = Mask.empty(one.geometry, one.structure, one.lesion_id)
    before, after = old if old is not None else nothing, new if new is not None else nothing
    edit = Edit.between(before, after, name)
    # What a replay gives has the structure and the grid of the mask before; only then is it this very mask.
    is_alike = old is None or (
        new is not None
        and (old.structure, old.lesion_id) == (new.structure, new.lesion_id)
        and old.geometry is new.geometry
    )
    return MaskChange(
        key, one.geometry, edit, old is not None, new is not None, one.structure, one.lesion_id,
        "" if old is None else old.sha256(), "" if new is None else new.sha256(),
        (old, new) if new is not None and is_alike else None,
    )  # fmt: skip


def _change_json(change: Change | MaskChange) -> dict[str, Any]:
    if isinstance(change, Change):
        return {"key": list(change.key), "old": change.old, "new": change.new}
    edit = change.edit.to_json()
    # Runs rise: what is stored is the way from one to the next, which packs far better.
    steps = np.diff(change.edit.runs[:, 0], prepend=0)
    packed = np.stack([steps, change.edit.runs[:, 1], change.edit.runs[:, 2]], axis=1)
    edit["runs"] = base64.b64encode(zlib.compress(packed.astype("<i8").tobytes(), 1)).decode("ascii")
    return {
        "key": list(change.key),
        "grid": change.geometry.to_json(),
        "edit": edit,
        "there": [change.was_there, change.is_there],
        "structure": change.structure,
        "lesion_id": change.lesion_id,
        "sha256": [change.sha256_before, change.sha256],
    }


def _change_of(held: Mapping[str, Any]) -> Change | MaskChange:
    key = checked_key(held["key"])
    if "edit" not in held:
        return Change(key, held["old"], held["new"])
    raw = zlib.decompress(base64.b64decode(held["edit"]["runs"]))
    runs = np.frombuffer(raw, dtype="<i8").astype(np.int64).reshape(-1, 3).copy()
    runs[:, 0] = np.cumsum(runs[:, 0])
    edit = Edit.from_json({**held["edit"], "runs": runs})
    was, is_there = held["there"]
    before, after = held["sha256"]
    return MaskChange(
        key,
        geometry_of(held["grid"]),
        edit,
        was,
        is_there,
        held["structure"],
        held["lesion_id"],
        before,
        after,
    )


def geometry_of(held: Mapping[str, Any]) -> Geometry:
    """Return the grid that `Geometry.to_json` wrote."""
    k, j, i = held["shape"]
    return Geometry((k, j, i), np.asarray(held["affine"]), held["frame_uid"], held["physical"])


def masks_touched(changes: Iterable[Change | MaskChange]) -> tuple[CellKey, ...]:
    """Return the keys of the masks that `changes` change."""
    return tuple(change.key for change in changes if isinstance(change, MaskChange))
