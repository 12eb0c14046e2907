"""What was measured between tumour, levator ani and landmarks, as plain values of a record."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS, RELATION_FIELDS
from gist_imaging.cohort.privacy import exportable_words
from gist_imaging.errors import MeasurementError
from gist_imaging.study.codes import Side

__all__ = ["OUTSIDE_ITS_RANGE", "PelvicNumber", "relation_numbers"]

OUTSIDE_ITS_RANGE = "outside_its_range"
"""Reason where a definition gave what it cannot give."""

_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_REASON = 64
_TWO_ENDS = 2


@dataclass(frozen=True, slots=True)
class PelvicNumber:
    """One number about tumour and pelvis, or the reason why there is none.

    Parameters
    ----------
    name : of `PELVIC_MEASUREMENTS`
    side : L, R or midline for a number of the levator ani, else None
    value : in mm, mm², mm³, degrees or without a unit, as the field of the name says
    reason : one word why there is no value
    low, high : the interval that the stated surface error gives, where one is known
    end_points_mm : LPS; the two ends of a distance
    notes : how the number came about, such as which landmark stands in for another
    params_sha256, algorithm_version : of the measurement; the surface's hash is one of its parameters

    Raises
    ------
    MeasurementError
        If the name is unknown, the side is missing or too much, there are both or neither of value and
        reason, or a note cannot leave with the cohort.
    """

    name: str
    value: float | None
    side: str | None = None
    reason: str | None = None
    low: float | None = None
    high: float | None = None
    end_points_mm: tuple[PointMm, ...] = ()
    notes: tuple[str, ...] = ()
    params_sha256: str = "0" * 64
    algorithm_version: str = "1"

    def __post_init__(self) -> None:
        entry = PELVIC_MEASUREMENTS.get(self.name)
        if entry is None:
            raise MeasurementError(
                f"a pelvic measurement is one of {', '.join(PELVIC_MEASUREMENTS)}", f"got {self.name!r}"
            )
        if entry.of_side != (self.side in tuple(Side)):
            raise MeasurementError(
                f"{self.name} {'has a side: L, R or midline' if entry.of_side else 'has no side'}",
                f"got {self.side!r}",
            )
        if (self.value is None) == (self.reason is None):
            raise MeasurementError(f"{self.name} has a value or a reason", "got both or neither")
        if self.reason is not None and not _REASON.fullmatch(self.reason):
            raise MeasurementError(f"the reason of {self.name} is one word of letters, digits and _")
        numbers = [number for number in (self.low, self.value, self.high) if number is not None]
        if not all(map(math.isfinite, numbers)) or numbers != sorted(numbers):
            raise MeasurementError(f"{self.name}: finite, and low ≤ value ≤ high", f"got {numbers}")
        if len(self.end_points_mm) not in (0, _TWO_ENDS):
            raise MeasurementError(
                f"{self.name} has two end points or none", f"got {len(self.end_points_mm)}"
            )
        if any(exportable_words(note) is None for note in self.notes):
            raise MeasurementError(f"a note on {self.name} is words that may leave", "got others")
        if not _SHA256.fullmatch(self.params_sha256):
            raise MeasurementError("params_sha256 is a SHA-256 of 64 hex digits", "got another form")

    @classmethod
    def from_metric(
        cls, name: str, metric: Metric, side: str | None = None, **provenance: str
    ) -> PelvicNumber:
        """Return the number that a metric of `anatomy` is.

        A reason in words becomes one word, and the words a note. End points are kept of a length that joins
        two points. A number that its definition cannot give, such as a ratio of 0, is none, with the reason
        `outside_its_range`.

        Parameters
        ----------
        provenance : params_sha256 and algorithm_version

        Raises
        ------
        MeasurementError
            If the metric has another unit than the name.
        """
        entry = PELVIC_MEASUREMENTS.get(name)
        unit = None if entry is None else ("mm3" if entry.unit == "mL" else entry.unit)
        if entry is not None and metric.unit != unit:
            raise MeasurementError(f"{name} is in {unit}", f"got {metric.unit}")
        ends = [number for number in (metric.low, metric.value, metric.high) if number is not None]
        if entry is not None and any(entry.excludes(number * entry.scale) for number in ends):
            return cls(name, None, side, OUTSIDE_ITS_RANGE, None, None, (), metric.notes, **provenance)
        joins = len(metric.points_mm) == _TWO_ENDS and metric.value is not None and metric.unit == "mm"
        if joins:
            joins = math.isclose(math.dist(*metric.points_mm), abs(metric.value or 0.0), abs_tol=1e-6)
        told = () if metric.reason is None or exportable_words(metric.reason) is None else (metric.reason,)
        return cls(
            name,
            metric.value,
            side,
            None if metric.reason is None else _word(metric.reason),
            metric.low,
            metric.high,
            metric.points_mm if joins else (),
            (*told, *metric.notes),
            **provenance,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the number as plain values for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PelvicNumber:
        """Return the number that `to_json` wrote."""
        ends = tuple((float(x), float(y), float(z)) for x, y, z in value["end_points_mm"])
        return cls(**{**value, "end_points_mm": ends, "notes": tuple(value.get("notes", ()))})


def relation_numbers(
    metrics: Mapping[str, Metric], side: str, *, params_sha256: str, algorithm_version: str = "1"
) -> tuple[PelvicNumber, ...]:
    """Return the metrics of one side of the levator ani as numbers of a record.

    Parameters
    ----------
    metrics : by the names of `RELATION_FIELDS`; all of them, measured or with a reason
    side : L, R or midline

    Raises
    ------
    MeasurementError
        If a metric is missing or unknown, or has another unit than its name.
    """
    if metrics.keys() != RELATION_FIELDS.keys():
        differing = sorted(metrics.keys() ^ RELATION_FIELDS.keys())
        raise MeasurementError(
            "the metrics of a side are those of the format", f"missing or unknown: {', '.join(differing)}"
        )
    return tuple(
        PelvicNumber.from_metric(
            name, metrics[field], side, params_sha256=params_sha256, algorithm_version=algorithm_version
        )
        for field, name in RELATION_FIELDS.items()
    )


def _word(sentence: str) -> str:
    """Return a sentence as one word.

    >>> _word("the anal verge was not marked")
    'the_anal_verge_was_not_marked'
    """
    word = re.sub(r"[^A-Za-z0-9]+", "_", sentence).strip("_")[:_LONGEST_REASON].strip("_")
    return word if _REASON.fullmatch(word) else "reason_not_in_words"
