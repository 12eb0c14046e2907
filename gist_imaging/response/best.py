"""Best overall response over a course, with and without confirmation.

Order, best first: CR, PR, SD, NON_CR_NON_PD, PD, NE, among the visits up to the first PD (RECIST 1.1,
section 4.4). SD counts only from a minimum time on. With confirmation, CR and PR need a later visit that
upholds them; what is not upheld falls back to SD if the visit is late enough, else to NE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from gist_imaging.errors import MeasurementError
from gist_imaging.response.change import Category, Query, Reason, Response

__all__ = ["BestOptions", "best_overall_response"]

Visits = Sequence[tuple[int, Category]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOptions:
    """What the trial defines.

    Parameters
    ----------
    confirm : whether CR and PR need confirmation (single-arm designs)
    sd_min_days : SD counts from this day on (inclusive); 42 is six weeks
    confirm_days : a confirming visit is at least so many days later (inclusive); RECIST 1.1: 4 weeks
    max_ne : so many visits that are not evaluable may lie between
    max_sd : so many visits with SD may lie between a PR and the one that confirms it
    """

    confirm: bool = False
    sd_min_days: int = 42
    confirm_days: int = 28
    max_ne: int = 1
    max_sd: int = 1


def best_overall_response(
    course: Sequence[tuple[int, Category] | Response],
    criterion: str = "recist11",
    options: BestOptions | None = None,
) -> Response:
    """Return the best overall response of a course.

    A CR that is followed by PR is a query, never resolved silently: NE with PR_AFTER_CR.

    Parameters
    ----------
    course : in time order, day since the start of treatment and overall response of that visit alone, or
        the `Response` of the visit, which also carries its day and query

    Raises
    ------
    MeasurementError
        If a `Response` has no day.
    """
    chosen = options or BestOptions()
    name = {"criterion": criterion, "rule_version": "best-1"}
    visits = [_day_and_category(visit) for visit in course]
    until_pd = _until_first_pd(visits)
    if any(isinstance(visit, Response) and visit.query is Query.PR_AFTER_CR for visit in course):
        return _best(name, Category.NE, None, Reason.PR_AFTER_CR, Query.PR_AFTER_CR)
    categories = [category for _, category in until_pd]
    if Category.CR in categories and Category.PR in categories[categories.index(Category.CR) :]:
        return _best(name, Category.NE, None, Reason.PR_AFTER_CR, Query.PR_AFTER_CR)
    for category in (Category.CR, Category.PR):
        if chosen.confirm and _is_confirmed(until_pd, category, chosen):
            return _best(name, category, f"{category}, confirmed")
        if not chosen.confirm and category in categories:
            return _best(name, category, f"{category} at a visit")
    stable = {Category.SD, Category.PR, Category.CR}
    if any(held in stable and day >= chosen.sd_min_days for day, held in until_pd):
        return _best(name, Category.SD, f"SD or better from day {chosen.sd_min_days} on")
    if any(held is Category.NON_CR_NON_PD and day >= chosen.sd_min_days for day, held in until_pd):
        return _best(name, Category.NON_CR_NON_PD, f"NON_CR_NON_PD from day {chosen.sd_min_days} on")
    if Category.PD in categories:
        return _best(name, Category.PD, "PD without an earlier response")
    early = any(held is not Category.NE for held in categories)
    return _best(name, Category.NE, None, Reason.SD_TOO_EARLY if early else Reason.NO_ASSESSMENT)


def _day_and_category(visit: tuple[int, Category] | Response) -> tuple[int, Category]:
    if not isinstance(visit, Response):
        return visit
    if visit.day is None:
        raise MeasurementError(
            "every visit of a course has a day", "a response without one was given", "state the days"
        )
    return visit.day, visit.category


def _best(
    name: dict[str, str],
    category: Category,
    rule: str | None,
    reason: str | None = None,
    query: str | None = None,
) -> Response:
    return Response(
        category=category,
        category_persistent=category,
        rule=rule,
        reason=reason,
        query=query,
        criterion=name["criterion"],
        rule_version=name["rule_version"],
    )


def _until_first_pd(course: Visits) -> list[tuple[int, Category]]:
    before = list(takewhile(lambda visit: visit[1] is not Category.PD, course))
    return [*before, *course[len(before) : len(before) + 1]]


def _is_confirmed(course: Visits, category: Category, options: BestOptions) -> bool:
    upholding = {Category.CR} if category is Category.CR else {Category.CR, Category.PR}
    for at, (day, held) in enumerate(course):
        if held not in upholding:
            continue
        for later, (later_day, later_held) in enumerate(course[at + 1 :], start=at + 1):
            between = [between_held for _, between_held in course[at + 1 : later]]
            if (
                later_held in upholding
                and later_day >= day + options.confirm_days
                and _may_lie_between(between, upholding, options)
            ):
                return True
    return False


def _may_lie_between(between: Sequence[Category], upholding: set[Category], options: BestOptions) -> bool:
    others = [held for held in between if held not in upholding]
    n_sd_allowed = options.max_sd if Category.PR in upholding else 0
    return (
        others.count(Category.NE) <= options.max_ne
        and others.count(Category.SD) <= n_sd_allowed
        and all(held in (Category.NE, Category.SD) for held in others)
    )
