"""Every series has a day of its own, and change is timed by the series that were measured."""

from __future__ import annotations

from dataclasses import replace

from cohort_records import scan, series, sha256

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.validate import validate_frames

STUDY = StudyFacts()


def tables(records):
    frames = cohort_frames(records, STUDY)
    assert validate_frames(frames, STUDY) == []
    return {name: plain_rows(frame) for name, frame in frames.items()}


def mr(label, scan_date):
    image = series(f"MR {label}", modality="MR", sequence="T2_ax", phase="unknown")
    return scan(label=label, scan_date=scan_date, series=image, mask_sha256=sha256(f"MR {label}"))


def test_ct_and_mr_of_one_visit_keep_their_days():
    held = tables([scan(), mr("baseline", "2020-02-07"), scan(label="presurgery")])

    assert {(row["timepoint_id"], row["modality"], row["scan_day"]) for row in held["series"]} == {
        ("SYN-001/baseline", "CT", -7),
        ("SYN-001/baseline", "MR", -3),
        ("SYN-001/presurgery", "CT", 182),
    }
    assert {row["timepoint_id"]: row["scan_day"] for row in held["timepoints"]} == {
        "SYN-001/baseline": -7,
        "SYN-001/presurgery": 182,
    }


def test_days_between_the_visits_are_those_of_the_series_measured():
    records = [scan(scan_date="2020-02-05"), mr("baseline", "2020-02-01"), scan(label="presurgery")]

    assert tables(records)["analysis_patient"][0]["days_pre_to_post"] == 187


def test_scans_weeks_apart_under_one_label_fail_by_name():
    later = replace(scan(label="baseline", scan_date="2020-03-20"), series=series("other scan"))
    held = tables([scan(), later, scan("SYN-002")])

    assert {row["code"] for row in held["failures"]} == {"CONFLICTING_FACTS"}
    assert "days apart" in held["failures"][0]["message"]
    assert [row["patient_id"] for row in held["analysis_patient"]] == ["SYN-002"]


def test_one_series_has_one_day():
    records = [
        replace(scan(lesion="L1"), scan_date="2020-02-03"),
        replace(scan(lesion="L2"), scan_date="2020-02-04"),
    ]

    assert {row["code"] for row in tables(records)["failures"]} == {"CONFLICTING_FACTS"}
