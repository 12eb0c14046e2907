"""What the screen says about a lesion at a visit, from the cells of a case; symbols and words, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gist_imaging.session.state import CaseState

__all__ = ["FATES", "ORGANS", "ROLES", "Flags", "MaskWord", "fate_of", "flags_of", "mask_word", "words"]

ORGANS = ("rectum", "anal_canal", "liver", "peritoneum", "mesentery", "lymph_node", "lung", "bone", "other")
"""Offered first; any other lower-case name can be typed."""

ROLES = ("target", "non_target", "new")

FATES = ("present", "new", "resolved", "resected", "split", "merged", "not_evaluable")


@dataclass(frozen=True, slots=True)
class MaskWord:
    """How far a mask is: a symbol that differs in shape, and its word."""

    symbol: str
    word: str


NOTHING = MaskWord("○", "none")
_STATES = {
    "accepted": MaskWord("●", "accepted"),
    "unverified": MaskWord("◐", "unverified"),
    "verified": MaskWord("✓", "verified"),
    "none_visible": MaskWord("∅", "none visible"),
    "stale": MaskWord("▲", "stale"),
}
SKETCHED = MaskWord("∿", "sketched")
PROPOSED = MaskWord("▨", "proposal")


def words(name: str) -> str:
    """Return a stored word as people write it.

    >>> words("non_target")
    'non-target'
    """
    return "non-target" if name == "non_target" else name.replace("_", " ")


def mask_word(state: CaseState, lesion: str, visit: str) -> MaskWord:
    """Return how far the mask of a lesion at a visit is; a waiting proposal comes first."""
    if state.proposal(lesion, visit) is not None:
        return PROPOSED
    mask = state.mask(lesion, visit)
    if mask is None:
        drawn = state.plain("prompts", lesion, visit)
        return SKETCHED if drawn and drawn.get("prompts") else NOTHING
    facts = state.plain("mask_facts", lesion, visit) or {}
    return _STATES.get(facts.get("state", "accepted"), _STATES["accepted"])


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


def flags_of(state: CaseState, visits: Iterable[str], *, hidden: bool) -> Flags:
    """Return the flags of a case."""
    lesions = [key[1] for key, _ in state.under("lesion")]
    found = [mask_word(state, lesion, visit).word for lesion in lesions for visit in visits]
    return Flags(
        len(lesions), found.count("proposal"), found.count("unverified"), found.count("stale"), hidden
    )
