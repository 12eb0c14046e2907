"""What a reader states of the images of a visit, in closed lists."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gist_imaging.errors import ReadingError
from gist_imaging.session.event import Event, changed
from gist_imaging.session.lesions import read_word
from gist_imaging.session.state import CaseState
from gist_imaging.study.case import ContrastPhase
from gist_imaging.study.codes import CoronalPlane, ImageQuality, RectalFilling

__all__ = ["FACTS", "Artefact", "fact_stated", "note_kept"]


class Artefact(StrEnum):
    """What disturbs the images most."""

    NONE = "none"
    MOTION = "motion"
    METAL = "metal"
    GAS = "gas"
    OTHER = "other"


FACTS: Mapping[str, type[StrEnum]] = {
    "phase": ContrastPhase,
    "quality": ImageQuality,
    "filling": RectalFilling,
    "coronal_plane": CoronalPlane,
    "artefact": Artefact,
}
"""Name of a fact to the words that it may have."""

_ALSO_CALLED = {"quality": {"diagnostic": "adequate", "limited": "suboptimal"}}

_LONGEST_NOTE = 4000


def fact_stated(state: CaseState, visit: str, name: str, value: str | None) -> Event:
    """Return the event that states a fact of a visit; None takes it back.

    Parameters
    ----------
    name : one of `FACTS`
    value : a word of its list; for quality also diagnostic (adequate) and limited (suboptimal)

    Raises
    ------
    ReadingError
        If the name or the word is not of its list.
    """
    words = FACTS.get(name)
    if words is None:
        raise ReadingError(f"a fact is one of {', '.join(FACTS)}", f"got {name!r}", "correct its name")
    said = (
        None if value is None else str(read_word(words, _ALSO_CALLED.get(name, {}).get(value, value), name))
    )
    key = ("fact", visit, name)
    label = f"{name.replace('_', ' ')} {visit}: {said or 'not stated'}"
    return Event("act", "state_fact", label, (changed(key, state.plain(*key), said),))


def note_kept(state: CaseState, visit: str, text: str | None) -> Event:
    """Return the event that keeps free text beside a visit; it never leaves the study folder."""
    said = (text or "").strip() or None
    if said is not None and len(said) > _LONGEST_NOTE:
        raise ReadingError(f"a note has up to {_LONGEST_NOTE} characters", f"got {len(said)}", "shorten it")
    key = ("note", visit)
    return Event("act", "keep_note", f"note {visit}", (changed(key, state.plain(*key), said),))
