"""The outline of a mask on a slice."""

from __future__ import annotations

import numpy as np
import pytest
from chiral_phantom import acquisition

from gist_imaging.spatial import Geometry, Mask
from gist_napari.contours import OutlineCache, outline
from gist_napari.layers import DisplayGrid
from gist_napari.planes import Plane

# A box of 5 x 4 x 3 displayed voxels, whichever way the scan was acquired.
BOX = (slice(6, 11), slice(20, 24), slice(8, 11))


def box_mask(geometry: Geometry) -> tuple[Mask, DisplayGrid]:
    grid = DisplayGrid(geometry)
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    grid.displayed(voxels)[BOX] = True
    return Mask(voxels, geometry), grid


def area(polygon: np.ndarray, plane: Plane) -> float:
    y, x = polygon[:, plane.down], polygon[:, plane.across]
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


@pytest.mark.parametrize("acquired", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("plane", Plane)
def test_the_outline_of_a_box_is_the_box_with_its_corners_cut(acquired, plane):
    mask, grid = box_mask(acquisition(acquired, flips=(-1, 1, -1), oblique=True))
    depth = BOX[plane.axis].start + 1

    (polygon,) = outline(mask, grid, plane, depth)

    n_down = BOX[plane.down].stop - BOX[plane.down].start
    n_across = BOX[plane.across].stop - BOX[plane.across].start
    pixel = grid.scale_mm[plane.down] * grid.scale_mm[plane.across]
    # The iso-0.5 line runs halfway between voxel centres and cuts each corner off at an eighth of a pixel.
    assert area(polygon, plane) == pytest.approx((n_down * n_across - 4 / 8) * pixel)
    middle = grid.translate_mm + np.array([(part.start + part.stop - 1) / 2 for part in BOX]) * grid.scale_mm
    expected = middle[[plane.down, plane.across]]
    extremes = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    np.testing.assert_allclose(extremes[[plane.down, plane.across]], expected)
    np.testing.assert_allclose(
        polygon[:, plane.axis], grid.translate_mm[plane.axis] + depth * grid.scale_mm[plane.axis]
    )


def test_there_is_no_outline_beside_the_mask_or_beyond_the_image():
    mask, grid = box_mask(acquisition("axial"))

    assert outline(mask, grid, Plane.AXIAL, 5) == []
    assert outline(mask, grid, Plane.AXIAL, -1) == []
    assert outline(mask, grid, Plane.AXIAL, 10_000) == []


def test_a_hole_has_an_outline_of_its_own():
    geometry = acquisition("sagittal", oblique=True)
    grid = DisplayGrid(geometry)
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    shown = grid.displayed(voxels)
    shown[5:9, 10:20, 10:20] = True
    shown[6, 13:16, 13:16] = False

    assert len(outline(Mask(voxels, geometry), grid, Plane.AXIAL, 6)) == 2


def test_a_mask_drawn_on_another_series_is_shown_where_it_lies():
    mask, _ = box_mask(acquisition("axial", oblique=True))
    other = DisplayGrid(acquisition("sagittal", flips=(1, -1, 1), oblique=False))
    where = mask.geometry.to_patient(np.argwhere(mask.voxels)).mean(axis=0)
    depth = round(float(((other.to_world(where) - other.translate_mm) / other.scale_mm)[2]))

    polygons = outline(mask, other, Plane.SAGITTAL, depth)

    found = other.to_patient(np.vstack(polygons)).mean(axis=0)
    assert np.linalg.norm(found - where) < 3.5


def test_a_mask_of_another_frame_of_reference_is_not_shown():
    mask, grid = box_mask(acquisition("axial"))
    elsewhere = Geometry(mask.geometry.shape, mask.geometry.affine, "1.2.3.4")

    assert outline(Mask(mask.voxels, elsewhere), grid, Plane.AXIAL, 8) == []


def test_an_outline_is_worked_out_once_and_forgotten_with_its_mask():
    mask, grid = box_mask(acquisition("coronal"))
    held = OutlineCache()
    first = held.of(mask, grid, Plane.AXIAL, 8)

    assert held.of(mask, grid, Plane.AXIAL, 8) is first
    held.keep_only([])
    assert held.of(mask, grid, Plane.AXIAL, 8) is not first
