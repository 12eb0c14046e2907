"""What is shown of an open case only after the reader's call: change, response and metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import ReadingError

if TYPE_CHECKING:
    from gist_imaging.anatomy.relation_values import RelationSide
    from gist_imaging.anatomy.visit_change import VisitChange
    from gist_imaging.anatomy.visit_relation import VisitRelation
    from gist_imaging.response.compare import Comparison
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["change_numbers", "metrics", "relation_changes"]

# Longer than any version, with two points or more.
_UID = re.compile(r"(?=.{16,64}$)[0-2](\.\d+){2,}")


def change_numbers(case: OpenCase, lesion: str, to_visit: str | None = None) -> Comparison:
    """Return a lesion before and after, the change, and what each set of rules calls it.

    Computed once for the same masks and facts, and kept with the reading that it belongs to.

    Parameters
    ----------
    to_visit : a follow-up; None takes the one of the pair

    Raises
    ------
    ReadingError
        If the call is not committed, or one visit has no mask.
    """
    from gist_imaging.response.compare import compare
    from gist_imaging.session.canvas import checked_lesion
    from gist_imaging.session.results import has_new_lesion, refuse_before_commit, shared_phase
    from gist_imaging.workflow.reading_measures import numbers_in

    state = case.state
    refuse_before_commit(state, case.reveal, "the change")
    checked_lesion(state, lesion)
    first, second = _pair_asked(case, to_visit)
    before, after = numbers_in(case, state, lesion, first), numbers_in(case, state, lesion, second)
    if before is None or after is None:
        raise _no_mask(lesion, first if before is None else second)
    day, later = case.visit(first).day, case.visit(second).day
    days = (day, later) if day is not None and later is not None and day < later else None
    phase, is_new = shared_phase(state, (first, second)), has_new_lesion(state, second)
    inputs = {
        **_mask_inputs(case, state, lesion, first, "before"),
        **_mask_inputs(case, state, lesion, second, "after"),
        "days": str(days),
        "phase": str(phase),
        "new_lesion": str(is_new),
    }

    def computed() -> Comparison:
        return compare(before, after, days=days, phase=phase, new_lesion=is_new)

    found: Comparison = _kept(case, state, f"change:{lesion}:{second}", inputs, computed)
    return found


def metrics(case: OpenCase, lesion: str, visit: str, side: RelationSide | None = None) -> VisitRelation:
    """Return what is measured between tumour and levator ani at a visit, the reader's words first.

    Parameters
    ----------
    side : L, R or midline; None takes what the reader called affected, else the nearer one

    Raises
    ------
    ReadingError
        If the call is not committed, or there is no mask.
    PromptError, MeasurementError
        If a levator ani lies on the other side, or the side is not clear.
    """
    from gist_imaging.session.canvas import checked_lesion
    from gist_imaging.session.results import refuse_before_commit, relation_at

    state = case.state
    refuse_before_commit(state, case.reveal, "a metric")
    checked_lesion(state, lesion)
    mask = state.mask(lesion, visit)
    if mask is None:
        raise ReadingError(
            f"a mask of {lesion} at {visit}", "there is none", "outline it, or say that none is visible"
        )
    volume = case.measured_volume(visit)
    inputs = {
        **_mask_inputs(case, state, lesion, visit, "visit"),
        "given": _given_sha256(state, lesion, visit),
        "side": str(side),
    }

    def computed() -> VisitRelation:
        return relation_at(state, lesion, visit, volume=volume, mask=mask, reader=case.reader, side=side)

    found: VisitRelation = _kept(case, state, f"relation:{lesion}:{visit}", inputs, computed)
    return found


def relation_changes(case: OpenCase, lesion: str, to_visit: str | None = None) -> VisitChange:
    """Return what became of a lesion and its levator ani between two visits, and how far the muscle moved.

    The muscle's own movement (M10) needs the registration of both scans that the case keeps; where there is
    none, or the reader found it wrong, the rest is told and `no_registration` says why.

    Parameters
    ----------
    to_visit : a follow-up; None takes the one of the pair

    Raises
    ------
    ReadingError
        If the call is not committed, or one visit has no mask.
    PromptError, MeasurementError
        If a levator ani lies on the other side, or the side is not clear.
    """
    from gist_imaging.provenance import sha256_of
    from gist_imaging.session.canvas import checked_lesion
    from gist_imaging.session.results import refuse_before_commit, relation_change_of

    state = case.state
    refuse_before_commit(state, case.reveal, "a metric")
    checked_lesion(state, lesion)
    first, second = _pair_asked(case, to_visit)
    before, after = state.mask(lesion, first), state.mask(lesion, second)
    if before is None or after is None:
        raise _no_mask(lesion, first if before is None else second)
    registration = _registration_or_why(case, first, second)
    inputs = {
        **_mask_inputs(case, state, lesion, first, "before"),
        **_mask_inputs(case, state, lesion, second, "after"),
        "given": _given_sha256(state, lesion, first, second),
        "registration": sha256_of(registration if isinstance(registration, str) else registration.to_json()),
    }

    def computed() -> VisitChange:
        return relation_change_of(
            state,
            lesion,
            (first, second),
            volumes=(case.measured_volume(first), case.measured_volume(second)),
            masks=(before, after),
            reader=case.reader,
            registration=registration,
        )

    found: VisitChange = _kept(case, state, f"relation_change:{lesion}:{second}", inputs, computed)
    return found


def _pair_asked(case: OpenCase, to_visit: str | None) -> tuple[str, str]:
    """Return the baseline and the follow-up that is asked about, None for that of the pair."""
    from gist_imaging.workflow.reading_registration import pair_of

    first, second = pair_of(case)
    return first, second if to_visit is None else case.visit(to_visit).label


def _no_mask(lesion: str, visit: str) -> ReadingError:
    return ReadingError(
        f"a mask of {lesion} at both visits",
        f"there is none at {visit}",
        "outline it there, or say that no tumour is visible",
    )


def _given_sha256(state: CaseState, lesion: str, *visits: str) -> str:
    """Return the hash of all marks and words that a relation is measured from."""
    from gist_imaging.provenance import sha256_of

    return sha256_of(
        [
            [list(key), value]
            for visit in visits
            for start in (("levator", visit), ("landmark", visit), ("call", visit, lesion, "relation"))
            for key, value in state.plain_under(*start)
        ]
    )


def _registration_or_why(case: OpenCase, first: str, second: str) -> RigidTransform | str:
    """Return the kept transform, else why there is none that counts."""
    from gist_imaging.workflow.reading_registration import registration_between, registration_state

    if registration_state(case, first, second) == "rejected":
        return "the reader found the registration of both scans wrong"
    known = registration_between(case, first, second)
    return "both scans are not registered; register them on the Look page" if known is None else known


def _kept(
    case: OpenCase, state: CaseState, name: str, inputs: dict[str, str], computed: Callable[[], Any]
) -> Any:
    """Return a result from memory, else compute it and keep it beside the committed reading."""
    key = (name, *sorted(inputs.items()))
    held = case.memory.kept(key)
    if held is None:
        held = computed()
        case.memory.keep(key, held)
        commit, archive = state.plain("commit"), case.archive
        if commit is not None and archive is not None and not case.read_only:
            value = _without_uids(held.to_json())
            archive.put_derived(case.case, name, commit["sha256"], inputs, value)
    return held


def _without_uids(value: Any) -> Any:
    """Return a plain value without UIDs: those of the patient's series stay in the link file."""
    if isinstance(value, dict):
        return {name: _without_uids(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_uids(one) for one in value]
    return "" if isinstance(value, str) and _UID.fullmatch(value) else value


def _mask_inputs(case: OpenCase, state: CaseState, lesion: str, visit: str, when: str) -> dict[str, str]:
    mask = state.mask(lesion, visit)
    return {
        f"mask_{when}": "none" if mask is None else case.memory.mask_sha256(mask),
        f"image_{when}": case.memory.image_sha256(case.measured_volume(visit)),
    }
