"""The frame of the pelvis: the same however the patient lies, and refused when a landmark is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from pelvis_landmarks import BODY, FRAME_UID, phantom, placed

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.pelvic_frame import on_the_wrong_side, pelvic_frame
from gist_imaging.errors import MeasurementError
from gist_imaging.phantom.pelvis import COCCYX, PUBIC_POINT

TURNS = [(0.0, 0.0, 0.0), (9.0, -7.0, 14.0), (-25.0, 12.0, -30.0), (40.0, 0.0, 0.0)]
# A transversal, off-midline set of points in the body frame.
BODY_POINTS = np.array([[31.0, -5.0, 12.0], [-8.0, 60.0, -33.0], [0.0, 13.0, 40.0]])


@pytest.mark.parametrize("turn", TURNS)
def test_reflecting_mirrors_left_and_right_however_the_patient_lies(turn):
    patient = phantom(turn)
    frame = pelvic_frame(placed(patient))
    mirrored = frame.reflect(patient.to_patient(BODY_POINTS))
    np.testing.assert_allclose(patient.to_body(mirrored), BODY_POINTS * (-1.0, 1.0, 1.0), atol=1e-9)
    np.testing.assert_allclose(frame.reflect(mirrored), patient.to_patient(BODY_POINTS), atol=1e-9)


@pytest.mark.parametrize("turn", TURNS)
def test_the_axes_are_left_along_the_pubococcygeal_line_and_cranial(turn):
    patient = phantom(turn)
    frame = pelvic_frame(placed(patient))
    along = np.subtract(COCCYX, PUBIC_POINT) / np.linalg.norm(np.subtract(COCCYX, PUBIC_POINT))
    up = np.array([0.0, -along[2], along[1]])
    np.testing.assert_allclose(frame.axes.T @ patient.axes, [[1, 0, 0], along, up], atol=1e-9)
    np.testing.assert_allclose(frame.origin_mm, patient.to_patient(PUBIC_POINT), atol=1e-9)
    assert frame.frame_uid == FRAME_UID


def test_from_frame_undoes_to_frame():
    frame = pelvic_frame(placed(phantom()))
    np.testing.assert_allclose(frame.from_frame(frame.to_frame(BODY_POINTS)), BODY_POINTS, atol=1e-9)


def test_symmetric_bones_lie_evenly_about_the_plane():
    checks = pelvic_frame(placed(phantom())).checks
    assert [check.pair for check in checks] == ["ischial spines", "femoral heads"]
    for check in checks:
        assert check.offset_mm == pytest.approx(0.0, abs=1e-9)
        assert check.tilt_deg == pytest.approx(0.0, abs=1e-5)


def test_a_check_tells_offset_and_tilt_of_its_pair():
    # Left spine 4 mm farther out, 9 mm higher: the middle moves 2 mm left, the line tilts atan(9 / 104).
    spines = {"ischial_spine_right": (-50.0, 40.0, 22.0), "ischial_spine_left": (54.0, 40.0, 31.0)}
    moved = placed(phantom(), **spines, sacral_promontory=(0.0, 40.0, 140.0))
    check = pelvic_frame(moved).checks[0]
    assert check.offset_mm == pytest.approx(2.0)
    assert check.tilt_deg == pytest.approx(np.degrees(np.arctan(9.0 / 104.0)))


def test_four_midline_points_are_fitted_by_least_squares():
    # x = a·y + b·z + c solved by numpy is another fit than the plane's normal by SVD; for points this near to
    # the midline both agree to a hundredth of a degree.
    points = {"s3_midpoint": (2.0, 64.0, 70.0), "sacral_promontory": (-1.0, 40.0, 140.0)}
    patient = phantom((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    frame = pelvic_frame(placed(patient, **points))
    rows = np.array([PUBIC_POINT, COCCYX, *points.values()])
    slope_y, slope_z, _ = np.linalg.lstsq(np.c_[rows[:, 1:], np.ones(4)], rows[:, 0], rcond=None)[0]
    normal = np.array([1.0, -slope_y, -slope_z]) / np.linalg.norm([1.0, slope_y, slope_z])
    assert np.degrees(np.arccos(frame.axes[:, 0] @ normal)) < 0.01
    assert 0.1 < frame.residual_mm < 1.0


def test_the_coccyx_tip_stands_in_and_says_so():
    frame = pelvic_frame(placed(phantom(), last_coccygeal_joint=None, coccyx_tip=(0.0, 50.0, 12.0)))
    assert frame.coccyx is LandmarkName.COCCYX_TIP
    assert "stands in" in frame.notes[0]


def test_a_frame_without_spines_and_heads_says_that_nobody_checked_it():
    alone = {name: None for name in map(str, BODY) if "spine" in name or "head" in name}
    assert "was not checked" in pelvic_frame(placed(phantom(), **alone)).notes[0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inferior_pubic_point": None}, "inferior pubic point was not marked"),
        ({"last_coccygeal_joint": None}, "last coccygeal joint was not marked"),
        (
            {"last_coccygeal_joint": None, "sacrococcygeal_joint": (0.0, 62.0, 33.0)},
            "sacrococcygeal joint must not stand in",
        ),
        ({"sacral_promontory": None}, "promontory was not marked; the S3 midpoint was not marked"),
        # P clicked on the coccyx's side of the pelvis: 50 mm away from it.
        ({"inferior_pubic_point": (0.0, 5.0, 8.0)}, "60 to 160 mm apart"),
        # A promontory on the line from P to the coccyx gives no plane.
        ({"sacral_promontory": (0.0, 72.0, 28.0)}, "off the pubococcygeal line"),
        ({"inferior_pubic_point": COCCYX, "last_coccygeal_joint": PUBIC_POINT}, "swapped or misplaced"),
        # A promontory below the pelvic floor turns the axes over.
        ({"sacral_promontory": (0.0, 40.0, -120.0)}, "swapped or misplaced"),
        ({"s3_midpoint": (30.0, 64.0, 70.0)}, "of one plane"),
        (
            {"ischial_spine_left": BODY[LandmarkName.ISCHIAL_SPINE_RIGHT],
             "ischial_spine_right": BODY[LandmarkName.ISCHIAL_SPINE_LEFT]},
            "ischial spines.*swapped",
        ),
        (
            {"femoral_head_left": BODY[LandmarkName.FEMORAL_HEAD_RIGHT],
             "femoral_head_right": BODY[LandmarkName.FEMORAL_HEAD_LEFT]},
            "femoral heads.*swapped",
        ),
        # A promontory 35 mm off the midline tilts the plane away from the bones.
        ({"sacral_promontory": (35.0, 40.0, 140.0)}, "ischial spines.*misplaced"),
        ({"ischial_spine_left": (20.0, 40.0, 22.0)}, "ischial spines.*misplaced"),
    ],
)  # fmt: skip
def test_a_wrong_landmark_gives_no_frame_but_the_reason(changed, said):
    with pytest.raises(MeasurementError, match=said):
        pelvic_frame(placed(phantom(), **changed))


def test_a_landmark_outside_the_field_gives_no_frame():
    marks = placed(phantom())
    cut = Landmarks(marks.placed, marks.frame_uid, frozenset({LandmarkName.SACRAL_PROMONTORY}))
    with pytest.raises(MeasurementError, match="promontory was placed outside the field of view"):
        pelvic_frame(cut)


def test_a_point_on_the_other_side_is_named():
    patient = phantom()
    swapped = placed(patient, puborectalis_left=(-13.0, -22.0, -8.0), puborectalis_right=(13.0, -22.0, -8.0))
    assert on_the_wrong_side(pelvic_frame(placed(patient)), placed(patient)) == ()
    assert set(on_the_wrong_side(pelvic_frame(swapped), swapped)) == {
        LandmarkName.PUBORECTALIS_LEFT,
        LandmarkName.PUBORECTALIS_RIGHT,
    }
