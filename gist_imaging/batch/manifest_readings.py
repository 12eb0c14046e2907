"""The readings that the rows of a manifest name: read once each, and held against their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from gist_imaging.batch.manifest_row import ManifestRow
from gist_imaging.errors import GistImagingError
from gist_imaging.io.reading_file import read_reading
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.pelvic_findings import PelvicFindings
from gist_imaging.study.reading import Reading

__all__ = ["readings_of"]


def readings_of(rows: Sequence[ManifestRow]) -> tuple[tuple[Reading, ...], list[str]]:
    """Return the readings that rows name, each once, and every problem with its row.

    A reading is of one patient and reader and may be named by several rows; each of its calls belongs to a
    row that names it, of that lesion and visit. Nothing in it is passed over.
    """
    named: dict[Path, list[ManifestRow]] = defaultdict(list)
    for row in rows:
        if row.reading is not None:
            named[row.reading].append(row)
    problems: list[tuple[int, str]] = []
    readings: dict[str, tuple[int, Reading]] = {}
    claimed: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path, naming in named.items():
        reading = _read(path, naming, problems)
        if reading is None:
            continue
        sha256 = reading.sha256
        readings.setdefault(sha256, (naming[0].row, reading))
        claimed[sha256] |= {(row.lesion, row.timepoint_label) for row in naming}
        for row in naming:
            problems += [(row.row, wrong) for wrong in _differing(row, reading)]
    for sha256, (row_number, reading) in readings.items():
        lost = {(call.lesion, call.timepoint) for call in reading.calls} - claimed[sha256]
        problems += [
            (
                row_number,
                f"expected a row of its own, with this reading, for {lesion} at {visit}, which it speaks of",
            )
            for lesion, visit in sorted(lost)
        ]
    problems += _said_twice(readings.values())
    told = [f"row {row}, column reading: {text}" for row, text in sorted(set(problems))]
    return tuple(reading for _, (_, reading) in sorted(readings.items())), told


def _read(path: Path, naming: Sequence[ManifestRow], problems: list[tuple[int, str]]) -> Reading | None:
    try:
        return read_reading(path)
    except (GistImagingError, OSError) as error:
        # The name of the file is a cell, which is not quoted.
        told = str(error).removeprefix(f"{path.name}: ") if isinstance(error, GistImagingError) else ""
        lines = told.replace(path.name, "the file").splitlines() or [
            "a file that can be read; check the path"
        ]
        problems += [(row.row, line) for row in naming for line in lines]
        return None


def _differing(row: ManifestRow, reading: Reading) -> list[str]:
    found = []
    if reading.case != row.patient_id:
        found.append("expected a reading of this row's patient, found another's")
    if reading.reader != row.reader_id:
        found.append("expected a reading by this row's reader_id (R1 where left out), found another's")
    if row.read_no > 1:
        found.append(
            "expected the calls of a first read; one lesion, visit and reader has one call: give the second "
            "read a reader_id of its own"
        )
    if not any((call.lesion, call.timepoint) == (row.lesion, row.timepoint_label) for call in reading.calls):
        found.append(
            f"expected words about {row.lesion} at {row.timepoint_label}, found none; name the lesion and "
            "visit as this row does"
        )
    return found


def _said_twice(readings: Iterable[tuple[int, Reading]]) -> list[tuple[int, str]]:
    said: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for row, reading in readings:
        for call in reading.calls:
            said[(reading.case, reading.reader, *_about(call))].add(row)
    return [
        (
            max(rows),
            f"expected one reading, found another in row {min(rows)} that speaks of the same lesion and "
            "visit; give the revision that counts",
        )
        for rows in said.values()
        if len(rows) > 1
    ]


def _about(call: LevatorRelation | PelvicFindings) -> tuple[str, ...]:
    side = call.side.value if isinstance(call, LevatorRelation) else "findings"
    return (call.lesion, call.timepoint, side)
