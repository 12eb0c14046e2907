"""The box around a lesion, however its grid is stored."""

from __future__ import annotations

import numpy as np
import pytest
from measure_shapes import blob, storage_orders
from strategies import oblique_geometry

from gist_imaging.measure.region import lesion_region
from gist_imaging.spatial import Mask


def brute_force_box(voxels):
    inside = np.argwhere(voxels)
    start, stop = inside.min(axis=0), inside.max(axis=0) + 1
    return tuple(start.tolist()), tuple((stop - start).tolist())


@pytest.mark.parametrize("seed", range(3))
def test_the_bounding_box_is_right_in_every_storage_order(seed):
    voxels = blob(seed)

    for stored, grid in storage_orders(voxels, oblique_geometry(voxels.shape)):
        mask = Mask(stored, grid)

        assert mask.bounding_box == brute_force_box(stored)
        assert mask.sha256() == Mask(np.ascontiguousarray(stored), grid).sha256()


def test_an_empty_mask_has_no_box():
    grid = oblique_geometry()

    region = lesion_region(Mask(np.zeros(grid.shape, dtype=bool), grid), from_dicom=True)

    assert Mask(np.zeros(grid.shape, dtype=bool), grid).bounding_box is None
    assert (region.is_empty, region.n_voxels, region.touches_edge) == (True, 0, False)


def test_a_region_keeps_every_voxel_where_it_lay_in_the_patient():
    voxels = blob(4)
    where = oblique_geometry(voxels.shape).to_patient(np.argwhere(voxels))
    expected = where[np.lexsort(np.round(where, 6).T)]

    for stored, grid in storage_orders(voxels, oblique_geometry(voxels.shape)):
        region = lesion_region(Mask(stored, grid), from_dicom=False)

        found = region.geometry.to_patient(np.argwhere(region.voxels))
        np.testing.assert_allclose(found[np.lexsort(np.round(found, 6).T)], expected, atol=1e-9)
        np.testing.assert_array_equal(region.cropped(stored), region.voxels)
