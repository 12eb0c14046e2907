"""Every refusal to judge has a reason that a radiologist can check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from strategies import oblique_geometry

from gist_imaging import assess_response, measure_lesion
from gist_imaging.errors import MeasurementError
from gist_imaging.response.assess import CRITERIA, assess_every_visit
from gist_imaging.response.change import Category, Response
from gist_imaging.response.compare import compare
from gist_imaging.response.visit import LesionState, TargetLesion, Visit
from gist_imaging.spatial import Mask, Quantity, Volume
from gist_imaging.study import ContrastPhase


def measured(depth: int, quantity: Quantity = Quantity.HU, physical: bool = True, value: int = 80):
    grid = replace(oblique_geometry(), physical=physical)
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[2 : 2 + depth, 4 : 4 + 3 * depth, 5:20] = True
    volume = Volume(np.full(grid.shape, value, dtype=np.int16), grid, quantity, "1.2.3", "CT")
    return measure_lesion(volume, Mask(voxels, grid))


def dense(hu: float, phase: str = "portal_venous", kvp: float | None = None) -> Visit:
    lesion = TargetLesion(longest_diameter_mm=50, mean_hu=hu, in_hu=True)
    return Visit(targets=(lesion,), phase=phase, kvp=kvp)


@pytest.mark.parametrize(
    ("baseline", "followup", "reason"),
    [
        (dense(80, "unknown"), dense(60), "phase_unknown"),
        (dense(80), dense(60, "unknown"), "phase_unknown"),
        (dense(80, "arterial"), dense(60, "arterial"), "phase_not_portal_venous"),
        (dense(80), dense(60, "none"), "phase_not_portal_venous"),
        (dense(80, kvp=120), dense(60, kvp=100), "kvp_differs"),
        (dense(20), dense(10), "baseline_density_too_low"),
        (dense(-5), dense(-9), "baseline_density_too_low"),
    ],
)
def test_choi_says_why_densities_do_not_compare(baseline, followup, reason):
    response = assess_response([baseline, followup], "choi")

    assert (response.category, response.reason) == ("NE", reason)


@pytest.mark.parametrize(
    ("baseline", "followup"),
    [(dense(80, kvp=120), dense(60, kvp=110)), (dense(80, kvp=120), dense(60)), (dense(20.1), dense(10))],
)
def test_choi_judges_up_to_its_limits(baseline, followup):
    assert assess_response([baseline, followup], "choi").category == "PR"


@pytest.mark.parametrize("criterion", ["choi", "mchoi"])
def test_choi_is_not_defined_on_mr(criterion):
    before, after = measured(4, Quantity.ARBITRARY), measured(2, Quantity.ARBITRARY)

    response = assess_response([before, after], criterion, phase="portal_venous")

    assert (response.category, response.reason) == ("NE", "density_not_defined")


def test_a_grid_that_is_not_physical_gives_ratios_and_no_category():
    before, after = measured(4, physical=False), measured(2, physical=False)

    by_size = assess_response([before, after], "recist11")
    by_volume = assess_response([before, after], "volume_sphere_recist")

    assert (by_size.category, by_size.reason) == ("NE", "geometry_not_physical")
    assert by_size.change_pct_baseline is None
    assert (by_volume.category, by_volume.reason) == ("NE", "geometry_not_physical")
    assert by_volume.followup_value is None
    assert by_volume.change_pct_baseline == pytest.approx(-75.0)


def test_voxel_counts_of_unequal_spacings_do_not_compare():
    before, after = measured(4, physical=False), measured(2, physical=False)
    coarser = replace(after, nominal_spacing_mm=(9.0, 1.0, 1.0))

    assert assess_response([before, coarser], "volume_ellipsoid").change_pct_baseline is None


def test_an_empty_mask_at_follow_up_is_a_complete_response():
    before = measured(4)
    gone = measured(0)

    assert [assess_response([before, gone], c).category for c in CRITERIA] == ["CR"] * len(CRITERIA)


def test_an_empty_mask_at_baseline_has_no_target():
    response = assess_response([measured(0), measured(3)])

    assert (response.category, response.reason) == ("NE", "no_target_at_baseline")


def test_a_target_that_was_not_assessed_is_not_evaluable_unless_the_rest_progressed():
    baseline = Visit(
        targets=(
            TargetLesion(lesion_id="A", longest_diameter_mm=40),
            TargetLesion(lesion_id="B", longest_diameter_mm=10),
        )
    )

    def followup(diameter_mm: float) -> Visit:
        seen = TargetLesion(lesion_id="A", longest_diameter_mm=diameter_mm)
        return Visit(targets=(seen, TargetLesion(lesion_id="B", state=LesionState.NOT_EVALUABLE)))

    assert assess_response([baseline, followup(20)]).reason == "target_not_evaluable"
    assert assess_response([baseline, followup(60)]).category == "PD"
    assert assess_response([baseline, followup(59.9)]).category == "NE"


def test_the_nadir_skips_visits_that_were_not_evaluable():
    unseen = Visit(targets=(TargetLesion(state=LesionState.NOT_EVALUABLE),))
    course = [Visit(targets=(TargetLesion(longest_diameter_mm=d),)) for d in (100, 40, 60)]

    responses = assess_every_visit([course[0], course[1], unseen, course[2]])

    assert [held.category for held in responses] == ["PR", "NE", "PD"]
    assert responses[-1].nadir_value == 40


def test_what_comes_back_after_complete_response_is_progression_to_be_reviewed():
    course = [Visit(targets=(TargetLesion(longest_diameter_mm=d),)) for d in (40, 0, 3)]

    response = assess_response(course)

    assert (response.category, response.query) == ("PD", "REAPPEARANCE_AFTER_CR")


def test_partial_after_complete_response_is_a_query():
    def visit(node_mm: float) -> Visit:
        return Visit(targets=(TargetLesion(is_node=True, longest_diameter_mm=30, short_axis_mm=node_mm),))

    responses = assess_every_visit([visit(20), visit(9), visit(10)])

    assert [held.category for held in responses] == ["CR", "NE"]
    assert (responses[1].reason, responses[1].query) == ("pr_after_cr", "PR_AFTER_CR")


def test_nodes_count_their_short_axis_and_are_gone_below_ten_millimetres():
    def visit(lesion_mm: float, node_mm: float) -> Visit:
        state = LesionState.ABSENT if lesion_mm == 0 else LesionState.MEASURED
        return Visit(
            targets=(
                TargetLesion(lesion_id="A", state=state, longest_diameter_mm=lesion_mm),
                TargetLesion(lesion_id="N", is_node=True, longest_diameter_mm=40, short_axis_mm=node_mm),
            )
        )

    normal, enlarged = (assess_response([visit(30, 20), visit(0, size)]) for size in (9.9, 10.0))

    assert (normal.category, normal.baseline_value, normal.followup_value) == ("CR", 50, 9.9)
    assert enlarged.category == "PR"


@pytest.mark.parametrize("n_slices_mm", [3.3, 8.0])
def test_measurability_at_baseline_is_told(n_slices_mm):
    lesion = TargetLesion(longest_diameter_mm=12, slice_mm=n_slices_mm)

    response = assess_response([Visit(targets=(lesion,)), Visit(targets=(lesion,))])

    assert response.measurable_at_baseline is (n_slices_mm < 5)


def test_a_follow_up_may_not_bring_a_target_that_the_baseline_lacks():
    with pytest.raises(MeasurementError, match="new_lesion"):
        assess_response(
            [Visit(targets=(TargetLesion(lesion_id="A"),)), Visit(targets=(TargetLesion(lesion_id="B"),))]
        )


def test_one_visit_is_no_course():
    with pytest.raises(MeasurementError, match="baseline with a follow-up"):
        assess_response([measured(3)])


def test_an_unknown_criterion_is_refused_with_the_list():
    with pytest.raises(MeasurementError, match=r"recist11.*got 'RECIST'"):
        assess_response([measured(3), measured(2)], "RECIST")


def test_days_must_increase():
    with pytest.raises(MeasurementError, match="increase strictly"):
        assess_response([measured(3), measured(2)], days=(90, 0))


def test_a_response_that_is_not_evaluable_must_say_why():
    with pytest.raises(MeasurementError, match="says why"):
        Response(
            criterion="recist11", rule_version="1", category=Category.NE, category_persistent=Category.NE
        )


def test_a_comparison_gives_every_change_and_every_criterion():
    compared = compare(
        measured(4), measured(2, value=60), days=(0, 90), phase=ContrastPhase.PORTAL_VENOUS
    ).to_json()

    assert [held["criterion"] for held in compared["responses"]] == list(CRITERIA)
    assert compared["change_pct"]["volume_mm3"] == pytest.approx(-75.0)
    assert compared["change_pct"]["mean"] == pytest.approx(-25.0)
    assert compared["change_pct"]["sd"] is None
    assert list(compared["change_pct"]) == compared["change_order"]
    assert all(held["rule"] or held["reason"] for held in compared["responses"])


def test_intensities_of_different_quantities_have_no_change():
    compared = compare(measured(4), measured(2, Quantity.ARBITRARY))

    assert compared.change_pct["mean"] is None
    assert compared.change_pct["volume_mm3"] is not None


def test_a_new_lesion_is_progression_by_every_criterion():
    compared = compare(measured(4), measured(2), phase="portal_venous", new_lesion=True)

    assert {held.category for held in compared.responses} == {Category.PD}
