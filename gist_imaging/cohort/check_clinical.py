"""Third layer of validation: what cannot be true of a patient, a lesion or a number."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gist_imaging.cohort.codes import MEASUREMENTS, QUANTITY_UNITS
from gist_imaging.cohort.problem import CohortProblem

__all__ = ["clinical_problems"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

MESH_TOLERANCE = 1.02
"""A mesh of flat faces may exceed the ball around it by rounding (2 %)."""
RELATIVE_TOLERANCE = 1e-9


def clinical_problems(rows: Rows) -> list[CohortProblem]:
    """Return what contradicts the time line, the definitions of the measures or the rules of response."""
    return [
        *_time_line(rows),
        *_lesions(rows),
        *_segmentations(rows),
        *_measurements(rows),
        *_sizes(rows),
        *_responses(rows),
    ]


def _problem(table: str, code: str, row: str, column: str, message: str) -> CohortProblem:
    return CohortProblem("clinical", table, code, row, column, message)


def _by(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def _time_line(rows: Rows) -> list[CohortProblem]:
    found = []
    for (patient,), visits in _by(rows["timepoints"], "patient_id").items():
        baselines = sum(bool(visit["is_baseline"]) for visit in visits)
        if baselines != 1:
            found.append(
                _problem(
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
                _problem("timepoints", "order", str(patient), "order", "expected 1, 2, 3, ... without holes")
            )
        days = [visit["scan_day"] for visit in in_order if visit["scan_day"] is not None]
        if any(later < earlier for earlier, later in pairwise(days)):
            found.append(
                _problem(
                    "timepoints",
                    "order_of_days",
                    str(patient),
                    "scan_day",
                    "expected days that rise with order",
                )
            )
    for patient_row in rows["patients"]:
        t0 = patient_row["t0_event"]
        day = patient_row[f"{t0}_day"] if t0 in ("imatinib_start", "surgery") else 0
        if day not in (0, None):
            found.append(
                _problem(
                    "patients", "day_0", str(patient_row["patient_id"]), f"{t0}_day", "expected day 0 to be 0"
                )
            )
        if bool(patient_row["included"]) == (patient_row["exclusion_reason"] is not None):
            found.append(
                _problem(
                    "patients",
                    "exclusion",
                    str(patient_row["patient_id"]),
                    "exclusion_reason",
                    "expected a reason for the excluded, and for nobody else",
                )
            )
    return found


def _lesions(rows: Rows) -> list[CohortProblem]:
    return [
        _problem(
            "lesions", "one_primary", str(patient), "is_primary", "expected one primary lesion per patient"
        )
        for (patient,), lesions in _by(rows["lesions"], "patient_id").items()
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
        _problem(
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
        _problem(
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
        entry = MEASUREMENTS.get(row["name"])
        if entry is None:
            continue
        key = str(row["measurement_id"])
        image = series.get(row["series_id"], {})
        unit = entry.unit or QUANTITY_UNITS.get(row["quantity"])
        if row["unit"] != unit:
            found.append(_problem("measurements", "unit", key, "unit", f"expected {unit} for {row['name']}"))
        if row["quantity"] is not None and row["quantity"] != image.get("quantity", row["quantity"]):
            found.append(
                _problem("measurements", "quantity", key, "quantity", "expected the quantity of the series")
            )
        has_value = row["value"] is not None
        if row["status"] == "measured" and not has_value:
            found.append(
                _problem("measurements", "status", key, "value", "expected a value, as it was measured")
            )
        if row["status"] in ("not_evaluable", "not_done") and has_value:
            found.append(
                _problem("measurements", "status", key, "value", "expected none, as it was not measured")
            )
        if row["status"] == "absent" and row["value"] not in (None, 0.0):
            found.append(_problem("measurements", "status", key, "value", "expected 0 of an absent lesion"))
        if (row["status"] != "measured") != (row["reason"] is not None):
            found.append(
                _problem(
                    "measurements",
                    "reason",
                    key,
                    "reason",
                    "expected a reason just where nothing was measured",
                )
            )
        if not entry.of_voxel_values and has_value and row["value"] < 0:
            found.append(_problem("measurements", "negative", key, "value", "expected a size of at least 0"))
        if entry.physical and has_value and row["value"] and image.get("geometry_physical") is False:
            found.append(
                _problem(
                    "measurements",
                    "not_physical",
                    key,
                    "value",
                    "expected none: the spacing is not the patient's",
                )
            )
    return found


def _sizes(rows: Rows) -> list[CohortProblem]:
    found = []
    series = {row["series_id"]: row for row in rows["series"]}
    for (segmentation,), held in _by(rows["measurements"], "segmentation_id").items():
        value = {row["name"]: row["value"] for row in held if row["value"] is not None}
        image = series.get(held[0]["series_id"])
        longest, short = value.get("longest_axial_diameter"), value.get("short_axis")
        if longest is not None and short is not None and short > longest * (1 + RELATIVE_TOLERANCE):
            found.append(
                _problem(
                    "measurements",
                    "short_above_long",
                    str(segmentation),
                    "value",
                    "expected short axis ≤ longest",
                )
            )
        across = value.get("longest_3d_diameter")
        if across is None or image is None:
            continue
        diagonal = math.hypot(image["spacing_x_mm"], image["spacing_y_mm"], image["spacing_z_mm"])
        for name, reach in (("volume", across + diagonal), ("mesh_volume", across)):
            ball_ml = math.pi / 6.0 * reach**3 / 1000.0
            if value.get(name, 0.0) > ball_ml * MESH_TOLERANCE:
                found.append(
                    _problem(
                        "measurements",
                        "volume_above_ball",
                        str(segmentation),
                        "value",
                        f"expected {name} within a ball of the 3D diameter ({ball_ml:.3g} mL)",
                    )
                )
        for row in held:
            by_count = (row["voxel_volume_ml"] or 0.0) * value.get("n_voxels", 0.0)
            if (
                row["name"] == "volume"
                and row["value"]
                and not math.isclose(row["value"], by_count, rel_tol=1e-6)
            ):
                found.append(
                    _problem(
                        "measurements",
                        "volume_by_count",
                        str(row["measurement_id"]),
                        "value",
                        "expected n_voxels × voxel_volume_ml",
                    )
                )
    return found


def _responses(rows: Rows) -> list[CohortProblem]:
    return [
        _problem(
            "responses",
            "reason",
            "|".join(str(row[name]) for name in ("timepoint_id", "reader_id", "image_kind", "criterion")),
            "reason",
            "expected a reason, as the response is not evaluable",
        )
        for row in rows["responses"]
        if row["overall_response"] == "NE" and row["reason"] is None
    ]
