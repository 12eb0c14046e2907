"""WHO criteria on the sum of products of two diameters (Miller et al., Cancer 1981;47:207-214)."""

from __future__ import annotations

from collections.abc import Sequence

from gist_imaging.response.change import Response
from gist_imaging.response.size_rules import SizeRules, assess_size
from gist_imaging.response.visit import TargetLesion, Visit

__all__ = ["assess_who", "product_mm2"]

# Cancer 1981;47:207, both inclusive: PR from 50 % below baseline, PD from 25 % above.
PR_AT_MOST_PCT = -50.0
PD_AT_LEAST_PCT = 25.0


def product_mm2(lesion: TargetLesion) -> float | None:
    """Return longest diameter times the greatest perpendicular, None where one was not measured."""
    if lesion.longest_diameter_mm is None or lesion.short_axis_mm is None:
        return None
    return lesion.longest_diameter_mm * lesion.short_axis_mm


def assess_who(visits: Sequence[Visit], growth_from: str = "nadir") -> tuple[Response, ...]:
    """Return the WHO response of every follow-up; NC of the original is SD here.

    Parameters
    ----------
    visits : the first is the baseline
    growth_from : "nadir", as most use the criteria, or "baseline"
    """
    rules = SizeRules(
        criterion="who",
        rule_version="who-1",
        size=product_mm2,
        what="the sum of products",
        unit="mm2",
        pr_at_most_pct=PR_AT_MOST_PCT,
        pd_at_least_pct=PD_AT_LEAST_PCT,
        growth_from=growth_from,
    )
    return assess_size(visits, rules)
