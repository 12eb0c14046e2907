"""Landmarks: refused when wrong, kept through JSON, and unusable outside the field of view."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gist_imaging.anatomy.landmarks import DEFINITIONS, Landmark, LandmarkName, Landmarks
from gist_imaging.errors import MeasurementError, PromptError
from gist_imaging.spatial.geometry import Geometry

FRAME = "1.2.826.0.1.3680043.8.498.1"


def oblique_grid(frame_uid: str | None = FRAME) -> Geometry:
    axes = Rotation.from_euler("xyz", (21.0, -13.0, 34.0), degrees=True).as_matrix()[:, [2, 1, 0]]
    axes[:, 1] *= -1
    return Geometry.from_spacing((12, 40, 30), (3.5, 0.7, 0.9), (41.0, -63.0, 17.0), axes, frame_uid)


def test_every_landmark_says_where_it_is_and_who_says_so():
    assert set(DEFINITIONS) == set(LandmarkName)
    assert all(entry.where and entry.source for entry in DEFINITIONS.values())


def test_json_gives_the_same_landmarks_back_to_the_last_bit():
    placed = Landmarks.of({"coccyx_tip": (0.1, 1 / 3, -2.7), "anal_verge": (1e-9, 5.0, 6.0)}, FRAME)
    assert Landmarks.from_json(json.dumps(placed.to_json())) == placed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"landmarks": [{"name": "anal_vergee", "point_mm": [0, 0, 0]}]}', "anal_vergee"),
        ('{"landmarks": [{"name": "anal_verge", "point_mm": [0, 0]}]}', "finite position"),
        ('{"landmarks": [{"name": "anal_verge", "point_mm": [0, 0, NaN]}]}', "finite position"),
        ('{"landmarks": [{"name": "anal_verge", "point_mm": "here"}]}', "position x, y, z"),
        ('{"landmarks": [{"name": "anal_verge"}]}', "name and point_mm"),
        ('{"landmarks": [3]}', "name and point_mm"),
        ('{"landmarks": [], "frame_uid": 3}', "frame_uid"),
        ('{"landmarks": [], "voxels": 3}', "voxels"),
        ('{"points": []}', "landmarks"),
        ("[1, 2", "JSON"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_with_what_it_holds(text, said):
    with pytest.raises(PromptError, match=said):
        Landmarks.from_json(text)


def test_a_landmark_placed_twice_is_refused_by_name():
    verge = Landmark(LandmarkName.ANAL_VERGE, (0.0, 1.0, 2.0))
    with pytest.raises(PromptError, match="anal_verge several times"):
        Landmarks((verge, verge))


def test_the_reason_tells_what_was_not_marked_from_what_lies_outside():
    grid = oblique_grid()
    inside, outside = grid.to_patient([(5, 20, 15), (5, 20, 30.6)])
    marks = Landmarks.of({"anal_verge": tuple(inside), "coccyx_tip": tuple(outside)}, FRAME).within(grid)
    assert marks.why_not(LandmarkName.ANAL_VERGE) is None
    assert marks.why_not(LandmarkName.COCCYX_TIP) == "the coccyx tip was placed outside the field of view"
    assert marks.why_not(LandmarkName.S3_MIDPOINT, LandmarkName.COCCYX_TIP) == (
        "the S3 midpoint was not marked; the coccyx tip was placed outside the field of view"
    )
    with pytest.raises(MeasurementError, match="outside the field"):
        marks.point_mm(LandmarkName.COCCYX_TIP)


def test_a_landmark_on_the_outer_face_of_the_grid_is_in_the_field_and_beyond_it_is_not():
    grid = oblique_grid()
    corners = np.array(list(np.ndindex(2, 2, 2))) * np.asarray(grid.shape) - 0.5
    middle = (np.asarray(grid.shape) - 1) / 2
    for corner in corners:
        beyond = corner + 0.02 * np.sign(corner - middle)
        for index, usable in ((corner, True), (beyond, False)):
            mark = Landmarks.of({"anal_verge": tuple(grid.to_patient(index))}, FRAME).within(grid)
            assert mark.usable(LandmarkName.ANAL_VERGE) is usable


def test_a_landmark_is_in_the_field_when_any_image_of_the_visit_holds_it():
    grid = oblique_grid()
    far = grid.to_patient((5, 20, 90))
    axes = np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]])
    first = tuple(far + np.array((12.0, 8.0, 16.0)))
    other = Geometry.from_spacing((9, 9, 9), (4.0, 2.0, 3.0), first, axes, FRAME)
    marks = Landmarks.of({"anal_verge": tuple(far)}, FRAME)
    assert not marks.within(grid).usable(LandmarkName.ANAL_VERGE)
    assert marks.within(grid, other).usable(LandmarkName.ANAL_VERGE)


def test_landmarks_of_another_frame_of_reference_are_refused():
    with pytest.raises(PromptError, match="frame of reference"):
        Landmarks.of({"anal_verge": (0.0, 0.0, 0.0)}, "1.2.3").within(oblique_grid())
