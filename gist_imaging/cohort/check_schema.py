"""First layer of validation: tables, columns, types, words, patterns, bounds, keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from gist_imaging.cohort.emit import PANDAS_TYPES
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.spec import Column, Table, tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["row_names", "schema_problems", "structure_problems"]


def row_names(frame: pd.DataFrame, table: Table) -> list[str]:
    """Return the key of each row as text, by which problems name it."""
    keys = [frame[name].astype("string").fillna("").tolist() for name in table.primary_key]
    return ["|".join(parts) for parts in zip(*keys, strict=True)]


def structure_problems(frames: Mapping[str, pd.DataFrame]) -> list[CohortProblem]:
    """Return missing tables, wrong columns and wrong types; nothing else can be judged before these."""
    found = []
    for table in tables():
        if table.name not in frames:
            found.append(CohortProblem("schema", table.name, "table", "", "", "the table is missing"))
            continue
        frame = frames[table.name]
        if list(frame.columns) != table.column_names:
            found.append(
                CohortProblem(
                    "schema",
                    table.name,
                    "header",
                    "",
                    "",
                    "expected the columns of the format in their order",
                )
            )
            continue
        found += [
            CohortProblem(
                "schema",
                table.name,
                "type",
                "",
                column.name,
                f"expected {PANDAS_TYPES[column.type]}, found {frame[column.name].dtype}",
            )
            for column in table.columns
            if str(frame[column.name].dtype) != PANDAS_TYPES[column.type]
        ]
    return found


def schema_problems(frames: Mapping[str, pd.DataFrame]) -> list[CohortProblem]:
    """Return every cell and key that breaks the specification; the structure is right already."""
    found = []
    for table in tables():
        frame = frames[table.name]
        names = row_names(frame, table)
        for column in table.columns:
            for code, wrong, message in _broken(frame[column.name], column):
                found += [
                    CohortProblem("schema", table.name, code, names[row], column.name, message)
                    for row in np.flatnonzero(wrong)
                ]
        repeated = frame.duplicated(subset=list(table.primary_key), keep="first").to_numpy()
        found += [
            CohortProblem(
                "schema", table.name, "duplicate_key", names[row], "", "expected a unique key, found it again"
            )
            for row in np.flatnonzero(repeated)
        ]
    return found


def _broken(held: pd.Series[Any], column: Column) -> list[tuple[str, Any, str]]:
    missing = held.isna().to_numpy()
    found: list[tuple[str, Any, str]] = []
    if column.required:
        found.append(("required", missing, "expected a value, found none"))
    if column.allowed is not None:
        wrong = ~held.isin(column.allowed).to_numpy(dtype=bool) & ~missing
        found.append(("word", wrong, f"expected a word of the list {column.codes}"))
    if column.text_pattern is not None:
        fits = held.str.fullmatch(column.text_pattern).fillna(True).to_numpy(dtype=bool)
        found.append(("pattern", ~fits, f"expected the form {column.text_pattern}"))
    if column.type == "date":
        wrong = np.array(
            [bool(not gone and not _is_date(text)) for text, gone in zip(held, missing, strict=True)]
        )
        found.append(("date", wrong.astype(bool), "expected a date such as 2024-05-31"))
    if column.type in ("number", "integer"):
        values = held.to_numpy(dtype=float, na_value=np.nan)
        found.append(("finite", np.isinf(values), "expected a finite number"))
        if column.minimum is not None:
            found.append(("minimum", values < column.minimum, f"expected at least {column.minimum:g}"))
        if column.maximum is not None:
            found.append(("maximum", values > column.maximum, f"expected at most {column.maximum:g}"))
    return found


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2024-05-31")
