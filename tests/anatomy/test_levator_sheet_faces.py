"""The faces and the area of a sheet, against formulas."""

import numpy as np
import pytest

from gist_imaging.anatomy.surface import LevatorSurface

RADIUS, LENGTH = 40.0, 60.0


def quarter_pipe(side, thickness=4.0, rows=25, columns=61):
    """A quarter of a pipe along y around the pelvis: from the side wall down to the midline."""
    angle = np.linspace(0.0, np.pi / 2.0, columns)
    y = np.linspace(-20.0, LENGTH - 20.0, rows)
    x = RADIUS * np.cos(angle) * (1.0 if side == "L" else -1.0)
    points = np.stack(
        [np.tile(x, (rows, 1)), np.tile(y[:, None], columns), np.tile(-RADIUS * np.sin(angle), (rows, 1))],
        axis=-1,
    )
    return LevatorSurface(side, points, np.full((rows, columns), thickness), frame_uid="1.2")


@pytest.mark.parametrize("side", ["L", "R"])
def test_faces_of_a_quarter_pipe_have_the_areas_of_the_formula(side):
    surface = quarter_pipe(side)

    for mesh, radius in (
        (surface.middle_mesh(), RADIUS),
        (surface.inner_mesh(), RADIUS - 2.0),
        (surface.outer_mesh(), RADIUS + 2.0),
    ):
        assert mesh.area_mm2 == pytest.approx(np.pi / 2.0 * radius * LENGTH, rel=2e-3)
        assert mesh.frame_uid == "1.2"
    assert surface.area_mm2 == surface.middle_mesh().area_mm2


@pytest.mark.parametrize("side", ["L", "R"])
def test_the_inner_face_looks_into_the_pelvis_and_the_outer_away_from_it(side):
    surface = quarter_pipe(side)

    for mesh, sign in ((surface.middle_mesh(), 1), (surface.inner_mesh(), 1), (surface.outer_mesh(), -1)):
        a, b, c = (mesh.vertices_mm[mesh.triangles[:, n]] for n in range(3))
        to_axis = -((a + b + c) / 3.0)[:, [0, 2]]
        normal = np.cross(b - a, c - a)[:, [0, 2]]
        assert (sign * np.einsum("nc,nc->n", normal, to_axis) > 0.0).all()


def test_a_row_that_shrinks_to_a_point_still_has_normals():
    points = np.array(quarter_pipe("L").points_mm)
    points[0] = points[0, 0]
    surface = LevatorSurface("L", points, np.full(points.shape[:2], 3.0))

    np.testing.assert_allclose(np.linalg.norm(surface.inward, axis=2), 1.0, atol=1e-6)
