"""What the screen says about a lesion at a visit, from the cells of a case; symbols and words, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gist_imaging.session.masks import MaskState

if TYPE_CHECKING:
    from gist_imaging.session.open_case import VisitFacts
    from gist_imaging.session.state import CaseState

__all__ = ["ORGANS", "Flags", "MaskWord", "fate_of", "flags_of", "mask_word", "words"]

ORGANS = ("rectum", "anal_canal", "liver", "peritoneum", "mesentery", "lymph_node", "lung", "bone", "other")
"""Offered first; any other lower-case name can be typed."""


@dataclass(frozen=True, slots=True)
class MaskWord:
    """How far a mask is: a symbol that differs in shape, and its word."""

    symbol: str
    word: str


NOTHING = MaskWord("○", "none")
STALE = MaskWord("▲", "stale")
_STATES = {
    MaskState.ACCEPTED: MaskWord("●", "accepted"),
    MaskState.UNVERIFIED: MaskWord("◐", "unverified"),
    MaskState.VERIFIED: MaskWord("✓", "verified"),
    MaskState.NONE_VISIBLE: MaskWord("∅", "none visible"),
}
SKETCHED = MaskWord("∿", "sketched")
PROPOSED = MaskWord("▨", "proposal")


def words(name: str) -> str:
    """Return a stored word as people write it.

    >>> words("non_target")
    'non-target'
    """
    return "non-target" if name == "non_target" else name.replace("_", " ")


def mask_word(state: CaseState, lesion: str, visit: VisitFacts) -> MaskWord:
    """Return how far the mask of a lesion at a visit is.

    A waiting proposal comes first; a mask is stale where the visit is measured on another series by now.
    """
    if state.proposal(lesion, visit.label) is not None:
        return PROPOSED
    if state.mask(lesion, visit.label) is None:
        drawn = state.plain("prompts", lesion, visit.label)
        return SKETCHED if drawn and drawn.get("prompts") else NOTHING
    facts = state.plain("mask_facts", lesion, visit.label) or {}
    if facts.get("series", visit.measured) != visit.measured:
        return STALE
    return _STATES[MaskState(facts.get("state", MaskState.ACCEPTED))]


def fate_of(state: CaseState, lesion: str, visit: str) -> str:
    """Return what became of a lesion at a visit, for people; "" where nobody said."""
    fate = state.plain("fate", lesion, visit)
    return words(fate["word"]) if fate else ""


@dataclass(frozen=True, slots=True)
class Flags:
    """What must not be forgotten: counts over the whole case."""

    lesions: int
    proposals: int
    unverified: int
    stale: int
    hidden: bool

    @property
    def n_warnings(self) -> int:
        """How many things wait to be seen to."""
        return self.proposals + self.unverified + self.stale + (1 if self.hidden else 0)

    def sentences(self) -> tuple[str, ...]:
        """Return one line for each thing."""
        named = [
            (self.proposals, "proposal waits for Enter or Esc", "proposals wait for Enter or Esc"),
            (self.unverified, "copied mask is not verified", "copied masks are not verified"),
            (self.stale, "mask or number is stale", "masks or numbers are stale"),
        ]
        lines = [f"{count} {one if count == 1 else many}" for count, one, many in named if count]
        if self.hidden:
            lines.append("masks are hidden (H shows them)")
        return tuple(lines)


def flags_of(state: CaseState, visits: Iterable[VisitFacts], *, hidden: bool) -> Flags:
    """Return the flags of a case."""
    lesions = [key[1] for key, _ in state.under("lesion")]
    places = list(visits)
    found = [mask_word(state, lesion, visit).word for lesion in lesions for visit in places]
    return Flags(
        len(lesions), found.count("proposal"), found.count("unverified"), found.count("stale"), hidden
    )
