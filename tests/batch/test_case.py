from __future__ import annotations

from pathlib import Path

import pytest

from gist_imaging.batch.case import SAME_PATIENT, failed_record, failure_of, restated, run_row
from gist_imaging.batch.jobs import CaseConfig, content_sha256, files_of, job_key, settings_of
from gist_imaging.batch.manifest import ManifestRow
from gist_imaging.cohort.records import FailureRecord
from gist_imaging.errors import (
    GeometryError,
    GistImagingError,
    IntakeError,
    MaskError,
    MeasurementError,
    SeriesError,
)
from gist_imaging.problems import Code, Problem

ROW = ManifestRow(
    2, "P001", "baseline", Path("/home/anna/ct"), Path("/home/anna/tumour.nii"), stated={"arm": "neoadjuvant"}
)
UID = "1.2.826.0.1.3680043.8.498.8"


@pytest.mark.parametrize(
    ("error", "stage", "code"),
    [
        (IntakeError(Problem(Code.TRUNCATED, "it ends too early", "anna/1.dcm")), "intake", "TRUNCATED"),
        (SeriesError(UID, (Problem(Code.TILT, "sheared by 18.5 degrees"),)), "geometry", "TILT"),
        (GeometryError("right angles", "sheared"), "geometry", "GEOMETRY"),
        (MaskError("on its image", "elsewhere"), "mask", "MASK"),
        (MeasurementError("a number", "none"), "measure", "MEASUREMENT"),
        (GistImagingError("one series", f"found 2:\n{UID}\n{UID}", "choose one"), "intake", "SERIES_CHOICE"),
        (MemoryError(), "worker", "LIMIT_MEMORY"),
        (ValueError("MARKER^NAME"), "intake", "UNEXPECTED"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_a_failure_has_stage_and_code_and_tells_nothing_of_the_patient(error, stage, code):
    failure = failure_of(error, "intake", ROW)

    assert (failure.stage, failure.code) == (stage, code)
    assert failure.message
    for secret in ("anna", "MARKER", UID, "\n"):
        assert secret not in failure.message


def test_paths_are_taken_out_of_a_message():
    error = MaskError("tumour.nii: a mask on the grid of its image", "/home/anna/ct is another")

    assert failure_of(error, "mask", ROW).message == (
        "the mask: a mask on the grid of its image; the image is another"
    )


def test_a_series_failure_names_the_error_that_blocks_and_the_others():
    problems = (
        Problem(Code.THICK_SLICES, "7 mm"),
        Problem(Code.MISSING_SLICES, "one gap of 6.0 mm"),
        Problem(Code.TILT, "sheared"),
    )

    failure = failure_of(SeriesError(UID, problems), "intake", ROW)

    assert failure.code == "MISSING_SLICES"
    assert failure.message.endswith("(also TILT)")


def test_a_row_without_a_mask_fails_by_name_and_is_not_measured_as_zero():
    record = run_row(ManifestRow(2, "P001", "baseline", Path("a.nii")), CaseConfig())

    assert record.failure is not None
    assert record.failure.code == "NO_MASK"
    assert record.measurement is None


def test_a_stored_record_takes_the_facts_of_the_row_that_asks_for_it():
    stored = failed_record(ROW, FailureRecord("mask", "MASK", "why"))
    other = ManifestRow(
        3, "P002", "tp1", ROW.image, lesion="L2", stated={"sex": "F", "same_patient_reason": "moved"}
    )

    record = restated(restated(stored, other), other)

    assert (record.lesion_id, record.timepoint_id, record.sex, record.arm) == (
        "P002/L2", "P002/tp1", "F", "not_recorded",
    )  # fmt: skip
    assert record.overrides == ((SAME_PATIENT, "moved"),)
    assert record.failure == stored.failure


def test_the_work_is_named_by_content_and_settings_and_not_by_facts():
    def key(**stated):
        row = ManifestRow(2, "P001", "tp1", Path("a"), stated=stated)
        return job_key("i", "m", settings_of(row, CaseConfig()))

    assert key(arm="neoadjuvant", scan_date="2024-01-01", reader_id="R2") == key()
    assert len({key(), key(quantity="HU"), key(series_uid="1.2"), key(resample=True)}) == 4
    assert job_key("i", "m", {}) != job_key("m", "i", {}) != job_key("i", None, {})


def test_a_folder_is_named_by_what_its_files_hold_not_by_their_names(tmp_path):
    for name, content in (("one", b"a"), ("two", b"b"), (".hidden", b"c")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to(tmp_path / "one")

    stamps = files_of(tmp_path)

    assert [Path(stamp.path).name for stamp in stamps] == ["one", "two"]
    assert content_sha256(["a", "b"]) == content_sha256(["b", "a"]) != content_sha256(["a"])
