"""The registrations of a case: one for each pair of visits, and whether the reader has looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.session.event import Event, changed
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.register_transform import RigidTransform

__all__ = [
    "Pair",
    "entry_between",
    "registration_checked",
    "registration_entry",
    "registration_set",
    "transform_between",
    "with_registration",
]

Cell = Mapping[str, Any]
Pair = tuple[tuple[str, str], tuple[str, str]]
"""Two visits, each with the key of its measured series: the first is the fixed one."""

_KEY = ("registration",)


def registration_entry(transform: RigidTransform, pair: Pair) -> dict[str, Any]:
    """Return what is kept of a transform that nobody has looked at yet."""
    (first, fixed), (second, moving) = pair
    return {
        "from": first,
        "to": second,
        "series": [fixed, moving],
        "transform": transform.to_json(),
        "error_95_mm": transform.error_95_mm,
        "state": "unchecked",
        "by": None,
        "reason": None,
    }


def with_registration(cell: Cell | None, entry: Cell) -> dict[str, Any]:
    """Return the cell with an entry in front; those of other visits stay behind it, under "others"."""
    held = [] if cell is None else [_alone(cell), *cell.get("others", ())]
    visits = {entry["from"], entry["to"]}
    return {**_alone(entry), "others": [one for one in held if {one["from"], one["to"]} != visits]}


def entry_between(cell: Cell | None, pair: Pair) -> Cell | None:
    """Return what is kept of two visits in either direction; None where nothing is kept for these series."""
    forward = sorted(pair)
    held: list[Cell] = [] if cell is None else [_alone(cell), *cell.get("others", ())]
    for one in held:
        if sorted(zip((one["from"], one["to"]), one["series"], strict=True)) == forward:
            return one
    return None


def transform_between(cell: Cell | None, pair: Pair) -> RigidTransform | None:
    """Return the kept transform from the first visit to the second, or None where none is kept.

    Raises
    ------
    ReadingError
        If the reader has looked at it and found it wrong.
    """
    entry = entry_between(cell, pair)
    if entry is None:
        return None
    if entry["state"] == "rejected":
        raise ReadingError(
            "a registration that the reader has not found wrong",
            f"this one was: {entry['reason']}",
            "outline on this visit itself, or register again",
        )
    transform = RigidTransform.from_json(entry["transform"])
    return transform if entry["from"] == pair[0][0] else transform.inverse()


def registration_set(state: CaseState, transform: RigidTransform, pair: Pair) -> Event:
    """Return the event that keeps a transform between two visits; nobody has looked at it yet."""
    old = state.plain(*_KEY)
    new = with_registration(old, registration_entry(transform, pair))
    label = f"register {pair[0][0]} with {pair[1][0]}"
    return Event("act", "set_registration", label, (changed(_KEY, old, new),))


def registration_checked(state: CaseState, pair: Pair, by: str, ok: bool, reason: str | None = None) -> Event:
    """Return the event by which the reader says that a registration holds, or that it does not and why.

    Raises
    ------
    ReadingError
        If there is none, or it is rejected without a reason.
    """
    old: Cell | None = state.plain(*_KEY)
    entry = entry_between(old, pair)
    if entry is None:
        raise ReadingError("a registration to check", "there is none", "copy a mask, or register first")
    said = (reason or "").strip() or None
    if not ok and said is None:
        raise ReadingError(
            "a rejected registration has a reason", "got none", "say what does not lie on what"
        )
    new = with_registration(old, {**entry, "state": "ok" if ok else "rejected", "by": by, "reason": said})
    label = "registration is right" if ok else "registration is wrong"
    return Event("act", "check_registration", label, (changed(_KEY, old, new),))


def _alone(entry: Cell) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "others"}
