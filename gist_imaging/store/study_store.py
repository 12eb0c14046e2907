"""A study on disk: its cases, what readers gave, and the trail of what was done."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from gist_imaging.cohort.records import LOCAL_ID
from gist_imaging.cohort.uids import rerooted_uid
from gist_imaging.errors import GistImagingError, StoreError
from gist_imaging.session.event import Event
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.store import audit as trail
from gist_imaging.store import case_table, derived, readings, snapshots
from gist_imaging.store.case_journal import CaseJournal, is_open_elsewhere
from gist_imaging.store.database import Connector, Database
from gist_imaging.store.events import events_of
from gist_imaging.store.links import Links, read_key
from gist_imaging.store.records import (
    CaseImport,
    CaseRecord,
    ScanPlace,
    StudySettings,
    WorklistRow,
)
from gist_imaging.store.study_files import checked_name, create_files, open_files
from gist_imaging.store.worklist import worklist
from gist_imaging.study.reading import Reading

__all__ = ["StudyStore"]


class StudyStore:
    """A study folder that is open; several threads may use it.

    study.sqlite holds what readers gave, link.sqlite (0600) who the patients are and where files lie, and
    uid.key (0600) what UIDs are re-rooted with. `create` and `open` make one.

    Parameters
    ----------
    folder : of the study
    settings : what was laid down when it was made
    read_only : why nothing can be written, in one sentence; "" where it can
    links : link.sqlite
    """

    def __init__(
        self, folder: Path, settings: StudySettings, database: Database, links: Links, read_only: str
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.read_only = read_only
        self.links = links
        self.database = database

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        study_id: str,
        title: str = "",
        blinded: bool = False,
        reveal: str = "after_commit",
        connect: Connector = sqlite3.connect,
    ) -> StudyStore:
        """Make a study in a folder that holds none, and open it.

        Raises
        ------
        GistImagingError
            If there is a study, the name has another form, or the folder cannot be used.
        """
        create_files(
            Path(folder), study_id=study_id, title=title, blinded=blinded, reveal=reveal, connect=connect
        )
        store = cls.open(Path(folder), connect=connect)
        store.audit("study_created", study_id=study_id, blinded=blinded, reveal=reveal)
        return store

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        read_only: bool = False,
        checked: bool = True,
        connect: Connector = sqlite3.connect,
    ) -> StudyStore:
        """Open a study; where it cannot be written, `read_only` of what comes back says why.

        Parameters
        ----------
        checked : look at the whole file for damage first; False for a quick look at a list

        Raises
        ------
        StoreError
            If it is damaged, on a network share, or held by another program.
        GistImagingError
            If there is no study, or one of a later version.
        """
        opened = open_files(Path(folder), read_only=read_only, checked=checked, connect=connect)
        return cls(Path(folder), opened.settings, opened.database, opened.links, opened.read_only)

    def __enter__(self) -> StudyStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; open journals must be closed before."""
        self.database.close()
        self.links.close()

    @property
    def identity(self) -> str:
        """Random name of the study, the same in both of its files."""
        return self.database.identity or ""

    # Cases

    def cases(self) -> tuple[str, ...]:
        """Return the cases in the order in which they came."""
        with self.database.reading() as connection:
            return case_table.case_names(connection)

    def case_record(self, case: str) -> CaseRecord:
        """Return one case with its visits and series."""
        with self.database.reading() as connection:
            return case_table.case_record(connection, case)

    def case_records(self) -> tuple[CaseRecord, ...]:
        """Return every case."""
        with self.database.reading() as connection:
            return case_table.case_records(connection)

    def take_in(self, given: CaseImport, **audited: trail.Detail) -> list[str]:
        """Take a case in, or what is new of it; return what changed, one line each.

        Parameters
        ----------
        audited : what the trail says besides, such as a reason; only where something changed
        """
        self._must_write()
        checked_name("case", given.case)
        for visit in given.visits:
            missing = {one.key for one in visit.record.series} - set(visit.places)
            if not LOCAL_ID.fullmatch(visit.record.label) or missing:
                raise GistImagingError(
                    "a visit with a label of letters, digits, _, . and -, and a place for each series",
                    f"got another label, or {len(missing)} series without a place",
                )
        with self.database.writing() as connection:
            changes = case_table.take_in(connection, given)
            # On disk before the study is: a series that the study knows always has a place.
            changes += self.links.take_in(given)
            if changes:
                trail.add_audit(
                    connection, "import", {"case": given.case, "changes": len(changes), **audited}
                )
        return changes

    def place_of(self, case: str, visit: str, series_key: str) -> ScanPlace:
        """Return where the images of a series lie."""
        return self.links.place_of(case, visit, series_key)

    def pin_measured(
        self, case: str, visit: str, series_key: str, *, by: str, reason: str | None = None
    ) -> None:
        """Lay down the series that lesions of a visit are outlined on, for all readers."""
        self._must_write()
        with self.database.writing() as connection:
            case_table.pin_measured(connection, case, visit, series_key, checked_name("reader", by), reason)

    def set_role(self, case: str, visit: str, role: str, *, by: str, reason: str) -> None:
        """Lay down what a visit is for: baseline, follow_up or other."""
        self._must_write()
        with self.database.writing() as connection:
            case_table.set_role(connection, case, visit, role, checked_name("reader", by), reason)

    def worklist(self, reader: str) -> tuple[WorklistRow, ...]:
        """Return the cases in the order of a reader, with what the reader did."""
        checked_name("reader", reader)
        with self.database.reading() as connection:
            return worklist(
                connection,
                self.settings,
                reader,
                lambda case: is_open_elsewhere(self.folder, case, reader),
            )

    def readers(self) -> tuple[str, ...]:
        """Return who gave something, by name."""
        with self.database.reading() as connection:
            return case_table.reader_names(connection)

    def private_uid(self, uid: str) -> str:
        """Return the UID that stands for `uid` in this study and in what leaves it."""
        return rerooted_uid(uid, read_key(self.folder))

    # What a reader does

    def journal(self, case: str, reader: str) -> CaseJournal:
        """Return the journal of a reader on a case; one at a time on this machine.

        Raises
        ------
        StoreError
            If the case is open elsewhere for this reader, or the study is read-only.
        """
        self._must_write()
        self.case_record(case)
        return CaseJournal(self.database, self.folder, case, checked_name("reader", reader))

    def events(
        self, case: str, reader: str, *, after: int = 0, only: Sequence[int] | None = None
    ) -> list[Event]:
        """Return events after a number, or those of the numbers `only`; each has its hash."""
        with self.database.reading() as connection:
            return events_of(connection, case, reader, after=after, only=only)

    def last_state(self, case: str, reader: str) -> CaseState:
        """Return the state after every event, from the newest snapshot that is whole."""
        with self.database.reading() as connection:
            return snapshots.last_state(connection, case, reader)

    def add_reading(self, reading: Reading, masks: Iterable[Mask]) -> None:
        """Keep a revision of a reading with its masks, all or nothing; the same one again changes nothing."""
        self._must_write()
        with self.database.writing() as connection:
            if readings.add_reading(connection, reading, masks):
                trail.add_audit(
                    connection,
                    "reading",
                    {
                        "case": reading.case,
                        "reader": reading.reader,
                        "revision": reading.revision,
                        "reading_sha256": reading.sha256,
                    },
                )

    def readings(self, case: str, reader: str | None = None) -> tuple[Reading, ...]:
        """Return the revisions of a case by reader and revision."""
        with self.database.reading() as connection:
            return readings.readings_of(connection, case, reader)

    def mask(self, sha256: str) -> Mask:
        """Return the mask of a hash, verified."""
        with self.database.reading() as connection:
            return readings.stored_mask(connection, sha256)

    # What is computed, and the trail

    def put_derived(
        self, case: str, name: str, reading_sha256: str, inputs: Mapping[str, str], value: Any
    ) -> None:
        """Keep a computed value by the hashes of what went in."""
        self._must_write()
        with self.database.writing() as connection:
            derived.put_derived(connection, case, name, reading_sha256, inputs, value)

    def derived(self, case: str, name: str, inputs: Mapping[str, str]) -> Any | None:
        """Return the value that was computed from these inputs, or None."""
        with self.database.reading() as connection:
            return derived.derived_value(connection, case, name, inputs)

    def audit(self, name: str, **details: trail.Detail) -> None:
        """Add to the trail of what was done; text that looks like a date, path or name is hashed."""
        self._must_write()
        with self.database.writing() as connection:
            trail.add_audit(connection, name, details)

    def audit_rows(self) -> tuple[trail.AuditRow, ...]:
        """Return everything that was done, in order; the hash of the last row stands for all of it."""
        with self.database.reading() as connection:
            return trail.audit_rows(connection)

    def _must_write(self) -> None:
        if self.read_only:
            raise StoreError("read_only", f"the study cannot be changed: {self.read_only}")
