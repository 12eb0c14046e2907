"""Landmarks that a reader placed, copied from another visit, or could not see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.landmarks import Landmark, LandmarkName, Landmarks
from gist_imaging.anatomy.levator_checks import Midline
from gist_imaging.anatomy.pelvic_frame import pelvic_frame
from gist_imaging.errors import MeasurementError, ReadingError
from gist_imaging.session.event import Event, changed
from gist_imaging.session.lesions import read_word
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.register_transform import RigidTransform

__all__ = [
    "landmark_placed",
    "landmark_questions",
    "landmarks_copied",
    "landmarks_of",
    "landmarks_verified",
    "midline_of",
]

_SIDES = {"left": 1.0, "right": -1.0}


def landmarks_of(
    state: CaseState, visit: str, frame_uid: str | None = None, images: Iterable[Geometry] = ()
) -> Landmarks:
    """Return the landmarks that have a place at a visit.

    Parameters
    ----------
    images : series of the visit; landmarks on none of them count as out of the field. None: not asked
    """
    placed = tuple(
        Landmark(LandmarkName(key[2]), value["point_mm"])
        for key, value in state.plain_under("landmark", visit)
        if value["point_mm"] is not None
    )
    found = Landmarks(placed, frame_uid)
    grids = tuple(images)
    return found.within(*grids) if grids else found


def midline_of(state: CaseState, visit: str) -> tuple[Midline | None, str]:
    """Return the plane between left and right that the landmarks give, else None and why not."""
    try:
        frame = pelvic_frame(landmarks_of(state, visit))
    except MeasurementError as error:
        return None, str(error)
    return Midline(frame.origin_mm, frame.axes[:, 0]), ""


def landmark_placed(state: CaseState, visit: str, name: str, point_mm: npt.ArrayLike | None) -> Event:
    """Return the event that places a landmark; a point of None says that it is not visible.

    `details["question"]` asks where its side and the midline contradict each other.

    Raises
    ------
    ReadingError, PromptError
        If there is no such landmark, or the point is none.
    """
    known = read_word(LandmarkName, name, "a landmark")
    point = None
    if point_mm is not None:
        # A click comes as (3,) or as one row.
        row = np.asarray(point_mm, dtype=np.float64).reshape(-1).tolist()
        point = list(Landmark(known, tuple(row)).point_mm)  # type: ignore[arg-type]
    key = ("landmark", visit, str(known))
    new = {"point_mm": point, "status": "placed"}
    change = changed(key, state.plain(*key), new)
    after = replace(state, cells={**state.cells, key: new})
    question = next((told for at, told in landmark_questions(after, visit) if at == known), None)
    label = f"{known.words} {visit}" + (": not visible" if point is None else "")
    return Event("act", "place_landmark", label, (change,), details={"question": question})


def landmarks_copied(state: CaseState, from_visit: str, to_visit: str, transform: RigidTransform) -> Event:
    """Return the event that carries landmarks to another visit as copied ones; placed ones there stay.

    Raises
    ------
    ReadingError
        If there is nothing to copy.
    """
    changes = []
    for key, value in state.plain_under("landmark", from_visit):
        there = ("landmark", to_visit, key[2])
        held = state.plain(*there)
        if value["point_mm"] is None or (held is not None and held["status"] != "copied"):
            continue
        new = {"point_mm": transform.apply(value["point_mm"]).tolist(), "status": "copied"}
        if new != held:
            changes.append(changed(there, held, new))
    if not changes:
        raise ReadingError(
            f"landmarks at {from_visit} that {to_visit} has not yet",
            "there are none",
            f"place some at {from_visit}",
        )
    label = f"copy {len(changes)} landmarks to {to_visit}"
    return Event(
        "act", "copy_landmarks", label, tuple(changes), details={"error_95_mm": transform.error_95_mm}
    )


def landmarks_verified(state: CaseState, visit: str, name: str | None = None) -> Event:
    """Return the event by which the reader stands behind copied landmarks where they lie: one, or all."""
    changes = [
        changed(key, value, {**value, "status": "verified"})
        for key, value in state.plain_under("landmark", visit)
        if value["status"] == "copied" and name in (None, key[2])
    ]
    if not changes:
        raise ReadingError(f"copied landmarks at {visit}", "there are none", "copy or place them first")
    return Event("act", "verify_landmarks", f"verify {len(changes)} landmarks {visit}", tuple(changes))


def landmark_questions(state: CaseState, visit: str) -> list[tuple[LandmarkName, str]]:
    """Return each landmark that lies on the other side than its name says, with the question to ask.

    The midline is that of the landmarks; where these give none, left and right of a pair are compared.
    """
    marks = landmarks_of(state, visit)
    midline, _ = midline_of(state, visit)
    if midline is None:
        return _swapped_pairs(marks)
    found = []
    for mark in marks.placed:
        side = mark.name.rpartition("_")[2]
        if side not in _SIDES:
            continue
        beyond = -_SIDES[side] * float(midline.left_of(np.asarray(mark.point_mm)))
        if beyond > 0.0:
            other = "right" if side == "left" else "left"
            found.append(
                (
                    mark.name,
                    f"{mark.name.words} lies {beyond:.0f} mm to the {other} of the midline: "
                    "swap both, move it, or keep it with a reason?",
                )
            )
    return found


def _swapped_pairs(marks: Landmarks) -> list[tuple[LandmarkName, str]]:
    points = {mark.name.value: mark.point_mm for mark in marks.placed}
    found = []
    for name, left in points.items():
        other = name.removesuffix("_left") + "_right"
        # In LPS, x grows to the patient's left.
        if not name.endswith("_left") or other not in points or left[0] > points[other][0]:
            continue
        away = points[other][0] - left[0]
        told = f"{LandmarkName(name).words} lies {away:.0f} mm to the right of the right one: swap both?"
        found += [(LandmarkName(name), told), (LandmarkName(other), told)]
    return found
