"""DICOMDIR: the list of files that a disc or an export carries, and how many belong to each series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gist_imaging.errors import IntakeError
from gist_imaging.io.file_records import DirectoryEntry
from gist_imaging.io.regular_file import open_regular
from gist_imaging.problems import Code, Problem

__all__ = ["DICOMDIR_CLASS", "directory_entries", "expected_per_series", "is_dicomdir", "relative_name"]

# Media Storage Directory Storage.
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"

# Media Storage SOP Class UID (0002,0002) as it stands in the file meta, which is always explicit little
# endian (PS3.10 section 7.1). Real file metas are some hundred bytes long.
_MARK_OF_CLASS = b"\x02\x00\x02\x00UI\x14\x00" + DICOMDIR_CLASS.encode("ascii")
_HEAD_BYTES = 1024


def is_dicomdir(path: Path) -> bool:
    """Return whether a file is a DICOMDIR: by its SOP Class, or by its name where it states none.

    Raises
    ------
    IntakeError
        NOT_A_REGULAR_FILE when nothing can be read there.
    """
    stream, _ = open_regular(str(path), path.name)
    with stream:
        head = stream.read(_HEAD_BYTES)
    return path.name.upper() == "DICOMDIR" or (head[128:132] == b"DICM" and _MARK_OF_CLASS in head)


def directory_entries(dataset: Any) -> tuple[DirectoryEntry, ...]:
    """Return the files that a DICOMDIR names; each belongs to the SERIES record that stands before it.

    Parameters
    ----------
    dataset : the DICOMDIR as pydicom gives it
    """
    entries = []
    series_uid = ""
    for record in dataset.get("DirectoryRecordSequence") or ():
        kind = str(record.get("DirectoryRecordType", "")).strip()
        if kind == "SERIES":
            series_uid = str(record.get("SeriesInstanceUID", "")).strip("\0 ")
        elif kind in ("PATIENT", "STUDY"):
            series_uid = ""
        file_id = record.get("ReferencedFileID")
        if file_id:
            parts = (file_id,) if isinstance(file_id, str) else tuple(str(part) for part in file_id)
            entries.append(DirectoryEntry(tuple(part.strip() for part in parts), series_uid))
    return tuple(entries)


def relative_name(entry: DirectoryEntry, directory_name: str) -> str:
    """Return the path of an entry below the folder of its DICOMDIR, with forward slashes.

    Raises
    ------
    IntakeError
        LINK_OUTSIDE_ROOT when the path would leave that folder.
    """
    # A drive letter, a parent or a separator inside a component leads out of the folder.
    unsafe = any(part in ("", ".", "..") or any(mark in part for mark in "/\\:\0") for part in entry.file_id)
    if unsafe:
        message = "it names a file outside its own folder"
        raise IntakeError(Problem(Code.LINK_OUTSIDE_ROOT, message, directory_name))
    return "/".join(entry.file_id)


def expected_per_series(entries: Iterable[DirectoryEntry]) -> dict[str, int]:
    """Return how many files the DICOMDIR lists for each series."""
    return dict(Counter(entry.series_uid for entry in entries if entry.series_uid))
