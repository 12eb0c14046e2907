"""What was done already: a small database and one JSON file per result, beside the cohort folder."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any

from gist_imaging.batch.jobs import FileStamp
from gist_imaging.errors import GistImagingError
from gist_imaging.provenance import canonical_json, sha256_of

__all__ = ["JobState", "Ledger", "write_safely"]

# SQLite 3.7.0 to 3.51.2 may corrupt a WAL database when it is reset (fixed in 3.51.3).
_WAL_IS_SAFE_FROM = (3, 51, 3)
# File systems tick in up to 2 s (FAT): a file changed in the tick in which it was hashed may look unchanged.
_CLOCK_TICK_NS = 2_000_000_000

_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    result_sha256 TEXT, seconds REAL
);
CREATE TABLE IF NOT EXISTS files (
    path_sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lesions (lesion_id TEXT PRIMARY KEY, tracking_uid TEXT NOT NULL);
"""


class JobState(StrEnum):
    """How far a job is. A job that was running when the program was killed is begun again."""

    PENDING = "pending"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"


class Ledger:
    """The ledger of one batch; one program at a time writes it.

    The mark that a job is finished is written last, after its result is safely on disk, and holds the
    result's hash; a result that does not fit its mark is done again. Paths are kept as hashes.

    Parameters
    ----------
    folder : made if it is not there; a file system of this machine, not a network share

    Raises
    ------
    GistImagingError
        If another program works on this folder, or the ledger is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._results = folder / "results"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._results.mkdir(exist_ok=True)
        for left_over in self._results.glob("*.tmp"):
            left_over.unlink()
        self._database = sqlite3.connect(folder / "ledger.sqlite", timeout=0.0, isolation_level=None)
        try:
            self._open()
        except sqlite3.Error as error:
            self._database.close()
            raise _unusable(error) from None

    def _open(self) -> None:
        journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_IS_SAFE_FROM else "DELETE"
        # Exclusive: the lock is held until this program ends, also by kill -9.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute(f"PRAGMA journal_mode = {journal}")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("BEGIN EXCLUSIVE")
        for statement in _TABLES.split(";"):
            self._database.execute(statement)
        self._database.execute(
            "UPDATE jobs SET state = ? WHERE state = ?", (JobState.PENDING, JobState.RUNNING)
        )
        self._database.execute("COMMIT")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()

    def finished(self, key: str) -> tuple[JobState, Mapping[str, Any]] | None:
        """Return the state (ok or failed) and the result of a job; None where it is still to be done."""
        row = self._database.execute("SELECT state, result_sha256 FROM jobs WHERE key = ?", (key,)).fetchone()
        if row is None or row[0] not in (JobState.OK, JobState.FAILED):
            return None
        try:
            result = json.loads(self._result_path(key).read_text("utf-8"))
            if sha256_of(result) != row[1]:
                return None
        except (OSError, ValueError):
            return None
        return JobState(row[0]), result

    def begin(self, keys: Iterable[str]) -> None:
        """Note that these jobs were handed out."""
        self._write(
            "INSERT INTO jobs (key, state) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET state = excluded.state",
            [(key, JobState.RUNNING) for key in keys],
        )

    def finish(
        self, key: str, state: JobState, result: Mapping[str, Any], *, seconds: float, attempts: int
    ) -> None:
        """Keep the result of a job; when this returns, it survives the end of the program."""
        text = canonical_json(dict(result))
        write_safely(self._result_path(key), text)
        # Hashed as it reads back: JSON knows no tuples.
        digest = sha256_of(json.loads(text))
        self._write(
            "INSERT INTO jobs (key, state, attempts, result_sha256, seconds) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET state = excluded.state, "
            "attempts = attempts + excluded.attempts, result_sha256 = excluded.result_sha256, "
            "seconds = excluded.seconds",
            [(key, state, attempts, digest, seconds)],
        )

    def mean_seconds(self) -> float | None:
        """Return how long a finished job took on average, or None before the first."""
        row = self._database.execute(
            "SELECT avg(seconds) FROM jobs WHERE state = ?", (JobState.OK,)
        ).fetchone()
        return None if row[0] is None else float(row[0])

    def known_hash(self, stamp: FileStamp) -> str | None:
        """Return the SHA-256 of a file that has the path, size and time of an earlier reading."""
        row = self._database.execute(
            "SELECT size, mtime_ns, sha256 FROM files WHERE path_sha256 = ?", (sha256_of(stamp.path),)
        ).fetchone()
        return str(row[2]) if row is not None and row[:2] == (stamp.size, stamp.mtime_ns) else None

    def remember_hashes(self, hashes: Mapping[FileStamp, str], read_at_ns: int | None = None) -> None:
        """Keep the hashes of files for the next run, save of those that changed just before they were read.

        Parameters
        ----------
        read_at_ns : when they were read (`time.time_ns`); now, where left out
        """
        now = time.time_ns() if read_at_ns is None else read_at_ns
        self._write(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
            [
                (sha256_of(stamp.path), stamp.size, stamp.mtime_ns, digest)
                for stamp, digest in hashes.items()
                if stamp.mtime_ns < now - _CLOCK_TICK_NS
            ],
        )

    def tracking_uids(self, fresh: Mapping[str, str]) -> dict[str, str]:
        """Return the tracking UID of each lesion: the stored one, else the fresh one, which is stored.

        Parameters
        ----------
        fresh : lesion id to the UID that it gets if it has none yet
        """
        self._write(
            "INSERT INTO lesions VALUES (?, ?) ON CONFLICT (lesion_id) DO NOTHING", sorted(fresh.items())
        )
        stored = dict(self._database.execute("SELECT lesion_id, tracking_uid FROM lesions"))
        return {lesion: stored[lesion] for lesion in fresh}

    def _result_path(self, key: str) -> Path:
        return self._results / f"{key}.json"

    def _write(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        self._database.execute("BEGIN")
        try:
            self._database.executemany(statement, rows)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def write_safely(path: Path, text: str) -> None:
    """Write a file so that it is whole or not there, whatever happens."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unusable(error: sqlite3.Error) -> GistImagingError:
    if "locked" in str(error):
        return GistImagingError(
            "one batch at a time in a folder",
            "another program works on this one",
            "wait for it, or give another --out",
        )
    return GistImagingError(
        "the ledger of the batch can be read",
        f"found it damaged or not writable ({type(error).__name__})",
        "move the .work folder beside the cohort away; everything is then measured again",
    )
