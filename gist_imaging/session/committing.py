"""Committing the reader's call as a reading, and revising it afterwards with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.session.call_form import NO_SIDE, ORGAN
from gist_imaging.session.calls import answer_changes, is_committed, open_questions, refuse_after_commit
from gist_imaging.session.event import Change, Event, changed
from gist_imaging.session.reading_of import contents_of, reading_of
from gist_imaging.session.state import CaseState
from gist_imaging.study.reading import Reading

__all__ = [
    "CallChange",
    "call_changes",
    "commit_event",
    "first_reading",
    "next_reading",
    "revised_state",
    "revision_event",
]

_AFTER_A_STOP = "the program stopped between keeping the reading and noting that; committed again"


@dataclass(frozen=True, slots=True)
class CallChange:
    """One word that a revision changed; both stay.

    Parameters
    ----------
    revision, reason : of the later reading
    old, new : words, None where there was or is none
    """

    visit: str
    lesion: str
    form: str
    side: str
    field: str
    old: Any
    new: Any
    revision: int
    reason: str


def first_reading(
    state: CaseState,
    kept: tuple[Reading, ...],
    *,
    case: str,
    reader: str,
    blinded: bool,
    frames: Mapping[str, str | None],
    asked: Mapping[str, str],
) -> Reading:
    """Return the reading that a commit keeps.

    Parameters
    ----------
    kept : revisions that are kept already: of a commit that was interrupted
    frames : visit to the frame of its measured series, in the order of time
    asked : visits that the form asks about, with the keys of their measured series

    Raises
    ------
    ReadingError
        If the call is committed, something is open (names the first), or there is no lesion.
    """
    refuse_after_commit(state, "a call that is not committed yet")
    if not any(True for _ in state.under("lesion")):
        raise ReadingError(
            "a lesion to commit a call on", "there is none", "add one, or leave the case as draft"
        )
    questions = open_questions(state, asked)
    if questions:
        raise ReadingError(
            "every question answered before the commit",
            f"{len(questions)} open, first: {questions[0].text.rstrip('.')}",
            "answer it; 9 says that it cannot be judged",
        )
    if not kept:
        return reading_of(state, case=case, reader=reader, blinded=blinded, frames=frames)
    last, now = kept[-1], contents_of(state, reader, frames)
    same = all(getattr(last, name) == value for name, value in now.items())
    return last if same else last.revised(_AFTER_A_STOP, **now)


def commit_event(reading: Reading) -> Event:
    """Return the event that notes a kept reading; nothing before it can be undone."""
    change = changed(("commit",), None, {"revision": reading.revision, "sha256": reading.sha256})
    return Event("barrier", "commit_call", "commit my call", (change,))


def revised_state(
    state: CaseState, visit: str, lesion: str, form: str, side: str | None, field: str, word: Any
) -> tuple[tuple[Change, ...], CaseState]:
    """Return the changes of a revised answer, and the state with them.

    Raises
    ------
    ReadingError
        If the call is not committed, or nothing changes.
    """
    if not is_committed(state):
        raise ReadingError(
            "a committed call to revise", "it is a draft", "answer the form; no reason is needed"
        )
    changes, _ = answer_changes(state, visit, lesion, form, side, field, word)
    if not changes:
        raise ReadingError("another word than the committed one", "got the same", "leave it as it is")
    return changes, state.applying(Event("act", "revise", "revise", changes, seq=state.seq + 1))


def next_reading(state: CaseState, last: Reading, reason: str, frames: Mapping[str, str | None]) -> Reading:
    """Return the next revision, with everything as it is in `state` now.

    It is no blinded reading any more: change and metrics have been on the screen since the commit.

    Raises
    ------
    ReadingError
        If there is no reason, or nothing differs from the last revision.
    """
    now = contents_of(state, last.reader, frames)
    if all(getattr(last, name) == value for name, value in now.items()):
        raise ReadingError(
            "something that changed since the last revision", "nothing did", "leave it as it is"
        )
    return last.revised(reason, blinded=False, **now)


def revision_event(state: CaseState, changes: tuple[Change, ...], reading: Reading) -> Event:
    """Return the event that notes a kept revision, with the changes of the answers."""
    new = {"revision": reading.revision, "sha256": reading.sha256}
    commit = changed(("commit",), state.plain("commit"), new)
    return Event(
        "barrier",
        "revise_call",
        f"revision {reading.revision}",
        (*changes, commit),
        details={"reason": reading.reason},
    )


def call_changes(kept: tuple[Reading, ...]) -> tuple[CallChange, ...]:
    """Return every word that a revision changed, in the order of the revisions."""
    found: list[CallChange] = []
    for before, after in pairwise(kept):
        old, new = _words(before), _words(after)
        found += (
            CallChange(*place, old.get(place), new.get(place), after.revision, after.reason or "")
            for place in sorted(old.keys() | new.keys())
            if old.get(place) != new.get(place)
        )
    return tuple(found)


_NAMES = ("lesion", "timepoint", "reader", "side")


def _words(reading: Reading) -> dict[tuple[str, str, str, str, str], Any]:
    words: dict[tuple[str, str, str, str, str], Any] = {}
    for call in reading.relations:
        for field, word in call.to_json().items():
            if field not in _NAMES and word is not None:
                words[call.timepoint, call.lesion, "relation", call.side.value, field] = word
    for found in reading.findings:
        held = found.to_json()
        held |= {f"{ORGAN}{organ}": word for organ, word in held.pop("organs").items()}
        for field, word in held.items():
            if field not in _NAMES and word is not None:
                words[found.timepoint, found.lesion, "findings", NO_SIDE, field] = word
    return words
