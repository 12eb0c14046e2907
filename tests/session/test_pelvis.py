"""Facts, landmarks and levator strokes: closed lists, and left is the patient's left."""

import numpy as np
import pytest
from levator_truth import coronal_strokes, distances_to, true_surface
from pelvis_landmarks import BODY, phantom
from reading_cases import open_memory_case
from scipy.spatial.transform import Rotation
from strategies import oblique_geometry

from gist_imaging import workflow
from gist_imaging.anatomy.landmarks import LandmarkName
from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.session.landmarks_given import landmarks_of
from gist_imaging.spatial import Geometry, Volume
from gist_imaging.spatial.register_transform import RigidTransform

PATIENT = phantom()
BONES = (
    "inferior_pubic_point",
    "last_coccygeal_joint",
    "sacral_promontory",
    "ischial_spine_left",
    "ischial_spine_right",
)


def body(name):
    return PATIENT.to_patient(BODY[LandmarkName(name)])


def covering(patient, frame_uid="1.2.826.0.1.3680043.8.498.7"):
    """A turned, uneven grid around the pelvis, in which nothing is to be seen."""
    grid = oblique_geometry(
        (44, 130, 120), (3.3, 1.5, 1.7), angles_deg=(9.0, -4.0, 6.0), flips=(1, -1, 1), frame_uid=frame_uid
    )
    affine = grid.affine.copy()
    affine[:3, 3] += patient.to_patient((0.0, 10.0, 10.0)) - grid.to_patient((np.asarray(grid.shape) - 1) / 2)
    return Volume(np.full(grid.shape, 40, np.int16), Geometry(grid.shape, affine, frame_uid), modality="MR")


@pytest.fixture
def case():
    opened = open_memory_case({"baseline": covering(PATIENT), "presurgery": covering(PATIENT, "1.2.3")})
    workflow.add_lesion(opened)
    yield opened
    opened.close()


def place_bones(case, *names, visit="baseline"):
    for name in names or BONES:
        workflow.place_landmark(case, visit, name, body(name))


def test_facts_are_words_of_their_lists_also_by_the_names_of_the_form(case):
    workflow.state_fact(case, "baseline", "phase", "portal_venous")
    workflow.state_fact(case, "baseline", "quality", "limited")
    workflow.state_fact(case, "baseline", "filling", "gel")
    workflow.state_fact(case, "baseline", "artefact", "motion")
    held = {key[2]: value for key, value in case.state.plain_under("fact", "baseline")}
    assert held == {"phase": "portal_venous", "quality": "suboptimal", "filling": "gel", "artefact": "motion"}
    workflow.state_fact(case, "baseline", "phase", None)
    assert case.state.plain("fact", "baseline", "phase") is None

    with pytest.raises(
        ReadingError, match="a fact is one of phase, quality, filling, coronal_plane, artefact"
    ):
        workflow.state_fact(case, "baseline", "mood", "good")
    with pytest.raises(ReadingError, match="phase is one of none, arterial, portal_venous, delayed, unknown"):
        workflow.state_fact(case, "baseline", "phase", "early")


def test_impressions_fates_and_notes_are_kept_and_checked(case):
    workflow.state_impression(case, "L1", "much_smaller")
    workflow.set_fate(case, "L1", "presurgery", "resolved")
    workflow.keep_note(case, "presurgery", "  gas in front ")
    assert case.state.plain("impression", "L1") == "much_smaller"
    assert case.state.plain("fate", "L1", "presurgery") == {"word": "resolved", "reason": None}
    assert case.state.plain("note", "presurgery") == "gas in front"

    with pytest.raises(ReadingError, match="the impression is one of much_smaller, smaller, same, larger"):
        workflow.state_impression(case, "L1", "tiny")
    with pytest.raises(ReadingError, match="a note has up to 4000 characters; got 4001"):
        workflow.keep_note(case, "presurgery", "x" * 4001)


