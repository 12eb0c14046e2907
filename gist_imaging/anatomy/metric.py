"""One number about the pelvis, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gist_imaging.errors import MeasurementError

__all__ = ["Metric", "PointMm", "metric_change"]

PointMm = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number with its unit, or None with the reason; never a guess.

    Parameters
    ----------
    value : in `unit`; None when it was not measured
    unit : "mm", "mm2", "mm3", "deg" or "1" (a ratio)
    reason : why there is no value; given exactly when `value` is None
    low, high : the interval that the stated surface error gives, where one is known
    points_mm : LPS; where it was measured (two ends of a distance, corners of an angle), for the eye
    notes : what a reader should know beside the number, such as "straight distance"

    Raises
    ------
    MeasurementError
        If the value is not finite, or value and reason are both there or both missing.
    """

    value: float | None
    unit: str
    reason: str | None = None
    low: float | None = None
    high: float | None = None
    points_mm: tuple[PointMm, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise MeasurementError("a metric has a value or a reason, not both", f"got {self!r}")
        if self.value is not None and not math.isfinite(self.value):
            raise MeasurementError("a metric's value is finite", f"got {self.value}")

    @classmethod
    def missing(cls, unit: str, reason: str) -> Metric:
        """Return a metric without a value.

        >>> Metric.missing("mm", "the anal verge was not marked").value is None
        True
        """
        return cls(None, unit, reason)


def metric_change(before: Metric, after: Metric) -> Metric:
    """Return `after` - `before`, or which of them is missing and why.

    >>> metric_change(Metric(3.0, "mm"), Metric(1.0, "mm")).value
    -2.0
    >>> metric_change(Metric(3.0, "mm"), Metric.missing("mm", "not drawn")).reason
    'second visit: not drawn'

    Raises
    ------
    MeasurementError
        If their units differ.
    """
    if before.unit != after.unit:
        raise MeasurementError(
            "a change is between numbers of one unit", f"got {before.unit} and {after.unit}"
        )
    if before.reason is not None and before.reason == after.reason:
        return Metric.missing(before.unit, f"both visits: {before.reason}")
    if before.value is None or after.value is None:
        reasons = [
            f"{visit} visit: {metric.reason}"
            for visit, metric in (("first", before), ("second", after))
            if metric.value is None
        ]
        return Metric.missing(before.unit, "; ".join(reasons))
    return Metric(after.value - before.value, before.unit)
