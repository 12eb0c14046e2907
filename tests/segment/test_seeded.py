import numpy as np
import pytest
from scipy import ndimage
from seeded_cases import (
    SHAPE,
    SPACING,
    correction,
    dice,
    first_strokes,
    grid,
    image,
    line,
    log_of,
    ring,
    tumour,
    volume,
)

from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import SeededEngine, segment_seeded
from gist_imaging.spatial import Geometry, Volume


def test_four_strokes_find_most_of_a_lopsided_tumour():
    result = segment_seeded(volume(), log_of(grid()))

    assert dice(result.mask.voxels, tumour()) > 0.88
    assert result.mask.provenance.method == "seeded"


def test_the_first_result_needs_no_contrast():
    flat = volume(voxels=np.zeros(SHAPE, dtype=np.int16))

    result = segment_seeded(flat, log_of(grid()))

    assert result.image_weight == 0
    assert dice(result.mask.voxels, tumour()) > 0.8


def test_the_mask_does_not_depend_on_how_the_calls_were_split():
    geometry = grid()
    more = [correction(geometry, 1), correction(geometry, 1, False, (12, 14, 25)), correction(geometry, 2)]
    engine = SeededEngine(volume())

    for n in range(1, 4 + len(more) + 1):
        log = PromptLog((*first_strokes(geometry), *more)[:n])
        stepwise = engine.update(log).mask
    at_once = segment_seeded(volume(), log).mask

    assert stepwise.sha256() == at_once.sha256()


def test_taking_a_stroke_back_gives_the_mask_from_before():
    engine = SeededEngine(volume())
    before = engine.update(log_of(grid())).mask

    changed = engine.update(log_of(grid(), correction(grid()))).mask
    back = engine.update(log_of(grid())).mask

    assert changed.sha256() != before.sha256()
    assert back.sha256() == before.sha256()


def test_a_tumour_stroke_only_adds_and_its_line_is_tumour():
    prompt = correction(grid(), 1, True, (9, 44, 25))
    before = segment_seeded(volume(), log_of(grid())).mask.voxels
    after = segment_seeded(volume(), log_of(grid(), prompt)).mask.voxels

    k, j, i = np.rint(grid().to_index(prompt.points_mm)).astype(int).T
    assert after[k, j, i].all()
    assert not (before & ~after).any()


def test_of_two_strokes_on_the_same_place_the_later_one_holds():
    yes, no = correction(grid(), 1, True, (9, 44, 25)), correction(grid(), 2, False, (9, 44, 25))

    after = segment_seeded(volume(), log_of(grid(), yes, no)).mask.voxels

    assert not after[9, 44, 25]


def test_nothing_changes_further_than_40_mm_from_a_correction():
    geometry = Geometry.from_spacing((24, 60, 140), (3.3, 1.0, 1.0), (-60.0, 10.0, 5.0), np.eye(3)[::-1])
    k, j, i = np.indices(geometry.shape)
    truth = ((k - 12) * 3.3 / 25) ** 2 + ((j - 30) / 14) ** 2 + ((i - 70) / 55) ** 2 < 1
    scan = Volume(
        (truth * 50 + np.random.default_rng(1).normal(0, 20, truth.shape)).astype(np.int16), geometry
    )
    edge = np.argwhere(
        ndimage.binary_dilation(truth[12], iterations=6) ^ ndimage.binary_dilation(truth[12], iterations=5)
    )
    edge = edge[np.argsort(np.arctan2(*(edge - (30, 70)).T))]
    ends = [[[level, 30, n] for n in range(60, 80)] for level in (3, 21)]
    drawn = [([[12, 30, n] for n in range(30, 110)], True), (np.c_[np.full(len(edge), 12), edge], False)]
    drawn += [(points, False) for points in ends]
    log = PromptLog(tuple(Prompt("scribble", geometry.to_patient(p), include) for p, include in drawn))
    stroke = Prompt("scribble", geometry.to_patient([[12, 30, n] for n in range(116, 126)]), False, 1)
    other = Prompt("scribble", geometry.to_patient([[8, 30, n] for n in range(8, 14)]), True, 1)
    before = segment_seeded(scan, log).mask.voxels

    for correction_ in (stroke, other):
        after = segment_seeded(scan, log.adding([correction_])).mask.voxels

        moved_mm = geometry.to_patient(np.argwhere(before ^ after))
        away = np.linalg.norm(moved_mm[:, None] - correction_.points_mm[None], axis=2).min(axis=1)
        assert len(away)
        assert away.max() <= 40


