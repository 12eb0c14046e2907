"""Accepted reads of one reader on one kind of image, visit by visit: what may be compared over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Line", "Read", "accepted_lines", "voxel_change_pct"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Read:
    """One accepted read of one lesion at one visit: its numbers, and the series they are from."""

    lesion_id: str
    series: Row = field(hash=False)
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
    baseline : the patient's baseline visit if it was read on this kind of image, else the first visit read
    """

    patient_id: str
    reader_id: str
    image_kind: str
    reads: Mapping[str, Mapping[str, Read]] = field(hash=False)
    baseline: str

    @property
    def follow_ups(self) -> list[str]:
        """The visits after the baseline, in time order."""
        in_order = list(self.reads)
        return in_order[in_order.index(self.baseline) + 1 :]


def accepted_lines(rows: Rows) -> list[Line]:
    """Return the lines of comparison of a cohort, ordered by patient, reader and kind of image."""
    series = {row["series_id"]: row for row in rows["series"]}
    visits = {row["timepoint_id"]: row for row in rows["timepoints"]}
    numbers: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows["measurements"]:
        numbers[row["segmentation_id"]][row["name"]] = row
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows["segmentations"]:
        if row["accepted"]:
            kind = series[row["series_id"]]["image_kind"]
            grouped[(row["patient_id"], row["reader_id"], kind)].append(row)
    lines = []
    for (patient, reader, kind), held in sorted(grouped.items()):
        in_order = sorted({row["timepoint_id"] for row in held}, key=lambda visit: visits[visit]["order"])
        reads: dict[str, dict[str, Read]] = {visit: {} for visit in in_order}
        for row in sorted(held, key=lambda row: str(row["lesion_id"])):
            reads[row["timepoint_id"]][row["lesion_id"]] = Read(
                row["lesion_id"], series[row["series_id"]], row, numbers[row["segmentation_id"]]
            )
        stated = [visit for visit in in_order if visits[visit]["is_baseline"]]
        lines.append(Line(patient, reader, kind, reads, stated[0] if stated else in_order[0]))
    return lines


def voxel_change_pct(before: Sequence[Read], after: Sequence[Read]) -> float | None:
    """Return the change in voxel count, in percent, where that is the change in volume.

    It is where the spacing of a grid is not the patient's but nominally the same at both visits, as in a
    pair that was brought onto one grid. Else None; also where no voxel was there before.
    """
    reads = [*before, *after]
    if all(read.series["geometry_physical"] for read in reads):
        return None
    spacings = {tuple(read.series[f"spacing_{axis}_mm"] for axis in "xyz") for read in reads}
    n_before = sum(int(read.segmentation["n_voxels"]) for read in before)
    n_after = sum(int(read.segmentation["n_voxels"]) for read in after)
    if len(spacings) > 1 or n_before == 0:
        return None
    return 100.0 * (n_after - n_before) / n_before
