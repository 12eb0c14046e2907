"""The reader's words about levator ani and low rectum: answering, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.session.call_form import (
    AXES,
    DIGIT_WORDS,
    FIELD_WORDS,
    NO_SIDE,
    ORGAN,
    SIDES,
    Answers,
    call_key,
    checked_word,
    findings_from,
    relation_from,
)
from gist_imaging.session.canvas import checked_lesion
from gist_imaging.session.cells import CellKey, Plain
from gist_imaging.session.event import Change, Event, changed
from gist_imaging.session.lesions import Fate
from gist_imaging.session.mask_facts import MaskState
from gist_imaging.session.state import CaseState
from gist_imaging.study.codes import SphincterDepth

__all__ = [
    "COMMIT_FIRST",
    "Question",
    "answer_changes",
    "answered",
    "answers_of",
    "is_committed",
    "open_questions",
    "refuse_after_commit",
    "rest_answered",
]

COMMIT_FIRST = "commit your call first"
"""What is said where change and metrics are asked for before the call (SCREEN §6.6)."""

_INVOLVED = (SphincterDepth.INTERNAL, SphincterDepth.INTERSPHINCTERIC_PLANE, SphincterDepth.EXTERNAL)
_FINDINGS = {
    "contact": ("close", "abutment"),
    "displacement": ("mild", "marked"),
    "invasion": ("equivocal", "yes"),
}
# No muscle is asked about where the tumour is not there to touch it.
_NOT_THERE = (Fate.RESOLVED, Fate.RESECTED, Fate.NOT_EVALUABLE, Fate.MERGED)
_PARTNERS = {
    "distance_anal_verge_mm": "dav_method",
    "dav_method": "distance_anal_verge_mm",
    "height_class": "height_rule",
    "height_rule": "height_class",
}
_JUDGED = "cannot be judged"


@dataclass(frozen=True, slots=True)
class Question:
    """Something that has to be answered before the commit.

    Parameters
    ----------
    visit, lesion : what it is about
    form : relation, findings, or mask for a mask that nobody stands behind yet
    side : R, midline or L; "none" where there is no side
    field : of the form
    text : what is missing, with the digits that answer it
    """

    visit: str
    lesion: str
    form: str
    side: str
    field: str
    text: str


def is_committed(state: CaseState) -> bool:
    """Return whether the reader's call is committed."""
    return state.plain("commit") is not None


def refuse_after_commit(state: CaseState, expected: str) -> None:
    """Refuse what can only be given before the commit.

    Raises
    ------
    ReadingError
        Says that the call is committed.
    """
    if is_committed(state):
        raise ReadingError(expected, "the call is committed", "revise it with a reason")


def answers_of(state: CaseState, visit: str, lesion: str, form: str) -> dict[tuple[str, str], Any]:
    """Return (side, field) to what was answered."""
    return {(key[4], key[5]): value for key, value in state.plain_under("call", visit, lesion, form)}


def answer_changes(
    state: CaseState, visit: str, lesion: str, form: str, side: str | None, field: str, word: Any
) -> tuple[tuple[Change, ...], list[str]]:
    """Return the changes that one answer makes, and what the reader should be asked about it.

    What an answer makes meaningless goes with it: the third of a canal that is not involved, muscles of a
    side without a finding.

    Raises
    ------
    ReadingError
        If the word is not of its list, or contradicts what was answered before; says how.
    """
    checked_lesion(state, lesion)
    key = call_key(visit, lesion, form, side, field)
    wanted: dict[CellKey, Plain] = {key: checked_word(form, field, word)}
    after = _with(answers_of(state, visit, lesion, form), wanted)
    if (
        form == "findings"
        and after.get((NO_SIDE, "sphincter_depth")) not in _INVOLVED
        and field == "sphincter_depth"
    ):
        wanted[(*key[:5], "sphincter_lowest_third")] = None
    has_finding = any(after.get((key[4], axis)) in words for axis, words in _FINDINGS.items())
    if form == "relation" and field != "components" and not has_finding and after.get((key[4], "components")):
        wanted[(*key[:5], "components")] = None
    after = _with(answers_of(state, visit, lesion, form), wanted)
    call = (
        relation_from(after, lesion, visit, "R", key[4])
        if form == "relation"
        else findings_from(after, lesion, visit, "R", unfinished=True)
    )
    asked = [] if call is None else [rule.message for rule in call.questions]
    changes = [changed(at, state.plain(*at), new) for at, new in wanted.items()]
    return tuple(change for change in changes if change.old != change.new), asked


def answered(
    state: CaseState, visit: str, lesion: str, form: str, side: str | None, field: str, word: Any
) -> Event:
    """Return the event of one answer; None takes it back. `details["questions"]` asks about what is rare.

    Raises
    ------
    ReadingError
        If the call is committed, or the word cannot be.
    """
    refuse_after_commit(state, "answers are given before the commit")
    changes, asked = answer_changes(state, visit, lesion, form, side, field, word)
    where = f" {side}" if form == "relation" else ""
    label = f"{visit} {field.replace('_', ' ')}{where}: {_told(word)}"
    return Event("act", "answer", label, changes, details={"questions": asked})


