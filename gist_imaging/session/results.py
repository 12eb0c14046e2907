"""What is computed from a reader's masks, marks and words once the call is committed."""

from __future__ import annotations

from dataclasses import replace

from gist_imaging.anatomy.relation_values import RelationSide
from gist_imaging.anatomy.surface import Side
from gist_imaging.anatomy.visit_change import VisitChange, visit_change
from gist_imaging.anatomy.visit_relation import VisitRelation, VisitScene, visit_relation
from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.session.call_form import AXES, SIDES, relation_from
from gist_imaging.session.calls import COMMIT_FIRST, answers_of, is_committed
from gist_imaging.session.landmarks_given import landmarks_of
from gist_imaging.session.lesions import Fate, Role
from gist_imaging.session.levator_given import strokes_of, surface_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.spatial.volume import Volume
from gist_imaging.study.case import ContrastPhase

__all__ = [
    "affected_sides",
    "has_new_lesion",
    "refuse_before_commit",
    "relation_at",
    "relation_change_of",
    "shared_phase",
]

_LATERAL: tuple[Side, ...] = ("L", "R")
_UNAFFECTED = {"contact": ("none",), "displacement": ("none",), "invasion": ("no",)}


def refuse_before_commit(state: CaseState, reveal: str, what: str) -> None:
    """Refuse what would show the program's opinion before the reader's own.

    Parameters
    ----------
    reveal : of the study; "always" refuses nothing

    Raises
    ------
    ReadingError
        Says to commit the call first.
    """
    if reveal != "always" and not is_committed(state):
        raise ReadingError(f"a committed call before {what} is shown", "it is a draft", COMMIT_FIRST)


def shared_phase(state: CaseState, visits: tuple[str, str]) -> ContrastPhase:
    """Return the contrast phase that the reader stated for both visits; unknown where they differ."""
    stated = {state.plain("fact", visit, "phase") for visit in visits}
    (one, *others) = stated
    return ContrastPhase.UNKNOWN if others or one is None else ContrastPhase(one)


def has_new_lesion(state: CaseState, visit: str) -> bool:
    """Return whether the reader found a new lesion at a visit."""
    return any(
        lesion["role"] == Role.NEW or (state.plain("fate", key[1], visit) or {}).get("word") == Fate.NEW
        for key, lesion in state.plain_under("lesion")
        if state.mask(key[1], visit) is not None
    )


def affected_sides(state: CaseState, lesion: str, visit: str) -> tuple[Side, ...]:
    """Return the lateral sides on which the reader called a finding."""
    answers = answers_of(state, visit, lesion, "relation")
    return tuple(
        side
        for side in _LATERAL
        if any(
            (word := answers.get((side, axis))) is not None
            and word not in (*_UNAFFECTED[axis], "not_assessable")
            for axis in AXES
        )
    )


def scene_at(
    state: CaseState, lesion: str, visit: str, *, volume: Volume, mask: Mask, reader: str
) -> tuple[VisitScene, tuple[str, ...]]:
    """Return what one visit gives of tumour and levator ani, and what could not be used of it."""
    surfaces, reports, notes = {}, {}, []
    for one in _LATERAL:
        if strokes_of(state, visit, one):
            try:
                surfaces[one], reports[one] = surface_of(state, visit, one, volume)
            except PromptError as error:
                notes.append(f"side {one} has no surface: {error}")
    answers = answers_of(state, visit, lesion, "relation")
    calls = (relation_from(answers, lesion, visit, reader, each) for each in SIDES)
    scene = VisitScene(
        volume,
        mask,
        dict(surfaces),
        landmarks_of(state, visit, volume.geometry.frame_uid),
        reports,
        calls=tuple(call for call in calls if call is not None),
    )
    return scene, tuple(notes)


def relation_at(
    state: CaseState,
    lesion: str,
    visit: str,
    *,
    volume: Volume,
    mask: Mask,
    reader: str,
    side: RelationSide | None = None,
) -> VisitRelation:
    """Return what one visit says about tumour and levator ani, the reader's words first.

    Parameters
    ----------
    side : that is measured; None takes what the reader called affected, else the nearer one

    Raises
    ------
    PromptError, MeasurementError
        If a levator ani lies on the other side, or neither is clearly nearer.
    """
    scene, notes = scene_at(state, lesion, visit, volume=volume, mask=mask, reader=reader)
    affected = affected_sides(state, lesion, visit)
    bilateral = side is None and len(affected) == 2
    chosen = affected[0] if side is None and len(affected) == 1 else side
    found = visit_relation(scene, chosen, bilateral=bilateral)
    return replace(found, notes=(*notes, *found.notes))


def relation_change_of(
    state: CaseState,
    lesion: str,
    visits: tuple[str, str],
    *,
    volumes: tuple[Volume, Volume],
    masks: tuple[Mask, Mask],
    reader: str,
    registration: RigidTransform | str,
) -> VisitChange:
    """Return what became of tumour and levator ani, on the side that is affected at the first visit.

    Where no side is called at the first visit it is that of the second, else the nearer one.

    Parameters
    ----------
    registration : from the first visit to the second, or why there is none

    Raises
    ------
    PromptError, MeasurementError
        If a levator ani lies on the other side, or neither is clearly nearer.
    """
    (before, first), (after, second) = (
        scene_at(state, lesion, visit, volume=volume, mask=mask, reader=reader)
        for visit, volume, mask in zip(visits, volumes, masks, strict=True)
    )
    called = [affected_sides(state, lesion, visit) for visit in visits]
    affected = next((sides for sides in called if sides), ())
    found = visit_change(
        before,
        after,
        affected[0] if len(affected) == 1 else None,
        bilateral=len(affected) == 2,
        registration=registration,
    )
    return replace(
        found,
        before=replace(found.before, notes=(*first, *found.before.notes)),
        after=replace(found.after, notes=(*second, *found.after.notes)),
    )
