"""What a reader says of sphincter, neighbouring organs and height of one lesion at one visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.study.call_rules import FINDINGS_RULES, CallRule, broken
from gist_imaging.study.call_values import (
    checked_object,
    distance_or_none,
    plain,
    plain_call,
    refuse,
    set_names,
    set_words,
)
from gist_imaging.study.codes import (
    AdjacentOrgan,
    AnalCanalThird,
    CoronalPlane,
    HeightClass,
    HeightMethod,
    HeightRule,
    ImageQuality,
    OrganInvasion,
    PeritonealReflection,
    ReaderConfidence,
    RectalFilling,
    SphincterDepth,
)
from gist_imaging.study.words import Word

__all__ = ["FINDING_DISTANCES", "FINDING_WORDS", "PelvicFindings"]

FINDING_WORDS: Mapping[str, type[Word]] = {
    "sphincter_depth": SphincterDepth,
    "sphincter_lowest_third": AnalCanalThird,
    "dav_method": HeightMethod,
    "height_class": HeightClass,
    "height_rule": HeightRule,
    "peritoneal_reflection": PeritonealReflection,
    "image_quality": ImageQuality,
    "confidence": ReaderConfidence,
    "rectal_filling": RectalFilling,
    "coronal_plane": CoronalPlane,
}
"""Field to the closed list of its words; invasion of each organ is apart."""
FINDING_DISTANCES = ("distance_anal_verge_mm", "distance_anorectal_junction_mm")
"""Fields that hold mm."""


@dataclass(frozen=True, slots=True)
class PelvicFindings:
    """Sphincter, neighbouring organs and height of one lesion at one visit, as one reader sees them.

    None says that the reader was not asked. Words may be given as text.

    Parameters
    ----------
    lesion, timepoint, reader : as in `LevatorRelation`
    organs : (organ, invasion) of each organ that was asked about; an organ that is not there was not asked
    distance_anal_verge_mm : lower tumour edge above the anal verge, by `dav_method`; negative: below it
    height_class : by `height_rule`; where the distance is given, the one that follows from it
    distance_anorectal_junction_mm : lower tumour edge above the junction; negative: below it

    Raises
    ------
    ReadingError
        If a word is not of its list, a distance is not plausible, or something contradicts
        (`call_rules.FINDINGS_RULES`).
    """

    lesion: str
    timepoint: str
    reader: str
    sphincter_depth: SphincterDepth | None = None
    sphincter_lowest_third: AnalCanalThird | None = None
    organs: tuple[tuple[AdjacentOrgan, OrganInvasion], ...] = ()
    distance_anal_verge_mm: float | None = None
    dav_method: HeightMethod | None = None
    height_class: HeightClass | None = None
    height_rule: HeightRule | None = None
    distance_anorectal_junction_mm: float | None = None
    peritoneal_reflection: PeritonealReflection | None = None
    image_quality: ImageQuality | None = None
    confidence: ReaderConfidence | None = None
    rectal_filling: RectalFilling | None = None
    coronal_plane: CoronalPlane | None = None

    def __post_init__(self) -> None:
        set_names(self, "pelvic findings")
        what = self.place
        set_words(self, FINDING_WORDS, what)
        organs = [
            (AdjacentOrgan.read(organ, f"{what}: organs"), OrganInvasion.read(said, f"{what}: {organ}"))
            for organ, said in self.organs
        ]
        if len({organ for organ, _ in organs}) != len(organs):
            raise ReadingError(f"{what}: each organ once", "got one twice", "leave one out")
        order = list(AdjacentOrgan)
        object.__setattr__(self, "organs", tuple(sorted(organs, key=lambda pair: order.index(pair[0]))))
        for name in FINDING_DISTANCES:
            object.__setattr__(self, name, distance_or_none(getattr(self, name), f"{what}: {name}"))
        refuse(FINDINGS_RULES, self._call, what)

    @property
    def place(self) -> str:
        """Which call it is, for messages: by pseudonyms only."""
        return f"{self.lesion} {self.timepoint} {self.reader} pelvic findings"

    @property
    def questions(self) -> list[CallRule]:
        """What the reader should be asked about this call."""
        return broken(FINDINGS_RULES, self._call, refusing=False)

    @property
    def _call(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*FINDING_WORDS, *FINDING_DISTANCES)}

    def to_json(self) -> dict[str, Any]:
        """Return the call as plain values for `json.dumps`."""
        held = {field.name: plain(getattr(self, field.name)) for field in fields(self)}
        return {**held, "organs": {organ.value: said.value for organ, said in self.organs}}

    @classmethod
    def from_json(cls, value: object) -> PelvicFindings:
        """Return the call that `to_json` wrote; what is left out was not asked.

        Raises
        ------
        ReadingError
            If it holds an unknown name or word; names it.
        """
        return cls(**plain_call(value, [one.name for one in fields(cls)], "pelvic findings", _organs))


def _organs(call: dict[str, Any]) -> None:
    held = call.get("organs")
    if held is None:
        call.pop("organs", None)
        return
    organs = checked_object(held, [organ.value for organ in AdjacentOrgan], "organs")
    call["organs"] = tuple((organ, said) for organ, said in organs.items() if said is not None)
