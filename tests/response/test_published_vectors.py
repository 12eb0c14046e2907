"""Series whose category is known from publications or from plain arithmetic."""

from __future__ import annotations

import pytest

from gist_imaging.response.assess import CRITERIA, ResponseOptions, assess_every_visit, assess_response
from gist_imaging.response.best import BestOptions, best_overall_response
from gist_imaging.response.change import Category, percent_change
from gist_imaging.response.choi import ChoiOptions
from gist_imaging.response.visit import LesionState, TargetLesion, Visit, is_measurable


def sized(diameter_mm: float, **flags: object) -> Visit:
    return Visit(targets=(TargetLesion(longest_diameter_mm=diameter_mm),), **flags)


def recist(*diameters_mm: float) -> list[str]:
    return [str(held.category) for held in assess_every_visit([sized(d) for d in diameters_mm])]


@pytest.mark.parametrize(
    ("diameters_mm", "expected"),
    [
        pytest.param((165, 63, 65), ["PR", "PR"], id="R1 EORTC example"),
        pytest.param((100, 70, 70, 80, 80, 80), ["PR", "PR", "SD", "SD", "SD"], id="R2 EORTC table, raw"),
        pytest.param((68, 47), ["PR"], id="R3 cohort means"),
        pytest.param((76, 41), ["PR"], id="R4 cohort means"),
        pytest.param((52, 40), ["SD"], id="R5 cohort medians"),
        pytest.param((105, 59), ["PR"], id="R6 cohort means"),
        pytest.param((100, 70.0), ["PR"], id="R7 exactly 30 %"),
        pytest.param((100, 70.1), ["SD"], id="R7 just above"),
        pytest.param((20, 20, 24), ["SD", "SD"], id="R8 +20 % but 4 mm"),
        pytest.param((20, 20, 25), ["SD", "PD"], id="R9 +25 %, exactly 5 mm"),
        pytest.param((100, 40, 60), ["PR", "PD"], id="R10 growth from the nadir"),
        pytest.param((100, 96, 115), ["SD", "SD"], id="R11 +19.8 %"),
        pytest.param((100, 96, 115.2), ["SD", "PD"], id="R12 exactly 20 %"),
    ],
)
def test_recist_calls_a_series_of_sums_as_published(diameters_mm, expected):
    assert recist(*diameters_mm) == expected


def test_a_partial_response_persists_until_progression():
    responses = assess_every_visit([sized(d) for d in (100, 70, 70, 80, 80, 80)])

    assert [held.category_persistent for held in responses] == ["PR"] * 5


def test_after_progression_nothing_persists():
    responses = assess_every_visit([sized(d) for d in (100, 70, 90, 75)])

    assert [held.category for held in responses] == ["PR", "PD", "SD"]
    assert [held.category_persistent for held in responses] == ["PR", "PD", "SD"]


def test_the_change_in_percent_is_that_of_the_papers():
    responses = assess_every_visit([sized(d) for d in (165, 63, 65)])

    assert responses[0].change_pct_baseline == pytest.approx(-61.8, abs=0.05)
    assert responses[1].change_pct_nadir == pytest.approx(3.2, abs=0.05)
    assert percent_change(68, 47) == pytest.approx(-30.88, abs=0.005)


def test_too_small_counts_five_millimetres_and_absent_counts_none():
    course = [
        sized(30),
        Visit(targets=(TargetLesion(state=LesionState.TOO_SMALL),)),
        Visit(targets=(TargetLesion(state=LesionState.ABSENT),)),
    ]

    first, second = assess_every_visit(course)

    assert (first.category, first.followup_value) == ("PR", 5.0)
    assert (second.category, second.followup_value) == ("CR", 0.0)


@pytest.mark.parametrize(
    ("diameter_mm", "slice_mm", "measurable"),
    [(11, 6, False), (12, 6, True), (10, 5, True), (9.99, 5, False), (10, 1, True), (10.1, 5.1, False)],
)
def test_a_lesion_is_measurable_by_its_size_and_slices(diameter_mm, slice_mm, measurable):
    assert is_measurable(TargetLesion(longest_diameter_mm=diameter_mm, slice_mm=slice_mm)) is measurable


@pytest.mark.parametrize(("short_axis_mm", "measurable"), [(15, True), (14.99, False)])
def test_a_node_is_measurable_by_its_short_axis(short_axis_mm, measurable):
    node = TargetLesion(is_node=True, longest_diameter_mm=30, short_axis_mm=short_axis_mm)

    assert is_measurable(node) is measurable


