"""The sheet through strokes: against the phantom's formula, planes and bumps, and by laws that must hold."""

from dataclasses import replace

import numpy as np
import pytest
from levator_truth import axial_strokes, coronal_strokes, distances_to, true_surface
from scipy.spatial.transform import Rotation

from gist_imaging.anatomy.levator import levator_surface
from gist_imaging.anatomy.levator_checks import Midline
from gist_imaging.anatomy.levator_distance import distance_to_sheet
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.anatomy.levator_thickness import PUBLISHED_THICKNESS_MM
from gist_imaging.errors import PromptError
from gist_imaging.phantom import sample_patients

PLACE = np.array([-31.0, 44.0, -511.0])
TURNED = (8.0, -6.0, 14.0)
_RESPONDER, _VOLUME_RESPONDER, _ = sample_patients()


def both_planes(phantom, side, rng):
    return coronal_strokes(phantom, side, rng, at=(-20.0, 10.0, 36.0)) + axial_strokes(
        phantom, side, rng, at=(-6.0, 8.0, 22.0)
    )


def tilted(phantom, side, rng):
    return coronal_strokes(phantom, side, rng, tilt_deg=-18.0)


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("turn", [None, TURNED], ids=["as sampled", "turned"])
@pytest.mark.parametrize("patient", [_RESPONDER, _VOLUME_RESPONDER], ids=["CT", "MR"])
@pytest.mark.parametrize("drawn", [coronal_strokes, axial_strokes, both_planes, tilted])
def test_six_noisy_strokes_give_the_true_middle_within_a_millimetre(drawn, patient, turn, side):
    phantom = patient.baseline.phantom
    if turn is not None:
        phantom = replace(phantom, turn_deg=turn)
    strokes = drawn(phantom, side, np.random.default_rng(7))

    surface, report = levator_surface(strokes, side=side)

    distance = distances_to(true_surface(phantom, side), surface.points_mm.reshape(-1, 3))
    assert distance.mean() < 0.65
    assert np.percentile(distance, 95) < 2.0
    assert len(report.strokes) == 6
    assert report.residual_mm < 0.8


def test_the_error_estimate_is_not_below_the_true_error_on_a_displaced_muscle():
    phantom = _VOLUME_RESPONDER.baseline.phantom
    strokes = coronal_strokes(phantom, "R", np.random.default_rng(3))

    surface, report = levator_surface(strokes, side="R")

    distance = distances_to(true_surface(phantom, "R"), surface.points_mm.reshape(-1, 3))
    assert report.error_rms.value > np.sqrt(np.mean(distance**2))
    assert surface.error_mm == report.error_rms.value
    assert report.error_max.value >= report.error_rms.value


SEVEN_SLICES = tuple(range(-24, 25, 8))


def slanted(side="L", bump_mm=0.0, at=SEVEN_SLICES, turn=(0.0, 0.0, 0.0), noise=None):
    """Coronal strokes on a plane that falls by 40 degrees to the midline, with a bump outward."""
    sign = 1.0 if side == "L" else -1.0
    down = np.array([-np.cos(0.7) * sign, 0.0, -np.sin(0.7)])
    outward = np.array([np.sin(0.7) * sign, 0.0, -np.cos(0.7)])
    turned = Rotation.from_euler("xyz", turn, degrees=True)
    strokes = []
    for y in at:
        run = np.arange(-22.0, 22.5, 1.5)
        height = bump_mm * np.exp(-(run**2 + (y - 2.0) ** 2) / (2 * 12.0**2))
        points = np.array([sign * 32.0, y, 8.0]) + run[:, None] * down + height[:, None] * outward
        if noise is not None:
            points = points + noise.normal(0.0, 0.6, (len(points), 1)) * outward
        strokes.append(LevatorStroke(turned.apply(points) + PLACE, side))
    return strokes, lambda points: _height(points, sign, turned, bump_mm)


