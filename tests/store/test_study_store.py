"""A study on disk keeps what was given, all or nothing, and changes none of it."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from store_cases import CASE, MARKERS, READER, made_study, one_case, series, step, tilted_grid, visit

from gist_imaging.errors import GistImagingError, ReadingError, StoreError
from gist_imaging.session.snapshot import snapshot_of
from gist_imaging.session.state import CaseState, replayed
from gist_imaging.spatial.mask import Mask
from gist_imaging.store import StudyStore
from gist_imaging.study.marks import MaskReference
from gist_imaging.study.reading import Reading


def _worked(store: StudyStore, n: int, seed: int = 3, snapshot_every: int = 0) -> CaseState:
    rng = np.random.default_rng(seed)
    state = store.last_state(CASE, READER)
    with store.journal(CASE, READER) as journal:
        for _ in range(n):
            event = step(state, rng)
            state = state.applying(event)
            journal.append([event])
            if snapshot_every and state.seq % snapshot_every == 0:
                journal.snapshot(state.seq, snapshot_of(state))
    return state


def _ball(radius: float, lesion: str = "L1") -> Mask:
    grid = tilted_grid()
    indices = np.stack(np.indices(grid.shape), axis=-1).reshape(-1, 3)
    middle = grid.to_patient([[3, 9, 12]])[0]
    apart = np.linalg.norm(grid.to_patient(indices) - middle, axis=1).reshape(grid.shape)
    return Mask(apart <= radius, grid, lesion_id=lesion)


def _reading(*masks: Mask) -> Reading:
    references = tuple(
        MaskReference("L1", f"TP{n:02d}", mask.sha256(), "b" * 64) for n, mask in enumerate(masks, start=1)
    )
    return Reading(READER, CASE, blinded=True, masks=references)


def test_a_case_comes_back_as_it_was_taken_in_also_after_reopening(tmp_path: Path) -> None:
    with made_study(tmp_path / "s", title="Rectal GIST", blinded=True, reveal="always") as store:
        before = store.case_record(CASE)

    with StudyStore.open(tmp_path / "s") as again:
        assert again.case_record(CASE) == before
        assert [one.label for one in before.visits] == ["baseline", "presurgery"]
        assert before.visits[0].measured == "2.25.11"
        assert before.visits[0].measured_state == "proposed"
        assert (again.settings.title, again.settings.blinded, again.settings.reveal) == (
            "Rectal GIST",
            True,
            "always",
        )
        assert again.place_of(CASE, "baseline", "2.25.11").path == Path("/markerfolder/baseline")


def test_taking_the_same_case_in_twice_changes_nothing(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        rows = store.audit_rows()

        assert store.take_in(one_case()) == []
        assert store.audit_rows() == rows


def test_a_series_of_the_same_name_with_other_content_is_refused(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        other = visit("baseline", "baseline", -7, series("2.25.11", content_sha256="c" * 64))

        with pytest.raises(StoreError, match="other content"):
            store.take_in(one_case(visits=(other,)))


def test_a_further_visit_keeps_what_was_settled_about_the_first_ones(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        store.set_role(CASE, "presurgery", "other", by="R1", reason="scanned for another question")
        late = visit("later", "follow_up", 400, series("2.25.13"))
        store.take_in(one_case(visits=(*one_case().visits, late)))

        roles = {one.label: one.role for one in store.case_record(CASE).visits}
        assert roles == {"baseline": "baseline", "presurgery": "other", "later": "follow_up"}


def test_another_series_for_measuring_needs_a_reason_that_is_kept(tmp_path: Path) -> None:
    thin = series("2.25.21", name="CT axial 1.0 mm")
    with made_study(tmp_path / "s") as store:
        store.take_in(one_case(visits=(visit("baseline", "baseline", -7, series("2.25.11"), thin),)))
        with pytest.raises(GistImagingError, match="a reason"):
            store.pin_measured(CASE, "baseline", "2.25.21", by="R1")
        store.pin_measured(CASE, "baseline", "2.25.21", by="R1", reason="same phase as the other")

        visit_now = store.case_record(CASE).visits[0]
        assert (visit_now.measured, visit_now.measured_state, visit_now.measured_by) == (
            "2.25.21",
            "changed",
            "R1",
        )
        assert store.audit_rows()[-1].details["reason"] == "same phase as the other"


@pytest.mark.parametrize("reason", ["", "see /home/x/scan", "as told on 2023-04-05", "DOE^JANE said so"])
def test_a_reason_that_may_name_a_person_or_date_is_refused(tmp_path: Path, reason: str) -> None:
    with made_study(tmp_path / "s") as store, pytest.raises(StoreError):
        store.set_role(CASE, "presurgery", "other", by="R1", reason=reason)


def test_a_series_that_cannot_be_measured_is_not_pinned(tmp_path: Path) -> None:
    gaps = series("2.25.31", problems=("MISSING_SLICES",), measurable=False)
    with made_study(tmp_path / "s") as store:
        store.take_in(one_case(visits=(visit("baseline", "baseline", -7, series("2.25.11"), gaps),)))

        with pytest.raises(GistImagingError, match="MISSING_SLICES"):
            store.pin_measured(CASE, "baseline", "2.25.31", by="R1", reason="all there is")


def test_the_state_after_reopening_is_that_of_a_replay_of_every_event(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        state = _worked(store, 60, snapshot_every=9)

    with StudyStore.open(tmp_path / "s") as again:
        events = again.events(CASE, READER)
        opened = again.last_state(CASE, READER)
        assert [event.seq for event in events] == list(range(1, 61))
        assert replayed(events).sha256 == opened.sha256 == state.sha256
        assert [event.seq for event in opened.done] == [event.seq for event in state.done]
        assert [event.seq for event in opened.undone] == [event.seq for event in state.undone]


def test_chosen_events_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        _worked(store, 12)

        assert [event.seq for event in store.events(CASE, READER, only=[9, 2, 5])] == [9, 2, 5]
        assert [event.seq for event in store.events(CASE, READER, after=10)] == [11, 12]


def test_events_given_again_after_an_unheard_success_are_kept_once(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store, store.journal(CASE, READER) as journal:
        event = step(CaseState(), np.random.default_rng(1))
        journal.append([event])
        journal.append([event])

        assert len(store.events(CASE, READER)) == 1


def test_an_event_that_does_not_follow_or_differs_is_refused(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store, store.journal(CASE, READER) as journal:
        event = step(CaseState(), np.random.default_rng(1))
        journal.append([event])
        for other in (replace(event, seq=3), replace(event, label="another")):
            with pytest.raises(StoreError, match="does not follow"):
                journal.append([other])

        assert len(store.events(CASE, READER)) == 1


@pytest.mark.parametrize("table", ["events", "readings", "masks", "audit"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET rowid = rowid + 100", "DELETE FROM {}"])
def test_no_program_changes_what_was_given(tmp_path: Path, table: str, verb: str) -> None:
    with made_study(tmp_path / "s") as store:
        _worked(store, 3)
        mask = _ball(4.0)
        store.add_reading(_reading(mask), [mask])
    database = sqlite3.connect(tmp_path / "s" / "study.sqlite")

    with pytest.raises(sqlite3.Error, match="never changed"):
        database.execute(verb.format(table))
    database.close()


def test_a_reading_is_kept_with_its_masks_and_revised_in_a_chain(tmp_path: Path) -> None:
    small, large = _ball(4.0), _ball(7.0)
    first = _reading(small)
    second = first.revised("missed the rim", masks=_reading(large).masks)
    with made_study(tmp_path / "s") as store:
        store.add_reading(first, [small])
        store.add_reading(second, [large])
        store.add_reading(second, [large])

        assert store.readings(CASE) == (first, second)
        assert store.readings(CASE, "R2") == ()
        back = store.mask(large.sha256())
        np.testing.assert_array_equal(back.voxels, large.voxels)
        np.testing.assert_allclose(back.geometry.affine, large.geometry.affine, atol=1e-9)


def test_a_reading_without_one_of_its_masks_leaves_nothing_behind(tmp_path: Path) -> None:
    small, large = _ball(4.0), _ball(7.0)
    with made_study(tmp_path / "s") as store:
        with pytest.raises(ReadingError, match="1 of 2 are missing"):
            store.add_reading(_reading(small, large), [small])

        assert store.readings(CASE) == ()
        with pytest.raises(StoreError, match="no mask"):
            store.mask(small.sha256())


def test_a_revision_of_another_beginning_is_refused(tmp_path: Path) -> None:
    mask = _ball(4.0)
    first = _reading(mask)
    with made_study(tmp_path / "s") as store:
        store.add_reading(first, [mask])
        stranger = replace(first, blinded=False).revised("another beginning")

        with pytest.raises(ReadingError, match="revision 2"):
            store.add_reading(stranger, [mask])


def test_a_computed_value_belongs_to_the_hashes_that_went_in(tmp_path: Path) -> None:
    with made_study(tmp_path / "s") as store:
        store.put_derived(CASE, "volume_mm3", "r" * 64, {"mask": "m1"}, {"value": 12.5})

        assert store.derived(CASE, "volume_mm3", {"mask": "m1"}) == {"value": 12.5}
        assert store.derived(CASE, "volume_mm3", {"mask": "m2"}) is None
        store.put_derived(CASE, "volume_mm3", "r" * 64, {"mask": "m1"}, None)
        assert store.derived(CASE, "volume_mm3", {"mask": "m1"}) is None


def test_no_identifier_date_path_or_uid_of_a_patient_is_in_study_sqlite(tmp_path: Path) -> None:
    with made_study(tmp_path / "s", blinded=True) as store:
        _worked(store, 20, snapshot_every=5)
        mask = _ball(4.0)
        store.add_reading(_reading(mask), [mask])
        store.audit("export", to="/markerfolder/out", when="2023-04-05")

    files = {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir() if path.is_file()}
    held = [marker for marker in MARKERS if marker.encode() in files["study.sqlite"]]
    assert held == []
    assert all(marker.encode() in files["link.sqlite"] for marker in MARKERS if marker != "1961-02-03")


def test_only_the_owner_reads_the_files_of_a_study(tmp_path: Path) -> None:
    made_study(tmp_path / "s").close()

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "s").iterdir()}
    assert modes["link.sqlite"] == modes["uid.key"] == modes["study.sqlite"] == 0o600


def test_uids_of_one_study_are_stable_and_those_of_another_differ(tmp_path: Path) -> None:
    with made_study(tmp_path / "a") as one, made_study(tmp_path / "b") as other:
        uid = "1.2.826.0.1.99.7"

        assert one.private_uid(uid) == one.private_uid(uid) != other.private_uid(uid)


def test_a_folder_with_a_study_is_not_made_into_another(tmp_path: Path) -> None:
    made_study(tmp_path / "s").close()

    with pytest.raises(GistImagingError, match="without a study"):
        StudyStore.create(tmp_path / "s", study_id="TEST")


def test_a_creation_that_was_cut_short_can_be_done_again(tmp_path: Path) -> None:
    made_study(tmp_path / "old").close()
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "link.sqlite").touch()
    (folder / "uid.key").write_text("half")
    (folder / "study.sqlite.new").write_bytes(b"half a file")

    with StudyStore.create(folder, study_id="TEST") as store:
        assert store.cases() == ()


def test_a_link_that_knows_patients_is_never_replaced(tmp_path: Path) -> None:
    made_study(tmp_path / "s").close()
    (tmp_path / "s" / "study.sqlite").unlink()

    with pytest.raises(GistImagingError, match=r"found link\.sqlite"):
        StudyStore.create(tmp_path / "s", study_id="TEST")


def test_words_of_a_study_have_their_form(tmp_path: Path) -> None:
    for wrong in (
        {"study_id": "A B"},
        {"study_id": "A", "reveal": "never"},
        {"study_id": "A", "title": "x/y/z"},
    ):
        with pytest.raises(GistImagingError):
            StudyStore.create(tmp_path / "s", **wrong)
    with made_study(tmp_path / "s") as store, pytest.raises(GistImagingError, match="reader"):
        store.journal(CASE, "Dr. No/../x")
