"""Choi criteria, original and modified: size and CT attenuation together.

Choi et al., J Clin Oncol 2007;25:1753-1759. Attenuation is defined on CT in the portal-venous phase; on MR
there is no such number and the answer is NE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gist_imaging.errors import MeasurementError
from gist_imaging.response.change import (
    TOLERANCE,
    Category,
    Query,
    Reason,
    Response,
    percent_change,
)
from gist_imaging.response.overall import overall_response, persistent
from gist_imaging.response.recist import RECIST11
from gist_imaging.response.size_rules import assess_size
from gist_imaging.response.visit import TargetLesion, Visit
from gist_imaging.study.case import ContrastPhase

__all__ = ["ChoiOptions", "assess_choi"]

# J Clin Oncol 2007;25:1753: size by 10 %, attenuation by 15 %. The abstract says "more than", the tables of
# criteria "at least": inclusive unless the options say otherwise.
SIZE_PCT = 10.0
DENSITY_PCT = 15.0
# A percentage of a small attenuation is unstable: no call from a baseline of 20 HU or less (inclusive).
BASELINE_HU_ABOVE = 20.0
# Attenuation depends on tube voltage: no call when the two differ by more than this (exclusive).
KVP_WITHIN = 10.0

_GROWTH_REFERENCES = ("nadir", "baseline")
_WEIGHTS = ("equal", "volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiOptions:
    """What the Choi criteria leave open.

    Parameters
    ----------
    growth_from : growth is judged from the "nadir" (default) or the "baseline" (original, at 2 months)
    inclusive : whether a change of exactly 10 or 15 % counts
    density_weight : mean attenuation of several targets: "equal" for each lesion, or by "volume"
    """

    growth_from: str = "nadir"
    inclusive: bool = True
    density_weight: str = "equal"

    def __post_init__(self) -> None:
        if self.growth_from not in _GROWTH_REFERENCES or self.density_weight not in _WEIGHTS:
            raise MeasurementError(
                "growth_from is nadir or baseline, density_weight is equal or volume",
                f"got {self.growth_from!r} and {self.density_weight!r}",
            )

    @property
    def trace(self) -> tuple[str, ...]:
        """What the options were set to."""
        return (
            f"growth judged from the {self.growth_from}",
            f"cut-offs {'count' if self.inclusive else 'do not count'} themselves",
            f"density: mean over lesions, {self.density_weight} weight",
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    """The numbers of one visit that the rules look at."""

    size_pct: float | None
    growth_pct: float | None
    density_pct: float | None


def assess_choi(
    visits: Sequence[Visit], *, modified: bool = False, options: ChoiOptions | None = None
) -> tuple[Response, ...]:
    """Return the Choi response of every follow-up; the first visit is the baseline.

    Tests in order: CR, new lesion or nodule (PD), PR, PD, SD. The modified criteria ask for both a smaller
    size and a lower density before they call PR.

    Parameters
    ----------
    visits : the first is the baseline
    modified : whether PR needs both
    """
    chosen = options or ChoiOptions()
    sizes = assess_size(visits, RECIST11)
    responses: list[Response] = []
    for visit, size in zip(visits[1:], sizes, strict=True):
        earlier = [held.category for held in responses]
        responses.append(_judged(visits[0], visit, size, earlier, modified, chosen))
    return tuple(responses)


def _judged(
    baseline: Visit,
    visit: Visit,
    size: Response,
    earlier: Sequence[Category],
    modified: bool,
    options: ChoiOptions,
) -> Response:
    before, after = _densities(baseline, visit, options)
    density_pct = percent_change(before, after) if before and before > 0 and after is not None else None
    growth = size.change_pct_nadir if options.growth_from == "nadir" else size.change_pct_baseline
    facts = _Facts(size.change_pct_baseline, growth, density_pct)
    target, rule, reason = _target(baseline, visit, size, facts, before, modified, options)
    call = overall_response(target, visit, bool(baseline.targets), earlier)
    category = Category.NE if reason == Reason.DENSITY_NOT_DEFINED else call.category
    is_ne = category is Category.NE
    query = call.query or (size.query if category is Category.PD else None)
    if category is Category.PR and _has_grown(facts, options):
        query = Query.GROWTH_FROM_NADIR
    name = "mchoi" if modified else "choi"
    return replace(
        size,
        criterion=name,
        rule_version=f"{name}-1",
        category=category,
        category_persistent=persistent(category, earlier),
        target_response=target if baseline.targets else None,
        rule=None if is_ne else call.rule or rule,
        reason=(call.reason or reason) if is_ne else None,
        query=query,
        density_baseline_hu=before,
        density_followup_hu=after,
        density_change_pct=density_pct,
        trace=options.trace,
    )


def _target(
    baseline: Visit,
    visit: Visit,
    size: Response,
    facts: _Facts,
    baseline_hu: float | None,
    modified: bool,
    options: ChoiOptions,
) -> tuple[Category, str | None, str | None]:
    if any(lesion.in_hu is False for lesion in (*baseline.targets, *visit.targets)):
        return Category.NE, None, Reason.DENSITY_NOT_DEFINED
    if size.target_response is Category.CR:
        return Category.CR, "CR: all target lesions are gone", None
    if visit.new_nodule:
        return Category.PD, "PD: a new or growing nodule in a target", None
    if size.nadir_value == 0.0 and size.target_response is Category.PD:
        return Category.PD, "PD: a target lesion is back after all had gone", None
    if facts.size_pct is None or facts.growth_pct is None:
        return Category.NE, None, size.reason or Reason.TARGET_NOT_EVALUABLE
    if (reason := _why_density_does_not_compare(baseline, visit, baseline_hu)) is not None:
        return Category.NE, None, reason
    if facts.density_pct is None:
        return Category.NE, None, Reason.TARGET_NOT_EVALUABLE
    return (*_by_numbers(facts, modified, options), None)


def _by_numbers(facts: _Facts, modified: bool, options: ChoiOptions) -> tuple[Category, str]:
    smaller = facts.size_pct is not None and _reaches(-facts.size_pct, SIZE_PCT, options)
    less_dense = facts.density_pct is not None and _reaches(-facts.density_pct, DENSITY_PCT, options)
    if modified and smaller and less_dense:
        return Category.PR, "PR: size fell by 10 % and density by 15 % or more from baseline"
    if not modified and smaller:
        return Category.PR, "PR: size fell by 10 % or more from baseline"
    if not modified and less_dense:
        return Category.PR, "PR: density fell by 15 % or more from baseline"
    if _has_grown(facts, options):
        return (
            Category.PD,
            f"PD: size grew by 10 % or more from the {options.growth_from}, density did not fall",
        )
    return Category.SD, "SD: neither size nor density met a cut-off"


def _has_grown(facts: _Facts, options: ChoiOptions) -> bool:
    """Whether the size grew while the density did not respond."""
    less_dense = facts.density_pct is not None and _reaches(-facts.density_pct, DENSITY_PCT, options)
    return facts.growth_pct is not None and _reaches(facts.growth_pct, SIZE_PCT, options) and not less_dense


def _reaches(change_pct: float, cut_off_pct: float, options: ChoiOptions) -> bool:
    if options.inclusive:
        return change_pct >= cut_off_pct - TOLERANCE
    return change_pct > cut_off_pct + TOLERANCE


def _why_density_does_not_compare(baseline: Visit, visit: Visit, baseline_hu: float | None) -> str | None:
    phases = (baseline.phase, visit.phase)
    if ContrastPhase.UNKNOWN in phases:
        return Reason.PHASE_UNKNOWN
    if any(phase is not ContrastPhase.PORTAL_VENOUS for phase in phases):
        return Reason.PHASE_NOT_PORTAL_VENOUS
    if None not in (baseline.kvp, visit.kvp) and _kvp_apart(baseline, visit) > KVP_WITHIN + TOLERANCE:
        return Reason.KVP_DIFFERS
    if baseline_hu is not None and baseline_hu <= BASELINE_HU_ABOVE + TOLERANCE:
        return Reason.BASELINE_DENSITY_TOO_LOW
    return None


def _kvp_apart(baseline: Visit, visit: Visit) -> float:
    return abs((visit.kvp or 0.0) - (baseline.kvp or 0.0))


def _densities(baseline: Visit, visit: Visit, options: ChoiOptions) -> tuple[float | None, float | None]:
    """Mean attenuation at both visits, over the lesions that have one at both."""
    held = {lesion.lesion_id: lesion for lesion in visit.targets}
    pairs = [
        (before, held[before.lesion_id])
        for before in baseline.targets
        if before.mean_hu is not None
        and before.lesion_id in held
        and held[before.lesion_id].mean_hu is not None
    ]
    return (
        _mean_hu([before for before, _ in pairs], options),
        _mean_hu([after for _, after in pairs], options),
    )


def _mean_hu(lesions: Sequence[TargetLesion], options: ChoiOptions) -> float | None:
    by_volume = options.density_weight == "volume"
    weights = [lesion.volume_mm3 if by_volume else 1.0 for lesion in lesions]
    if None in weights or not sum(weight or 0.0 for weight in weights):
        return None
    total = sum(weight or 0.0 for weight in weights)
    return (
        sum((lesion.mean_hu or 0.0) * (w or 0.0) for lesion, w in zip(lesions, weights, strict=True)) / total
    )
