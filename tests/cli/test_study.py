"""A study from the command line: made, filled, listed, verified, backed up; two patients are never mixed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from cli_runner import Ran, gist_imaging, gist_imaging_here
from dicom_files import MARKER, write_series
from pydicom.uid import generate_uid
from strategies import oblique_geometry

from gist_imaging import workflow
from gist_imaging.errors import Cancelled, IdentityError
from gist_imaging.store import StudyStore

SAMPLES = Path(__file__).resolve().parents[2] / "sample_scans"


def _study(folder: Path, *options: str) -> Path:
    ran = gist_imaging_here("study", "init", folder, "--study-id", "TEST", *options)
    assert ran.code == 0, ran.err
    return folder


def _import(study: Path, scans: Path, *options: str) -> Ran:
    return gist_imaging_here("study", "import", study, scans, "--json", *options)


def _visit(folder: Path, day: str, patient: str = "A", **changes: Any) -> Path:
    """A CT visit of a patient; the series is another one each day."""
    uid = generate_uid(entropy_srcs=[patient, day])
    elements = {
        "StudyDate": day,
        "PatientID": f"{MARKER} {patient}",
        "StudyInstanceUID": f"{uid[:-2]}1",
        "SeriesInstanceUID": f"{uid[:-2]}2",
        "FrameOfReferenceUID": f"{uid[:-2]}3",
    }
    return write_series(folder, 4, series=f"{patient}{day}", **{**elements, **changes})


def _visits(ran: Ran, case: int = 0) -> list[tuple[str, str, int | None]]:
    assert ran.code == 0, ran.err
    return [(one["label"], one["role"], one["day"]) for one in ran.json["cases"][case]["visits"]]


def test_the_sample_scans_become_three_cases_with_two_visits_and_proposed_series(tmp_path: Path) -> None:
    study = _study(tmp_path / "s", "--blinded")
    before = sorted(path.stat().st_mtime_ns for path in SAMPLES.rglob("*"))
    ran = _import(study, SAMPLES)

    assert [case["case"] for case in ran.json["cases"]] == ["SYN-001", "SYN-002", "SYN-003"]
    for number, modality in enumerate(("CT", "MR", "CT")):
        assert _visits(ran, number) == [("baseline", "baseline", -7), ("presurgery", "follow_up", 180)]
        case = ran.json["cases"][number]
        for visit in case["visits"]:
            (series,) = visit["series"]
            assert series["modality"] == modality
            assert (visit["measured"], visit["measured_state"]) == (series["key"], "proposed")
        assert case["pairs"][0]["score"] == 1.0
        assert case["problems"] == []
    with StudyStore.open(study) as store:
        record = store.case_record("SYN-002")
        assert record.t0_event == "imatinib_start"
        assert record.visits[1].measured_state == "proposed"
        place = store.place_of("SYN-002", "presurgery", record.visits[1].measured or "")
        assert place.path == SAMPLES / "SYN-002" / "presurgery" / "MR"
        # The place is enough to read the image again.
        volume = workflow.open_scan(
            place.path, workflow.ScanOptions(series_uid=place.series_uid, split=place.split)
        )
        assert volume.geometry.shape == record.visits[1].series[0].shape
    assert sorted(path.stat().st_mtime_ns for path in SAMPLES.rglob("*")) == before


def test_importing_the_same_scans_twice_changes_nothing(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    first = _import(study, SAMPLES)
    held = [(study / name).read_bytes() for name in ("link.sqlite",)]
    second = _import(study, SAMPLES / "manifest.csv")

    assert len(first.json["changes"]) == 15
    assert second.json["changes"] == []
    assert [(study / name).read_bytes() for name in ("link.sqlite",)] == held


def test_a_dry_run_shows_the_plan_and_takes_nothing_in(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    ran = _import(study, SAMPLES, "--dry-run")

    assert ran.json["dry_run"] is True
    assert ran.json["changes"][0] == "SYN-001: new case, 2 visit(s)"
    with StudyStore.open(study) as store:
        assert store.cases() == ()


def test_a_folder_gives_visits_by_day_and_roles_by_the_first_dose(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "b", "20240105")
    _visit(scans / "a", "20240712")
    _visit(scans / "c", "20231101")
    ran = _import(study, scans, "--first-dose", "2024-01-12")

    assert ran.json["cases"][0]["case"] == "P001"
    assert _visits(ran) == [
        ("other_1", "other", -72),
        ("baseline", "baseline", -7),
        ("follow_up_1", "follow_up", 182),
    ]


def test_the_first_dose_may_be_days_after_the_first_scan(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "a", "20240105")
    _visit(scans / "b", "20240712")

    ran = _import(study, scans, "--first-dose", "7", "--case", "SYN-009")
    assert ran.json["cases"][0]["case"] == "SYN-009"
    assert _visits(ran) == [("baseline", "baseline", -7), ("follow_up_1", "follow_up", 182)]


def test_scans_on_one_side_of_treatment_are_told(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "a", "20240105")
    _visit(scans / "b", "20240114")
    _import(study, scans, "--first-dose", "2024-01-17")

    ran = gist_imaging_here("study", "worklist", study, "--reader", "R1", "--json")
    (row,) = ran.json
    assert "both scans lie on the same side of treatment start (days -12 and -3)" in row["flags"][0]


def test_a_later_visit_joins_its_patient_and_keeps_what_was_there(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "a", "20240105")
    _import(study, scans)
    _visit(tmp_path / "more" / "b", "20240712")
    ran = _import(study, tmp_path / "more")

    assert _visits(ran) == [("follow_up_1", "follow_up", 189)]
    with StudyStore.open(study) as store:
        record = store.case_record("P001")
    assert [(visit.label, visit.role) for visit in record.visits] == [
        ("baseline", "baseline"),
        ("follow_up_1", "follow_up"),
    ]
    assert not any("only one visit" in problem for problem in record.problems)


def test_an_earlier_scan_than_the_baseline_is_told_and_changes_no_role(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "a", "20240105")
    _import(study, scans)
    _visit(tmp_path / "more" / "b", "20230105")
    ran = _import(study, tmp_path / "more")

    assert _visits(ran) == [("other_1", "other", -365)]
    assert any("choose which is the baseline" in told for told in ran.json["cases"][0]["problems"])


def test_images_that_moved_are_found_in_their_new_place(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    _visit(tmp_path / "old" / "a", "20240105")
    _import(study, tmp_path / "old")
    shutil.move(tmp_path / "old", tmp_path / "new")
    lost = gist_imaging_here("study", "verify", study, "--images", "--json")
    ran = _import(study, tmp_path / "new")

    assert lost.code == 1
    assert "are not where they were" in lost.json["problems"][0]
    assert ran.json["changes"] == ["P001 baseline: images of one series lie elsewhere now"]
    assert gist_imaging_here("study", "verify", study, "--images").code == 0


def test_images_that_changed_are_found_and_not_imported_again(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans, "20240105")
    _import(study, scans)
    _visit(scans, "20240105", StudyDescription="touched")

    ran = gist_imaging_here("study", "verify", study, "--images", "--json")
    assert (ran.code, len(ran.json["problems"])) == (1, 1)
    assert "others than those imported" in ran.json["problems"][0]
    again = _import(study, scans)
    assert again.code == 1
    assert "was imported before with other content" in again.out


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"PatientSex": "M"}, "PatientSex"),
        ({"PatientBirthDate": "19600102"}, "PatientBirthDate"),
        ({"PatientID": f"{MARKER} B"}, "PatientID"),
    ],
)
def test_visits_that_may_be_of_two_patients_stop_until_a_reason_is_given(
    tmp_path: Path, changes: dict[str, str], differing: str
) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "a", "20240105")
    _visit(scans / "b", "20240712", **changes)
    stopped = _import(study, scans, "--case", "SYN-001")

    assert stopped.code == 1
    assert stopped.json["error"]["found"] == f"they differ in {differing}"
    assert MARKER not in stopped.out + stopped.err
    with StudyStore.open(study) as store:
        assert store.cases() == ()

    ran = _import(study, scans, "--case", "SYN-001", "--same-patient", "another hospital, same person")
    assert ran.code == 0, ran.err
    with StudyStore.open(study) as store:
        details = store.audit_rows()[-1].details
        assert details["same_patient"] == "another hospital, same person"
        assert details["differing"] == differing
        assert any(differing in problem for problem in store.case_record("SYN-001").problems)


def test_a_later_visit_of_another_person_does_not_slip_into_a_case(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    _visit(tmp_path / "one", "20240105")
    _import(study, tmp_path / "one", "--case", "SYN-001")
    _visit(tmp_path / "other", "20240712", patient="B")

    with pytest.raises(IdentityError):
        workflow.import_scans(study, tmp_path / "other", cases=["SYN-001"])


def test_a_patient_of_the_study_does_not_become_a_second_case(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    _visit(tmp_path / "one", "20240105")
    _import(study, tmp_path / "one", "--case", "SYN-001")
    _visit(tmp_path / "two" / "a", "20240712")
    _visit(tmp_path / "two" / "b", "20240712", patient="B")

    ran = _import(study, tmp_path / "two", "--case", "SYN-007", "--case", "SYN-008")
    assert ran.code == 1
    assert "give --case SYN-001" in ran.json["error"]["advice"]


def test_folders_that_state_no_patient_ask_for_pseudonyms(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    for folder, patient in (("x", "X"), ("y", "Y")):
        _visit(scans / folder, "20240105", patient=patient, PatientID=None, PatientBirthDate=None)
    asked = _import(study, scans)

    assert asked.code == 1
    assert "2 folder(s) state no Patient ID: x, y" in asked.json["error"]["found"]
    ran = _import(study, scans, "--case", "SYN-001", "--case", "SYN-002")
    assert [case["case"] for case in ran.json["cases"]] == ["SYN-001", "SYN-002"]
    with StudyStore.open(study) as store:
        (series,) = store.case_record("SYN-002").visits[0].series
        assert store.place_of("SYN-002", "baseline", series.key).path == scans.resolve() / "y"


def test_a_series_that_cannot_be_measured_blocks_its_case_and_says_why(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "scans"
    _visit(scans / "a", "20240105")
    _visit(scans / "b", "20240712")
    (scans / "b" / "IM0001").unlink()
    ran = _import(study, scans)

    follow_up = ran.json["cases"][0]["visits"][1]
    assert follow_up["measured"] is None
    (row,) = gist_imaging_here("study", "worklist", study, "--reader", "R1", "--json").json
    assert row["status"] == "blocked"
    assert follow_up["series"][0]["measurable"] is False
    assert any("NONUNIFORM_SPACING" in flag for flag in row["flags"])


def test_a_manifest_of_nifti_files_is_taken_in_without_its_masks(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    geometry = oblique_geometry()
    values = np.arange(np.prod(geometry.shape), dtype=np.int16).reshape(geometry.shape)
    for name in ("pre", "post"):
        # NIfTI: i, j, k and RAS.
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine[:, [2, 1, 0, 3]]
        nibabel.save(nibabel.Nifti1Image(values.transpose(2, 1, 0), affine), tmp_path / f"{name}.nii.gz")
        values = values + 1
    (tmp_path / "manifest.csv").write_text(
        "patient_id,timepoint_label,scan_date,imatinib_start_date,image,mask,modality,quantity,phase\n"
        "N1,before,2024-01-05,2024-01-12,pre.nii.gz,no_mask.nii.gz,CT,HU,portal_venous\n"
        "N1,after,2024-07-12,2024-01-12,post.nii.gz,no_mask.nii.gz,CT,HU,arterial\n"
    )
    ran = _import(study, tmp_path)

    assert _visits(ran) == [("before", "baseline", -7), ("after", "follow_up", 182)]
    assert any("phase (portal_venous | arterial)" in told for told in ran.json["cases"][0]["problems"])
    with StudyStore.open(study) as store:
        key = store.case_record("N1").visits[0].measured or ""
        place = store.place_of("N1", "before", key)
    assert (place.path, place.quantity) == (tmp_path / "pre.nii.gz", "HU")
    assert gist_imaging_here("study", "verify", study, "--images").code == 0


def test_an_import_that_is_stopped_takes_nothing_in(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    seen: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        workflow.import_scans(
            study, SAMPLES / "SYN-001" / "baseline" / "CT", cancelled=lambda: len(seen) > 3,
            progress=lambda done, total: seen.append((done, total)),
        )  # fmt: skip

    assert all(0 <= done <= total for done, total in seen)
    with StudyStore.open(study) as store:
        assert store.cases() == ()


def test_nothing_of_the_patient_is_in_study_sqlite_or_on_screen(tmp_path: Path) -> None:
    study, scans = _study(tmp_path / "s"), tmp_path / "markerfolder"
    _visit(scans / "a", "20240105")
    _visit(scans / "b", "20240712")
    shown = gist_imaging_here("study", "import", study, scans).out
    for command in (["worklist", study, "--reader", "R1"], ["status", study], ["verify", study, "--images"]):
        shown += gist_imaging_here("study", *command).out
    with StudyStore.open(study) as store:
        uid = store.place_of(
            "P001", "baseline", store.case_record("P001").visits[0].measured or ""
        ).series_uid

    raw = (study / "study.sqlite").read_bytes()
    for marker in (MARKER, "19600101", "20240105", "2024-01-05", "2024-07-12", "markerfolder", uid or "?"):
        assert marker.encode() not in raw
        assert marker not in shown


def test_a_backup_made_on_the_command_line_is_restored(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    _import(study, SAMPLES)
    made = gist_imaging_here("study", "backup", study, "--json").json["backup"]
    assert Path(made).parent == study / "backups"
    assert gist_imaging_here("study", "restore", made, tmp_path / "again").code == 0

    assert gist_imaging_here("study", "verify", tmp_path / "again", "--images").code == 0
    refused = gist_imaging_here("study", "restore", made, study, "--json")
    assert refused.code == 1


def test_a_person_settles_roles_and_series(tmp_path: Path) -> None:
    study = _study(tmp_path / "s")
    _import(study, SAMPLES)
    ran = gist_imaging_here(
        "study", "role", study, "SYN-001", "presurgery", "other", "--by", "R1", "--reason", "no response pair"
    )
    assert ran.code == 0, ran.err
    with StudyStore.open(study) as store:
        key = store.case_record("SYN-001").visits[0].measured or ""
    assert gist_imaging_here("study", "pin", study, "SYN-001", "baseline", key, "--by", "R1").code == 0

    with StudyStore.open(study) as store:
        baseline, presurgery = store.case_record("SYN-001").visits
    assert (baseline.measured_state, baseline.measured_by) == ("confirmed", "R1")
    assert presurgery.role == "other"


def test_status_counts_and_a_damaged_study_fails_verification(tmp_path: Path) -> None:
    study = _study(tmp_path / "s", "--blinded", "--title", "Rectal GIST")
    _import(study, SAMPLES)
    status = gist_imaging_here("study", "status", study, "--json").json

    assert (status["cases"], status["blinded"], status["reveal"]) == (3, True, "after_commit")
    (study / "uid.key").unlink()
    verified = gist_imaging_here("study", "verify", study, "--json")
    assert (verified.code, verified.json["whole"]) == (1, False)


def test_what_is_no_study_is_said_in_three_parts_by_the_installed_command(tmp_path: Path) -> None:
    ran = gist_imaging("study", "status", tmp_path, "--json")

    assert ran.code == 1
    assert ran.json["error"]["expected"] == "a study folder, which holds study.sqlite"
    assert "study init" in ran.json["error"]["advice"]