def _height(points, sign, turned, bump_mm):
    local = turned.inv().apply(points - PLACE) - np.array([sign * 32.0, 0.0, 8.0])
    run = local @ np.array([-np.cos(0.7) * sign, 0.0, -np.sin(0.7)])
    bump = bump_mm * np.exp(-(run**2 + (local[:, 1] - 2.0) ** 2) / (2 * 12.0**2))
    return local @ np.array([np.sin(0.7) * sign, 0.0, -np.cos(0.7)]) - bump


@pytest.mark.parametrize("side", ["L", "R"])
def test_strokes_on_a_plane_give_that_plane_and_no_error(side):
    strokes, height = slanted(side, turn=(9.0, 5.0, -12.0))

    surface, report = levator_surface(strokes, side=side)

    assert np.abs(height(surface.points_mm.reshape(-1, 3))).max() < 0.1
    assert report.error_rms.value < 0.1
    # 44 mm along each stroke (22 to both sides) and 48 mm from first to last, less the rows cut off.
    assert surface.area_mm2 == pytest.approx(43.5 * 48.0, rel=0.03)


@pytest.mark.parametrize("side", ["L", "R"])
def test_a_bulge_of_20_mm_is_kept_and_noise_of_a_voxel_is_smoothed(side):
    strokes, height = slanted(side, bump_mm=20.0, noise=np.random.default_rng(5))

    surface, report = levator_surface(strokes, side=side)

    off = height(surface.points_mm.reshape(-1, 3))
    assert np.abs(off).mean() < 0.5
    assert np.abs(off).max() < 2.5
    assert report.residual_mm > np.sqrt(np.mean(off**2))


def test_the_stroke_that_is_4_mm_off_is_the_one_that_the_estimate_names():
    strokes, _ = slanted()
    off = strokes[3].points_mm + 4.0 * np.array([np.sin(0.7), 0.0, -np.cos(0.7)])
    strokes[3] = LevatorStroke(off, "L")

    _, report = levator_surface(strokes, side="L")

    worst = max((left for left in report.left_out if left.rms.value), key=lambda left: left.rms.value)
    assert worst.stroke == 4
    assert worst.rms.value == pytest.approx(4.0, abs=0.15)
    assert report.left_out[0].rms.reason == "this stroke lies at the edge, not between the others"


def test_moving_the_patient_moves_the_sheet_and_nothing_else():
    strokes, _ = slanted(bump_mm=9.0, noise=np.random.default_rng(2))
    shift = np.array([17.3, -250.1, 903.4])
    moved = [LevatorStroke(stroke.points_mm + shift, "L") for stroke in strokes]

    here, report = levator_surface(strokes, side="L")
    there, later = levator_surface(moved, side="L")

    np.testing.assert_allclose(there.points_mm, here.points_mm + shift, atol=1e-6)
    assert later.error_rms.value == pytest.approx(report.error_rms.value, abs=1e-6)


def test_the_mirror_image_of_the_strokes_gives_the_mirror_image_of_the_sheet():
    strokes, _ = slanted("L", bump_mm=9.0, noise=np.random.default_rng(2))
    mirror = np.array([-1.0, 1.0, 1.0])
    mirrored = [LevatorStroke(stroke.points_mm * mirror, "R") for stroke in strokes]

    left, _ = levator_surface(strokes, side="L")
    right, _ = levator_surface(mirrored, side="R")

    np.testing.assert_allclose(right.points_mm, left.points_mm * mirror, atol=1e-6)
    np.testing.assert_allclose(right.inward, left.inward * mirror, atol=1e-6)


def test_the_order_and_direction_of_drawing_do_not_matter():
    strokes, _ = slanted(bump_mm=9.0)
    other = [LevatorStroke(stroke.points_mm[::-1], "L") for stroke in strokes[::-1]]

    first, _ = levator_surface(strokes, side="L")
    second, _ = levator_surface(other, side="L")

    np.testing.assert_allclose(second.points_mm, first.points_mm, atol=0.02)


def test_rows_run_from_front_to_back_and_columns_down_to_the_midline():
    surface, _ = levator_surface(slanted("R")[0], side="R")

    assert (np.diff(surface.points_mm[..., 1], axis=0) > 0.0).all()
    assert (np.diff(surface.points_mm[..., 0], axis=1) > 0.0).all()
    assert (np.diff(surface.points_mm[..., 2], axis=1) < 0.0).all()


