"""Brush, accept, reject, verify: what they do to masks, other lesions and what is known of them."""

import numpy as np
import pytest
import seeded_cases
from reading_cases import draw_first_strokes, open_memory_case
from strategies import oblique_geometry

from gist_imaging import workflow
from gist_imaging.errors import MaskError, PromptError, ReadingError
from gist_imaging.spatial import Volume


@pytest.fixture
def case():
    opened = open_memory_case()
    workflow.add_lesion(opened)
    yield opened
    opened.close()


def at(case, *index, visit="baseline"):
    return case.measured_volume(visit).geometry.to_patient([index])


def facts(case, lesion="L1", visit="baseline"):
    return case.state.plain("mask_facts", lesion, visit)


def grow(case, visit="baseline"):
    draw_first_strokes(case, workflow, visit=visit)
    return workflow.propose(case, workflow.grow_job(case, "L1", visit).run())


def within(case, point_mm, radius_mm, visit="baseline"):
    """Voxel centres within a radius, from the definition: a loop over all voxels of the grid."""
    grid = case.measured_volume(visit).geometry
    centres = grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1))
    return np.linalg.norm(centres - point_mm, axis=-1) <= radius_mm


@pytest.mark.parametrize("visit", ["baseline", "presurgery"])
def test_a_click_of_the_ball_brush_on_nothing_makes_a_mask_of_the_voxels_within_its_radius(case, visit):
    point = at(case, 9, 27, 25, visit=visit)
    workflow.brush(case, "L1", visit, point, 6.5, ball=True)

    np.testing.assert_array_equal(case.state.mask("L1", visit).voxels, within(case, point[0], 6.5, visit))
    held = facts(case, visit=visit)
    assert (held["state"], held["method"], held["edited"], held["by"]) == ("accepted", "manual", True, "R1")
    assert held["image_sha256"] == case.measured_volume(visit).sha256()


def test_the_disc_stays_in_its_slice_along_the_axis_asked_for(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 6.5)
    k, _, _ = np.nonzero(case.state.mask("L1", "baseline").voxels)
    assert set(k) == {9}
    workflow.clear_mask(case, "L1", "baseline")
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 6.5, slice_axis=2)

    k, _, i = np.nonzero(case.state.mask("L1", "baseline").voxels)
    assert set(i) == {25}
    assert len(set(k)) > 1


def test_a_brush_in_a_range_changes_only_values_of_the_range(case):
    values = case.measured_volume("baseline").voxels
    point = at(case, 9, 27, 25)
    workflow.brush(case, "L1", "baseline", point, 8.0, ball=True)
    workflow.brush(case, "L1", "baseline", point, 8.0, ball=True, erase=True, in_range=(-1000.0, 30.0))

    expected = within(case, point[0], 8.0) & (values > 30.0)
    np.testing.assert_array_equal(case.state.mask("L1", "baseline").voxels, expected)
    with pytest.raises(ReadingError, match="a range runs from its lower to its upper end"):
        workflow.brush(case, "L1", "baseline", point, 8.0, in_range=(5.0, 1.0))


def test_a_brush_never_takes_voxels_of_another_lesion_and_says_how_many_it_left(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 20), 8.0, ball=True)
    first = case.state.mask("L1", "baseline").voxels
    workflow.add_lesion(case)
    point = at(case, 9, 27, 28)
    event = workflow.brush(case, "L2", "baseline", point, 8.0, ball=True)

    wanted = within(case, point[0], 8.0)
    assert event.details["locked_voxels"] == np.count_nonzero(wanted & first) > 0
    np.testing.assert_array_equal(case.state.mask("L2", "baseline").voxels, wanted & ~first)
    np.testing.assert_array_equal(case.state.mask("L1", "baseline").voxels, first)


def test_a_proposal_leaves_other_lesions_alone_and_accepting_gives_what_is_seen(case):
    grow(case)
    workflow.accept(case, "L1", "baseline")
    first = case.state.mask("L1", "baseline").voxels
    workflow.add_lesion(case)
    grid = case.measured_volume("baseline").geometry
    for prompt in seeded_cases.first_strokes(grid):
        workflow.add_stroke(case, "L2", "baseline", prompt.points_mm, prompt.include)
    workflow.brush(case, "L2", "baseline", at(case, 9, 40, 40), 2.0)
    event = workflow.propose(case, workflow.grow_job(case, "L2", "baseline").run())

    assert event.details["locked_voxels"] == np.count_nonzero(first)
    told = case.state.plain("proposal_facts", "L2", "baseline")["warnings"]
    assert any("belong to another lesion" in warning["text"] for warning in told)
    assert any("corrected by hand" in warning["text"] for warning in told)
    seen = case.state.proposal("L2", "baseline").voxels
    workflow.accept(case, "L2", "baseline")
    np.testing.assert_array_equal(case.state.mask("L2", "baseline").voxels, seen)


def test_voxels_that_another_lesion_took_while_a_proposal_waited_stay_with_it(case):
    grow(case)
    workflow.add_lesion(case)
    workflow.brush(case, "L2", "baseline", at(case, 9, 27, 25), 3.0)
    taken = case.state.mask("L2", "baseline").voxels
    event = workflow.accept(case, "L1", "baseline")

    assert event.details["locked_voxels"] == np.count_nonzero(taken)
    assert not (case.state.mask("L1", "baseline").voxels & taken).any()


