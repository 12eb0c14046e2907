"""Strokes belong to the round in which they were drawn, and lie on the image."""

import numpy as np
import pytest
import seeded_cases
from reading_cases import draw_first_strokes, open_memory_case

import gist_imaging
from gist_imaging import workflow
from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.session.drawing import prompts_of


@pytest.fixture
def case():
    opened = open_memory_case()
    workflow.add_lesion(opened)
    yield opened
    opened.close()


def rounds(case, visit="baseline"):
    return [prompt.round for prompt in prompts_of(case.state, "L1", visit).prompts]


def correct(case, shift_mm=0.0, visit="baseline"):
    grid = case.measured_volume(visit).geometry
    points = seeded_cases.correction(grid).points_mm + shift_mm
    return workflow.add_stroke(case, "L1", visit, points, True)


def test_strokes_before_the_first_result_are_of_round_0(case):
    draw_first_strokes(case, workflow)

    assert rounds(case) == [0, 0, 0, 0]


def test_every_result_that_was_seen_begins_a_round_and_strokes_after_one_share_it(case):
    draw_first_strokes(case, workflow)
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    correct(case)
    correct(case, 0.3)
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    workflow.accept(case, "L1", "baseline")
    correct(case, 0.6)

    assert rounds(case) == [0, 0, 0, 0, 1, 1, 2]


def test_a_rejected_proposal_is_no_result_any_more(case):
    draw_first_strokes(case, workflow)
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    workflow.reject(case, "L1", "baseline")
    correct(case)

    assert rounds(case) == [0, 0, 0, 0, 0]


def test_strokes_drawn_anew_over_an_old_mask_share_one_round(case):
    draw_first_strokes(case, workflow)
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    workflow.accept(case, "L1", "baseline")
    workflow.clear_prompts(case, "L1", "baseline")
    draw_first_strokes(case, workflow)
    correct(case)

    assert rounds(case) == [1] * 5


@pytest.mark.parametrize("visit", ["baseline", "presurgery"])
def test_growing_stroke_by_stroke_gives_the_mask_of_the_package_function(case, visit):
    draw_first_strokes(case, workflow, visit=visit)
    workflow.propose(case, workflow.grow_job(case, "L1", visit).run())
    correct(case, visit=visit)
    workflow.propose(case, workflow.grow_job(case, "L1", visit).run())
    workflow.accept(case, "L1", visit)

    log = prompts_of(case.state, "L1", visit)
    afresh = gist_imaging.segment(case.measured_volume(visit), log)
    np.testing.assert_array_equal(case.state.mask("L1", visit).voxels, afresh.voxels)


def test_undoing_a_stroke_gives_the_mask_from_before_it(case):
    draw_first_strokes(case, workflow)
    first = workflow.grow_job(case, "L1", "baseline").run().mask
    correct(case)
    workflow.grow_job(case, "L1", "baseline").run()
    case.undo()

    again = workflow.grow_job(case, "L1", "baseline").run().mask
    np.testing.assert_array_equal(again.voxels, first.voxels)


def test_a_stroke_beyond_the_image_is_refused_and_counted(case):
    grid = case.measured_volume("baseline").geometry
    points = grid.to_patient([[9, 27, 25], [9, 27, 49.4], [9, 27, 49.7], [9, 27, 80]])

    with pytest.raises(PromptError, match="2 of 4 points lie beyond it"):
        workflow.add_stroke(case, "L1", "baseline", points, True)
    assert not len(prompts_of(case.state, "L1", "baseline"))


def test_growing_without_a_stroke_inside_says_what_to_draw(case):
    with pytest.raises(PromptError, match="nothing is drawn; draw one stroke inside"):
        workflow.grow_job(case, "L1", "baseline")
    grid = case.measured_volume("baseline").geometry
    workflow.add_stroke(case, "L1", "baseline", grid.to_patient(seeded_cases.ring()), False)
    with pytest.raises(PromptError, match="1 strokes, none inside"):
        workflow.grow_job(case, "L1", "baseline")


def test_an_unknown_lesion_and_an_unknown_visit_are_named(case):
    with pytest.raises(ReadingError, match="a lesion of this case: L1; got 'L7'"):
        workflow.add_stroke(case, "L7", "baseline", [[0, 0, 0]], True)
    with pytest.raises(ReadingError, match="a visit of SYN-001: baseline, presurgery; got 'week 12'"):
        workflow.add_stroke(case, "L1", "week 12", [[0, 0, 0]], True)


def test_clearing_strokes_that_are_not_there_is_refused(case):
    with pytest.raises(ReadingError, match="L1 has none at baseline"):
        workflow.clear_prompts(case, "L1", "baseline")


def test_lesions_are_numbered_and_keep_their_uid(case):
    first = case.state.plain("lesion", "L1")
    assert workflow.add_lesion(case, organ="liver", role="non_target") == "L2"
    workflow.set_lesion(case, "L1", role="non_target")

    held = case.state.plain("lesion", "L1")
    assert held["tracking_uid"] == first["tracking_uid"] != case.state.plain("lesion", "L2")["tracking_uid"]
    assert (held["organ"], held["role"]) == ("rectum", "non_target")
    with pytest.raises(ReadingError, match="role of a lesion is one of target, non_target, new"):
        workflow.set_lesion(case, "L1", role="index")


def test_a_removed_lesion_takes_everything_with_it_and_undo_brings_it_back(case):
    draw_first_strokes(case, workflow)
    workflow.propose(case, workflow.grow_job(case, "L1", "baseline").run())
    workflow.accept(case, "L1", "baseline")
    workflow.add_lesion(case)
    before = case.state.sha256

    workflow.remove_lesion(case, "L1")
    assert {key[1] for key in case.state.cells} == {"L2"}
    case.undo()
    assert case.state.sha256 == before
