"""Outlines on a few slices become the mask that they stand for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage
from skimage.draw import polygon2mask
from skimage.measure import find_contours
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging import read_mask, read_volume
from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.segment.between_slices import mask_between_outlines
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Geometry, Mask, Volume

SHAPE = (17, 76, 64)
FloatArray = npt.NDArray[np.float64]


def ellipse(
    geometry: Geometry,
    at: float,
    centre: tuple[float, float],
    radii_mm: tuple[float, float],
    *,
    axis: int = 0,
    include: bool = True,
) -> Prompt:
    """An ellipse on a slice; `centre` in pixels of the two other axes."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    first, second = (one for one in range(3) if one != axis)
    spacing = geometry.spacing_mm
    indices = np.empty((72, 3))
    indices[:, axis] = at
    indices[:, first] = centre[0] + radii_mm[0] * np.cos(angle) / spacing[first]
    indices[:, second] = centre[1] + radii_mm[1] * np.sin(angle) / spacing[second]
    return Prompt("outline", geometry.to_patient(indices), include)


def plain(geometry: Geometry) -> Volume:
    return Volume(np.zeros(geometry.shape, np.int16), geometry)


def lopsided(geometry: Geometry, k: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centre (pixels) and half axes (mm) of a leaning ellipsoid, 22 mm high either way, on slice k."""
    height_mm = (k - 8.2) * geometry.spacing_mm[0]
    q = np.sqrt(max(0.0, 1 - (height_mm / 22.0) ** 2))
    centre = (
        37.3 + 0.25 * height_mm / geometry.spacing_mm[1],
        30.6 - 0.2 * height_mm / geometry.spacing_mm[2],
    )
    return centre, (17.0 * q, 11.0 * q)


def lopsided_outlines(geometry: Geometry, slices: tuple[int, ...]) -> list[Prompt]:
    return [ellipse(geometry, k, *lopsided(geometry, k)) for k in slices]


def lopsided_image(geometry: Geometry, noise_sd: float = 8.0) -> Volume:
    """The same ellipsoid, brighter than its surroundings, with noise."""
    _, j, i = np.indices(geometry.shape)
    inside = np.zeros(geometry.shape, bool)
    for at in range(geometry.shape[0]):
        (cj, ci), (rj, ri) = lopsided(geometry, at)
        if rj > 0:
            dj = (j[at] - cj) * geometry.spacing_mm[1] / rj
            di = (i[at] - ci) * geometry.spacing_mm[2] / ri
            inside[at] = dj**2 + di**2 <= 1
    noise = np.random.default_rng(3).normal(0, noise_sd, geometry.shape)
    return Volume((100.0 * inside + noise).astype(np.float32), geometry)


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


def bow_tie(geometry: Geometry, k: int) -> Prompt:
    corners = np.array([[k, 20, 20], [k, 40, 40], [k, 40, 20], [k, 20, 40]], dtype=float)
    return Prompt("outline", geometry.to_patient(corners), True)


def tilted(geometry: Geometry) -> Prompt:
    corners = np.array([[3, 20, 20], [3, 20, 40], [9, 40, 40], [9, 40, 20]], dtype=float)
    return Prompt("outline", geometry.to_patient(corners), True)


GRID = oblique_geometry(SHAPE)
GOOD = lopsided_outlines(GRID, (3, 8))


@pytest.mark.parametrize(
    ("outlines", "found"),
    [
        ([], "found none"),
        (GOOD[:1], "found 1 slice"),
        ([*GOOD, bow_tie(GRID, 12)], "outline 3 does"),
        ([*GOOD, tilted(GRID)], "outline 3 runs through"),
        ([*GOOD, ellipse(GRID, 30, (30, 30), (9, 9))], "outside the image"),
        ([*GOOD, ellipse(GRID, 12, (300, 30), (9, 9))], "wholly beside"),
        ([*GOOD, ellipse(GRID, 12, (30.5, 30.5), (0.1, 0.1))], "smaller than that"),
        ([*GOOD, Prompt("outline", GOOD[0].points_mm[[0, 0, 1]], True)], "encloses none"),
        ([*GOOD, ellipse(GRID, 30, (8, 30), (9, 9), axis=1)], "different axes"),
        ([*GOOD, ellipse(GRID, 12, (30, 30), (9, 9), include=False)], "nothing is left on k = 12"),
        ([*GOOD, Prompt("point", GOOD[0].points_mm[:1], True)], "found point"),
    ],
)
def test_outlines_that_cannot_be_used_are_refused_with_advice(outlines: list[Prompt], found: str) -> None:
    with pytest.raises(PromptError) as caught:
        mask_between_outlines(plain(GRID), outlines)

    assert found in caught.value.found
    assert caught.value.expected
    assert caught.value.advice


def test_the_work_can_be_watched_and_stopped() -> None:
    volume = lopsided_image(GRID)
    seen: list[tuple[int, int]] = []

    mask_between_outlines(volume, GOOD, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(n, 4) for n in range(5)]
    for patience in (0, 3, 12):
        asked = iter([False] * patience + [True] * 100)
        with pytest.raises(Cancelled):
            mask_between_outlines(volume, GOOD, cancelled=lambda asked=asked: next(asked))


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
