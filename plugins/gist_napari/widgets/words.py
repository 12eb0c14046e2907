"""How the closed lists of a reader's words are told on the screen, each with the digit that answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gist_imaging.study.case import ContrastPhase
from gist_imaging.study.codes import (
    AdjacentOrgan,
    AnalCanalThird,
    CoronalPlane,
    HeightClass,
    HeightMethod,
    HeightRule,
    ImageQuality,
    LevatorComponent,
    LevatorContact,
    LevatorDisplacement,
    LevatorInvasion,
    OrganInvasion,
    PeritonealReflection,
    ReaderConfidence,
    RectalFilling,
    SphincterDepth,
)
from gist_imaging.study.words import Word

__all__ = [
    "ARTEFACTS", "CANNOT", "IMPRESSIONS", "ORGANS", "PHASES", "SIDE_WORDS", "WORDS", "Option", "allowed",
    "options_of", "told", "word_told",
]  # fmt: skip

CANNOT = "cannot be judged"

SIDE_WORDS: Mapping[str, str] = {"R": "patient R", "midline": "posterior midline", "L": "patient L"}
"""Sides in the order in which they lie on the screen."""

# By code, as words of different lists compare equal where their text does.
_TOLD: Mapping[str, str] = {
    word.code.value: words
    for word, words in (
        (LevatorContact.ABUTMENT, "abuts"),
        (SphincterDepth.INTERNAL, "internal only"),
        (SphincterDepth.INTERSPHINCTERIC_PLANE, "+ intersphincteric"),
        (SphincterDepth.EXTERNAL, "+ external"),
        (SphincterDepth.ABSENT, "removed"),
        (HeightRule.CCO, "CCO (5 · 10 cm)"),
        (HeightRule.SEER, "SEER (6 · 12 cm)"),
        (HeightMethod.TWO_SEGMENT, "two segments"),
        (HeightMethod.DRE, "finger"),
        (CoronalPlane.STRAIGHT, "straight coronal"),
        (CoronalPlane.NONE, "no coronal series"),
    )
}


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question.

    Parameters
    ----------
    word : what is stored
    key : digit that gives it
    words : on the screen
    meaning : what it says, in a sentence; "" where the words are enough
    """

    word: str
    key: str
    words: str
    meaning: str = ""


def told(word: Word) -> str:
    """Return a word as the screen says it.

    >>> told(LevatorContact.ABUTMENT), told(LevatorInvasion.NOT_ASSESSABLE)
    ('abuts', 'cannot be judged')
    """
    if word.value == "not_assessable":
        return CANNOT
    return _TOLD.get(word.code.value, word.value.replace("_", " "))


def options_of(words: Iterable[Word]) -> tuple[Option, ...]:
    """Return the answers of a closed list; a word without a digit of its own gets the first free one.

    >>> [(one.key, one.words) for one in options_of(LevatorContact)]
    [('0', 'none'), ('1', 'close'), ('2', 'abuts'), ('9', 'cannot be judged')]
    """
    listed = list(words)
    free = iter(digit for digit in "12345678" if digit not in {word.key for word in listed})
    return tuple(
        Option(word.value, word.key if word.key is not None else next(free), told(word), word.definition)
        for word in listed
    )


def allowed(options: Iterable[Option]) -> str:
    """Return digits and words of all answers, for a message.

    >>> allowed(options_of(LevatorDisplacement))
    '0 none · 1 mild · 2 marked · 9 cannot be judged'
    """
    return " · ".join(f"{one.key} {one.words}" for one in options)


PHASES: tuple[Option, ...] = (
    Option(ContrastPhase.NONE, "0", "no contrast"),
    Option(ContrastPhase.ARTERIAL, "1", "arterial"),
    Option(ContrastPhase.PORTAL_VENOUS, "2", "portal venous"),
    Option(ContrastPhase.DELAYED, "3", "delayed"),
    Option(ContrastPhase.UNKNOWN, "9", "unknown", "neither the images nor the record say"),
)
"""Contrast phase as the reader states it."""

IMPRESSIONS: tuple[Option, ...] = (
    Option("much_smaller", "1", "much smaller"),
    Option("smaller", "2", "smaller"),
    Option("same", "3", "same"),
    Option("larger", "4", "larger"),
    Option("cannot_tell", "9", "cannot tell"),
)
"""What became of the tumour, by eye, before any number."""

ARTEFACTS: tuple[Option, ...] = (
    Option("none", "0", "none"),
    Option("motion", "1", "motion"),
    Option("metal", "2", "metal"),
    Option("gas", "3", "gas"),
    Option("other", "4", "other"),
)
"""What disturbs the images most."""

WORDS: Mapping[str, tuple[Option, ...]] = {
    "contact": options_of(LevatorContact),
    "displacement": options_of(LevatorDisplacement),
    "invasion": options_of(LevatorInvasion),
    "components": options_of(LevatorComponent),
    "sphincter_depth": options_of(SphincterDepth),
    "sphincter_lowest_third": options_of(AnalCanalThird),
    "organs": options_of(OrganInvasion),
    "dav_method": options_of(HeightMethod),
    "height_class": options_of(HeightClass),
    "height_rule": options_of(HeightRule),
    "peritoneal_reflection": options_of(PeritonealReflection),
    "image_quality": options_of(ImageQuality),
    "confidence": options_of(ReaderConfidence),
    "rectal_filling": options_of(RectalFilling),
    "coronal_plane": options_of(CoronalPlane),
    "phase": PHASES,
    "artefact": ARTEFACTS,
    "impression": IMPRESSIONS,
}
"""Name of a field of a reader's call to its answers."""

ORGANS: Mapping[str, str] = {organ.value: organ.value.replace("_", " ") for organ in AdjacentOrgan}
"""Neighbouring organs in words."""


def word_told(field: str, word: str | None) -> str:
    """Return the stored answer of a field in words, "–" where there is none."""
    if word is None:
        return "–"
    listed = WORDS.get("organs" if field.startswith("organ_") else field, ())
    return next((one.words for one in listed if one.word == word), str(word).replace("_", " "))
