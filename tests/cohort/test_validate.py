"""Each fault put into a valid cohort is named with its table, row and column."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from cohort_records import pelvic_numbers, scan, small_cohort, some_readings

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.validate import validate_frames

STUDY = StudyFacts()


@pytest.fixture(scope="module")
def valid():
    first, *others = small_cohort()
    return cohort_frames([replace(first, pelvic=pelvic_numbers()), *others], STUDY, some_readings())


def spoilt(valid, table, column, value, where):
    """The frames with `column` set to `value` in the first row for which `where` holds."""
    frames = {name: frame.copy() for name, frame in valid.items()}
    frame = frames[table]
    row = next(number for number, held in enumerate(frame.to_dict("records")) if where(held))
    frame.loc[row, column] = value
    return frames


def problems(frames, **options):
    return {(p.layer, p.table, p.code, p.column) for p in validate_frames(frames, STUDY, **options)}


def named(name, **more):
    return lambda row: row["name"] == name and all(row[key] == value for key, value in more.items())


def ANY(row):
    return True


MUTATIONS = [
    ("patients", "arm", "control", ANY, ("schema", "patients", "word", "arm")),
    ("patients", "arm", pd.NA, ANY, ("schema", "patients", "required", "arm")),
    ("patients", "patient_id", "Jane Doe", ANY, ("schema", "patients", "pattern", "patient_id")),
    ("patients", "centre_id", "=cmd()", ANY, ("schema", "patients", "pattern", "centre_id")),
    ("patients", "age_years", 97.0, ANY, ("schema", "patients", "maximum", "age_years")),
    ("timepoints", "order", 0, ANY, ("schema", "timepoints", "minimum", "order")),
    ("measurements", "value", float("inf"), named("mean"), ("schema", "measurements", "finite", "value")),
    ("timepoints", "timepoint_id", "001/presurgery", ANY, ("schema", "timepoints", "duplicate_key", "")),
    (
        "measurements",
        "lesion_id",
        "SYN-404/L1",
        ANY,
        ("referential", "measurements", "dangling_key", "lesion_id"),
    ),
    (
        "segmentations",
        "lesion_id",
        "SYN-001/L1",
        lambda row: row["patient_id"] == "SYN-002",
        ("referential", "segmentations", "other_patient", "lesion_id"),
    ),
    ("codelists", "code", "cured", ANY, ("referential", "codelists", "codelist", "")),
    (
        "timepoints",
        "is_baseline",
        True,
        lambda row: not row["is_baseline"],
        ("clinical", "timepoints", "one_baseline", "is_baseline"),
    ),
    ("timepoints", "order", 3, lambda row: row["order"] == 2, ("clinical", "timepoints", "order", "order")),
    (
        "timepoints",
        "scan_day",
        -999,
        lambda row: row["order"] == 2,
        ("clinical", "timepoints", "order_of_days", "scan_day"),
    ),
    ("patients", "imatinib_start_day", 5, ANY, ("clinical", "patients", "day_0", "imatinib_start_day")),
    ("patients", "imatinib_start_day", pd.NA, ANY, ("clinical", "patients", "day_0", "imatinib_start_day")),
    ("series", "scan_day", 500, ANY, ("clinical", "series", "series_day", "scan_day")),
    ("series", "scan_day", -99, ANY, ("clinical", "series", "series_day", "scan_day")),
    (
        "patients",
        "surgery_day",
        100,
        lambda row: row["patient_id"] == "SYN-001",
        ("clinical", "series", "side_of_surgery", "scan_day"),
    ),
    (
        "lesions",
        "first_seen_timepoint_id",
        "SYN-002/presurgery",
        lambda row: row["lesion_id"] == "SYN-002/L2",
        ("clinical", "lesions", "first_seen", "first_seen_timepoint_id"),
    ),
    (
        "segmentations",
        "accepted",
        False,
        ANY,
        ("clinical", "segmentations", "accepted", "accepted"),
    ),
    (
        "segmentations",
        "accepted_density",
        False,
        ANY,
        ("clinical", "segmentations", "accepted", "accepted_density"),
    ),
    *(
        (
            "measurements",
            "value",
            value,
            named(name, status="measured"),
            ("clinical", "measurements", code, "value"),
        )
        for name, value, code in (
            ("mean_hu", 71.0, "hu_differs"),
            ("sd", 13.0, "hu_differs"),
            ("median_hu", -70.0, "hu_differs"),
            ("p10", 1000.0, "order_of_values"),
            ("minimum", 1000.0, "order_of_values"),
            ("maximum", -1000.0, "order_of_values"),
            ("mean", 1000.0, "order_of_values"),
            ("n_components", 1.5, "whole_number"),
            ("n_components", 1e9, "more_than_voxels"),
            ("n_voxels_roi", 1e9, "more_than_voxels"),
            ("n_voxels", 7.0, "voxels_of_mask"),
            ("longest_axial_diameter", 66.5, "end_points"),
            ("longest_axial_diameter", 999.0, "axial_above_3d"),
            ("craniocaudal_length", 999.0, "height_above_3d"),
            ("largest_slice_area", 1e5, "area_above_disc"),
        )
    ),
    (
        "measurements",
        "end1_x_mm",
        500.0,
        named("longest_axial_diameter", status="measured"),
        ("clinical", "measurements", "end_points", "value"),
    ),
    ("segmentations", "n_voxels", 3, ANY, ("clinical", "measurements", "voxels_of_mask", "value")),
    (
        "patients",
        "exclusion_reason",
        "no_measurement",
        ANY,
        ("clinical", "patients", "exclusion", "exclusion_reason"),
    ),
    (
        "lesions",
        "is_primary",
        True,
        lambda row: not row["is_primary"],
        ("clinical", "lesions", "one_primary", "is_primary"),
    ),
    (
        "segmentations",
        "mask_empty",
        True,
        lambda row: row["n_voxels"] > 0,
        ("clinical", "segmentations", "empty_mask", "mask_empty"),
    ),
    ("measurements", "unit", "mm", named("volume"), ("clinical", "measurements", "unit", "unit")),
    ("measurements", "quantity", "SUV", named("mean"), ("clinical", "measurements", "quantity", "quantity")),
    (
        "measurements",
        "value",
        float("nan"),
        named("mean", status="measured"),
        ("clinical", "measurements", "status", "value"),
    ),
    (
        "measurements",
        "value",
        9.0,
        named("volume", status="not_evaluable"),
        ("clinical", "measurements", "not_physical", "value"),
    ),
    (
        "measurements",
        "reason",
        pd.NA,
        named("volume", status="not_evaluable"),
        ("clinical", "measurements", "reason", "reason"),
    ),
    (
        "measurements",
        "value",
        -1.0,
        named("surface", status="measured"),
        ("clinical", "measurements", "negative", "value"),
    ),
    (
        "measurements",
        "value",
        99.0,
        named("short_axis", status="measured"),
        ("clinical", "measurements", "short_above_long", "value"),
    ),
    (
        "measurements",
        "value",
        999.0,
        named("mesh_volume", status="measured"),
        ("clinical", "measurements", "volume_above_ball", "value"),
    ),
    (
        "measurements",
        "value",
        1.0,
        named("volume", status="measured"),
        ("clinical", "measurements", "volume_by_count", "value"),
    ),
    (
        "responses",
        "reason",
        pd.NA,
        lambda row: row["overall_response"] == "NE",
        ("clinical", "responses", "reason", "reason"),
    ),
    (
        "responses",
        "overall_response",
        "CR",
        lambda row: row["overall_response"] == "PR",
        ("clinical", "responses", "not_recomputed", "overall_response"),
    ),
    (
        "responses",
        "sum_value",
        1.0,
        lambda row: row["criterion"] == "recist11" and row["overall_response"] == "PR",
        ("clinical", "responses", "not_recomputed", "sum_value"),
    ),
    (
        "analysis_patient",
        "ld_change_pct",
        -99.0,
        ANY,
        ("clinical", "analysis_patient", "not_recomputed", "ld_change_pct"),
    ),
    ("timepoints", "scan_date", "2020-02-03", ANY, ("privacy", "timepoints", "date", "scan_date")),
    ("timepoints", "scan_date", "3.2.2020", ANY, ("schema", "timepoints", "date", "scan_date")),
    ("failures", "message", "see /home/anna/scan", ANY, ("privacy", "failures", "telltale", "message")),
    (
        "measurements",
        "override_reason",
        "TILT: asked DOE^JANE",
        ANY,
        ("privacy", "measurements", "telltale", "override_reason"),
    ),
    (
        "timepoints",
        "label",
        "20240401",
        ANY,
        ("privacy", "timepoints", "telltale_id", "label"),
    ),
    (
        "lesions",
        "lesion_id",
        "SYN-001/2024-04-01",
        ANY,
        ("privacy", "lesions", "telltale_id", "lesion_id"),
    ),
    (
        "readers",
        "reader_id",
        "R_31.05.2024",
        ANY,
        ("privacy", "readers", "telltale_id", "reader_id"),
    ),
    ("series", "sequence", "T2.nii", ANY, ("privacy", "series", "telltale_id", "sequence")),
    ("patients", "patient_id", "P19630704", ANY, ("privacy", "patients", "telltale_id", "patient_id")),
    ("patients", "centre_id", "C1.2.840.1.1", ANY, ("privacy", "patients", "telltale_id", "centre_id")),
    ("series", "kernel", "+B30f", ANY, ("schema", "series", "pattern", "kernel")),
    ("levator_relations", "contact", "2", ANY, ("schema", "levator_relations", "word", "contact")),
    ("levator_relations", "side", "both", ANY, ("schema", "levator_relations", "word", "side")),
    (
        "levator_relations",
        "components",
        "soleus",
        ANY,
        ("schema", "levator_relations", "pattern", "components"),
    ),
    (
        "levator_relations",
        "components",
        "none;puborectalis",
        ANY,
        ("schema", "levator_relations", "pattern", "components"),
    ),
    (
        "levator_relations",
        "side",
        "R",
        lambda row: row["side"] == "L",
        ("schema", "levator_relations", "duplicate_key", ""),
    ),
    (
        "levator_relations",
        "reader_id",
        "R9",
        ANY,
        ("referential", "levator_relations", "dangling_key", "reader_id"),
    ),
    (
        "levator_relations",
        "timepoint_id",
        "SYN-002/baseline",
        lambda row: row["patient_id"] == "SYN-001",
        ("referential", "levator_relations", "other_patient", "timepoint_id"),
    ),
    (
        "levator_relations",
        "invasion",
        "yes",
        lambda row: row["contact"] == "none",
        ("clinical", "levator_relations", "invasion_without_contact", "invasion"),
    ),
    (
        "levator_relations",
        "components",
        "coccygeus",
        lambda row: row["contact"] == "none" and row["displacement"] == "none",
        ("clinical", "levator_relations", "components_without_finding", "components"),
    ),
    (
        "levator_relations",
        "components",
        "iliococcygeus;puborectalis",
        lambda row: row["components"] == "puborectalis;iliococcygeus",
        ("clinical", "levator_relations", "order_of_components", "components"),
    ),
    (
        "levator_relations",
        "displacement",
        "none",
        lambda row: row["displacement"] == "marked",
        ("clinical", "analysis_patient", "not_recomputed", "levator_displaced"),
    ),
    (
        "pelvic_findings",
        "sphincter_depth",
        "none",
        lambda row: row["sphincter_lowest_third"] == "upper",
        ("clinical", "pelvic_findings", "third_without_involvement", "sphincter_lowest_third"),
    ),
    (
        "pelvic_findings",
        "height_class",
        "high",
        lambda row: row["height_class"] == "low",
        ("clinical", "pelvic_findings", "class_not_of_distance", "height_class"),
    ),
    ("pelvic_findings", "organ_prostate", "1", ANY, ("schema", "pelvic_findings", "word", "organ_prostate")),
    (
        "pelvic_findings",
        "distance_anal_verge_mm",
        3000.0,
        ANY,
        ("schema", "pelvic_findings", "maximum", "distance_anal_verge_mm"),
    ),
    (
        "pelvic_findings",
        "reading_sha256",
        pd.NA,
        ANY,
        ("schema", "pelvic_findings", "required", "reading_sha256"),
    ),
    (
        "measurements",
        "side",
        pd.NA,
        named("distance_to_levator_min"),
        ("clinical", "measurements", "side", "side"),
    ),
    ("measurements", "side", "L", named("h_line"), ("clinical", "measurements", "side", "side")),
    ("measurements", "side", "L", named("volume"), ("clinical", "measurements", "side", "side")),
    (
        "measurements",
        "value_low",
        0.5,
        named("distance_to_levator_min", side="R"),
        ("clinical", "measurements", "interval", "value"),
    ),
    (
        "measurements",
        "value",
        7.0,
        named("distance_to_levator_min", side="L"),
        ("clinical", "measurements", "end_points", "value"),
    ),
    (
        "measurements",
        "value",
        -1.0,
        named("levator_displaced_volume"),
        ("clinical", "measurements", "negative", "value"),
    ),
    ("codelists", "code_value", "LEVCON-NEW", ANY, ("referential", "codelists", "codelist", "")),
]


@pytest.mark.parametrize(
    ("table", "column", "value", "where", "expected"),
    MUTATIONS,
    ids=[f"{mutation[4][1]}.{mutation[4][3] or 'key'} {mutation[4][2]}" for mutation in MUTATIONS],
)
def test_a_fault_is_named_at_its_place(valid, table, column, value, where, expected):
    assert expected in problems(spoilt(valid, table, column, value, where))


def test_a_valid_cohort_has_no_problem(valid):
    assert problems(valid) == set()


def test_raw_uids_are_named_where_re_rooted_ones_are_due(valid):
    found = problems(valid, uids_rerooted=True)

    assert {column for layer, _, code, column in found if (layer, code) == ("privacy", "uid_root")} == {
        "study_uid",
        "series_uid",
        "frame_of_reference_uid",
        "tracking_uid",
    }


def test_every_problem_is_found_at_once(valid):
    frames = spoilt(valid, "patients", "arm", "control", ANY)
    frames["measurements"].loc[0, "unit"] = "mL"
    frames["failures"].loc[0, "message"] = "anna@example.org"

    assert {layer for layer, *_ in problems(frames)} >= {"schema", "clinical", "privacy"}


def test_a_lost_row_is_found_from_both_sides(valid):
    lost = {name: frame.copy() for name, frame in valid.items()}
    gone = lost["segmentations"]["segmentation_id"].iloc[0]
    lost["measurements"] = lost["measurements"][lost["measurements"]["segmentation_id"] != gone].reset_index(
        drop=True
    )

    assert ("referential", "segmentations", "unused", "segmentation_id") in problems(lost)


def test_a_missing_column_is_told_alone(valid):
    frames = dict(valid)
    frames["lesions"] = frames["lesions"].drop(columns="number")

    assert problems(frames) == {("schema", "lesions", "header", "")}


def test_a_row_that_nobody_can_compute_is_told(valid):
    frames = dict(valid)
    frames["analysis_patient"] = frames["analysis_patient"].iloc[1:].reset_index(drop=True)

    assert ("clinical", "analysis_patient", "not_recomputed", "") in problems(frames)


def test_a_problem_reads_as_a_sentence_with_its_place(valid):
    frames = spoilt(valid, "patients", "arm", "control", lambda row: row["patient_id"] == "SYN-001")
    (problem,) = [p for p in validate_frames(frames, STUDY) if p.code == "word"]

    assert str(problem) == (
        "patients, row SYN-001, column arm: expected a word of the list arm [schema: word]"
    )


def test_real_dates_are_right_under_the_real_policy():
    study = StudyFacts(date_policy="real")

    assert validate_frames(cohort_frames([scan()], study), study) == []


def test_a_visit_may_be_called_by_its_date_under_the_real_policy():
    study = StudyFacts(date_policy="real")

    assert validate_frames(cohort_frames([scan(label="2020-05-04")], study), study) == []
    assert validate_frames(cohort_frames([scan(label="2020-05-04")], STUDY)) != []
