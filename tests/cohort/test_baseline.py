"""A baseline that was not measured is never replaced by a scan on treatment."""

from __future__ import annotations

from cohort_records import failed, scan, series

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.validate import validate_frames

STUDY = StudyFacts()


def tables(records, study=STUDY):
    frames = cohort_frames(records, study)
    assert validate_frames(frames, study) == []
    return {name: plain_rows(frame) for name, frame in frames.items()}


def later(**given):
    return [
        scan(label="tp3m", diameter_mm=50.0, **given),
        scan(label="presurgery", diameter_mm=30.0, **given),
    ]


def test_a_baseline_that_failed_makes_every_later_visit_not_evaluable():
    held = tables([failed("SYN-001"), *later()])
    (patient,) = held["analysis_patient"]

    assert {(row["overall_response"], row["reason"]) for row in held["responses"]} == {
        ("NE", "baseline_not_evaluable")
    }
    assert {row["baseline_timepoint_id"] for row in held["responses"]} == {"SYN-001/baseline"}
    assert len(held["responses"]) == 2 * len(STUDY.criteria)
    assert patient["pre_timepoint_id"] == "SYN-001/baseline"
    assert [patient[f"{name}_pre_status"] for name in ("ld", "vol", "hu")] == ["failed"] * 3
    assert [patient[name] for name in ("ld_pre_mm", "vol_pre_ml", "hu_pre", "ld_change_pct")] == [None] * 4
    assert (patient["ld_post_mm"], patient["days_pre_to_post"]) == (30.0, None)
    assert [patient[f"{name}_best"] for name in ("recist", "choi", "volume")] == ["NE"] * 3


def test_a_baseline_that_a_reader_did_not_read_is_not_evaluable_for_that_reader():
    records = [scan(), *later(), *later(reader_id="R2")]
    held = tables(records, StudyFacts(primary_reader="R2"))
    (patient,) = held["analysis_patient"]
    found = {
        (row["reader_id"], row["timepoint_id"].split("/")[1]): row["overall_response"]
        for row in held["responses"]
        if row["criterion"] == "recist11"
    }

    assert found == {
        ("R1", "tp3m"): "SD",
        ("R1", "presurgery"): "PR",
        ("R2", "tp3m"): "NE",
        ("R2", "presurgery"): "NE",
    }
    assert (patient["reader_id"], patient["ld_pre_mm"], patient["ld_pre_status"]) == ("R2", None, "not_done")
    assert patient["recist_best"] == "NE"


def test_a_kind_of_image_without_a_baseline_is_not_evaluable_and_not_shown():
    mr = {"modality": "MR", "sequence": "T2_ax"}
    on_mr = [
        scan(label=label, series=series(f"MR {label}", **mr), mask_sha256=f"{number}" * 64)
        for number, label in enumerate(("tp3m", "presurgery"))
    ]
    held = tables([scan(), *on_mr])

    assert {(row["image_kind"], row["reason"]) for row in held["responses"]} == {
        ("MR:T2_ax", "baseline_not_evaluable")
    }
    assert held["analysis_patient"][0]["image_kind"] == "CT"
    assert held["analysis_patient"][0]["ld_pre_mm"] == 68.0


def test_a_lesion_of_which_the_baseline_failed_has_no_size_before():
    records = [
        failed("SYN-001"),
        scan(lesion="L2", diameter_mm=20.0),
        scan(label="presurgery", diameter_mm=30.0),
        scan(label="presurgery", lesion="L2", diameter_mm=10.0),
    ]
    (patient,) = tables(records)["analysis_patient"]

    assert (patient["lesion_id"], patient["ld_pre_status"]) == ("SYN-001/L1", "failed")
    assert (patient["ld_pre_mm"], patient["ld_post_mm"], patient["ld_change_pct"]) == (None, 30.0, None)


def test_a_stated_baseline_goes_before_the_label_although_it_failed():
    records = [scan(), failed("SYN-001", "tp3m", is_baseline=True, scan_date="2020-05-04"), later()[1]]
    held = tables(records)

    assert {row["baseline_timepoint_id"] for row in held["responses"]} == {"SYN-001/tp3m"}
    assert {row["reason"] for row in held["responses"]} == {"baseline_not_evaluable"}
