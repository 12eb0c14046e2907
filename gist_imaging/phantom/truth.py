"""What is known of the phantom without measuring it: sizes by formula, categories by the published cut-offs.

Nothing here looks at a voxel or calls the measuring and judging code, so both can be held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.spatial import Geometry

__all__ = ["expected_change", "truth"]

# RECIST 1.1, Eisenhauer et al., Eur J Cancer 2009;45:228: −30 % and +20 % with 5 mm, inclusive.
_RECIST_PR_PCT, _RECIST_PD_PCT, _RECIST_PD_MM = -30.0, 20.0, 5.0
# Choi et al., J Clin Oncol 2007;25:1753: size −10 % or density −15 %; growth +10 %; inclusive.
_CHOI_SIZE_PCT, _CHOI_DENSITY_PCT = 10.0, -15.0
# The RECIST cut-offs of a sphere's diameter as volumes: 0.7³ and 1.2³.
_SPHERE_PR_PCT, _SPHERE_PD_PCT = 100.0 * (0.7**3 - 1.0), 100.0 * (1.2**3 - 1.0)


def truth(phantom: PelvisPhantom, geometry: Geometry, modality: str) -> dict[str, Any]:
    """Return the sizes of the tumour by formula, as seen on a grid.

    Parameters
    ----------
    phantom : the pelvis
    geometry : the grid; its slice plane is the plane of the longest diameter and the short axis. Both are
        those of the section through the tumour's centre; the nearest acquired slice lies at most half a
        slice away, where the ellipse is smaller by less than one pixel in all sample scans.
    modality : "CT" gives a mean in HU; any other gives None, as MR signal has no unit

    Returns
    -------
    volume_mm3, longest_axial_diameter_mm, short_axis_mm, longest_3d_diameter_mm, craniocaudal_length_mm
        (along the scanner's z), mean_hu, sd_hu (of the tissue, without noise), necrotic_fraction, the end
        points of the longest diameter and the centre in LPS mm. Without a tumour the sizes are 0 and the
        rest is None.
    """
    tumour = phantom.tumour
    if tumour is None:
        sizes = (
            "volume",
            "longest_axial_diameter",
            "short_axis",
            "longest_3d_diameter",
            "craniocaudal_length",
        )
        gone: dict[str, Any] = {f"{name}_mm3" if name == "volume" else f"{name}_mm": 0.0 for name in sizes}
        return gone | dict.fromkeys(("mean_hu", "sd_hu", "necrotic_fraction", "centre_mm"))
    section = tumour.central_section(geometry.axes[:, 0] @ phantom.axes)
    tips = np.array([section.centre - section.long_half, section.centre + section.long_half])
    share = tumour.necrotic_fraction
    sd_hu = abs(tumour.viable.hu - tumour.core.hu) * np.sqrt(share * (1.0 - share))
    return {
        "volume_mm3": tumour.volume_mm3,
        "longest_axial_diameter_mm": section.longest_diameter_mm,
        "longest_axial_diameter_end_points_mm": phantom.to_patient(tips).tolist(),
        "short_axis_mm": section.short_axis_mm,
        "longest_3d_diameter_mm": tumour.longest_3d_diameter_mm,
        "craniocaudal_length_mm": tumour.length_along(np.array([0.0, 0.0, 1.0]) @ phantom.axes),
        "mean_hu": tumour.mean_hu if modality == "CT" else None,
        "sd_hu": float(sd_hu) if modality == "CT" else None,
        "necrotic_fraction": share,
        "centre_mm": phantom.to_patient(tumour.centre_mm).tolist(),
    }


def expected_change(baseline: Mapping[str, Any], followup: Mapping[str, Any]) -> dict[str, Any]:
    """Return the change between two truths of one lesion and the category that each criterion gives.

    With two scans the baseline is also the nadir. Density is defined on CT alone, so Choi is NE elsewhere.
    """
    size_pct = _change_pct(baseline, followup, "longest_axial_diameter_mm")
    volume_pct = _change_pct(baseline, followup, "volume_mm3")
    grown_mm = followup["longest_axial_diameter_mm"] - baseline["longest_axial_diameter_mm"]
    gone = followup["volume_mm3"] == 0.0
    with_density = baseline["mean_hu"] is not None and followup["mean_hu"] is not None
    density_pct = _change_pct(baseline, followup, "mean_hu") if with_density else None
    categories = {
        "recist11": _category(
            gone,
            grew=size_pct >= _RECIST_PD_PCT and grown_mm >= _RECIST_PD_MM,
            shrank=size_pct <= _RECIST_PR_PCT,
        ),
        "choi": _choi(gone, size_pct, density_pct),
        "volume_sphere_recist": _category(
            gone, grew=volume_pct >= _SPHERE_PD_PCT, shrank=volume_pct <= _SPHERE_PR_PCT
        ),
    }
    return {
        "longest_axial_diameter_change_pct": size_pct,
        "volume_change_pct": volume_pct,
        "mean_hu_change_pct": density_pct,
        "expected": categories,
    }


def _change_pct(baseline: Mapping[str, Any], followup: Mapping[str, Any], name: str) -> float:
    return float(100.0 * (followup[name] - baseline[name]) / baseline[name])


def _category(gone: bool, *, grew: bool, shrank: bool) -> str:
    if gone:
        return "CR"
    if grew:
        return "PD"
    return "PR" if shrank else "SD"


def _choi(gone: bool, size_pct: float, density_pct: float | None) -> str:
    if gone:
        return "CR"
    if density_pct is None:
        return "NE"
    if size_pct <= -_CHOI_SIZE_PCT or density_pct <= _CHOI_DENSITY_PCT:
        return "PR"
    return "PD" if size_pct >= _CHOI_SIZE_PCT else "SD"
