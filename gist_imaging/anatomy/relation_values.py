"""What was measured of tumour and levator ani, the reader's words first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import ContactLine

__all__ = ["METRIC_NAMES", "RelationMeasurement", "RelationSide", "metric_json"]

RelationSide = Literal["L", "R", "midline"]


@dataclass(frozen=True, slots=True)
class RelationMeasurement:
    """Tumour against the levator ani of one side at one visit: the reader's codes, then M1 to M9.

    The reader's call is primary; the numbers are advisory and stored apart from it. M10, the change between
    two visits, is a `RelationChange`; M11 needs landmarks alone and is a `PelvicLines`.

    Parameters
    ----------
    reader_codes : the reader's words by name, or None where there are none yet
    side : L and R are the patient's; midline stands for disease that lies across it
    tau_mm : contact is a distance of at most this (inclusive)
    min_distance, distance_p5 : M1, mm; below 0 where tumour and levator overlap
    overlap_volume : of tumour and muscle, mm³
    contact_area, contact_length, contact_arc : M2; mm², mm and degrees, the last two in the slice with the
        longest contact
    displacement_mean, displacement_p95, displacement_max : M3, record displacement, mm; above 0 laterally
        and caudally
    displaced_volume : M3, mm³ between the levator and the mirror image of the other side
    bow, bow_ratio, bow_difference : M4; mm, of 1, and mm affected - other side
    levator_angle, levator_angle_difference : M5, degrees, and affected - other side
    hemi_hiatus_ratio : M6, affected over other side
    thickness_ratio : M7, affected over other side
    fossa_loss : M8, 1 - affected over other side
    signal_ratio : M9, affected over other side
    contact_lines : M2 in each slice
    notes : what holds for all of it
    """

    reader_codes: Mapping[str, Any] | None
    side: RelationSide
    tau_mm: float
    min_distance: Metric
    distance_p5: Metric
    overlap_volume: Metric
    contact_area: Metric
    contact_length: Metric
    contact_arc: Metric
    displacement_mean: Metric
    displacement_p95: Metric
    displacement_max: Metric
    displaced_volume: Metric
    bow: Metric
    bow_ratio: Metric
    bow_difference: Metric
    levator_angle: Metric
    levator_angle_difference: Metric
    hemi_hiatus_ratio: Metric
    thickness_ratio: Metric
    fossa_loss: Metric
    signal_ratio: Metric
    contact_lines: tuple[ContactLine, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> dict[str, Metric]:
        """Every metric by its name, in the order M1 to M9."""
        return {name: getattr(self, name) for name in METRIC_NAMES}

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values for `json.dumps`, in full precision."""
        return {
            "reader_codes": None if self.reader_codes is None else dict(self.reader_codes),
            "side": self.side,
            "tau_mm": self.tau_mm,
            **{name: metric_json(metric) for name, metric in self.metrics.items()},
            "contact_lines": [
                {
                    "k": line.k,
                    "length_mm": line.length_mm,
                    "arc_deg": line.arc_deg,
                    "end_points_mm": [list(point) for point in line.end_points_mm],
                }
                for line in self.contact_lines
            ],
            "notes": list(self.notes),
        }


METRIC_NAMES = tuple(
    one.name
    for one in fields(RelationMeasurement)
    if one.name not in ("reader_codes", "side", "tau_mm", "contact_lines", "notes")
)
"""Names of the metrics of a `RelationMeasurement`."""


def metric_json(metric: Metric) -> dict[str, Any]:
    """Return a metric as plain values for `json.dumps`.

    >>> metric_json(Metric.missing("mm", "not outlined"))["reason"]
    'not outlined'
    """
    return {
        "value": metric.value,
        "unit": metric.unit,
        "reason": metric.reason,
        "low": metric.low,
        "high": metric.high,
        "points_mm": [list(point) for point in metric.points_mm],
        "notes": list(metric.notes),
    }