def test_turning_the_patient_does_not_change_the_mask():
    straight = Geometry.from_spacing(SHAPE, SPACING, (0.0, 0.0, 0.0), np.eye(3)[::-1])
    expected = segment_seeded(volume(straight), log_of(straight, correction(straight))).mask.voxels

    for changes in ({}, {"angles_deg": (80.0, 33.0, -120.0)}, {"flips": (-1, 1, -1)}):
        turned = grid(**changes)
        found = segment_seeded(volume(turned), log_of(turned, correction(turned))).mask.voxels
        np.testing.assert_array_equal(found, expected)


def test_storing_the_slices_in_another_order_does_not_change_the_mask():
    geometry = grid()
    affine = geometry.affine.copy()
    for axis, n in ((0, SHAPE[0]), (2, SHAPE[2])):
        affine[:3, 3] += affine[:3, axis] * (n - 1)
        affine[:3, axis] *= -1
    flipped = Geometry(SHAPE, affine, geometry.frame_uid)
    log = log_of(geometry, correction(geometry))

    expected = segment_seeded(volume(geometry), log).mask.voxels
    found = segment_seeded(volume(flipped, image()[::-1, :, ::-1]), log).mask.voxels[::-1, :, ::-1]

    assert dice(found, expected) > 0.99


@pytest.mark.parametrize(
    ("kind", "points", "include", "at_least"),
    [
        ("scribble", line(9), True, 0.3),
        ("point", [[9, 27, 25]], True, 0.3),
        ("box", [[4, 15, 16], [14, 42, 36]], True, 0.8),
        ("loop", ring(), False, 0.7),
        ("loop", ring(), True, 0.7),
        ("outline", ring(outside_mm=0.0), True, 0.7),
    ],
)
def test_one_prompt_alone_gives_a_first_guess(kind, points, include, at_least):
    prompt = Prompt(kind, grid().to_patient(points), include)

    result = segment_seeded(volume(), PromptLog((prompt,)))

    assert dice(result.mask.voxels, tumour()) > at_least


def test_an_outline_in_a_later_round_is_the_mask_on_its_slice():
    geometry = grid()
    points = ring(level=7, outside_mm=3.0)
    log = log_of(geometry, Prompt("outline", geometry.to_patient(points), True, 1))

    before = segment_seeded(volume(), log_of(geometry)).mask.voxels
    after = segment_seeded(volume(), log).mask.voxels

    assert after[7].sum() > before[7].sum()
    assert after[8].sum() >= before[8].sum()
    assert np.abs(np.argwhere(after[7]).mean(axis=0) - points[:, 1:].mean(axis=0)).max() < 1.5


def test_a_box_in_a_later_round_clears_what_is_outside_it():
    geometry = grid()
    box = Prompt("box", geometry.to_patient([[0, 15, 0], [17, 30, 49]]), True, 1)

    after = segment_seeded(volume(), log_of(geometry, box)).mask.voxels

    assert after[:, 15:31].any()
    assert not after[:, :15].any()
    assert not after[:, 31:].any()


def test_voxels_that_are_not_numbers_are_never_tumour():
    voxels = image()
    voxels[8, 20:24] = np.nan

    result = segment_seeded(volume(voxels=voxels), log_of(grid()))

    assert not result.mask.voxels[8, 20:24].any()
    assert dice(result.mask.voxels, tumour()) > 0.8


def _refused(prompts, voxels=None):
    with pytest.raises(PromptError) as refused:
        segment_seeded(volume(voxels=voxels), PromptLog(tuple(prompts)))
    assert refused.value.expected
    assert refused.value.found
    assert refused.value.advice


def test_a_stroke_outside_the_image_is_refused():
    _refused([Prompt("scribble", grid().to_patient([[9, 27, 25], [9, 27, 80]]), True)])


def test_background_alone_is_refused():
    _refused([Prompt("scribble", grid().to_patient(line(2)), False)])


def test_no_prompts_at_all_are_refused():
    _refused([])


def test_strokes_on_an_image_without_numbers_are_refused():
    _refused(first_strokes(grid()), np.full(SHAPE, np.nan))


def test_cancelling_stops_and_the_engine_still_works():
    engine = SeededEngine(volume())

    with pytest.raises(Cancelled):
        engine.update(log_of(grid()), cancelled=lambda: True)

    assert engine.update(log_of(grid()), cancelled=lambda: False).mask.n_voxels > 0


def test_progress_only_rises_and_ends_at_one():
    shares = []
    segment_seeded(volume(), log_of(grid(), correction(grid())), progress=shares.append)

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
