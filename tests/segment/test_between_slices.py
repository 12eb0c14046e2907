"""Outlines on a few slices become the mask that they stand for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from outline_shapes import SHAPE, ellipse, lopsided_image, lopsided_outlines, plain
from scipy import ndimage
from skimage.draw import polygon2mask
from skimage.measure import find_contours
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging import read_mask, read_volume
from gist_imaging.segment.between_slices import mask_between_outlines
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Geometry, Mask, Volume


def dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def test_a_ball_has_the_volume_that_the_formula_says() -> None:
    geometry = oblique_geometry(SHAPE)
    radius_mm = 24.0

    def radius_at(k: int) -> float:
        return float(np.sqrt(radius_mm**2 - ((k - 8) * geometry.spacing_mm[0]) ** 2))

    drawn = [ellipse(geometry, k, (37.2, 31.6), (radius_at(k),) * 2) for k in (1, 4, 8, 12, 15)]

    mask = mask_between_outlines(plain(geometry), drawn)

    layers_mm3 = [np.pi * radius_at(k) ** 2 * geometry.spacing_mm[0] for k in range(1, 16)]
    assert mask.n_voxels * geometry.voxel_volume_mm3 == pytest.approx(sum(layers_mm3), rel=0.03)


@pytest.mark.parametrize("slices", [(2, 8, 14), (2, 5, 8, 11, 14), (2, 4, 6, 8, 10, 12, 14)])
def test_a_leaning_ellipsoid_is_found_from_few_outlines(slices: tuple[int, ...]) -> None:
    geometry = oblique_geometry(SHAPE)
    truth = lopsided_image(geometry, 0).voxels[2:15] > 50

    mask = mask_between_outlines(plain(geometry), lopsided_outlines(geometry, slices))

    assert dice(mask.voxels[2:15], truth) > (0.95 if len(slices) == 3 else 0.975)
    three = len(slices) == 3
    assert mask.n_voxels == pytest.approx(np.count_nonzero(truth), rel=0.09 if three else 0.04)


def test_the_image_corrects_what_two_outlines_cannot_know() -> None:
    geometry = oblique_geometry(SHAPE)
    volume = lopsided_image(geometry)
    truth = volume.voxels > 50
    drawn = lopsided_outlines(geometry, (3, 13))

    shape_alone = mask_between_outlines(volume, drawn, use_image=False)
    guided = mask_between_outlines(volume, drawn)

    assert dice(shape_alone.voxels[3:14], truth[3:14]) < 0.85
    assert dice(guided.voxels[3:14], truth[3:14]) > 0.88


def test_drawn_slices_are_kept_exactly_and_nothing_lies_beyond_them() -> None:
    geometry = oblique_geometry(SHAPE)
    drawn = lopsided_outlines(geometry, (3, 7, 13))

    mask = mask_between_outlines(lopsided_image(geometry, 40.0), drawn)

    for k, prompt in zip((3, 7, 13), drawn, strict=True):
        corners = geometry.to_index(prompt.points_mm)[:, 1:]
        np.testing.assert_array_equal(mask.voxels[k], polygon2mask(SHAPE[1:], corners))
    assert not mask.voxels[:3].any()
    assert not mask.voxels[14:].any()


def test_the_order_of_outlines_and_of_their_points_changes_nothing() -> None:
    geometry = oblique_geometry(SHAPE)
    volume = lopsided_image(geometry)
    drawn = lopsided_outlines(geometry, (3, 7, 13))
    back = [Prompt("outline", np.roll(one.points_mm[::-1], 9, axis=0), True) for one in drawn[::-1]]

    first = mask_between_outlines(volume, PromptLog(tuple(drawn)))

    assert first.sha256() == mask_between_outlines(volume, back).sha256()
    swapped = mask_between_outlines(volume, drawn[::-1])
    assert swapped.provenance == first.provenance


@pytest.mark.parametrize("flips", [(-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)])
def test_a_flipped_grid_gives_the_same_tumour(flips: tuple[int, int, int]) -> None:
    geometry = oblique_geometry(SHAPE)
    volume = lopsided_image(geometry)
    drawn = lopsided_outlines(geometry, (3, 8, 13))
    turned = tuple(slice(None, None, step) for step in flips)
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.to_patient(
        [n - 1 if step < 0 else 0 for n, step in zip(SHAPE, flips, strict=True)]
    )
    affine[:3, :3] *= flips
    flipped = Volume(volume.voxels[turned], Geometry(SHAPE, affine, geometry.frame_uid))

    mask = mask_between_outlines(volume, drawn)
    again = mask_between_outlines(flipped, drawn)

    assert dice(mask.voxels, again.voxels[turned]) > 0.999


@pytest.mark.parametrize("order", [(1, 0, 2), (1, 2, 0), (0, 2, 1)])
def test_a_turned_grid_gives_the_same_tumour(order: tuple[int, int, int]) -> None:
    geometry = oblique_geometry(SHAPE)
    volume = lopsided_image(geometry)
    drawn = lopsided_outlines(geometry, (3, 8, 13))
    affine = geometry.affine.copy()
    affine[:3, :3] = affine[:3, list(order)]
    shape = tuple(SHAPE[axis] for axis in order)
    turned = Volume(volume.voxels.transpose(order), Geometry(shape, affine, geometry.frame_uid))

    mask = mask_between_outlines(volume, drawn)
    again = mask_between_outlines(turned, drawn)

    assert dice(mask.voxels.transpose(order), again.voxels) > 0.999


@pytest.mark.parametrize("spacing_mm", [(1.65, 0.7, 0.9), (3.3, 1.4, 0.45), (2.0, 2.0, 2.0)])
def test_pixels_of_another_size_give_nearly_the_same_volume(spacing_mm: tuple[float, float, float]) -> None:
    geometry = oblique_geometry(SHAPE)
    scale = np.array(geometry.spacing_mm) / spacing_mm
    shape = tuple(int(np.ceil(n * s)) for n, s in zip(SHAPE, scale, strict=True))
    other = oblique_geometry(shape, spacing_mm)  # type: ignore[arg-type]
    drawn = lopsided_outlines(geometry, (4, 8, 12))
    ends = (np.array((4, 8, 12)) * scale[0]).round().astype(int)
    again = []
    for k, prompt in zip(ends, drawn, strict=True):
        indices = other.to_index(prompt.points_mm)
        indices[:, 0] = k
        again.append(Prompt("outline", other.to_patient(indices), True))

    one = mask_between_outlines(plain(geometry), drawn)
    two = mask_between_outlines(plain(other), again)

    # The first and last slice count whole, so their thickness is taken off.
    def inner_mm3(mask: Mask) -> float:
        n = np.count_nonzero(mask.voxels, axis=(1, 2))
        k = np.flatnonzero(n)
        return float((n.sum() - (n[k[0]] + n[k[-1]]) / 2) * mask.geometry.voxel_volume_mm3)

    assert inner_mm3(two) == pytest.approx(inner_mm3(one), rel=0.06)


@pytest.mark.parametrize("axis", [1, 2])
def test_outlines_may_lie_on_reformatted_slices(axis: int) -> None:
    geometry = oblique_geometry((30, 40, 36), (2.5, 0.9, 1.1))
    centre = tuple(geometry.shape[one] / 2 for one in range(3) if one != axis)
    drawn = [ellipse(geometry, at, centre, (r, r), axis=axis) for at, r in ((10, 6), (18, 14), (26, 6))]

    mask = mask_between_outlines(plain(geometry), drawn)

    areas = np.count_nonzero(mask.voxels, axis=tuple(one for one in range(3) if one != axis))
    assert np.flatnonzero(areas).tolist() == list(range(10, 27))
    assert areas[14] > areas[10]
    assert areas[14] < areas[18] * 1.02


def test_parts_and_holes_run_from_slice_to_slice() -> None:
    geometry = oblique_geometry(SHAPE)
    drawn = [
        prompt
        for k in (4, 8, 12)
        for prompt in (
            ellipse(geometry, k, (24.0, 31.0), (10.0, 10.0)),
            ellipse(geometry, k, (24.0, 31.0), (4.0, 4.0), include=False),
            ellipse(geometry, k, (58.0, 31.0), (6.0, 6.0)),
        )
    ]

    mask = mask_between_outlines(plain(geometry), drawn)

    for k in (4, 6, 8, 10, 12):
        assert ndimage.label(mask.voxels[k])[1] == 2
        assert not mask.voxels[k, 24, 31]
        assert mask.voxels[k, 58, 31]


@pytest.mark.parametrize("value", [0.0, np.nan], ids=["constant", "not a number"])
def test_an_image_that_says_nothing_leaves_the_shape_alone(value: float) -> None:
    geometry = oblique_geometry(SHAPE)
    volume = Volume(np.full(SHAPE, value, np.float32), geometry)
    drawn = lopsided_outlines(geometry, (3, 8, 13))

    mask = mask_between_outlines(volume, drawn)

    assert mask.sha256() == mask_between_outlines(volume, drawn, use_image=False).sha256()


def test_a_few_lost_voxels_change_little() -> None:
    geometry = oblique_geometry(SHAPE)
    volume = lopsided_image(geometry)
    drawn = lopsided_outlines(geometry, (3, 8, 13))
    holes = volume.voxels.copy()
    holes[np.random.default_rng(1).random(SHAPE) < 0.001] = np.nan

    mask = mask_between_outlines(Volume(holes, geometry), drawn)

    assert dice(mask.voxels, mask_between_outlines(volume, drawn).voxels) > 0.98


def test_neighbouring_slices_need_nothing_between_them() -> None:
    geometry = oblique_geometry(SHAPE)
    drawn = lopsided_outlines(geometry, (7, 8))

    mask = mask_between_outlines(lopsided_image(geometry), drawn)

    assert np.flatnonzero(mask.voxels.any(axis=(1, 2))).tolist() == [7, 8]


def test_an_outline_over_the_image_edge_is_cut_off_there() -> None:
    geometry = oblique_geometry(SHAPE)
    drawn = [ellipse(geometry, k, (0.0, 31.0), (12.0, 12.0)) for k in (4, 10)]

    mask = mask_between_outlines(plain(geometry), drawn)

    assert mask.voxels[7, 0].any()


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize(("n", "at_least"), [(3, 0.85), (5, 0.94)])
def test_a_real_sarcoma_is_found_from_a_few_outlines(n: int, at_least: float) -> None:
    case = REAL_SCANS / "tumour_labels" / "STS_019"
    volume = read_volume(case / "MR_T1_image.nii.gz")
    truth = read_mask(case / "MR_T1_mask.nii.gz", like=volume)
    slices = np.flatnonzero(truth.voxels.any(axis=(1, 2)))
    drawn = []
    for k in np.linspace(slices[0], slices[-1], n).round().astype(int):
        for line in find_contours(np.pad(truth.voxels[k], 1).astype(float), 0.5):
            indices = np.insert(line - 1, 0, k, axis=1)
            drawn.append(Prompt("outline", volume.geometry.to_patient(indices), True))

    mask = mask_between_outlines(volume, drawn)

    assert dice(mask.voxels, truth.voxels) > at_least
    assert mask.n_voxels == pytest.approx(truth.n_voxels, rel=0.08)
