"""Numbers are those of the mask as it is; what is measured by hand stands beside the proposal."""

import numpy as np
import pytest
from reading_cases import open_memory_case
from strategies import oblique_geometry

from gist_imaging import workflow
from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.spatial import Volume


@pytest.fixture
def case():
    opened = open_memory_case()
    workflow.add_lesion(opened)
    yield opened
    opened.close()


def place(case, *indices, visit="baseline"):
    return case.measured_volume(visit).geometry.to_patient(np.array(indices, dtype=float))


@pytest.fixture
def outlined(case):
    workflow.brush(case, "L1", "baseline", place(case, (9, 27, 18), (9, 27, 32)), 7.0, ball=True)
    return case


def length(points):
    return float(np.linalg.norm(np.subtract(*points)))


def test_numbers_are_fresh_until_a_voxel_changes_and_again_after_undo(outlined):
    assert workflow.numbers_state(outlined, "L1", "baseline") == "none"
    numbers = workflow.live_numbers(outlined, "L1", "baseline")
    afresh = measure_lesion(outlined.measured_volume("baseline"), outlined.state.mask("L1", "baseline"))
    assert numbers == afresh
    assert workflow.numbers_state(outlined, "L1", "baseline") == "fresh"
    workflow.brush(outlined, "L1", "baseline", place(outlined, (9, 27, 40)), 0.1)
    assert workflow.numbers_state(outlined, "L1", "baseline") == "stale"
    outlined.undo()
    assert workflow.numbers_state(outlined, "L1", "baseline") == "fresh"
    workflow.clear_mask(outlined, "L1", "baseline")

    assert workflow.numbers_state(outlined, "L1", "baseline") == "stale"
    assert workflow.live_numbers(outlined, "L1", "baseline") is None


def test_proposed_calipers_are_those_of_the_mask_and_stand_at_right_angles(outlined):
    numbers = workflow.live_numbers(outlined, "L1", "baseline")
    longest, short = workflow.shown_calipers(outlined, "L1", "baseline")

    assert (longest.measure, short.measure) == ("longest_axial_diameter", "short_axis")
    assert longest.length_mm == pytest.approx(numbers.longest_axial_diameter_mm)
    assert short.length_mm == pytest.approx(numbers.short_axis_mm)
    assert short.angle_deg == pytest.approx(90.0, abs=0.01)
    assert not longest.overridden
    assert short.note is None


def test_a_caliper_by_hand_shows_beside_the_proposal_with_who_and_why(outlined):
    proposed = workflow.shown_calipers(outlined, "L1", "baseline")[0]
    ends = place(outlined, (9, 27, 14), (9, 27, 30))
    workflow.set_caliper(outlined, "L1", "baseline", "longest_axial_diameter", ends, "edge_judged")
    shown = workflow.shown_calipers(outlined, "L1", "baseline")[0]

    assert shown.overridden
    assert (shown.by, shown.why) == ("R1", "edge_judged")
    assert shown.length_mm == pytest.approx(16 * 1.1)
    assert shown.proposed_mm == proposed.points_mm
    assert shown.proposed_length_mm == pytest.approx(proposed.length_mm)
    assert not shown.stale
    workflow.brush(outlined, "L1", "baseline", place(outlined, (9, 27, 40)), 3.0)
    assert workflow.shown_calipers(outlined, "L1", "baseline")[0].stale
    workflow.clear_caliper(outlined, "L1", "baseline", "longest_axial_diameter")
    assert not workflow.shown_calipers(outlined, "L1", "baseline")[0].overridden


@pytest.mark.parametrize(("turn_deg", "said"), [(82.0, None), (60.0, "stands at 60°")])
def test_a_perpendicular_far_from_a_right_angle_is_kept_and_its_angle_told(outlined, turn_deg, said):
    first, last = np.array(workflow.shown_calipers(outlined, "L1", "baseline")[0].points_mm)
    across = np.array(workflow.shown_calipers(outlined, "L1", "baseline")[1].points_mm)
    along, beside = last - first, across[1] - across[0]
    along, beside = along / np.linalg.norm(along), beside / np.linalg.norm(beside)
    turn = np.radians(turn_deg)
    step = 5.0 * (np.cos(turn) * along + np.sin(turn) * beside)
    middle = (first + last) / 2
    event = workflow.set_caliper(
        outlined, "L1", "baseline", "short_axis", [middle - step, middle + step], "other"
    )

    shown = workflow.shown_calipers(outlined, "L1", "baseline")[1]
    assert shown.length_mm == pytest.approx(10.0)
    assert shown.angle_deg == pytest.approx(turn_deg, abs=0.01)
    assert event.details["note"] == shown.note
    assert (said in shown.note) if said else shown.note is None


def test_calipers_that_cannot_be_are_refused(outlined):
    ends = place(outlined, (9, 27, 14), (9, 27, 30))
    with pytest.raises(ReadingError, match="a caliper is one of longest_axial_diameter, short_axis"):
        workflow.set_caliper(outlined, "L1", "baseline", "girth", ends, "other")
    with pytest.raises(
        ReadingError, match="why another caliper is one of edge_judged, vessel, artefact, other"
    ):
        workflow.set_caliper(outlined, "L1", "baseline", "short_axis", ends, "because")
    with pytest.raises(PromptError, match="a caliper has two ends apart from each other"):
        workflow.set_caliper(outlined, "L1", "baseline", "short_axis", ends[[0, 0]], "other")
    far = place(outlined, (9, 27, 14), (9, 27, 300))
    with pytest.raises(PromptError, match="1 of 2 points lie beyond it"):
        workflow.set_caliper(outlined, "L1", "baseline", "short_axis", far, "other")
    with pytest.raises(ReadingError, match="a short axis by hand; there is none"):
        workflow.clear_caliper(outlined, "L1", "baseline", "short_axis")


