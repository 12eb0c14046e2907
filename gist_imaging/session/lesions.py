"""Which lesions a reader follows, and what became of each at a visit."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from gist_imaging.errors import ReadingError
from gist_imaging.session.canvas import checked_lesion
from gist_imaging.session.event import Event, changed, mask_changed
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask

__all__ = [
    "Fate",
    "Impression",
    "Role",
    "fate_set",
    "impression_stated",
    "lesion_added",
    "lesion_removed",
    "lesion_set",
    "next_lesion",
    "read_word",
]

_OF_A_LESION = frozenset(
    {
        "lesion",
        "fate",
        "prompts",
        "mask",
        "mask_facts",
        "proposal",
        "proposal_facts",
        "caliper",
        "call",
        "impression",
    }
)
_NUMBERED = re.compile(r"L([0-9]+)")
W = TypeVar("W", bound=StrEnum)
_ORGAN = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Role(StrEnum):
    """What a lesion is followed as."""

    TARGET = "target"
    NON_TARGET = "non_target"
    NEW = "new"


class Fate(StrEnum):
    """What became of a lesion at a visit."""

    PRESENT = "present"
    NEW = "new"
    RESOLVED = "resolved"
    RESECTED = "resected"
    SPLIT = "split"
    MERGED = "merged"
    NOT_EVALUABLE = "not_evaluable"


class Impression(StrEnum):
    """How a reader sees the change by eye, asked before any number."""

    MUCH_SMALLER = "much_smaller"
    SMALLER = "smaller"
    SAME = "same"
    LARGER = "larger"
    CANNOT_TELL = "cannot_tell"


def next_lesion(state: CaseState) -> str:
    """Return the name of the next lesion: L1, L2 and so on; a number is not used twice while it is there."""
    numbers = [int(found[1]) for key, _ in state.under("lesion") if (found := _NUMBERED.fullmatch(key[1]))]
    return f"L{max(numbers, default=0) + 1}"


def lesion_added(state: CaseState, tracking_uid: str, organ: str = "rectum", role: str = "target") -> Event:
    """Return the event that adds the next lesion.

    Parameters
    ----------
    tracking_uid : DICOM Tracking Unique Identifier, made once for this lesion
    organ : lower-case name, such as rectum, liver or peritoneum
    """
    name = next_lesion(state)
    value = _checked({"tracking_uid": tracking_uid, "organ": organ, "role": role})
    return Event("act", "add_lesion", f"add lesion {name}", (changed(("lesion", name), None, value),))


def lesion_set(state: CaseState, lesion: str, organ: str | None = None, role: str | None = None) -> Event:
    """Return the event that states organ or role anew."""
    checked_lesion(state, lesion)
    old = state.plain("lesion", lesion)
    new = _checked({**old, "organ": organ or old["organ"], "role": role or old["role"]})
    return Event(
        "act",
        "set_lesion",
        f"{lesion}: {new['organ']}, {new['role']}",
        (changed(("lesion", lesion), old, new),),
    )


def lesion_removed(state: CaseState, lesion: str) -> Event:
    """Return the event that takes a lesion away with everything that was given for it."""
    checked_lesion(state, lesion)
    at = {"call": 2}
    own = [
        (key, value)
        for key, value in state.cells.items()
        if key[0] in _OF_A_LESION and key[at.get(key[0], 1)] == lesion
    ]
    changes = tuple(
        mask_changed(key, value, None, "remove_lesion")
        if isinstance(value, Mask)
        else changed(key, value, None)
        for key, value in sorted(own, key=lambda pair: pair[0])
    )
    return Event("act", "remove_lesion", f"remove lesion {lesion}", changes)


def fate_set(state: CaseState, lesion: str, visit: str, word: str | None, reason: str | None = None) -> Event:
    """Return the event that states what became of a lesion at a visit; None takes it back.

    Raises
    ------
    ReadingError
        If the word is not of its list, or one that needs a reason has none.
    """
    checked_lesion(state, lesion)
    new = None
    if word is not None:
        fate = read_word(Fate, word, "what became of a lesion")
        said = (reason or "").strip()
        if fate is Fate.NOT_EVALUABLE and not said:
            raise ReadingError(f"{fate} with a reason", "got none", "say why it cannot be judged")
        new = {"word": str(fate), "reason": said or None}
    key = ("fate", lesion, visit)
    return Event(
        "act", "set_fate", f"{lesion} {visit}: {word or 'no fate'}", (changed(key, state.plain(*key), new),)
    )


def impression_stated(state: CaseState, lesion: str, word: str | None) -> Event:
    """Return the event that keeps the reader's impression of the change; None takes it back."""
    checked_lesion(state, lesion)
    new = None if word is None else str(read_word(Impression, word, "the impression"))
    key = ("impression", lesion)
    return Event(
        "act",
        "state_impression",
        f"{lesion}: {word or 'no impression'}",
        (changed(key, state.plain(*key), new),),
    )


def read_word(words: type[W], text: object, what: str) -> W:
    """Return the word of a closed list that `text` is.

    Raises
    ------
    ReadingError
        If the list does not hold it; gives the list.
    """
    try:
        return words(str(text))
    except ValueError:
        raise ReadingError(
            f"{what} is one of {', '.join(words)}", f"got {str(text)[:40]!r}", "choose one of them"
        ) from None


def _checked(lesion: dict[str, str]) -> dict[str, str]:
    lesion["role"] = str(read_word(Role, lesion["role"], "the role of a lesion"))
    if not _ORGAN.fullmatch(lesion["organ"]):
        raise ReadingError(
            "an organ is a lower-case name such as rectum or liver", "got another form", "name the organ"
        )
    return lesion
