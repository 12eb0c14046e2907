"""Two reads of one lesion, before and after: the paired columns of `analysis_patient`."""

from __future__ import annotations

from typing import Any

from gist_imaging.cohort.lines import Read, voxel_change_pct
from gist_imaging.response.change import percent_change

__all__ = ["FAILED", "NOT_DONE", "density_columns", "paired_columns"]

Row = dict[str, Any]

FAILED = "failed"
"""Status where measuring was tried: the table `failures` says why it gave nothing."""
NOT_DONE = "not_done"
"""Status where nobody outlined the lesion."""
_MEASURED = "measured"
_NOT_EVALUABLE = "not_evaluable"
_UNKNOWN = "unknown"

_PAIRED = (
    ("ld", "_mm", "longest_axial_diameter"),
    ("vol", "_ml", "volume"),
    ("hu", "", "mean_hu"),
)


def paired_columns(pre: Read | None, post: Read | None, pre_missing: str) -> Row:
    """Return size, volume and density at both visits, their statuses and changes.

    Parameters
    ----------
    pre_missing : status of the baseline where `pre` is None
    """
    row: Row = {}
    for prefix, suffix, name in _PAIRED:
        before = None if pre is None else pre.value(name)
        after = None if post is None else post.value(name)
        change = percent_change(before, after) if before and before > 0 and after is not None else None
        if name == "volume" and change is None and pre is not None and post is not None:
            change = voxel_change_pct([pre], [post])
        row |= {
            f"{prefix}_pre{suffix}": before,
            f"{prefix}_post{suffix}": after,
            f"{prefix}_change_pct": change,
            f"{prefix}_pre_status": pre_missing if pre is None else pre.status(name),
            f"{prefix}_post_status": NOT_DONE if post is None else post.status(name),
        }
    reason = _why_densities_do_not_compare(pre, post)
    if reason is not None:
        row["hu_change_pct"] = None
    return row


def density_columns(pre: Read | None, post: Read | None) -> Row:
    """Return the contrast phases that density was read in, and whether its change means anything."""
    reason = _why_densities_do_not_compare(pre, post)
    if pre is None or post is None:
        status = NOT_DONE
    elif reason is None:
        status = _MEASURED
    else:
        status = _NOT_EVALUABLE
    return {
        "contrast_phase_pre": None if pre is None else pre.density_series["contrast_phase"],
        "contrast_phase_post": None if post is None else post.density_series["contrast_phase"],
        "hu_change_status": status,
        "hu_change_reason": reason,
    }


def _why_densities_do_not_compare(pre: Read | None, post: Read | None) -> str | None:
    """Return why a change of attenuation is not evaluable; None where it is, or where a read is missing."""
    if pre is None or post is None:
        return None
    before, after = pre.value("mean_hu"), post.value("mean_hu")
    if before is None or after is None:
        return "no_density"
    phases = [read.density_series["contrast_phase"] for read in (pre, post)]
    if _UNKNOWN in phases:
        return "phase_unknown"
    if phases[0] != phases[1]:
        return "phase_differs"
    return None if before > 0 else "baseline_not_above_0"
