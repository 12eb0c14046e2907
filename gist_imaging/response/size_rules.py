"""The logic that RECIST, WHO and the volumetric rules share: one sum, two cut-offs, baseline and nadir."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gist_imaging.response.change import (
    TOLERANCE,
    Category,
    Query,
    Reason,
    Response,
    at_least,
    at_most,
    percent_change,
)
from gist_imaging.response.overall import overall_response, persistent
from gist_imaging.response.visit import (
    LesionState,
    TargetLesion,
    Visit,
    check_visits,
    is_measurable,
    why_unmeasured,
)
from gist_imaging.spatial import same_spacing

__all__ = ["Burden", "SizeRules", "assess_size", "burden_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRules:
    """One set of rules on a sum over the target lesions.

    Parameters
    ----------
    criterion, rule_version : its name
    size : what a lesion adds to the sum; None where it was not measured
    what, unit : the sum, in words, and its unit
    pr_at_most_pct : PR when the change from baseline is at most this (inclusive)
    pd_at_least_pct : PD when the change from the growth reference is at least this (inclusive)
    growth_from : "nadir" or "baseline"
    pd_at_least_more : PD needs also this growth (inclusive), in `unit`; None for no floor
    pd_more_than : PD needs also more growth than this (exclusive), in `unit`; None for no floor
    node_normal_below_mm : nodes with a shorter short axis count as gone for CR; None: nodes are as others
    counts_voxels : whether voxel counts give the change where the geometry is not physical
    """

    criterion: str
    rule_version: str
    size: Callable[[TargetLesion], float | None]
    what: str
    unit: str
    pr_at_most_pct: float
    pd_at_least_pct: float
    growth_from: str = "nadir"
    pd_at_least_more: float | None = None
    pd_more_than: float | None = None
    node_normal_below_mm: float | None = None
    counts_voxels: bool = False

    @property
    def trace(self) -> tuple[str, ...]:
        """What the rules were set to."""
        floors = (
            (self.pd_at_least_more, f"PD needs growth of at least {self.pd_at_least_more} {self.unit}"),
            (
                self.pd_more_than,
                f"PD needs growth above the repeatability of {self.pd_more_than} {self.unit}",
            ),
        )
        said = [text for floor, text in floors if floor is not None]
        return (f"growth judged from the {self.growth_from}", *(said or ["no absolute floor for PD"]))


@dataclass(frozen=True, slots=True)
class Burden:
    """The sum over the target lesions of a visit.

    Parameters
    ----------
    total : the sum; None where a lesion was not measured
    measured_part : the sum over the lesions that were
    reason : why `total` is None
    """

    total: float | None
    measured_part: float
    reason: str | None = None


def burden_of(
    visit: Visit, lesion_ids: Sequence[str], size: Callable[[TargetLesion], float | None]
) -> Burden:
    """Return the sum of `size` over the lesions of the baseline."""
    held: Mapping[str, TargetLesion] = {lesion.lesion_id: lesion for lesion in visit.targets}
    sizes = {name: _size(held[name], size) for name in lesion_ids if name in held}
    part = sum(value for value in sizes.values() if value is not None)
    missing = next((name for name in lesion_ids if sizes.get(name) is None), None)
    if missing is None:
        return Burden(part, part)
    reason = why_unmeasured(held[missing]) if missing in held else Reason.TARGET_NOT_EVALUABLE
    return Burden(None, part, reason)


def _size(lesion: TargetLesion, size: Callable[[TargetLesion], float | None]) -> float | None:
    if lesion.state is LesionState.ABSENT and lesion.short_axis_mm is None:
        return 0.0
    if lesion.state is LesionState.NOT_EVALUABLE:
        return None
    return size(lesion)


def assess_size(visits: Sequence[Visit], rules: SizeRules) -> tuple[Response, ...]:
    """Return what `rules` call every follow-up of `visits`, the first of which is the baseline.

    Tests in order: CR, PD, PR, SD. Shrinkage is judged from the baseline, growth from the nadir (or the
    baseline, where the rules say so).
    """
    check_visits(visits)
    names = [lesion.lesion_id for lesion in visits[0].targets]
    burdens = [burden_of(visit, names, rules.size) for visit in visits]
    measurable = [is_measurable(lesion) for lesion in visits[0].targets]
    responses: list[Response] = []
    for at in range(1, len(visits)):
        known = [burden.total for burden in burdens[:at] if burden.total is not None]
        nadir = min(known) if known and burdens[0].total is not None else None
        target, rule, reason = _target(visits[at], names, burdens[0], burdens[at], nadir, rules)
        call = overall_response(target, visits[at], bool(names), [held.category for held in responses])
        responses.append(
            Response(
                criterion=rules.criterion,
                rule_version=rules.rule_version,
                category=call.category,
                category_persistent=persistent(call.category, [held.category for held in responses]),
                target_response=target if names else None,
                non_target_response=visits[at].non_target,
                new_lesion=visits[at].new_lesion,
                rule=call.rule or rule if call.category is not Category.NE else None,
                reason=call.reason or reason if call.category is Category.NE else None,
                query=call.query or _reappearance(nadir, target, call.category),
                day=visits[at].day,
                baseline_value=burdens[0].total,
                nadir_value=nadir,
                followup_value=burdens[at].total,
                unit=rules.unit,
                measurable_at_baseline=None if None in measurable or not measurable else all(measurable),
                trace=rules.trace,
                **_changes(visits, at, names, burdens, nadir, rules),
            )
        )
    return tuple(responses)


def _target(
    visit: Visit,
    names: Sequence[str],
    baseline: Burden,
    followup: Burden,
    nadir: float | None,
    rules: SizeRules,
) -> tuple[Category, str | None, str | None]:
    """The category of the targets, the rule that fired, and why NE."""
    if not names:
        return Category.NE, None, Reason.NO_TARGET_AT_BASELINE
    if baseline.total is None or nadir is None:
        unsaid = baseline.reason == Reason.TARGET_NOT_EVALUABLE
        return Category.NE, None, Reason.BASELINE_NOT_EVALUABLE if unsaid else baseline.reason
    if not baseline.total > 0:
        return Category.NE, None, Reason.NO_TARGET_AT_BASELINE
    if followup.total is not None and _all_gone(visit, rules):
        return Category.CR, "CR: all target lesions are gone", None
    if _has_grown(followup.measured_part, baseline.total, nadir, rules):
        return Category.PD, _growth_words(followup, nadir, rules), None
    if followup.total is None:
        return Category.NE, None, followup.reason
    if at_most(percent_change(baseline.total, followup.total), rules.pr_at_most_pct):
        return (
            Category.PR,
            f"PR: {rules.what} fell by {-rules.pr_at_most_pct:.4g} % or more from baseline",
            None,
        )
    return Category.SD, f"SD: {rules.what} met neither the cut-off for PR nor that for PD", None


def _all_gone(visit: Visit, rules: SizeRules) -> bool:
    return all(_is_gone(lesion, rules) for lesion in visit.targets)


def _is_gone(lesion: TargetLesion, rules: SizeRules) -> bool:
    if lesion.is_node and rules.node_normal_below_mm is not None and lesion.short_axis_mm is not None:
        return lesion.short_axis_mm < rules.node_normal_below_mm - TOLERANCE
    return _size(lesion, rules.size) == 0.0


def _has_grown(followup: float, baseline: float, nadir: float, rules: SizeRules) -> bool:
    reference = nadir if rules.growth_from == "nadir" else baseline
    if reference == 0.0:
        return followup > 0.0
    more = followup - reference
    return (
        at_least(percent_change(reference, followup), rules.pd_at_least_pct)
        and (rules.pd_at_least_more is None or at_least(more, rules.pd_at_least_more))
        and (rules.pd_more_than is None or more > rules.pd_more_than + TOLERANCE)
    )


def _growth_words(followup: Burden, nadir: float, rules: SizeRules) -> str:
    if nadir == 0.0 and rules.growth_from == "nadir":
        return "PD: a target lesion is back after all had gone"
    part = "" if followup.total is not None else ", by the lesions that were measured alone"
    return (
        f"PD: {rules.what} grew by {rules.pd_at_least_pct:.4g} % or more from the {rules.growth_from}{part}"
    )


def _reappearance(nadir: float | None, target: Category, overall: Category) -> str | None:
    came_back = nadir == 0.0 and target is Category.PD and overall is Category.PD
    return Query.REAPPEARANCE_AFTER_CR if came_back else None


def _changes(
    visits: Sequence[Visit],
    at: int,
    names: Sequence[str],
    burdens: Sequence[Burden],
    nadir: float | None,
    rules: SizeRules,
) -> dict[str, float | None]:
    baseline, followup = burdens[0].total, burdens[at].total
    if rules.counts_voxels and any(not lesion.physical for visit in visits for lesion in visit.targets):
        counts = [_voxel_count(visit, names, visits[0]) for visit in visits]
        baseline, followup = counts[0], counts[at]
        known = [count for count in counts[:at] if count is not None]
        nadir = min(known) if known and baseline is not None else None
    return {
        "change_pct_baseline": _change(baseline, followup),
        "change_pct_nadir": _change(nadir, followup),
    }


def _change(reference: float | None, followup: float | None) -> float | None:
    return None if not reference or followup is None else percent_change(reference, followup)


def _voxel_count(visit: Visit, names: Sequence[str], baseline: Visit) -> float | None:
    """Voxels of all targets; None where one has no count or another nominal spacing than at baseline."""
    held = {lesion.lesion_id: lesion for lesion in visit.targets}
    before = {lesion.lesion_id: lesion for lesion in baseline.targets}
    counts = [
        held[name].n_voxels
        for name in names
        if name in held and _alike(held[name].nominal_spacing_mm, before[name].nominal_spacing_mm)
    ]
    known = [count for count in counts if count is not None]
    return float(sum(known)) if len(known) == len(names) else None


def _alike(one_mm: Sequence[float] | None, other_mm: Sequence[float] | None) -> bool:
    return one_mm is not None and other_mm is not None and same_spacing(one_mm, other_mm)
