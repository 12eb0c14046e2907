"""Prompts of every kind on every plane, in any split, and where they contradict the image or one another."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seeded_cases import (
    MIDDLE,
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

from gist_imaging.errors import PromptError
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import SeededEngine, segment_seeded
from gist_imaging.spatial import Geometry, Volume

# A tumour of 130 mm, so that most of it lies beyond the reach of any correction.
LONG_SHAPE, LONG_SPACING = (24, 60, 170), (3.3, 1.0, 1.0)


def long_case():
    geometry = Geometry.from_spacing(LONG_SHAPE, LONG_SPACING, (-60.0, 10.0, 5.0), np.eye(3)[::-1])
    k, j, i = np.indices(LONG_SHAPE)
    truth = ((k - 12) * 3.3 / 25) ** 2 + ((j - 30) / 14) ** 2 + ((i - 85) / 65) ** 2 < 1
    values = truth * 50 + np.random.default_rng(1).normal(0, 20, LONG_SHAPE)
    scan = Volume(values.astype(np.int16), geometry)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    around = np.c_[np.full(200, 12), 30 + 20 * np.sin(angle), 85 + 71 * np.cos(angle)]
    drawn = [([[12, 30, n] for n in range(35, 135)], True), (around, False)]
    drawn += [([[level, 30, n] for n in range(75, 95)], False) for level in (3, 21)]
    log = PromptLog(tuple(Prompt("scribble", geometry.to_patient(p), include) for p, include in drawn))
    return scan, log


def circle(level, middle, radius, axis=0):
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points = np.c_[middle[0] + radius[0] * np.sin(angle), middle[1] + radius[1] * np.cos(angle)]
    return np.insert(points, axis, level, axis=1)


LATER = {
    "a tumour stroke": ("scribble", [[8, 30, n] for n in range(3, 9)], True),
    "a background stroke": ("scribble", [[12, 30, n] for n in range(140, 150)], False),
    "an outline": ("outline", circle(9, (30, 30), (9, 10)), True),
    "an outline without tumour": ("outline", circle(12, (30, 145), (8, 6)), False),
    "a loop": ("loop", circle(10, (30, 28), (14, 14)), False),
    "a background box": ("box", [[8, 20, 20], [14, 40, 32]], False),
}


@pytest.mark.parametrize("what", LATER)
def test_nothing_changes_further_than_40_mm_from_what_a_later_round_drew(what):
    scan, log = long_case()
    kind, points, include = LATER[what]
    prompt = Prompt(kind, scan.geometry.to_patient(points), include, 1)
    before = segment_seeded(scan, log).mask.voxels

    after = segment_seeded(scan, log.adding([prompt])).mask.voxels

    moved_mm = scan.geometry.to_patient(np.argwhere(before ^ after))
    near = prompt.points_mm
    if kind == "box":
        near = np.clip(moved_mm, near.min(axis=0), near.max(axis=0))
        away = np.linalg.norm(moved_mm - near, axis=1)
    else:
        away = np.array([np.linalg.norm(near - one, axis=1).min() for one in moved_mm])
    assert len(away)
    assert away.max() <= 40


def bent():
    """A body whose middle moves by 14 mm from its lowest to its highest slice, and its strokes."""
    shape, spacing = (20, 60, 60), (3.0, 1.0, 1.0)
    geometry = Geometry.from_spacing(shape, spacing, (9.0, -4.0, 70.0), np.eye(3)[::-1])
    k, j, i = np.indices(shape)
    at = 23 + 14 * ((k - 4) / 12) ** 2
    truth = ((j - 30) / 10) ** 2 + ((i - at) / 9) ** 2 + ((k - 9) * 3 / 24) ** 4 < 1
    values = np.random.default_rng(2).normal(0, 20, shape)
    return Volume(values.astype(np.float32), geometry), truth, lambda level: 23 + 14 * ((level - 4) / 12) ** 2


def test_loops_on_several_slices_follow_a_tumour_that_bends():
    scan, truth, at = bent()

    def log(*levels):
        prompts = []
        for level in levels:
            inner = [[level, 30, at(level) + n] for n in range(-4, 5)]
            prompts.append(Prompt("scribble", scan.geometry.to_patient(inner), True))
            around = circle(level, (30, at(level)), (16, 15))
            prompts.append(Prompt("loop", scan.geometry.to_patient(around), False))
        for level in (0, 18):
            end = [[level, 30, at(level) + n] for n in range(-3, 4)]
            prompts.append(Prompt("scribble", scan.geometry.to_patient(end), False))
        return PromptLog(tuple(prompts))

    one, three = (segment_seeded(scan, log(*levels)).mask.voxels for levels in ((8,), (4, 9, 14)))

    assert dice(three, truth) > dice(one, truth)
    assert dice(three, truth) > 0.85
    assert not (three & (np.abs(np.indices(truth.shape)[2] - at(np.indices(truth.shape)[0])) > 16)).any()


def test_loops_around_two_bodies_on_one_slice_are_two_parts():
    empty = volume(voxels=np.zeros(SHAPE, np.float32))
    loops = [circle(9, middle, (9, 8)) for middle in ((14, 14), (42, 36))]
    log = PromptLog(tuple(Prompt("loop", grid().to_patient(points), False) for points in loops))

    inside = segment_seeded(empty, log).mask.voxels

    assert inside[9, 14, 14]
    assert inside[9, 42, 36]
    assert not inside[9, 28, 25]


@pytest.mark.parametrize("axis", [1, 2], ids=["coronal", "sagittal"])
def test_strokes_on_another_plane_find_the_tumour_too(axis):
    truth = tumour()
    middle = np.rint(MIDDLE).astype(int)
    plane = [n for n in range(3) if n != axis]
    mm = np.array(SPACING)
    half = np.array([16.0, 14.0, 12.0])
    around = circle(middle[axis], middle[plane], [(half[n] + 6) / mm[n] for n in plane], axis=axis)
    around = np.clip(around, 0, np.array(SHAPE) - 1)
    along = np.repeat(middle[None].astype(float), 9, axis=0)
    along[:, plane[1]] += np.arange(-4, 5)
    prompts = [Prompt("scribble", grid().to_patient(along), True)]
    prompts.append(Prompt("scribble", grid().to_patient(around), False))
    for way in (-1, 1):
        end = along.copy()
        end[:, axis] = np.rint(middle[axis] + way * (half[axis] + 5) / mm[axis])
        prompts.append(Prompt("scribble", grid().to_patient(end), False))

    found = segment_seeded(volume(), PromptLog(tuple(prompts))).mask.voxels

    assert dice(found, truth) > 0.8


@functools.cache
def whole_session():
    geometry = grid()
    steps = (
        correction(geometry, 1),
        correction(geometry, 1, False, (12, 14, 25)),
        Prompt("outline", geometry.to_patient(ring(level=7, outside_mm=1.0)), True, 2),
        correction(geometry, 3, False, (5, 30, 25)),
        Prompt("point", geometry.to_patient([[11, 20, 22]]), True, 4),
    )
    log = PromptLog((*first_strokes(geometry), *steps))
    return log, segment_seeded(volume(), log).mask.sha256()


@settings(max_examples=12)
@given(st.lists(st.integers(1, 9), max_size=6))
def test_the_same_prompts_and_rounds_give_the_same_mask_in_any_split_and_after_any_detour(visits):
    log, expected = whole_session()
    engine = SeededEngine(volume())

    for n in visits:  # also back and forth, as with undo and redo
        engine.update(PromptLog(log.prompts[:n]))

    assert engine.update(log).mask.sha256() == expected


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("kind", ["scribble", "point", "loop", "outline"])
def test_a_prompt_with_a_point_outside_the_image_is_refused_in_any_round(kind, include):
    outside = grid().to_patient([[9, 20, 20], [9, 30, 20], [9, 30, 75]])

    for number in (0, 1):
        with pytest.raises(PromptError, match="inside the image"):
            segment_seeded(volume(), log_of(grid(), Prompt(kind, outside, include, number)))


def test_a_box_that_reaches_beyond_the_image_is_cut_and_one_beside_it_is_refused():
    cut = Prompt("box", grid().to_patient([[4, 15, 16], [40, 80, 90]]), True)
    beside = Prompt("box", grid().to_patient([[4, 15, 60], [10, 20, 90]]), True)

    assert segment_seeded(volume(), PromptLog((cut,))).mask.n_voxels > 0
    with pytest.raises(PromptError, match="inside the image"):
        segment_seeded(volume(), PromptLog((beside,)))


def test_an_engine_that_refused_a_prompt_still_answers_the_others():
    engine = SeededEngine(volume())
    before = engine.update(log_of(grid())).mask

    with pytest.raises(PromptError):
        engine.update(log_of(grid(), Prompt("point", grid().to_patient([[9, 27, 99]]), True, 1)))

    assert engine.update(log_of(grid())).mask.sha256() == before.sha256()


@pytest.mark.parametrize("later", [True, False], ids=["tumour later", "background later"])
def test_of_contradicting_strokes_in_one_round_the_later_one_holds_on_its_line(later):
    geometry = grid()
    points = geometry.to_patient(line(9, 4))
    pair = [Prompt("scribble", points, not later), Prompt("scribble", points, later)]
    on = tuple(np.rint(line(9, 4)).astype(int).T)

    for number in (0, 1):
        first = first_strokes(geometry)
        numbered = [Prompt("scribble", one.points_mm, one.include, number) for one in pair]
        inside = segment_seeded(volume(), PromptLog((*first, *numbered))).mask.voxels

        assert (inside[on] == later).all()


@pytest.mark.parametrize("value", [0.0, -1000.0, 1e30], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_a_constant_image_is_outlined_by_geometry_alone(value, dtype):
    constant = np.full(SHAPE, np.clip(value, -32768, 32767) if dtype is np.int16 else value, dtype)
    log = log_of(grid(), correction(grid()))

    result = segment_seeded(volume(voxels=constant), log)
    expected = segment_seeded(volume(voxels=np.zeros(SHAPE, dtype)), log)

    assert result.image_weight == 0
    np.testing.assert_array_equal(result.mask.voxels, expected.mask.voxels)


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf], ids=str)
def test_half_an_image_without_numbers_is_outlined_in_the_other_half(gap):
    voxels = image()
    voxels[:, :, :25] = gap
    log = log_of(grid(), correction(grid()))

    result = segment_seeded(volume(voxels=voxels), log)

    found = result.mask.voxels.copy()
    for prompt in log.prompts:  # the lines themselves: the test below
        found[tuple(np.rint(grid().to_index(prompt.points_mm)).astype(int).T)] = False
    assert not found[:, :, :25].any()
    assert found[9, 24, 28]
    assert np.isfinite(result.signed_mm).all()


def test_not_even_under_a_tumour_stroke_is_a_voxel_without_a_number_tumour():
    voxels = image()
    voxels[:, :, :25] = np.nan

    result = segment_seeded(volume(voxels=voxels), log_of(grid()))

    assert not result.mask.voxels[:, :, :25].any()
