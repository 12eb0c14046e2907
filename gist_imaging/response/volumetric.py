"""Volumetric rule sets: what RECIST and WHO say of a sphere, and two others."""

from __future__ import annotations

from collections.abc import Sequence

from gist_imaging.errors import MeasurementError
from gist_imaging.response.change import Response
from gist_imaging.response.size_rules import SizeRules, assess_size
from gist_imaging.response.visit import TargetLesion, Visit

__all__ = ["VOLUME_CUT_OFFS_PCT", "assess_volume"]

# PR at most, PD at least, in percent, both inclusive and unrounded.
VOLUME_CUT_OFFS_PCT = {
    # A sphere whose diameter moves by -30 % and +20 % (RECIST 1.1): -65.7 % and +72.8 %.
    "volume_sphere_recist": (-100.0 * (1.0 - 0.7**3), 100.0 * (1.2**3 - 1.0)),
    # A sphere whose cross-section moves by -50 % and +25 % (WHO): -64.6 % and +39.8 %.
    "volume_sphere_who": (-100.0 * (1.0 - 0.5**1.5), 100.0 * (1.25**1.5 - 1.0)),
    # One axis of an ellipsoid moves as in RECIST 1.1: ours, not the numbers of Schiavon et al. 2012.
    "volume_ellipsoid": (-30.0, 20.0),
    # Beyond the repeatability of volumes of lung lesions (QIBA statistics).
    "volume_reliability": (-35.0, 55.0),
}


def _volume_mm3(lesion: TargetLesion) -> float | None:
    return lesion.volume_mm3


def assess_volume(
    visits: Sequence[Visit],
    criterion: str = "volume_sphere_recist",
    repeatability_mm3: float | None = None,
) -> tuple[Response, ...]:
    """Return the volumetric response of every follow-up; the first visit is the baseline.

    Where the geometry is not physical the category is NE, and the change is that of the voxel counts if the
    files state equal spacings.

    Parameters
    ----------
    criterion : one of `VOLUME_CUT_OFFS_PCT`
    repeatability_mm3 : repeatability coefficient of the volume; PD then needs more growth than that
        (exclusive). None: no absolute floor.
    """
    if criterion not in VOLUME_CUT_OFFS_PCT:
        raise MeasurementError(
            f"a volumetric rule set is one of {', '.join(VOLUME_CUT_OFFS_PCT)}", f"got {criterion!r}"
        )
    pr_at_most_pct, pd_at_least_pct = VOLUME_CUT_OFFS_PCT[criterion]
    rules = SizeRules(
        criterion=criterion,
        rule_version=f"{criterion}-1",
        size=_volume_mm3,
        what="the volume",
        unit="mm3",
        pr_at_most_pct=pr_at_most_pct,
        pd_at_least_pct=pd_at_least_pct,
        pd_more_than=repeatability_mm3,
        counts_voxels=True,
    )
    return assess_size(visits, rules)
