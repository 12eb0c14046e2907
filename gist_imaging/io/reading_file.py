"""Readings as JSON files."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.io.regular_file import open_regular
from gist_imaging.study.reading import Reading

__all__ = ["read_reading", "write_reading"]

# A thousand strokes of a thousand points each.
_AT_MOST_BYTES = 64 * 1024 * 1024


def read_reading(path: str | Path) -> Reading:
    """Return the reading in a JSON file, as `Reading.to_json` has it.

    Raises
    ------
    ReadingError
        If the file is not there, too large, no JSON, or no reading; says which name or word is wrong.
    IntakeError
        If it is no regular file.
    """
    path = Path(path)
    if not path.exists():
        raise ReadingError(f"{path.name}: a reading is a JSON file", "there is none", "correct its name")
    stream, size = open_regular(str(path), path.name)
    with stream:
        if size > _AT_MOST_BYTES:
            raise ReadingError(
                f"{path.name}: a reading takes at most {_AT_MOST_BYTES} bytes",
                f"this file has {size}",
                "give the right file",
            )
        content = stream.read()
    try:
        value = json.loads(content, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise ReadingError(
            f"{path.name}: a reading is JSON with each name once",
            "found something else",
            "give the right file",
        ) from None
    try:
        return Reading.from_json(value)
    except ReadingError as error:
        raise ReadingError(f"{path.name}: {error}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these names; a name that is there twice says two things."""
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ValueError("a name twice")
    return held


def write_reading(reading: Reading, path: str | Path) -> Path:
    """Write a reading as a JSON file, whole or not at all, and return its path.

    Raises
    ------
    ReadingError
        If another reading stands there: a revision never takes the place of the one before it.
    """
    path = Path(path)
    text = json.dumps(reading.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if path.exists() and path.read_bytes() != text.encode("utf-8"):
        raise ReadingError(
            f"{path.name}: each revision is a file of its own",
            "another one stands there",
            "give another name",
        )
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
