"""A disk that fails is told in one sentence, leaves the study whole, and a retry succeeds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_cases import CASE, READER, made_study, one_case, step

from gist_imaging.errors import StoreError
from gist_imaging.session.event import Event
from gist_imaging.session.journal import JournalWriter, SaveState, SaveStatus
from gist_imaging.session.snapshot import snapshot_of
from gist_imaging.session.state import CaseState, replayed
from gist_imaging.store import CaseJournal, StudyStore
from gist_imaging.store.verify import verify_study

_SAID = {
    "database or disk is full": "the disk is full",
    "attempt to write a readonly database": "may not write",
    "unable to open database file": "may not write",
    "database is locked": "another program holds the study",
    "database disk image is malformed": "damaged",
    "disk I/O error": "reports an error",
}


@dataclass
class Disk:
    """Opens connections whose n-th statement from now fails, before or after it did its work."""

    message: str = "database or disk is full"
    fails_at: int | None = None
    after_work: bool = False
    seen: list[str] = field(default_factory=list)

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        disk = self

        class Cursor(sqlite3.Cursor):
            def execute(self, statement: str, *rest: Any) -> sqlite3.Cursor:
                return disk.doing(statement, lambda: super(Cursor, self).execute(statement, *rest))

        class Connection(sqlite3.Connection):
            def cursor(self, *rest: Any) -> sqlite3.Cursor:
                return super().cursor(Cursor)

            def commit(self) -> None:
                disk.doing("COMMIT", super().commit)

        return sqlite3.connect(*arguments, factory=Connection, **options)

    def doing(self, statement: str, work: Any) -> Any:
        if self.fails_at is None:
            return work()
        self.seen.append(statement.split()[0])
        self.fails_at -= 1
        if self.fails_at >= 0:
            return work()
        if self.after_work:
            work()
        raise sqlite3.OperationalError(self.message)


def _steps(n: int) -> list[Event]:
    rng, state, events = np.random.default_rng(11), CaseState(), []
    for _ in range(n):
        events.append(step(state, rng))
        state = state.applying(events[-1])
    return events


def _told_by_append(journal: CaseJournal, events: list[Event]) -> str:
    try:
        journal.append(events)
    except StoreError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("after_work", [False, True], ids=["before its work", "after its work"])
@pytest.mark.parametrize("n", range(9))
def test_a_failed_append_keeps_all_or_nothing_and_succeeds_when_retried(
    tmp_path: Path, n: int, after_work: bool
) -> None:
    disk = Disk(after_work=after_work)
    made_study(tmp_path / "s").close()
    events = _steps(5)
    with StudyStore.open(tmp_path / "s", connect=disk.connect) as store:
        journal = store.journal(CASE, READER)
        journal.append(events[:2])
        disk.fails_at = n
        told = _told_by_append(journal, events[2:])
        disk.fails_at = None
        with sqlite3.connect(tmp_path / "s" / "study.sqlite") as other:
            assert other.execute("PRAGMA quick_check").fetchone() == ("ok",)
            assert other.execute("SELECT count(*) FROM events").fetchone()[0] in (2, 5)
        other.close()

        journal.append(events[2:])
        assert [event.seq for event in store.events(CASE, READER)] == [1, 2, 3, 4, 5]
        journal.close()
        assert verify_study(store).problems == ()
    full = "the disk is full; your last actions are kept in memory; free space, then it goes on by itself"
    # BEGIN, the end of the chain, three rows and COMMIT.
    assert told == (full if n < 6 else "")


@pytest.mark.parametrize(("message", "said"), _SAID.items(), ids=_SAID.values())
def test_every_fault_is_one_sentence_without_a_path(tmp_path: Path, message: str, said: str) -> None:
    disk = Disk(message)
    made_study(tmp_path / "s").close()
    with (
        StudyStore.open(tmp_path / "s", connect=disk.connect) as store,
        store.journal(CASE, READER) as journal,
    ):
        disk.fails_at = 2
        with pytest.raises(StoreError) as caught:
            journal.append(_steps(1))
        disk.fails_at = None

    assert said in str(caught.value)
    assert "your last actions are kept in memory" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "sqlite" not in str(caught.value).lower()


def test_a_file_that_may_not_grow_is_a_full_disk_until_it_may(tmp_path: Path) -> None:
    pages = [1_000_000]

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, **options)
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")
        return connection

    made_study(tmp_path / "s").close()
    pages[0] = 1  # SQLite takes the pages that there are
    rng, state = np.random.default_rng(2), CaseState()
    with StudyStore.open(tmp_path / "s", connect=connect) as store, store.journal(CASE, READER) as journal:
        while True:
            event = step(state, rng)
            if told := _told_by_append(journal, [event]):
                break
            state = state.applying(event)
        assert told.startswith("the disk is full")
        pages[0] = 1_000_000  # of the next connection
        assert store.last_state(CASE, READER).sha256 == state.sha256

        journal.append([event])
        assert store.last_state(CASE, READER).seq == event.seq
    with StudyStore.open(tmp_path / "s") as store:
        assert verify_study(store).problems == ()


def test_the_writing_thread_goes_on_by_itself_once_there_is_space(tmp_path: Path) -> None:
    disk = Disk()
    told: list[SaveStatus] = []
    made_study(tmp_path / "s").close()
    with (
        StudyStore.open(tmp_path / "s", connect=disk.connect) as store,
        store.journal(CASE, READER) as journal,
    ):
        writer = JournalWriter(journal, 0, told.append)
        disk.fails_at = 0
        events = _steps(8)
        for event in events:
            writer.put(event)
        assert not writer.flush(0.3)
        assert writer.status.state is SaveState.NOT_SAVED
        assert writer.status.reason.startswith("the disk is full")
        disk.fails_at = None
        writer.retry()

        assert writer.close()
        assert writer.status.state is SaveState.SAVED
        assert store.last_state(CASE, READER).sha256 == replayed(events).sha256


def test_a_snapshot_of_actions_that_are_not_on_disk_is_not_kept(tmp_path: Path) -> None:
    events = _steps(3)
    with made_study(tmp_path / "s") as store, store.journal(CASE, READER) as journal:
        journal.append(events[:1])
        journal.snapshot(3, snapshot_of(replayed(events)))

        assert store.last_state(CASE, READER).seq == 1


def test_a_file_that_went_away_is_told_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    events = _steps(3)
    with made_study(folder) as store, store.journal(CASE, READER) as journal:
        journal.append(events[:1])
        (folder / "study.sqlite").rename(tmp_path / "away")
        with pytest.raises(StoreError, match="not where it was") as caught:
            journal.append(events[1:])
        assert caught.value.reason == "gone"
        assert not (folder / "study.sqlite").exists()
        shutil.copy2(tmp_path / "away", folder / "study.sqlite")
        journal.append(events[1:])

        assert [event.seq for event in store.events(CASE, READER)] == [1, 2, 3]


def _moved(path: Path, to: Path) -> None:
    """Move a database with what SQLite keeps beside it."""
    for beside in ("", "-wal", "-shm", "-journal"):
        held = path.with_name(f"{path.name}{beside}")
        if held.exists():
            held.replace(to.with_name(f"{to.name}{beside}"))


def test_an_older_copy_or_another_study_in_its_place_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    events = _steps(4)
    made_study(tmp_path / "other").close()
    with made_study(folder) as store:
        shutil.copy2(folder / "study.sqlite", tmp_path / "older")
        journal = store.journal(CASE, READER)
        journal.append(events[:2])
        _moved(folder / "study.sqlite", tmp_path / "newer")
        shutil.copy2(tmp_path / "older", folder / "study.sqlite")
        with pytest.raises(StoreError, match="put back to another state"):
            journal.append(events[2:])
        _moved(folder / "study.sqlite", tmp_path / "older")
        shutil.copy2(tmp_path / "other" / "study.sqlite", folder / "study.sqlite")
        with pytest.raises(StoreError, match="that of another study"):
            journal.append(events[2:])
        _moved(folder / "study.sqlite", tmp_path / "other" / "study.sqlite")
        _moved(tmp_path / "newer", folder / "study.sqlite")

        journal.append(events[2:])
        assert [event.seq for event in store.events(CASE, READER)] == [1, 2, 3, 4]
        journal.close()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_permission_that_is_taken_away_is_told_and_its_return_is_enough(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    events = _steps(2)
    with made_study(folder) as store, store.journal(CASE, READER) as journal:
        journal.append(events[:1])
        folder.chmod(0o500)
        try:
            with pytest.raises(StoreError, match="may not write"):
                journal.append(events[1:])
            with StudyStore.open(folder) as other:
                assert "may not write" in other.read_only
        finally:
            folder.chmod(0o700)
        journal.append(events[1:])

        assert len(store.events(CASE, READER)) == 2


def test_a_study_that_cannot_be_written_opens_for_reading_and_says_why(tmp_path: Path) -> None:
    disk = Disk("attempt to write a readonly database")
    with made_study(tmp_path / "s") as store, store.journal(CASE, READER) as journal:
        journal.append(_steps(2))

    def connect(place: str, **options: Any) -> sqlite3.Connection:
        disk.fails_at = None if "mode=ro" in place else 0
        return disk.connect(place, **options)

    with StudyStore.open(tmp_path / "s", connect=connect) as store:
        assert store.read_only == (
            "its disk or folder is read-only; copy the folder to a place that can be written"
        )
        assert store.last_state(CASE, READER).seq == 2
        for refused in (
            lambda: store.journal(CASE, READER),
            lambda: store.take_in(one_case()),
            lambda: store.audit("export"),
        ):
            with pytest.raises(StoreError, match="cannot be changed"):
                refused()


def test_a_study_that_another_program_holds_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gist_imaging.store.database.BUSY_TIMEOUT_MS", 50)
    made_study(tmp_path / "s").close()
    other = sqlite3.connect(tmp_path / "s" / "study.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreError, match="another program holds the study"):
        StudyStore.open(tmp_path / "s")
    other.close()


@pytest.mark.parametrize("at", [0, 30, 4096])
def test_a_damaged_file_is_refused_with_advice(tmp_path: Path, at: int) -> None:
    with made_study(tmp_path / "s") as store, store.journal(CASE, READER) as journal:
        journal.append(_steps(20))
    path = tmp_path / "s" / "study.sqlite"
    held = bytearray(path.read_bytes())
    held[at : at + 200] = b"\xa5" * 200
    path.write_bytes(held)

    with pytest.raises(StoreError, match="damaged"):
        StudyStore.open(tmp_path / "s")


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_writing_that_was_cut_short_is_put_right_also_when_only_read(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store, store.journal(CASE, READER) as journal:
        journal.append(_steps(3))
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        database = sqlite3.connect(tmp_path / "s" / "study.sqlite", isolation_level=None)
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN IMMEDIATE")
        for number in range(50):
            database.execute("INSERT INTO masks VALUES (?, zeroblob(5000))", (str(number),))
        os._exit(1)
    os.waitpid(child, 0)
    assert list((tmp_path / "s").glob("study.sqlite-*")), "nothing was left to put right"

    with StudyStore.open(tmp_path / "s", read_only=True) as store:
        assert store.last_state(CASE, READER).seq == 3
        assert verify_study(store).problems == ()
