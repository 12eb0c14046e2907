"""Accepted reads of one reader on one kind of image, visit by visit: what may be compared over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gist_imaging.cohort.clock import POSTOP
from gist_imaging.cohort.measured_names import LESION_MEASUREMENTS
from gist_imaging.response.change import percent_change
from gist_imaging.spatial import same_spacing

__all__ = ["Line", "Read", "accepted_lines", "visits_after_surgery", "voxel_change_pct"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Read:
    """The accepted read of one lesion at one visit: its numbers, and the series they are from.

    Parameters
    ----------
    series, segmentation : what sizes are from
    density_series : what statistics of voxel values are from; another one where the visit has several phases
    """

    lesion_id: str
    series: Row = field(hash=False)
    density_series: Row = field(hash=False)
    segmentation: Row = field(hash=False)
    numbers: Mapping[str, Row] = field(hash=False)

    def value(self, name: str) -> float | None:
        """Return the number of that name, None where it was not measured."""
        held = self.numbers.get(name)
        return None if held is None or held["value"] is None else float(held["value"])

    def status(self, name: str) -> str:
        """Return the status of that name."""
        held = self.numbers.get(name)
        return "not_done" if held is None else str(held["status"])


@dataclass(frozen=True, slots=True)
class Line:
    """What one reader read of one patient on one kind of image.

    Parameters
    ----------
    reads : visit to lesion to read, visits in time order
    baseline : the patient's baseline visit, whether it was read on this kind of image or not
    follow_ups : the visits read that come after it, in time order
    """

    patient_id: str
    reader_id: str
    image_kind: str
    reads: Mapping[str, Mapping[str, Read]] = field(hash=False)
    baseline: str
    follow_ups: tuple[str, ...]

    @property
    def has_baseline(self) -> bool:
        """Whether something was read at the baseline; if not, no change can be judged."""
        return self.baseline in self.reads


def visits_after_surgery(rows: Rows) -> frozenset[str]:
    """Return the ids of the visits after the operation: what they show is not the effect of a drug.

    Those later than `surgery_day` (exclusive), those labelled postop, and all that come after one of them.
    """
    surgery = {row["patient_id"]: row["surgery_day"] for row in rows["patients"]}
    first: dict[str, int] = {}
    for row in rows["timepoints"]:
        operated = surgery.get(row["patient_id"])
        later = None not in (operated, row["scan_day"]) and row["scan_day"] > operated
        if later or row["label"] == POSTOP:
            first[row["patient_id"]] = min(row["order"], first.get(row["patient_id"], row["order"]))
    return frozenset(
        row["timepoint_id"]
        for row in rows["timepoints"]
        if row["patient_id"] in first and row["order"] >= first[row["patient_id"]]
    )


def accepted_lines(rows: Rows) -> list[Line]:
    """Return the lines of comparison of a cohort, ordered by patient, reader and kind of image."""
    series = {row["series_id"]: row for row in rows["series"]}
    visits = {row["timepoint_id"]: row for row in rows["timepoints"]}
    numbers: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows["measurements"]:
        # The pelvic names come once for each side; nothing is compared over time by them here.
        if row["name"] in LESION_MEASUREMENTS:
            numbers[row["segmentation_id"]][row["name"]] = row
    kinds = {row["series_id"]: row["image_kind"] for row in rows["series"]}
    density = {_place(row, kinds): row for row in rows["segmentations"] if row["accepted_density"]}
    baselines = {row["patient_id"]: row for row in rows["timepoints"] if row["is_baseline"]}
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows["segmentations"]:
        if row["accepted"]:
            grouped[(row["patient_id"], row["reader_id"], kinds[row["series_id"]])].append(row)
    lines = []
    for (patient, reader, kind), held in sorted(grouped.items()):
        in_order = sorted({row["timepoint_id"] for row in held}, key=lambda visit: visits[visit]["order"])
        reads: dict[str, dict[str, Read]] = {visit: {} for visit in in_order}
        for row in sorted(held, key=lambda row: str(row["lesion_id"])):
            for_density = density.get(_place(row, kinds), row)
            reads[row["timepoint_id"]][row["lesion_id"]] = Read(
                row["lesion_id"],
                series[row["series_id"]],
                series[for_density["series_id"]],
                row,
                numbers[row["segmentation_id"]] | _of_voxel_values(numbers[for_density["segmentation_id"]]),
            )
        baseline = baselines[patient]
        later = tuple(visit for visit in in_order if visits[visit]["order"] > baseline["order"])
        lines.append(Line(patient, reader, kind, reads, baseline["timepoint_id"], later))
    return lines


def _place(row: Row, kinds: Mapping[str, str]) -> tuple[str, ...]:
    return (row["lesion_id"], row["timepoint_id"], row["reader_id"], kinds[row["series_id"]])


def _of_voxel_values(numbers: Mapping[str, Row]) -> dict[str, Row]:
    return {name: row for name, row in numbers.items() if LESION_MEASUREMENTS[name].of_voxel_values}


def voxel_change_pct(before: Sequence[Read], after: Sequence[Read]) -> float | None:
    """Return the change in voxel count, in percent, where that is the change in volume.

    It is where the spacing of a grid is not the patient's but nominally the same at both visits, as in a
    pair that was brought onto one grid. Else None; also where no voxel was there before.
    """
    reads = [*before, *after]
    if all(read.series["geometry_physical"] for read in reads):
        return None
    first, *others = [[float(read.series[f"spacing_{axis}_mm"]) for axis in "xyz"] for read in reads]
    n_before = sum(int(read.segmentation["n_voxels"]) for read in before)
    n_after = sum(int(read.segmentation["n_voxels"]) for read in after)
    if n_before == 0 or not all(same_spacing(first, other) for other in others):
        return None
    return percent_change(n_before, n_after)
