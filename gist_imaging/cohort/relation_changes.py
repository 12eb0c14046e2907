"""Long table -> `relation_changes`: what became of tumour, levator ani and pelvic floor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from gist_imaging.anatomy.pelvic_frame import NOT_CHECKED
from gist_imaging.cohort.lines import Read, accepted_lines, visits_after_surgery
from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS
from gist_imaging.provenance import sha256_of

__all__ = ["ANOTHER_WAY", "NOT_COMPARED", "relation_change_rows"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]
Numbers = Mapping[tuple[str, str], Row]

NOT_COMPARED = ("levator_signal_ratio",)
"""Signals of two scans have no common scale."""
ANOTHER_WAY = "measured_in_another_way"
"""Reason where another landmark or path was taken: the difference would be that of the method."""
AFTER_SURGERY = "after_surgery"
_MISSING = {
    (True, True): "not_measured_at_both_visits",
    (True, False): "not_measured_at_baseline",
    (False, True): "not_measured_at_this_visit",
}


def relation_change_rows(rows: Rows) -> list[Row]:
    """Return the rows of `relation_changes`: every accepted follow-up against the baseline of its line.

    Numbers of a side are compared with those of the same side, by one reader on one kind of image.
    """
    pelvic: dict[str, dict[tuple[str, str], Row]] = defaultdict(dict)
    for row in rows["measurements"]:
        if row["name"] in PELVIC_MEASUREMENTS and row["name"] not in NOT_COMPARED:
            pelvic[row["segmentation_id"]][(row["name"], row["side"] or "")] = row
    late = visits_after_surgery(rows)
    found = []
    for line in accepted_lines(rows):
        for visit in line.follow_ups if line.has_baseline else ():
            for lesion, after in line.reads[visit].items():
                before = line.reads[line.baseline].get(lesion)
                if before is None:
                    continue
                shared: Row = {
                    "patient_id": line.patient_id,
                    "lesion_id": lesion,
                    "baseline_timepoint_id": line.baseline,
                    "timepoint_id": visit,
                    "reader_id": line.reader_id,
                    "image_kind": line.image_kind,
                }
                numbers = (_of(pelvic, before), _of(pelvic, after))
                found += [{**shared, **row} for row in _changes(visit, *numbers, after_surgery=visit in late)]
    return found


def _of(pelvic: Mapping[str, Numbers], read: Read) -> Numbers:
    return pelvic.get(read.segmentation["segmentation_id"], {})


def _changes(visit: str, before: Numbers, after: Numbers, *, after_surgery: bool) -> list[Row]:
    found: list[Row] = []
    for name, side in sorted(before.keys() | after.keys()):
        one, other = before.get((name, side)), after.get((name, side))
        inputs = [row["measurement_id"] for row in (one, other) if row is not None]
        values: list[Any] = [None if row is None else row["value"] for row in (one, other)]
        first, second = values
        reason = AFTER_SURGERY if after_surgery else _why_not(one, other)
        found.append(
            {
                "change_id": sha256_of([visit, *inputs])[:16],
                "name": name,
                "side": side or None,
                "unit": PELVIC_MEASUREMENTS[name].unit,
                "baseline_value": first,
                "value": second,
                "change": None if reason is not None else second - first,
                "status": "measured" if reason is None else "not_evaluable",
                "reason": reason,
                "inputs": ";".join(inputs),
            }
        )
    return found


def _why_not(before: Row | None, after: Row | None) -> str | None:
    """Return why two numbers are not subtracted, or None where they may be."""
    missing = tuple(row is None or row["value"] is None for row in (before, after))
    if missing in _MISSING:
        return _MISSING[missing]
    if before is None or after is None or PELVIC_MEASUREMENTS[before["name"]].of_side:
        return None
    return None if _way(before) == _way(after) else ANOTHER_WAY


def _way(row: Row) -> set[str]:
    return set((row["notes"] or "").split("; ")) - {NOT_CHECKED, ""}
