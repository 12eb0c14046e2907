"""What went wrong with a file of the study, as one sentence for people."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from gist_imaging.errors import StoreError

__all__ = ["KEPT_IN_MEMORY", "fault_of"]

KEPT_IN_MEMORY: Final = "your last actions are kept in memory"
"""What the writer of a journal promises while it cannot write."""

_SENTENCES: Final = {
    "disk_full": ("the disk is full", "free space, then it goes on by itself"),
    "read_only": ("the disk of the study is read-only now", "make it writable, then it goes on by itself"),
    "no_permission": (
        "this program may not write in the folder of the study any more",
        "give it the permission again, then it goes on by itself",
    ),
    "gone": (
        "a file of the study is not where it was",
        "connect its disk again or put the file back, then it goes on by itself",
    ),
    "locked": (
        "another program holds the study",
        "close that program or wait for it, then it goes on by itself",
    ),
    "unfinished": (
        "the last writing to the study was cut short",
        "open it once where it can be written, which puts it right",
    ),
    "damaged": (
        "a file of the study is damaged",
        "run `gist-imaging study verify`, and restore the last backup if it says so",
    ),
    "disk_fault": (
        "the disk of the study reports an error",
        "copy the study folder to another disk and check this one",
    ),
    "other": ("the study could not be read or written", "run `gist-imaging study verify`"),
}

_NO_SPACE_BELOW_BYTES: Final = 64 * 1024
_OF_ERRNO: Final = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.ENOENT: "gone",
    errno.ESTALE: "gone",
    errno.EIO: "disk_fault",
}


def fault_of(error: BaseException, path: Path, *, kept: str = "") -> StoreError:
    """Return what `error` means for the file at `path`, in one sentence and without the path.

    Parameters
    ----------
    kept : what was not lost, said in the middle of the sentence
    """
    reason = _reason(error, path)
    what, advice = _SENTENCES[reason]
    return StoreError(reason, "; ".join(part for part in (what, kept, advice) if part))


def _reason(error: BaseException, path: Path) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError):
        return _OF_ERRNO.get(cause.errno or 0, "disk_fault")
    if not isinstance(cause, sqlite3.Error):
        return "other"
    name = getattr(cause, "sqlite_errorname", None) or _name_from(str(cause))
    if name.startswith("SQLITE_FULL"):
        return "disk_full"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "locked"
    # A table that is not there, or a header of another kind: it is not the file that was written.
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or name == "SQLITE_ERROR":
        return "damaged"
    if name in ("SQLITE_READONLY_ROLLBACK", "SQLITE_READONLY_RECOVERY"):
        return "unfinished"
    if name == "SQLITE_READONLY_DBMOVED" or not path.exists():
        return "gone"
    if name.startswith("SQLITE_READONLY") and _is_on_read_only_disk(path):
        return "read_only"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return "no_permission"
    if name.startswith("SQLITE_IOERR"):
        return "disk_full" if _has_no_space(path) else "disk_fault"
    return "other"


def _name_from(text: str) -> str:
    """Return the SQLite name for a message, for errors that carry no code."""
    told = {
        "full": "SQLITE_FULL",
        "locked": "SQLITE_BUSY",
        "readonly": "SQLITE_READONLY",
        "malformed": "SQLITE_CORRUPT",
        "not a database": "SQLITE_NOTADB",
        "unable to open": "SQLITE_CANTOPEN",
        "disk I/O": "SQLITE_IOERR",
    }
    return next((name for words, name in told.items() if words in text), "")


def _is_on_read_only_disk(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except (OSError, AttributeError):  # Windows has no statvfs
        return False


def _has_no_space(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_SPACE_BELOW_BYTES
    except OSError:
        return False
