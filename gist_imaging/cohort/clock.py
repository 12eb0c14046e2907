"""Day 0 of each patient, the days of the visits and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gist_imaging.cohort.records import ScanRecord

__all__ = [
    "POSTOP",
    "PRESURGERY",
    "VISIT_LABELS",
    "VISIT_SPAN_DAYS",
    "PatientClock",
    "Visit",
    "patient_clock",
]

PRESURGERY = "presurgery"
"""Label of the visit before the operation."""
POSTOP = "postop"
"""Label of a visit after the operation."""
VISIT_LABELS = ("baseline", "early", "tp3m", "tp6m", "tp9m", "tp12m", PRESURGERY, POSTOP, "followup")
"""Labels whose order is known without a date."""
VISIT_SPAN_DAYS = 14
"""Scans of one visit lie at most so many days apart (inclusive); further apart, they are two visits.

Two weeks let CT and MR of one examination share a label, and are shorter than any interval of follow-up.
"""

_EVENTS = ("imatinib_start", "surgery")
"""Events that may be day 0, the first that is known wins."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit on the patient's clock; `day` is that of its first scan, None where no date is known."""

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
    day_0 : ordinal of the date of day 0, where it is known
    days_to_add : what turns a `scan_day` of the source into a day of this clock; None where nothing does
    """

    t0_event: str
    imatinib_start_date: str | None
    imatinib_start_day: int | None
    surgery_date: str | None
    surgery_day: int | None
    visits: tuple[Visit, ...]
    conflict: str | None = None
    day_0: int | None = None
    days_to_add: int | None = None

    def day(self, record: ScanRecord) -> int | None:
        """Return the day of one scan, None where its date and day are not known."""
        if record.scan_date is not None and self.day_0 is not None:
            return _ordinal(record.scan_date) - self.day_0
        if record.scan_day is not None and self.days_to_add is not None:
            return record.scan_day + self.days_to_add
        return None


def patient_clock(records: Sequence[ScanRecord]) -> PatientClock:
    """Return the clock of one patient.

    Day 0 is the start of imatinib, else surgery, else the first scan. Days of the source lie on the axis of
    the dates if one of its rows gives both, or if it says that day 0 is an event whose date it states. Days
    that no date is known for are taken as they are if the source says what day 0 is (`t0_event`), else
    counted from the first scan. Where the day of a visit is not known, all labels are of `VISIT_LABELS`
    and give the order.
    """
    conflicts: list[str] = []
    start = _one([r.imatinib_start_date for r in records], "imatinib_start_date", conflicts)
    surgery = _one([r.surgery_date for r in records], "surgery_date", conflicts)
    bare = _without_visits(records, start, surgery, conflicts)
    labels = sorted({record.timepoint_label for record in records})
    days = {label: _days_of(bare, records, label) for label in labels}
    if len(labels) == 1 and bare.t0_event == "first_scan":
        days[labels[0]] = days[labels[0]] or [0]
    conflicts += _contradicting_days(days, bare.surgery_day)
    first = {label: held[0] if held else None for label, held in days.items()}
    in_order = _in_order(first, conflicts)
    rising = [first[label] for label in in_order if first[label] is not None]
    if rising != sorted(rising, key=lambda day: day or 0):
        conflicts.append("the days of the visits that have one do not rise in the order of the labels")
        first = dict.fromkeys(labels)
    baseline = _baseline(records, in_order, conflicts)
    dates = {
        label: _earliest([r.scan_date for r in records if r.timepoint_label == label]) for label in labels
    }
    visits = tuple(
        Visit(label, number, first[label], dates[label], label == baseline)
        for number, label in enumerate(in_order, start=1)
    )
    return replace(bare, visits=visits, conflict="; ".join(conflicts) if conflicts else None)


def _without_visits(
    records: Sequence[ScanRecord], start: str | None, surgery: str | None, conflicts: list[str]
) -> PatientClock:
    """Return day 0 of one patient and how dates and days of the source are counted from it."""
    stated_t0 = _one([r.t0_event for r in records], "t0_event", conflicts)
    event = {name: _ordinal(held) for name, held in zip(_EVENTS, (start, surgery), strict=True) if held}
    source_day_0 = _source_day_0(records, event.get(stated_t0 or ""), conflicts)
    if stated_t0 in _EVENTS and source_day_0 is not None:
        event.setdefault(stated_t0, source_day_0)
    dated = any(record.scan_date for record in records)
    if event and (dated or source_day_0 is not None or not any(r.scan_day is not None for r in records)):
        t0_event = next(name for name in _EVENTS if name in event)
        day_0: int | None = event[t0_event]
    else:
        t0_event = stated_t0 or "first_scan"
        day_0 = _first_scan(records, source_day_0)
    if source_day_0 is not None and day_0 is not None:
        to_add: int | None = source_day_0 - day_0
    else:
        to_add = None if dated else _to_add(records, stated_t0)
    event_days = {name: held - day_0 for name, held in event.items()} if day_0 is not None else {}
    if t0_event in _EVENTS:
        event_days.setdefault(t0_event, 0)
    started, operated = (event_days.get(name) for name in _EVENTS)
    return PatientClock(t0_event, start, started, surgery, operated, (), None, day_0, to_add)


def _source_day_0(records: Sequence[ScanRecord], of_event: int | None, conflicts: list[str]) -> int | None:
    """Return the ordinal of the date that the source counts its days from, None where no date tells it."""
    beside = {
        _ordinal(record.scan_date) - record.scan_day
        for record in records
        if record.scan_date is not None and record.scan_day is not None
    }
    told = beside | ({of_event} if of_event is not None else set())
    if len(told) > 1:
        conflicts.append("scan_date and scan_day count from different days 0")
        return None
    return told.pop() if told else None


def _first_scan(records: Sequence[ScanRecord], source_day_0: int | None) -> int | None:
    """Return the ordinal of the first scan, None unless the date of every visit is known."""
    ordinals: dict[str, list[int]] = {record.timepoint_label: [] for record in records}
    for record in records:
        if record.scan_date is not None:
            ordinals[record.timepoint_label].append(_ordinal(record.scan_date))
        elif record.scan_day is not None and source_day_0 is not None:
            ordinals[record.timepoint_label].append(source_day_0 + record.scan_day)
    return min(map(min, ordinals.values())) if all(ordinals.values()) else None


def _to_add(records: Sequence[ScanRecord], stated_t0: str | None) -> int | None:
    """Return what makes days of this clock of days whose dates nobody knows."""
    days = [record.scan_day for record in records if record.scan_day is not None]
    with_day = {record.timepoint_label for record in records if record.scan_day is not None}
    if stated_t0:
        return 0
    return -min(days) if days and with_day == {record.timepoint_label for record in records} else None


def _days_of(clock: PatientClock, records: Sequence[ScanRecord], label: str) -> list[int]:
    days = (clock.day(record) for record in records if record.timepoint_label == label)
    return sorted(day for day in days if day is not None)


def _contradicting_days(days: Mapping[str, Sequence[int]], surgery_day: int | None) -> list[str]:
    found = []
    for label, held in days.items():
        if held and held[-1] - held[0] > VISIT_SPAN_DAYS:
            found.append(
                f"scans of one timepoint_label lie {held[-1] - held[0]} days apart, at most "
                f"{VISIT_SPAN_DAYS} are one visit"
            )
        if not held or surgery_day is None:
            continue
        if label == PRESURGERY and held[-1] > surgery_day:
            found.append("a visit labelled presurgery lies after surgery")
        elif label == POSTOP and held[0] < surgery_day:
            found.append("a visit labelled postop lies before surgery")
        elif label != POSTOP and held[0] <= surgery_day < held[-1]:
            found.append("one visit has scans before and after surgery")
    return found


def _in_order(first: Mapping[str, int | None], conflicts: list[str]) -> list[str]:
    """Return the labels by their days; by their known order where not every visit has a day."""
    known = {label: day for label, day in first.items() if day is not None}
    if len(known) == len(first):
        return sorted(known, key=lambda label: (known[label], _rank(label), label))
    if len(first) > 1 and not set(first) <= set(VISIT_LABELS):
        conflicts.append("some visits have neither scan_date nor scan_day, and their labels give no order")
    return sorted(first, key=lambda label: (_rank(label), label))


def _one(values: Sequence[str | None], name: str, conflicts: list[str]) -> str | None:
    held = sorted({value for value in values if value is not None})
    if len(held) > 1:
        conflicts.append(f"{name} has {len(held)} values for one patient")
        return None
    return held[0] if held else None


def _earliest(values: Sequence[str | None]) -> str | None:
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
