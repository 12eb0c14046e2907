"""A stack with a hole or with uneven gaps, measured all the same, keeps its anatomy at its true place."""

import numpy as np
import pytest
from dicom_images import SHAPE, ct_image, save
from slices import ORIGIN_MM, axes

from gist_imaging import load_series, scan_folder
from gist_imaging.errors import SeriesError
from gist_imaging.io.even_slices import on_even_grid
from gist_imaging.problems import Code
from gist_imaging.spatial import Mask
from gist_imaging.study.series import SeriesKind

COUNT = 21
WHY = "the reader has checked the slices"


def picture(along_mm):
    """A tumour of 76 HU, brighter to one end, in fat of -90 HU, cut at a place along the normal."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = np.sqrt(
        (0.7 * (rows - 17)) ** 2 + (0.9 * (columns - 20) / 1.2) ** 2 + (0.6 * (along_mm - 34.0)) ** 2
    )
    inside = 1 / (1 + np.exp(2.0 * (away - 10.0)))
    return -90 + inside * (166 + 1.5 * (along_mm - 34.0))


def stack(folder, places_mm):
    """A CT with slices at these places along its normal."""
    folder.mkdir()
    normal = axes()[2]
    for number, place in enumerate(places_mm):
        position = [round(length, 9) for length in ORIGIN_MM + place * normal]
        stored = np.rint(picture(place) + 1024).astype("u2")
        save(ct_image(number, stored, ImagePositionPatient=position), folder / f"{number}")
    return folder


def loaded(folder):
    (series,) = scan_folder(folder).series
    return series, load_series(series, override_reason=WHY)


@pytest.mark.parametrize("missing", [[10], [7], [4, 9, 13]], ids=["the middle", "an edge", "three"])
def test_a_mask_meets_its_tumour_on_a_scan_that_lacks_slices(tmp_path, missing):
    places = np.arange(COUNT) * 3.3
    _, whole = loaded(stack(tmp_path / "whole", places))
    mask = Mask(whole.voxels > 0, whole.geometry)
    series, holed = loaded(stack(tmp_path / "holed", np.delete(places, missing)))

    assert series.kind is SeriesKind.REFUSED
    assert series.shape[0] == COUNT - len(missing)
    assert holed.geometry.matches(mask.geometry)
    assert abs(holed.voxels[mask.voxels].mean() - whole.voxels[mask.voxels].mean()) < 3.0
    assert abs((holed.voxels > 0).sum() / mask.voxels.sum() - 1) < 0.03
    there = np.delete(np.arange(COUNT), missing)
    np.testing.assert_array_equal(holed.voxels[there], whole.voxels[there])
    assert holed.voxels.dtype == whole.voxels.dtype


def test_the_override_says_how_many_slices_were_interpolated(tmp_path):
    folder = stack(tmp_path / "ct", np.delete(np.arange(COUNT) * 3.3, [4, 9]))
    (series,) = scan_folder(folder).series
    with pytest.raises(SeriesError, match="MISSING_SLICES"):
        load_series(series)
    volume = load_series(series, override_reason=WHY)

    assert [(o.code, o.reason) for o in volume.overrides] == [
        (Code.MISSING_SLICES, f"{WHY} [2 of 21 slices are interpolated along the normal]")
    ]


def test_uneven_slices_are_interpolated_at_their_true_places(tmp_path):
    places = np.concatenate([np.arange(12) * 3.0, 33.0 + 4.2 * np.arange(1, 9)])
    series, volume = loaded(stack(tmp_path / "ct", places))

    assert Code.NONUNIFORM_SPACING in {problem.code for problem in series.problems}
    gap_mm = volume.geometry.spacing_mm[0]
    assert gap_mm * (volume.geometry.shape[0] - 1) == pytest.approx(places[-1])
    np.testing.assert_allclose(volume.geometry.origin_mm, series.frames[0].position_mm)
    truth = np.stack([picture(k * gap_mm) for k in range(volume.geometry.shape[0])])
    inside = truth > 0
    assert abs(volume.voxels[inside].mean() - truth[inside].mean()) < 3.0
    assert abs((volume.voxels > 0).sum() / inside.sum() - 1) < 0.03


def test_a_ramp_along_the_normal_is_given_back_exactly():
    places = np.array([0.0, 1.0, 1.7, 4.0, 5.3, 6.0])
    ramp = (10.0 * places - 7.0)[:, None, None] * np.ones((1, 2, 3))
    even, interpolated = on_even_grid(ramp, places, 7, within=0.02)

    np.testing.assert_allclose(even[:, 1, 2], 10.0 * np.arange(7) - 7.0)
    assert interpolated == 3


def test_whole_numbers_are_rounded_and_keep_their_type():
    places = np.array([0.0, 3.0])
    even, _ = on_even_grid(np.array([[[-1024]], [[0]]], np.int16), places, 4, within=0.02)

    assert even.dtype == np.int16
    assert even.ravel().tolist() == [-1024, -683, -341, 0]


def test_a_hole_longer_than_the_stack_can_stand_is_not_filled(tmp_path):
    places = [*np.arange(3) * 3.0, *(300.0 + np.arange(3) * 3.0)]
    (series,) = scan_folder(stack(tmp_path / "ct", places)).series

    assert series.geometry is None
    with pytest.raises(SeriesError, match="slices without long holes are needed"):
        load_series(series, override_reason=WHY)
