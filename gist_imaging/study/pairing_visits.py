"""Series sorted into patients and visits, and visits into before and after the first dose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from gist_imaging.errors import IdentityError
from gist_imaging.study.series import PatientIdentity, Series

__all__ = [
    "ONLY_ONE_VISIT",
    "FoundPatient",
    "FoundVisit",
    "check_one_patient",
    "date_of",
    "labels_of",
    "patients_in",
    "roles_of",
    "visits_in",
]


ONLY_ONE_VISIT: Final = "only one visit: there is nothing to compare it with"
"""Problem of a case that ends with its second visit."""

# What de-identifying programs write for everybody; it does not say that two scans are of one person.
_SAYS_NOTHING = re.compile(
    r"0*|anon\w*|unknown|none|na|n/a|patient|test|removed|de-?identified|xx+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, eq=False)
class FoundPatient:
    """The series of one person, as far as they say so.

    Parameters
    ----------
    folder : first folder below what was imported; shown to the one who imports, and kept nowhere
    identity : what the images state without contradiction; nothing where they state no Patient ID
    """

    folder: str = field(repr=False)
    identity: PatientIdentity = field(repr=False)
    series: tuple[Series, ...] = field(repr=False)

    @property
    def is_named(self) -> bool:
        """Whether the images say who it is, by a Patient ID that is not the same for everybody."""
        return not _SAYS_NOTHING.fullmatch(self.identity.patient_id.strip())


@dataclass(frozen=True, slots=True, eq=False)
class FoundVisit:
    """The series of one day, or of one study where no day is stated."""

    date: date | None = field(repr=False)
    study_uids: tuple[str, ...] = field(repr=False)
    series: tuple[Series, ...] = field(repr=False)


def patients_in(root: Path, series: Iterable[Series]) -> tuple[FoundPatient, ...]:
    """Return the patients of an import, in the order of their folders.

    Images that state a Patient ID belong together by it; those that state none, by the first folder below
    `root`.
    """
    groups: dict[tuple[str, str], list[Series]] = {}
    for one in series:
        stated = one.patient.patient_id.strip()
        patient_id = "" if _SAYS_NOTHING.fullmatch(stated) else stated
        groups.setdefault((patient_id, "" if patient_id else _folder(root, one)), []).append(one)
    found = [
        FoundPatient(
            min(_folder(root, one) for one in held),
            PatientIdentity.shared(one.patient for one in held),
            tuple(held),
        )
        for held in groups.values()
    ]
    return tuple(sorted(found, key=lambda patient: (patient.folder, patient.identity.patient_id)))


def _folder(root: Path, series: Series) -> str:
    if not series.frames:
        return ""
    frame = series.frames[0]
    for above in (root, root.parent):  # a DICOMDIR names files beside itself
        if frame.path.is_relative_to(above):
            parts = frame.path.relative_to(above).parts
            # An archive stands for a folder.
            folders = parts[:-1] if frame.member is None else parts
            return folders[0] if folders else ""
    return ""


def check_one_patient(
    identities: Iterable[PatientIdentity], *, reason: str | None = None, where: str = ""
) -> tuple[str, ...]:
    """Return the DICOM names of the attributes in which the scans of one case differ.

    Raises
    ------
    IdentityError
        If they differ and nobody said why they are of one patient all the same.
    """
    differing = PatientIdentity.conflicts(identities)
    if differing and not (reason and reason.strip()):
        raise IdentityError(differing, where=where)
    return differing


def visits_in(series: Sequence[Series]) -> tuple[FoundVisit, ...]:
    """Return the visits of one patient, in time order; those without a date come last.

    One day is one visit. A series that states no date belongs to the visit of its study.
    """
    dates = {one.key: date_of(one) for one in series}
    of_study: dict[str, set[date]] = {}
    for one in series:
        if (day := dates[one.key]) is not None:
            of_study.setdefault(one.study_uid, set()).add(day)
    groups: dict[tuple[date | None, str], list[Series]] = {}
    for one in series:
        day = dates[one.key]
        told = of_study.get(one.study_uid, set())
        if day is None and len(told) == 1:
            day = next(iter(told))
        groups.setdefault((day, "" if day else one.study_uid), []).append(one)
    visits = [
        FoundVisit(day, tuple(sorted({one.study_uid for one in held})), tuple(held))
        for (day, _), held in groups.items()
    ]
    return tuple(sorted(visits, key=lambda visit: (visit.date or date.max, visit.study_uids)))


def date_of(series: Series) -> date | None:
    """Return the day on which most images of a series were made; None where none says so."""
    days = Counter(day for day in (_day(frame.acquisition_date) for frame in series.frames) if day)
    return min(days, key=lambda day: (-days[day], day)) if days else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def roles_of(days: Sequence[int | None], *, dose_known: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the role of each visit, and what somebody should settle.

    With the first dose known (day 0), the last visit up to it is the baseline and those after it are
    follow-ups; a scan of day 0 itself is taken for one before the dose. Otherwise the first visit is the
    baseline. A visit without a day has no role.

    Parameters
    ----------
    days : of the visits, counted from the first dose, or from any day where that is not known
    """
    known = sorted({day for day in days if day is not None})
    problems = []
    if n_unknown := sum(day is None for day in days):
        problems.append(f"{n_unknown} visit(s) state no date: choose their roles")
    if len(days) < 2:
        problems.append(ONLY_ONE_VISIT)
    if not dose_known:
        baseline = known[0] if known else None
        if len(days) > 1:
            problems.append("the first dose is not known: roles follow the order of the scans")
    else:
        before = [day for day in known if day <= 0]
        baseline = before[-1] if before else None
        if len(known) > 1 and len(before) in (0, len(known)):
            listed = ", ".join(f"{day:+d}" for day in known[:-1]) + f" and {known[-1]:+d}"
            which = "both" if len(known) == 2 else f"all {len(known)}"
            problems.append(
                f"{which} scans lie on the same side of treatment start (days {listed}): choose roles, or "
                "mark it as no response pair"
            )
    return tuple(_role(day, baseline, dose_known) for day in days), tuple(problems)


def _role(day: int | None, baseline: int | None, dose_known: bool) -> str:
    if day is None:
        return "other"
    if day == baseline:
        return "baseline"
    after = day > 0 if dose_known else baseline is not None and day > baseline
    return "follow_up" if after else "other"


def labels_of(roles: Sequence[str], taken: Mapping[str, object] | Iterable[str] = ()) -> tuple[str, ...]:
    """Return a free label for each visit: baseline, follow_up_1, follow_up_2, other_1, ...

    >>> labels_of(["baseline", "follow_up", "follow_up"])
    ('baseline', 'follow_up_1', 'follow_up_2')
    """
    used = set(taken)
    labels = []
    for role in roles:
        numbered = (f"{role}_{number}" for number in range(1, len(used) + len(roles) + 2))
        free = ("baseline",) if role == "baseline" and "baseline" not in used else numbered
        label = next(name for name in free if name not in used)
        used.add(label)
        labels.append(label)
    return tuple(labels)
