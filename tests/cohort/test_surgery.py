"""What surgery took away is not counted as what imatinib did."""

from __future__ import annotations

import pytest
from cohort_records import scan

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.validate import validate_frames

STUDY = StudyFacts()
DATED = {"surgery_date": "2020-08-11"}
UNDATED = {"scan_date": None, "imatinib_start_date": None}


def tables(records):
    frames = cohort_frames(records, STUDY)
    assert validate_frames(frames, STUDY) == []
    return {name: plain_rows(frame) for name, frame in frames.items()}


def resected(label, facts, scan_date="2020-10-01"):
    return [
        scan(**facts),
        scan(label="presurgery", diameter_mm=64.0, **facts),
        scan(label=label, diameter_mm=0.0, **({"scan_date": scan_date} | facts)),
    ]


@pytest.mark.parametrize(
    ("label", "facts"),
    [("followup", DATED), ("postop", {}), ("postop", DATED), ("postop", UNDATED)],
    ids=["day after surgery", "label alone", "both", "no dates at all"],
)
def test_an_empty_scan_after_surgery_is_no_complete_response(label, facts):
    held = tables(resected(label, facts))
    after = [row for row in held["responses"] if row["timepoint_id"].endswith(label)]
    (patient,) = held["analysis_patient"]

    assert {(row["overall_response"], row["reason"]) for row in after} == {("NE", "after_surgery")}
    assert len(after) == len(STUDY.criteria)
    assert {row["pct_change_baseline"] for row in after} == {None}
    assert patient["post_timepoint_id"] == "SYN-001/presurgery"
    assert (patient["ld_post_mm"], patient["recist_post"], patient["recist_best"]) == (64.0, "SD", "SD")


def test_what_comes_after_a_postoperative_visit_is_after_surgery_too():
    held = tables([scan(**UNDATED), *(scan(label=name, **UNDATED) for name in ("postop", "followup"))])

    assert {row["reason"] for row in held["responses"]} == {"after_surgery"}
    assert held["analysis_patient"][0]["post_timepoint_id"] is None
    assert held["analysis_patient"][0]["recist_best"] is None


def test_a_scan_on_the_day_of_surgery_still_counts():
    held = tables([scan(**DATED), scan(label="tp3m", diameter_mm=40.0, scan_date="2020-08-11", **DATED)])

    assert held["analysis_patient"][0]["recist_post"] == "PR"


def test_a_growth_after_surgery_does_not_change_what_came_before():
    records = resected("followup", DATED)
    before = tables(records[:2])["responses"]
    with_later = tables(records)["responses"]

    assert [row for row in with_later if row["timepoint_id"].endswith("presurgery")] == before


def test_a_presurgery_visit_after_surgery_fails_by_name():
    records = [scan(**DATED), scan(label="presurgery", scan_date="2020-09-01", **DATED)]
    failures = tables(records)["failures"]

    assert {row["code"] for row in failures} == {"CONFLICTING_FACTS"}
    assert "presurgery" in failures[0]["message"]


def test_what_is_found_first_after_surgery_is_no_size_at_surgery():
    records = [
        scan(arm="upfront_surgery", imatinib_start_date=None, surgery_date=day)
        for day in ("2020-03-01", "2020-01-01")
    ]
    sizes = [tables([record])["analysis_patient"][0]["size_at_surgery_mm"] for record in records]

    assert sizes == [68.0, None]
