"""The cells of a CSV file as text, with what is wrong with the file as a whole."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from gist_imaging.errors import GistImagingError, TableError

__all__ = ["Cells", "cells_of"]

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_XLSX_MARK = b"PK\x03\x04"
_SAVE_AS = "in Excel, save it as 'CSV UTF-8 (comma delimited)'"
# 10⁶ rows of 200 characters; more is not a manifest.
_BYTES_AT_MOST = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cells:
    """A header, and for each row its line number and its cells by column name, stripped of blanks."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    problems: tuple[str, ...]


def cells_of(path: Path) -> Cells:
    """Return the cells of the file at `path`.

    Raises
    ------
    GistImagingError
        If there is no such file.
    TableError
        If it is not comma-separated UTF-8.
    """
    text = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        problems = _header_problems(header, text)
        rows = []
        for row, number in _numbered(reader):
            if len(row) != len(header):
                problems.append(f"row {number}: expected {len(header)} cells, found {len(row)}")
            else:
                cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
                rows.append((number, cells))
    except csv.Error as error:
        raise TableError(path.name, (f"row {reader.line_num}: expected CSV, found {error}",)) from None
    if not rows and not problems:
        problems.append("row 2: expected at least one row, found none")
    return Cells(tuple(header), tuple(rows), tuple(problems))


def _numbered(reader: object) -> list[tuple[list[str], int]]:
    # A quoted cell may hold line breaks, so rows are counted, not lines; empty lines count too.
    found: list[list[str]] = list(reader)  # type: ignore[call-overload]
    return [(row, number) for number, row in enumerate(found, start=2) if any(cell.strip() for cell in row)]


def _text(path: Path) -> str:
    if not path.is_file():
        raise GistImagingError(f"{path.name}: a manifest (CSV file)", "found no such file", "check the path")
    if path.stat().st_size > _BYTES_AT_MOST:
        raise TableError(path.name, (f"expected a CSV file of at most {_BYTES_AT_MOST} bytes, found more",))
    raw = path.read_bytes()
    if raw.startswith(_XLSX_MARK):
        raise TableError(path.name, (f"expected CSV, found a spreadsheet; {_SAVE_AS}",))
    if raw.startswith(_UTF16_MARKS) or b"\x00" in raw:
        raise TableError(path.name, (f"expected UTF-8, found UTF-16 or binary; {_SAVE_AS}",))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TableError(
            path.name, (f"row {line}: expected UTF-8, found another encoding; {_SAVE_AS}",)
        ) from None


def _header_problems(header: list[str], text: str) -> list[str]:
    first = text.partition("\n")[0]
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if separator in first and "," not in first:
            return [f"row 1: expected commas between cells, found {name}; {_SAVE_AS}"]
    if not any(header):
        return ["row 1: expected a header, found none; begin with the names of the columns"]
    lowered = [name.lower() for name in header]
    problems = [
        f"row 1: expected each column once, column {position} has the name of an earlier one"
        for position, name in enumerate(lowered, start=1)
        if name and name in lowered[: position - 1]
    ]
    if "" in header:
        problems.append(f"row 1: expected a name for every column, column {header.index('') + 1} has none")
    return problems
