"""Checks that both kinds of a reader's call share: names, words, distances, and the way to and from JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_rules import CallRule, broken
from gist_imaging.study.words import Word

__all__ = ["checked_object", "distance_or_none", "plain", "plain_call", "refuse", "set_names", "set_words"]

# A slip of a digit, or a distance in cm or of the colon: SAR allows 0 to 20 cm above the anal verge.
_DISTANCE_AT_MOST_MM = 200.0
_DISTANCE_AT_LEAST_MM = -60.0
_LONG_NUMBER = 1e9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
NAMES = ("lesion", "timepoint", "reader")
"""Whom and what a call is about, by names within the patient and the study."""


def checked_object(value: object, known: Iterable[str], what: str) -> Mapping[str, Any]:
    """Return `value` if it is an object that holds no name but `known` ones.

    Raises
    ------
    ReadingError
        If it is something else, or holds others; names them.
    """
    if not isinstance(value, Mapping):
        raise ReadingError(f"{what} is an object", f"got {type(value).__name__}", "correct the file")
    unknown = sorted(str(name) for name in value.keys() - set(known))
    if unknown:
        raise ReadingError(
            f"{what} has {', '.join(known)}", f"got {', '.join(unknown)} too", "correct the names"
        )
    return value


def set_names(call: object, what: str) -> None:
    """Check the names of lesion, visit and reader.

    Raises
    ------
    ReadingError
        If one has another form; it is not repeated, as it may be somebody's.
    """
    for name in NAMES:
        if not _NAME.fullmatch(getattr(call, name)):
            raise ReadingError(
                f"{what}: {name} is up to 32 letters, digits, _, . and -",
                "got another form",
                "use the name of the list of scans",
            )


def set_words(call: object, lists: Mapping[str, type[Word]], what: str) -> None:
    """Turn the text of each field of `lists` into a word of its list; None stays None."""
    for name, words in lists.items():
        held = getattr(call, name)
        if held is not None:
            object.__setattr__(call, name, words.read(held, f"{what}: {name}"))


def distance_or_none(value: object, what: str) -> float | None:
    """Return a distance in mm; None stays None.

    Raises
    ------
    ReadingError
        If it is no number, or lies where no rectal tumour does.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ReadingError(f"{what} is a number of mm", "got something else", "correct it")
    if not _DISTANCE_AT_LEAST_MM <= value <= _DISTANCE_AT_MOST_MM:
        raise ReadingError(
            f"{what} lies between {_DISTANCE_AT_LEAST_MM:g} and {_DISTANCE_AT_MOST_MM:g} mm",
            f"got {value:g}" if abs(value) < _LONG_NUMBER else "got a number far outside",
            "is it in mm?",
        )
    return float(value)


def refuse(rules: tuple[CallRule, ...], call: Mapping[str, Any], what: str) -> None:
    """Refuse a call that contradicts itself; every rule that it breaks is told.

    Raises
    ------
    ReadingError
        With the messages and codes of the rules.
    """
    found = broken(rules, call, refusing=True)
    if found:
        raise ReadingError(f"{what}: " + "; ".join(f"{rule.message} ({rule.code})" for rule in found))


def plain(value: Any) -> Any:
    """Return a word as text, anything else as it is."""
    return value.value if isinstance(value, Word) else value


def plain_call(
    value: object, known: Iterable[str], what: str, make: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Return the fields of a call from JSON.

    Parameters
    ----------
    make : turns what JSON cannot hold into what the call holds, in place

    Raises
    ------
    ReadingError
        If it holds an unknown name, or does not say whom and what it is about.
    """
    held = dict(checked_object(value, tuple(known), what))
    for name in NAMES:
        if not isinstance(held.get(name), str):
            raise ReadingError(f"{what} names its {name}", "got none", f"add {name}")
    make(held)
    return held