@pytest.mark.parametrize("drawn", [coronal_strokes, axial_strokes, both_planes])
def test_the_sheet_ends_where_the_strokes_end(drawn):
    phantom = _VOLUME_RESPONDER.baseline.phantom
    strokes = drawn(phantom, "L", None)

    surface, _ = levator_surface(strokes, side="L")

    points = np.concatenate([stroke.points_mm for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    reached = surface.points_mm.reshape(-1, 3)
    assert (reached > low - 1.0).all()
    assert (reached < high + 1.0).all()
    # And every stroke lies on it from end to end, but for corners.
    away, _ = distance_to_sheet(surface, points)
    assert np.percentile(away, 95) < 1.5


def test_a_short_stroke_between_long_ones_is_not_carried_on():
    strokes, _ = slanted(at=(-16, 0, 16))
    middle = strokes[1].points_mm
    strokes[1] = LevatorStroke(middle[: len(middle) // 2], "L")

    surface, _ = levator_surface(strokes, side="L")

    away, _ = distance_to_sheet(surface, middle[-1:])
    assert away[0] > 10.0


def test_thickness_without_an_image_is_stated_or_published():
    strokes, _ = slanted()
    stated = [LevatorStroke(stroke.points_mm, "L", 3.0 if n < 3 else 6.0) for n, stroke in enumerate(strokes)]

    plain, report = levator_surface(strokes, side="L")
    told, told_report = levator_surface(stated, side="L")

    assert (plain.thickness_mm == PUBLISHED_THICKNESS_MM).all()
    assert report.thickness_source == "published"
    assert any("not measured but taken as 2.9 mm" in warning for warning in report.warnings)
    assert told_report.thickness_source == "strokes"
    assert told.thickness_mm[0].mean() == pytest.approx(3.0, abs=0.5)
    assert told.thickness_mm[-1].mean() == pytest.approx(6.0, abs=0.5)


def test_one_stroke_is_refused_with_advice():
    with pytest.raises(PromptError, match="got 1 for side L; draw the left levator ani on more slices"):
        levator_surface(slanted()[0][:1], side="L")


def test_strokes_of_the_other_side_alone_are_refused():
    with pytest.raises(PromptError, match="got 0 for side R and 7 for the other side"):
        levator_surface(slanted("L")[0], side="R")


def test_two_strokes_give_a_strip_without_an_error_and_a_warning():
    surface, report = levator_surface(slanted()[0][2:4], side="L")

    assert surface.error_mm is None
    assert report.error_rms.reason == "fewer than 3 strokes: none can be left out"
    assert "only 2 strokes" in report.warnings[0]


def test_strokes_of_both_sides_may_come_in_one_list():
    left, right = slanted("L")[0], slanted("R")[0]
    alone, _ = levator_surface(left, side="L")

    mixed, report = levator_surface([*right, *left], side="L")

    np.testing.assert_array_equal(mixed.points_mm, alone.points_mm)
    assert report.left_out[0].stroke == 8


def test_swapped_sides_are_refused():
    swapped = [LevatorStroke(stroke.points_mm, "R") for stroke in slanted("L")[0]]
    swapped += [LevatorStroke(stroke.points_mm, "L") for stroke in slanted("R")[0]]

    with pytest.raises(PromptError, match=r"64 mm to the right .*swap the sides"):
        levator_surface(swapped, side="L")


def test_one_stroke_with_the_wrong_side_among_right_ones_is_named():
    strokes = [*slanted("L")[0], *slanted("R")[0]]
    strokes[9] = LevatorStroke(strokes[9].points_mm, "L")

    with pytest.raises(PromptError, match=r"stroke\(s\) 10 lie on the other side"):
        levator_surface(strokes, side="L")


@pytest.mark.parametrize("side", ["L", "R"])
def test_a_midline_finds_strokes_on_the_wrong_side_of_it(side):
    strokes, _ = slanted(side)
    level = Midline(PLACE, np.array([2.0, 0.1, 0.0]))
    beyond = PLACE + np.array([70.0 if side == "L" else -70.0, 0.0, 0.0])

    surface, _ = levator_surface(strokes, side=side, midline=level)

    assert surface.side == side
    with pytest.raises(PromptError, match=r"stroke\(s\) 1, 2, 3, 4, 5, 6, 7 lie on the other side"):
        levator_surface(strokes, side=side, midline=Midline(beyond, np.array([1.0, 0.0, 0.0])))


def test_a_repeated_stroke_is_left_out_and_named():
    strokes, _ = slanted()
    surface, _ = levator_surface(strokes, side="L")

    again, report = levator_surface([*strokes, LevatorStroke(strokes[2].points_mm[::-1], "L")], side="L")

    np.testing.assert_allclose(again.points_mm, surface.points_mm, atol=1e-9)
    assert report.warnings[0] == "stroke 8 repeats stroke 3; it was left out"
    with pytest.raises(PromptError, match="got 1 for side L, without repeats"):
        levator_surface([strokes[0], strokes[0]], side="L")


def test_strokes_that_cross_5_mm_apart_are_named_and_those_that_meet_are_not():
    phantom = _VOLUME_RESPONDER.baseline.phantom
    strokes = both_planes(phantom, "L", None)
    _, fine = levator_surface(strokes, side="L")
    off = strokes[4].points_mm + np.array([4.0, 0.0, -4.0])
    strokes[4] = LevatorStroke(off, "L")

    _, report = levator_surface(strokes, side="L")

    assert not [warning for warning in fine.warnings if "same place" in warning]
    named = [warning for warning in report.warnings if "same place" in warning]
    assert named
    assert all("5" in warning.split(" pass ")[0] for warning in named)


def test_two_crossing_strokes_alone_stand_out_of_their_sheet_and_are_named():
    phantom = _VOLUME_RESPONDER.baseline.phantom
    strokes = [*coronal_strokes(phantom, "R", None, at=(6.0,)), *axial_strokes(phantom, "R", None, at=(6.0,))]

    _, report = levator_surface(strokes, side="R")

    assert any("mm off the sheet: it has no neighbour there" in warning for warning in report.warnings)


def test_six_good_strokes_raise_no_warning_but_that_on_thickness():
    for side in ("L", "R"):
        for drawn in (coronal_strokes, axial_strokes):
            strokes = drawn(_VOLUME_RESPONDER.baseline.phantom, side, np.random.default_rng(11))

            _, report = levator_surface(strokes, side=side)

            assert report.warnings == ("thickness is not measured but taken as 2.9 mm",)


def test_a_stroke_that_doubles_back_is_named():
    strokes, _ = slanted()
    points = strokes[3].points_mm
    strokes[3] = LevatorStroke(np.concatenate([points, points[::-1] + 0.2]), "L")

    _, report = levator_surface(strokes, side="L")

    assert any("stroke 4 crosses itself or doubles back" in warning for warning in report.warnings)


def test_a_stroke_from_another_place_is_refused():
    strokes, _ = slanted()
    strokes[2] = LevatorStroke(strokes[2].points_mm + np.array([0.0, 0.0, 240.0]), "L")

    with pytest.raises(PromptError, match="at most 230 mm; these strokes extend over 2"):
        levator_surface(strokes, side="L")


def test_scribbles_all_over_the_place_are_refused():
    rng = np.random.default_rng(20)
    strokes = [LevatorStroke(rng.normal(0.0, 30.0, (9, 3)), "L") for _ in range(5)]

    with pytest.raises(PromptError, match=r"folds over itself|at most 230 mm"):
        levator_surface(strokes, side="L")


def test_two_lines_on_one_line_span_no_sheet():
    line = np.linspace([50.0, 1.0, 20.0], [10.0, 1.0, -20.0], 20)

    with pytest.raises(PromptError, match="span a sheet"):
        levator_surface([LevatorStroke(line[:9], "L"), LevatorStroke(line[10:], "L")], side="L")
