"""Long tables -> `responses`: what each criterion calls each follow-up visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gist_imaging.cohort.codes import ML_PER_MM3
from gist_imaging.cohort.lines import Line, Read, accepted_lines
from gist_imaging.response.assess import assess_every_visit
from gist_imaging.response.change import Response
from gist_imaging.response.visit import LesionState, TargetLesion, Visit
from gist_imaging.study.case import ContrastPhase

__all__ = ["response_rows"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

_JUDGED = {
    "recist11": ("longest_axial_diameter",),
    "choi": ("longest_axial_diameter", "mean_hu"),
    "mchoi": ("longest_axial_diameter", "mean_hu"),
    "who": ("longest_axial_diameter", "short_axis"),
}
_VOLUMES = ("volume", "n_voxels")


def response_rows(rows: Rows, criteria: Sequence[str]) -> list[Row]:
    """Return the rows of `responses`: every line of comparison by every criterion.

    Targets are the lesions read at baseline, summed by the criterion. One that was read at baseline and not
    at a follow-up makes that visit not evaluable. A lesion that no table knows at baseline, and whose mask
    is not empty, is a new lesion from the visit it is first outlined at.
    """
    visits = {row["timepoint_id"]: row for row in rows["timepoints"]}
    first_seen = {row["lesion_id"]: row["first_seen_timepoint_id"] for row in rows["lesions"]}
    found = []
    for line in accepted_lines(rows):
        compared = [line.baseline, *line.follow_ups]
        if len(compared) < 2:
            continue
        new = _first_new_visit(line, visits, first_seen)
        seen = [_visit(line, name, visits, compared, new) for name in compared]
        for criterion in criteria:
            responses = assess_every_visit(seen, criterion)
            found += [
                _row(line, name, compared[: number + 1], criterion, response)
                for number, (name, response) in enumerate(
                    zip(line.follow_ups, responses, strict=True), start=1
                )
            ]
    return found


def _first_new_visit(line: Line, visits: Mapping[str, Row], first_seen: Mapping[str, str]) -> int | None:
    """Return the order of the first visit with a new lesion on this line."""
    after = visits[line.baseline]["order"]
    return min(
        (
            int(visits[visit]["order"])
            for visit in line.follow_ups
            for read in line.reads[visit].values()
            if visits[first_seen[read.lesion_id]]["order"] > after and not read.segmentation["mask_empty"]
        ),
        default=None,
    )


def _visit(
    line: Line, name: str, visits: Mapping[str, Row], compared: Sequence[str], new: int | None
) -> Visit:
    targets = line.reads[line.baseline].keys()
    reads = [read for lesion, read in line.reads[name].items() if lesion in targets]
    phases = {read.series["contrast_phase"] for read in reads}
    days = [visits[visit]["scan_day"] for visit in compared]
    increasing = None not in days and all(later > earlier for earlier, later in pairwise(days))
    return Visit(
        targets=tuple(_target(read) for read in reads),
        day=visits[name]["scan_day"] if increasing else None,
        phase=ContrastPhase(phases.pop()) if len(phases) == 1 else ContrastPhase.UNKNOWN,
        new_lesion=new is not None and visits[name]["order"] >= new,
    )


def _target(read: Read) -> TargetLesion:
    image = read.series
    volume_ml = read.value("volume")
    thickness = image["slice_thickness_mm"]
    longest = read.numbers.get("longest_axial_diameter", {})
    return TargetLesion(
        lesion_id=read.lesion_id,
        state=LesionState.ABSENT if read.segmentation["mask_empty"] else LesionState.MEASURED,
        longest_diameter_mm=read.value("longest_axial_diameter"),
        short_axis_mm=read.value("short_axis"),
        volume_mm3=None if volume_ml is None else volume_ml / ML_PER_MM3,
        mean_hu=read.value("mean_hu"),
        in_hu=image["quantity"] == "HU",
        n_voxels=read.segmentation["n_voxels"],
        nominal_spacing_mm=tuple(image[f"spacing_{axis}_mm"] for axis in "zyx"),
        physical=bool(image["geometry_physical"]),
        slice_mm=max(image["spacing_z_mm"], 0.0 if thickness is None else thickness),
        reason=longest.get("reason") if longest.get("status") == "not_evaluable" else None,
    )


def _row(line: Line, name: str, used: Sequence[str], criterion: str, response: Response) -> Row:
    def told(value: float | None) -> float | None:
        return value * ML_PER_MM3 if value is not None and response.unit == "mm3" else value

    reads = [read for visit in used for read in line.reads[visit].values()]
    inputs = {
        read.numbers[measured]["measurement_id"]
        for read in reads
        for measured in _JUDGED.get(criterion, _VOLUMES)
        if read.value(measured) is not None
    }
    return {
        "patient_id": line.patient_id,
        "timepoint_id": name,
        "reader_id": line.reader_id,
        "image_kind": line.image_kind,
        "criterion": criterion,
        "baseline_timepoint_id": line.baseline,
        "target_response": None if response.target_response is None else str(response.target_response),
        "overall_response": str(response.overall_response),
        "overall_response_persistent": str(response.overall_response_persistent),
        "new_lesion": response.new_lesion,
        "measurable_at_baseline": response.measurable_at_baseline,
        "sum_value": told(response.followup_value),
        "sum_unit": "mL" if response.unit == "mm3" else response.unit,
        "baseline_value": told(response.baseline_value),
        "nadir_value": told(response.nadir_value),
        "pct_change_baseline": response.change_pct_baseline,
        "pct_change_nadir": response.change_pct_nadir,
        "density_value_hu": response.density_followup_hu,
        "density_baseline_hu": response.density_baseline_hu,
        "density_change_pct": response.density_change_pct,
        "rule": response.rule,
        "reason": None if response.reason is None else str(response.reason),
        "query": None if response.query is None else str(response.query),
        "rule_version": response.rule_version,
        "inputs": ";".join(sorted(inputs)) or None,
    }
