"""The form of a reader's call: its fields, the words of each, and the digit that chooses a word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_values import distance_or_none
from gist_imaging.study.codes import AdjacentOrgan, LevatorComponent, OrganInvasion
from gist_imaging.study.levator_relation import AXIS_WORDS, LevatorRelation
from gist_imaging.study.pelvic_findings import FINDING_DISTANCES, FINDING_WORDS, PelvicFindings
from gist_imaging.study.words import Word

__all__ = [
    "AXES",
    "DIGIT_WORDS",
    "FIELD_WORDS",
    "NO_SIDE",
    "SIDES",
    "Answers",
    "call_key",
    "checked_word",
    "findings_from",
    "relation_from",
]

SIDES: Final = ("R", "midline", "L")
"""Columns of the form as they lie on the screen: the patient's right is left."""

AXES: Final = tuple(AXIS_WORDS)
NO_SIDE: Final = "none"
"""Stands for the side in the key of a finding, which has none."""

ORGAN: Final = "organ_"
"""An organ is a field of its own: organ_prostate, organ_vagina and so on."""

FIELD_WORDS: Mapping[str, Mapping[str, type[Word]]] = MappingProxyType(
    {
        "relation": AXIS_WORDS,
        "findings": {
            **FINDING_WORDS,
            **{f"{ORGAN}{organ.value}": OrganInvasion for organ in AdjacentOrgan},
        },
    }
)
"""Form to field to the closed list of its words; components and distances hold no single word."""

DIGIT_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        field: {word.key: word.value for word in words if word.key is not None}
        for fields in FIELD_WORDS.values()
        for field, words in fields.items()
    }
)
"""Field to digit to word: 0, 1, 2 and 9 are keys; what is stored is the word."""

# Fields that belong together: a call with one of them alone is refused, a form is filled one by one.
_TOGETHER = (("distance_anal_verge_mm", "dav_method"), ("height_class", "height_rule"))

Answers = Mapping[tuple[str, str], Any]
"""(side, field) to what was answered, of one lesion, visit and form."""


def call_key(visit: str, lesion: str, form: str, side: str | None, field: str) -> tuple[str, ...]:
    """Return the key of an answer's cell.

    Raises
    ------
    ReadingError
        If there is no such form, side or field.
    """
    if form not in FIELD_WORDS:
        raise ReadingError(f"a form is {' or '.join(FIELD_WORDS)}", f"got {form!r}", "correct it")
    if form == "relation" and side not in SIDES:
        raise ReadingError(f"a side is one of {', '.join(SIDES)}", f"got {side!r}", "name the patient's side")
    if form == "findings" and side not in (None, "", "-", NO_SIDE):
        raise ReadingError("a finding has no side", f"got {side!r}", "leave the side out")
    known = (*FIELD_WORDS[form], *(("components",) if form == "relation" else FINDING_DISTANCES))
    if field not in known:
        raise ReadingError(f"a field of {form} is one of {', '.join(known)}", f"got {field!r}", "correct it")
    return ("call", visit, lesion, form, side if form == "relation" and side else NO_SIDE, field)


def checked_word(form: str, field: str, word: Any) -> Any:
    """Return what is stored of an answer: a word, a sorted list of muscles, or a distance in mm.

    Raises
    ------
    ReadingError
        If it is not of its list.
    """
    if word is None:
        return None
    if field == "components":
        named = {LevatorComponent.read(one, field) for one in ([word] if isinstance(word, str) else word)}
        return [one.value for one in LevatorComponent if one in named]
    if field in FINDING_DISTANCES:
        return distance_or_none(word, field)
    return FIELD_WORDS[form][field].read(word, field).value


def relation_from(
    answers: Answers, lesion: str, visit: str, reader: str, side: str
) -> LevatorRelation | None:
    """Return the call on one side, or None where nothing was answered.

    Raises
    ------
    ReadingError
        If the words contradict one another.
    """
    held = {field: word for (at, field), word in answers.items() if at == side}
    if not held:
        return None
    parts = held.pop("components", None)
    return LevatorRelation(
        lesion=lesion,
        timepoint=visit,
        reader=reader,
        side=side,  # type: ignore[arg-type]
        components=None if parts is None else frozenset(parts),
        **held,
    )


def findings_from(
    answers: Answers, lesion: str, visit: str, reader: str, *, unfinished: bool = False
) -> PelvicFindings | None:
    """Return the findings, or None where nothing was answered.

    Parameters
    ----------
    unfinished : leave out fields whose other half is still missing, instead of refusing them

    Raises
    ------
    ReadingError
        If the words contradict one another.
    """
    held = {field: word for (_, field), word in answers.items()}
    if not held:
        return None
    for pair in _TOGETHER if unfinished else ():
        if len(held.keys() & set(pair)) == 1:
            held = {field: word for field, word in held.items() if field not in pair}
    organs = tuple(
        (field.removeprefix(ORGAN), held.pop(field)) for field in tuple(held) if field.startswith(ORGAN)
    )
    return PelvicFindings(lesion=lesion, timepoint=visit, reader=reader, organs=organs, **held)  # type: ignore[arg-type]
