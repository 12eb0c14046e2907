"""One specification of the cohort tables; schemas, validators, dictionary and file types come from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gist_imaging.cohort.codes import CODELISTS

__all__ = ["SAFE_TEXT", "Column", "ColumnType", "ForeignKey", "Table", "table_named", "tables"]

ColumnType = Literal["string", "integer", "number", "boolean", "date"]

SAFE_TEXT = r"[^=+\-@\s][^\x00-\x1f\x7f]*"
"""Text that no spreadsheet takes for a formula: does not begin with = + - @ or a blank, one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    description : what it holds; for a derived column, the rule
    unit : mm, mL, d (days), a (years), %, ...; None for text and codes
    codes : name of the word list in `CODELISTS` that it is bound to
    required : whether every row has a value
    pattern : regular expression that the whole text matches; SAFE_TEXT where none is given
    minimum, maximum : bounds, inclusive
    uid : whether it holds a DICOM UID, which leaves only re-rooted
    words : whether it holds words of a reader or a program rather than an id or code
    """

    name: str
    type: ColumnType
    description: str
    unit: str | None = None
    codes: str | None = None
    required: bool = False
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    uid: bool = False
    words: bool = False

    @property
    def allowed(self) -> tuple[str, ...] | None:
        """The words that the column may hold, or None for an open column."""
        return tuple(CODELISTS[self.codes]) if self.codes else None

    @property
    def text_pattern(self) -> str | None:
        """The pattern of a text column that is not bound to a word list."""
        if self.type != "string" or self.codes:
            return None
        return self.pattern or SAFE_TEXT


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values, where given, are found in the key of another table."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its key, its references and its columns in file order."""

    name: str
    description: str
    primary_key: tuple[str, ...]
    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def column_names(self) -> list[str]:
        """Names in file order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


def tables() -> tuple[Table, ...]:
    """Return every table of the format, parents before children."""
    from gist_imaging.cohort.spec_acquired import ACQUIRED
    from gist_imaging.cohort.spec_calls import CALLS
    from gist_imaging.cohort.spec_results import RESULTS

    return ACQUIRED + CALLS + RESULTS


def table_named(name: str) -> Table:
    """Return the table of that name."""
    return next(table for table in tables() if table.name == name)
