"""Words that the numbers suggest for a levator relation, after the reader has given their own.

A suggestion is stored beside the reading, never in it. There is none for invasion: geometry does not show
whether a muscle is invaded, and an overlap of outlines is no invasion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import SURFACE_ERROR_MM
from gist_imaging.anatomy.relation_values import RelationMeasurement
from gist_imaging.errors import MeasurementError

__all__ = [
    "CLOSE_AT_MOST_MM",
    "DISPLACED_FROM_MM",
    "MARKED_FROM_MM",
    "Evidence",
    "RelationSuggestion",
    "Suggestion",
    "suggest_relation",
]

# All three are ours, to be calibrated on readers; no publication fixes them. 1 mm is the usual cut-off of a
# threatened margin in rectal cancer (MERCURY II); the iliococcygeus is 2.9 ± 0.8 mm thick, slices are 3 mm
# and normal sides differ, so less than 5 mm is not called displaced.
CLOSE_AT_MOST_MM = 1.0
"""Smallest distance up to which a tumour is close to the muscle (inclusive); beyond it, contact is none."""
DISPLACED_FROM_MM = 5.0
"""Displacement from which it is called mild (inclusive)."""
MARKED_FROM_MM = 10.0
"""Displacement from which it is called marked (inclusive)."""

# RULINGS.md 8.
_CONTACT_WORDS = ("none", "close", "abutment", "not_assessable")
_DISPLACEMENT_WORDS = ("none", "mild", "marked", "not_assessable")

_OVERLAP_NOTE = "the outlines overlap; that is no sign of invasion"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that led to a word.

    Parameters
    ----------
    metric : name of the metric
    value : measured, in `unit`
    unit : of value and threshold
    comparison : how the value stands to the threshold: "<=", ">", "<" or ">="
    threshold : the cut-off
    """

    metric: str
    value: float
    unit: str
    comparison: Literal["<=", ">", "<", ">="]
    threshold: float

    @property
    def sentence(self) -> str:
        """The evidence in words.

        >>> Evidence("displacement_p95", 7.65, "mm", ">=", 5.0).sentence
        'displacement_p95 7.65 mm >= 5 mm'
        """
        return f"{self.metric} {self.value:.2f} {self.unit} {self.comparison} {self.threshold:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word for one axis, or the reason why there is none.

    Parameters
    ----------
    word : one of the reader's words, or None
    evidence : the numbers and thresholds that led to it
    reason : why there is no word; given exactly when `word` is None
    notes : such as that a number lies so near to its threshold that the next word is as likely
    """

    word: str | None
    evidence: tuple[Evidence, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationSuggestion:
    """What the numbers suggest, beside what the reader had said before seeing them.

    Parameters
    ----------
    own_call : the reader's words, as they were committed
    contact, displacement : what the numbers suggest
    """

    own_call: Mapping[str, Any]
    contact: Suggestion
    displacement: Suggestion

    @property
    def disagreements(self) -> tuple[str, ...]:
        """The axes on which a suggested word differs from the reader's."""
        return tuple(
            axis
            for axis, suggestion in (("contact", self.contact), ("displacement", self.displacement))
            if suggestion.word is not None and self.own_call[axis] != suggestion.word
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values for `json.dumps`."""
        return {
            "own_call": dict(self.own_call),
            **{
                axis: {
                    "word": held.word,
                    "reason": held.reason,
                    "evidence": [
                        {
                            "metric": one.metric,
                            "value": one.value,
                            "unit": one.unit,
                            "comparison": one.comparison,
                            "threshold": one.threshold,
                        }
                        for one in held.evidence
                    ],
                    "notes": list(held.notes),
                }
                for axis, held in (("contact", self.contact), ("displacement", self.displacement))
            },
        }


def suggest_relation(
    measurement: RelationMeasurement, own_call: Mapping[str, Any] | None
) -> RelationSuggestion:
    """Return suggested words for contact and displacement, once the reader's own are committed.

    Contact: none above 1 mm, close above 0 to 1 mm, abutment at 0 or below. Displacement: mild from 5 mm and
    marked from 10 mm of M3's 95th percentile or of M4's side difference, the larger deciding.

    Parameters
    ----------
    measurement : M1 to M9
    own_call : the reader's committed call for the same lesion, visit and side: `contact` and `displacement`
        among its entries

    Raises
    ------
    MeasurementError
        If the reader's own call is missing, unfinished, holds an unknown word, or is about another side.
    """
    call = _committed(own_call, measurement)
    return RelationSuggestion(call, _contact(measurement.min_distance), _displacement(measurement))


def _committed(own_call: Mapping[str, Any] | None, measurement: RelationMeasurement) -> dict[str, Any]:
    if own_call is None:
        raise MeasurementError(
            "the reader's own call comes before any suggestion", "there is none", "commit the call first"
        )
    call = {str(name): value for name, value in own_call.items()}
    for axis, words in (("contact", _CONTACT_WORDS), ("displacement", _DISPLACEMENT_WORDS)):
        given = call.get(axis)
        if given is None:
            raise MeasurementError(
                "the reader's own call on contact and displacement comes before any suggestion",
                f"{axis} is not called yet",
                "commit the call first",
            )
        if str(given) not in words:
            raise MeasurementError(
                f"{axis} is one of {', '.join(words)}", f"got {str(given)[:40]!r}", "correct it"
            )
        call[axis] = str(given)
    side = call.get("side")
    if side is not None and str(side) != measurement.side:
        raise MeasurementError(
            "call and measurement are about one side", f"{side} and {measurement.side}", "give the same side"
        )
    return call


def _contact(distance: Metric) -> Suggestion:
    if distance.value is None:
        return Suggestion(None, reason=distance.reason)
    value = distance.value
    error = SURFACE_ERROR_MM if distance.high is None else distance.high - value
    notes = tuple(
        f"within {error:.2g} mm of {threshold:g} mm, the error of the surfaces: either word may hold"
        for threshold in (0.0, CLOSE_AT_MOST_MM)
        if abs(value - threshold) <= error
    )
    if value > CLOSE_AT_MOST_MM:
        return Suggestion(
            "none", (Evidence("min_distance", value, "mm", ">", CLOSE_AT_MOST_MM),), notes=notes
        )
    if value > 0:
        evidence = (
            Evidence("min_distance", value, "mm", ">", 0.0),
            Evidence("min_distance", value, "mm", "<=", CLOSE_AT_MOST_MM),
        )
        return Suggestion("close", evidence, notes=notes)
    overlap = (_OVERLAP_NOTE,) if value < 0 else ()
    return Suggestion(
        "abutment", (Evidence("min_distance", value, "mm", "<=", 0.0),), notes=(*notes, *overlap)
    )


def _displacement(measurement: RelationMeasurement) -> Suggestion:
    metrics = {
        "displacement_p95": measurement.displacement_p95,
        "bow_difference": measurement.bow_difference,
    }
    found = {name: held.value for name, held in metrics.items() if held.value is not None}
    reasons = {name: held.reason for name, held in metrics.items() if held.reason is not None}
    if not found:
        return Suggestion(None, reason="; ".join(dict.fromkeys(reasons.values())))
    largest = max(found.values())
    word, threshold = "none", DISPLACED_FROM_MM
    if largest >= MARKED_FROM_MM:
        word, threshold = "marked", MARKED_FROM_MM
    elif largest >= DISPLACED_FROM_MM:
        word = "mild"
    evidence = tuple(
        Evidence(name, value, "mm", ">=" if value >= threshold else "<", threshold)
        for name, value in found.items()
    )
    if word == "mild":
        evidence += (Evidence("largest of both", largest, "mm", "<", MARKED_FROM_MM),)
    notes = [f"{name} was not measured: {reason}" for name, reason in reasons.items()]
    notes += [
        f"{name} lies between {held.low:.3g} and {held.high:.3g} mm, on either side of {cut:g} mm: "
        "either word may hold"
        for name, held in metrics.items()
        for cut in (DISPLACED_FROM_MM, MARKED_FROM_MM)
        if held.low is not None and held.high is not None and held.low < cut <= held.high
    ]
    return Suggestion(word, evidence, notes=tuple(notes))
