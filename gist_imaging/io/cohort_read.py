"""Cohort folders read by their schema, and checked file by file and row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.cohort.csv_text import cell_texts, frame_from_csv
from gist_imaging.cohort.package import (
    COHORT_FILE,
    DOCUMENTS,
    PACKAGE_FILE,
    check_tables_of,
    csv_path,
    frame_from_parquet,
    parquet_path,
    study_from_json,
)
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.spec import Table, tables
from gist_imaging.cohort.validate import validate_frames
from gist_imaging.errors import TableError
from gist_imaging.io.cohort_strays import stray_problems

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CohortReport", "raise_problems", "read_cohort", "study_facts", "validate_cohort"]


@dataclass(frozen=True, slots=True)
class CohortReport:
    """What validation of a folder found.

    Parameters
    ----------
    problems : every problem, in order of layer, table and row
    n_rows : rows of each table
    """

    folder: Path
    problems: tuple[CohortProblem, ...]
    n_rows: Mapping[str, int]

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for `json.dumps`."""
        return {
            "valid": self.is_valid,
            "n_rows": dict(self.n_rows),
            "problems": [problem.to_json() for problem in self.problems],
        }


def read_cohort(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a cohort folder, typed by the schema.

    Raises
    ------
    TableError
        If it is no cohort folder, of another version, or a table cannot be read; names every problem.
    """
    check_tables_of(study_facts(folder).schema_version)
    frames, problems = _read_tables(folder)
    raise_problems(problems)
    return frames


def validate_cohort(folder: Path) -> CohortReport:
    """Return every problem of a cohort folder: hashes, CSV against Parquet, and the layers of the tables.

    A key that lies inside is named, and so is what does not belong to the format.

    Raises
    ------
    TableError
        If it is no cohort folder at all, or of another version.
    """
    study = study_facts(folder)
    check_tables_of(study.schema_version)
    problems = [*_hash_problems(folder), *stray_problems(folder)]
    frames, unread = _read_tables(folder)
    problems += unread
    for table in tables():
        if table.name in frames:
            problems += _drift(folder, table, frames[table.name])
    if len(frames) == len(tables()):
        problems += validate_frames(frames, study, uids_rerooted=True)
    return CohortReport(folder, tuple(problems), {name: len(frame) for name, frame in frames.items()})


def study_facts(folder: Path) -> StudyFacts:
    """Return the facts of the study in a cohort folder.

    Raises
    ------
    TableError
        If it is no cohort folder, or of a newer major version.
    """
    path = folder / COHORT_FILE
    if not path.is_file() or not (folder / PACKAGE_FILE).is_file():
        raise TableError(
            folder.name,
            (
                f"expected a cohort folder with {COHORT_FILE} and {PACKAGE_FILE}, found none; "
                "give the folder that gist-imaging batch wrote",
            ),
        )
    return study_from_json(path.read_bytes())


def _read_tables(folder: Path) -> tuple[dict[str, pd.DataFrame], list[CohortProblem]]:
    frames: dict[str, pd.DataFrame] = {}
    problems: list[CohortProblem] = []
    for table in tables():
        try:
            content = (folder / csv_path(table.name)).read_bytes()
        except OSError:
            problems.append(
                CohortProblem("files", table.name, "missing_file", "", "", "the CSV cannot be read")
            )
            continue
        frames[table.name], unread = frame_from_csv(content, table)
        problems += unread
    return frames, problems


def _hash_problems(folder: Path) -> list[CohortProblem]:
    try:
        package = json.loads((folder / PACKAGE_FILE).read_bytes())
        listed = list(package["resources"])
        entries = {str(entry["path"]): str(entry["hash"]) for entry in [*listed, *package["documents"]]}
        entries |= {str(entry["parquet"]["path"]): str(entry["parquet"]["hash"]) for entry in listed}
    except (ValueError, KeyError, TypeError):
        return [CohortProblem("files", PACKAGE_FILE, "package", "", "", "expected hashes of all files")]
    expected = [path for table in tables() for path in (csv_path(table.name), parquet_path(table.name))]
    problems = [
        CohortProblem("files", path, "not_listed", "", "", f"expected its hash in {PACKAGE_FILE}")
        for path in (*expected, COHORT_FILE)
        if path not in entries
    ]
    for path in sorted(entries.keys() & {*expected, COHORT_FILE, *DOCUMENTS}):
        try:
            found = "sha256:" + hashlib.sha256((folder / path).read_bytes()).hexdigest()
        except OSError:
            problems.append(CohortProblem("files", path, "missing_file", "", "", "the file cannot be read"))
            continue
        if found != entries[path]:
            problems.append(
                CohortProblem("files", path, "hash", "", "", f"expected the content hashed in {PACKAGE_FILE}")
            )
    return problems


def _drift(folder: Path, table: Table, frame: pd.DataFrame) -> list[CohortProblem]:
    def problem(message: str) -> list[CohortProblem]:
        return [CohortProblem("files", table.name, "drift", "", "", message)]

    try:
        twin = frame_from_parquet((folder / parquet_path(table.name)).read_bytes(), table)
    except OSError:
        return problem("the Parquet file cannot be read")
    except TableError as error:
        return problem(error.problems[0])
    if cell_texts(frame, table) != cell_texts(twin, table):
        return problem("expected equal rows in CSV and Parquet, found different ones")
    return []


def raise_problems(problems: Sequence[CohortProblem]) -> None:
    """Raise a TableError that names all of `problems`, if there are any."""
    if problems:
        raise TableError("cohort", tuple(str(problem) for problem in problems))
