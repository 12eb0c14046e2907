"""Everything that is wrong with a cohort, found at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gist_imaging.cohort.check_clinical import clinical_problems, linked_problems
from gist_imaging.cohort.check_keys import key_problems
from gist_imaging.cohort.check_privacy import privacy_problems
from gist_imaging.cohort.check_schema import schema_problems, structure_problems
from gist_imaging.cohort.derive import analysis_rows
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.relation_changes import relation_change_rows
from gist_imaging.cohort.respond import response_rows
from gist_imaging.cohort.spec import table_named

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["validate_frames"]

Row = dict[str, Any]


def validate_frames(
    frames: Mapping[str, pd.DataFrame], study: StudyFacts | None = None, *, uids_rerooted: bool = False
) -> list[CohortProblem]:
    """Return every problem of the tables, in order of layer, table and row; none means valid.

    Four layers: schema, referential, clinical (with `responses` and `analysis_patient` computed again from
    the long tables) and privacy. Wrong structure (a missing table or column) is told alone; tables are
    computed again only if the layers before are clean.

    Parameters
    ----------
    study : criteria, date policy and primary reader; those of `StudyFacts()` if not given
    uids_rerooted : whether UIDs should be re-rooted, as in an exported folder
    """
    study = study or StudyFacts()
    structure = structure_problems(frames)
    if structure:
        return structure
    rows: dict[str, list[Row]] = {name: plain_rows(frame) for name, frame in frames.items()}
    before = schema_problems(frames) + key_problems(frames)
    clinical = clinical_problems(rows)
    if not before:
        clinical += linked_problems(rows)
        clinical += _recomputed(rows, "relation_changes", relation_change_rows(rows))
        clinical += _recomputed(rows, "responses", response_rows(rows, study.criteria))
        clinical += _recomputed(rows, "analysis_patient", analysis_rows(rows, study.primary_reader))
    return before + clinical + privacy_problems(frames, study.date_policy, uids_rerooted=uids_rerooted)


def _recomputed(rows: Mapping[str, Sequence[Row]], name: str, expected: Sequence[Row]) -> list[CohortProblem]:
    table = table_named(name)

    def keyed(held: Sequence[Row]) -> dict[str, Row]:
        return {"|".join(str(row[part]) for part in table.primary_key): row for row in held}

    given, again = keyed(rows[name]), keyed(expected)

    def problem(row: str, column: str, message: str) -> CohortProblem:
        return CohortProblem("clinical", name, "not_recomputed", row, column, message)

    found = [
        problem(row, "", "expected by the other tables, found none") for row in sorted(again.keys() - given)
    ]
    found += [problem(row, "", "not expected by the other tables") for row in sorted(given.keys() - again)]
    for row in sorted(given.keys() & again):
        found += [
            problem(
                row,
                column,
                f"expected {again[row].get(column)!r} by the other tables, found {given[row][column]!r}",
            )
            for column in table.column_names
            if not _equal(given[row][column], again[row].get(column))
        ]
    return found


def _equal(given: Any, expected: Any) -> bool:
    if isinstance(given, float) and isinstance(expected, int | float) and not isinstance(expected, bool):
        return math.isclose(given, expected, rel_tol=1e-9, abs_tol=1e-9)
    return bool(given == expected)
