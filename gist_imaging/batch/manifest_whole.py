"""What only all rows of a manifest together can say: patient facts, names of visits, ranks, duplicates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gist_imaging.batch.manifest_columns import PATIENT_COLUMNS, SPLIT_COLUMNS

__all__ = ["whole_manifest_problems"]

_READ = ("patient_id", "timepoint_label", "lesion_id", "reader_id", "read_no")
_SERIES = ("image", "series_uid", *SPLIT_COLUMNS)
_DEFAULTS = {"reader_id": "R1", "read_no": 1}

Values = dict[str, Any]


def whole_manifest_problems(rows: Sequence[Values]) -> list[str]:
    """Complete `rows` in place from one another, and return what contradicts.

    Patient facts stated in one row are given to all rows of the patient. Visits without a label are called
    TP01, TP02, ... by the rank of their day among all visits of the patient. Lesions are numbered in the
    order of their ids, and the images of a visit in the order of their names. None of this depends on the
    order of the rows.
    """
    problems = []
    for patient in _by(rows, "patient_id"):
        problems += _share_patient_facts(patient)
        problems += _name_visits(patient)
        _number_lesions(patient)
        _number_series(patient)
    return problems + _duplicates(rows)


def _by(rows: Sequence[Values], column: str) -> Iterable[list[Values]]:
    groups: dict[str, list[Values]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups.values()


def _share_patient_facts(rows: list[Values]) -> list[str]:
    problems = []
    for name in PATIENT_COLUMNS:
        stating = [row for row in rows if name in row]
        problems += [
            f"row {row['row']}, column {name}: expected what row {stating[0]['row']} says of this patient, "
            "found another value"
            for row in stating[1:]
            if row[name] != stating[0][name]
        ]
        for row in rows if stating else []:
            row.setdefault(name, stating[0][name])
    return problems


def _name_visits(rows: list[Values]) -> list[str]:
    unnamed = [row for row in rows if "timepoint_label" not in row]
    if not unnamed:
        return []
    clock = "scan_date" if all("scan_date" in row for row in rows) else "scan_day"
    without = [row for row in rows if clock not in row]
    if without:
        return [
            f"row {row['row']}: expected the same clock in all rows of this patient, found a row without "
            "scan_date and one without scan_day; give all rows one of them, or timepoint_label"
            for row in without
        ]
    times = sorted({row[clock] for row in rows})
    labels = {time: f"TP{rank:02d}" for rank, time in enumerate(times, start=1)}
    named = sorted((row["timepoint_label"], row[clock]) for row in rows if "timepoint_label" in row)
    # Sorted backwards, so that of two names for one day the first in the alphabet holds.
    labels |= {time: label for label, time in reversed(named)}
    taken = dict(named)
    problems = []
    for row in unnamed:
        row["timepoint_label"] = label = labels[row[clock]]
        if taken.get(label, row[clock]) != row[clock]:
            problems.append(
                f"row {row['row']}: expected {label} to be free for this visit, found it given to "
                "another day; give all rows of this patient a timepoint_label"
            )
    return problems


def _number_lesions(rows: list[Values]) -> None:
    ids = sorted({row["lesion_id"] for row in rows}, key=_natural)
    for row in rows:
        row["lesion_number"] = ids.index(row["lesion_id"]) + 1


def _number_series(rows: list[Values]) -> None:
    for visit in _by([row for row in rows if "timepoint_label" in row], "timepoint_label"):
        series = sorted({_series(row) for row in visit})
        for row in visit:
            row["series_no"] = series.index(_series(row)) + 1


def _series(row: Values) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) for name in _SERIES)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts L10 behind L2."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _duplicates(rows: Sequence[Values]) -> list[str]:
    seen: dict[tuple[Any, ...], int] = {}
    problems = []
    for row in rows:
        key = tuple(row.get(name, _DEFAULTS.get(name)) for name in (*_READ, *_SERIES))
        if key in seen:
            problems.append(
                f"row {row['row']}: expected one row for a lesion, visit, series and reader, found the same "
                f"as in row {seen[key]}; give each lesion a lesion_id, each second read a read_no"
            )
        else:
            seen[key] = row["row"]
    return problems
