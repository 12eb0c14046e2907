"""Long tables -> `responses`: what each criterion calls each follow-up visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from itertools import pairwise
from typing import Any

from gist_imaging.cohort.lines import Line, Read, accepted_lines, visits_after_surgery
from gist_imaging.cohort.measurement_name import ML_PER_MM3
from gist_imaging.response.assess import assess_every_visit
from gist_imaging.response.change import Category, Reason, Response
from gist_imaging.response.visit import LesionState, TargetLesion, Visit
from gist_imaging.study.case import ContrastPhase

__all__ = ["AFTER_SURGERY", "response_rows"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

AFTER_SURGERY = "after_surgery"
"""Reason why a visit after the operation is not evaluable: the surgeon took the tumour away, not the drug."""

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
    is not empty, is a new lesion from the visit it is first outlined at. Where nothing was read at baseline
    every follow-up is not evaluable, and so is every visit after surgery.
    """
    visits = {row["timepoint_id"]: row for row in rows["timepoints"]}
    first_seen = {row["lesion_id"]: row["first_seen_timepoint_id"] for row in rows["lesions"]}
    late = visits_after_surgery(rows)
    found = []
    for line in accepted_lines(rows):
        new = _first_new_visit(line, visits, first_seen)
        before = [line.baseline, *(visit for visit in line.follow_ups if visit not in late)]
        for criterion in criteria:
            found += _judged(line, before, criterion, visits, new)
            for visit in line.follow_ups:
                if visit in late:
                    found += _judged(line, [line.baseline, visit], criterion, visits, new, AFTER_SURGERY)
    return found


def _judged(
    line: Line,
    compared: Sequence[str],
    criterion: str,
    visits: Mapping[str, Row],
    new: int | None,
    reason: str | None = None,
) -> list[Row]:
    """Return a row for each of the visits `compared` but the first, the baseline.

    Parameters
    ----------
    reason : why none of them can be judged, or None
    """
    if len(compared) < 2:
        return []
    if not line.has_baseline:
        reason = str(Reason.BASELINE_NOT_EVALUABLE)
    seen = [_visit(line, name, visits, compared, new) for name in compared]
    responses = assess_every_visit(seen, criterion)
    return [
        _row(
            line,
            name,
            compared[: number + 1],
            criterion,
            response if reason is None else _ne(response, reason),
        )
        for number, (name, response) in enumerate(zip(compared[1:], responses, strict=True), start=1)
    ]


def _ne(response: Response, reason: str) -> Response:
    """Return a response with its sums, and neither a category nor a change."""
    return replace(
        response,
        category=Category.NE,
        category_persistent=Category.NE,
        target_response=Category.NE,
        rule=None,
        reason=reason,
        query=None,
        nadir_value=None,
        change_pct_baseline=None,
        change_pct_nadir=None,
        density_change_pct=None,
    )


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
    held = line.reads.get(name, {})
    targets = line.reads[line.baseline].keys() if line.has_baseline else _lesions(line)
    reads = [read for lesion, read in held.items() if lesion in targets]
    unread = sorted(targets - held.keys()) if name == line.baseline else []
    phases = {read.density_series["contrast_phase"] for read in reads}
    voltages = {read.density_series["kvp"] for read in reads}
    days = [visits[visit]["scan_day"] for visit in compared]
    increasing = None not in days and all(later > earlier for earlier, later in pairwise(days))
    return Visit(
        targets=(
            *(_target(read) for read in reads),
            *(TargetLesion(lesion_id=lesion, state=LesionState.NOT_EVALUABLE) for lesion in unread),
        ),
        day=visits[name]["scan_day"] if increasing else None,
        kvp=voltages.pop() if len(voltages) == 1 else None,
        phase=ContrastPhase(phases.pop()) if len(phases) == 1 else ContrastPhase.UNKNOWN,
        new_lesion=new is not None and visits[name]["order"] >= new,
    )


def _lesions(line: Line) -> Set[str]:
    return {lesion for reads in line.reads.values() for lesion in reads}


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
        in_hu=read.density_series["quantity"] == "HU",
        n_voxels=read.segmentation["n_voxels"],
        nominal_spacing_mm=tuple(image[f"spacing_{axis}_mm"] for axis in "zyx"),
        physical=bool(image["geometry_physical"]),
        slice_mm=max(image["spacing_z_mm"], 0.0 if thickness is None else thickness),
        reason=longest.get("reason") if longest.get("status") == "not_evaluable" else None,
    )


def _row(line: Line, name: str, used: Sequence[str], criterion: str, response: Response) -> Row:
    def told(value: float | None) -> float | None:
        return value * ML_PER_MM3 if value is not None and response.unit == "mm3" else value

    reads = [read for visit in used for read in line.reads.get(visit, {}).values()]
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
