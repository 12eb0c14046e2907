"""Heights of a tumour: formulas for a ball, masks within half a voxel, and the reason where there is none."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from pelvis_landmarks import BODY, FRAME_UID, phantom, placed
from scipy.spatial.transform import Rotation
from skimage.measure import marching_cubes

from gist_imaging.anatomy.height import TumourHeight, surface_points_mm, tumour_height
from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.phantom.render import tumour_mask
from gist_imaging.phantom.tumour import TumourShape
from gist_imaging.spatial import Geometry, Mask

TURNS = [(0.0, 0.0, 0.0), (9.0, -7.0, 14.0), (-25.0, 12.0, -30.0)]
CENTRE, RADIUS = np.array([22.0, 24.0, 34.0]), 15.0
VERGE, JUNCTION = (np.array(BODY[LandmarkName(n)]) for n in ("anal_verge", "anorectal_junction"))
METHODS = [entry.name for entry in fields(TumourHeight)]


def ball(centre=CENTRE, radius=RADIUS, n=60_000) -> np.ndarray:
    """Even points on a sphere (Fibonacci), about 0.2 mm apart."""
    step = np.arange(n) + 0.5
    polar, turn = np.arccos(1 - 2 * step / n), np.pi * (1 + 5**0.5) * step
    unit = np.c_[np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)]
    return centre + radius * unit


def grid_around(patient, flip: bool) -> Geometry:
    axes = Rotation.from_euler("xyz", (24.0, 11.0, -17.0), degrees=True).as_matrix()[:, [2, 1, 0]].copy()
    if flip:
        axes[:, 0] *= -1
    spacing, shape = (3.0, 0.9, 0.7), (26, 70, 84)
    centre = patient.to_patient(np.add(CENTRE, (1.3, -0.7, 2.1)))
    half = axes @ (np.array(spacing) * (np.array(shape) - 1) / 2)
    return Geometry.from_spacing(shape, spacing, tuple(centre - half), axes, FRAME_UID)


@pytest.mark.parametrize("turn", TURNS)
def test_a_ball_has_the_heights_of_the_formula_however_the_patient_lies(turn):
    patient = phantom(turn)
    height = tumour_height(patient.to_patient(ball()), placed(patient))
    canal = np.linalg.norm(JUNCTION - VERGE)
    up = (JUNCTION - VERGE) / canal
    to_junction = np.linalg.norm(CENTRE - JUNCTION) - RADIUS
    assert height.straight.value == pytest.approx(np.linalg.norm(CENTRE - VERGE) - RADIUS, abs=0.01)
    assert height.two_segment.value == pytest.approx(canal + to_junction, abs=0.01)
    assert height.nearest_to_junction.value == pytest.approx(to_junction, abs=0.01)
    assert height.lower_edge_above_junction.value == pytest.approx(
        (CENTRE - JUNCTION) @ up - RADIUS, abs=0.01
    )
    # The PCL runs from (-45, -8) to (53, 22) in the y-z plane; its normal to the head is (-30, 98).
    normal = np.array([0.0, -30.0, 98.0]) / np.hypot(30.0, 98.0)
    above = (CENTRE - (0.0, -45.0, -8.0)) @ normal - RADIUS
    assert height.lower_edge_above_pcl.value == pytest.approx(above, abs=0.01)


@pytest.mark.parametrize("turn", TURNS)
def test_a_tumour_on_an_arc_has_the_height_of_the_arc(turn):
    # The path is a quarter circle of radius 60 about (0, 73, -45) from the verge; a small ball sits on it
    # two thirds of the way up, so the height is the arc to its near side: 60 · (π/3 − 2·asin(2/60/2)).
    patient = phantom(turn)
    hub = np.add(VERGE, (0.0, 60.0, 0.0))
    angles = np.linspace(0.0, np.pi / 2, 150)
    path = hub + 60.0 * np.c_[np.zeros(150), -np.cos(angles), np.sin(angles)]
    centre = hub + 60.0 * np.array([0.0, -np.cos(np.pi / 3), np.sin(np.pi / 3)])
    height = tumour_height(
        patient.to_patient(ball(centre, 2.0, 4000)), placed(patient), patient.to_patient(path)
    )
    # Feet of a ball's points on a circle: the ray from the hub that touches the ball, asin(2 / 60) before it.
    assert height.curved.value == pytest.approx(60.0 * (np.pi / 3 - np.arcsin(2.0 / 60.0)), abs=0.02)
    walked = np.array(height.curved.points_mm)
    assert np.linalg.norm(np.diff(walked, axis=0), axis=1).sum() == pytest.approx(height.curved.value)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("turn", TURNS)
def test_a_mask_on_a_turned_and_uneven_grid_gives_the_formula_within_half_a_voxel(turn, flip):
    shape = TumourShape(tuple(CENTRE), (RADIUS, RADIUS, RADIUS))
    patient = phantom(turn, tumour=shape)
    mask = tumour_mask(patient, grid_around(patient, flip))
    height = tumour_height(mask, placed(patient))
    assert height.straight.value == pytest.approx(np.linalg.norm(CENTRE - VERGE) - RADIUS, abs=1.6)
    assert height.nearest_to_junction.value == pytest.approx(
        np.linalg.norm(CENTRE - JUNCTION) - RADIUS, abs=1.6
    )


@pytest.mark.parametrize("flip", [False, True])
def test_surface_points_are_the_vertices_of_marching_cubes(flip):
    shape = TumourShape(tuple(CENTRE), (RADIUS, 9.0, 12.0), (10.0, 20.0, 30.0))
    patient = phantom(tumour=shape)
    mask = tumour_mask(patient, grid_around(patient, flip))
    vertices, *_ = marching_cubes(np.pad(mask.voxels, 1).astype(float), 0.5)
    theirs = np.unique(np.rint(2 * (vertices - 1)).astype(int), axis=0)
    ours = np.unique(np.rint(2 * mask.geometry.to_index(surface_points_mm(mask))).astype(int), axis=0)
    np.testing.assert_array_equal(ours, theirs)


def test_a_mesh_counts_by_its_vertices():
    patient = phantom()
    points = patient.to_patient(ball(n=200))
    mesh = TriangleMesh(points, np.array([[0, 1, 2]]))
    marks = placed(patient)
    assert tumour_height(mesh, marks) == tumour_height(points, marks)


def test_the_ends_of_the_straight_path_are_the_verge_and_a_point_of_the_tumour():
    patient = phantom()
    height = tumour_height(patient.to_patient(ball()), placed(patient))
    verge, nearest = np.array(height.straight.points_mm)
    np.testing.assert_allclose(patient.to_body(verge), VERGE, atol=1e-9)
    assert np.linalg.norm(patient.to_body(nearest) - CENTRE) == pytest.approx(RADIUS)
    assert len(height.two_segment.points_mm) == 3


def test_a_tumour_beside_the_anal_canal_lies_below_the_junction_and_its_path_does_not_turn_there():
    patient = phantom()
    beside = ball(JUNCTION + 0.5 * (VERGE - JUNCTION) + (24.0, 0.0, 0.0), 6.0)
    height = tumour_height(patient.to_patient(beside), placed(patient))
    assert height.lower_edge_above_junction.value == pytest.approx(
        -0.5 * np.linalg.norm(JUNCTION - VERGE) - 6.0, abs=0.01
    )
    assert height.two_segment.value == height.straight.value
    assert "does not turn there" in height.two_segment.notes[-1]


def test_a_sphincter_end_stands_in_for_the_anal_verge_and_says_how_far_off_it_may_be():
    marks = placed(phantom(), anal_verge=None, external_sphincter_tip=tuple(VERGE))
    height = tumour_height(phantom().to_patient(ball()), marks)
    assert height.straight.value == pytest.approx(np.linalg.norm(CENTRE - VERGE) - RADIUS, abs=0.01)
    assert "+0.51 ± 1.75 cm" in height.straight.notes[0]


NEEDS = {
    "straight": {"anal_verge"},
    "two_segment": {"anal_verge", "anorectal_junction"},
    "curved": {"anal_verge"},
    "lower_edge_above_junction": {"anal_verge", "anorectal_junction"},
    "nearest_to_junction": {"anorectal_junction"},
    "lower_edge_above_pcl": {"inferior_pubic_point", "last_coccygeal_joint", "sacral_promontory"},
}


@pytest.mark.parametrize("out_of_field", [False, True])
@pytest.mark.parametrize("gone", list(map(str, BODY)))
def test_a_missing_landmark_takes_away_exactly_the_heights_that_need_it(gone, out_of_field):
    patient = phantom()
    path = patient.to_patient(np.linspace(VERGE, CENTRE, 30))
    marks = placed(patient)
    if out_of_field:
        marks = Landmarks(marks.placed, marks.frame_uid, frozenset({LandmarkName(gone)}))
    else:
        marks = placed(patient, **{gone: None})
    height = tumour_height(patient.to_patient(ball()), marks, path)
    lost = {name for name in METHODS if getattr(height, name).value is None}
    assert lost == {name for name in METHODS if gone in NEEDS[name]}
    said = "was placed outside the field of view" if out_of_field else "was not marked"
    assert all(f"the {LandmarkName(gone).words} {said}" in getattr(height, name).reason for name in lost)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (None, "was not drawn"),
        ([VERGE, np.add(VERGE, (0.0, 0.0, 5.0))], "it ends before it"),
        ([CENTRE, VERGE], "from the anal verge upwards"),
        ([VERGE], "two or more rows"),
        ([VERGE, (np.nan, 0.0, 0.0)], "two or more rows"),
    ],
)
def test_a_wall_path_that_does_not_lead_to_the_tumour_gives_no_curved_height(path, said):
    patient = phantom((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    height = tumour_height(ball(), placed(patient), path)
    assert said in height.curved.reason
    assert height.straight.value is not None


def test_an_impossible_anal_canal_takes_away_what_runs_through_it_only():
    patient = phantom()
    height = tumour_height(patient.to_patient(ball()), placed(patient, anal_verge=(0.0, 13.0, -145.0)))
    assert "an anal canal is 10 to 80 mm long" in height.two_segment.reason
    assert height.lower_edge_above_junction.value is None
    assert height.nearest_to_junction.value is not None


def test_without_tumour_there_is_no_height():
    patient = phantom()
    empty = Mask(
        np.zeros((3, 4, 5), dtype=bool), Geometry.from_spacing((3, 4, 5), (3, 1, 1), (0, 0, 0), np.eye(3))
    )
    height = tumour_height(empty, placed(patient))
    assert {getattr(height, name).reason for name in METHODS} == {"no tumour is outlined"}


@pytest.mark.parametrize(
    ("method", "bounds"), [("two_segment", (77, 133)), ("straight", (74, 112)), ("curved", (71, 137))]
)
def test_each_method_has_its_own_published_bounds_and_the_lower_third_includes_them(method, bounds):
    def third(value: float) -> str | None:
        other = Metric.missing("mm", "not asked")
        return TumourHeight(**dict.fromkeys(METHODS, other) | {method: Metric(value, "mm")}).third(method)

    low, mid = bounds
    assert [third(v) for v in (low, low + 0.01, mid, mid + 0.01)] == ["low", "mid", "mid", "high"]
