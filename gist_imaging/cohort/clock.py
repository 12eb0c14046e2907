"""Day 0 of each patient, the days of the visits and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gist_imaging.cohort.records import ScanRecord

__all__ = ["VISIT_LABELS", "PatientClock", "Visit", "patient_clock"]

VISIT_LABELS = ("baseline", "early", "tp3m", "tp6m", "tp9m", "tp12m", "presurgery", "postop", "followup")
"""Labels whose order is known without a date."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit on the patient's clock; `day` is None where no date is known."""

    label: str
    order: int
    day: int | None
    date: str | None
    is_baseline: bool


@dataclass(frozen=True, slots=True)
class PatientClock:
    """Day 0 and everything counted from it.

    Parameters
    ----------
    conflict : what contradicts in the source, or None
    """

    t0_event: str
    imatinib_start_date: str | None
    imatinib_start_day: int | None
    surgery_date: str | None
    surgery_day: int | None
    visits: tuple[Visit, ...]
    conflict: str | None = None


def patient_clock(records: Sequence[ScanRecord]) -> PatientClock:
    """Return the clock of one patient.

    Day 0 is the start of imatinib, else surgery, else the first scan. Where the source gives days rather
    than dates they are taken as they are if it says what day 0 is (`t0_event`), else counted from the
    first scan. Visits without any date are put in order by their label if all labels are of
    `VISIT_LABELS`, and have no day.
    """
    conflicts: list[str] = []
    start = _one([r.imatinib_start_date for r in records], "imatinib_start_date", conflicts)
    surgery = _one([r.surgery_date for r in records], "surgery_date", conflicts)
    stated_t0 = _one([r.t0_event for r in records], "t0_event", conflicts)
    labels = sorted({r.timepoint_label for r in records})
    dates = {
        label: _earliest([r.scan_date for r in records if r.timepoint_label == label]) for label in labels
    }
    days = {label: _lowest([r.scan_day for r in records if r.timepoint_label == label]) for label in labels}

    t0_event = "imatinib_start" if start else "surgery" if surgery else "first_scan"
    day_of: dict[str, int | None]
    start_day = surgery_day = None
    if all(dates.values()):
        ordinal = {label: _ordinal(held) for label, held in dates.items() if held}
        origin = _ordinal(start) if start else _ordinal(surgery) if surgery else min(ordinal.values())
        day_of = {label: ordinal[label] - origin for label in labels}
        start_day = _ordinal(start) - origin if start else None
        surgery_day = _ordinal(surgery) - origin if surgery else None
    elif not any(dates.values()) and all(day is not None for day in days.values()):
        known = {label: day for label, day in days.items() if day is not None}
        first = min(known.values())
        t0_event = stated_t0 or "first_scan"
        day_of = {label: day if stated_t0 else day - first for label, day in known.items()}
        start_day = 0 if t0_event == "imatinib_start" else None
        surgery_day = 0 if t0_event == "surgery" else None
    else:
        day_of = dict.fromkeys(labels)
        if len(labels) == 1 and t0_event == "first_scan":
            day_of[labels[0]] = 0
        elif len(labels) > 1 and not set(labels) <= set(VISIT_LABELS):
            conflicts.append(
                "some visits have neither scan_date nor scan_day, and their labels give no order"
            )

    if all(day is not None for day in day_of.values()):
        in_order = sorted(labels, key=lambda label: (day_of[label] or 0, _rank(label), label))
    else:
        in_order = sorted(labels, key=lambda label: (_rank(label), label))
    baseline = _baseline(records, in_order, conflicts)
    visits = tuple(
        Visit(label, number, day_of[label], dates[label], label == baseline)
        for number, label in enumerate(in_order, start=1)
    )
    return PatientClock(
        t0_event, start, start_day, surgery, surgery_day, visits, "; ".join(conflicts) if conflicts else None
    )


def _one(values: Sequence[str | None], name: str, conflicts: list[str]) -> str | None:
    held = sorted({value for value in values if value is not None})
    if len(held) > 1:
        conflicts.append(f"{name} has {len(held)} values for one patient")
        return None
    return held[0] if held else None


def _earliest(values: Sequence[str | None]) -> str | None:
    return min((value for value in values if value is not None), default=None)


def _lowest(values: Sequence[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _ordinal(iso: str) -> int:
    return date.fromisoformat(iso).toordinal()


def _rank(label: str) -> int:
    return VISIT_LABELS.index(label) if label in VISIT_LABELS else len(VISIT_LABELS)


def _baseline(records: Sequence[ScanRecord], in_order: Sequence[str], conflicts: list[str]) -> str:
    stated = sorted({r.timepoint_label for r in records if r.is_baseline})
    if len(stated) > 1:
        conflicts.append(f"{len(stated)} visits are stated to be the baseline")
    if len(stated) == 1:
        return stated[0]
    return "baseline" if "baseline" in in_order else in_order[0]
