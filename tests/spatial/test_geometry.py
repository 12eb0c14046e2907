from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import geometries, oblique_geometry

from gist_imaging.errors import GeometryError
from gist_imaging.spatial import Geometry, plane_of

coordinates = st.tuples(*[st.floats(-1000.0, 1000.0)] * 3)


@given(geometries(), st.lists(coordinates, min_size=1, max_size=5))
def test_a_point_survives_the_trip_to_indices_and_back(geometry, points_mm):
    there_and_back = geometry.to_patient(geometry.to_index(points_mm))

    np.testing.assert_allclose(there_and_back, points_mm, atol=1e-6)


@given(geometries())
def test_spacing_origin_and_axes_make_the_same_grid_again(geometry):
    again = Geometry.from_spacing(
        geometry.shape, geometry.spacing_mm, geometry.origin_mm, geometry.axes, geometry.frame_uid
    )

    assert again.matches(geometry, tol_mm=1e-9)


@given(geometries())
def test_a_voxel_has_the_volume_of_its_edges(geometry):
    assert geometry.voxel_volume_mm3 == pytest.approx(math.prod(geometry.spacing_mm))


@given(geometries(), st.data())
def test_cropping_keeps_every_voxel_where_it_is(geometry, data):
    start = tuple(data.draw(st.integers(0, n - 1)) for n in geometry.shape)
    shape = tuple(
        data.draw(st.integers(1, n - first)) for n, first in zip(geometry.shape, start, strict=True)
    )
    cropped = geometry.crop(start, shape)

    np.testing.assert_allclose(
        cropped.to_patient(np.subtract(shape, 1)),
        geometry.to_patient(np.add(start, shape) - 1),
        atol=1e-9,
    )
    assert cropped.frame_uid == geometry.frame_uid


def test_the_axes_are_slice_row_column_in_lps():
    grid = Geometry.from_spacing(
        (4, 5, 6), (3.0, 0.5, 0.7), (10.0, 20.0, 30.0), [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    )

    np.testing.assert_allclose(grid.to_patient((2, 1, 3)), (10 + 3 * 0.7, 20 + 0.5, 30 + 2 * 3.0))


def test_corners_are_the_centres_of_the_corner_voxels():
    grid = oblique_geometry(shape=(3, 4, 5))

    np.testing.assert_allclose(grid.corners_mm[0], grid.origin_mm)
    np.testing.assert_allclose(grid.corners_mm[-1], grid.to_patient((2, 3, 4)))


@given(geometries())
def test_a_grid_matches_itself(geometry):
    assert geometry.matches(geometry)


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["slices", "rows", "columns"])
def test_a_flipped_grid_over_the_same_box_does_not_match(axis):
    grid = oblique_geometry()
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (grid.shape[axis] - 1)
    affine[:3, axis] *= -1

    assert not grid.matches(replace(grid, affine=affine))


def test_frames_of_reference_are_compared_by_name():
    grid = oblique_geometry(frame_uid="1.2.3")

    assert not grid.matches(oblique_geometry(frame_uid="1.2.4"))
    assert grid.matches(oblique_geometry(frame_uid=None))


def test_another_shape_does_not_match():
    assert not oblique_geometry(shape=(9, 31, 27)).matches(oblique_geometry(shape=(9, 31, 26)))


@pytest.mark.parametrize(("shift_mm", "fits"), [(0.009, True), (0.011, False)])
def test_corners_must_agree_within_a_hundredth_of_a_millimetre(shift_mm, fits):
    grid = oblique_geometry()
    affine = grid.affine.copy()
    affine[2, 3] += shift_mm

    assert grid.matches(replace(grid, affine=affine)) is fits


def test_a_small_turn_is_seen_at_the_far_corner():
    grid = oblique_geometry(shape=(40, 300, 300), angles_deg=(17.0, -9.0, 28.0))

    assert not grid.matches(oblique_geometry(shape=(40, 300, 300), angles_deg=(17.0, -9.0, 28.01)))


def test_a_sheared_grid_is_refused_with_advice():
    affine = oblique_geometry().affine.copy()
    affine[:3, 0] += 0.3 * affine[:3, 1]

    with pytest.raises(GeometryError, match=r"right angles.*tilted gantry.*resample"):
        Geometry((9, 31, 27), affine)


def test_rounded_direction_cosines_are_no_shear():
    grid = oblique_geometry()
    rounded = np.round(grid.axes, 5)

    Geometry.from_spacing(grid.shape, grid.spacing_mm, grid.origin_mm, rounded)


@pytest.mark.parametrize("bad", [0.0, math.nan, math.inf], ids=["zero", "NaN", "infinite"])
def test_a_voxel_without_a_size_is_refused(bad):
    affine = oblique_geometry().affine.copy()
    affine[:3, 1] *= bad

    with pytest.raises(GeometryError, match="above 0 mm"):
        Geometry((9, 31, 27), affine)


@pytest.mark.parametrize("shape", [(0, 4, 4), (4, 4), (4, 4, 4, 1)])
def test_a_grid_has_three_axes_with_voxels(shape):
    with pytest.raises(GeometryError, match="three axes"):
        Geometry(shape, oblique_geometry().affine)


def test_an_affine_of_another_form_is_refused():
    with pytest.raises(GeometryError, match="4 x 4"):
        Geometry((2, 2, 2), np.eye(3))
    projective = oblique_geometry().affine.copy()
    projective[3, 0] = 0.1
    with pytest.raises(GeometryError, match="last row"):
        Geometry((2, 2, 2), projective)


def test_the_affine_is_copied_and_cannot_be_changed():
    mine = oblique_geometry().affine.copy()
    grid = Geometry((9, 31, 27), mine)
    mine[0, 3] = 0.0

    assert grid.origin_mm[0] == -63.0
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 3] = 1.0


def test_a_grid_becomes_plain_json():
    grid = oblique_geometry()
    stored = json.loads(json.dumps(grid.to_json()))

    again = Geometry(tuple(stored["shape"]), stored["affine"], stored["frame_uid"], stored["physical"])
    assert again.matches(grid, tol_mm=0.0)


@pytest.mark.parametrize(
    ("axes", "name"),
    [
        ([[0, 0, 1], [0, 1, 0], [1, 0, 0]], "axial"),
        ([[0, 0, 1], [1, 0, 0], [0, -1, 0]], "coronal"),
        ([[1, 0, 0], [0, 0, 1], [0, -1, 0]], "sagittal"),
    ],
)
def test_a_plane_is_called_by_its_normal_whatever_the_flips(axes, name):
    for flips in ((1, 1, 1), (-1, 1, -1), (1, -1, -1)):
        grid = Geometry.from_spacing((3, 4, 5), (3.0, 0.7, 0.9), (1.0, 2.0, 3.0), np.multiply(axes, flips))

        assert plane_of(grid) == (name, pytest.approx(0.0, abs=1e-12))


@pytest.mark.parametrize(("angle_deg", "name"), [(19.99, "axial"), (20.01, "oblique"), (45.0, "oblique")])
def test_a_plane_beyond_twenty_degrees_is_oblique(angle_deg, name):
    found, tilt_deg = plane_of(oblique_geometry(angles_deg=(angle_deg, 0.0, 33.0)))

    assert found == name
    assert tilt_deg == pytest.approx(angle_deg, abs=1e-9)
