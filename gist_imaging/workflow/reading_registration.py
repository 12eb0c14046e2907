"""Bringing the visits of an open case together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gist_imaging.errors import ReadingError

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.proposals import Job, Stop, Tick
    from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["check_registration", "pair_of", "register_job", "registration_between", "set_registration"]


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
    series = (case.visit(first).measured or "", case.visit(second).measured or "")
    return case.act(registration_set(case.state, transform, first, second, series))


def check_registration(case: OpenCase, ok: bool, reason: str | None = None) -> Event:
    """Say that the registration holds, or that it does not and why."""
    from gist_imaging.session.registering import registration_checked

    return case.act(registration_checked(case.state, case.reader, ok, reason))


def registration_between(case: OpenCase, from_visit: str, to_visit: str) -> RigidTransform | None:
    """Return the kept transform from one visit to another; None where there is none for these series.

    Raises
    ------
    ReadingError
        If the reader has found it wrong.
    """
    from gist_imaging.session.making import transform_between

    series = (case.visit(from_visit).measured or "", case.visit(to_visit).measured or "")
    return transform_between(case.state.plain("registration"), from_visit, to_visit, series)


def _named(case: OpenCase, from_visit: str | None, to_visit: str | None) -> tuple[str, str]:
    if from_visit is not None and to_visit is not None:
        return case.visit(from_visit).label, case.visit(to_visit).label
    return pair_of(case)
