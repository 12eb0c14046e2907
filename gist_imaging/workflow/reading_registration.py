"""Bringing the visits of an open case together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gist_imaging.errors import ReadingError

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.proposals import Job, Stop, Tick
    from gist_imaging.session.registering import Pair
    from gist_imaging.spatial.register_transform import RigidTransform

__all__ = [
    "check_registration",
    "pair_of",
    "register_job",
    "registration_between",
    "registration_state",
    "set_registration",
]


def pair_of(case: OpenCase) -> tuple[str, str]:
    """Return baseline and follow-up: the one that was chosen on the screen, else by role, else in time order.

    Raises
    ------
    ReadingError
        If there is only one visit.
    """
    first = next((visit for visit in case.visits if visit.role == "baseline"), None) or next(
        iter(case.visits), None
    )
    later = [visit for visit in case.visits if visit is not first]
    chosen = case.state.plain("view", "followup")
    second = (
        next((visit for visit in later if visit.label == chosen), None)
        or next((visit for visit in later if visit.role == "follow_up"), None)
        or next(iter(later), None)
    )
    if first is None or second is None:
        raise ReadingError("a baseline and a follow-up", f"{len(case.visits)} visit", "import the other one")
    return first.label, second.label


def register_job(
    case: OpenCase, from_visit: str | None = None, to_visit: str | None = None
) -> Job[RigidTransform]:
    """Return the work that finds the transform from one visit to another; by default of the pair.

    The result goes to `set_registration`. Where the images cannot be matched the work raises
    `RegistrationError`, which says what to do.
    """
    from gist_imaging.session.making import found_registration
    from gist_imaging.session.proposals import Job

    first, second = _named(case, from_visit, to_visit)
    fixed, moving = case.measured_volume(first), case.measured_volume(second)

    def work(progress: Tick | None, cancelled: Stop | None) -> RigidTransform:
        return found_registration(fixed, moving, progress, cancelled)

    return Job("register", f"Register {first} with {second}", work)


def set_registration(
    case: OpenCase, transform: RigidTransform, from_visit: str | None = None, to_visit: str | None = None
) -> Event:
    """Keep a transform from one visit to another; it counts as unchecked until the reader looked."""
    from gist_imaging.session.registering import registration_set

    first, second = _named(case, from_visit, to_visit)
    return case.act(registration_set(case.state, transform, measured_pair(case, first, second)))


def check_registration(
    case: OpenCase,
    ok: bool,
    reason: str | None = None,
    from_visit: str | None = None,
    to_visit: str | None = None,
) -> Event:
    """Say that the registration of two visits, by default of the pair, holds, or that it does not and why."""
    from gist_imaging.session.registering import registration_checked

    pair = measured_pair(case, *_named(case, from_visit, to_visit))
    return case.act(registration_checked(case.state, pair, case.reader, ok, reason))


def registration_between(case: OpenCase, from_visit: str, to_visit: str) -> RigidTransform | None:
    """Return the kept transform from one visit to another; None where there is none for these series.

    Raises
    ------
    ReadingError
        If the reader has found it wrong.
    """
    from gist_imaging.session.registering import transform_between

    return transform_between(case.state.plain("registration"), measured_pair(case, from_visit, to_visit))


def registration_state(
    case: OpenCase, from_visit: str, to_visit: str
) -> Literal["none", "unchecked", "ok", "rejected"]:
    """Return what the reader thinks of the registration of two visits; none where none is kept."""
    from gist_imaging.session.registering import entry_between

    entry = entry_between(case.state.plain("registration"), measured_pair(case, from_visit, to_visit))
    found: Literal["none", "unchecked", "ok", "rejected"] = "none" if entry is None else entry["state"]
    return found


def measured_pair(case: OpenCase, from_visit: str, to_visit: str) -> Pair:
    """Return two visits with the keys of their measured series."""
    first, second = case.visit(from_visit), case.visit(to_visit)
    return (first.label, first.measured or ""), (second.label, second.measured or "")


def _named(case: OpenCase, from_visit: str | None, to_visit: str | None) -> tuple[str, str]:
    if from_visit is not None and to_visit is not None:
        return case.visit(from_visit).label, case.visit(to_visit).label
    return pair_of(case)
