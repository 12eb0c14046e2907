"""What lies in a cohort folder and does not belong there: keys above all."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from gist_imaging.cohort.package import COHORT_FILE, DOCUMENTS, PACKAGE_FILE, csv_path, parquet_path
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.spec import tables
from gist_imaging.cohort.uids import key_name

__all__ = ["FREE_FOLDERS", "KEY_INSIDE", "UNKNOWN_FILE", "stray_problems"]

FREE_FOLDERS = ("masks", "exports", "report", "provenance")
"""Folders whose files are not of the format and may lie in a cohort folder."""
KEY_INSIDE = "key_inside"
"""Code: whoever gets the folder gets the key that undoes its pseudonyms."""
UNKNOWN_FILE = "unknown_file"
"""Code: a file or folder that the format does not know; nobody has looked at what it tells."""

_KEY_SUFFIX = ".key"
_LONGEST_KEY_FILE = 1024


def stray_problems(folder: Path) -> list[CohortProblem]:
    """Return the keys in a cohort folder, and the files and folders that the format does not know."""
    known = {COHORT_FILE, PACKAGE_FILE, *DOCUMENTS}
    known |= {path for table in tables() for path in (csv_path(table.name), parquet_path(table.name))}
    folders = {parent.as_posix() for path in known for parent in Path(path).parents} | set(FREE_FOLDERS)
    uid_key = _name_of_key(folder)
    problems = []
    for item in sorted(folder.rglob("*")):
        path = item.relative_to(folder)
        is_folder = item.is_dir() and not item.is_symlink()
        if not is_folder and _is_key(item, uid_key):
            problems.append(
                CohortProblem(
                    "files",
                    path.as_posix(),
                    KEY_INSIDE,
                    "",
                    "",
                    "expected every key outside of the folder, found one inside; move it away: whoever has "
                    "it can undo the pseudonyms",
                )
            )
        elif path.parts[0] not in FREE_FOLDERS and path.as_posix() not in (folders if is_folder else known):
            problems.append(
                CohortProblem(
                    "files",
                    path.as_posix(),
                    UNKNOWN_FILE,
                    "",
                    "",
                    f"expected the files of the format and {', '.join(FREE_FOLDERS)}; move it away",
                )
            )
    return problems


def _name_of_key(folder: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / COHORT_FILE).read_bytes())["uid_key"])
    return None


def _is_key(path: Path, uid_key: str | None) -> bool:
    """Return whether a file is called a key, or holds the one that re-rooted the UIDs."""
    if path.suffix.lower() == _KEY_SUFFIX:
        return True
    with suppress(OSError, ValueError):
        if path.is_file() and path.stat().st_size <= _LONGEST_KEY_FILE:
            return key_name(bytes.fromhex(path.read_text(encoding="ascii").strip())) == uid_key
    return False
