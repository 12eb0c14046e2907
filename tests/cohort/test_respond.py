"""Responses in the cohort: lesions summed, new ones seen, missing ones not evaluable."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cohort_records import failed, scan, series

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.records import StudyFacts


def response(records, criterion="recist11", label="presurgery"):
    frames = cohort_frames(records, StudyFacts(criteria=(criterion,)))
    rows = plain_rows(frames["responses"])
    (row,) = [row for row in rows if row["timepoint_id"].endswith(label)]
    return row


def pair(before=68.0, after=47.0, **given):
    return [scan(diameter_mm=before, **given), scan(label="presurgery", diameter_mm=after, **given)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(68, 47, "PR"), (52, 40, "SD"), (20, 24, "SD"), (20, 25, "PD"), (68, 0, "CR")],
    ids=["mean sizes of a cohort", "-23 %", "+20 % but 4 mm", "+25 % and 5 mm", "gone"],
)
def test_recist_by_the_sum_of_diameters(before, after, expected):
    row = response(pair(float(before), float(after)))

    assert row["overall_response"] == expected
    assert (row["sum_value"], row["sum_unit"]) == (after, "mm")


def test_lesions_of_one_patient_are_summed():
    records = [
        scan(lesion="L1", diameter_mm=40.0),
        scan(lesion="L2", diameter_mm=25.0),
        scan(label="presurgery", lesion="L1", diameter_mm=30.0),
        scan(label="presurgery", lesion="L2", diameter_mm=10.0),
    ]

    assert response(records)["baseline_value"] == 65.0
    assert response(records)["pct_change_baseline"] == pytest.approx(-100 * 25 / 65)


def test_volumes_are_judged_in_millilitres():
    row = response(pair(), "volume_sphere_recist")

    assert (row["overall_response"], row["sum_unit"]) == ("PR", "mL")
    assert row["sum_value"] == pytest.approx(54.4, abs=0.1)
    assert row["baseline_value"] == pytest.approx(164.6, abs=0.1)


def test_nominal_spacing_is_not_evaluable_and_keeps_the_voxel_ratio():
    row = response(pair(physical=False), "volume_sphere_recist")

    assert (row["overall_response"], row["reason"]) == ("NE", "geometry_not_physical")
    assert row["pct_change_baseline"] == pytest.approx(-66.98, abs=0.01)
    assert row["sum_value"] is None


def test_a_lesion_that_failed_at_follow_up_makes_the_visit_not_evaluable():
    records = [
        scan(lesion="L1", diameter_mm=40.0),
        scan(lesion="L2", diameter_mm=25.0),
        scan(label="presurgery", lesion="L1", diameter_mm=20.0),
        failed("SYN-001", "presurgery", lesion="L2", lesion_number=2, scan_date="2020-08-10"),
    ]

    assert (response(records)["overall_response"], response(records)["new_lesion"]) == ("NE", False)


def test_a_lesion_that_nobody_listed_at_baseline_is_new_and_progression():
    records = [*pair(), scan(label="presurgery", lesion="L2", diameter_mm=8.0)]

    assert (response(records)["overall_response"], response(records)["new_lesion"]) == ("PD", True)


def test_a_lesion_that_failed_at_baseline_is_not_new():
    records = [
        *pair(),
        failed("SYN-001", "baseline", lesion="L2", lesion_number=2),
        scan(label="presurgery", lesion="L2", diameter_mm=8.0),
    ]

    assert (response(records)["overall_response"], response(records)["new_lesion"]) == ("PR", False)


def test_an_unknown_phase_is_not_evaluable_by_choi():
    stated = pair(53.0, 53.0)
    stated[1] = scan(label="presurgery", diameter_mm=53.0, mean_hu=50.0)
    unstated = [replace(record, series=replace(record.series, phase="unknown")) for record in stated]

    assert response(stated, "choi")["overall_response"] == "PR"
    assert (response(unstated, "choi")["overall_response"], response(unstated, "choi")["reason"]) == (
        "NE",
        "phase_unknown",
    )


def test_growth_is_judged_from_the_nadir_and_the_best_response_stays():
    records = [
        scan(diameter_mm=100.0),
        scan(label="tp3m", diameter_mm=40.0),
        scan(label="presurgery", diameter_mm=60.0),
    ]
    frames = cohort_frames(records, StudyFacts())
    (patient,) = plain_rows(frames["analysis_patient"])

    assert response(records)["nadir_value"] == 40.0
    assert (patient["recist_best"], patient["recist_post"]) == ("PR", "PD")


def test_two_visits_on_one_day_are_judged_all_the_same():
    records = [
        scan(scan_date="2020-02-03"),
        scan(label="presurgery", diameter_mm=47.0, scan_date="2020-02-03"),
    ]

    assert response(records)["overall_response"] == "PR"


def test_ct_is_never_compared_with_mr():
    mr = scan(
        label="presurgery",
        diameter_mm=47.0,
        series=series("MR", modality="MR", sequence="T2_ax", quantity="ARBITRARY"),
    )
    frames = cohort_frames([scan(), mr], StudyFacts())

    assert {(row["image_kind"], row["overall_response"]) for row in plain_rows(frames["responses"])} == {
        ("MR:T2_ax", "NE")
    }
    assert plain_rows(frames["analysis_patient"])[0]["post_timepoint_id"] is None


def test_the_inputs_of_a_response_are_measurements():
    frames = cohort_frames(pair(), StudyFacts())
    known = set(frames["measurements"]["measurement_id"])

    for inputs in frames["responses"]["inputs"]:
        assert set(inputs.split(";")) <= known
