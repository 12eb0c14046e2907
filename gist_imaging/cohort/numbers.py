"""The rows of the long table that one measured lesion gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gist_imaging._version import __version__
from gist_imaging.cohort.measured_names import LESION_MEASUREMENTS, QUANTITY_UNITS
from gist_imaging.cohort.measurement_name import ML_PER_MM3, MeasurementName
from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS
from gist_imaging.cohort.pelvic_numbers import PelvicNumber
from gist_imaging.cohort.records import ScanRecord
from gist_imaging.provenance import sha256_of

__all__ = ["EMPTY_MASK", "measurement_id", "measurement_rows"]

Row = dict[str, Any]

EMPTY_MASK = "empty_mask"
"""Reason of a value that is absent because the reader found no lesion."""
NOT_GIVEN = "not_given"
"""Reason where the measurement holds neither a value nor a reason."""

_IN_SLICE = ("longest_axial_diameter", "short_axis")
_IN_SPACE = ("longest_3d_diameter", "craniocaudal_length")


def measurement_id(
    segmentation_id: str, name: str, algorithm_version: str, params_sha256: str, side: str | None = None
) -> str:
    """Return the id of a number: the same for the same mask, name, side, definitions and parameters."""
    of_side = [] if side is None else [side]
    return sha256_of([segmentation_id, name, algorithm_version, params_sha256, *of_side])[:16]


def measurement_rows(record: ScanRecord, segmentation_id: str, series_id: str) -> list[Row]:
    """Return one row per measured name, with its status; units are converted here and nowhere else."""
    measured = record.measurement or {}
    voxel_mm3 = measured.get("voxel_volume_mm3")
    shared: Row = {
        "patient_id": record.patient_id,
        "lesion_id": record.lesion_id,
        "timepoint_id": record.timepoint_id,
        "series_id": series_id,
        "reader_id": record.reader_id,
        "segmentation_id": segmentation_id,
        "voxel_volume_ml": None if voxel_mm3 is None else float(voxel_mm3) * ML_PER_MM3,
        "override_reason": "; ".join(f"{code}: {reason}" for code, reason in sorted(record.overrides))
        or None,
        "software": "gist_imaging",
        "software_version": __version__,
        "algorithm_version": record.algorithm_version,
        "params_sha256": record.params_sha256,
    }
    rows: list[Row] = [
        {
            "measurement_id": measurement_id(
                segmentation_id, name, record.algorithm_version, record.params_sha256
            ),
            "name": name,
            **shared,
            **_value(measured, entry),
            **_place(measured, name, entry),
        }
        for name, entry in LESION_MEASUREMENTS.items()
    ]
    return rows + [{**shared, **_pelvic(number, segmentation_id)} for number in record.pelvic]


def _value(measured: Mapping[str, Any], entry: MeasurementName) -> Row:
    held = measured.get(entry.field)
    reason = measured.get("not_measured", {}).get(entry.field)
    quantity = str(measured.get("quantity", "ARBITRARY")) if entry.of_voxel_values else None
    uncertainty = measured.get("uncertainty", {}).get(entry.field)
    row: Row = {
        "quantity": quantity,
        "hu_roi": measured.get("hu_roi") if entry.of_voxel_values else None,
        "unit": entry.unit or QUANTITY_UNITS[quantity or "ARBITRARY"],
        "value": None if held is None else float(held) * entry.scale,
        "status": "measured",
        "reason": None,
        "uncertainty": None if uncertainty is None else float(uncertainty) * entry.scale,
        "uncertainty_kind": None if uncertainty is None else measured.get("uncertainty_method"),
    }
    if measured.get("n_voxels") == 0 and (held is not None or reason == EMPTY_MASK):
        row |= {"status": "absent", "reason": EMPTY_MASK}
    elif held is None:
        row |= {"status": "not_evaluable", "reason": reason or NOT_GIVEN}
    return row


def _pelvic(number: PelvicNumber, segmentation_id: str) -> Row:
    entry = PELVIC_MEASUREMENTS[number.name]
    low, value, high = (
        None if held is None else held * entry.scale for held in (number.low, number.value, number.high)
    )
    return {
        "measurement_id": measurement_id(
            segmentation_id, number.name, number.algorithm_version, number.params_sha256, number.side
        ),
        "name": number.name,
        "side": number.side,
        "value": value,
        "value_low": low,
        "value_high": high,
        "unit": entry.unit,
        "status": "measured" if value is not None else "not_evaluable",
        "reason": number.reason,
        "notes": "; ".join(number.notes) or None,
        "algorithm_version": number.algorithm_version,
        "params_sha256": number.params_sha256,
        **_ends(number.end_points_mm),
    }


def _ends(points_mm: Sequence[Sequence[float]]) -> Row:
    return {
        f"end{number}_{axis}_mm": float(value)
        for number, point in enumerate(points_mm, start=1)
        for axis, value in zip("xyz", point, strict=True)
    }


def _place(measured: Mapping[str, Any], name: str, entry: MeasurementName) -> Row:
    """Return where a diameter lies: its plane and its two end points."""
    row: Row = {}
    ends = measured.get("end_points_mm", {}).get(entry.field)
    if not ends:
        return row
    if name in _IN_SLICE:
        row |= {"plane": measured.get("ld_plane"), "plane_tilt_deg": measured.get("ld_tilt_deg")}
    if name in _IN_SPACE:
        row["plane"] = "3d"
    return row | _ends(ends)
