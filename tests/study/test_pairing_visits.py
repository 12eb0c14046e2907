"""Patients, visits and roles from what images state; two patients are never taken for one unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from slices import ct_stack, mr_stack

from gist_imaging.errors import IdentityError
from gist_imaging.study.pairing_traits import weighting_of
from gist_imaging.study.pairing_visits import (
    check_one_patient,
    labels_of,
    patients_in,
    roles_of,
    visits_in,
)
from gist_imaging.study.series import FrameFacts, PatientIdentity, Series, SeriesKind


def _series(frames: list[FrameFacts], **frame_changes: object) -> Series:
    changed = tuple(replace(frame, **frame_changes) for frame in frames[:3])  # type: ignore[arg-type]
    first = changed[0]
    return Series(
        first.series_uid, first.study_uid, first.modality, first.description, SeriesKind.VOLUME,
        (3, 8, 8), (2.5, 1.0, 1.0), 3, {}, (), None, changed,
    )  # fmt: skip


def _ct(patient: str = "A", day: str | None = "20240105", uid: str = "1.2.1", **changes: object) -> Series:
    held = {
        "patient": PatientIdentity(patient, "19600101", "F"),
        "acquisition_date": day,
        "series_uid": uid,
        "study_uid": f"{uid}.0",
        "path": Path(f"/scans/{patient}/{uid}/1.dcm"),
    }
    return _series(ct_stack(), **{**held, **changes})


def test_images_of_one_patient_id_belong_together_whatever_their_folders() -> None:
    series = [
        _ct("B", uid="1.2.1", path=Path("/scans/x/1.dcm")),
        _ct("A", uid="1.2.2", path=Path("/scans/y/1.dcm")),
        _ct("B", uid="1.2.3", path=Path("/scans/z/1.dcm")),
    ]
    found = patients_in(Path("/scans"), series)

    assert [patient.folder for patient in found] == ["x", "y"]
    assert [len(patient.series) for patient in found] == [2, 1]
    assert all(patient.is_named for patient in found)


@pytest.mark.parametrize("nobody", ["", "ANON", "Anonymous", "000000", "unknown"])
def test_images_that_name_nobody_are_kept_apart_by_folder(nobody: str) -> None:
    series = [
        _ct(nobody, uid="1.2.1", path=Path("/scans/x/a/1.dcm")),
        _ct(nobody, uid="1.2.2", path=Path("/scans/y/1.dcm")),
        _ct(nobody, uid="1.2.3", path=Path("/scans/x/b/1.dcm")),
    ]
    found = patients_in(Path("/scans"), series)

    assert [(patient.folder, len(patient.series)) for patient in found] == [("x", 2), ("y", 1)]
    assert not any(patient.is_named for patient in found)


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        (PatientIdentity("B", "19600101", "F"), ("PatientID",)),
        (PatientIdentity("A", "19600102", "F"), ("PatientBirthDate",)),
        (PatientIdentity("A", "19600101", "M"), ("PatientSex",)),
    ],
)
def test_scans_that_may_be_of_two_patients_stop_unless_a_reason_is_given(
    other: PatientIdentity, differing: tuple[str, ...]
) -> None:
    both = [PatientIdentity("A", "19600101", "F"), other]
    with pytest.raises(IdentityError) as caught:
        check_one_patient(both)
    with pytest.raises(IdentityError):
        check_one_patient(both, reason="  ")

    assert caught.value.differing == differing
    assert "19600102" not in str(caught.value)
    assert check_one_patient(both, reason="moved to another hospital") == differing


def test_what_one_scan_does_not_state_contradicts_nobody() -> None:
    assert check_one_patient([PatientIdentity("A", "19600101", "F"), PatientIdentity("", "", "F")]) == ()


def test_one_day_is_one_visit_and_visits_are_in_time_order() -> None:
    series = [
        _ct(day="20240712", uid="1.2.1"),
        _ct(day="2024-01-05", uid="1.2.2"),
        _ct(day="20240712", uid="1.2.3"),
    ]
    visits = visits_in(series)

    assert [visit.date for visit in visits] == [date(2024, 1, 5), date(2024, 7, 12)]
    assert [len(visit.series) for visit in visits] == [1, 2]
    assert visits[1].study_uids == ("1.2.1.0", "1.2.3.0")


def test_a_series_without_a_date_goes_to_the_visit_of_its_study_or_stands_alone() -> None:
    series = [
        _ct(day="20240105", uid="1.2.1", study_uid="1.9"),
        _ct(day=None, uid="1.2.2", study_uid="1.9"),
        _ct(day=None, uid="1.2.3", study_uid="1.8"),
    ]
    visits = visits_in(series)

    assert [(visit.date, len(visit.series)) for visit in visits] == [(date(2024, 1, 5), 2), (None, 1)]


@pytest.mark.parametrize(
    ("days", "roles"),
    [
        ((-7, 180), ("baseline", "follow_up")),
        ((-60, -7, 90, 180), ("other", "baseline", "follow_up", "follow_up")),
        ((0, 1), ("baseline", "follow_up")),
        ((-3, None), ("baseline", "other")),
    ],
)
def test_the_last_scan_up_to_the_first_dose_is_the_baseline(
    days: tuple[int | None, ...], roles: tuple[str, ...]
) -> None:
    assert roles_of(days, dose_known=True)[0] == roles


def test_scans_on_one_side_of_the_first_dose_are_told() -> None:
    roles, problems = roles_of((-12, -3), dose_known=True)

    assert roles == ("other", "baseline")
    assert problems == (
        "both scans lie on the same side of treatment start (days -12 and -3): choose roles, or mark it "
        "as no response pair",
    )
    roles, problems = roles_of((5, 90, 180), dose_known=True)
    assert roles == ("follow_up", "follow_up", "follow_up")
    assert "all 3 scans lie on the same side" in problems[0]
    assert "(days +5, +90 and +180)" in problems[0]


def test_without_a_first_dose_the_first_scan_is_the_baseline_and_that_is_told() -> None:
    roles, problems = roles_of((0, 40, 190), dose_known=False)

    assert roles == ("baseline", "follow_up", "follow_up")
    assert problems == ("the first dose is not known: roles follow the order of the scans",)


def test_a_lone_or_undated_visit_is_told() -> None:
    assert "only one visit" in roles_of((0,), dose_known=False)[1][0]
    assert "1 visit(s) state no date" in roles_of((0, None), dose_known=False)[1][0]


def test_labels_are_free_ones() -> None:
    assert labels_of(["baseline", "follow_up", "other"], ["baseline", "follow_up_1"]) == (
        "baseline_1",
        "follow_up_2",
        "other_1",
    )


@pytest.mark.parametrize(
    ("changes", "weighting"),
    [
        ({"description": "T2_TSE sag"}, "T2"),
        ({"description": "t1_vibe_fs tra post KM"}, "T1_contrast"),
        ({"description": "t1 tse tra"}, "T1"),
        ({"description": "ep2d_diff_b50_400_800_tra"}, "DWI"),
        ({"description": "ep2d_diff_ADC"}, "ADC"),
        ({"description": "STIR cor"}, "STIR"),
        ({"description": "series 4", "b_value": 800.0}, "DWI"),
        ({"description": "t2 mapped", "b_value": 800.0}, "DWI"),
        ({"description": "series 4", "quantity_hint": "ADC"}, "ADC"),
        ({"description": "series 4", "echo_time_ms": 60.0}, "T2"),
        ({"description": "series 4", "echo_time_ms": 59.9}, None),
        ({"description": "series 4", "echo_time_ms": None}, None),
    ],
)
def test_weighting_is_what_was_measured_then_words_then_echo_time(
    changes: dict[str, object], weighting: str | None
) -> None:
    held = {"echo_time_ms": None, "b_value": None, "quantity_hint": None}

    assert weighting_of(_series(mr_stack(), **{**held, **changes})) == weighting


def test_weighting_is_of_mr_only() -> None:
    assert weighting_of(_ct(description="T2 like words")) is None
