"""Every series fault of the interoperability table gives its code; the benign ones give none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from slices import OBLIQUE, ORIGIN_MM, axes, ct_stack, mr_stack

from gist_imaging.problems import Code
from gist_imaging.study.flags import (
    MODALITY_LUT,
    MOSAIC_NO_GEOMETRY,
    ORIENTATION_BAD,
    PIXEL_SPACING_BAD,
    RESCALE_BAD,
    with_reason,
)
from gist_imaging.study.gate import check_stack

C = Code


def codes(frames, numbers=()):
    return {problem.code for problem in check_stack(frames, numbers).problems}


def without(frames, *positions):
    return [frame for at, frame in enumerate(frames) if at not in positions]


def changed(frames, at, **changes):
    return [replace(frame, **changes) if place == at else frame for place, frame in enumerate(frames)]


def test_a_sound_stack_has_no_problem_and_the_grid_of_its_positions():
    result = check_stack(ct_stack()[::-1])
    row, column, normal = axes()

    assert result.problems == ()
    assert result.geometry.shape == (40, 128, 96)
    np.testing.assert_allclose(result.geometry.spacing_mm, (2.5, 0.9, 0.7))
    np.testing.assert_allclose(
        result.geometry.to_patient((3, 5, 7)), ORIGIN_MM + 7.5 * normal + 5 * 0.9 * column + 7 * 0.7 * row
    )
    assert [frame.instance_number for frame in result.frames] == list(range(1, 41))


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param(without(ct_stack(), 20), {C.MISSING_SLICES, C.INSTANCE_NUMBER_GAPS}, id="1 missing"),
        pytest.param(
            without(ct_stack(), 18, 19, 20, 21, 22),
            {C.MISSING_SLICES, C.INSTANCE_NUMBER_GAPS},
            id="5 missing",
        ),
        pytest.param(
            ct_stack()[::2], {C.GAP_EXCEEDS_THICKNESS, C.INSTANCE_NUMBER_GAPS}, id="every second missing"
        ),
        pytest.param(
            [*ct_stack(), replace(ct_stack()[7], sop_instance_uid="1.2.9", instance_number=41)],
            {C.DUPLICATE_POSITION},
            id="two slices at one position",
        ),
        pytest.param(
            changed(ct_stack(), 5, pixel_spacing_mm=(0.8, 0.8)), {C.MIXED_PIXEL_SPACING}, id="other spacing"
        ),
        pytest.param(changed(ct_stack(), 5, rescale_intercept=0.0), {C.MIXED_RESCALE}, id="other rescale"),
        pytest.param(ct_stack(lean_deg=15), {C.TILT}, id="gantry tilt 15 degrees"),
        pytest.param(ct_stack(lean_deg=-15), {C.TILT}, id="gantry tilt -15 degrees"),
        pytest.param(
            ct_stack([*np.arange(20) * 2.5, *(47.5 + np.arange(1, 21) * 5)]),
            {C.NONUNIFORM_SPACING, C.GAP_EXCEEDS_THICKNESS},
            id="2.5 then 5 mm",
        ),
        pytest.param(ct_stack(np.arange(12) ** 1.1), {C.NONUNIFORM_SPACING}, id="gaps that grow"),
        pytest.param(ct_stack(position_mm=None), {C.NO_GEOMETRY}, id="no position"),
        pytest.param(ct_stack(orientation=None), {C.NO_GEOMETRY}, id="no orientation"),
        pytest.param(changed(ct_stack(), 3, position_mm=None), {C.NO_GEOMETRY}, id="one without position"),
        pytest.param(
            changed(ct_stack(), 3, position_mm=(0.0, 1e300, 0.0)), {C.NO_GEOMETRY}, id="position 1e300"
        ),
        pytest.param(ct_stack(pixel_spacing_mm=(1e-300, 1.0)), {C.BAD_PIXEL_SPACING}, id="spacing 1e-300"),
        pytest.param(ct_stack(pixel_spacing_mm=(1.0, 1e300)), {C.BAD_PIXEL_SPACING}, id="spacing 1e300"),
        pytest.param(
            ct_stack([0.0, 9e4]),
            {C.NO_GEOMETRY, C.GAP_EXCEEDS_THICKNESS},
            id="slices 90 m apart",
        ),
        pytest.param(
            ct_stack([0.0], slice_thickness_mm=1e300),
            {C.NO_GEOMETRY, C.SINGLE_SLICE, C.THICK_SLICES},
            id="thickness 1e300",
        ),
        pytest.param(
            changed(ct_stack(), 5, pixel_representation=1), {C.MIXED_PIXEL_FORMAT}, id="mixed signedness"
        ),
        pytest.param(changed(ct_stack(), 5, rows=64), {C.MIXED_MATRIX}, id="one slice of 64 rows"),
        pytest.param(changed(ct_stack(), 5, frame_uid="1.9"), {C.MIXED_FRAME_OF_REFERENCE}, id="other frame"),
        pytest.param(ct_stack(slice_thickness_mm=5.01), {C.THICK_SLICES}, id="thicker than 5 mm"),
        pytest.param(ct_stack([0.0]), {C.SINGLE_SLICE}, id="one slice"),
        pytest.param(
            ct_stack([0.0], slice_thickness_mm=None), {C.SINGLE_SLICE, C.NO_GEOMETRY}, id="one without depth"
        ),
        pytest.param(ct_stack(lossy=True), {C.LOSSY_COMPRESSED}, id="lossy"),
        pytest.param(
            ct_stack(transfer_syntax_uid="1.2.840.10008.1.2.4.81"), {C.LOSSY_COMPRESSED}, id="near-lossless"
        ),
        pytest.param(
            ct_stack(rescale_slope=None, rescale_intercept=None), {C.BAD_RESCALE}, id="CT without rescale"
        ),
        pytest.param(
            mr_stack(flags=(with_reason(RESCALE_BAD, "a slope of 0"),)), {C.BAD_RESCALE}, id="slope 0"
        ),
        pytest.param(ct_stack(flags=(MODALITY_LUT,)), {C.BAD_RESCALE}, id="modality LUT"),
        pytest.param(ct_stack(pixel_spacing_mm=None), {C.BAD_PIXEL_SPACING}, id="no pixel spacing"),
        pytest.param(
            ct_stack(pixel_spacing_mm=None, flags=(with_reason(PIXEL_SPACING_BAD, "zero"),)),
            {C.BAD_PIXEL_SPACING},
            id="pixel spacing 0",
        ),
        pytest.param(
            changed(ct_stack(), 2, orientation=None, flags=(with_reason(ORIENTATION_BAD, "zeros"),)),
            {C.BAD_ORIENTATION},
            id="one bad orientation",
        ),
        pytest.param(
            ct_stack([0.0], flags=(MOSAIC_NO_GEOMETRY,), position_mm=None),
            {C.MOSAIC_NO_GEOMETRY},
            id="mosaic without geometry",
        ),
    ],
)
def test_each_fault_gives_its_code(frames, expected):
    assert codes(frames) == expected


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(
            ct_stack(np.arange(40) * 2.5 + np.resize([0.02, -0.02, 0.0], 40)), id="jitter of 0.02 mm"
        ),
        pytest.param(
            [replace(frame, instance_number=41 - frame.instance_number) for frame in ct_stack()],
            id="reversed instance numbers",
        ),
        pytest.param(ct_stack(turned=Rotation.identity()), id="straight axial"),
        pytest.param(ct_stack(turned=Rotation.from_euler("x", 90, degrees=True)), id="coronal"),
        pytest.param(ct_stack(flip=-1), id="flipped rows"),
        pytest.param(ct_stack(lean_deg=0.0), id="oblique"),
        pytest.param(mr_stack(), id="MR without rescale"),
        pytest.param(ct_stack(slice_thickness_mm=5.0), id="exactly 5 mm thick"),
        pytest.param(ct_stack(np.arange(40) * 3.75), id="gap of exactly 1.5 thicknesses"),
        pytest.param(ct_stack()[:35], id="end slices missing: not to be seen from geometry"),
    ],
)
def test_what_is_benign_gives_no_problem(frames):
    assert codes(frames) == set()


@pytest.mark.parametrize(("off_mm", "expected"), [(0.0499, set()), (0.06, {C.NONUNIFORM_SPACING})])
def test_a_slice_may_be_off_by_a_twentieth_of_a_millimetre(off_mm, expected):
    places = np.arange(40) * 2.0
    places[20] += off_mm

    assert codes(ct_stack(places)) == expected


def test_a_spacing_that_changes_by_a_tenth_of_a_millimetre_is_seen():
    places = [*np.arange(20) * 2.5, *(47.5 + np.arange(1, 21) * 2.6)]

    assert codes(ct_stack(places)) == {C.NONUNIFORM_SPACING}


@pytest.mark.parametrize(("lean_deg", "tilted"), [(0.05, False), (1.0, True)])
def test_a_stack_may_lean_a_little(lean_deg, tilted):
    assert (C.TILT in codes(ct_stack(lean_deg=lean_deg))) is tilted


def test_a_long_stack_may_not_drift_by_more_than_a_pixel():
    assert codes(ct_stack(np.arange(300) * 2.5, lean_deg=0.3)) == {C.TILT}


def test_a_hole_is_counted_and_the_grid_runs_across_it():
    result = check_stack(without(ct_stack(), 18, 19))

    assert "2 are missing in 1 place" in result.problems[0].message
    assert result.geometry.shape[0] == 40
    assert result.geometry.spacing_mm[0] == pytest.approx(2.5)


def test_uneven_slices_are_spread_over_the_true_length():
    places = [0.0, 1.0, 2.6, 3.1, 5.0]

    assert check_stack(ct_stack(places)).geometry.spacing_mm[0] == pytest.approx(1.25)


def test_the_spacing_tags_are_not_believed():
    frames = ct_stack(np.arange(40) * 3.0, spacing_between_slices_mm=1.0, slice_thickness_mm=2.5)

    assert check_stack(frames).geometry.spacing_mm[0] == pytest.approx(3.0)


@pytest.mark.parametrize(
    "frames",
    [
        ct_stack(lean_deg=15),
        ct_stack(position_mm=None),
        ct_stack(pixel_spacing_mm=None),
        changed(ct_stack(), 5, rows=64),
        changed(ct_stack(), 5, pixel_spacing_mm=(0.8, 0.8)),
        [*ct_stack(), ct_stack()[3]],
    ],
    ids=["tilt", "no position", "no spacing", "mixed matrix", "mixed spacing", "duplicate position"],
)
def test_no_grid_is_offered_where_none_fits(frames):
    assert check_stack(frames).geometry is None


def test_one_slice_is_as_deep_as_its_thickness():
    result = check_stack(ct_stack([12.0]))

    np.testing.assert_allclose(result.geometry.spacing_mm, (2.5, 0.9, 0.7))


def test_orientations_too_close_to_tell_apart_are_mixed():
    turned = OBLIQUE * Rotation.from_euler("x", 0.1, degrees=True)
    frames = [*ct_stack()[:20], *ct_stack(turned=turned)[20:]]

    assert C.MIXED_ORIENTATION in codes(frames)


def test_numbers_that_run_on_in_a_sister_stack_leave_no_hole():
    every_second = [replace(frame, instance_number=2 * frame.instance_number) for frame in ct_stack()]

    assert codes(every_second, range(1, 81)) == set()
    assert codes(every_second) == {C.INSTANCE_NUMBER_GAPS}


def test_errors_come_before_warnings():
    result = check_stack(without(ct_stack(slice_thickness_mm=8.0), 20))

    assert [problem.code for problem in result.problems] == [
        C.MISSING_SLICES,
        C.THICK_SLICES,
        C.INSTANCE_NUMBER_GAPS,
    ]


@settings(max_examples=40, deadline=None)
@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    gap=st.floats(0.4, 9.0),
    count=st.integers(2, 30),
    shuffled=st.randoms(use_true_random=False),
    flip=st.sampled_from((-1, 1)),
)
def test_turning_the_patient_and_shuffling_the_files_change_no_spacing(angles, gap, count, shuffled, flip):
    turned = Rotation.from_euler("xyz", angles, degrees=True)
    frames = ct_stack(np.arange(count) * gap, turned=turned, flip=flip, slice_thickness_mm=gap)
    mixed = frames.copy()
    shuffled.shuffle(mixed)

    result = check_stack(mixed)

    assert result.frames == tuple(frames)
    assert {problem.code for problem in result.problems} <= {C.THICK_SLICES}
    np.testing.assert_allclose(result.geometry.spacing_mm, (gap, 0.9, 0.7), rtol=1e-9)
    for position, frame in enumerate(result.frames):
        np.testing.assert_allclose(result.geometry.to_patient((position, 0, 0)), frame.position_mm, atol=1e-6)
