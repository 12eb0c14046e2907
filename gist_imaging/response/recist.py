"""RECIST 1.1 on the sum of diameters (Eisenhauer et al., Eur J Cancer 2009;45:228-247)."""

from __future__ import annotations

from collections.abc import Sequence

from gist_imaging.response.change import Response
from gist_imaging.response.size_rules import SizeRules, assess_size
from gist_imaging.response.visit import LesionState, TargetLesion, Visit

__all__ = ["RECIST11", "assess_recist", "recist_diameter_mm"]

# Eur J Cancer 2009;45:228, section 4.3.1, all inclusive: PR from 30 % below baseline; PD from 20 % above
# the nadir with at least 5 mm more; a node below 10 mm in short axis (exclusive) is normal.
PR_AT_MOST_PCT = -30.0
PD_AT_LEAST_PCT = 20.0
PD_AT_LEAST_MM = 5.0
NODE_NORMAL_BELOW_MM = 10.0
# Section 4.3.2: what is visible and too small to measure counts 5 mm.
TOO_SMALL_MM = 5.0


def recist_diameter_mm(lesion: TargetLesion) -> float | None:
    """Return what a lesion adds to the sum of diameters: the longest diameter, of a node the short axis.

    A lesion that is too small to measure counts 5 mm, or its number where one is given; one that is gone
    counts 0, a node its short axis. None where it was not measured.
    """
    size = lesion.short_axis_mm if lesion.is_node else lesion.longest_diameter_mm
    if size is None and lesion.state is LesionState.TOO_SMALL:
        return TOO_SMALL_MM
    if lesion.state is LesionState.ABSENT and not lesion.is_node:
        return 0.0
    return size


RECIST11 = SizeRules(
    criterion="recist11",
    rule_version="recist11-1",
    size=recist_diameter_mm,
    what="the sum of diameters",
    unit="mm",
    pr_at_most_pct=PR_AT_MOST_PCT,
    pd_at_least_pct=PD_AT_LEAST_PCT,
    pd_at_least_more=PD_AT_LEAST_MM,
    node_normal_below_mm=NODE_NORMAL_BELOW_MM,
)


def assess_recist(visits: Sequence[Visit]) -> tuple[Response, ...]:
    """Return the RECIST 1.1 response of every follow-up; the first visit is the baseline."""
    return assess_size(visits, RECIST11)
