"""Cohort folders: written whole or not at all, read by their schema, validated with their hashes."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.cohort.package import package_files
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.uids import key_name, rerooted_frames
from gist_imaging.cohort.validate import validate_frames
from gist_imaging.errors import GistImagingError, TableError
from gist_imaging.io.cohort_read import (
    CohortReport,
    raise_problems,
    read_cohort,
    study_facts,
    validate_cohort,
)
from gist_imaging.io.cohort_strays import UNKNOWN_FILE
from gist_imaging.provenance import canonical_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CohortReport", "check_place", "read_cohort", "uid_key", "validate_cohort", "write_cohort"]

RUNS_FILE = "provenance/runs.jsonl"
KEY_BYTES = 32


def uid_key(key_file: Path) -> bytes:
    """Return the key that re-roots UIDs; made at the first call, kept, readable by its owner alone.

    Raises
    ------
    GistImagingError
        If the file is there but holds no key.
    """
    with suppress(FileExistsError):
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        key = bytes.fromhex(key_file.read_text(encoding="ascii").strip())
    except (ValueError, OSError) as error:
        raise GistImagingError(
            f"{key_file.name} holds the key for UIDs as hex digits",
            "it cannot be read as such",
            "restore it from a backup: with another key, UIDs of earlier exports do not match",
        ) from error
    if len(key) < KEY_BYTES:
        raise GistImagingError(
            f"{key_file.name} holds a key of {KEY_BYTES} bytes",
            f"found {len(key)}",
            "restore it from a backup, or remove it to start with a new key",
        )
    return key


def write_cohort(
    frames: Mapping[str, pd.DataFrame],
    study: StudyFacts,
    folder: Path,
    *,
    key_file: Path | None = None,
    run: Mapping[str, Any] | None = None,
) -> Path:
    """Write a validated cohort folder, whole or not at all, and return it.

    The folder is made beside its place, validated there and renamed. A cohort that stands in its place is
    kept until the new one is there; what else lies in it (masks, exports, earlier runs) is carried over.
    The same frames and key give the same bytes, except for `provenance/runs.jsonl`.

    Parameters
    ----------
    frames : from `cohort_frames`, with the UIDs of the scans
    key_file : key that re-roots UIDs; FOLDER.key beside the folder if not given, made at the first write
    run : what to append to `provenance/runs.jsonl`: times, host, command

    Raises
    ------
    TableError
        If a table breaks the format; names every problem. Nothing is written.
    GistImagingError
        If something else stands in the folder's place.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow a link at the folder itself
    _restore_interrupted(folder)
    check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    key_file = key_file or folder.with_name(folder.name + ".key")
    if folder in key_file.resolve().parents:
        raise GistImagingError(
            "the key for UIDs lies outside the cohort folder",
            "it would be inside",
            "give another place for it: whoever has the key can undo the pseudonyms",
        )
    key = uid_key(key_file)
    outgoing = rerooted_frames(frames, key)
    raise_problems(validate_frames(outgoing, study, uids_rerooted=True))
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    temporary.mkdir()
    try:
        for path, content in package_files(outgoing, study, key_name(key)).items():
            _write_bytes(temporary / path, content)
        if folder.exists():
            _carry_over(folder, temporary)
        if run is not None:
            (temporary / RUNS_FILE).parent.mkdir(parents=True, exist_ok=True)
            with (temporary / RUNS_FILE).open("a", encoding="utf-8", newline="\n") as file:
                file.write(canonical_json(dict(run)) + "\n")
        found = validate_cohort(temporary).problems
        # What somebody keeps in the folder is carried over, and left to `cohort validate` to name.
        raise_problems([problem for problem in found if problem.code != UNKNOWN_FILE])
        _replace_folder(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return folder


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _previous(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _restore_interrupted(folder: Path) -> None:
    """Put back a cohort whose replacement was interrupted between two renames."""
    previous = _previous(folder)
    if not previous.exists():
        return
    check_place(previous)
    if folder.exists():
        shutil.rmtree(previous)
    else:
        previous.rename(folder)


def check_place(folder: Path) -> None:
    """Refuse a place where something else than a cohort stands; nothing is changed.

    Raises
    ------
    GistImagingError
        If it is not free, empty, or a cohort of this format.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_dir() and not folder.is_symlink():
        if not any(folder.iterdir()):
            return
        with suppress(TableError):
            study_facts(folder)
            return
    raise GistImagingError(
        f"{folder.name} is free, empty, or a cohort of this format",
        "something else stands there",
        "give another folder; nothing was changed",
    )


def _carry_over(folder: Path, temporary: Path) -> None:
    """Copy into the new folder what lies in the old one and is not written anew."""
    for item in sorted(folder.rglob("*")):
        target = temporary / item.relative_to(folder)
        if target.exists() or target.is_symlink() or item.relative_to(folder).parts[0] == "tables":
            continue
        if item.is_dir() and not item.is_symlink():
            target.mkdir(parents=True)
        else:
            shutil.copy2(item, target, follow_symlinks=False)


def _replace_folder(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        temporary.rename(folder)
        return
    folder.rename(_previous(folder))
    try:
        temporary.rename(folder)
    except OSError:
        _previous(folder).rename(folder)
        raise
    shutil.rmtree(_previous(folder))
