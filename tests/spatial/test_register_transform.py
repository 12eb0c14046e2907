"""The laws of rigid transforms, and the transform that point pairs give."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from strategies import oblique_geometry

from gist_imaging.errors import GeometryError, RegistrationError
from gist_imaging.spatial.register_points import PointPairs, register_points
from gist_imaging.spatial.register_transform import RigidTransform

POINTS = np.array([(-63.0, 41.5, -318.2), (12.0, 3.0, -250.0), (80.5, -40.0, -300.0), (-5.0, 90.0, -270.0)])


def rigid(
    angles_deg: tuple[float, float, float] = (17.0, -9.0, 28.0),
    shift_mm: tuple[float, float, float] = (40.0, -75.5, 610.0),
    frames: tuple[str | None, str | None] = ("1.2.3", "1.2.4"),
    error: tuple[float | None, float | None] = (0.3, 0.8),
) -> RigidTransform:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return RigidTransform(matrix, *frames, *error)


angles = st.tuples(*[st.floats(-180.0, 180.0)] * 3)
shifts = st.tuples(*[st.floats(-800.0, 800.0)] * 3)


@given(angles, shifts)
def test_there_and_back_is_where_it_was(angles_deg, shift_mm):
    there = rigid(angles_deg, shift_mm)

    np.testing.assert_allclose(there.inverse().apply(there.apply(POINTS)), POINTS, atol=1e-8)
    assert (there.inverse().fixed_frame_uid, there.inverse().moving_frame_uid) == ("1.2.4", "1.2.3")


@given(angles, shifts, angles, shifts)
def test_composing_is_applying_one_after_the_other(first_deg, first_mm, second_deg, second_mm):
    first, second = rigid(first_deg, first_mm), rigid(second_deg, second_mm, ("1.2.4", "1.2.5"))

    both = first.compose(second)

    np.testing.assert_allclose(both.apply(POINTS), second.apply(first.apply(POINTS)), atol=1e-8)
    assert (both.fixed_frame_uid, both.moving_frame_uid) == ("1.2.3", "1.2.5")


def test_composed_errors_add_in_squares_and_bounds_plainly():
    both = rigid(error=(0.3, 0.8)).compose(rigid(frames=("1.2.4", "1.2.5"), error=(0.4, 1.0)))

    assert both.error_mm == pytest.approx(0.5)
    assert both.error_95_mm == pytest.approx(1.8)


def test_an_error_that_one_step_does_not_know_is_not_known_of_both():
    both = rigid(error=(None, None)).compose(rigid(frames=("1.2.4", "1.2.5")))

    assert both.error_mm is None
    assert both.error_95_mm is None


def test_transforms_are_not_composed_across_frames():
    with pytest.raises(GeometryError, match="order of the scans"):
        rigid().compose(rigid())


def test_a_transform_survives_json():
    before = register_points(PointPairs(POINTS, rigid().apply(POINTS)), fixed_frame_uid="1.2.3")

    after = RigidTransform.from_json(json.loads(json.dumps(before.to_json())))

    np.testing.assert_array_equal(after.matrix, before.matrix)
    assert after.to_json() == before.to_json()


def test_a_stored_transform_with_a_missing_field_is_refused():
    values = rigid().to_json()
    del values["fixed_frame_uid"]

    with pytest.raises(GeometryError, match="fixed_frame_uid"):
        RigidTransform.from_json(values)


@pytest.mark.parametrize(
    "spoil",
    [np.diag([1.0, 1.0, -1.0, 1.0]), np.diag([1.1, 1.0, 1.0, 1.0]), np.full((4, 4), np.nan)],
    ids=["mirror", "scale", "nan"],
)
def test_what_is_not_rigid_is_refused(spoil):
    with pytest.raises(GeometryError, match="turns and shifts"):
        RigidTransform(rigid().matrix @ spoil, None, None)


def test_a_carried_grid_keeps_its_voxels_and_changes_its_frame():
    grid, transform = oblique_geometry(frame_uid="1.2.3"), rigid()

    carried = transform.carried(grid)

    np.testing.assert_allclose(carried.corners_mm, transform.apply(grid.corners_mm))
    assert (carried.frame_uid, carried.shape) == ("1.2.4", grid.shape)
    with pytest.raises(GeometryError, match="inverse"):
        transform.carried(carried)


@given(angles, shifts)
def test_exact_point_pairs_give_the_exact_transform(angles_deg, shift_mm):
    truth = rigid(angles_deg, shift_mm)

    found = register_points(PointPairs(POINTS, truth.apply(POINTS)))

    np.testing.assert_allclose(found.matrix, truth.matrix, atol=1e-8)


def test_three_pairs_are_enough_and_are_not_mirrored():
    truth = rigid()

    found = register_points(PointPairs(POINTS[:3], truth.apply(POINTS[:3])))

    np.testing.assert_allclose(found.matrix, truth.matrix, atol=1e-8)


def test_points_on_one_line_are_refused():
    line = np.linspace((-63.0, 41.5, -318.2), (20.0, 0.0, -250.0), 5)

    with pytest.raises(RegistrationError, match="one line"):
        PointPairs(line, line)


@pytest.mark.parametrize("count", [0, 2])
def test_fewer_than_three_pairs_are_refused(count):
    with pytest.raises(RegistrationError, match="three"):
        PointPairs(POINTS[:count], POINTS[:count])


def well_spread(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points of a box of 160 mm, as a reader would choose them: not nearly on one line."""
    while True:
        points = rng.uniform(-80.0, 80.0, (count, 3))
        if np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] > 30.0:
            return points


@pytest.mark.parametrize("count", [3, 4, 8])
def test_the_bound_of_point_pairs_covers_the_true_error_in_nine_of_ten(count):
    rng = np.random.default_rng(4)
    truth = rigid()
    covered = []
    for _ in range(300):
        points = well_spread(rng, count)
        clicked = truth.apply(points) + rng.normal(0.0, 3.0 / np.sqrt(3.0), (count, 3))
        targets = rng.uniform(-80.0, 80.0, (50, 3))
        found = register_points(PointPairs(points, clicked), targets_mm=targets)
        error = np.linalg.norm(found.apply(targets) - truth.apply(targets), axis=1)
        covered.append(np.sqrt(np.square(error).mean()) <= found.error_95_mm)

    assert np.mean(covered) >= 0.9