@pytest.mark.parametrize(
    ("target_mm", "non_target", "new", "expected"),
    [
        pytest.param(0, Category.CR, False, "CR", id="all gone"),
        pytest.param(0, None, False, "CR", id="all gone, no other disease"),
        pytest.param(0, Category.NON_CR_NON_PD, False, "PR", id="targets gone, others stay"),
        pytest.param(0, Category.NE, False, "PR", id="targets gone, others not seen"),
        pytest.param(41, Category.NE, False, "PR", id="R15 CDISC example: bone scan not done"),
        pytest.param(100, Category.NE, False, "SD", id="stable, others not seen"),
        pytest.param(100, Category.PD, False, "PD", id="others progress"),
        pytest.param(100, None, True, "PD", id="R16 stable with a new lesion"),
        pytest.param(0, Category.CR, True, "PD", id="gone with a new lesion"),
    ],
)
def test_the_overall_response_follows_the_table_of_recist(target_mm, non_target, new, expected):
    lesion = TargetLesion(
        longest_diameter_mm=target_mm, state=LesionState.ABSENT if target_mm == 0 else LesionState.MEASURED
    )
    visit = Visit(targets=(lesion,), non_target=non_target, new_lesion=new)

    assert assess_response([sized(100), visit]).category == expected


@pytest.mark.parametrize(
    ("non_target", "new", "expected"),
    [
        (Category.CR, False, "CR"),
        (Category.NON_CR_NON_PD, False, "NON_CR_NON_PD"),
        (Category.NE, False, "NE"),
        (Category.PD, False, "PD"),
        (Category.CR, True, "PD"),
    ],
)
def test_non_target_disease_alone_is_judged_by_its_own_table(non_target, new, expected):
    followup = Visit(non_target=non_target, new_lesion=new)

    assert assess_response([Visit(), followup]).category == expected


BEST = [
    ("56 PR,112 PR", "PR", "PR"),
    ("56 PR,112 SD", "SD", "PR"),
    ("56 PR,70 PR", "SD", "PR"),
    ("28 SD,56 PD", "PD", "PD"),
    ("28 SD", "NE", "NE"),
    ("56 PR,84 NE,112 PR", "PR", "PR"),
    ("56 CR,112 CR", "CR", "CR"),
    ("56 PD,112 PR", "PD", "PD"),
    ("42 SD", "SD", "SD"),
    ("41 SD", "NE", "NE"),
    ("56 PR,84 PR", "PR", "PR"),
    ("56 PR,83 PR", "SD", "PR"),
    ("56 PR,70 NE,84 NE,112 PR", "SD", "PR"),
    ("56 PR,84 SD,112 PR", "PR", "PR"),
]


@pytest.mark.parametrize(("course", "confirmed", "unconfirmed"), BEST)
def test_the_best_response_is_that_of_the_worked_courses(course, confirmed, unconfirmed):
    visits = [(int(day), Category(name)) for day, name in (held.split() for held in course.split(","))]

    assert best_overall_response(visits, options=BestOptions(confirm=True)).category == confirmed
    assert best_overall_response(visits, options=BestOptions(confirm=False)).category == unconfirmed


@pytest.mark.parametrize("confirm", [True, False])
def test_cr_followed_by_pr_is_a_query_and_not_resolved(confirm):
    best = best_overall_response(
        [(56, Category.CR), (112, Category.PR)], options=BestOptions(confirm=confirm)
    )

    assert (best.category, best.query) == ("NE", "PR_AFTER_CR")


def dense(size_mm: float, hu: float, nodule: bool = False, phase: str = "portal_venous") -> Visit:
    lesion = TargetLesion(longest_diameter_mm=size_mm, mean_hu=hu, in_hu=True)
    return Visit(targets=(lesion,), phase=phase, new_nodule=nodule)


CHOI = [
    ((53, 61.8), "PR", "SD"),
    ((53, 62.0), "SD", "SD"),
    ((47.7, 72.8), "PR", "SD"),
    ((60, 58), "PR", "SD"),
    ((60, 66), "PD", "PD"),
    ((47, 61), "PR", "PR"),
    # Exactly on the cut-offs: 15 % of 72.8 is 10.92, 10 % of 53 is 5.3.
    ((53, 61.88), "PR", "SD"),
    ((53, 61.89), "SD", "SD"),
    ((47.71, 72.8), "SD", "SD"),
    ((58.3, 72.8), "PD", "PD"),
    ((58.29, 72.8), "SD", "SD"),
]


