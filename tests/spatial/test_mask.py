from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import geometries, oblique_geometry

from gist_imaging.errors import MaskError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial import Mask


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    geometry = draw(geometries())
    chance = draw(st.sampled_from((0.0, 0.1, 0.5, 1.0)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Mask(random.random(geometry.shape) < chance, geometry, "levator_ani", "P001/L1")


@given(masks())
def test_a_packed_mask_unpacks_to_itself(mask):
    again = mask.packed().unpacked()

    np.testing.assert_array_equal(again.voxels, mask.voxels)
    assert again.geometry.matches(mask.geometry)
    assert (again.structure, again.lesion_id) == ("levator_ani", "P001/L1")
    assert again.sha256() == mask.sha256()


@given(masks())
def test_the_bounding_box_holds_every_voxel_and_touches_the_structure(mask):
    box = mask.bounding_box
    if box is None:
        assert mask.is_empty
        return
    inside = mask.voxels[tuple(slice(first, first + n) for first, n in zip(*box, strict=True))]

    assert np.count_nonzero(inside) == mask.n_voxels
    for axis in range(3):
        assert np.take(inside, 0, axis).any()
        assert np.take(inside, -1, axis).any()


def test_an_empty_mask_says_so_and_packs_to_nothing():
    grid = oblique_geometry()
    mask = Mask(np.zeros(grid.shape, dtype=bool), grid)

    assert mask.is_empty
    assert mask.bounding_box is None
    assert mask.packed().bits == b""
    assert mask.packed().unpacked().is_empty


def test_packing_takes_one_bit_a_voxel_of_the_box():
    grid = oblique_geometry(shape=(9, 31, 27))
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[2:5, 10:20, 3:7] = True

    assert len(Mask(voxels, grid).packed().bits) == 3 * 10 * 4 // 8


def test_labels_are_refused_where_true_and_false_belong():
    with pytest.raises(MaskError, match="true and false"):
        Mask(np.zeros((9, 31, 27), dtype=np.uint8), oblique_geometry())


def test_mask_and_grid_have_one_shape():
    with pytest.raises(MaskError, match="one shape"):
        Mask(np.zeros((9, 31, 26), dtype=bool), oblique_geometry())


def test_the_hash_tells_structures_places_and_grids_apart():
    grid = oblique_geometry(shape=(4, 5, 6))
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[1, 2, 3] = True
    mask = Mask(voxels, grid)
    moved = replace(mask, voxels=np.roll(voxels, 1, axis=2))
    elsewhere = replace(mask, geometry=oblique_geometry(shape=(4, 5, 6), origin_mm=(0.5, 0.0, 0.0)))

    assert len({mask.sha256(), moved.sha256(), elsewhere.sha256()}) == 3


def test_how_it_was_made_does_not_change_the_hash():
    grid = oblique_geometry()
    mask = Mask(np.ones(grid.shape, dtype=bool), grid)

    assert replace(mask, provenance=Provenance("manual")).sha256() == mask.sha256()


def test_voxels_cannot_be_changed_through_the_mask():
    grid = oblique_geometry()
    with pytest.raises(ValueError, match="read-only"):
        Mask(np.ones(grid.shape, dtype=bool), grid).voxels[0, 0, 0] = False
