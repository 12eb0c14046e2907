"""Damage is found wherever it is, snapshots fall back, and a backup brings everything back."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from store_cases import CASE, READER, made_study, step, tilted_grid

from gist_imaging.errors import Cancelled, GistImagingError, StoreError
from gist_imaging.session.snapshot import snapshot_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.store import StudyStore
from gist_imaging.store.backup import back_up, restore_backup
from gist_imaging.store.records import ScanPlace
from gist_imaging.store.verify import verify_study
from gist_imaging.study.marks import MaskReference
from gist_imaging.study.reading import Reading


def _worked_study(folder: Path, n: int = 44) -> CaseState:
    rng = np.random.default_rng(8)
    with made_study(folder) as store:
        state = store.last_state(CASE, READER)
        with store.journal(CASE, READER) as journal:
            for _ in range(n):
                event = step(state, rng)
                state = state.applying(event)
                journal.append([event])
                if state.seq % 10 == 0:
                    journal.snapshot(state.seq, snapshot_of(state))
        voxels = np.zeros(tilted_grid().shape, dtype=np.bool_)
        voxels[2:4, 5:11, 7:15] = True
        mask = Mask(voxels, tilted_grid(), lesion_id="L1")
        reference = MaskReference("L1", "baseline", mask.sha256(), "b" * 64)
        first = Reading(READER, CASE, blinded=False, masks=(reference,))
        store.add_reading(first, [mask])
        store.add_reading(first.revised("looked again", blinded=True), [])
    return state


@contextmanager
def _tampering(folder: Path, name: str = "study.sqlite") -> Iterator[sqlite3.Connection]:
    """A connection for which the triggers are gone, as for somebody who edits the file."""
    database = sqlite3.connect(folder / name)
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for trigger, _ in triggers:
        database.execute(f"DROP TRIGGER {trigger}")
    yield database
    for _, sql in triggers:
        database.execute(sql)
    database.commit()
    database.close()


def _problems(folder: Path) -> tuple[str, ...]:
    with StudyStore.open(folder) as store:
        return verify_study(store).problems


def test_a_whole_study_has_no_problem_and_says_what_was_looked_at(tmp_path: Path) -> None:
    _worked_study(tmp_path / "s")

    with StudyStore.open(tmp_path / "s") as store:
        report = verify_study(store)
    assert report.problems == ()
    assert report.looked_at["events"] == 44
    assert report.looked_at["snapshots"] == 3
    assert report.looked_at["readings"] == 2


@pytest.mark.parametrize(
    ("tampered", "told"),
    [
        ("UPDATE events SET at_utc = 'later' WHERE seq = 7", "event 7 was changed"),
        (
            "UPDATE events SET payload = (SELECT payload FROM events WHERE seq = 2) WHERE seq = 9",
            "event 9 was",
        ),
        ("DELETE FROM events WHERE seq = 12", "event 13 does not follow event 11"),
        ("UPDATE events SET kind = 'view' WHERE seq = 5", "listed as another kind"),
        ("UPDATE events SET reader = 'R2' WHERE seq > 0", "R2: event 1 does not follow"),
        ("DELETE FROM events WHERE seq > 35", "snapshot after event 40 has no such event"),
        ("UPDATE readings SET content = replace(content, 'looked', 'gazed')", "revision 2 was changed"),
        ("DELETE FROM readings WHERE revision = 1", "revision 2 does not follow"),
        ("DELETE FROM masks", "names a mask that is not there"),
        ("UPDATE masks SET packed = zeroblob(30)", "is damaged"),
        ("UPDATE audit SET name = 'export' WHERE id = 2", "audit trail: row 2 was changed"),
        ("DELETE FROM audit WHERE id = 2", "audit trail: row 3 does not follow"),
        ("UPDATE snapshots SET stored = zeroblob(99) WHERE seq = 30", "snapshot after event 30 is damaged"),
    ],
)
def test_what_somebody_changed_is_found(tmp_path: Path, tampered: str, told: str) -> None:
    _worked_study(tmp_path / "s")
    with _tampering(tmp_path / "s") as database:
        database.execute(tampered)

    assert any(told in problem for problem in _problems(tmp_path / "s"))


def test_a_snapshot_of_another_state_is_found(tmp_path: Path) -> None:
    _worked_study(tmp_path / "s")
    rng, state = np.random.default_rng(99), CaseState()
    for _ in range(30):
        state = state.applying(step(state, rng))
    stored = snapshot_of(CaseState(state.cells, (), (), 30))
    with _tampering(tmp_path / "s") as database:
        database.execute(
            "UPDATE snapshots SET stored = ?, sha256 = ? WHERE seq = 30",
            (stored, hashlib.sha256(stored).hexdigest()),
        )

    assert any("snapshot after event 30 differs" in problem for problem in _problems(tmp_path / "s"))


def test_a_series_without_a_place_and_a_lost_key_are_found(tmp_path: Path) -> None:
    _worked_study(tmp_path / "s")
    with _tampering(tmp_path / "s", "link.sqlite") as database:
        database.execute("DELETE FROM places WHERE visit = 'presurgery'")
    (tmp_path / "s" / "uid.key").unlink()

    problems = " ".join(_problems(tmp_path / "s"))
    assert "presurgery: link.sqlite does not say where" in problems
    assert "uid.key of the study is missing" in problems


def test_images_that_moved_or_changed_are_found_when_asked_for(tmp_path: Path) -> None:
    def content_hash(place: ScanPlace) -> str:
        if place.path.name == "presurgery":
            raise GistImagingError("nothing there")
        return "a" * 64

    _worked_study(tmp_path / "s")
    with StudyStore.open(tmp_path / "s") as store:
        (moved,) = verify_study(store, content_hash=content_hash).problems
        changed = verify_study(store, content_hash=lambda _: "f" * 64).problems

    assert "presurgery: the images of a series are not where they were" in moved
    assert len(changed) == 2
    assert all("others than those imported" in problem for problem in changed)


def test_verifying_can_be_stopped(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store, pytest.raises(Cancelled):
        verify_study(store, cancelled=lambda: True)


@pytest.mark.parametrize("damaged", [["40"], ["40", "30"], ["40", "30", "20"]])
def test_damaged_snapshots_fall_back_to_earlier_ones_and_to_the_events(
    tmp_path: Path, damaged: list[str]
) -> None:
    state = _worked_study(tmp_path / "s")
    with _tampering(tmp_path / "s") as database:
        database.execute(
            f"UPDATE snapshots SET stored = substr(stored, 1, 40) WHERE seq IN ({','.join(damaged)})"
        )

    with StudyStore.open(tmp_path / "s") as store:
        assert store.last_state(CASE, READER).sha256 == state.sha256


def test_a_backup_brings_everything_back(tmp_path: Path) -> None:
    state = _worked_study(tmp_path / "s")
    with StudyStore.open(tmp_path / "s") as store, store.journal(CASE, READER):
        # In use while it is copied.
        back_up(store, tmp_path / "b" / "monday")
        record, readings = store.case_record(CASE), store.readings(CASE)
        uid = store.private_uid("1.2.3")
        assert store.audit_rows()[-1].name == "backup"

    restore_backup(tmp_path / "b" / "monday", tmp_path / "again")
    with StudyStore.open(tmp_path / "again") as store:
        assert verify_study(store).problems == ()
        assert store.last_state(CASE, READER).sha256 == state.sha256
        assert (store.case_record(CASE), store.readings(CASE)) == (record, readings)
        assert store.private_uid("1.2.3") == uid
        assert store.place_of(CASE, "baseline", "2.25.11").path == Path("/markerfolder/baseline")
        assert store.audit_rows()[-1].name == "restored"


def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    _worked_study(tmp_path / "s")
    with StudyStore.open(tmp_path / "s") as store:
        back_up(store, tmp_path / "b")
        with pytest.raises(GistImagingError, match="not there yet"):
            back_up(store, tmp_path / "b")

    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").iterdir()} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "s"]
    assert not list((tmp_path / "s").glob(".backup*"))


def test_a_changed_backup_is_not_restored_and_no_study_is_overwritten(tmp_path: Path) -> None:
    _worked_study(tmp_path / "s")
    with StudyStore.open(tmp_path / "s") as store:
        back_up(store, tmp_path / "b")
    with pytest.raises(GistImagingError, match="found files of one"):
        restore_backup(tmp_path / "b", tmp_path / "s")
    with (tmp_path / "b" / "link.sqlite").open("ab") as stream:
        stream.write(b"x")

    with pytest.raises(StoreError, match=r"link\.sqlite of the backup is missing or was changed"):
        restore_backup(tmp_path / "b", tmp_path / "new")
    with pytest.raises(GistImagingError, match="a backup made by"):
        restore_backup(tmp_path / "s", tmp_path / "new")
