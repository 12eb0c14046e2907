"""Brushes, parts, holes, margins, smoothing and operators on turned, flipped and uneven grids."""

from itertools import product

import numpy as np
import pytest
from measure_shapes import ball, blob
from scipy import ndimage
from strategies import oblique_geometry

from gist_imaging.errors import MaskError
from gist_imaging.segment.refine import (
    add_brush,
    brush_voxels,
    difference,
    erase_brush,
    exclude_gas,
    exclude_structure,
    exclusive_or,
    fill_holes,
    fill_holes_in_slices,
    intersection,
    keep_largest,
    paint_in_range,
    remove_islands,
    smoothed,
    union,
    with_margin,
)
from gist_imaging.spatial import Mask, Quantity, Volume

STEP = np.array([5.0, 3.0, -4.0])
SPACINGS = [(1.0, 1.0, 1.0), (3.3, 0.7, 0.9)]
both_spacings = pytest.mark.parametrize("spacing_mm", SPACINGS, ids=["cubic", "thick slices"])


def mask_on(voxels, spacing_mm=(3.3, 0.7, 0.9), **grid):
    return Mask(voxels, oblique_geometry(voxels.shape, spacing_mm, **grid))


def empty(shape=(9, 31, 27), **grid):
    return mask_on(np.zeros(shape, dtype=bool), **grid)


def middle_of(mask, offset=(0.2, -0.3, 0.4)):
    return mask.geometry.to_patient(np.subtract(mask.geometry.shape, 1) / 2 + offset)


BLOB = mask_on(blob(3))
ACTIONS = {
    "add": lambda m: add_brush(m, [middle_of(m, (0, 0, 0))], 2.5),
    "erase": lambda m: erase_brush(m, [middle_of(m, (0, 0, 0))], 2.5),
    "keep largest": keep_largest,
    "remove islands": lambda m: remove_islands(m, 20.0),
    "fill holes": fill_holes,
    "fill holes in slices": fill_holes_in_slices,
    "grow": lambda m: with_margin(m, 2.0),
    "shrink": lambda m: with_margin(m, -0.8),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_knows_no_left_nor_right(action):
    voxels = blob(7, (7, 15, 13))
    want = action(mask_on(voxels)).voxels

    for flips in product((1, -1), repeat=3):
        grid = mask_on(voxels).geometry
        stored = voxels[tuple(slice(None, None, flip) for flip in flips)]
        first = grid.to_patient([0 if flip > 0 else n - 1 for flip, n in zip(flips, grid.shape, strict=True)])
        turned = Mask(stored, oblique_geometry(grid.shape, origin_mm=tuple(first), flips=flips))
        found = action(turned).voxels[tuple(slice(None, None, flip) for flip in flips)]
        np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize(
    "action", [*ACTIONS.values(), lambda m: smoothed(m, 1.0)], ids=[*ACTIONS, "smoothed"]
)
def test_an_action_leaves_its_input_and_answers_for_an_empty_mask(action):
    before = BLOB.voxels.copy()

    action(BLOB)
    found = action(empty())

    np.testing.assert_array_equal(BLOB.voxels, before)
    assert found.is_empty or action is ACTIONS["add"]
    assert found.provenance.method.startswith("refine:")


@both_spacings
def test_a_ball_brush_has_the_volume_of_a_ball(spacing_mm):
    shape = tuple(int(np.ceil(26 / s)) for s in spacing_mm)
    mask = mask_on(np.zeros(shape, dtype=bool), spacing_mm)

    painted = add_brush(mask, [middle_of(mask)], 11.0)

    volume_mm3 = painted.n_voxels * painted.geometry.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 11.0**3, rel=0.01)


