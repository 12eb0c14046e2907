from __future__ import annotations

import pytest
from batch_cases import ball, table, write_manifest, write_nifti
from dicom_images import save_stack

from gist_imaging.batch.executor import InProcess
from gist_imaging.batch.runner import run_batch
from gist_imaging.errors import GistImagingError
from gist_imaging.io.read import read_volume

ANNA = {"PatientID": "MARKER-1", "PatientBirthDate": "19610203", "PatientSex": "F"}


def scan(folder, name, **identity):
    """A DICOM stack and a mask on its grid; their columns of a manifest."""
    save_stack(folder / name, 5, **identity)
    grid = read_volume(folder / name).geometry
    write_nifti(folder / f"{name}.nii", ball(6.0, grid, (2, 18, 21)).astype("u1"), grid)
    return {"image": name, "mask": f"{name}.nii"}


def pair(folder, before, after, **stated):
    return write_manifest(
        folder,
        [
            {"patient_id": "P1", "timepoint_label": "baseline", **scan(folder, "pre", **before)},
            {"patient_id": "P1", "timepoint_label": "followup", **scan(folder, "post", **after), **stated},
        ],
    )


def run(folder, manifest):
    return run_batch(manifest, folder / "cohort", executor=InProcess())


def written_bytes(folder):
    places = [folder / "cohort", folder / "cohort.work"]
    return b"".join(path.read_bytes() for place in places for path in place.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"PatientID": "MARKER-2"}, "PatientID"),
        ({"PatientBirthDate": "19610204"}, "PatientBirthDate"),
        ({"PatientSex": "M"}, "PatientSex"),
    ],
    ids=["id", "birth date", "sex"],
)
def test_scans_of_two_patients_under_one_pseudonym_stop_with_a_question(tmp_path, other, named):
    manifest = pair(tmp_path, ANNA, {**ANNA, **other})

    report = run(tmp_path, manifest)

    assert {(failure.stage, failure.code) for failure in report.failures} == {("identity", "IDENTITY")}
    assert report.n_failed == 2
    assert f"they differ in {named}; are these the same patient?" in report.failures[0].message


def test_a_reason_answers_the_question_and_nothing_of_the_patient_is_written(tmp_path):
    manifest = pair(
        tmp_path, ANNA, {**ANNA, "PatientID": "MARKER-2"}, same_patient_reason="moved to another hospital"
    )

    report = run(tmp_path, manifest)

    assert (report.n_ok, report.n_failed) == (2, 0)
    for secret in (b"MARKER-1", b"MARKER-2", b"19610203"):
        assert secret not in written_bytes(tmp_path)


def test_scans_that_do_not_say_whose_they_are_contradict_nobody(tmp_path):
    manifest = pair(tmp_path, ANNA, {"PatientID": "", "PatientSex": ""})

    assert run(tmp_path, manifest).n_failed == 0


def test_one_patient_under_two_pseudonyms_is_a_warning(tmp_path):
    rows = [
        {"patient_id": patient, "timepoint_label": "baseline", **scan(tmp_path, patient, **ANNA)}
        for patient in ("P2", "P1")
    ]
    rows.append({"patient_id": "P3", "timepoint_label": "tp1", **scan(tmp_path, "P3", PatientID="OTHER")})

    report = run(tmp_path, write_manifest(tmp_path, rows))

    assert report.n_failed == 0
    assert report.warnings == ("P1 and P2 hold scans with the same patient data: are they one patient?",)


def test_a_question_about_one_patient_stops_no_other(tmp_path):
    manifest = pair(tmp_path, ANNA, {**ANNA, "PatientSex": "M"})
    rows = manifest.read_text("utf-8") + f"P9,tp1,{','.join(scan(tmp_path, 'other').values())},,\n"
    manifest.write_text(rows, "utf-8")

    report = run(tmp_path, manifest)

    assert (report.n_ok, report.n_failed) == (1, 2)
    assert {row["patient_id"] for row in table(tmp_path / "cohort", "segmentations")} == {"P9"}


def test_a_folder_with_scans_of_two_patients_is_asked_about(tmp_path):
    row = {"patient_id": "P1", "timepoint_label": "baseline", **scan(tmp_path, "both", **ANNA)}
    save_stack(tmp_path / "both" / "more", 5, PatientID="MARKER-2", SeriesInstanceUID="1.2.826.0.1.3680043.9")
    manifest = write_manifest(tmp_path, [{**row, "series_uid": "1.2.826.0.1.3680043.8.498.8"}])

    report = run(tmp_path, manifest)

    assert [failure.code for failure in report.failures] == ["IDENTITY"]
    assert "MARKER" not in report.failures[0].message


def test_a_mask_of_another_patient_is_asked_about(tmp_path):
    row = {"patient_id": "P1", "timepoint_label": "baseline", **scan(tmp_path, "ct", **ANNA)}
    save_stack(tmp_path / "mask", 1, PatientID="MARKER-2")

    report = run(tmp_path, write_manifest(tmp_path, [{**row, "mask": "mask"}]))

    assert [failure.code for failure in report.failures] == ["IDENTITY"]


def test_one_image_at_two_visits_of_a_patient_is_refused_for_both(tmp_path):
    rows = [
        {"patient_id": "P1", "timepoint_label": label, **scan(tmp_path, "same", **ANNA)}
        for label in ("baseline", "followup")
    ]

    report = run(tmp_path, write_manifest(tmp_path, rows))

    assert [failure.code for failure in report.failures] == ["SAME_IMAGE", "SAME_IMAGE"]


def test_a_place_that_is_taken_is_refused_before_anything_is_measured(tmp_path):
    taken = tmp_path / "notes.txt"
    taken.write_text("mine")
    manifest = pair(tmp_path, ANNA, ANNA)

    with pytest.raises(GistImagingError, match="something else stands there"):
        run_batch(manifest, taken, executor=InProcess())

    assert sorted(path.name for path in tmp_path.glob("notes*")) == ["notes.txt"]
