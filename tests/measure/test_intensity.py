"""Statistics of voxel values against numpy, and the parts of a lesion they are taken from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measure_shapes import ball, blob, volume_on
from scipy import ndimage
from strategies import oblique_geometry

from gist_imaging import measure_lesion
from gist_imaging.measure.intensity import intensity_of
from gist_imaging.measure.region import lesion_region
from gist_imaging.measure.roi import HuRoi, roi_voxels
from gist_imaging.spatial import Mask, Quantity

NUMPY = {
    "mean": np.mean,
    "sd": np.std,
    "median": np.median,
    "p10": lambda values: np.percentile(values, 10),
    "p90": lambda values: np.percentile(values, 90),
    "minimum": np.min,
    "maximum": np.max,
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1024, 3071), min_size=1, max_size=60))
def test_counting_integers_gives_what_sorting_them_gives(values):
    held = np.array(values, dtype=np.int16)

    found = intensity_of(held, Quantity.HU)

    for name, by_numpy in NUMPY.items():
        assert getattr(found, name) == pytest.approx(by_numpy(held.astype(np.float64)), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint16, np.float32, np.float64])
def test_the_type_of_the_values_does_not_matter(dtype):
    held = np.array([3, 1, 4, 1, 5, 9, 2, 6], dtype=dtype)

    found = intensity_of(held, Quantity.ARBITRARY)

    for name, by_numpy in NUMPY.items():
        assert getattr(found, name) == pytest.approx(by_numpy(held.astype(np.float64)))


def test_integers_that_span_too_much_to_count_are_sorted():
    held = np.array([-(2**30), 0, 7, 2**30], dtype=np.int64)

    found = intensity_of(held, Quantity.ARBITRARY)

    assert found.median == 3.5
    assert found.sd == pytest.approx(held.astype(float).std())


def test_values_that_are_not_finite_give_no_number():
    found = intensity_of(np.array([1.0, np.nan]), Quantity.ADC)

    assert (found.mean, found.reason, found.n_voxels) == (None, "values_not_finite", 2)


def test_the_eroded_roi_leaves_out_voxels_within_a_millimetre_of_the_outside():
    mask = ball(12.0, (0.9, 0.5, 0.7))
    region = lesion_region(mask, from_dicom=True)

    kept = roi_voxels(region, HuRoi.ERODED_1MM)

    # Independently: distance from each centre to a fine sampling of every outside voxel's box.
    fine = 5
    boxes = np.kron(np.pad(region.voxels, 2), np.ones((fine, fine, fine), dtype=bool))
    distance = ndimage.distance_transform_edt(boxes, sampling=np.array((0.9, 0.5, 0.7)) / fine)
    centres = distance[fine // 2 :: fine, fine // 2 :: fine, fine // 2 :: fine][2:-2, 2:-2, 2:-2]
    half_step = np.array((0.9, 0.5, 0.7)) / fine / 2
    assert not kept[centres < 1.0].any()
    assert kept[centres > 1.0 + np.linalg.norm(half_step)].all()


def test_a_thin_lesion_has_no_eroded_roi_and_says_so():
    grid = oblique_geometry()
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[4, 10:12, 10:12] = True

    measured = measure_lesion(volume_on(grid), Mask(voxels, grid), hu_roi="eroded_1mm")

    assert (measured.mean, measured.not_measured["mean"], measured.n_voxels_roi) == (None, "empty_roi", 0)
    assert measured.volume_mm3 > 0


def test_the_largest_slice_is_all_of_those_that_are_equally_large():
    grid = oblique_geometry()
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[3, 5:9, 5:9] = voxels[4, 5:12, 5:9] = voxels[6, 5:9, 5:12] = True
    image = volume_on(grid)

    measured = measure_lesion(image, Mask(voxels, grid), hu_roi="largest_slice")

    expected = np.concatenate([image.voxels[at][voxels[at]] for at in (4, 6)]).astype(float)
    assert measured.n_voxels_roi == 56
    assert measured.mean == pytest.approx(expected.mean())
    assert measured.median == np.median(expected)


def test_intensities_of_the_whole_are_those_of_every_voxel():
    voxels = blob(1)
    grid = oblique_geometry(voxels.shape)
    image = volume_on(grid)

    measured = measure_lesion(image, Mask(voxels, grid))

    inside = image.voxels[voxels].astype(float)
    for name, by_numpy in NUMPY.items():
        assert getattr(measured, name) == pytest.approx(by_numpy(inside))