def rest_answered(state: CaseState, visit: str, lesion: str, field: str, word: str) -> Event:
    """Return the event that gives a word to every side that has none: of an axis, or of all organs.

    Parameters
    ----------
    field : contact, displacement or invasion; or organs

    Raises
    ------
    ReadingError
        If nothing is left to answer, or a word contradicts what was answered before.
    """
    refuse_after_commit(state, "answers are given before the commit")
    if field == "organs":
        places = [("findings", NO_SIDE, name) for name in FIELD_WORDS["findings"] if name.startswith(ORGAN)]
    elif field in AXES:
        places = [("relation", side, field) for side in SIDES]
    else:
        raise ReadingError(
            f"the rest of {', '.join(AXES)} or organs", f"got {field!r}", "answer it by itself"
        )
    changes: list[Change] = []
    asked: list[str] = []
    for form, side, name in places:
        if state.plain("call", visit, lesion, form, side, name) is None:
            more, told = answer_changes(state, visit, lesion, form, side, name, word)
            changes += more
            asked += told
    if not changes:
        raise ReadingError(f"{field} without a word at {visit}", "all are answered", "change one by itself")
    label = f"{visit} {field} of the rest: {_told(word)}"
    return Event("act", "answer_rest", label, tuple(changes), details={"questions": asked})


def open_questions(state: CaseState, visits: Mapping[str, str]) -> tuple[Question, ...]:
    """Return what has to be answered before the commit, in the order of the form.

    Asked of each lesion of the rectum that is there at a visit: three axes on R, midline and L, the depth of
    sphincter involvement (with the third, where it is involved) and the confidence. Besides, a proposal that
    waits, a copied mask that nobody has looked at, and a mask on a series that is no longer the measured one
    have to be settled.

    Parameters
    ----------
    visits : label to the key of the measured series, in the order of the form
    """
    return tuple(
        question
        for visit, series in visits.items()
        for key, lesion in state.plain_under("lesion")
        for question in _of_lesion(state, visit, series, key[1], lesion["organ"])
    )


def _of_lesion(state: CaseState, visit: str, series: str, lesion: str, organ: str) -> Iterator[Question]:
    facts = state.plain("mask_facts", lesion, visit) or {}
    if state.proposal(lesion, visit) is not None:
        told = f"The proposal for {lesion} at {visit} waits. Accept or reject it."
        yield Question(visit, lesion, "mask", NO_SIDE, "proposal", told)
    if facts.get("state") == MaskState.UNVERIFIED:
        told = f"The copied mask of {lesion} at {visit} is not verified. Look through it, or correct it."
        yield Question(visit, lesion, "mask", NO_SIDE, "verified", told)
    if facts.get("series", series) != series:
        told = f"The mask of {lesion} at {visit} lies on another series than the measured one. Clear it."
        yield Question(visit, lesion, "mask", NO_SIDE, "series", told)
    fate = (state.plain("fate", lesion, visit) or {}).get("word")
    if organ != "rectum" or facts.get("state") == MaskState.NONE_VISIBLE or fate in _NOT_THERE:
        return
    relation = answers_of(state, visit, lesion, "relation")
    for axis in AXES:
        for side in SIDES:
            if (side, axis) not in relation:
                where = "in the posterior midline" if side == "midline" else f"on patient {side}"
                told = f"{axis.capitalize()} {where} is missing for {lesion} at {visit}. {_digits(axis)}"
                yield Question(visit, lesion, "relation", side, axis, told)
    findings = {field: word for (_, field), word in answers_of(state, visit, lesion, "findings").items()}
    for field in _asked_findings(findings):
        name = field.replace("_", " ").capitalize()
        told = f"{name} is missing for {lesion} at {visit}. {_digits(field)}".strip()
        yield Question(visit, lesion, "findings", NO_SIDE, field, told)


def _asked_findings(findings: dict[str, Any]) -> Iterator[str]:
    wanted = ["sphincter_depth"]
    if findings.get("sphincter_depth") in _INVOLVED:
        wanted.append("sphincter_lowest_third")
    wanted += [partner for field, partner in _PARTNERS.items() if field in findings]
    wanted.append("confidence")
    return (field for field in wanted if field not in findings)


def _digits(field: str) -> str:
    words = DIGIT_WORDS.get(field, {})
    named = (
        f"{digit} {_JUDGED if word == 'not_assessable' else word.replace('_', ' ')}"
        for digit, word in words.items()
    )
    return " · ".join(named) + "." if words else ""


def _with(answers: Answers, wanted: dict[CellKey, Plain]) -> dict[tuple[str, str], Any]:
    after = dict(answers)
    for key, word in wanted.items():
        after.pop((key[4], key[5]), None)
        if word is not None:
            after[key[4], key[5]] = word
    return after


def _told(word: Any) -> str:
    if word is None:
        return "no answer"
    return word.replace("_", " ") if isinstance(word, str) else str(word)
