"""The journal of one reader on one case: what `append` returned from is on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import sqlalchemy as sa
from filelock import FileLock, Timeout

from gist_imaging.errors import StoreError
from gist_imaging.session.event import Event
from gist_imaging.session.open_case import utc_now
from gist_imaging.store import schema
from gist_imaging.store.database import Database
from gist_imaging.store.events import add_events, tail_of
from gist_imaging.store.faults import KEPT_IN_MEMORY, fault_of
from gist_imaging.store.snapshots import keep_snapshot

__all__ = ["CaseJournal", "is_open_elsewhere", "lock_file", "was_interrupted"]

# A worklist that looks at the lock holds it for less than this.
_LOCK_WAIT_S: Final = 0.5


def lock_file(folder: Path, case: str, reader: str) -> Path:
    """Return the file whose lock says that a reader has a case open on this machine."""
    return folder / "locks" / f"{case}.{reader}.lock"


def is_open_elsewhere(folder: Path, case: str, reader: str) -> bool:
    """Return whether some window or program has the case open for this reader now."""
    path = lock_file(folder, case, reader)
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            return False
    except (Timeout, OSError):
        return True


def was_interrupted(connection: sa.Connection, case: str, reader: str) -> bool:
    """Return whether the last opening of the case has not been closed."""
    row = connection.execute(
        sa.select(schema.openings.c.closed_utc)
        .where(schema.openings.c.case_id == case, schema.openings.c.reader == reader)
        .order_by(schema.openings.c.id.desc())
        .limit(1)
    ).first()
    return row is not None and row.closed_utc is None


class CaseJournal:
    """Keeps the events of one reader on one case, one window at a time; see `session.journal.Journal`.

    Parameters
    ----------
    interrupted : the program stopped while the case was open before; everything acknowledged is there

    Raises
    ------
    StoreError
        If the case is open elsewhere for this reader, or nothing can be written.
    """

    def __init__(self, database: Database, folder: Path, case: str, reader: str) -> None:
        self.case, self.reader = case, reader
        self._database = database
        self._lock = FileLock(lock_file(folder, case, reader), mode=0o600, thread_local=False)
        try:
            Path(self._lock.lock_file).parent.mkdir(mode=0o700, exist_ok=True)
            self._lock.acquire(timeout=_LOCK_WAIT_S)
        except Timeout:
            raise StoreError(
                "locked",
                f"{case} is open for {reader} in another window or program on this machine; "
                "close it there, then open it again",
            ) from None
        except OSError as error:
            raise fault_of(error, database.path) from error
        try:
            with database.writing() as connection:
                self.interrupted = was_interrupted(connection, case, reader)
                self._tail = tail_of(connection, self._study, case, reader)
                opened = connection.execute(
                    schema.openings.insert().values(case_id=case, reader=reader, opened_utc=utc_now())
                )
                self._opening = opened.lastrowid
        except BaseException:
            self._lock.release()
            raise

    @property
    def _study(self) -> str:
        return self._database.identity or ""

    @property
    def last_seq(self) -> int:
        """Number of the last event on disk."""
        return self._tail.seq

    def __enter__(self) -> CaseJournal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, events: Sequence[Event]) -> None:
        """Keep `events`, all or none; they are on disk when this returns.

        The same events may be given again after an error.

        Raises
        ------
        StoreError
            If they cannot be kept now; says why in one sentence. The file is as it was before.
        """
        with self._database.writing(KEPT_IN_MEMORY) as connection:
            found = tail_of(connection, self._study, self.case, self.reader)
            self._check_continues(found.seq, found.sha256, connection)
            tail = add_events(connection, found, self.case, self.reader, events)
        self._tail = tail

    def _check_continues(self, seq: int, sha256: str, connection: sa.Connection) -> None:
        """Refuse a file that was put back to an earlier state, or went another way."""
        if (seq, sha256) == (self._tail.seq, self._tail.sha256):
            return
        if seq > self._tail.seq:
            # A write that was reported as failed may have reached the disk all the same.
            previous = connection.execute(
                sa.select(schema.events.c.previous).where(
                    schema.events.c.case_id == self.case,
                    schema.events.c.reader == self.reader,
                    schema.events.c.seq == self._tail.seq + 1,
                )
            ).scalar()
            if previous == self._tail.sha256:
                return
        raise StoreError(
            "other_journal",
            "the study was put back to another state while the case was open; your last actions are kept in "
            "memory; put the newer study back, or close the case without them",
        )

    def snapshot(self, seq: int, stored: bytes) -> None:
        """Keep the state after event `seq`; only a help, the events alone are enough."""
        if seq > self._tail.seq:
            return  # its events could not be kept, so it would be a state that nothing leads to
        with self._database.writing(KEPT_IN_MEMORY) as connection:
            keep_snapshot(connection, self.case, self.reader, seq, stored)

    def close(self) -> None:
        """Note that the case was closed and let another window have it; twice does nothing more."""
        if not self._lock.is_locked:
            return
        try:
            with self._database.writing() as connection:
                connection.execute(
                    schema.openings.update()
                    .where(schema.openings.c.id == self._opening)
                    .values(closed_utc=utc_now())
                )
        finally:
            self._lock.release()
