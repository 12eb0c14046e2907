"""Attenuation is compared within one known contrast phase only."""

from __future__ import annotations

from dataclasses import replace

import pytest
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


def read(label, phase, mean_hu, *, slice_mm=3.3, **given):
    name = f"{label} {phase}"
    image = series(name, phase=phase, spacing_mm=(slice_mm, 0.7, 0.9))
    record = scan(label=label, mean_hu=mean_hu, mask_sha256=sha256(name), series=image, **given)
    voxel_mm3 = slice_mm * 0.7 * 0.9
    measured = {**record.measurement, "voxel_volume_mm3": voxel_mm3}
    if measured["volume_mm3"] is not None:
        measured["volume_mm3"] = voxel_mm3 * record.n_voxels
    return replace(record, measurement=measured)


@pytest.mark.parametrize(
    ("phases", "change", "status", "reason"),
    [
        (("portal_venous", "portal_venous"), -25.0, "measured", None),
        (("none", "none"), -25.0, "measured", None),
        (("arterial", "portal_venous"), None, "not_evaluable", "phase_differs"),
        (("unknown", "portal_venous"), None, "not_evaluable", "phase_unknown"),
        (("unknown", "unknown"), None, "not_evaluable", "phase_unknown"),
    ],
)
def test_a_change_of_density_needs_one_known_phase(phases, change, status, reason):
    before, after = phases
    (row,) = tables([read("baseline", before, 80.0), read("presurgery", after, 60.0)])["analysis_patient"]

    assert (row["hu_pre"], row["hu_post"], row["hu_change_pct"]) == (80.0, 60.0, change)
    assert (row["hu_change_status"], row["hu_change_reason"]) == (status, reason)
    assert (row["contrast_phase_pre"], row["contrast_phase_post"]) == phases


def test_a_density_of_0_hu_or_below_has_no_change_in_percent():
    records = [read("baseline", "portal_venous", -10.0), read("presurgery", "portal_venous", 60.0)]
    (row,) = tables(records)["analysis_patient"]

    assert (row["hu_change_pct"], row["hu_change_reason"]) == (None, "baseline_not_above_0")


def test_without_a_later_scan_a_change_of_density_is_not_done():
    (row,) = tables([read("baseline", "portal_venous", 80.0)])["analysis_patient"]

    assert (row["hu_change_status"], row["hu_change_reason"], row["contrast_phase_post"]) == (
        "not_done",
        None,
        None,
    )


def test_density_is_read_in_the_portal_venous_phase_and_size_on_the_thinnest_slices():
    records = [
        read(label, phase, hu, slice_mm=slice_mm, diameter_mm=diameter)
        for label, hu_portal, diameter in (("baseline", 80.0, 40.0), ("presurgery", 50.0, 39.0))
        for phase, hu, slice_mm in (("arterial", hu_portal + 40, 1.1), ("portal_venous", hu_portal, 3.3))
    ]
    held = tables(records)
    (row,) = held["analysis_patient"]
    phase_of = {image["series_id"]: image["contrast_phase"] for image in held["series"]}
    choi = {line["overall_response"] for line in held["responses"] if line["criterion"] == "choi"}

    assert (row["hu_pre"], row["hu_post"], row["hu_change_pct"]) == (80.0, 50.0, -37.5)
    assert choi == {"PR"}
    for column, phase in (("accepted", "arterial"), ("accepted_density", "portal_venous")):
        assert {phase_of[line["series_id"]] for line in held["segmentations"] if line[column]} == {phase}


def test_the_inputs_of_a_response_by_density_are_the_numbers_it_was_judged_by():
    records = [
        read(label, phase, 80.0, slice_mm=slice_mm)
        for label in ("baseline", "presurgery")
        for phase, slice_mm in (("arterial", 1.1), ("portal_venous", 3.3))
    ]
    held = tables(records)
    numbers = {row["measurement_id"]: row for row in held["measurements"]}
    phase_of = {image["series_id"]: image["contrast_phase"] for image in held["series"]}
    (choi,) = (row for row in held["responses"] if row["criterion"] == "choi")
    used = {(numbers[one]["name"], phase_of[numbers[one]["series_id"]]) for one in choi["inputs"].split(";")}

    assert used == {("longest_axial_diameter", "arterial"), ("mean_hu", "portal_venous")}
