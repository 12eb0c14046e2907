"""One case from opening to change, without a window: sample scan SYN-001 in a study on disk."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage.measure import find_contours

import gist_imaging
from gist_imaging import workflow
from gist_imaging.errors import GistImagingError, ReadingError, StoreError
from gist_imaging.io.dicom_index import scan_folder
from gist_imaging.io.read import read_mask
from gist_imaging.io.series_content import content_sha256
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.measure.overlap import dice
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.session.drawing import prompts_of
from gist_imaging.session.event import Event, changed
from gist_imaging.session.reading_of import masks_of, reading_of
from gist_imaging.session.state import replayed
from gist_imaging.store import CaseImport, ScanPlace, SeriesRecord, StudyStore, VisitImport, VisitRecord

SAMPLE = Path(__file__).resolve().parents[2] / "sample_scans" / "SYN-001"
VISITS = (("baseline", "baseline", -7), ("presurgery", "follow_up", 180))


def visit_import(label, role, day):
    folder = SAMPLE / label / "CT"
    series = scan_folder(folder).series[0]
    volume = workflow.open_scan(folder, workflow.ScanOptions())
    record = SeriesRecord(
        "ct", "2.25.1", "CT axial 3.0 mm", "CT", "axial", volume.geometry.spacing_mm, volume.geometry.shape
    )
    place = ScanPlace(folder, series.series_uid)
    return VisitImport(VisitRecord(label, role, day, (record,), "ct"), {"ct": place})


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    with StudyStore.create(folder, study_id="TEST", blinded=True) as store:
        store.take_in(CaseImport("SYN-001", tuple(visit_import(*visit) for visit in VISITS)))
    return folder


def true_mask(case, label):
    return read_mask(SAMPLE / label / "labels.nii.gz", like=case.measured_volume(label), label=1)


def draw(case, label):
    """What a hand would draw: a line inside and the edge on five slices, a line beyond either end."""
    mask = true_mask(case, label)
    place = mask.geometry.to_patient
    k, j, i = np.nonzero(mask.voxels)
    low, high = int(k.min()), int(k.max())
    for level in np.linspace(low + 1, high - 1, 5).round().astype(int):
        contour = max(find_contours(mask.voxels[level].astype(float), 0.5), key=len)[:-1]
        workflow.add_outline(case, "L1", label, place(np.c_[np.full(len(contour), level), contour]))
        row = int(contour[:, 0].mean())
        inner = np.flatnonzero(mask.voxels[level, row])[2:-2]
        line = np.c_[np.full(len(inner), level), np.full(len(inner), row), inner]
        workflow.add_stroke(case, "L1", label, place(line), True)
    across = np.arange(int(i.min()), int(i.max()))
    for level in (low - 2, high + 2):
        beyond = np.c_[np.full(len(across), level), np.full(len(across), int(np.median(j))), across]
        workflow.add_stroke(case, "L1", label, place(beyond), False)


def answer_everything(case):
    for label, _, _ in VISITS:
        workflow.answer(case, label, "L1", "relation", "L", "contact", "abutment")
        workflow.answer(case, label, "L1", "relation", "L", "displacement", "marked")
        for field, word in (("contact", "none"), ("displacement", "none"), ("invasion", "no")):
            workflow.answer_rest(case, label, "L1", field, word)
        workflow.answer(case, label, "L1", "findings", None, "sphincter_depth", "none")
        workflow.answer(case, label, "L1", "findings", None, "confidence", "high")


def test_a_case_from_the_first_stroke_to_the_change(study):
    case = workflow.open_case(study, "SYN-001", "R1")
    assert [(visit.label, visit.role, visit.day) for visit in case.visits] == list(VISITS)
    with pytest.raises(StoreError):
        workflow.open_case(study, "SYN-001", "R1")

    assert workflow.add_lesion(case) == "L1"
    draw(case, "baseline")
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    workflow.accept(case, "L1", "baseline")
    grown = case.state.mask("L1", "baseline")
    assert dice(grown, true_mask(case, "baseline")) > 0.9

    workflow.propose(case, workflow.copy_job(case, "L1", "baseline", "presurgery").run())
    workflow.accept(case, "L1", "presurgery")
    assert [question.form for question in workflow.open_questions(case) if question.form == "mask"] == [
        "mask"
    ]
    draw(case, "presurgery")
    workflow.propose(case, workflow.grow_job(case, "L1", "presurgery").run())
    workflow.accept(case, "L1", "presurgery")
    grid = case.measured_volume("presurgery").geometry
    inside = np.argwhere(case.state.mask("L1", "presurgery").voxels)[0]
    workflow.brush(case, "L1", "presurgery", grid.to_patient([inside]), 4.0)
    case.undo()
    case.redo()

    numbers = workflow.live_numbers(case, "L1", "baseline")
    longest, _ = workflow.shown_calipers(case, "L1", "baseline")
    assert longest.length_mm == pytest.approx(numbers.longest_axial_diameter_mm)
    assert longest.length_mm == pytest.approx(60.8, abs=2.0)
    moved = np.asarray(longest.points_mm) * 1.0
    moved[1] -= 2.0 * (moved[1] - moved[0]) / np.linalg.norm(moved[1] - moved[0])
    workflow.set_caliper(case, "L1", "baseline", "longest_axial_diameter", moved, "vessel")
    longest, _ = workflow.shown_calipers(case, "L1", "baseline")
    assert longest.length_mm == pytest.approx(longest.proposed_length_mm - 2.0)

    for label, _, _ in VISITS:
        workflow.state_fact(case, label, "phase", "portal_venous")
        workflow.state_fact(case, label, "quality", "diagnostic")
    workflow.state_impression(case, "L1", "smaller")
    with pytest.raises(GistImagingError, match="commit your call first"):
        workflow.change_numbers(case, "L1")
    with pytest.raises(GistImagingError, match="commit your call first"):
        workflow.metrics(case, "L1", "baseline")
    with pytest.raises(
        ReadingError, match="22 open, first: Contact on patient R is missing for L1 at baseline"
    ):
        workflow.commit_call(case)
    answer_everything(case)
    assert workflow.open_questions(case) == ()

    reading = workflow.commit_call(case)
    assert workflow.is_committed(case)
    assert case.state.undo_label is None
    change = workflow.change_numbers(case, "L1")
    assert change.change_pct["volume_mm3"] == pytest.approx(100 * (23.30 / 81.03 - 1), abs=6)
    assert {response.criterion: response.category for response in change.responses}["choi"] == "PR"
    relation = workflow.metrics(case, "L1", "baseline")
    assert relation.to_json()["relations"][0]["side"] == "L"
    state = case.state.sha256
    assert workflow.close_case(case)

    assert workflow.replay(study, "SYN-001", "R1").sha256 == state
    again = workflow.open_case(study, "SYN-001", "R1")
    try:
        assert again.state.sha256 == state
        log = prompts_of(again.state, "L1", "baseline")
        afresh = gist_imaging.segment(again.measured_volume("baseline"), log)
        kept = again.archive.readings("SYN-001", "R1")
        assert kept == (reading,)
        held = next(one for one in reading.masks if one.timepoint == "baseline")
        assert held.image_sha256 == again.measured_volume("baseline").sha256()
        np.testing.assert_array_equal(again.archive.mask(held.mask_sha256).voxels, afresh.voxels)
        drawn = PromptLog.from_json(
            {
                "prompts": [
                    {"kind": one.kind, "points_mm": one.points_mm, "include": one.include, "round": one.round}
                    for one in reading.prompts
                    if one.timepoint == "baseline"
                ]
            }
        )
        assert drawn.sha256() == log.sha256()
        assert measure_lesion(again.measured_volume("baseline"), afresh).volume_mm3 == numbers.volume_mm3

        revised = workflow.revise_call(
            again, "presurgery", "L1", "relation", "L", "contact", "close", "fat plane on slice 31"
        )
        assert (revised.revision, revised.previous) == (2, reading.sha256)
        (told,) = workflow.call_history(again)
        assert (told.old, told.new, told.reason) == ("abutment", "close", "fat plane on slice 31")
    finally:
        again.close()
    with StudyStore.open(study) as store:
        assert [held.revision for held in store.readings("SYN-001", "R1")] == [1, 2]
        assert store.worklist("R1")[0].status == "committed"
        events = store.events("SYN-001", "R1")
    assert replayed(events).plain("commit")["revision"] == 2
    assert not any(str(SAMPLE) in json.dumps(dict(event.details)) for event in events)


def test_an_image_that_was_exchanged_under_its_masks_is_refused(study, tmp_path):
    other = StudyStore.create(tmp_path / "study", study_id="TEST")
    other.take_in(CaseImport("SYN-001", (visit_import(*VISITS[0]),)))
    other.close()
    case = workflow.open_case(tmp_path / "study", "SYN-001", "R1")
    workflow.add_lesion(case)
    point = case.measured_volume("baseline").geometry.to_patient([[10, 90, 90]])
    workflow.brush(case, "L1", "baseline", point, 3.0)
    facts = dict(case.state.plain("mask_facts", "L1", "baseline"))
    key = ("mask_facts", "L1", "baseline")
    case.act(Event("act", "test", "test", (changed(key, facts, {**facts, "image_sha256": "0" * 64}),)))
    case.close()

    again = workflow.open_case(tmp_path / "study", "SYN-001", "R1")
    with pytest.raises(ReadingError, match="another one lies in its place now"):
        again.measured_volume("baseline")
    again.close()


def test_files_that_changed_since_they_were_imported_are_refused(tmp_path):
    scan = tmp_path / "scan"
    shutil.copytree(SAMPLE / "baseline" / "CT", scan)
    given = visit_import(*VISITS[0])
    place = ScanPlace(scan, given.places["ct"].series_uid, content_sha256=content_sha256(scan))
    with StudyStore.create(tmp_path / "study", study_id="TEST") as store:
        store.take_in(CaseImport("SYN-001", (replace(given, places={"ct": place}),)))
    case = workflow.open_case(tmp_path / "study", "SYN-001", "R1")
    assert case.measured_volume("baseline").geometry.shape == (34, 192, 192)
    case.close()
    one = min(scan.iterdir())
    content = bytearray(one.read_bytes())
    content[-1] ^= 1
    one.write_bytes(bytes(content))

    again = workflow.open_case(tmp_path / "study", "SYN-001", "R1")
    with pytest.raises(ReadingError, match="its files have changed since; restore them"):
        again.measured_volume("baseline")
    again.close()


def test_a_commit_that_was_cut_off_on_disk_is_finished_when_the_case_is_opened_again(tmp_path):
    with StudyStore.create(tmp_path / "study", study_id="TEST") as store:
        store.take_in(CaseImport("SYN-001", tuple(visit_import(*visit) for visit in VISITS)))
    case = workflow.open_case(tmp_path / "study", "SYN-001", "R1")
    workflow.add_lesion(case)
    point = case.measured_volume("baseline").geometry.to_patient([[10, 90, 90]])
    workflow.brush(case, "L1", "baseline", point, 5.0, ball=True)
    answer_everything(case)
    frames = {name: case.measured_volume(name).geometry.frame_uid for name, _, _ in VISITS}
    kept = reading_of(case.state, case="SYN-001", reader="R1", blinded=False, frames=frames)
    case.archive.add_reading(kept, masks_of(case.state))
    case.close()

    again = workflow.open_case(tmp_path / "study", "SYN-001", "R1")
    assert not workflow.is_committed(again)
    assert workflow.commit_call(again).sha256 == kept.sha256
    assert workflow.is_committed(again)
    again.close()
    with StudyStore.open(tmp_path / "study") as store:
        assert [held.revision for held in store.readings("SYN-001", "R1")] == [1]


def test_a_study_without_that_case_says_which_it_has(study):
    with pytest.raises(GistImagingError, match="a case of this study: SYN-001; got 'SYN-009'"):
        workflow.open_case(study, "SYN-009", "R1")
    with pytest.raises(GistImagingError, match="a case of this study: SYN-001"):
        workflow.replay(study, "SYN-009", "R1")
