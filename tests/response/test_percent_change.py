import numpy as np
import pytest
from strategies import oblique_geometry

from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.response.assess import assess_every_visit, assess_response
from gist_imaging.response.best import best_overall_response
from gist_imaging.response.change import Category, Query, percent_change
from gist_imaging.response.visit import LesionState, TargetLesion, Visit
from gist_imaging.spatial import Mask, Quantity, Volume


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


def test_density_at_two_tube_voltages_is_not_compared():
    grid = oblique_geometry((8, 24, 24), (3.0, 1.0, 1.0))
    inside = np.zeros(grid.shape, dtype=bool)
    inside[2:6, 5:19, 5:19] = True
    scans = [
        Volume(np.full(grid.shape, hu, dtype=np.int16), grid, Quantity.HU, "1.2.3", "CT", kvp=kvp)
        for hu, kvp in ((80, 120.0), (50, 100.0))
    ]
    measured = [measure_lesion(scan, Mask(inside, grid)) for scan in scans]

    response = assess_response(measured, "choi", phase="portal_venous")

    assert (response.category, response.reason) == (Category.NE, "kvp_differs")
