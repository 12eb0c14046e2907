"""From targets, other lesions and new ones to the response of a visit (RECIST 1.1, overall response)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gist_imaging.response.change import Category, Query, Reason
from gist_imaging.response.visit import Visit

__all__ = ["Overall", "overall_response", "persistent"]


@dataclass(frozen=True, slots=True)
class Overall:
    """The response of a visit; `rule` and `reason` are None where those of the targets decide."""

    category: Category
    rule: str | None = None
    reason: str | None = None
    query: str | None = None


def overall_response(
    target: Category, visit: Visit, has_targets: bool, earlier: Sequence[Category]
) -> Overall:
    """Return the response of a visit.

    A new lesion, or progression of targets or others, is PD. CR of the targets is CR only when the others
    are gone too, else PR. Targets that are not evaluable are NE. PR after an earlier CR is NE with a query.

    Parameters
    ----------
    target : response of the target lesions; of no account when `has_targets` is False
    earlier : overall responses of the visits before
    """
    if visit.new_lesion:
        return Overall(Category.PD, "PD: a new lesion")
    if visit.non_target is Category.PD:
        return Overall(Category.PD, "PD: unequivocal progression of non-target disease")
    if not has_targets:
        return _non_target_only(visit)
    category, rule = target, None
    if target is Category.CR and visit.non_target not in (None, Category.CR):
        category, rule = Category.PR, "PR: targets are gone, non-target disease is not known to be"
    if category is Category.PR and Category.CR in earlier:
        return Overall(Category.NE, reason=Reason.PR_AFTER_CR, query=Query.PR_AFTER_CR)
    return Overall(category, rule)


def _non_target_only(visit: Visit) -> Overall:
    if visit.non_target is None:
        return Overall(Category.NE, reason=Reason.NO_TARGET_AT_BASELINE)
    if visit.non_target is Category.NE:
        return Overall(Category.NE, reason=Reason.NON_TARGET_NOT_EVALUABLE)
    return Overall(visit.non_target, f"{visit.non_target}: non-target disease alone")


def persistent(category: Category, earlier: Sequence[Category]) -> Category:
    """Return the response with a PR that stays: SD after PR or CR is PR, until PD (EORTC).

    Parameters
    ----------
    earlier : overall responses of the visits before, each of its visit alone
    """
    if category is not Category.SD or Category.PD in earlier:
        return category
    responded = Category.PR in earlier or Category.CR in earlier
    return Category.PR if responded else category
