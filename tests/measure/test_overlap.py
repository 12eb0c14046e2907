import numpy as np
import pytest
import SimpleITK
from measure_shapes import ball, blob, storage_orders
from skimage.measure import marching_cubes
from strategies import oblique_geometry

from gist_imaging.errors import MaskError, MeasurementError
from gist_imaging.measure.overlap import dice, mask_overlap
from gist_imaging.spatial import Mask


def on_oblique(voxels, spacing_mm=(3.3, 0.7, 0.9)):
    return Mask(voxels, oblique_geometry(voxels.shape, spacing_mm))


def box(shape, low, high):
    voxels = np.zeros(shape, dtype=bool)
    voxels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return on_oblique(voxels)


def as_sitk(mask):
    image = SimpleITK.GetImageFromArray(mask.voxels.astype(np.uint8))
    k, j, i = mask.geometry.spacing_mm
    image.SetSpacing((i, j, k))
    return image


PAIRS = [(blob(seed), blob(seed + 100)) for seed in range(4)]
EMPTY = on_oblique(np.zeros((7, 15, 13), dtype=bool))
FULL = on_oblique(blob(1))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_dice_and_volume_error_agree_with_simpleitk(one, other):
    mask, reference = on_oblique(one), on_oblique(other)
    judge = SimpleITK.LabelOverlapMeasuresImageFilter()
    judge.Execute(as_sitk(reference), as_sitk(mask))

    found = mask_overlap(mask, reference)

    assert found.dice == pytest.approx(judge.GetDiceCoefficient(), abs=1e-12)
    assert found.volume_error_pct == pytest.approx(100 * (one.sum() - other.sum()) / other.sum())
    assert found.volume_error_mm3 == pytest.approx((int(one.sum()) - int(other.sum())) * 3.3 * 0.7 * 0.9)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_hausdorff_distance_is_within_a_voxel_of_that_between_voxel_centres(one, other):
    judge = SimpleITK.HausdorffDistanceImageFilter()
    judge.Execute(as_sitk(on_oblique(one)), as_sitk(on_oblique(other)))

    found = mask_overlap(on_oblique(one), on_oblique(other))

    voxel_mm = np.linalg.norm((3.3, 0.7, 0.9))
    assert found.hausdorff_mm == pytest.approx(judge.GetHausdorffDistance(), abs=voxel_mm)


@pytest.mark.parametrize("step", [(1, 0, 0), (0, 4, 0), (0, 0, 5), (2, 3, 1)], ids=str)
def test_a_shifted_box_is_as_far_away_as_simpleitk_says(step):
    mask = box((12, 30, 30), (3, 4, 5), (6, 20, 18))
    moved = Mask(np.roll(mask.voxels, step, axis=(0, 1, 2)), mask.geometry)
    judge = SimpleITK.HausdorffDistanceImageFilter()
    judge.Execute(as_sitk(mask), as_sitk(moved))

    found = mask_overlap(moved, mask)

    # A corner of the mesh is cut off, so along a diagonal it is a little nearer than the voxel centre.
    assert found.hausdorff_mm == pytest.approx(judge.GetHausdorffDistance(), abs=0.35)
    assert found.hausdorff_mm <= judge.GetHausdorffDistance() + 1e-6


