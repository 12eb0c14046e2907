"""Records in one order, without copies, and with what contradicts turned into named failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gist_imaging.cohort.clock import PatientClock, patient_clock
from gist_imaging.cohort.records import FailureRecord, ScanRecord
from gist_imaging.provenance import canonical_json

__all__ = ["CONFLICTING_FACTS", "DUPLICATE_READ", "UNSTATED", "image_kind", "series_id", "settled"]

CONFLICTING_FACTS = "CONFLICTING_FACTS"
"""Failure code: two records state different facts of one patient, lesion or series."""
DUPLICATE_READ = "DUPLICATE_READ"
"""Failure code: two masks claim to be the same read of the same lesion on the same series."""

_PATIENT_FACTS = ("centre_id", "sex", "age_years")
UNSTATED = frozenset({None, "unknown", "OT"})
"""Facts of a series that say that nothing is known."""

_SERIES_FACTS = (
    "series_uid",
    "study_uid",
    "frame_uid",
    "modality",
    "sequence",
    "phase",
    "slice_thickness_mm",
    "geometry_physical",
    "quantity",
    "kernel",
    "field_strength_t",
    "kvp",
)


def series_id(record: ScanRecord) -> str:
    """Return the id of the series of a measured record: the visit and the image's content."""
    content = record.series.image_sha256 if record.series else ""
    return f"{record.timepoint_id}/{content[:12]}"


def image_kind(modality: str, sequence: str | None) -> str:
    """Return the kind of image, within which measurements are compared over time.

    >>> image_kind("MR", "T2_ax"), image_kind("CT", None)
    ('MR:T2_ax', 'CT')
    """
    return f"{modality}:{sequence}" if sequence else modality


def settled(records: Iterable[ScanRecord]) -> tuple[list[ScanRecord], dict[str, PatientClock]]:
    """Return the records in a fixed order without identical copies, and the clock of each patient.

    Records that contradict others become failures of stage manifest, so that they harm no other patient.
    """
    unique: dict[str, ScanRecord] = {}
    for record in sorted(records, key=lambda record: record.series_no):
        unique.setdefault(_content(record), record)
    ordered = [unique[text] for text in sorted(unique)]
    by_patient: dict[str, list[ScanRecord]] = defaultdict(list)
    for record in ordered:
        by_patient[record.patient_id].append(record)
    clocks = {patient: patient_clock(held) for patient, held in sorted(by_patient.items())}
    kept: list[ScanRecord] = []
    for patient, held in sorted(by_patient.items()):
        conflict = _patient_conflict(held, clocks[patient])
        if conflict:
            kept += [_failed(record, CONFLICTING_FACTS, conflict) for record in held]
        else:
            kept += _without_series_conflicts(held)
    return kept, clocks


def _content(record: ScanRecord) -> str:
    """Return what tells a record from others; of a measured one the image does, whatever its place."""
    held = record.to_json()
    return canonical_json(held if record.failure is not None else {**held, "series_no": 0})


def _patient_conflict(records: Sequence[ScanRecord], clock: PatientClock) -> str | None:
    found = [clock.conflict] if clock.conflict else []
    found += [
        f"{name} has several values for one patient"
        for name in _PATIENT_FACTS
        if len({getattr(record, name) for record in records} - {None}) > 1
    ]
    if len({record.arm for record in records} - {"not_recorded"}) > 1:
        found.append("arm has several values for one patient")
    numbers = {(record.lesion, record.lesion_number) for record in records}
    if len({lesion for lesion, _ in numbers}) != len(numbers) or len({n for _, n in numbers}) != len(numbers):
        found.append("lesion names and lesion numbers do not correspond one to one")
    for lesion in sorted({record.lesion for record in records}):
        uids = {record.tracking_uid for record in records if record.lesion == lesion} - {None}
        if len(uids) > 1:
            found.append(f"lesion {lesion} has several tracking UIDs")
    return "; ".join(found) if found else None


def _without_series_conflicts(records: Sequence[ScanRecord]) -> list[ScanRecord]:
    by_series: dict[str, list[ScanRecord]] = defaultdict(list)
    by_read: dict[tuple[str, ...], list[ScanRecord]] = defaultdict(list)
    for record in records:
        if record.series is not None and record.failure is None:
            by_series[series_id(record)].append(record)
            read = (record.lesion_id, series_id(record), record.reader_id, str(record.read_no))
            by_read[read].append(record)
    reasons: dict[int, tuple[str, str]] = {}
    for held in by_series.values():
        differing = [
            name
            for name in _SERIES_FACTS
            if len({getattr(record.series, name) for record in held} - UNSTATED) > 1
        ]
        differing += [
            name
            for name in ("scan_date", "scan_day")
            if len({getattr(record, name) for record in held} - {None}) > 1
        ]
        for record in held if differing else ():
            reasons[id(record)] = (CONFLICTING_FACTS, f"one series is given several {', '.join(differing)}")
    for held in by_read.values():
        for record in held if len(held) > 1 else ():
            reasons.setdefault(
                id(record),
                (DUPLICATE_READ, f"{len(held)} masks or results claim to be one read of one lesion"),
            )
    return [_failed(record, *reasons[id(record)]) if id(record) in reasons else record for record in records]


def _failed(record: ScanRecord, code: str, found: str) -> ScanRecord:
    if record.failure is not None:
        return record
    advice = (
        "give each a read_no, reader_id or lesion of its own"
        if code == DUPLICATE_READ
        else "correct the list of scans"
    )
    return replace(
        record,
        measurement=None,
        pelvic=(),
        relation_failure=None,
        failure=FailureRecord("manifest", code, f"expected facts that agree; {found}; {advice}"),
    )
