"""From a reader's actions to what leaves: strokes of SYN-002 become the rows of its relation file."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from batch_cases import table
from cli_runner import gist_imaging_here

from gist_imaging import workflow
from gist_imaging.batch.runner import run_batch
from gist_imaging.errors import ReadingError
from gist_imaging.io.dicom_index import scan_folder
from gist_imaging.io.read import read_volume
from gist_imaging.store import CaseImport, ScanPlace, SeriesRecord, StudyStore, VisitImport, VisitRecord

SAMPLE = Path(__file__).resolve().parents[2] / "sample_scans" / "SYN-002"
VISITS = (("baseline", "baseline", -7), ("presurgery", "follow_up", 180))


def visit_import(label: str, role: str, day: int) -> VisitImport:
    series = scan_folder(SAMPLE / label / "MR").series[0]
    localiser = read_volume(SAMPLE / label / "localiser.nii.gz").geometry
    records = (
        SeriesRecord(
            "t2", "", "T2 oblique 3.3 mm", "MR", "oblique", series.spacing_mm, series.shape, weighting="T2"
        ),
        SeriesRecord("loc", "", "localiser", "MR", "sagittal", localiser.spacing_mm, localiser.shape),
    )
    places = {
        "t2": ScanPlace(SAMPLE / label / "MR", series.series_uid),
        "loc": ScanPlace(SAMPLE / label / "localiser.nii.gz"),
    }
    return VisitImport(VisitRecord(label, role, day, records, "t2", "confirmed", "R1"), places)


def made(folder: Path, *, commit: bool, **settings: object) -> Path:
    """A study in which R1 read SYN-002 with the masks, strokes, landmarks and words of the sample."""
    with StudyStore.create(folder, study_id="GIST-2", **settings) as store:
        visits = tuple(visit_import(*visit) for visit in VISITS)
        store.take_in(CaseImport("SYN-002", visits, t0_event="imatinib_start"))
    case = workflow.open_case(folder, "SYN-002", "R1")
    workflow.add_lesion(case)
    for label, _, _ in VISITS:
        held = json.loads((SAMPLE / label / "relation.json").read_text())
        workflow.propose(
            case, workflow.import_job(case, "L1", label, SAMPLE / label / "labels.nii.gz", "1").run()
        )
        workflow.accept(case, "L1", label)
        for mark in held["landmarks"]:
            workflow.place_landmark(case, label, mark["name"], mark["point_mm"])
        for stroke in held["levator_strokes"]:
            workflow.add_levator_stroke(case, label, stroke["side"], stroke["points_mm"])
        workflow.state_fact(case, label, "phase", "none")
        workflow.answer(case, label, "L1", "relation", "R", "contact", "close")
        workflow.answer(case, label, "L1", "relation", "R", "displacement", "marked")
        for field, word in (("contact", "none"), ("displacement", "none"), ("invasion", "no")):
            workflow.answer_rest(case, label, "L1", field, word)
        workflow.answer(case, label, "L1", "relation", "R", "components", ["puborectalis"])
        workflow.answer(case, label, "L1", "findings", None, "sphincter_depth", "none")
        workflow.answer(case, label, "L1", "findings", None, "confidence", "high")
        workflow.state_fact(case, label, "quality", "adequate")
    if commit:
        workflow.commit_call(case)
    workflow.close_case(case)
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return made(tmp_path_factory.mktemp("study"), commit=True, blinded=True)


@pytest.fixture(scope="module")
def exported(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "out"
    return workflow.export_study(study, out)


def test_strokes_and_landmarks_give_the_numbers_of_the_relation_file(study, exported, tmp_path):
    assert exported.passed, exported.failures
    assert not any("landmark" in warning for warning in exported.warnings)
    rows = [
        {
            "patient_id": "SYN-002",
            "timepoint_label": label,
            "scan_day": day,
            "t0_event": "imatinib_start",
            "image": SAMPLE / label / "MR",
            "mask": exported.folder / "masks" / f"SYN-002_{label}_L1_R1.nii.gz",
            "modality": "MR",
            "sequence": "T2",
            "phase": "none",
            "mask_method": "mixed",
            "reading": exported.folder / "readings" / "SYN-002_R1.json",
            "relation": SAMPLE / label / "relation.json",
            "relation_side": "R",
        }
        for label, _, day in VISITS
    ]
    with (tmp_path / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    shutil.copy(study / "uid.key", tmp_path / "plain.key")
    run_batch(tmp_path / "manifest.csv", tmp_path / "plain")

    def numbers(cohort):
        # Their ids hold the hash of the relation file, whose text may differ.
        kept = ("timepoint_id", "name", "side", "unit", "value", "value_low", "value_high", "reason")
        return sorted(tuple(row[name] for name in kept) for row in table(cohort, "measurements"))

    ours = numbers(exported.folder / "cohort")
    assert ours == numbers(tmp_path / "plain")
    assert sum(side == "R" and value != "" for _, _, side, _, value, *_ in ours) > 30
    assert table(exported.folder / "cohort", "relation_changes") != []


def test_the_sheet_from_the_window_is_that_of_the_export(study, exported, tmp_path):
    case = workflow.open_case(study, "SYN-002", "R1")
    try:
        written = workflow.case_sheet(case, tmp_path / "here")
    finally:
        workflow.close_case(case)

    for path in written:
        assert path.read_bytes() == (exported.folder / "sheets" / path.name).read_bytes()


def test_a_draft_leaves_only_when_asked_and_says_so(tmp_path):
    folder = made(tmp_path / "study", commit=False, blinded=True)
    case = workflow.open_case(folder, "SYN-002", "R1")
    with pytest.raises(ReadingError, match="commit your call first"):
        workflow.case_sheet(case, tmp_path / "sheet")
    workflow.close_case(case)

    refused = gist_imaging_here("export", folder, "--out", tmp_path / "out")
    assert refused.code == 1
    assert "committed reading" in refused.err
    assert not (tmp_path / "out").exists()
    ran = gist_imaging_here(
        "export",
        folder,
        "--out",
        tmp_path / "out",
        "--include-drafts",
        "--reader",
        "R1",
        "--no-cohort",
        "--json",
    )

    assert (ran.code, ran.json["n_drafts"], ran.json["n_masks"]) == (0, 1, 2)
    assert [path.name for path in (tmp_path / "out" / "readings").iterdir()] == ["SYN-002_R1_draft.json"]
    index = json.loads((tmp_path / "out" / "export.json").read_text())
    assert index["readings"][0]["status"] == "draft"
    assert not (tmp_path / "sheet").exists()


def test_the_command_says_what_failed_with_code_3(study, tmp_path):
    with StudyStore.open(study) as store:
        visits = tuple(visit_import(*visit) for visit in VISITS)
        store.take_in(CaseImport("SYN-404", visits, t0_event="imatinib_start"))
        from dataclasses import replace

        held = store.readings("SYN-002", "R1")[-1]
        moved = tuple(replace(mask, image_sha256="0" * 64) for mask in held.masks)
        lost = replace(held, case="SYN-404", masks=moved)
        store.add_reading(lost, [])

    ran = gist_imaging_here("study", "export", study, "--out", tmp_path / "out", "--no-sheets", "--no-cohort")

    assert ran.code == 3
    assert "1 not exported" in ran.out
    assert "SYN-404 R1" in ran.out
    assert [path.name for path in (tmp_path / "out" / "readings").iterdir()] == ["SYN-002_R1.json"]