@both_spacings
def test_a_drawn_ball_brush_has_the_volume_of_a_capsule(spacing_mm):
    shape = tuple(int(np.ceil(40 / s)) for s in spacing_mm)
    mask = mask_on(np.zeros(shape, dtype=bool), spacing_mm)
    middle = middle_of(mask)

    painted = add_brush(mask, [middle - STEP, middle, middle + STEP], 7.0)

    length = 2 * np.linalg.norm(STEP)
    volume_mm3 = painted.n_voxels * painted.geometry.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(np.pi * 7**2 * length + 4 / 3 * np.pi * 7**3, rel=0.01)


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_a_disc_brush_paints_a_circle_in_one_slice(slice_axis):
    mask = empty((41, 43, 45), spacing_mm=(1.2, 0.7, 0.9))

    painted = add_brush(mask, [middle_of(mask)], 8.0, slice_axis)

    at = {axis: np.unique(index) for axis, index in enumerate(np.nonzero(painted.voxels))}
    assert at[slice_axis].tolist() == [mask.geometry.shape[slice_axis] // 2]
    pixel_mm2 = np.prod(np.delete(mask.geometry.spacing_mm, slice_axis))
    assert painted.n_voxels * pixel_mm2 == pytest.approx(np.pi * 8.0**2, rel=0.02)


def test_a_tiny_brush_still_paints_the_voxel_under_it():
    mask = empty()

    assert np.argwhere(brush_voxels(mask.geometry, [middle_of(mask)], 0.0)).tolist() == [[4, 15, 13]]


def test_a_brush_over_the_edge_paints_what_lies_inside_and_beyond_it_nothing():
    mask = empty()
    corner, far = mask.geometry.to_patient([(0, 0, 0), (-50, -50, -50)])

    painted = add_brush(mask, [corner], 3.0)

    assert painted.voxels[0, 0, 0]
    assert 0 < painted.n_voxels < 60
    assert add_brush(mask, [far], 3.0).is_empty
    assert add_brush(mask, [far], 3.0, slice_axis=0).is_empty


@pytest.mark.parametrize(
    ("points", "radius"), [([], 1), ([[0, 0, np.nan]], 1), ([[0, 0, 0]], -1), ([[0, 0]], 1)]
)
def test_a_brush_that_is_none_is_refused(points, radius):
    with pytest.raises(MaskError, match="a brush"):
        brush_voxels(empty().geometry, points, radius)


def test_erasing_takes_out_what_painting_put_in():
    mask = empty()
    line = [middle_of(mask), middle_of(mask) + STEP / 2]

    assert erase_brush(add_brush(mask, line, 3.0), line, 3.0).is_empty


def test_painting_in_a_range_adds_only_values_in_it():
    mask = mask_on(blob(3))
    values = np.random.default_rng(1).uniform(-100, 100, mask.geometry.shape)
    values[3, 7, 6] = np.nan
    values[3, 7, 7] = 40.0
    volume = Volume(values, mask.geometry, Quantity.HU)
    middle = mask.geometry.to_patient([3, 7, 7])

    painted = paint_in_range(mask, volume, [middle], 3.0, at_least=20.0, at_most=40.0, quantity=Quantity.HU)

    covered = brush_voxels(mask.geometry, [middle], 3.0)
    np.testing.assert_array_equal(
        painted.voxels, mask.voxels | (covered & (values >= 20.0) & (values <= 40.0))
    )
    assert painted.voxels[3, 7, 7]


def test_a_range_in_another_quantity_or_an_empty_one_is_refused():
    volume = Volume(np.zeros(BLOB.geometry.shape), BLOB.geometry, Quantity.ARBITRARY)
    middle = [middle_of(BLOB)]

    with pytest.raises(MaskError, match="image holds ARBITRARY"):
        paint_in_range(BLOB, volume, middle, 2.0, at_least=0, at_most=1, quantity=Quantity.HU)
    with pytest.raises(MaskError, match="a range runs"):
        paint_in_range(BLOB, volume, middle, 2.0, at_least=1, at_most=0, quantity=Quantity.ARBITRARY)


def two_parts():
    voxels = np.zeros((6, 12, 12), dtype=bool)
    voxels[1:3, 1:4, 1:4] = True
    voxels[3, 4, 4] = True  # touches the first at a corner only
    voxels[4, 8:10, 8] = True
    return mask_on(voxels)


def test_the_largest_part_is_counted_with_26_neighbours():
    assert keep_largest(two_parts()).n_voxels == 19
    assert keep_largest(two_parts(), connectivity=6).n_voxels == 18


def test_of_equal_parts_all_are_kept():
    voxels = np.zeros((4, 8, 8), dtype=bool)
    voxels[1, 1, 1:3] = voxels[3, 6, 5:7] = voxels[0, 7, 0] = True

    assert keep_largest(mask_on(voxels)).n_voxels == 4


def test_an_island_of_exactly_the_volume_stays():
    mask = two_parts()
    two_voxels_mm3 = 2 * mask.geometry.voxel_volume_mm3

    assert remove_islands(mask, two_voxels_mm3).n_voxels == 21
    assert remove_islands(mask, two_voxels_mm3 * 1.001).n_voxels == 19
    assert remove_islands(mask, 0.0).n_voxels == 21
    assert remove_islands(mask, 1e6).is_empty
    with pytest.raises(MaskError, match="mm³"):
        remove_islands(mask, -1.0)
    with pytest.raises(MaskError, match="connectivity"):
        keep_largest(mask, connectivity=8)


def hollow_box():
    voxels = np.zeros((7, 9, 9), dtype=bool)
    voxels[1:6, 1:8, 1:8] = True
    voxels[3, 3:5, 3] = False  # a hole of two voxels
    voxels[1:6, 6, 6] = False  # a tunnel: a hole in each slice, none in 3D
    return mask_on(voxels)


def test_a_hole_is_filled_and_a_tunnel_only_within_slices():
    mask = hollow_box()
    voxel_mm3 = mask.geometry.voxel_volume_mm3

    assert fill_holes(mask).n_voxels == mask.n_voxels + 2
    assert fill_holes(mask, at_most_mm3=2 * voxel_mm3).n_voxels == mask.n_voxels + 2
    assert fill_holes(mask, at_most_mm3=1.9 * voxel_mm3).n_voxels == mask.n_voxels
    assert fill_holes_in_slices(mask, 0).n_voxels == 5 * 7 * 7
    assert fill_holes_in_slices(mask, 1).n_voxels == mask.n_voxels + 2


def test_a_hole_that_reaches_the_edge_of_the_image_is_open():
    voxels = np.ones((3, 5, 5), dtype=bool)
    voxels[0:2, 2, 2] = False

    assert fill_holes(mask_on(voxels)).n_voxels == voxels.sum()
    assert fill_holes(mask_on(voxels[:1])).n_voxels == 25


@both_spacings
@pytest.mark.parametrize("margin_mm", [0.4, 1.0, 2.7, 5.0])
def test_growing_contains_shrinking_is_contained_and_both_close(spacing_mm, margin_mm):
    voxels = np.pad(blob(5), ((6, 6), (9, 9), (8, 8)))
    mask = mask_on(voxels, spacing_mm)

    grown, shrunk = with_margin(mask, margin_mm), with_margin(mask, -margin_mm)

    assert (grown.voxels >= mask.voxels).all()
    assert (shrunk.voxels <= mask.voxels).all()
    assert (with_margin(grown, -margin_mm).voxels >= mask.voxels).all()


@both_spacings
@pytest.mark.parametrize("margin_mm", [-4.0, -1.0, 1.0, 2.5, 5.0])
def test_a_ball_with_a_margin_has_the_volume_of_a_larger_ball(spacing_mm, margin_mm):
    mask = ball(30.0, spacing_mm)
    pad = [int(np.ceil(6 / s)) for s in spacing_mm]
    mask = mask_on(np.pad(mask.voxels, [(n, n) for n in pad]), spacing_mm)

    found = with_margin(mask, margin_mm)

    volume_mm3 = found.n_voxels * found.geometry.voxel_volume_mm3
    moved_mm = np.cbrt(volume_mm3 / (4 / 3 * np.pi)) - 15.0
    # Up to 0.3 of the longest voxel edge less than asked, never more.
    assert 0.0 <= (margin_mm - moved_mm) * np.sign(margin_mm) <= 0.3 * max(spacing_mm)


@pytest.mark.parametrize("margin_mm", [0.7, 1.7, 3.31])
def test_a_margin_is_the_exact_distance_between_voxel_centres(margin_mm):
    mask = mask_on(np.pad(blob(2), 4))
    spacing = np.asarray(mask.geometry.spacing_mm)
    inside, everywhere = np.argwhere(mask.voxels), np.argwhere(np.ones_like(mask.voxels))
    away_mm = np.linalg.norm((everywhere[:, None] - inside[None]) * spacing, axis=2).min(axis=1)

    found = with_margin(mask, margin_mm)

    np.testing.assert_array_equal(found.voxels, (away_mm <= margin_mm + 1e-9).reshape(mask.voxels.shape))


@pytest.mark.parametrize("margin_mm", [0.8, 2.0, 3.4])
def test_shrinking_agrees_with_the_distance_transform_of_another_program(margin_mm):
    mask = mask_on(blob(6, (12, 41, 43), smooth=3.0))
    away_mm = ndimage.distance_transform_edt(np.pad(mask.voxels, 1), mask.geometry.spacing_mm)

    found = with_margin(mask, -margin_mm)

    np.testing.assert_array_equal(found.voxels, away_mm[1:-1, 1:-1, 1:-1] > margin_mm)


def test_a_margin_at_the_edge_stays_in_the_image_and_shrinks_from_it():
    full = mask_on(np.ones((5, 9, 9), dtype=bool))

    assert with_margin(full, 4.0).n_voxels == full.n_voxels
    assert with_margin(full, -1.0).n_voxels == 5 * 7 * 7
    assert with_margin(full, -3.3).n_voxels == 3 * 1 * 3
    with pytest.raises(MaskError, match="margin"):
        with_margin(full, float("nan"))


@both_spacings
@pytest.mark.parametrize("sd_mm", [0.8, 2.0, 4.0])
def test_smoothing_keeps_every_voxel_of_the_volume(spacing_mm, sd_mm):
    mask = mask_on(blob(4, (12, 40, 36), smooth=2.0), spacing_mm)

    assert smoothed(mask, sd_mm).n_voxels == mask.n_voxels


def test_smoothing_takes_off_a_spike_and_leaves_a_ball_where_it_is():
    true = ball(24.0, (1.0, 1.0, 1.0))
    spiky = true.voxels.copy()
    k, j, i = (n // 2 for n in spiky.shape)
    spiky[k, j, i:] = True

    found = smoothed(Mask(spiky, true.geometry), 1.5)

    assert not found.voxels[k, j, -1]
    both = np.count_nonzero(found.voxels & true.voxels)
    assert 2 * both / (found.n_voxels + true.n_voxels) > 0.99


def test_smoothing_a_flipped_mask_is_flipping_a_smoothed_one():
    voxels = blob(9, (9, 21, 19), smooth=1.5)

    there = smoothed(mask_on(voxels), 1.3).voxels
    back = smoothed(mask_on(voxels[::-1, :, ::-1]), 1.3).voxels[::-1, :, ::-1]

    assert np.count_nonzero(there != back) <= 2


def test_smoothing_by_nothing_changes_nothing_and_below_is_refused():
    np.testing.assert_array_equal(smoothed(BLOB, 0.0).voxels, BLOB.voxels)
    with pytest.raises(MaskError, match="standard deviation"):
        smoothed(BLOB, -1.0)


def test_the_operators_do_what_their_names_say():
    one, other = mask_on(blob(1)), mask_on(blob(2))

    np.testing.assert_array_equal(union(one, other).voxels, one.voxels | other.voxels)
    np.testing.assert_array_equal(intersection(one, other).voxels, one.voxels & other.voxels)
    np.testing.assert_array_equal(difference(one, other).voxels, one.voxels & ~other.voxels)
    np.testing.assert_array_equal(exclusive_or(one, other).voxels, one.voxels ^ other.voxels)
    levator = Mask(other.voxels, other.geometry, "levator_ani")
    kept = exclude_structure(one, levator)
    assert not (kept.voxels & levator.voxels).any()
    assert kept.provenance.parameters == {"protected": "levator_ani"}


@pytest.mark.parametrize("operator", [union, intersection, difference, exclusive_or, exclude_structure])
def test_operators_refuse_masks_of_another_grid(operator):
    with pytest.raises(MaskError, match="shifted"):
        operator(BLOB, mask_on(blob(3), origin_mm=(0.0, 0.0, 0.0)))


def test_gas_goes_and_a_voxel_of_exactly_the_threshold_stays():
    values = np.full(BLOB.geometry.shape, 30.0)
    first, second, third = np.argwhere(BLOB.voxels)[:3]
    values[tuple(first)], values[tuple(second)], values[tuple(third)] = -200.1, -200.0, np.nan

    found = exclude_gas(BLOB, Volume(values, BLOB.geometry, Quantity.HU), below_hu=-200.0)

    assert np.argwhere(BLOB.voxels & ~found.voxels).tolist() == [first.tolist()]


def test_gas_is_looked_for_in_ct_only():
    volume = Volume(np.zeros(BLOB.geometry.shape), BLOB.geometry, Quantity.ARBITRARY)

    with pytest.raises(MaskError, match="Hounsfield"):
        exclude_gas(BLOB, volume, below_hu=-200.0)


def test_holes_agree_with_another_program():
    voxels = ndimage.binary_closing(blob(8, (9, 21, 19)), iterations=1)
    filled = ndimage.binary_fill_holes(np.pad(voxels, 1))[1:-1, 1:-1, 1:-1]

    np.testing.assert_array_equal(fill_holes(mask_on(voxels)).voxels, filled)
