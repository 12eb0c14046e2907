"""Frames as CSV text and back, losing nothing.

UTF-8 without BOM, LF, comma, header, RFC 4180 quotes, decimal point, `true`/`false`, ISO dates, floats in
their shortest form that reads back equal, missing values as empty cells.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gist_imaging.cohort.emit import typed_frame
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.spec import Column, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cell_texts", "csv_text", "frame_from_csv"]

_INTEGER = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written(kind: str) -> Callable[[Any], str]:
    if kind == "number":
        return lambda value: repr(float(value))
    if kind == "integer":
        return lambda value: str(int(value))
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    return str


def cell_texts(frame: pd.DataFrame, table: Table) -> list[list[str]]:
    """Return the cells of `frame` as text, column by column in the order of `table`."""
    columns = []
    for column in table.columns:
        held = frame[column.name]
        write = _written(column.type)
        missing = held.isna().to_numpy()
        columns.append(
            ["" if gone else write(value) for value, gone in zip(held.tolist(), missing, strict=True)]
        )
    return columns


def csv_text(frame: pd.DataFrame, table: Table) -> str:
    """Return `frame` as CSV text; equal frames give equal text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*cell_texts(frame, table), strict=True))
    return text.getvalue()


def frame_from_csv(content: bytes, table: Table) -> tuple[pd.DataFrame, list[CohortProblem]]:
    """Return the frame that the CSV bytes hold by the types of `table`, and what could not be read.

    Nothing is guessed: "001" stays text, "NA" is no missing value. A cell that cannot be read is missing in
    the frame and named in the problems.
    """

    def problem(code: str, message: str, row: str = "", column: str = "") -> CohortProblem:
        return CohortProblem("schema", table.name, code, row, column, message)

    if content.startswith(b"\xef\xbb\xbf"):
        return typed_frame(table, []), [problem("bom", "expected UTF-8 without BOM; save it as plain UTF-8")]
    try:
        text = content.decode("utf-8")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return typed_frame(table, []), [problem("csv", "expected CSV in UTF-8 with RFC 4180 quotes")]
    header = lines[0] if lines else []
    if header != table.column_names:
        missing = [name for name in table.column_names if name not in header]
        extra = [name for name in header if name not in table.column_names]
        return typed_frame(table, []), [
            problem(
                "header",
                f"expected the columns of the format in their order; missing {missing}, unknown {extra}; "
                "was the file saved by a spreadsheet with another separator?",
            )
        ]
    problems = []
    rows: list[dict[str, Any]] = []
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) != len(header):
            problems.append(
                problem("cells", f"expected {len(header)} cells, found {len(cells)}", f"line {number}")
            )
            continue
        rows.append(dict(zip(header, cells, strict=True)))
    for column in table.columns:
        unread = _convert(rows, column)
        problems += [
            problem("type", f"expected {column.type}, found another text", f"line {number}", column.name)
            for number in unread
        ]
    return typed_frame(table, rows), problems


def _convert(rows: Sequence[dict[str, Any]], column: Column) -> list[int]:
    """Turn the texts of one column into values, in place; return the lines that could not be read."""
    read = _reader(column)
    unread = []
    for number, row in enumerate(rows, start=2):
        text = row[column.name]
        row[column.name] = None
        if text == "":
            continue
        try:
            row[column.name] = read(text)
        except ValueError:
            unread.append(number)
    return unread


def _reader(column: Column) -> Callable[[str], Any]:
    def matching(pattern: re.Pattern[str], make: Callable[[str], Any]) -> Callable[[str], Any]:
        def read(text: str) -> Any:
            if not pattern.fullmatch(text):
                raise ValueError(text)
            return make(text)

        return read

    if column.type == "integer":
        return matching(_INTEGER, int)
    if column.type == "number":
        return matching(_NUMBER, float)
    if column.type == "boolean":
        return matching(re.compile("true|false"), "true".__eq__)
    if column.type == "date":
        return matching(_DATE, str)
    return str
