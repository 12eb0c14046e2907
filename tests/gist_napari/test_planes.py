"""The map between a slice and the canvas, and how slices hang."""

from __future__ import annotations

import numpy as np
import pytest
from chiral_phantom import MIDDLE_MM, acquisition, every_position
from hypothesis import given
from hypothesis import strategies as st
from strategies import geometries

from gist_napari.layers import DisplayGrid
from gist_napari.planes import Plane, PlaneMap, acquired_plane, fit_px_per_mm

# Where a step to the right and a step down on the screen must go, in LPS: radiological hanging.
HANGING = {
    Plane.AXIAL: ((1, 0, 0), (0, 1, 0)),
    Plane.CORONAL: ((1, 0, 0), (0, 0, -1)),
    Plane.SAGITTAL: ((0, 1, 0), (0, 0, -1)),
}
# Where the next slice lies: feet, back, left.
NEXT = {Plane.AXIAL: (0, 0, -1), Plane.CORONAL: (0, 1, 0), Plane.SAGITTAL: (1, 0, 0)}


def view_of(geometry, plane, **changes) -> PlaneMap:
    grid = DisplayGrid(geometry)
    middle = grid.to_world(MIDDLE_MM)
    values = {
        "depth": grid.shape[plane.axis] // 2,
        "centre_mm": (float(middle[plane.down]), float(middle[plane.across])),
        "px_per_mm": 2.7,
        "size_px": (611.0, 433.0),
    }
    return PlaneMap(grid, plane, **(values | changes))


@given(geometries(), st.sampled_from(Plane), st.tuples(*[st.floats(-50, 900)] * 2), st.floats(0.2, 40))
def test_a_pixel_survives_the_trip_to_the_patient_and_back(geometry, plane, canvas_xy, px_per_mm):
    view = view_of(geometry, plane, depth=0, px_per_mm=px_per_mm)

    point_mm = view.to_patient(canvas_xy)

    np.testing.assert_allclose(view.to_canvas(point_mm), canvas_xy, atol=1e-5)
    assert abs(view.height_mm(point_mm)) < 1e-6


@pytest.mark.parametrize(("acquired", "flips", "oblique"), every_position())
@pytest.mark.parametrize("plane", Plane)
def test_every_acquisition_hangs_as_radiologists_do(acquired, flips, oblique, plane):
    view = view_of(acquisition(acquired, flips=flips, oblique=oblique), plane)
    nearly = np.cos(np.radians(15.0))

    here, right, below = view.to_patient([(300.0, 200.0), (300.0 + 2.7, 200.0), (300.0, 200.0 + 2.7)])

    # One millimetre on the screen is one in the patient, and it goes where it should.
    assert (right - here) @ HANGING[plane][0] > nearly
    assert (below - here) @ HANGING[plane][1] > nearly
    assert np.linalg.norm(right - here) == pytest.approx(1.0)
    assert np.linalg.norm(below - here) == pytest.approx(1.0)
    assert view.normal @ NEXT[plane] > nearly


@pytest.mark.parametrize("plane", Plane)
def test_the_next_slice_is_one_thickness_further_along_the_normal(plane):
    geometry = acquisition("coronal", flips=(-1, 1, -1), oblique=True)
    view = view_of(geometry, plane)
    further = view_of(geometry, plane, depth=view.depth + plane.reading_sign)

    gone = further.to_patient((10.0, 10.0)) - view.to_patient((10.0, 10.0))

    np.testing.assert_allclose(gone, view.normal * view.thickness_mm, atol=1e-9)


@pytest.mark.parametrize("acquired", ["axial", "coronal", "sagittal"])
def test_the_acquired_plane_is_the_one_of_the_slices(acquired):
    assert acquired_plane(DisplayGrid(acquisition(acquired, oblique=True))).value == acquired


def test_a_slice_fits_with_its_outer_voxel_edges_on_the_canvas():
    grid = DisplayGrid(acquisition("axial"))
    middle = grid.translate_mm + (np.array(grid.shape) - 1) / 2 * grid.scale_mm
    size = (800.0, 300.0)
    fit = fit_px_per_mm(grid, Plane.AXIAL, size)
    view = PlaneMap(grid, Plane.AXIAL, 3, (middle[1], middle[2]), fit, size)

    left, top, right, bottom = view.slice_box_px

    assert (top, bottom) == pytest.approx((0.0, 300.0))
    assert left > 0
    assert right - left == pytest.approx(grid.shape[2] * grid.scale_mm[2] * fit)
