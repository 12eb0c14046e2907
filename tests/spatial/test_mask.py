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


@given(masks(), st.data())
def test_a_mask_of_a_part_of_the_grid_is_the_same_as_one_of_the_whole_grid(mask, data):
    shape = mask.geometry.shape
    start = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    ends = tuple(data.draw(st.integers(first, n)) for first, n in zip(start, shape, strict=True))
    part = tuple(slice(*pair) for pair in zip(start, ends, strict=True))
    whole = np.zeros(shape, dtype=bool)
    whole[part] = mask.voxels[part]

    made = Mask.of_part(mask.voxels[part], start, mask.geometry, "levator_ani", "P001/L1")

    expected = Mask(whole, mask.geometry, "levator_ani", "P001/L1")
    np.testing.assert_array_equal(made.voxels, whole)
    assert (made.bounding_box, made.n_voxels) == (expected.bounding_box, int(whole.sum()))
    assert made.sha256() == expected.sha256()


@given(masks())
def test_voxels_and_slices_of_the_structure_are_those_of_the_grid(mask):
    np.testing.assert_array_equal(mask.indices, np.argwhere(mask.voxels))
    np.testing.assert_array_equal(mask.voxels[mask.slices].sum(), mask.voxels.sum())
    for axis in range(3):
        others = tuple(one for one in range(3) if one != axis)
        np.testing.assert_array_equal(mask.occupied(axis), np.flatnonzero(mask.voxels.any(axis=others)))


@given(masks())
def test_other_words_about_a_mask_leave_its_voxels_and_its_box(mask):
    box = mask.bounding_box
    told = mask.described(structure="tumour", lesion_id="P002/L3", provenance=Provenance("manual"))

    assert (told.structure, told.lesion_id, told.provenance.method) == ("tumour", "P002/L3", "manual")
    assert (told.bounding_box, told.sha256()) == (box, mask.sha256())
    assert mask.described().lesion_id == "P001/L1"


def test_other_voxels_have_a_box_of_their_own():
    grid = oblique_geometry(shape=(4, 5, 6))
    mask = Mask.of_part(np.ones((2, 2, 2), dtype=bool), (1, 1, 1), grid)
    assert mask.bounding_box == ((1, 1, 1), (2, 2, 2))

    assert replace(mask, voxels=np.zeros(grid.shape, dtype=bool)).is_empty
    assert replace(mask, voxels=np.ones(grid.shape, dtype=bool)).bounding_box == ((0, 0, 0), (4, 5, 6))


@pytest.mark.parametrize("start", [(-1, 0, 0), (3, 0, 0), (0, 4, 0), (0, 0, 5)])
def test_a_part_that_leaves_the_grid_is_refused(start):
    with pytest.raises(MaskError, match="part of a grid"):
        Mask.of_part(np.ones((2, 2, 2), dtype=bool), start, oblique_geometry(shape=(4, 5, 6)))


def test_where_a_part_begins_may_be_told_in_numpy_numbers_and_gives_the_same_hash():
    grid = oblique_geometry(shape=(4, 5, 6))
    inside = np.ones((2, 2, 2), dtype=bool)

    one = Mask.of_part(inside, tuple(np.array([1, 2, 3])), grid)

    assert one.sha256() == Mask.of_part(inside, (1, 2, 3), grid).sha256()


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
