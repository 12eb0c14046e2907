from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import geometries, oblique_geometry

from gist_imaging.errors import GeometryError, MaskError
from gist_imaging.spatial import Geometry, Mask, Volume
from gist_imaging.spatial.difference import how_grids_differ
from gist_imaging.spatial.resample import reorient_mask, resample_mask, resample_volume


def reordered(geometry: Geometry, order: tuple[int, int, int], signs: tuple[int, int, int]) -> Geometry:
    """The same voxel centres with swapped and flipped axes."""
    affine = geometry.affine[:, [*order, 3]].copy()
    shape = tuple(geometry.shape[axis] for axis in order)
    for axis, sign in enumerate(signs):
        if sign < 0:
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1
    return replace(geometry, shape=shape, affine=affine)


def lopsided(geometry: Geometry) -> Mask:
    voxels = np.random.default_rng(7).random(geometry.shape) < 0.3
    return Mask(voxels, geometry)


def ball(geometry: Geometry, radius_mm: float) -> Mask:
    centre = geometry.to_patient((np.asarray(geometry.shape) - 1) / 2)
    indices = np.moveaxis(np.indices(geometry.shape), 0, -1)
    return Mask(np.linalg.norm(geometry.to_patient(indices) - centre, axis=-1) <= radius_mm, geometry)


@pytest.mark.parametrize("order", list(permutations((0, 1, 2))))
def test_a_mask_stored_in_another_order_lies_on_the_same_voxels(order):
    grid = oblique_geometry(shape=(4, 5, 6))
    for signs in product((-1, 1), repeat=3):
        stored = reordered(grid, order, signs)
        mask = lopsided(stored)
        found = reorient_mask(mask, grid)

        assert found is not None
        where = grid.to_patient(np.argwhere(found.voxels))
        expected = stored.to_patient(np.argwhere(mask.voxels))
        np.testing.assert_allclose(where[np.lexsort(where.T)], expected[np.lexsort(expected.T)], atol=1e-9)


@pytest.mark.parametrize(
    "other",
    [
        oblique_geometry(shape=(4, 5, 6), origin_mm=(-62.9, 41.5, -318.2)),
        oblique_geometry(shape=(4, 5, 6), flips=(1, 1, -1)),
        oblique_geometry(shape=(4, 5, 6), frame_uid="1.2.9"),
        oblique_geometry(shape=(4, 5, 6), angles_deg=(17.0, -9.0, 30.0)),
        oblique_geometry(shape=(4, 5, 7)),
    ],
    ids=["shifted", "mirrored", "other frame", "turned", "other shape"],
)
def test_a_mask_elsewhere_is_not_reoriented(other):
    assert reorient_mask(lopsided(oblique_geometry(shape=(4, 5, 6))), other) is None


@given(geometries())
def test_resampling_onto_its_own_grid_changes_nothing(geometry):
    mask = lopsided(geometry)

    np.testing.assert_array_equal(resample_mask(mask, geometry).voxels, mask.voxels)


@given(geometries(), st.sampled_from(list(permutations((0, 1, 2)))))
def test_resampling_is_exact_where_voxel_centres_coincide(geometry, order):
    mask = lopsided(reordered(geometry, order, (1, -1, -1)))
    placed = reorient_mask(mask, geometry)

    assert placed is not None
    np.testing.assert_array_equal(resample_mask(mask, geometry).voxels, placed.voxels)


@pytest.mark.parametrize("half", [(0.5, 0, 0), (0, 0.5, 0), (0, 0, -0.5)])
def test_a_shift_by_half_a_voxel_keeps_the_size(half):
    grid = oblique_geometry(shape=(12, 20, 20))
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[3:8, 5:12, 4:13] = True
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_patient(half)

    shifted = resample_mask(Mask(voxels, grid), replace(grid, affine=affine))
    assert shifted.n_voxels == voxels.sum()


def test_a_ball_keeps_its_volume_on_a_finer_turned_grid():
    coarse = oblique_geometry(shape=(15, 60, 60), spacing_mm=(3.3, 0.9, 0.9))
    fine = oblique_geometry(
        shape=(60, 60, 60),
        spacing_mm=(1.0, 1.0, 1.0),
        angles_deg=(-20.0, 5.0, 11.0),
    )
    centre = coarse.to_patient((np.asarray(coarse.shape) - 1) / 2)
    affine = fine.affine.copy()
    affine[:3, 3] += centre - fine.to_patient((np.asarray(fine.shape) - 1) / 2)
    fine = replace(fine, affine=affine)
    mask = ball(coarse, 18.0)
    resampled = resample_mask(mask, fine)

    # Truth: the formula. Slices 3.3 mm thick are read as a stack, hence the tolerance.
    assert resampled.n_voxels * fine.voxel_volume_mm3 == pytest.approx(4 / 3 * np.pi * 18.0**3, rel=0.02)


