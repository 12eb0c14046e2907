"""How far a number moved, and what a set of rules calls it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gist_imaging.errors import MeasurementError

__all__ = ["TOLERANCE", "Category", "Query", "Reason", "Response", "at_least", "at_most", "percent_change"]

# Arithmetic is done on unrounded numbers; rounding of binary fractions must not decide a category.
TOLERANCE = 1e-9


class Category(StrEnum):
    """What a set of rules calls a tumour's course."""

    CR = "CR"
    """Complete response."""
    PR = "PR"
    """Partial response."""
    SD = "SD"
    """Stable disease."""
    NON_CR_NON_PD = "NON_CR_NON_PD"
    """Non-target disease only: neither gone nor progressed."""
    PD = "PD"
    """Progressive disease."""
    NE = "NE"
    """Not evaluable."""


class Reason(StrEnum):
    """Why a response is not evaluable."""

    BASELINE_NOT_EVALUABLE = "baseline_not_evaluable"
    NO_TARGET_AT_BASELINE = "no_target_at_baseline"
    TARGET_NOT_EVALUABLE = "target_not_evaluable"
    NON_TARGET_NOT_EVALUABLE = "non_target_not_evaluable"
    GEOMETRY_NOT_PHYSICAL = "geometry_not_physical"
    SINGLE_SLICE = "single_slice"
    DENSITY_NOT_DEFINED = "density_not_defined"
    PHASE_UNKNOWN = "phase_unknown"
    PHASE_NOT_PORTAL_VENOUS = "phase_not_portal_venous"
    KVP_DIFFERS = "kvp_differs"
    BASELINE_DENSITY_TOO_LOW = "baseline_density_too_low"
    PR_AFTER_CR = "pr_after_cr"
    SD_TOO_EARLY = "sd_too_early"
    NO_ASSESSMENT = "no_assessment"


class Query(StrEnum):
    """What a reviewer should look at; the category stands until it is answered."""

    PR_AFTER_CR = "PR_AFTER_CR"
    """CR was followed by PR: was the CR real? Never resolved silently, the category is NE."""
    REAPPEARANCE_AFTER_CR = "REAPPEARANCE_AFTER_CR"
    """All targets had gone and one is back: PD, if the CR was real."""
    GROWTH_FROM_NADIR = "GROWTH_FROM_NADIR"
    """PR against the baseline, although the size has grown past the cut-off since its nadir (Choi)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a set of rules calls one visit, with the rule that fired or the reason why it cannot say.

    Parameters
    ----------
    criterion, rule_version : the set of rules
    category : overall response of this visit alone
    category_persistent : the same, but a PR once reached stays until PD
    target_response, non_target_response, new_lesion : what the category follows from
    rule : the rule that fired
    reason : why NE; every NE has one
    query : what a reviewer should look at
    day : of the visit, on the treatment clock
    baseline_value, nadir_value, followup_value : what the criterion judges, in `unit`; the nadir is the
        smallest before this visit, baseline included
    change_pct_baseline, change_pct_nadir : of that value; where the geometry is not physical, of the voxel
        count (volume criteria, equal nominal spacing)
    density_baseline_hu, density_followup_hu, density_change_pct : mean attenuation (Choi)
    measurable_at_baseline : whether every target was, by RECIST 1.1; None where unknown
    trace : options and facts that the call rests on
    """

    criterion: str
    rule_version: str
    category: Category
    category_persistent: Category
    target_response: Category | None = None
    non_target_response: Category | None = None
    new_lesion: bool = False
    rule: str | None = None
    reason: str | None = None
    query: str | None = None
    day: int | None = None
    baseline_value: float | None = None
    nadir_value: float | None = None
    followup_value: float | None = None
    unit: str | None = None
    change_pct_baseline: float | None = None
    change_pct_nadir: float | None = None
    density_baseline_hu: float | None = None
    density_followup_hu: float | None = None
    density_change_pct: float | None = None
    measurable_at_baseline: bool | None = None
    trace: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.category is Category.NE and not self.reason:
            raise MeasurementError("a response that is not evaluable says why", "no reason was given")

    @property
    def overall_response(self) -> Category:
        """The category of this visit, by the name that cohort tables give it."""
        return self.category

    @property
    def overall_response_persistent(self) -> Category:
        """The category with a PR that stays until PD, by the name that cohort tables give it."""
        return self.category_persistent

    def to_json(self) -> dict[str, Any]:
        """Return the response as plain values for `json.dumps`."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain = {name: str(held) if isinstance(held, StrEnum) else held for name, held in plain.items()}
        return plain | {
            "overall_response": str(self.category),
            "overall_response_persistent": str(self.category_persistent),
            "trace": list(self.trace),
        }


def percent_change(baseline: float, followup: float) -> float:
    """Return how far `followup` moved from `baseline`, in percent of `baseline`.

    >>> percent_change(80.0, 60.0)
    -25.0

    Raises
    ------
    MeasurementError
        If the baseline is not above 0.
    """
    if not baseline > 0:
        raise MeasurementError(
            "a percent change needs a baseline above 0",
            f"got {baseline}",
            "is there a tumour mask on the scan before imatinib?",
        )
    # The ratio first: a follow-up of 0 is then exactly -100.
    return 100.0 * ((followup - baseline) / baseline)


def at_least(value: float, cut_off: float) -> bool:
    """Return whether `value` reaches `cut_off`, which itself counts, within `TOLERANCE`.

    >>> at_least(19.9999999999, 20.0), at_least(19.99, 20.0)
    (True, False)
    """
    return value >= cut_off - TOLERANCE


def at_most(value: float, cut_off: float) -> bool:
    """Return whether `value` is no more than `cut_off`, within `TOLERANCE`.

    >>> at_most(-30.0, -30.0), at_most(-29.9, -30.0)
    (True, False)
    """
    return value <= cut_off + TOLERANCE