def test_landmarks_are_placed_replaced_not_visible_and_removed(case):
    workflow.place_landmark(case, "baseline", "anal_verge", [body("anal_verge")])
    workflow.place_landmark(case, "baseline", "coccyx_tip", None)
    assert case.state.plain("landmark", "baseline", "coccyx_tip") == {"point_mm": None, "status": "placed"}
    marks = landmarks_of(case.state, "baseline")
    assert [mark.name for mark in marks.placed] == ["anal_verge"]
    np.testing.assert_allclose(marks.point_mm(LandmarkName.ANAL_VERGE), body("anal_verge"))
    workflow.remove_mark(case, ("landmark", "baseline", "coccyx_tip"))
    assert case.state.plain("landmark", "baseline", "coccyx_tip") is None

    with pytest.raises(ReadingError, match="a landmark is one of anal_verge"):
        workflow.place_landmark(case, "baseline", "navel", (0, 0, 0))
    with pytest.raises(PromptError, match="a finite position"):
        workflow.place_landmark(case, "baseline", "anal_verge", (0, np.nan, 0))


def test_a_landmark_beyond_the_midline_is_asked_about_with_its_millimetres(case):
    place_bones(case, "inferior_pubic_point", "last_coccygeal_joint", "sacral_promontory")
    x, y, z = BODY[LandmarkName("ischial_spine_right")]
    event = workflow.place_landmark(case, "baseline", "ischial_spine_right", PATIENT.to_patient((4.0, y, z)))
    assert x < 0
    assert event.details["question"].startswith(
        "right ischial spine lies 4 mm to the left of the midline: swap"
    )
    assert workflow.landmark_questions(case, "baseline")[0][0] == "ischial_spine_right"

    assert workflow.place_landmark(
        case, "baseline", "ischial_spine_right", body("ischial_spine_right")
    ).details == {"question": None}


def test_without_a_midline_a_swapped_pair_is_asked_about(case):
    workflow.place_landmark(case, "baseline", "femoral_head_left", (-80.0, 0.0, 0.0))
    event = workflow.place_landmark(case, "baseline", "femoral_head_right", (90.0, 0.0, 0.0))

    assert (
        event.details["question"] == "left femoral head lies 170 mm to the right of the right one: swap both?"
    )


def registration():
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", (6.0, -4.0, 9.0), degrees=True).as_matrix()
    matrix[:3, 3] = (31.0, -12.0, 540.0)
    return RigidTransform(matrix, "1.2.826.0.1.3680043.8.498.7", "1.2.3", 0.4, 1.1)


def test_copied_landmarks_are_hollow_until_somebody_stands_behind_them(case):
    place_bones(case)
    workflow.place_landmark(case, "baseline", "coccyx_tip", None)
    workflow.place_landmark(case, "presurgery", "sacral_promontory", (1.0, 2.0, 3.0))
    with pytest.raises(ReadingError, match="a registration of baseline and presurgery; none is kept"):
        workflow.copy_landmarks(case, "baseline", "presurgery")
    workflow.set_registration(case, registration())
    workflow.copy_landmarks(case, "baseline", "presurgery")

    held = {key[2]: value for key, value in case.state.plain_under("landmark", "presurgery")}
    assert held["sacral_promontory"] == {"point_mm": [1.0, 2.0, 3.0], "status": "placed"}
    assert {held[name]["status"] for name in set(BONES) - {"sacral_promontory"}} == {"copied"}
    assert "coccyx_tip" not in held
    expected = registration().apply(body("ischial_spine_left"))
    np.testing.assert_allclose(held["ischial_spine_left"]["point_mm"], expected)
    with pytest.raises(ReadingError, match="landmarks at baseline that presurgery has not yet"):
        workflow.copy_landmarks(case, "baseline", "presurgery")
    workflow.verify_landmarks(case, "presurgery", "ischial_spine_left")
    assert case.state.plain("landmark", "presurgery", "ischial_spine_left")["status"] == "verified"
    workflow.verify_landmarks(case, "presurgery")
    with pytest.raises(ReadingError, match="copied landmarks at presurgery; there are none"):
        workflow.verify_landmarks(case, "presurgery")


def draw(case, side, count=6):
    for stroke in coronal_strokes(PATIENT, side)[:count]:
        workflow.add_levator_stroke(case, "baseline", side, stroke.points_mm)


