"""Setting, checking and rejecting the registration of two visits."""

from __future__ import annotations

from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.session.event import Event, changed
from gist_imaging.session.making import registration_cell
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["registration_checked", "registration_set"]

_KEY = ("registration",)


def registration_set(
    state: CaseState, transform: RigidTransform, from_visit: str, to_visit: str, series: tuple[str, str]
) -> Event:
    """Return the event that keeps a transform between two visits; nobody has looked at it yet."""
    new = registration_cell(transform, from_visit, to_visit, series)
    label = f"register {from_visit} with {to_visit}"
    return Event("act", "set_registration", label, (changed(_KEY, state.plain(*_KEY), new),))


def registration_checked(state: CaseState, by: str, ok: bool, reason: str | None = None) -> Event:
    """Return the event by which the reader says that the registration holds, or that it does not and why.

    Raises
    ------
    ReadingError
        If there is none, or it is rejected without a reason.
    """
    old: dict[str, Any] | None = state.plain(*_KEY)
    if old is None:
        raise ReadingError("a registration to check", "there is none", "copy a mask, or register first")
    said = (reason or "").strip() or None
    if not ok and said is None:
        raise ReadingError(
            "a rejected registration has a reason", "got none", "say what does not lie on what"
        )
    new = {**old, "state": "ok" if ok else "rejected", "by": by, "reason": said}
    label = "registration is right" if ok else "registration is wrong"
    return Event("act", "check_registration", label, (changed(_KEY, old, new),))