@pytest.mark.parametrize(("followup", "choi", "modified"), CHOI)
def test_choi_judges_size_and_density_together(followup, choi, modified):
    visits = [dense(53, 72.8), dense(*followup)]

    assert assess_response(visits, "choi").category == choi
    assert assess_response(visits, "mchoi").category == modified


def test_a_new_nodule_is_progression_by_choi():
    assert assess_response([dense(53, 72.8), dense(53, 72.8, nodule=True)], "choi").category == "PD"


def test_cut_offs_of_choi_may_be_exclusive():
    options = ResponseOptions(choi=ChoiOptions(inclusive=False))

    assert assess_response([dense(53, 72.8), dense(47.7, 72.8)], "choi", options=options).category == "SD"


def test_choi_growth_is_judged_from_the_nadir_unless_told_otherwise():
    visits = [dense(100, 80), dense(91, 80), dense(100.1, 80)]
    from_baseline = ResponseOptions(choi=ChoiOptions(growth_from="baseline"))

    assert assess_response(visits, "choi").category == "PD"
    assert assess_response(visits, "choi", options=from_baseline).category == "SD"


def test_choi_response_that_regrows_from_its_nadir_asks_for_review():
    response = assess_response([dense(100, 80), dense(40, 80), dense(60, 80)], "choi")

    assert (response.category, response.query) == ("PR", "GROWTH_FROM_NADIR")


def volumes(criterion: str, *millilitres: float, repeatability_mm3: float | None = None) -> list[str]:
    visits = [Visit(targets=(TargetLesion(volume_mm3=1000.0 * ml),)) for ml in millilitres]
    options = ResponseOptions(repeatability_mm3=repeatability_mm3)
    return [str(held.category) for held in assess_every_visit(visits, criterion, options=options)]


@pytest.mark.parametrize(
    ("criterion", "millilitres", "expected"),
    [
        ("volume_sphere_recist", (164.6, 54.4), ["PR"]),
        ("volume_sphere_recist", (164.6, 57.0), ["SD"]),
        ("volume_sphere_recist", (164.6, 54.4, 94.1), ["PR", "PD"]),
        ("volume_sphere_recist", (164.6, 54.4, 93.0), ["PR", "SD"]),
        ("volume_sphere_recist", (100, 34.3), ["PR"]),
        ("volume_sphere_recist", (100, 34.31), ["SD"]),
        ("volume_sphere_recist", (100, 172.8), ["PD"]),
        ("volume_sphere_recist", (100, 172.79), ["SD"]),
        ("volume_sphere_who", (100, 35.35), ["PR"]),
        ("volume_sphere_who", (100, 35.36), ["SD"]),
        ("volume_sphere_who", (100, 139.76), ["PD"]),
        ("volume_sphere_who", (100, 139.75), ["SD"]),
        ("volume_ellipsoid", (164.6, 115.2), ["PR"]),
        ("volume_ellipsoid", (100, 120), ["PD"]),
        ("volume_ellipsoid", (100, 119.9), ["SD"]),
        ("volume_reliability", (100, 65), ["PR"]),
        ("volume_reliability", (100, 65.1), ["SD"]),
        ("volume_reliability", (100, 155), ["PD"]),
        ("volume_reliability", (100, 154.9), ["SD"]),
        ("volume_sphere_recist", (100, 0), ["CR"]),
    ],
)
def test_volumes_are_judged_by_unrounded_cut_offs(criterion, millilitres, expected):
    assert volumes(criterion, *millilitres) == expected


def test_growth_within_the_repeatability_is_no_progression_by_volume():
    assert volumes("volume_ellipsoid", 10, 13, repeatability_mm3=3000.0) == ["SD"]
    assert volumes("volume_ellipsoid", 10, 13, repeatability_mm3=2999.0) == ["PD"]


@pytest.mark.parametrize(
    ("products", "expected"),
    [((100, 50), "PR"), ((100, 50.1), "SD"), ((100, 125), "PD"), ((100, 124.9), "SD")],
)
def test_who_judges_the_product_of_two_diameters(products, expected):
    visits = [
        Visit(targets=(TargetLesion(longest_diameter_mm=10, short_axis_mm=product / 10),))
        for product in products
    ]

    assert assess_response(visits, "who").category == expected


def test_every_criterion_answers_or_says_why_not():
    for criterion in CRITERIA:
        response = assess_response([sized(100), sized(60)], criterion)

        assert response.category != "NE" or response.reason
