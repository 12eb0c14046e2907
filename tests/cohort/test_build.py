"""Records become tables: keys, days, units, failures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cohort_records import ball, failed, scan, series, sha256, small_cohort
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import oblique_geometry

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.emit import plain_rows
from gist_imaging.cohort.records import FailureRecord, ScanRecord, StudyFacts
from gist_imaging.cohort.spec import tables
from gist_imaging.cohort.validate import validate_frames
from gist_imaging.errors import GistImagingError
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

STUDY = StudyFacts()


def rows(records, name, study=STUDY):
    return plain_rows(cohort_frames(records, study)[name])


def by_name(records):
    return {row["name"]: row for row in rows(records, "measurements")}


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(len(small_cohort()))))
def test_the_order_of_records_is_immaterial(order):
    given_records = small_cohort()
    first = cohort_frames(given_records, STUDY)

    again = cohort_frames([given_records[position] for position in order], STUDY)

    for table in tables():
        pd.testing.assert_frame_equal(again[table.name], first[table.name], check_exact=True)


def test_a_built_cohort_is_valid():
    assert validate_frames(cohort_frames(small_cohort(), STUDY)) == []


def test_no_record_gives_an_empty_cohort_that_is_valid():
    assert validate_frames(cohort_frames([], STUDY)) == []


def test_two_lesions_of_one_patient_both_arrive():
    records = [scan("SYN-002", lesion="L1"), scan("SYN-002", lesion="L2", diameter_mm=25.0)]

    assert [row["lesion_id"] for row in rows(records, "lesions")] == ["SYN-002/L1", "SYN-002/L2"]
    assert {row["lesion_id"] for row in rows(records, "measurements")} == {"SYN-002/L1", "SYN-002/L2"}
    assert rows(records, "analysis_patient")[0]["n_lesions"] == 2
    assert rows(records, "analysis_patient")[0]["ld_pre_mm"] == 68.0


def test_cubic_millimetres_become_millilitres_once():
    number = by_name([scan()])["volume"]

    assert number["unit"] == "mL"
    assert number["value"] == pytest.approx(ball(68.0)["volume_mm3"] / 1000)
    assert number["uncertainty"] == pytest.approx(0.12)
    assert by_name([scan()])["surface"]["unit"] == "mm2"


def test_a_diameter_keeps_its_end_points_and_plane():
    number = by_name([scan()])["longest_axial_diameter"]

    assert (number["plane"], number["plane_tilt_deg"]) == ("axial", 2.5)
    assert (number["end1_x_mm"], number["end2_x_mm"], number["end2_z_mm"]) == (1.0, 69.0, 3.0)


def test_what_a_lesion_measures_fills_the_long_table():
    center, radius_mm = np.array([12.0, 20.0, 20.0]), 14.0
    geometry = oblique_geometry((24, 40, 40))
    offsets = (np.indices(geometry.shape).T - center).T.reshape(3, -1)
    inside = np.linalg.norm(geometry.affine[:3, :3] @ offsets, axis=0).reshape(geometry.shape) < radius_mm
    image = Volume(np.where(inside, 60, -100).astype(np.int16), geometry, Quantity.HU, modality="CT")
    measured = measure_lesion(image, Mask(inside, geometry)).to_json()
    facts = series(
        "ball", slices=24, rows=40, columns=40, spacing_mm=tuple(float(mm) for mm in geometry.spacing_mm)
    )
    record = scan(series=facts, measurement=measured, n_voxels=measured["n_voxels"])

    numbers = by_name([record])
    frames = cohort_frames([record], STUDY)

    assert validate_frames(frames, STUDY) == []
    assert {row["status"] for row in numbers.values()} == {"measured"}
    assert numbers["volume"]["value"] == pytest.approx(4 / 3 * np.pi * radius_mm**3 / 1000, rel=0.02)
    assert numbers["mean_hu"]["value"] == 60.0
    assert numbers["longest_axial_diameter"]["plane"] == measured["ld_plane"]
    assert numbers["longest_axial_diameter"]["uncertainty_kind"] == "half_voxel_edge"
    ends = [numbers["longest_3d_diameter"][f"end{end}_{axis}_mm"] for end in (1, 2) for axis in "xyz"]
    assert np.linalg.norm(np.subtract(ends[:3], ends[3:])) == pytest.approx(
        numbers["longest_3d_diameter"]["value"]
    )


def test_an_empty_mask_is_an_absent_lesion_of_size_0_without_intensities():
    numbers = by_name([scan(diameter_mm=0.0)])

    assert (numbers["volume"]["value"], numbers["volume"]["status"]) == (0.0, "absent")
    assert (numbers["mean_hu"]["value"], numbers["mean_hu"]["reason"]) == (None, "empty_mask")


def test_nominal_spacing_gives_no_millimetres_but_a_ratio():
    records = [
        scan("SYN-003", physical=False),
        scan("SYN-003", "presurgery", diameter_mm=47.0, physical=False),
    ]
    numbers = by_name(records[:1])
    (patient,) = rows(records, "analysis_patient")

    assert numbers["volume"]["value"] is None
    assert numbers["volume"]["status"] == "not_evaluable"
    assert numbers["volume"]["reason"] == "geometry_not_physical"
    assert numbers["n_voxels"]["status"] == "measured"
    assert patient["vol_pre_ml"] is None
    assert patient["vol_change_pct"] == pytest.approx(
        100 * (records[1].n_voxels - records[0].n_voxels) / records[0].n_voxels
    )


def test_nominal_spacings_that_differ_give_no_ratio():
    pre = scan("SYN-003", physical=False)
    post = scan("SYN-003", "presurgery", physical=False)
    post = replace(post, series=replace(post.series, spacing_mm=(1.0, 1.0, 1.0)))

    assert rows([pre, post], "analysis_patient")[0]["vol_change_pct"] is None


def test_a_failed_scan_is_a_row_of_failures_and_its_patient_is_excluded_with_a_reason():
    records = [scan(), failed("SYN-009")]
    patients = {row["patient_id"]: row for row in rows(records, "patients")}

    assert [row["code"] for row in rows(records, "failures")] == ["MISSING_SLICES"]
    assert (patients["SYN-009"]["included"], patients["SYN-009"]["exclusion_reason"]) == (
        False,
        "no_measurement",
    )
    assert [row["patient_id"] for row in rows(records, "analysis_patient")] == ["SYN-001"]


@pytest.mark.parametrize(
    "message",
    [
        "could not open /home/anna/scan",
        "patient DOE^JANE differs",
        "scan of 20200203",
        "lesion.nii.gz is empty",
    ],
)
def test_a_failure_message_that_tells_too_much_is_replaced_by_the_advice(message):
    (row,) = rows([failed(failure=FailureRecord("intake", "TRUNCATED", message))], "failures")

    assert row["message"] == "fetch the file again: it ends too early"


def test_a_failure_message_cannot_become_a_formula():
    (row,) = rows([failed(failure=FailureRecord("intake", "TRUNCATED", "=HYPERLINK(1)\nx"))], "failures")

    assert row["message"] == "HYPERLINK(1) x"


def test_two_masks_of_one_read_fail_by_name_and_harm_nobody_else():
    first = scan("SYN-002")
    second = replace(first, mask_sha256=sha256("another mask"))
    records = [first, second, scan("SYN-001")]

    assert {row["code"] for row in rows(records, "failures")} == {"DUPLICATE_READ"}
    assert [row["patient_id"] for row in rows(records, "analysis_patient")] == ["SYN-001"]
    assert validate_frames(cohort_frames(records, STUDY)) == []


def test_no_failed_record_disappears_in_another():
    on_two_series = [failed("SYN-009", series_no=number) for number in (1, 2)]
    masks = [replace(scan("SYN-002"), mask_sha256=sha256(name)) for name in ("one", "two", "three")]

    failures = rows([*on_two_series, *masks], "failures")

    assert len(failures) == 5
    assert validate_frames(cohort_frames([*on_two_series, *masks], STUDY)) == []


def test_one_image_under_two_paths_is_one_record():
    assert len(rows([scan(), replace(scan(), series_no=2)], "segmentations")) == 1


def test_the_second_read_of_a_reader_is_kept_and_not_accepted():
    first = scan()
    second = replace(first, mask_sha256=sha256("second read"), read_no=2)
    found = rows([first, second], "segmentations")

    assert sorted((row["read_no"], row["accepted"]) for row in found) == [(1, True), (2, False)]


def test_facts_that_contradict_fail_the_patient_by_name():
    records = [scan(sex="F"), scan(label="presurgery", sex="M"), scan("SYN-002")]
    (first, second) = rows(records, "failures")

    assert first["code"] == second["code"] == "CONFLICTING_FACTS"
    assert "sex" in first["message"]
    assert "F" not in first["message"].split()
    assert validate_frames(cohort_frames(records, STUDY)) == []


def test_one_image_read_from_two_formats_is_one_series():
    from_dicom = scan()
    from_nifti = replace(
        from_dicom,
        reader_id="R2",
        mask_sha256=sha256("R2"),
        series=replace(
            from_dicom.series, series_uid=None, study_uid=None, frame_uid=None, slice_thickness_mm=None
        ),
    )
    (found,) = rows([from_nifti, from_dicom], "series")

    assert found["series_uid"] == from_dicom.series.series_uid
    assert found["slice_thickness_mm"] == 3.0


def test_a_phase_stated_for_one_lesion_holds_for_the_series():
    stated = scan("SYN-002", lesion="L1")
    silent = scan("SYN-002", lesion="L2", diameter_mm=25.0)
    silent = replace(silent, series=replace(silent.series, phase="unknown"))
    (found,) = rows([stated, silent], "series")

    assert found["contrast_phase"] == "portal_venous"


def test_a_reason_for_an_override_travels_with_every_number():
    records = [scan(overrides=(("TILT", "resampled sheared stack"),))]

    assert {row["override_reason"] for row in rows(records, "measurements")} == {
        "TILT: resampled sheared stack"
    }


def test_ages_above_90_are_written_as_90():
    assert rows([scan(age_years=97.0)], "patients")[0]["age_years"] == 90.0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "R1"),
        ({"primary_reader": "R2"}, "R2"),
        ({"primary_reader": "R7"}, "R1"),
    ],
)
def test_the_wide_table_shows_one_reader_by_its_rule(facts, expected):
    records = [scan(), scan(reader_id="R2", diameter_mm=67.0)]
    (row,) = rows(records, "analysis_patient", StudyFacts(**facts))

    assert row["reader_id"] == expected


def test_a_consensus_read_goes_before_the_primary_reader():
    records = [scan(), scan(reader_id="Z", reader_kind="consensus", diameter_mm=67.0)]
    (row,) = rows(records, "analysis_patient")

    assert (row["reader_id"], row["reader_rule"], row["ld_pre_mm"]) == ("Z", "consensus", 67.0)


def test_sequences_are_compared_with_themselves_only():
    def mr(label, sequence, diameter):
        return scan(
            label=label,
            diameter_mm=diameter,
            mask_sha256=sha256(f"{label}{sequence}"),
            series=series(f"{label} {sequence}", modality="MR", sequence=sequence, quantity="ARBITRARY"),
        )

    records = [mr("baseline", "T2_ax", 60.0), mr("presurgery", "T2_ax", 48.0), mr("presurgery", "DWI", 30.0)]
    (row,) = rows(records, "analysis_patient")

    assert (row["image_kind"], row["ld_post_mm"]) == ("MR:T2_ax", 48.0)


def test_a_record_survives_json():
    for record in [*small_cohort(), failed()]:
        assert ScanRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    "given_facts",
    [
        {"patient": "jane doe"},
        {"patient": "=SYN"},
        {"lesion": "L1/../L2"},
        {"label": "+baseline"},
        {"scan_date": "3.2.2020"},
        {"overrides": (("TILT", "=cmd|' /C calc'!A0"),)},
        {"overrides": (("TILT", "asked anna@example.org"),)},
    ],
)
def test_a_record_refuses_what_must_not_reach_a_table(given_facts):
    facts = dict(given_facts)
    if facts.get("lesion"):
        facts["lesion_number"] = 1
    with pytest.raises(GistImagingError):
        replace(
            scan(),
            **{{"patient": "patient_id", "label": "timepoint_label"}.get(k, k): v for k, v in facts.items()},
        )
