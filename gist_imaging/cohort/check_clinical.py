"""Third layer of validation: what cannot be true of a patient, a lesion or a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gist_imaging.cohort.accept import accepted_for_density, accepted_for_size
from gist_imaging.cohort.check_calls import call_problems
from gist_imaging.cohort.check_numbers import number_problems
from gist_imaging.cohort.clock import POSTOP, PRESURGERY, VISIT_SPAN_DAYS
from gist_imaging.cohort.measured_names import MEASURED_NAMES, QUANTITY_UNITS
from gist_imaging.cohort.problem import CohortProblem, clinical_problem, rows_by

__all__ = ["clinical_problems", "linked_problems"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


def clinical_problems(rows: Rows) -> list[CohortProblem]:
    """Return what contradicts the time line, the definitions of the measures or the rules of response."""
    return [
        *_time_line(rows),
        *_days_of_scans(rows),
        *_lesions(rows),
        *_segmentations(rows),
        *_measurements(rows),
        *number_problems(rows),
        *call_problems(rows),
        *_responses(rows),
    ]


def _time_line(rows: Rows) -> list[CohortProblem]:
    found = []
    for (patient,), visits in rows_by(rows["timepoints"], "patient_id").items():
        baselines = sum(bool(visit["is_baseline"]) for visit in visits)
        if baselines != 1:
            found.append(
                clinical_problem(
                    "timepoints",
                    "one_baseline",
                    str(patient),
                    "is_baseline",
                    f"expected one, found {baselines}",
                )
            )
        in_order = sorted(visits, key=lambda visit: visit["order"] or 0)
        if [visit["order"] for visit in in_order] != list(range(1, len(visits) + 1)):
            found.append(
                clinical_problem(
                    "timepoints", "order", str(patient), "order", "expected 1, 2, 3, ... without holes"
                )
            )
        days = [visit["scan_day"] for visit in in_order if visit["scan_day"] is not None]
        if any(later < earlier for earlier, later in pairwise(days)):
            found.append(
                clinical_problem(
                    "timepoints",
                    "order_of_days",
                    str(patient),
                    "scan_day",
                    "expected days that rise with order",
                )
            )
    for patient_row in rows["patients"]:
        t0 = patient_row["t0_event"]
        if t0 in ("imatinib_start", "surgery") and patient_row[f"{t0}_day"] != 0:
            found.append(
                clinical_problem(
                    "patients", "day_0", str(patient_row["patient_id"]), f"{t0}_day", "expected day 0 to be 0"
                )
            )
        if bool(patient_row["included"]) == (patient_row["exclusion_reason"] is not None):
            found.append(
                clinical_problem(
                    "patients",
                    "exclusion",
                    str(patient_row["patient_id"]),
                    "exclusion_reason",
                    "expected a reason for the excluded, and for nobody else",
                )
            )
    return found


def _days_of_scans(rows: Rows) -> list[CohortProblem]:
    found = []
    visits = {row["timepoint_id"]: row for row in rows["timepoints"]}
    surgery = {row["patient_id"]: row["surgery_day"] for row in rows["patients"]}
    for image in rows["series"]:
        visit, day = visits.get(image["timepoint_id"]), image["scan_day"]
        if visit is None or day is None:
            continue
        first, operated = visit["scan_day"], surgery.get(image["patient_id"])
        if first is None or not 0 <= day - first <= VISIT_SPAN_DAYS:
            message = f"expected a day of its visit, or at most {VISIT_SPAN_DAYS} after"
            found.append(
                clinical_problem("series", "series_day", str(image["series_id"]), "scan_day", message)
            )
        if operated is None:
            continue
        wrong_side = {PRESURGERY: day > operated, POSTOP: day < operated}.get(visit["label"], False)
        if wrong_side:
            message = "expected the side of surgery_day that the label of the visit says"
            found.append(
                clinical_problem("series", "side_of_surgery", str(image["series_id"]), "scan_day", message)
            )
    return found


def linked_problems(rows: Rows) -> list[CohortProblem]:
    """Return rows that do not follow from others by their rule; types and keys are right already."""
    found = []
    for column, rule in (("accepted", accepted_for_size), ("accepted_density", accepted_for_density)):
        chosen = rule(rows["segmentations"], rows["series"])
        found += [
            clinical_problem(
                "segmentations", "accepted", row["segmentation_id"], column, "expected the read of the rule"
            )
            for row in rows["segmentations"]
            if row[column] != (row["segmentation_id"] in chosen)
        ]
    order = {row["timepoint_id"]: row["order"] for row in rows["timepoints"]}
    listed = rows_by([*rows["segmentations"], *rows["failures"]], "lesion_id")
    for lesion in rows["lesions"]:
        seen = [order[row["timepoint_id"]] for row in listed.get((lesion["lesion_id"],), [])]
        if seen and order[lesion["first_seen_timepoint_id"]] != min(seen):
            found.append(
                clinical_problem(
                    "lesions",
                    "first_seen",
                    lesion["lesion_id"],
                    "first_seen_timepoint_id",
                    "expected the first visit with a mask or a failure of this lesion",
                )
            )
    return found


def _lesions(rows: Rows) -> list[CohortProblem]:
    return [
        clinical_problem(
            "lesions", "one_primary", str(patient), "is_primary", "expected one primary lesion per patient"
        )
        for (patient,), lesions in rows_by(rows["lesions"], "patient_id").items()
        if sum(bool(lesion["is_primary"]) for lesion in lesions) != 1
    ]


def _segmentations(rows: Rows) -> list[CohortProblem]:
    kinds = {row["series_id"]: row["image_kind"] for row in rows["series"]}
    accepted: Counter[tuple[Any, ...]] = Counter(
        (row["lesion_id"], row["timepoint_id"], row["reader_id"], kinds.get(row["series_id"]))
        for row in rows["segmentations"]
        if row["accepted"]
    )
    found = [
        clinical_problem(
            "segmentations",
            "one_accepted",
            "|".join(map(str, key)),
            "accepted",
            f"expected one, found {count}",
        )
        for key, count in accepted.items()
        if count > 1
    ]
    found += [
        clinical_problem(
            "segmentations",
            "empty_mask",
            str(row["segmentation_id"]),
            "mask_empty",
            "expected true just where n_voxels is 0",
        )
        for row in rows["segmentations"]
        if row["mask_empty"] != (row["n_voxels"] == 0)
    ]
    return found


def _measurements(rows: Rows) -> list[CohortProblem]:
    found = []
    series = {row["series_id"]: row for row in rows["series"]}
    for row in rows["measurements"]:
        entry = MEASURED_NAMES.get(row["name"])
        if entry is None:
            continue
        key = str(row["measurement_id"])
        image = series.get(row["series_id"], {})
        unit = entry.unit or QUANTITY_UNITS.get(row["quantity"])
        if row["unit"] != unit:
            found.append(
                clinical_problem("measurements", "unit", key, "unit", f"expected {unit} for {row['name']}")
            )
        if row["quantity"] is not None and row["quantity"] != image.get("quantity", row["quantity"]):
            found.append(
                clinical_problem(
                    "measurements", "quantity", key, "quantity", "expected the quantity of the series"
                )
            )
        has_value = row["value"] is not None
        if row["status"] == "measured" and not has_value:
            found.append(
                clinical_problem(
                    "measurements", "status", key, "value", "expected a value, as it was measured"
                )
            )
        if row["status"] in ("not_evaluable", "not_done") and has_value:
            found.append(
                clinical_problem(
                    "measurements", "status", key, "value", "expected none, as it was not measured"
                )
            )
        if row["status"] == "absent" and row["value"] not in (None, 0.0):
            found.append(
                clinical_problem("measurements", "status", key, "value", "expected 0 of an absent lesion")
            )
        if (row["status"] != "measured") != (row["reason"] is not None):
            found.append(
                clinical_problem(
                    "measurements",
                    "reason",
                    key,
                    "reason",
                    "expected a reason just where nothing was measured",
                )
            )
        if not (entry.of_voxel_values or entry.signed) and has_value and row["value"] < 0:
            found.append(
                clinical_problem("measurements", "negative", key, "value", "expected a size of at least 0")
            )
        if entry.physical and has_value and row["value"] and image.get("geometry_physical") is False:
            found.append(
                clinical_problem(
                    "measurements",
                    "not_physical",
                    key,
                    "value",
                    "expected none: the spacing is not the patient's",
                )
            )
    return found


def _responses(rows: Rows) -> list[CohortProblem]:
    return [
        clinical_problem(
            "responses",
            "reason",
            "|".join(str(row[name]) for name in ("timepoint_id", "reader_id", "image_kind", "criterion")),
            "reason",
            "expected a reason, as the response is not evaluable",
        )
        for row in rows["responses"]
        if row["overall_response"] == "NE" and row["reason"] is None
    ]
