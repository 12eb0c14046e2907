"""Records of scans -> the tables of a cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gist_imaging.cohort.accept import accepted_for_density, accepted_for_size
from gist_imaging.cohort.calls import call_rows
from gist_imaging.cohort.clock import PatientClock
from gist_imaging.cohort.derive import analysis_rows
from gist_imaging.cohort.emit import codelist_rows, typed_frame
from gist_imaging.cohort.numbers import measurement_rows
from gist_imaging.cohort.privacy import exportable_message, exportable_words
from gist_imaging.cohort.records import ScanRecord, StudyFacts
from gist_imaging.cohort.relation_changes import relation_change_rows
from gist_imaging.cohort.respond import response_rows
from gist_imaging.cohort.settle import UNSTATED, image_kind, series_id, settled
from gist_imaging.cohort.spec import tables
from gist_imaging.provenance import sha256_of
from gist_imaging.study.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cohort_frames"]

Row = dict[str, Any]

OLDEST_AGE_YEARS = 90.0
"""Ages above are written as this one: a rare age may name a person (HIPAA safe harbour, 45 CFR 164.514)."""


def cohort_frames(
    records: Iterable[ScanRecord], study: StudyFacts, readings: Iterable[Reading] = ()
) -> dict[str, pd.DataFrame]:
    """Return every table of the cohort, typed and sorted by key; the order of `records` is immaterial.

    What contradicts between records becomes rows of `failures` (CONFLICTING_FACTS, DUPLICATE_READ); nothing
    is raised for it. UIDs are those of the records: `io.tables.write_cohort` re-roots them. Dates are left
    out unless `study.date_policy` is "real".

    Parameters
    ----------
    readings : what readers said in words; one revision of each reading, the one that counts

    Raises
    ------
    TableError
        If a reading is of a lesion, visit or reader that no record is of, or two hold the same call.
    """
    kept, clocks = settled(records)
    measured = [record for record in kept if record.failure is None]
    series = _series(measured, clocks)
    rows: dict[str, list[Row]] = {
        "patients": _patients(kept, clocks, study),
        "timepoints": _timepoints(kept, clocks, study),
        "series": series,
        "lesions": _lesions(kept, clocks),
        "readers": _readers(kept),
        "segmentations": _segmentations(measured, series),
        "measurements": [row for record in measured for row in _measurements(record)],
        "failures": _failures(kept),
        "codelists": codelist_rows(),
    }
    rows |= call_rows(readings, rows)
    rows["relation_changes"] = relation_change_rows(rows)
    rows["responses"] = response_rows(rows, study.criteria)
    rows["analysis_patient"] = analysis_rows(rows, study.primary_reader)
    return {table.name: typed_frame(table, rows[table.name]) for table in tables()}


def _grouped(
    records: Sequence[ScanRecord], key: Callable[[ScanRecord], str]
) -> list[tuple[str, list[ScanRecord]]]:
    return [(name, list(held)) for name, held in groupby(sorted(records, key=key), key=key)]


def _only(values: Iterable[Any]) -> Any:
    """Return the one value that is stated, or None where none is or they differ."""
    held = set(values) - UNSTATED
    return held.pop() if len(held) == 1 else None


def _patients(records: Sequence[ScanRecord], clocks: dict[str, PatientClock], study: StudyFacts) -> list[Row]:
    real = study.date_policy == "real"
    rows = []
    for patient, held in _grouped(records, lambda record: record.patient_id):
        clock = clocks[patient]
        included = any(record.failure is None for record in held)
        age = _only(record.age_years for record in held)
        rows.append(
            {
                "patient_id": patient,
                "centre_id": _only(record.centre_id for record in held),
                "arm": _only(r.arm if r.arm != "not_recorded" else None for r in held) or "not_recorded",
                "sex": _only(record.sex for record in held) or "U",
                "age_years": None if age is None else min(float(age), OLDEST_AGE_YEARS),
                "t0_event": clock.t0_event,
                "imatinib_start_date": clock.imatinib_start_date if real else None,
                "imatinib_start_day": clock.imatinib_start_day,
                "surgery_date": clock.surgery_date if real else None,
                "surgery_day": clock.surgery_day,
                "included": included,
                "exclusion_reason": None if included else "no_measurement",
            }
        )
    return rows


def _timepoints(
    records: Sequence[ScanRecord], clocks: dict[str, PatientClock], study: StudyFacts
) -> list[Row]:
    rows = []
    for patient, held in _grouped(records, lambda record: record.patient_id):
        rows += [
            {
                "timepoint_id": f"{patient}/{visit.label}",
                "patient_id": patient,
                "label": visit.label,
                "order": visit.order,
                "scan_date": visit.date if study.date_policy == "real" else None,
                "scan_day": visit.day,
                "is_baseline": visit.is_baseline,
                "on_imatinib": _only(r.on_imatinib for r in held if r.timepoint_label == visit.label),
            }
            for visit in clocks[patient].visits
        ]
    return rows


def _series(records: Sequence[ScanRecord], clocks: dict[str, PatientClock]) -> list[Row]:
    rows = []
    for name, held in _grouped(records, series_id):
        clock = clocks[held[0].patient_id]
        facts = [record.series for record in held if record.series is not None]
        first = facts[0]
        modality = _only(fact.modality for fact in facts) or "OT"
        sequence = _only(fact.sequence for fact in facts)
        rows.append(
            {
                "series_id": name,
                "patient_id": held[0].patient_id,
                "timepoint_id": held[0].timepoint_id,
                "scan_day": _series_day(clock, held),
                "modality": modality,
                "sequence": sequence,
                "image_kind": image_kind(modality, sequence),
                "contrast_phase": _only(fact.phase for fact in facts) or "unknown",
                "quantity": first.quantity,
                "study_uid": _only(fact.study_uid for fact in facts),
                "series_uid": _only(fact.series_uid for fact in facts),
                "frame_of_reference_uid": _only(fact.frame_uid for fact in facts),
                "slices": first.slices,
                "rows": first.rows,
                "columns": first.columns,
                "spacing_x_mm": first.spacing_mm[2],
                "spacing_y_mm": first.spacing_mm[1],
                "spacing_z_mm": first.spacing_mm[0],
                "slice_thickness_mm": _only(fact.slice_thickness_mm for fact in facts),
                "geometry_physical": first.geometry_physical,
                "field_strength_t": _only(fact.field_strength_t for fact in facts),
                "kvp": _only(fact.kvp for fact in facts),
                "kernel": exportable_words(_only(fact.kernel for fact in facts)),
                "image_sha256": first.image_sha256,
            }
        )
    return rows


def _series_day(clock: PatientClock, records: Sequence[ScanRecord]) -> int | None:
    """Return the day of a series: its own, else that of its visit."""
    own = next((day for record in records if (day := clock.day(record)) is not None), None)
    label = records[0].timepoint_label
    return own if own is not None else next(visit.day for visit in clock.visits if visit.label == label)


def _lesions(records: Sequence[ScanRecord], clocks: dict[str, PatientClock]) -> list[Row]:
    order = {
        f"{patient}/{visit.label}": visit.order for patient, clock in clocks.items() for visit in clock.visits
    }
    rows = []
    for _, held in _grouped(records, lambda record: record.patient_id):
        lowest = min((record.lesion_number, record.lesion) for record in held)[1]
        for lesion, seen in _grouped(held, lambda record: record.lesion_id):
            rows.append(
                {
                    "lesion_id": lesion,
                    "patient_id": seen[0].patient_id,
                    "number": min(record.lesion_number for record in seen),
                    "is_primary": seen[0].lesion == lowest,
                    "tracking_uid": _only(record.tracking_uid for record in seen),
                    "first_seen_timepoint_id": min(
                        (record.timepoint_id for record in seen), key=order.__getitem__
                    ),
                }
            )
    return rows


def _readers(records: Sequence[ScanRecord]) -> list[Row]:
    return [
        {"reader_id": reader, "kind": min(record.reader_kind for record in held)}
        for reader, held in _grouped(records, lambda record: record.reader_id)
    ]


def _segmentation_id(record: ScanRecord) -> str:
    return sha256_of(
        [
            record.lesion_id,
            record.timepoint_id,
            series_id(record),
            record.reader_id,
            record.read_no,
            record.mask_sha256,
        ]
    )[:16]


def _segmentations(records: Sequence[ScanRecord], series: Sequence[Row]) -> list[Row]:
    rows: list[Row] = [
        {
            "segmentation_id": _segmentation_id(record),
            "patient_id": record.patient_id,
            "lesion_id": record.lesion_id,
            "timepoint_id": record.timepoint_id,
            "series_id": series_id(record),
            "reader_id": record.reader_id,
            "read_no": record.read_no,
            "method": record.mask_method,
            "mask_sha256": record.mask_sha256,
            "mask_empty": bool(record.mask_empty),
            "touches_image_border": bool(record.mask_touches_edge),
            "n_voxels": record.n_voxels or 0,
            "problem_codes": ";".join(sorted(set(record.problems))) or None,
        }
        for record in records
    ]
    for_size, for_density = accepted_for_size(rows, series), accepted_for_density(rows, series)
    for row in rows:
        row["accepted"] = row["segmentation_id"] in for_size
        row["accepted_density"] = row["segmentation_id"] in for_density
    return rows


def _measurements(record: ScanRecord) -> list[Row]:
    return measurement_rows(record, _segmentation_id(record), series_id(record))


def _failures(records: Sequence[ScanRecord]) -> list[Row]:
    rows = []
    copies: Counter[str] = Counter()
    failed = [(record, record.failure or record.relation_failure) for record in records]
    for record, failure in failed:
        if failure is None:
            continue
        row: Row = {
            "patient_id": record.patient_id,
            "timepoint_id": record.timepoint_id,
            "lesion_id": record.lesion_id,
            "reader_id": record.reader_id,
            "read_no": record.read_no,
            "series_no": record.series_no,
            "modality": record.series.modality if record.series else None,
            "stage": failure.stage,
            "code": failure.code,
            "message": exportable_message(failure.code, failure.message),
        }
        # Records that are equal but for their masks give equal rows, and none of them may get lost.
        content = sha256_of(row)
        row["failure_id"] = sha256_of([content, copies[content]])[:16]
        copies[content] += 1
        rows.append(row)
    return rows
