"""The display world: the same voxels in another order, and exact positions."""

from __future__ import annotations

import numpy as np
import pytest
from chiral_phantom import acquisition, every_position
from hypothesis import given
from hypothesis import strategies as st
from strategies import geometries, oblique_geometry

from gist_napari.layers import DisplayGrid

points = st.tuples(*[st.floats(-700.0, 700.0)] * 3)


@given(geometries(), points)
def test_a_point_survives_the_trip_to_the_display_world_and_back(geometry, point_mm):
    grid = DisplayGrid(geometry)

    np.testing.assert_allclose(grid.to_patient(grid.to_world(point_mm)), point_mm, atol=1e-6)


@given(geometries(), points, points)
def test_distances_on_the_screen_are_those_in_the_patient(geometry, one_mm, other_mm):
    grid = DisplayGrid(geometry)

    apart = np.linalg.norm(grid.to_world(one_mm) - grid.to_world(other_mm))

    assert apart == pytest.approx(np.linalg.norm(np.subtract(one_mm, other_mm)), abs=1e-6)


@given(geometries())
def test_every_displayed_voxel_is_the_native_voxel_at_its_patient_position(geometry):
    grid = DisplayGrid(geometry)
    numbers = np.arange(np.prod(geometry.shape)).reshape(geometry.shape)

    shown = grid.displayed(numbers)

    assert shown.shape == grid.shape
    world = grid.translate_mm + np.moveaxis(np.indices(grid.shape), 0, -1) * grid.scale_mm
    native = np.rint(geometry.to_index(grid.to_patient(world))).astype(int)
    np.testing.assert_array_equal(shown, numbers[tuple(np.moveaxis(native, -1, 0))])


def test_displaying_copies_no_voxel():
    geometry = oblique_geometry(flips=(-1, 1, -1))
    voxels = np.zeros(geometry.shape, dtype=np.int16)

    assert np.shares_memory(DisplayGrid(geometry).displayed(voxels), voxels)


@pytest.mark.parametrize(("plane", "flips", "oblique"), every_position())
def test_display_axes_grow_to_the_head_the_back_and_the_left(plane, flips, oblique):
    grid = DisplayGrid(acquisition(plane, flips=flips, oblique=oblique))

    # The cosine to S, P and L; the tilt of the phantom is 11 degrees at most about each axis.
    cosines = [grid.directions[axis, n] for n, axis in enumerate((2, 1, 0))]

    assert min(cosines) > np.cos(np.radians(15.0))


def test_a_voxel_reaches_half_a_spacing_to_each_side():
    geometry = oblique_geometry()
    grid = DisplayGrid(geometry)

    assert grid.voxel_at(geometry.to_patient((3.49, 10.0, -0.49))) == (3, 10, 0)
    assert grid.voxel_at(geometry.to_patient((3.51, 10.0, 26.49))) == (4, 10, 26)
    assert grid.voxel_at(geometry.to_patient((3.0, 10.0, 26.51))) is None
    assert grid.voxel_at(geometry.to_patient((-0.51, 10.0, 3.0))) is None