def test_a_brush_while_a_proposal_waits_changes_the_proposal_and_is_accepted_with_it(case):
    grow(case)
    seen = case.state.proposal("L1", "baseline").voxels
    point = at(case, 9, 27, 44)
    workflow.brush(case, "L1", "baseline", point, 3.0, ball=True)
    assert case.state.mask("L1", "baseline") is None
    workflow.accept(case, "L1", "baseline")

    expected = seen | within(case, point[0], 3.0)
    np.testing.assert_array_equal(case.state.mask("L1", "baseline").voxels, expected)
    assert (facts(case)["method"], facts(case)["edited"]) == ("mixed", True)


def test_a_brush_stroke_that_changes_nothing_is_no_step_to_undo(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 3.0)
    label = case.state.undo_label
    event = workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 2.0)

    assert event.name == "brush_nothing"
    assert case.state.undo_label == label
    assert workflow.brush(case, "L1", "baseline", at(case, 2, 2, 2), 2.0, erase=True).name == "erase_nothing"


def test_a_brush_beyond_the_image_or_without_a_size_is_refused(case):
    with pytest.raises(PromptError, match="1 of 1 points lie beyond it"):
        workflow.brush(case, "L1", "baseline", at(case, 9, 27, 90), 3.0)
    with pytest.raises(MaskError, match="a radius of 0 mm or more"):
        workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), -1.0)


def test_rejecting_can_be_undone_and_a_second_time_there_is_nothing_to_reject(case):
    grow(case)
    seen = case.state.proposal("L1", "baseline").sha256()
    workflow.reject(case, "L1", "baseline")
    for action in (workflow.reject, workflow.accept):
        with pytest.raises(ReadingError, match="a proposal for L1 at baseline; none waits"):
            action(case, "L1", "baseline")
    case.undo()

    assert case.state.proposal("L1", "baseline").sha256() == seen


def test_no_tumour_visible_is_an_accepted_empty_mask_with_its_reason(case):
    grow(case, visit="presurgery")
    workflow.mark_none_visible(case, "L1", "presurgery", "complete response")

    mask = case.state.mask("L1", "presurgery")
    assert mask.is_empty
    assert mask.geometry.matches(case.measured_volume("presurgery").geometry)
    assert case.state.proposal("L1", "presurgery") is None
    held = facts(case, visit="presurgery")
    assert (held["state"], held["reason"]) == ("none_visible", "complete response")
    workflow.brush(case, "L1", "presurgery", at(case, 9, 27, 25, visit="presurgery"), 3.0)
    held = facts(case, visit="presurgery")
    assert (held["state"], held["method"], held["reason"]) == ("accepted", "manual", None)


def test_a_mask_is_verified_after_looking_at_four_fifths_of_its_slices(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 6.7, ball=True)
    # Indices 7 to 11 of 18 from the feet; readers count from the head.
    with pytest.raises(ReadingError, match=r"80% of its slices; 3 of 5 were .*scroll .* slices 7-11"):
        workflow.verify_mask(case, "L1", "baseline", slices_seen=[5, 6, 7, 8, 9])
    workflow.verify_mask(case, "L1", "baseline", slices_seen=[7, 8, 9, 10])

    assert (facts(case)["state"], facts(case)["looked_at"]) == ("verified", 0.8)
    with pytest.raises(ReadingError, match="a mask of L1 at presurgery; there is none"):
        workflow.verify_mask(case, "L1", "presurgery")


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)], ids=str)
def test_the_brush_covers_the_same_millimetres_on_every_flipped_grid(flips):
    grid = oblique_geometry(shape=(7, 24, 22), flips=flips)
    opened = open_memory_case({"baseline": Volume(np.zeros(grid.shape, np.int16), grid)})
    workflow.add_lesion(opened)
    point = grid.to_patient([[3, 11, 10]])
    workflow.brush(opened, "L1", "baseline", point, 4.0, ball=True)

    expected = within(opened, point[0], 4.0)
    np.testing.assert_array_equal(opened.state.mask("L1", "baseline").voxels, expected)
    opened.close()


def test_a_mask_of_a_series_that_was_pinned_before_is_not_mixed_with_the_new_one(case):
    grow(case)
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 40), 2.0)
    case.images.volumes["baseline"] = case.measured_volume("presurgery")
    refused = "a mask of L1 on the series that is measured at baseline; it was made on another one"
    with pytest.raises(ReadingError, match=refused):
        workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 2.0)
    with pytest.raises(ReadingError, match=refused):
        workflow.accept(case, "L1", "baseline")
    workflow.clear_prompts(case, "L1", "baseline")
    draw_first_strokes(case, workflow)
    proposal = workflow.grow_job(case, "L1", "baseline").run()
    with pytest.raises(ReadingError, match="it was made on another one; reject it first"):
        workflow.propose(case, proposal)
    workflow.reject(case, "L1", "baseline")

    assert workflow.shown_calipers(case, "L1", "baseline") == ()


def test_numbers_of_a_mask_on_another_series_are_not_shown(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 6.0, ball=True)
    case.images.volumes["baseline"] = case.measured_volume("presurgery")

    assert workflow.shown_calipers(case, "L1", "baseline") == ()
    with pytest.raises(MaskError, match="the mask lies on the grid of the image"):
        workflow.live_numbers(case, "L1", "baseline")
    with pytest.raises(ReadingError, match="clear it and outline anew, or pin its series again"):
        workflow.mark_none_visible(case, "L1", "baseline")
    workflow.clear_mask(case, "L1", "baseline")
    workflow.mark_none_visible(case, "L1", "baseline")
