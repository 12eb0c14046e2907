import numpy as np
import pytest

from gist_imaging.response.assess import assess_every_visit
from gist_imaging.response.best import best_overall_response
from gist_imaging.response.change import Category, Query, percent_change
from gist_imaging.response.visit import LesionState, TargetLesion, Visit


def test_a_lesion_that_has_gone_changed_by_exactly_minus_100_percent():
    baselines = np.random.default_rng(5).uniform(0.01, 300.0, 20_000)

    assert {percent_change(float(baseline), 0.0) for baseline in baselines} == {-100.0}


@pytest.mark.parametrize(("followup", "expected"), [(70.0, -30.0), (120.0, 20.0), (172.8, 72.8)])
def test_cut_offs_in_round_numbers_are_met(followup, expected):
    assert percent_change(100.0, followup) == pytest.approx(expected, abs=1e-9)


def node(short_axis_mm: float, day: int) -> Visit:
    lesion = TargetLesion(
        state=LesionState.MEASURED,
        longest_diameter_mm=25.0,
        short_axis_mm=short_axis_mm,
        is_node=True,
        slice_mm=3.0,
    )
    return Visit(targets=(lesion,), day=day)


def test_a_partial_after_a_complete_response_is_a_query_for_the_whole_course():
    course = assess_every_visit([node(20.0, 0), node(8.0, 60), node(11.0, 120)], "recist11")

    best = best_overall_response(course)

    assert course[0].category is Category.CR
    assert best.category is Category.NE
    assert best.query is Query.PR_AFTER_CR