def test_a_levator_stroke_beyond_the_midline_is_refused_with_its_millimetres(case):
    place_bones(case)
    line = PATIENT.to_patient([[-12.0, 10.0, 0.0], [-12.0, 10.0, 12.0]])
    with pytest.raises(
        PromptError, match=r"the left levator ani .*; its middle lies 12 mm on the other side"
    ):
        workflow.add_levator_stroke(case, "baseline", "L", line)
    event = workflow.add_levator_stroke(case, "baseline", "R", line)

    assert event.details["side_checked"] is True
    assert [key[2:] for key, _ in case.state.under("levator")] == [("R", "1")]


def test_without_a_midline_a_doubtful_side_is_only_asked_about(case):
    draw(case, "R", 1)
    event = workflow.add_levator_stroke(case, "baseline", "L", [[-90.0, 0.0, -240.0], [-90.0, 0.0, -228.0]])
    assert "is the side right?" in event.details["question"]
    assert event.details["side_checked"] is False
    (stroke,) = coronal_strokes(PATIENT, "L")[:1]

    assert workflow.add_levator_stroke(case, "baseline", "L", stroke.points_mm).details["question"] is None


def test_strokes_are_taken_back_by_number_or_from_the_last(case):
    draw(case, "L", 3)
    workflow.remove_levator_stroke(case, "baseline", "L", 2)
    workflow.remove_levator_stroke(case, "baseline", "L")
    assert [key[3] for key, _ in case.state.under("levator", "baseline", "L")] == ["1"]

    with pytest.raises(ReadingError, match="a levator stroke of side L at baseline: 1; asked for 7"):
        workflow.remove_levator_stroke(case, "baseline", "L", 7)
    with pytest.raises(ReadingError, match="side R at baseline: none; asked for the last"):
        workflow.remove_levator_stroke(case, "baseline", "R")
    with pytest.raises(PromptError, match="at least 5 mm long"):
        workflow.add_levator_stroke(case, "baseline", "R", [[0, 0, 0], [1, 0, 0]])


@pytest.mark.parametrize("side", ["L", "R"])
def test_six_strokes_give_the_true_middle_of_the_muscle(case, side):
    place_bones(case)
    draw(case, side, 2)
    with pytest.raises(PromptError, match=r"at least 3 strokes .* there are 2"):
        workflow.levator_surface(case, "baseline", side)
    for stroke in coronal_strokes(PATIENT, side)[2:]:
        workflow.add_levator_stroke(case, "baseline", side, stroke.points_mm)
    surface, report = workflow.levator_surface(case, "baseline", side)

    distance = distances_to(true_surface(PATIENT, side), surface.points_mm.reshape(-1, 3))
    assert distance.mean() < 0.65
    assert len(report.strokes) == 6
    assert workflow.levator_surface(case, "baseline", side)[0] is surface


def test_strokes_beyond_the_measured_series_make_a_surface_of_published_thickness(case):
    away = np.array([0.0, 0.0, 900.0])
    for stroke in coronal_strokes(PATIENT, "L"):
        workflow.add_levator_stroke(case, "baseline", "L", stroke.points_mm + away)

    _, report = workflow.levator_surface(case, "baseline", "L")
    assert report.thickness_source == "published"


def test_metrics_measure_the_side_that_the_reader_called_affected(case):
    place_bones(case)
    for side in ("L", "R"):
        draw(case, side)
    centre = PATIENT.to_patient((22.0, 12.0, 14.0))
    workflow.brush(case, "L1", "baseline", [centre], 14.0, ball=True)
    workflow.answer(case, "baseline", "L1", "relation", "R", "displacement", "mild")
    for visit in ("baseline", "presurgery"):
        for field, word in (("contact", "none"), ("displacement", "none"), ("invasion", "no")):
            workflow.answer_rest(case, visit, "L1", field, word)
        workflow.answer(case, visit, "L1", "findings", None, "sphincter_depth", "none")
        workflow.answer(case, visit, "L1", "findings", None, "confidence", "high")
    workflow.commit_call(case)
    called = workflow.metrics(case, "L1", "baseline")
    left = workflow.metrics(case, "L1", "baseline", side="L")

    assert [one.side for one in called.relations] == ["R"]
    assert [one.side for one in left.relations] == ["L"]
    near, far = (one.relations[0].metrics["min_distance"].value for one in (left, called))
    assert near < far
    assert called.relations[0].reader_codes["displacement"] == "mild"
