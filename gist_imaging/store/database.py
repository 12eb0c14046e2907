"""One SQLite file that is opened safely, opened anew when its handle broke, and tells errors in sentences."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gist_imaging.errors import StoreError
from gist_imaging.store.faults import fault_of

__all__ = ["BUSY_TIMEOUT_MS", "Connector", "Database", "private_file", "sync_folder"]

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a write waits for another program before it says so."""

# SQLite 3.7.0 to 3.51.2 may corrupt a WAL database when it is reset (fixed in 3.51.3).
_WAL_IS_SAFE_FROM: Final = (3, 51, 3)

Connector = Callable[..., sqlite3.Connection]


def private_file(path: Path, content: bytes = b"") -> None:
    """Make a file that only its owner can read, on disk when this returns.

    Raises
    ------
    OSError
        If it is there already, or cannot be made.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Database:
    """One SQLite file, with one connection that several threads take turns on.

    What `writing` returned from is on disk (`synchronous=FULL`). After any error the connection is given up
    and the next call opens a new one, so that a retry succeeds as soon as the cause is gone.

    Parameters
    ----------
    path : the file; it must be there (see `private_file`)
    read_only : open it so that nothing can be written
    connect : opens connections, in place of `sqlite3.connect`
    """

    def __init__(self, path: Path, *, read_only: bool = False, connect: Connector = sqlite3.connect) -> None:
        self.path = path
        self.read_only = read_only
        self._connector = connect
        self._lock = threading.RLock()
        # Parameters may be paths or patients: they stay out of tracebacks.
        self._engine = sa.create_engine(
            "sqlite+pysqlite://", creator=self._connect, poolclass=NullPool, hide_parameters=True
        )
        self._begin = "BEGIN"
        sa.event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql(self._begin))
        self._connection: sa.Connection | None = None
        self._file: tuple[int, int] | None = None
        self.identity: str | None = None

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def create(self, tables: sa.MetaData, statements: tuple[str, ...], about: dict[str, str]) -> None:
        """Make the tables in an empty file, in one transaction."""
        with self.writing() as connection:
            tables.create_all(connection)
            for statement in statements:
                connection.exec_driver_sql(statement)
            table = tables.tables["about"]
            connection.execute(table.insert(), [{"name": n, "value": v} for n, v in about.items()])
        self.identity = about["id"]

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection within one transaction that sees one moment of the file."""
        with self._transaction("BEGIN", "") as connection:
            yield connection

    @contextmanager
    def writing(self, kept: str = "") -> Iterator[sa.Connection]:
        """Give a connection within one transaction; all of it is on disk afterwards, or nothing.

        Parameters
        ----------
        kept : what an error says was not lost

        Raises
        ------
        StoreError
            If it cannot be written now; the file is as it was before.
        """
        with self._transaction("BEGIN IMMEDIATE", kept) as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str, kept: str) -> Iterator[sa.Connection]:
        with self._lock:
            try:
                connection = self._usable()
                self._begin = begin
                with connection.begin():
                    yield connection
            except (SQLAlchemyError, sqlite3.Error, OSError) as error:
                fault = fault_of(error, self.path, kept=kept)
                self._give_up()
                raise fault from error
            except BaseException:
                # The transaction was rolled back; what raised it has nothing to do with the file.
                if self._connection is not None and self._connection.in_transaction():
                    self._give_up()
                raise

    def quick_check(self) -> list[str]:
        """Return what SQLite finds wrong with the file; nothing where it is whole."""
        with self.reading() as connection:
            told = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check")]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        wrong = [line for line in told if line != "ok"]
        return wrong + ([f"{len(broken)} row(s) name another that is not there"] if broken else [])

    def copy_to(self, path: Path) -> None:
        """Copy the file as it is at one moment, by SQLite's backup interface."""
        with self._lock:
            try:
                source = self._usable().connection.dbapi_connection
                private_file(path)
                target = sqlite3.connect(path)
                try:
                    source.backup(target)  # type: ignore[union-attr]
                    target.execute("PRAGMA journal_mode = DELETE")
                finally:
                    target.close()
                    self._give_up()
            except (SQLAlchemyError, sqlite3.Error, OSError) as error:
                self._give_up()
                raise fault_of(error, self.path) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._give_up()

    def _usable(self) -> sa.Connection:
        """Return the connection; a new one where there is none, or the file is another than before."""
        now = self.path.stat()
        if self._connection is not None and self._file == (now.st_dev, now.st_ino):
            return self._connection
        self._give_up()
        connection = self._engine.connect()
        self._connection, self._file = connection, (now.st_dev, now.st_ino)
        if self.identity is not None:
            self._begin = "BEGIN"
            with connection.begin():
                found = connection.exec_driver_sql("SELECT value FROM about WHERE name = 'id'").scalar()
            if found != self.identity:
                self._give_up()
                raise StoreError(
                    "gone",
                    "a file of the study was replaced by that of another study; put the right one back",
                )
        return connection

    def _give_up(self) -> None:
        connection, self._connection, self._file = self._connection, None, None
        if connection is None:
            return
        try:
            connection.invalidate()
            connection.close()
        except (SQLAlchemyError, sqlite3.Error):
            # A handle that is broken cannot be closed better than this; SQLite rolls back by its journal.
            return

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._opened("ro" if self.read_only else "rw")
        except sqlite3.OperationalError:
            log = self.path.with_name(f"{self.path.name}-wal")
            is_settled = not (log.exists() and log.stat().st_size)
            if not (self.read_only and is_settled and not os.access(self.path.parent, os.W_OK)):
                raise
            # A write-ahead database wants a file beside it even for reading. Nobody can write here, so
            # SQLite may take the file for one that never changes.
            return self._opened("ro&immutable=1")

    def _opened(self, mode: str) -> sqlite3.Connection:
        connection = self._connector(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_MS / 1000,
        )
        try:
            for pragma in self._pragmas():
                connection.execute(f"PRAGMA {pragma}").fetchall()
            if self.read_only:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    def _pragmas(self) -> tuple[str, ...]:
        journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_IS_SAFE_FROM else "DELETE"
        always = (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "foreign_keys = ON",
            "mmap_size = 0",
            "trusted_schema = OFF",
        )
        if self.read_only:
            return always
        return (*always, f"journal_mode = {journal}", "synchronous = FULL", "fullfsync = ON")
