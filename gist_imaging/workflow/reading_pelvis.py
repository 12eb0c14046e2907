"""What a reader states and places in the pelvis: facts, landmarks, strokes along the levator ani."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gist_imaging.errors import ReadingError

if TYPE_CHECKING:
    import numpy.typing as npt

    from gist_imaging.anatomy.levator import LevatorReport
    from gist_imaging.anatomy.surface import LevatorSurface
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase

__all__ = [
    "add_levator_stroke",
    "copy_landmarks",
    "keep_note",
    "landmark_questions",
    "levator_surface",
    "place_landmark",
    "remove_levator_stroke",
    "state_fact",
    "verify_landmarks",
]


def state_fact(case: OpenCase, visit: str, name: str, value: str | None) -> Event:
    """State phase, quality, filling, coronal_plane or artefact of a visit; None takes it back."""
    from gist_imaging.session.facts import fact_stated

    return case.act(fact_stated(case.state, case.visit(visit).label, name, value))


def keep_note(case: OpenCase, visit: str, text: str | None) -> Event:
    """Keep free text beside a visit; it stays in the study folder."""
    from gist_imaging.session.facts import note_kept

    return case.act(note_kept(case.state, case.visit(visit).label, text))


def place_landmark(case: OpenCase, visit: str, name: str, point_mm: npt.ArrayLike | None) -> Event:
    """Place a landmark, or say that it is not visible (None).

    Returns
    -------
    The event; `details["question"]` asks where its side and the midline contradict each other
    """
    from gist_imaging.session.landmarks_given import landmark_placed

    return case.act(landmark_placed(case.state, case.visit(visit).label, name, point_mm))


def copy_landmarks(case: OpenCase, from_visit: str, to_visit: str) -> Event:
    """Carry landmarks to another visit through the kept registration, as copied ones.

    Raises
    ------
    ReadingError
        If no registration of these scans is kept, or there is nothing to copy.
    """
    from gist_imaging.session.landmarks_given import landmarks_copied
    from gist_imaging.workflow.reading_registration import registration_between

    transform = registration_between(case, case.visit(from_visit).label, case.visit(to_visit).label)
    if transform is None:
        raise ReadingError(
            f"a registration of {from_visit} and {to_visit}", "none is kept", "register first, or copy a mask"
        )
    return case.act(landmarks_copied(case.state, from_visit, to_visit, transform))


def verify_landmarks(case: OpenCase, visit: str, name: str | None = None) -> Event:
    """Stand behind copied landmarks where they lie: one of them, or all."""
    from gist_imaging.session.landmarks_given import landmarks_verified

    return case.act(landmarks_verified(case.state, case.visit(visit).label, name))


def landmark_questions(case: OpenCase, visit: str) -> tuple[tuple[str, str], ...]:
    """Return each landmark on the other side than its name says, with the question to ask."""
    from gist_imaging.session.landmarks_given import landmark_questions as questions

    return tuple((str(name), told) for name, told in questions(case.state, visit))


def add_levator_stroke(case: OpenCase, visit: str, side: str, points_mm: npt.ArrayLike) -> Event:
    """Keep a stroke along the levator ani of the patient's side "L" or "R".

    Returns
    -------
    The event; `details["question"]` asks where the side seems wrong and no midline is known
    """
    from gist_imaging.session.levator_given import stroke_added

    return case.act(stroke_added(case.state, case.visit(visit).label, side, points_mm))


def remove_levator_stroke(case: OpenCase, visit: str, side: str, number: str | int | None = None) -> Event:
    """Take a stroke away; without a number the last one of the side."""
    from gist_imaging.session.levator_given import stroke_removed

    return case.act(stroke_removed(case.state, visit, side, number))


def levator_surface(case: OpenCase, visit: str, side: str) -> tuple[LevatorSurface, LevatorReport]:
    """Return the surface through the strokes of a side, and what to know about it; three strokes or more.

    Computed once for the same strokes, landmarks and image.
    """
    from gist_imaging.provenance import sha256_of
    from gist_imaging.session.levator_given import surface_of

    volume = case.measured_volume(visit)
    given = [
        [list(key), value] for kind in ("levator", "landmark") for key, value in case.state.under(kind, visit)
    ]
    inputs = ("levator", side, sha256_of(given), case.memory.image_sha256(volume))
    held: tuple[LevatorSurface, LevatorReport] | None = case.memory.kept(inputs)
    if held is None:
        held = surface_of(case.state, visit, side, volume)
        case.memory.keep(inputs, held)
    return held