def surface_by_hand(mask):
    """Places and areas of the surface in each cell, from the triangles of another program."""
    vertices, faces, _, _ = marching_cubes(np.pad(mask.voxels, 1).astype(float), 0.5)
    cells, which = np.unique(np.floor(vertices[faces].mean(axis=1)), axis=0, return_inverse=True)
    triangles = mask.geometry.to_patient(vertices - 1)[faces]
    sides = triangles[:, 1:] - triangles[:, :1]
    areas = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    sums = [np.bincount(which.ravel(), areas * triangles.mean(axis=1)[:, axis]) for axis in range(3)]
    total = np.bincount(which.ravel(), areas)
    assert len(total) == len(cells)
    return np.stack(sums, axis=1) / total[:, None], total


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_surface_numbers_agree_with_brute_force(one, other):
    (a, area_a), (b, area_b) = surface_by_hand(on_oblique(one)), surface_by_hand(on_oblique(other))
    apart = np.linalg.norm(a[:, None] - b[None], axis=2)
    there, back = apart.min(axis=1), apart.min(axis=0)

    def p95(distances, areas):
        return min(d for d in distances if areas[distances <= d].sum() >= 0.95 * areas.sum() - 1e-9)

    found = mask_overlap(on_oblique(one), on_oblique(other), tolerance_mm=1.5)

    total = area_a.sum() + area_b.sum()
    within = area_a[there <= 1.5].sum() + area_b[back <= 1.5].sum()
    # A few ambiguous cells are closed with other triangles there.
    assert found.surface_dice == pytest.approx(within / total, abs=0.005)
    mean_mm = (there @ area_a + back @ area_b) / total
    assert found.mean_surface_distance_mm == pytest.approx(mean_mm, rel=0.01)
    assert found.hausdorff_mm == pytest.approx(max(there.max(), back.max()), rel=0.01)
    assert found.hd95_mm == pytest.approx(max(p95(there, area_a), p95(back, area_b)), rel=0.02)


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (3.3, 0.7, 0.9)], ids=["cubic", "thick slices"])
def test_two_balls_about_one_centre_are_as_far_apart_as_their_radii(spacing_mm):
    large = ball(44.0, spacing_mm)
    k, j, i = (np.arange(n) - n // 2 for n in large.geometry.shape)
    offset = np.multiply((0.21, -0.37, 0.44), spacing_mm)
    grid = np.meshgrid(
        *(n * s - o for n, s, o in zip((k, j, i), spacing_mm, offset, strict=True)), indexing="ij"
    )
    small = Mask(sum(axis**2 for axis in grid) <= 20.0**2, large.geometry)

    found = mask_overlap(small, large, tolerance_mm=2.0)

    assert found.mean_surface_distance_mm == pytest.approx(2.0, abs=0.25)
    assert found.hd95_mm == pytest.approx(2.0, abs=max(spacing_mm) / 2 + 0.3)
    assert found.volume_error_pct == pytest.approx(100 * ((20 / 22) ** 3 - 1), abs=1.0)
    assert found.dice == pytest.approx(2 / (1 + (22 / 20) ** 3), abs=0.005)


def test_a_rim_of_one_millimetre_shows_in_the_volume_and_hardly_in_dice():
    true = ball(47.0, (1.0, 1.0, 1.0))
    grown = ball(49.0, (1.0, 1.0, 1.0))
    reference = np.zeros(grown.geometry.shape, dtype=bool)
    reference[1:-1, 1:-1, 1:-1] = true.voxels

    found = mask_overlap(grown, Mask(reference, grown.geometry))

    assert found.dice > 0.93
    assert found.volume_error_pct == pytest.approx(13.3, abs=0.5)


def test_a_mask_agrees_with_itself():
    found = mask_overlap(FULL, FULL, tolerance_mm=0.0)

    assert (found.dice, found.surface_dice, found.volume_error_pct) == (1.0, 1.0, 0.0)
    assert (found.hausdorff_mm, found.hd95_mm, found.mean_surface_distance_mm) == (0.0, 0.0, 0.0)


def test_exchanging_the_masks_changes_only_the_sign_of_the_volume():
    one, other = (on_oblique(voxels) for voxels in PAIRS[0])

    there, back = mask_overlap(one, other), mask_overlap(other, one)

    assert there.volume_error_mm3 == -back.volume_error_mm3
    for name in ("dice", "hausdorff_mm", "hd95_mm", "mean_surface_distance_mm", "surface_dice"):
        assert getattr(there, name) == pytest.approx(getattr(back, name))


def test_no_storage_order_changes_a_number():
    one, other = PAIRS[1]
    grid = oblique_geometry(one.shape)
    want = mask_overlap(Mask(one, grid), Mask(other, grid)).to_json()

    for (a, turned), (b, _) in zip(storage_orders(one, grid), storage_orders(other, grid), strict=True):
        found = mask_overlap(Mask(a.copy(), turned), Mask(b.copy(), turned)).to_json()
        # A few ambiguous cells have no symmetric triangles; this shape is rough and full of them.
        assert found == pytest.approx(want, rel=5e-3)


def test_a_small_lesion_in_a_large_image_measures_as_in_a_small_one():
    one, other = PAIRS[2]
    large = [np.zeros((40, 200, 200), dtype=bool) for _ in PAIRS[2]]
    for voxels, part in zip(large, (one, other), strict=True):
        voxels[20:27, 90:105, 130:143] = part

    found = mask_overlap(*(on_oblique(voxels) for voxels in large))

    assert found.to_json() == pytest.approx(mask_overlap(on_oblique(one), on_oblique(other)).to_json())


def test_two_empty_masks_agree_and_have_no_distance():
    found = mask_overlap(EMPTY, EMPTY)

    assert (found.dice, found.surface_dice, found.volume_error_mm3) == (1.0, 1.0, 0.0)
    assert found.volume_error_pct is None
    assert (found.hausdorff_mm, found.hd95_mm, found.mean_surface_distance_mm) == (None, None, None)


def test_a_missed_lesion_and_an_invented_one_do_not_agree_at_all():
    missed, invented = mask_overlap(EMPTY, FULL), mask_overlap(FULL, EMPTY)

    assert (missed.dice, missed.surface_dice, missed.volume_error_pct) == (0.0, 0.0, -100.0)
    assert (invented.dice, invented.surface_dice, invented.volume_error_pct) == (0.0, 0.0, None)
    assert missed.hd95_mm is invented.hd95_mm is None
    assert invented.volume_error_mm3 == -missed.volume_error_mm3 > 0


def test_masks_of_two_grids_are_refused_in_words():
    flipped = Mask(FULL.voxels, oblique_geometry((7, 15, 13), flips=(1, -1, 1)))

    with pytest.raises(MaskError, match="flipped"):
        mask_overlap(FULL, flipped)
    with pytest.raises(MaskError, match="shape"):
        dice(FULL, on_oblique(np.zeros((7, 15, 14), dtype=bool)))


@pytest.mark.parametrize("tolerance_mm", [-0.1, float("nan"), float("inf")])
def test_a_tolerance_that_is_none_is_refused(tolerance_mm):
    with pytest.raises(MeasurementError, match="0 mm or more"):
        mask_overlap(FULL, FULL, tolerance_mm)
