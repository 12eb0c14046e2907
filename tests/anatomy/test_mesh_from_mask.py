import numpy as np
import pytest
from relation_shapes import LYING_ANEW, ball_mask, flat, grid_over, slab_mask

from gist_imaging.anatomy.mesh_from_mask import smooth_mesh
from gist_imaging.anatomy.mesh_topology import enclosed_volume_mm3, is_closed
from gist_imaging.errors import MaskError
from gist_imaging.spatial import Mask


@pytest.mark.parametrize("flipped", [False, True], ids=["right-handed", "left-handed"])
@pytest.mark.parametrize("radius", [10.0, 25.0])
def test_the_surface_of_a_ball_lies_a_tenth_of_a_millimetre_from_the_sphere(radius, flipped):
    mask = ball_mask(LYING_ANEW, radius, (3.0, -2.0, 5.0), seed=3, flipped=flipped)

    mesh = smooth_mesh(mask)

    off = np.linalg.norm(mesh.vertices_mm - LYING_ANEW.to_patient((3.0, -2.0, 5.0)), axis=1) - radius
    assert is_closed(mesh)
    assert abs(off.mean()) < 0.06
    assert np.sqrt(np.mean(off**2)) < 0.12
    assert enclosed_volume_mm3(mesh) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)


@pytest.mark.parametrize("turn", [(0.35, -0.3, 0.5), (0.9, 0.2, -0.4)], ids=["a little", "much"])
def test_both_faces_of_a_thin_sheet_lie_a_tenth_of_a_millimetre_from_their_planes(turn):
    mesh = smooth_mesh(slab_mask(LYING_ANEW, (-32, 32), (-32, 32), flat, seed=5, turn=turn))

    body = LYING_ANEW.to_body(mesh.vertices_mm)
    middle = (np.abs(body[:, :2]) < 18).all(axis=1)
    upper, lower = body[middle & (body[:, 2] > -2), 2], body[middle & (body[:, 2] < -2), 2] + 4
    for off in (upper, lower):
        assert abs(off.mean()) < 0.08
        assert np.abs(off).max() < 0.3


def test_an_empty_mask_has_no_surface():
    grid = grid_over((0, 0, 0), (10, 10, 10), seed=0)

    with pytest.raises(MaskError, match="empty"):
        smooth_mesh(Mask(np.zeros(grid.shape, dtype=bool), grid))


def test_a_structure_at_the_edge_of_the_image_still_has_a_closed_surface():
    grid = grid_over((0, 0, 0), (12, 12, 12), seed=1)

    assert is_closed(smooth_mesh(Mask(np.ones(grid.shape, dtype=bool), grid)))
