"""The voxels of the muscle, against a distance that tries every triangle and a volume by formula."""

import numpy as np
import pytest
from strategies import oblique_geometry

from gist_imaging.anatomy.levator_distance import distance_to_sheet, levator_mask
from gist_imaging.anatomy.surface import LevatorSurface
from gist_imaging.errors import GeometryError
from gist_imaging.spatial import Geometry

FRAME = "1.2.826.0.1.3680043.8.498.1"


def wavy(side="L", rows=14, columns=11):
    """A sheet with waves, uneven cells and a thickness that grows to the back; lies in the grid below."""
    u, v = np.meshgrid(np.linspace(0, 1, rows) ** 1.4, np.linspace(0, 1, columns), indexing="ij")
    index = np.stack(
        [8.0 - 5.0 * v + 0.9 * np.sin(5 * u), 8.0 + 34.0 * u + 2.0 * v, 8.0 + 22.0 * v + 3.0 * np.sin(4 * u)],
        axis=-1,
    )
    return LevatorSurface(side, grid().to_patient(index), 2.5 + 3.0 * u, 0.7, FRAME)


def grid(**changes) -> Geometry:
    return oblique_geometry(shape=(12, 60, 44), **changes)


def by_every_triangle(surface, points):
    """Distance by sampling each triangle densely: right to the size of the sampling."""
    mesh, n = surface.middle_mesh(), 24
    a, b = (part.ravel() / n for part in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    share = np.stack([1 - a - b, a, b], axis=1)[a + b <= 1 + 1e-9]
    placed = np.einsum("sc,tcx->tsx", share, mesh.vertices_mm[mesh.triangles]).reshape(-1, 3)
    return np.array([np.linalg.norm(placed - point, axis=1).min() for point in points])


def test_the_distance_is_that_to_the_nearest_of_all_triangles():
    surface = wavy()
    rng = np.random.default_rng(4)
    near = surface.points_mm.reshape(-1, 3)[rng.integers(0, 154, 60)] + rng.normal(0, 4.0, (60, 3))

    distance, _ = distance_to_sheet(surface, near)

    tried = by_every_triangle(surface, near)
    assert (distance <= tried + 1e-9).all()
    assert np.abs(distance - tried).max() < 0.05


def test_on_a_vertex_the_distance_is_0_and_the_thickness_is_its_own():
    surface = wavy()

    distance, thickness = distance_to_sheet(surface, surface.points_mm.reshape(-1, 3))

    assert distance.max() < 1e-6
    np.testing.assert_allclose(thickness, surface.thickness_mm.ravel(), atol=1e-6)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1)])
def test_every_voxel_within_half_the_thickness_is_in_the_mask_and_no_other(flips):
    surface, geometry = wavy(), grid(flips=flips)
    if flips != (1, 1, 1):
        geometry = Geometry(geometry.shape, geometry.affine + _shift(geometry, grid()), FRAME)
    mask = levator_mask(surface, geometry)

    centres = geometry.to_patient(np.argwhere(np.ones(geometry.shape, bool)))
    distance, thickness = distance_to_sheet(surface, centres)
    np.testing.assert_array_equal(mask.voxels.ravel(), distance <= thickness / 2)
    assert mask.n_voxels > 200


def _shift(flipped, straight):
    """Move the flipped grid over the middle of the straight one."""
    middle = (np.asarray(straight.shape) - 1) / 2
    moved = np.zeros((4, 4))
    moved[:3, 3] = straight.to_patient(middle) - flipped.to_patient(middle)
    return moved


def test_a_flat_sheet_has_the_volume_of_a_plate_with_rounded_edges():
    y, x = np.meshgrid(np.linspace(-20, 20, 30), np.linspace(40, 14, 20), indexing="ij")
    surface = LevatorSurface("L", np.stack([x, y, 0.3 * x - 7], axis=-1), np.full(x.shape, 4.0))
    geometry = Geometry.from_spacing((90, 110, 100), (0.5, 0.5, 0.5), (4.9, -27.2, -13.1), np.eye(3)[::-1].T)

    mask = levator_mask(surface, geometry)

    width, length = 26.0 * np.sqrt(1.09), 40.0
    expected = width * length * 4 + np.pi * 2**2 / 2 * 2 * (width + length) + 4 / 3 * np.pi * 2**3
    assert mask.n_voxels * 0.125 == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("side", "name"), [("L", "levator_ani_left"), ("R", "levator_ani_right")])
def test_the_mask_says_which_structure_it_is_and_how_it_came_about(side, name):
    mask = levator_mask(wavy(side), grid())

    assert mask.structure == name
    assert mask.provenance.method == "levator_surface"
    assert mask.provenance.parameters["error_mm"] == 0.7


def test_a_grid_elsewhere_holds_no_voxel_and_another_frame_is_refused():
    far = oblique_geometry(origin_mm=(500.0, 500.0, 500.0))

    assert levator_mask(wavy(), far).is_empty
    with pytest.raises(GeometryError, match="name different ones"):
        levator_mask(wavy(), grid(frame_uid="1.2.3"))
