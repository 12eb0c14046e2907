"""What makes two measurements the same work: the content of the files, the settings and the program."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gist_imaging._version import __version__
from gist_imaging.batch.manifest import ManifestRow
from gist_imaging.batch.manifest_columns import COLUMNS
from gist_imaging.cohort.records import SCHEMA_VERSION
from gist_imaging.provenance import sha256_of

__all__ = [
    "CaseConfig",
    "FileStamp",
    "content_sha256",
    "file_sha256",
    "files_of",
    "job_key",
    "relation_key",
    "relation_settings",
    "settings_of",
]

_READ_AT_ONCE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CaseConfig:
    """Settings that hold for every row of a batch.

    Parameters
    ----------
    hu_roi : where density is read: whole, eroded_1mm or largest_slice
    """

    hu_roi: str = "whole"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as the file system describes it; an unchanged stamp stands for unchanged bytes."""

    path: str
    size: int
    mtime_ns: int


def files_of(path: Path) -> tuple[FileStamp, ...]:
    """Return the regular files at `path` (one file, or all below a folder), sorted by path.

    Links are not followed, and hidden entries are left out, as when the folder is read.

    Raises
    ------
    OSError
        If nothing can be read there.
    """
    if path.is_dir():
        found = [
            Path(folder) / name
            for folder, folders, names in os.walk(path, onerror=_raise)
            if _keep_visible(folders)
            for name in names
            if not name.startswith(".")
        ]
    else:
        found = [path]
    stamps = [(str(file), file.stat() if file == path else file.lstat()) for file in found]
    return tuple(
        FileStamp(name, status.st_size, status.st_mtime_ns)
        for name, status in sorted(stamps, key=lambda stamp: stamp[0])
        if stat.S_ISREG(status.st_mode)
    )


def _keep_visible(folders: list[str]) -> bool:
    folders[:] = [name for name in folders if not name.startswith(".")]
    return True


def _raise(error: OSError) -> None:
    raise error


def content_sha256(hashes: Iterable[str]) -> str:
    """Return the SHA-256 of what lies at a path from those of its files, whatever their names and order."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode("ascii")).hexdigest()


def file_sha256(path: str) -> str:
    """Return the SHA-256 of all bytes of a file."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - unbuffered, and millions of times
        while part := stream.read(_READ_AT_ONCE):
            digest.update(part)
    return digest.hexdigest()


def settings_of(row: ManifestRow, config: CaseConfig) -> dict[str, Any]:
    """Return the settings that decide what is measured in a row: plain values, without its facts."""
    stated = {name: value for name, value in row.stated.items() if COLUMNS[name].changes_measurement}
    return {
        "label": row.label,
        "split": dict(row.split),
        "physical": row.physical,
        "hu_roi": config.hu_roi,
        **stated,
    }


def job_key(image_sha256: str, mask_sha256: str | None, settings: Mapping[str, Any]) -> str:
    """Return the name of a piece of work: 64 hex digits.

    Facts of the patient, the visit and the reader are not part of it: they are added to the stored result,
    so a corrected date does not measure anything again, and two rows of the same work share it. The
    version of the program is: a new one may read a file better.
    """
    from gist_imaging.measure.lesion import DEFINITIONS_VERSION

    versions = [__version__, DEFINITIONS_VERSION, SCHEMA_VERSION.partition(".")[0]]
    return sha256_of([image_sha256, mask_sha256 or "", dict(settings), *versions])


def relation_settings(row: ManifestRow, config: CaseConfig, relation_sha256: Sequence[str]) -> dict[str, Any]:
    """Return what decides how tumour and levator ani of a row are measured, beside image and mask.

    Parameters
    ----------
    relation_sha256 : of the relation file and of every file that it names, in its order
    """
    settings = {name: value for name, value in settings_of(row, config).items() if name != "hu_roi"}
    return {**settings, "relation": list(relation_sha256), "side": row.relation_side}


def relation_key(image_sha256: str, mask_sha256: str, settings: Mapping[str, Any]) -> str:
    """Return the name of measuring a relation: a piece of work of its own, beside that of the lesion.

    So a corrected stroke measures no lesion again.
    """
    from gist_imaging.cohort.visit_numbers import RELATION_VERSION

    versions = [__version__, RELATION_VERSION, SCHEMA_VERSION.partition(".")[0]]
    return sha256_of(["relation", image_sha256, mask_sha256, dict(settings), *versions])
