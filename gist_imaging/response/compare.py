"""One lesion before and after: the change of every number, and what every set of rules calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.response.assess import CRITERIA, ResponseOptions, assess_response
from gist_imaging.response.change import Response, percent_change
from gist_imaging.response.visit import Visit
from gist_imaging.spatial import same_spacing
from gist_imaging.study.case import ContrastPhase

__all__ = ["COMPARED", "Comparison", "compare"]

COMPARED = (
    "volume_mm3",
    "mesh_volume_mm3",
    "longest_axial_diameter_mm",
    "short_axis_mm",
    "longest_3d_diameter_mm",
    "craniocaudal_length_mm",
    "mean",
    "sd",
    "median",
    "p10",
    "p90",
)
"""Numbers whose change is told, in this order."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One lesion on two scans.

    Parameters
    ----------
    pre, post : every number of both
    change_pct : name to percent change; None where one is missing, the first is not above 0, or the two
        scans differ in what the intensities mean. Where the geometry is not physical and both files state
        equal spacings, the change of the volume is that of the voxel count.
    responses : one for each set of rules
    """

    pre: LesionMeasurement
    post: LesionMeasurement
    change_pct: Mapping[str, float | None] = field(hash=False)
    responses: tuple[Response, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain values for `json.dumps`."""
        return {
            "pre": self.pre.to_json(),
            "post": self.post.to_json(),
            "change_pct": dict(self.change_pct),
            "change_order": list(COMPARED),
            "responses": [response.to_json() for response in self.responses],
        }


def compare(
    before: LesionMeasurement,
    after: LesionMeasurement,
    *,
    days: tuple[int, int] | None = None,
    phase: ContrastPhase | str = ContrastPhase.UNKNOWN,
    new_lesion: bool = False,
    new_nodule: bool = False,
    options: ResponseOptions | None = None,
) -> Comparison:
    """Return the change of one lesion and its response by every set of rules.

    Parameters
    ----------
    days : of both scans on the treatment clock
    phase : contrast phase of both scans as the reader states it; Choi needs "portal_venous"
    new_lesion, new_nodule : the reader's flags at the second scan
    """
    flagged = replace(Visit.of(after), new_lesion=new_lesion, new_nodule=new_nodule)
    visits = (Visit.of(before), flagged)
    return Comparison(
        before,
        after,
        {name: _change_pct(before, after, name) for name in COMPARED},
        tuple(
            assess_response(visits, criterion, days=days, phase=phase, options=options)
            for criterion in CRITERIA
        ),
    )


def _change_pct(before: LesionMeasurement, after: LesionMeasurement, name: str) -> float | None:
    if not name.endswith(("_mm", "_mm3")) and before.quantity is not after.quantity:
        return None
    baseline, followup = getattr(before, name), getattr(after, name)
    if name == "volume_mm3" and "geometry_not_physical" in (
        before.not_measured.get(name),
        after.not_measured.get(name),
    ):
        alike = same_spacing(before.nominal_spacing_mm, after.nominal_spacing_mm)
        baseline, followup = (before.n_voxels, after.n_voxels) if alike else (None, None)
    if baseline is None or followup is None or not baseline > 0:
        return None
    return percent_change(baseline, followup)