def test_a_structure_that_leaves_the_new_grid_is_refused():
    grid = oblique_geometry(shape=(6, 8, 8))
    mask = Mask(np.ones(grid.shape, dtype=bool), grid)

    with pytest.raises(MaskError, match="192 of 384 of its voxels lie outside"):
        resample_mask(mask, grid.crop((3, 0, 0), (3, 8, 8)))


def test_an_empty_mask_stays_empty_on_any_grid_of_its_frame():
    grid = oblique_geometry()
    empty = Mask(np.zeros(grid.shape, dtype=bool), grid)

    assert resample_mask(empty, oblique_geometry(shape=(2, 2, 2), origin_mm=(900.0, 0.0, 0.0))).is_empty


def test_different_frames_are_never_resampled_silently():
    grid = oblique_geometry(frame_uid="1.2.3")
    other = oblique_geometry(frame_uid="1.2.4")

    with pytest.raises(GeometryError, match="they lie in two"):
        resample_mask(lopsided(grid), other)
    with pytest.raises(GeometryError, match="they lie in two"):
        resample_volume(Volume(np.zeros(grid.shape), grid), other)


def test_linear_resampling_keeps_a_linear_field():
    grid = oblique_geometry(shape=(9, 31, 27))
    positions = grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1))
    field = positions @ (0.5, -1.25, 2.0)
    inner = oblique_geometry(shape=(4, 6, 5), spacing_mm=(1.1, 1.0, 0.8), angles_deg=(10.0, 3.0, -8.0))
    affine = inner.affine.copy()
    affine[:3, 3] += grid.to_patient((4, 15, 13)) - inner.to_patient((1.5, 2.5, 2.0))
    inner = replace(inner, affine=affine)

    resampled = resample_volume(Volume(field, grid), inner)
    expected = inner.to_patient(np.moveaxis(np.indices(inner.shape), 0, -1)) @ (0.5, -1.25, 2.0)
    np.testing.assert_allclose(resampled.voxels, expected, atol=1e-3)
    assert resampled.voxels.dtype == np.float32


def test_nearest_resampling_keeps_values_and_type():
    grid = oblique_geometry(shape=(5, 6, 7))
    volume = Volume(np.arange(210, dtype=np.int16).reshape(grid.shape), grid)
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_patient((1.2, 0.7, 1.4))

    resampled = resample_volume(volume, replace(grid, affine=affine, shape=(3, 4, 5)), method="nearest")
    np.testing.assert_array_equal(resampled.voxels, volume.voxels[1:4, 1:5, 1:6])
    assert resampled.voxels.dtype == np.int16


def test_voxels_beyond_the_image_need_a_stated_value():
    grid = oblique_geometry(shape=(5, 6, 7))
    volume = Volume(np.ones(grid.shape, dtype=np.int16), grid)
    larger = grid.crop((-2, 0, 0), (9, 6, 7))

    with pytest.raises(GeometryError, match=r"6\.60 mm beyond"):
        resample_volume(volume, larger)
    resampled = resample_volume(volume, larger, outside=-1024.0)
    assert resampled.voxels[0, 0, 0] == -1024.0
    assert resampled.voxels[4, 3, 3] == 1.0


def test_equal_grids_do_not_differ():
    assert how_grids_differ(oblique_geometry(), oblique_geometry()) is None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (oblique_geometry(frame_uid="1.2.9"), "another frame of reference"),
        (oblique_geometry(shape=(9, 31, 26)), r"\(9, 31, 27\) against \(9, 31, 26\)"),
        (
            oblique_geometry(spacing_mm=(3.3, 0.7, 0.7)),
            r"3\.3 x 0\.7 x 0\.9 mm against 3\.3 x 0\.7 x 0\.7 mm",
        ),
        (oblique_geometry(flips=(1, -1, 1)), r"flipped: its rows \(j\) run the other way"),
        (oblique_geometry(flips=(-1, 1, -1)), r"slices \(k\) and columns \(i\)"),
        (oblique_geometry(angles_deg=(17.0, -9.0, 29.0)), r"turned by up to \d"),
        (oblique_geometry(origin_mm=(-60.0, 41.5, -318.2)), r"shifted by 3\.00 mm \(-3\.00 to the left"),
    ],
    ids=["frame", "shape", "voxel size", "flipped", "flipped twice", "turned", "shifted"],
)
def test_the_difference_is_named(other, words):
    found = how_grids_differ(oblique_geometry(), other)

    assert found is not None
    assert re.search(words, found)


def test_swapped_axes_are_named():
    grid = oblique_geometry(shape=(6, 6, 6), spacing_mm=(1.0, 1.0, 1.0))

    assert "axes are swapped" in str(how_grids_differ(reordered(grid, (0, 2, 1), (1, 1, 1)), grid))
