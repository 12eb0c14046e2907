"""The reader's call in an open case: answering, committing, revising."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gist_imaging.errors import ReadingError, StoreError

if TYPE_CHECKING:
    from gist_imaging.session.calls import Question
    from gist_imaging.session.committing import CallChange
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import Archive, OpenCase
    from gist_imaging.study.reading import Reading

__all__ = [
    "answer",
    "answer_rest",
    "answers",
    "call_history",
    "commit_call",
    "edited_since_commit",
    "is_committed",
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

    return calls.open_questions(case.state, _asked_visits(case))


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
        case.state,
        kept,
        case=case.case,
        reader=case.reader,
        blinded=case.blinded and case.reveal != "always",
        frames=_frames(case),
        asked=_asked_visits(case),
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


def edited_since_commit(case: OpenCase) -> bool:
    """Return whether masks or marks differ from the committed reading, which is what an export holds."""
    from gist_imaging.session.reading_of import contents_of

    if not is_committed(case) or case.archive is None:
        return False
    kept = case.archive.readings(case.case, case.reader)
    if not kept:
        return False
    now = contents_of(case.state, kept[-1].reader, _frames(case))
    return any(getattr(kept[-1], name) != value for name, value in now.items())


def call_history(case: OpenCase) -> tuple[CallChange, ...]:
    """Return every word that was revised: old, new, revision and reason."""
    from gist_imaging.session.committing import call_changes

    return call_changes(_archive(case)[1])


def _archive(case: OpenCase) -> tuple[Archive, tuple[Reading, ...]]:
    if case.archive is None:
        raise ReadingError("a study that keeps readings", "this case has none", "open it from a study folder")
    return case.archive, case.archive.readings(case.case, case.reader)


def _on_disk(case: OpenCase) -> None:
    if not case.writer.flush():
        raise StoreError(
            "not_saved", f"not everything is saved yet: {case.writer.status.reason or 'try again'}"
        )


def _asked_visits(case: OpenCase) -> dict[str, str]:
    """Return the visits of the form, before and after treatment, with the keys of their measured series."""
    return {
        visit.label: visit.measured
        for visit in case.visits
        if visit.measured is not None and visit.role != "other"
    }


def _frames(case: OpenCase) -> dict[str, str | None]:
    """Return each visit that can be measured with the frame of its measured series, in the order of time."""
    return {
        visit.label: case.measured_volume(visit.label).geometry.frame_uid
        for visit in case.visits
        if visit.measured is not None
    }
