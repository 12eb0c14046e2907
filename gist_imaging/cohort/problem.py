"""One thing that is wrong with a cohort, with its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CohortProblem", "clinical_problem", "rows_by"]


@dataclass(frozen=True, slots=True, order=True)
class CohortProblem:
    """One thing that is wrong with a cohort.

    Parameters
    ----------
    layer : files, schema, referential, clinical or privacy
    table : where
    code : short name of the rule that is broken
    row : key of the row, or "" for the whole table
    column : which column, or "" for the whole row
    message : what was expected and what was found
    """

    layer: str
    table: str
    code: str
    row: str
    column: str
    message: str

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.table,
                f"row {self.row}" if self.row else "",
                f"column {self.column}" if self.column else "",
            )
            if part
        )
        return f"{place}: {self.message} [{self.layer}: {self.code}]"

    def to_json(self) -> dict[str, Any]:
        """Return the problem as plain values for `json.dumps`."""
        return {name: getattr(self, name) for name in ("layer", "table", "code", "row", "column", "message")}


def clinical_problem(table: str, code: str, row: str, column: str, message: str) -> CohortProblem:
    """Return a problem of the clinical layer."""
    return CohortProblem("clinical", table, code, row, column, message)


def rows_by(rows: Sequence[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Return the rows grouped by the values of the columns `names`."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups
