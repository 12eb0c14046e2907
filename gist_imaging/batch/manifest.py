"""A manifest: the CSV file that lists which lesions to measure on which scans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gist_imaging.batch.manifest_columns import COLUMNS, SPLIT_COLUMNS
from gist_imaging.batch.manifest_readings import readings_of
from gist_imaging.batch.manifest_row import DEFAULT_LESION, ManifestRow
from gist_imaging.batch.manifest_text import Cells, cells_of
from gist_imaging.batch.manifest_whole import whole_manifest_problems
from gist_imaging.errors import TableError
from gist_imaging.study.reading import Reading

__all__ = ["Manifest", "ManifestRow", "read_manifest"]

_REQUIRED = ("patient_id", "image")
_TIMES = ("timepoint_label", "scan_date", "scan_day")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of a manifest, in the order of the file.

    Parameters
    ----------
    columns_carried : names of the columns that the program does not know, as the file writes them
    readings : what the readers said, each reading once
    questions : what readers should be asked about it, by pseudonyms
    """

    path: Path
    rows: tuple[ManifestRow, ...]
    columns_carried: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = field(default=(), repr=False)
    questions: tuple[str, ...] = ()


def read_manifest(path: str | Path) -> Manifest:
    """Return the rows of the manifest at `path`.

    The readings that rows name are read too.

    CSV as RFC 4180 has it: comma, decimal point, UTF-8 (a byte order mark is tolerated). The header is
    required and its case does not matter. Every cell is text until its column says otherwise, so the
    patient "001" stays "001" and "NA" stays "NA". An empty cell says nothing. Paths are relative to the
    manifest.

    Raises
    ------
    TableError
        With every problem at once, each with its row and column. No cell is quoted: a shifted row may
        hold a name. Words of a reading are.
    """
    path = Path(path)
    cells = cells_of(path)
    problems = [*cells.problems, *_missing_columns(cells)]
    rows: list[dict[str, Any]] = []
    for number, texts in cells.rows:
        values, wrong = _values(number, texts)
        problems += wrong
        rows.append({**values, "row": number})
    if not problems:
        problems += whole_manifest_problems(rows)
    if problems:
        raise TableError(path.name, tuple(problems))
    carried = tuple(name for name in cells.header if name.lower() not in COLUMNS)
    texts_by_row = dict(cells.rows)
    made = tuple(_row(values, texts_by_row[values["row"]], path.parent) for values in rows)
    readings, wrong = readings_of(made)
    if wrong:
        raise TableError(path.name, tuple(wrong))
    questions = tuple(f"{reading.case}/{asked}" for reading in readings for asked in reading.questions)
    return Manifest(path, made, carried, readings, questions)


def _missing_columns(cells: Cells) -> list[str]:
    if not cells.header:
        return []
    names = {name.lower() for name in cells.header}
    missing = [
        f"row 1: expected a column {name}, found none; add it" for name in _REQUIRED if name not in names
    ]
    if not names & set(_TIMES):
        missing.append(f"row 1: expected one of the columns {', '.join(_TIMES)}, found none; add one")
    return missing


def _values(number: int, texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    problems = []
    for name, text in texts.items():
        column = COLUMNS.get(name.lower())
        if column is None or not text:
            continue
        try:
            values[name.lower()] = column.read(text)
        except ValueError as error:
            problems.append(f"row {number}, column {name}: {error}")
    given = {name.lower() for name, text in texts.items() if text}
    known = {name.lower() for name in texts}
    problems += [
        f"row {number}, column {name}: expected a value, found an empty cell; fill it in"
        for name in _REQUIRED
        if name in known and name not in given
    ]
    if known & set(_TIMES) and not given & set(_TIMES):
        problems.append(
            f"row {number}: expected {', '.join(_TIMES[:-1])} or {_TIMES[-1]}, found none; "
            "say when the scan was"
        )
    if "relation_side" in given and "relation" not in given:
        problems.append(
            f"row {number}, column relation_side: expected a file in the column relation, found none; "
            "name it, or leave out the side"
        )
    lesion = values.get("lesion_id", DEFAULT_LESION)
    patient, slash, local = lesion.rpartition("/")
    if slash and "patient_id" in values and patient != values["patient_id"]:
        problems.append(
            f"row {number}, column lesion_id: expected a lesion of this row's patient, found another's"
        )
    values["lesion_id"] = local
    return values, problems


def _row(values: Mapping[str, Any], texts: Mapping[str, str], folder: Path) -> ManifestRow:
    own = {
        "row",
        "patient_id",
        "timepoint_label",
        "image",
        "mask",
        "reading",
        "relation",
        "relation_side",
        "label",
        "lesion_id",
        "lesion_number",
        "series_no",
        "geometry",
    }
    return ManifestRow(
        row=values["row"],
        patient_id=values["patient_id"],
        timepoint_label=values["timepoint_label"],
        image=folder / values["image"],
        mask=folder / values["mask"] if "mask" in values else None,
        reading=folder / values["reading"] if "reading" in values else None,
        relation=folder / values["relation"] if "relation" in values else None,
        relation_side=values.get("relation_side"),
        label=values.get("label"),
        lesion=values["lesion_id"],
        lesion_number=values["lesion_number"],
        series_no=values["series_no"],
        split={SPLIT_COLUMNS[name]: values[name] for name in SPLIT_COLUMNS if name in values},
        physical=values.get("geometry", "physical") == "physical",
        stated={
            name: value for name, value in values.items() if name not in own and name not in SPLIT_COLUMNS
        },
        carried={name: text for name, text in texts.items() if name.lower() not in COLUMNS},
    )
