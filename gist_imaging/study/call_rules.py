"""What a reader's call may not say, and what it should be asked about: one table of rules.

A refused call contradicts itself by the definitions of its words. A question is about a call that is rare or
hard to see, and may be right. Rules look at plain words, so that rows of a table are judged as values are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gist_imaging.study.codes import (
    AnalCanalThird,
    CoronalPlane,
    HeightRule,
    LevatorComponent,
    LevatorContact,
    LevatorDisplacement,
    LevatorInvasion,
    Side,
    SphincterDepth,
)
from gist_imaging.study.height import height_class

__all__ = ["FINDINGS_RULES", "RELATION_RULES", "CallRule", "broken"]

Call = Mapping[str, Any]

_AXES = ("contact", "displacement", "invasion")
_FINDINGS = {
    "contact": (LevatorContact.CLOSE, LevatorContact.ABUTMENT),
    "displacement": (LevatorDisplacement.MILD, LevatorDisplacement.MARKED),
    "invasion": (LevatorInvasion.EQUIVOCAL, LevatorInvasion.YES),
}
_INVOLVED = (SphincterDepth.INTERNAL, SphincterDepth.INTERSPHINCTERIC_PLANE, SphincterDepth.EXTERNAL)


@dataclass(frozen=True, slots=True)
class CallRule:
    """One rule.

    Parameters
    ----------
    code : frozen name
    field : what to look at first
    refuses : whether a call that breaks it is refused; if not, the reader is asked
    message : what was expected, and what to do
    is_broken : by the words of a call, None where it was not asked; components is a set of words
    """

    code: str
    field: str
    refuses: bool
    message: str
    is_broken: Callable[[Call], bool]


def broken(rules: tuple[CallRule, ...], call: Call, *, refusing: bool) -> list[CallRule]:
    """Return the rules that `call` breaks: those that refuse it, or those that ask."""
    return [rule for rule in rules if rule.refuses == refusing and rule.is_broken(call)]


def _has_finding(call: Call) -> bool:
    return any(call[axis] in words for axis, words in _FINDINGS.items())


RELATION_RULES: tuple[CallRule, ...] = (
    CallRule(
        "NOTHING_CALLED",
        "contact",
        True,
        "expected a word for contact, displacement, invasion or components; leave the side out where "
        "nothing was asked",
        lambda call: call["components"] is None and all(call[axis] is None for axis in _AXES),
    ),
    CallRule(
        "INVASION_WITHOUT_CONTACT",
        "invasion",
        True,
        "an invaded muscle is touched: expected contact other than none; correct one of them",
        lambda call: call["invasion"] == LevatorInvasion.YES and call["contact"] == LevatorContact.NONE,
    ),
    CallRule(
        "COMPONENTS_WITHOUT_FINDING",
        "components",
        True,
        "muscles are named only where contact is close or abutment, displacement mild or marked, or invasion "
        "equivocal or yes; leave components out, or correct the finding",
        lambda call: bool(call["components"]) and not _has_finding(call),
    ),
    CallRule(
        "INVASION_BUT_NO_ABUTMENT",
        "invasion",
        False,
        "invasion is yes and contact is not abutment: is the border to the muscle seen?",
        lambda call: (
            call["invasion"] == LevatorInvasion.YES
            and call["contact"] in (LevatorContact.CLOSE, LevatorContact.NOT_ASSESSABLE)
        ),
    ),
    CallRule(
        "EQUIVOCAL_WITHOUT_CONTACT",
        "invasion",
        False,
        "invasion is equivocal and contact none: a fat plane speaks against invasion",
        lambda call: call["invasion"] == LevatorInvasion.EQUIVOCAL and call["contact"] == LevatorContact.NONE,
    ),
    CallRule(
        "MARKED_WITHOUT_CONTACT",
        "displacement",
        False,
        "displacement is marked and contact none: does the tumour push through fat, or is it asymmetry?",
        lambda call: (
            call["displacement"] == LevatorDisplacement.MARKED and call["contact"] == LevatorContact.NONE
        ),
    ),
    CallRule(
        "FINDING_WITHOUT_COMPONENTS",
        "components",
        False,
        "there is a finding and components is empty: which muscle is it?",
        lambda call: call["components"] is not None and not call["components"] and _has_finding(call),
    ),
    CallRule(
        "COCCYGEUS_IN_MIDLINE",
        "components",
        False,
        "the coccygeus lies lateral to the coccyx and does not reach the midline: another side?",
        lambda call: (
            call["side"] == Side.MIDLINE and LevatorComponent.COCCYGEUS in (call["components"] or ())
        ),
    ),
)
"""Rules of one side of the levator ani at one visit."""


def _height_differs(call: Call) -> bool:
    distance, rule, stated = (
        call[name] for name in ("distance_anal_verge_mm", "height_rule", "height_class")
    )
    if distance is None or stated is None or rule not in tuple(HeightRule):
        return False
    return bool(height_class(distance, HeightRule.read(rule, "height_rule")) != stated)


FINDINGS_RULES: tuple[CallRule, ...] = (
    CallRule(
        "THIRD_WITHOUT_INVOLVEMENT",
        "sphincter_lowest_third",
        True,
        "a third of the anal canal is named only where the sphincter is involved (internal or deeper); leave "
        "it out, or correct the depth",
        lambda call: call["sphincter_lowest_third"] is not None and call["sphincter_depth"] not in _INVOLVED,
    ),
    CallRule(
        "CLASS_WITHOUT_RULE",
        "height_rule",
        True,
        "a height class and the rule of its cut-offs belong together; give both or neither",
        lambda call: (call["height_class"] is None) != (call["height_rule"] is None),
    ),
    CallRule(
        "DISTANCE_WITHOUT_METHOD",
        "dav_method",
        True,
        "a distance from the anal verge and how it was measured belong together; give both or neither",
        lambda call: (call["distance_anal_verge_mm"] is None) != (call["dav_method"] is None),
    ),
    CallRule(
        "CLASS_NOT_OF_DISTANCE",
        "height_class",
        True,
        "expected the height class that the distance gives by the cut-offs of its rule; correct one of them",
        _height_differs,
    ),
    CallRule(
        "DEPTH_WITHOUT_CORONAL",
        "sphincter_depth",
        False,
        "the depth of sphincter involvement was called and no coronal series lies along the anal canal: "
        "confidence is low",
        lambda call: (
            call["sphincter_depth"] in _INVOLVED
            and call["coronal_plane"] not in (None, CoronalPlane.ALONG_ANAL_CANAL)
        ),
    ),
    CallRule(
        "DISTAL_WITHOUT_LOW_EDGE",
        "sphincter_lowest_third",
        False,
        "the distal third of the anal canal is reached and the tumour is not in the low class: is the height "
        "that of its lower edge?",
        lambda call: (
            call["sphincter_lowest_third"] == AnalCanalThird.DISTAL
            and call["height_class"] not in (None, "low")
        ),
    ),
    CallRule(
        "CALLED_ON_NON_DIAGNOSTIC",
        "image_quality",
        False,
        "the images are non-diagnostic and the sphincter was called: should it be not_assessable?",
        lambda call: (
            call["image_quality"] == "non_diagnostic"
            and call["sphincter_depth"] in (*_INVOLVED, SphincterDepth.NONE)
        ),
    ),
)
"""Rules of what is said of a lesion at one visit, apart from the levator ani."""
