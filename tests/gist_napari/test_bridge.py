"""How positions of one visit carry over to the other."""

from __future__ import annotations

import numpy as np
import pytest
from chiral_phantom import BALLS, MIDDLE_MM, acquisition, chiral_volume
from scipy.spatial.transform import Rotation

from gist_imaging.spatial import Geometry, Volume
from gist_imaging.spatial.register_transform import RigidTransform
from gist_napari.bridge import bridge_between, plane_angle_deg, seen_through
from gist_napari.layers import DisplayGrid
from gist_napari.planes import Plane, PlaneMap


def moved(geometry: Geometry, turn_deg: float = 9.0) -> tuple[Geometry, RigidTransform]:
    """Return the grid of the same patient lying elsewhere, with the transform that says where."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("zx", (turn_deg, 4.0), degrees=True).as_matrix()
    matrix[:3, 3] = (31.0, -12.0, 210.0)
    return (
        Geometry(geometry.shape, matrix @ geometry.affine, "1.2.3.9"),
        RigidTransform(matrix, geometry.frame_uid, "1.2.3.9"),
    )


def view_of(volume: Volume, plane: Plane, at_mm) -> PlaneMap:
    grid = DisplayGrid(volume.geometry)
    world = grid.to_world(at_mm)
    depth = round(float((world[plane.axis] - grid.translate_mm[plane.axis]) / grid.scale_mm[plane.axis]))
    return PlaneMap(grid, plane, depth, (world[plane.down], world[plane.across]), 2.0, (400.0, 300.0))


def test_a_registration_carries_there_and_back():
    pre = chiral_volume(acquisition("axial"))
    geometry, transform = moved(pre.geometry)
    bridge = bridge_between(pre, Volume(pre.voxels, geometry), transform)
    point = MIDDLE_MM + np.array((3.0, -7.0, 11.0))

    np.testing.assert_allclose(bridge.to_post(point), transform.apply(point))
    np.testing.assert_allclose(bridge.to_pre(bridge.to_post(point)), point)
    assert bridge.how == "registration"


def test_scans_of_one_frame_of_reference_share_their_positions():
    pre, post = chiral_volume(acquisition("axial")), chiral_volume(acquisition("sagittal", oblique=True))

    bridge = bridge_between(pre, post, None)

    assert bridge.how == "one frame"
    np.testing.assert_array_equal(bridge.to_post(MIDDLE_MM), MIDDLE_MM)


def test_without_knowledge_the_middles_are_laid_on_one_another():
    pre = chiral_volume(acquisition("axial"))
    geometry, _ = moved(pre.geometry)

    bridge = bridge_between(pre, Volume(pre.voxels, geometry), None)

    assert bridge.how == "middle"
    middle = (np.array(geometry.shape) - 1) / 2
    np.testing.assert_allclose(bridge.to_post(MIDDLE_MM), geometry.to_patient(middle))


@pytest.mark.parametrize("turn_deg", [0.0, 6.0, 14.9, 15.1, 40.0])
def test_the_angle_between_planes_is_the_one_that_they_were_turned_by(turn_deg):
    turn = Rotation.from_euler("y", turn_deg, degrees=True).as_matrix()
    one = acquisition("axial")
    affine = np.eye(4)
    affine[:3, :3] = turn @ one.affine[:3, :3]
    affine[:3, 3] = one.affine[:3, 3]
    pre = chiral_volume(one)
    post = Volume(pre.voxels, Geometry(one.shape, affine, one.frame_uid))
    views = view_of(pre, Plane.AXIAL, MIDDLE_MM), view_of(post, Plane.AXIAL, MIDDLE_MM)

    angle = plane_angle_deg(*views, bridge_between(pre, post, None))

    assert angle == pytest.approx(turn_deg, abs=1e-6)


def test_another_slice_order_is_no_angle():
    pre, post = chiral_volume(acquisition("axial")), chiral_volume(acquisition("axial", flips=(-1, -1, 1)))
    views = view_of(pre, Plane.AXIAL, MIDDLE_MM), view_of(post, Plane.AXIAL, MIDDLE_MM)

    assert plane_angle_deg(*views, bridge_between(pre, post, None)) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("plane", Plane)
def test_the_other_visit_lies_where_the_registration_says(plane):
    # The later scan shows the same patient, turned and shifted, with another grid.
    pre = chiral_volume(acquisition("axial", oblique=True))
    there = acquisition("sagittal", flips=(-1, 1, -1), half=36)
    geometry, transform = moved(there)
    post = Volume(chiral_volume(there).voxels, geometry)
    name = "A" if plane is Plane.AXIAL else "S"
    at_mm = MIDDLE_MM + BALLS[name][0]
    view = view_of(pre, plane, at_mm)

    values = seen_through(view, post, bridge_between(pre, post, transform))

    assert values.shape == (view.grid.shape[plane.down], view.grid.shape[plane.across])
    on_ball = np.argwhere(np.abs(values - BALLS[name][1]) < 2).mean(axis=0)
    left, top, _, _ = view.slice_box_px
    pixel = view.px_per_mm * view.grid.scale_mm[[plane.across, plane.down]]
    found = (left, top) + (on_ball[::-1] + 0.5) * pixel
    np.testing.assert_allclose(found, view.to_canvas(at_mm), atol=2.5 * view.px_per_mm)


def test_places_that_the_other_scan_does_not_cover_are_not_numbers():
    pre = chiral_volume(acquisition("axial"))
    small = pre.geometry.crop((0, 0, 0), (5, 20, 20))
    post = Volume(pre.voxels[:5, :20, :20], small)
    view = view_of(pre, Plane.AXIAL, pre.geometry.to_patient((2, 30, 30)))

    values = seen_through(view, post, bridge_between(pre, post, None))

    assert np.isfinite(values).sum() == 400
    np.testing.assert_allclose(values[:20, :20], pre.voxels[2, :20, :20])
