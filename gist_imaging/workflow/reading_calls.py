"""The reader's call in an open case: answering, committing, revising, and what is shown only afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import ReadingError, StoreError

if TYPE_CHECKING:
    from gist_imaging.anatomy.relation_values import RelationSide
    from gist_imaging.anatomy.visit_relation import VisitRelation
    from gist_imaging.response.compare import Comparison
    from gist_imaging.session.calls import Question
    from gist_imaging.session.committing import CallChange
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import Archive, OpenCase
    from gist_imaging.session.state import CaseState
    from gist_imaging.study.reading import Reading

__all__ = [
    "answer",
    "answer_rest",
    "answers",
    "call_history",
    "change_numbers",
    "commit_call",
    "is_committed",
    "metrics",
    "open_questions",
    "revise_call",
    "revise_reading",
]


def answer(
    case: OpenCase, visit: str, lesion: str, form: str, side: str | None, field: str, word: Any
) -> Event:
    """Keep one answer; None takes it back.

    Parameters
    ----------
    form : relation (side R, midline or L) or findings (no side)
    field : of the form, see `session.call_form.FIELD_WORDS`; components takes muscles, distances take mm
    word : of its list; `session.call_form.DIGIT_WORDS` gives the word of a digit

    Returns
    -------
    The event; `details["questions"]` asks about what is rare
    """
    from gist_imaging.session.calls import answered

    return case.act(answered(case.state, case.visit(visit).label, lesion, form, side, field, word))


def answer_rest(case: OpenCase, visit: str, lesion: str, field: str, word: str) -> Event:
    """Give a word to every side that has none yet: of contact, displacement or invasion; or to all organs."""
    from gist_imaging.session.calls import rest_answered

    return case.act(rest_answered(case.state, case.visit(visit).label, lesion, field, word))


def answers(case: OpenCase, visit: str, lesion: str) -> dict[tuple[str, str, str], Any]:
    """Return (form, side, field) to the answer; the side of a finding is "none"."""
    from gist_imaging.session.call_form import FIELD_WORDS
    from gist_imaging.session.calls import answers_of

    return {
        (form, *place): word
        for form in FIELD_WORDS
        for place, word in answers_of(case.state, visit, lesion, form).items()
    }


def open_questions(case: OpenCase) -> tuple[Question, ...]:
    """Return what has to be answered before the commit, in the order of the form."""
    from gist_imaging.session import calls

    return calls.open_questions(case.state, tuple(_frames(case)))


def is_committed(case: OpenCase) -> bool:
    """Return whether the reader's call is committed."""
    from gist_imaging.session import calls

    return calls.is_committed(case.state)


def commit_call(case: OpenCase) -> Reading:
    """Keep everything that was given as a reading with its masks; after that it is revised, never changed.

    Raises
    ------
    ReadingError
        If something is open (names the first), there is no lesion, or the call is committed.
    StoreError
        If not everything could be brought to disk.
    """
    from gist_imaging.session.committing import commit_event, first_reading
    from gist_imaging.session.reading_of import masks_of

    archive, kept = _archive(case)
    reading = first_reading(
        case.state, kept, case=case.case, reader=case.reader, blinded=case.blinded, frames=_frames(case)
    )
    _on_disk(case)
    archive.add_reading(reading, masks_of(case.state))
    case.act(commit_event(reading))
    return reading


def revise_call(
    case: OpenCase, visit: str, lesion: str, form: str, side: str | None, field: str, word: Any, reason: str
) -> Reading:
    """Change one committed answer with a reason; the old and the new word are both kept.

    Raises
    ------
    ReadingError
        If there is no reason, nothing changes, or the call is a draft.
    """
    from gist_imaging.session.committing import next_reading, revised_state, revision_event
    from gist_imaging.session.reading_of import masks_of

    archive, kept = _archive(case)
    changes, after = revised_state(case.state, case.visit(visit).label, lesion, form, side, field, word)
    reading = next_reading(after, kept[-1], reason, _frames(case))
    _on_disk(case)
    archive.add_reading(reading, masks_of(after))
    case.act(revision_event(case.state, changes, reading))
    return reading


