import tracemalloc

import numpy as np
import pytest
from relation_shapes import ball, flat, sheet

from gist_imaging.anatomy.mesh_clip import area_at_most, below, line_in_plane, segments_at_most
from gist_imaging.anatomy.mesh_distance import MeshDistance
from gist_imaging.anatomy.mesh_from_sheet import shell_of_sheet
from gist_imaging.anatomy.mesh_topology import enclosed_volume_mm3, is_closed, refined, triangle_areas_mm2
from gist_imaging.anatomy.surface import LevatorSurface, TriangleMesh

LOW, HIGH = np.array([-1.0, -2.0, -3.0]), np.array([4.0, 5.0, 6.0])


def box() -> TriangleMesh:
    corners = np.array([[(LOW, HIGH)[b][a] for a, b in enumerate(bits)] for bits in np.ndindex(2, 2, 2)])
    squares = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return TriangleMesh(corners, np.array([t for a, b, c, d in squares for t in ((a, b, c), (a, c, d))]))


@pytest.mark.parametrize("edge_mm", [100.0, 2.5], ids=["12 triangles", "small triangles"])
def test_the_signed_distance_to_a_box_is_that_of_the_formula(edge_mm):
    mesh = refined(box(), edge_mm)
    points = np.random.default_rng(1).uniform(-8, 10, (800, 3))

    signed = MeshDistance(mesh).feet(points).signed_mm

    beyond = np.maximum(LOW - points, points - HIGH)
    true = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0)
    np.testing.assert_allclose(signed, true, atol=1e-9)


def test_smaller_triangles_are_the_same_surface():
    whole, fine = box(), refined(box(), 0.9)

    assert is_closed(fine)
    assert triangle_areas_mm2(fine).sum() == pytest.approx(triangle_areas_mm2(whole).sum())
    assert enclosed_volume_mm3(fine) == pytest.approx(enclosed_volume_mm3(whole))
    corners = fine.vertices_mm[fine.triangles]
    assert np.linalg.norm(np.roll(corners, 1, axis=1) - corners, axis=2).max() <= 0.9


def test_feet_beyond_the_edge_of_a_sheet_say_so():
    feet = MeshDistance(sheet((0, 10), (0, 10), flat)).feet([(5.0, 5.0, 3.0), (14.0, 5.0, 3.0)])

    assert feet.on_border.tolist() == [False, True]
    np.testing.assert_allclose(np.abs(feet.signed_mm), [3.0, 5.0])


def test_a_shell_around_a_flat_sheet_encloses_area_times_thickness():
    u, v = np.meshgrid(np.linspace(0, 30, 4), np.linspace(0, 20, 5), indexing="ij")
    surface = LevatorSurface("L", np.stack([u, v, 0.5 * u], -1), np.full(u.shape, 3.0))

    shell = shell_of_sheet(surface)

    assert is_closed(shell)
    assert abs(enclosed_volume_mm3(shell)) == pytest.approx(30 * np.sqrt(1.25) * 20 * 3)


def test_triangles_are_cut_at_the_level_and_keep_their_direction():
    mesh = sheet((0, 4), (0, 3), flat, count=5)
    corners = mesh.vertices_mm[mesh.triangles]
    values = corners[..., 0] + 2 * corners[..., 1]

    pieces = below(corners, values, 4.0)

    # x + 2 y <= 4 over [0, 4] x [0, 3] is a triangle of base 4 and height 2.
    assert area_at_most(corners, values, 4.0) == pytest.approx(4.0)
    up = np.cross(pieces[:, 1] - pieces[:, 0], pieces[:, 2] - pieces[:, 0])[:, 2]
    whole = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert (up * np.sign(whole[0]) >= -1e-12).all()


def test_a_plane_cuts_a_ball_in_a_circle_and_a_level_cuts_the_circle():
    mesh = ball(10.0, edge_mm=0.5)

    pieces, values = line_in_plane(mesh, mesh.vertices_mm[:, 2] - 6.0, mesh.vertices_mm[:, 0])

    def length(ends):
        return np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum()

    assert length(pieces) == pytest.approx(2 * np.pi * 8.0, rel=0.005)
    assert length(segments_at_most(pieces, values, 0.0)) == pytest.approx(np.pi * 8.0, rel=0.005)


def test_one_long_triangle_among_many_small_ones_takes_little_memory():
    small = sheet((0.0, 30.0), (0.0, 30.0), flat, 33)
    corners = np.array([(-400.0, 0.0, 5.0), (400.0, 0.0, 5.0), (0.0, 400.0, 5.0)])
    number = len(small.vertices_mm) + np.arange(3)
    mesh = TriangleMesh(
        np.concatenate([small.vertices_mm, corners]), np.concatenate([small.triangles, [number]])
    )
    points = np.random.default_rng(3).uniform((0, 0, -2), (30, 30, 2), (400, 3))

    tracemalloc.start()
    found = MeshDistance(mesh).feet(points)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert np.abs(found.signed_mm) == pytest.approx(np.abs(points[:, 2]))
    # All pairs at once, 0.8 million, take more than 200 MB; with larger meshes it was 8 GB.
    assert peak < 150e6
