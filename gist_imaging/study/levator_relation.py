"""What a reader says of one side of the levator ani and one lesion at one visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_rules import RELATION_RULES, CallRule, broken
from gist_imaging.study.call_values import plain, plain_call, refuse, set_names, set_words
from gist_imaging.study.codes import (
    LevatorComponent,
    LevatorContact,
    LevatorDisplacement,
    LevatorInvasion,
    Side,
)
from gist_imaging.study.words import Word

__all__ = ["AXIS_WORDS", "LevatorRelation"]

AXIS_WORDS: Mapping[str, type[Word]] = {
    "contact": LevatorContact,
    "displacement": LevatorDisplacement,
    "invasion": LevatorInvasion,
}
"""Axis to the closed list of its words."""


@dataclass(frozen=True, slots=True)
class LevatorRelation:
    """One side of the levator ani and one lesion at one visit, as one reader sees it.

    Three independent axes; None says that the reader was not asked, `not_assessable` that the images do not
    show it. Words may be given as text.

    Parameters
    ----------
    lesion : name of the lesion within the patient, such as L1
    timepoint : label of the visit, such as baseline
    reader : pseudonym, such as R1
    components : muscles that the finding is about; empty: asked, and none can be named

    Raises
    ------
    ReadingError
        If a word is not of its list, or the words contradict one another (`call_rules.RELATION_RULES`).
    """

    lesion: str
    timepoint: str
    reader: str
    side: Side
    contact: LevatorContact | None = None
    displacement: LevatorDisplacement | None = None
    invasion: LevatorInvasion | None = None
    components: frozenset[LevatorComponent] | None = None

    def __post_init__(self) -> None:
        set_names(self, "a levator relation")
        object.__setattr__(
            self, "side", Side.read(self.side, f"{self.lesion} {self.timepoint}: side of the levator ani")
        )
        what = self.place
        set_words(self, AXIS_WORDS, what)
        if self.components is not None:
            named = (LevatorComponent.read(name, f"{what}: components") for name in self.components)
            object.__setattr__(self, "components", frozenset(named))
        refuse(RELATION_RULES, self._call, what)

    @property
    def place(self) -> str:
        """Which call it is, for messages: by pseudonyms only."""
        return f"{self.lesion} {self.timepoint} {self.reader} levator {self.side}"

    @property
    def questions(self) -> list[CallRule]:
        """What the reader should be asked about this call."""
        return broken(RELATION_RULES, self._call, refusing=False)

    @property
    def _call(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("side", "components", *AXIS_WORDS)}

    def to_json(self) -> dict[str, Any]:
        """Return the call as plain values for `json.dumps`."""
        components = (
            None if self.components is None else [c.value for c in LevatorComponent if c in self.components]
        )
        return {
            "lesion": self.lesion,
            "timepoint": self.timepoint,
            "reader": self.reader,
            "side": self.side.value,
            **{name: plain(getattr(self, name)) for name in AXIS_WORDS},
            "components": components,
        }

    @classmethod
    def from_json(cls, value: object) -> LevatorRelation:
        """Return the call that `to_json` wrote; what is left out was not asked.

        Raises
        ------
        ReadingError
            If it holds an unknown name or word; names it.
        """
        held = plain_call(value, [one.name for one in fields(cls)], "a levator relation", _components)
        if "side" not in held:
            raise ReadingError("a levator relation names its side", "got none", "add L, R or midline")
        return cls(**held)


def _components(call: dict[str, Any]) -> None:
    held = call.get("components")
    if held is None:
        return
    if not isinstance(held, list):
        raise ReadingError("components is a list of muscles", "got something else", "write a list")
    call["components"] = frozenset(LevatorComponent.read(name, "components") for name in held)