def revise_reading(case: OpenCase, reason: str) -> Reading:
    """Keep masks and marks as they are now as the next revision of a committed reading.

    Raises
    ------
    ReadingError
        If there is no reason, nothing changed since, or the call is a draft.
    """
    from gist_imaging.session.committing import next_reading, revision_event
    from gist_imaging.session.reading_of import masks_of

    archive, kept = _archive(case)
    if not is_committed(case):
        raise ReadingError("a committed reading to revise", "it is a draft", "commit the call")
    reading = next_reading(case.state, kept[-1], reason, _frames(case))
    _on_disk(case)
    archive.add_reading(reading, masks_of(case.state))
    case.act(revision_event(case.state, (), reading))
    return reading


def call_history(case: OpenCase) -> tuple[CallChange, ...]:
    """Return every word that was revised: old, new, revision and reason."""
    from gist_imaging.session.committing import call_changes

    return call_changes(_archive(case)[1])


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
    from gist_imaging.workflow.reading_registration import pair_of

    state = case.state
    refuse_before_commit(state, case.reveal, "the change")
    checked_lesion(state, lesion)
    first, second = pair_of(case)
    second = second if to_visit is None else case.visit(to_visit).label
    before, after = numbers_in(case, state, lesion, first), numbers_in(case, state, lesion, second)
    if before is None or after is None:
        missing = first if before is None else second
        raise ReadingError(
            f"a mask of {lesion} at both visits",
            f"there is none at {missing}",
            "outline it there, or say that no tumour is visible",
        )
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
    from gist_imaging.provenance import sha256_of
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
    given = [
        [list(key), value]
        for start in (("levator", visit), ("landmark", visit), ("call", visit, lesion, "relation"))
        for key, value in state.plain_under(*start)
    ]
    inputs = {
        **_mask_inputs(case, state, lesion, visit, "visit"),
        "given": sha256_of(given),
        "side": str(side),
    }

    def computed() -> VisitRelation:
        return relation_at(state, lesion, visit, volume=volume, mask=mask, reader=case.reader, side=side)

    found: VisitRelation = _kept(case, state, f"relation:{lesion}:{visit}", inputs, computed)
    return found


def _kept(
    case: OpenCase, state: CaseState, name: str, inputs: dict[str, str], computed: Callable[[], Any]
) -> Any:
    """Return a result from memory, else compute it and keep it beside the committed reading."""
    key = (name, *sorted(inputs.items()))
    held = case.memory.kept(key)
    if held is None:
        held = computed()
        case.memory.keep(key, held)
        commit = state.plain("commit")
        if commit is not None and case.archive is not None and not case.read_only:
            case.archive.put_derived(case.case, name, commit["sha256"], inputs, held.to_json())
    return held


def _mask_inputs(case: OpenCase, state: CaseState, lesion: str, visit: str, when: str) -> dict[str, str]:
    mask = state.mask(lesion, visit)
    return {
        f"mask_{when}": "none" if mask is None else case.memory.mask_sha256(mask),
        f"image_{when}": case.memory.image_sha256(case.measured_volume(visit)),
    }


def _archive(case: OpenCase) -> tuple[Archive, tuple[Reading, ...]]:
    if case.archive is None:
        raise ReadingError("a study that keeps readings", "this case has none", "open it from a study folder")
    return case.archive, case.archive.readings(case.case, case.reader)


def _on_disk(case: OpenCase) -> None:
    if not case.writer.flush():
        raise StoreError(
            "not_saved", f"not everything is saved yet: {case.writer.status.reason or 'try again'}"
        )


def _frames(case: OpenCase) -> dict[str, str | None]:
    """Return each visit that can be measured with the frame of its measured series, in the order of time."""
    return {
        visit.label: case.measured_volume(visit.label).geometry.frame_uid
        for visit in case.visits
        if visit.measured is not None
    }