def test_nothing_is_shown_where_nothing_is_outlined(case):
    assert workflow.shown_calipers(case, "L1", "baseline") == ()
    assert workflow.shown_calipers(case, "", "baseline") == ()
    workflow.mark_none_visible(case, "L1", "baseline")
    assert workflow.shown_calipers(case, "L1", "baseline") == ()
    assert workflow.live_numbers(case, "L1", "baseline").volume_mm3 == 0.0


def test_a_paint_that_does_not_wait_shows_proposals_only_once_they_are_measured(outlined):
    ends = place(outlined, (9, 27, 14), (9, 27, 30))
    assert workflow.shown_calipers(outlined, "L1", "baseline", wait=False) == ()
    workflow.live_numbers(outlined, "L1", "baseline")
    assert len(workflow.shown_calipers(outlined, "L1", "baseline", wait=False)) == 2
    workflow.set_caliper(outlined, "L1", "baseline", "short_axis", ends, "other")
    workflow.brush(outlined, "L1", "baseline", place(outlined, (9, 27, 40)), 3.0)

    (by_hand,) = workflow.shown_calipers(outlined, "L1", "baseline", wait=False)
    assert by_hand.overridden
    assert by_hand.stale


def test_rulers_are_numbered_kept_in_millimetres_and_removed_by_their_key(case):
    ends = place(case, (2, 5, 5), (2, 5, 15))
    for _ in range(2):
        workflow.add_ruler(case, "baseline", ends)
    rulers = dict(case.state.plain_under("ruler"))
    assert list(rulers) == [("ruler", "baseline", "1"), ("ruler", "baseline", "2")]
    assert length(rulers["ruler", "baseline", "1"]["points_mm"]) == pytest.approx(11.0)
    workflow.remove_mark(case, ("ruler", "baseline", "1"))

    assert [key[2] for key, _ in case.state.under("ruler")] == ["2"]
    for key in (("ruler", "baseline", "1"), ("lesion", "L1"), ()):
        with pytest.raises(ReadingError, match="the key of a ruler, roi, landmark, levator that is there"):
            workflow.remove_mark(case, key)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1), (1, -1, 1)], ids=str)
def test_an_ellipse_holds_the_pixels_of_its_formula_and_their_mean(flips):
    grid = oblique_geometry(shape=(7, 40, 36), flips=flips)
    values = np.random.default_rng(1).normal(50, 9, grid.shape)
    opened = open_memory_case({"baseline": Volume(values, grid)})
    workflow.add_roi(opened, "baseline", "ellipse", grid.to_patient([[3, 10.2, 8.4], [3, 30.2, 24.4]]))
    found = workflow.roi_numbers(opened, "baseline", 1)

    j, i = np.indices(grid.shape[1:])
    inside = ((j - 20.2) / 10.0) ** 2 + ((i - 16.4) / 8.0) ** 2 <= 1.0
    axes = sorted((20 * 0.7, 16 * 0.9), reverse=True)
    assert (found.long_mm, found.short_mm) == (pytest.approx(axes[0]), pytest.approx(axes[1]))
    assert found.area_mm2 == pytest.approx(np.pi * axes[0] * axes[1] / 4)
    assert found.n_voxels == inside.sum()
    assert found.mean == pytest.approx(values[3][inside].mean())
    assert found.sd == pytest.approx(values[3][inside].std())
    assert np.asarray(opened.state.plain("roi", "baseline", "1")["points_mm"]).shape == (4, 3)
    opened.close()


def test_an_ellipse_drawn_across_slices_lies_in_its_own_plane():
    grid = oblique_geometry(shape=(12, 40, 36))
    opened = open_memory_case({"baseline": Volume(np.ones(grid.shape), grid)})
    workflow.add_roi(opened, "baseline", "ellipse", grid.to_patient([[2, 10, 17], [9, 30, 17]]))

    found = workflow.roi_numbers(opened, "baseline", "1")
    assert (found.long_mm, found.short_mm) == (pytest.approx(7 * 3.3), pytest.approx(20 * 0.7))
    k, j = np.indices((12, 40))
    assert found.n_voxels == (((k - 5.5) / 3.5) ** 2 + ((j - 20) / 10) ** 2 <= 1).sum()
    opened.close()


def test_two_lines_give_their_lengths_and_bad_regions_are_refused(case):
    lines = place(case, (9, 20, 10), (9, 20, 30), (9, 15, 20), (9, 25, 20))
    workflow.add_roi(case, "baseline", "bidimensional", lines)
    found = workflow.roi_numbers(case, "baseline", 1)
    assert (found.long_mm, found.short_mm) == (pytest.approx(22.0), pytest.approx(9.0))
    assert (found.area_mm2, found.mean) == (None, None)

    with pytest.raises(ReadingError, match="the shape of a region is one of bidimensional, ellipse"):
        workflow.add_roi(case, "baseline", "star", lines)
    with pytest.raises(PromptError, match="has two axes of some length; got 3 points"):
        workflow.add_roi(case, "baseline", "bidimensional", lines[:3])
    with pytest.raises(ReadingError, match="a region of baseline: 1; got 4"):
        workflow.roi_numbers(case, "baseline", 4)
