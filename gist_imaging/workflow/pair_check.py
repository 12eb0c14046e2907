"""What a user settles about the scans of a case before it is read: roles, series to measure, what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gist_imaging.errors import GistImagingError
from gist_imaging.study.pairing import Chip, chips_of
from gist_imaging.study.pairing_traits import SeriesTraits

if TYPE_CHECKING:
    from gist_imaging.store.records import CaseRecord, SeriesRecord, VisitRecord

__all__ = ["PairCheck", "confirm_pair", "pair_check"]

_NORMALS: Final[Mapping[str, tuple[float, float, float]]] = {
    "axial": (0.0, 0.0, 1.0),
    "coronal": (0.0, 1.0, 0.0),
    "sagittal": (1.0, 0.0, 0.0),
}
_SETTLED: Final = ("confirmed", "changed")
_TREATMENT: Final = "imatinib_start"


@dataclass(frozen=True, slots=True)
class PairCheck:
    """The scans of a case as they would be compared.

    Parameters
    ----------
    record : visits with their series, as the study holds them
    roles, measured : visit to its role and to the key of the series that lesions are outlined on
    chips : follow-up to what is comparable between its series and that of the baseline, and what is not
    problems : sentences that somebody should settle
    """

    record: CaseRecord
    roles: Mapping[str, str]
    measured: Mapping[str, str | None]
    chips: Mapping[str, tuple[Chip, ...]]
    problems: tuple[str, ...]

    @property
    def is_settled(self) -> bool:
        """Whether a person has accepted the series of every visit that is compared."""
        return all(v.measured_state in _SETTLED for v in self.record.visits if v.role != "other")

    @property
    def changed_visits(self) -> tuple[str, ...]:
        """Visits whose role or series is another than the study holds; each needs a reason."""
        return tuple(
            visit.label
            for visit in self.record.visits
            if self.roles[visit.label] != visit.role
            or (visit.measured is not None and self.measured[visit.label] != visit.measured)
        )


def pair_check(
    folder: Path,
    case: str,
    *,
    roles: Mapping[str, str] | None = None,
    measured: Mapping[str, str | None] | None = None,
) -> PairCheck:
    """Return how the scans of a case would be compared; nothing is changed.

    Parameters
    ----------
    roles, measured : visit to another role or series than the study holds, to see what it would mean
    """
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder, read_only=True) as store:
        record = store.case_record(case)
    return _checked(record, roles or {}, measured or {})


def confirm_pair(
    folder: Path,
    case: str,
    *,
    by: str,
    roles: Mapping[str, str] | None = None,
    measured: Mapping[str, str | None] | None = None,
    reason: str | None = None,
) -> PairCheck:
    """Lay down roles and series of a case for all readers, and return what holds then.

    Parameters
    ----------
    roles, measured : visit to another role or series than is proposed
    reason : why, where one of them is another

    Raises
    ------
    GistImagingError
        If there is no reason, two visits would be the baseline, or a series cannot be measured.
    """
    from gist_imaging.store.study_store import StudyStore

    why = (reason or "").strip() or None
    with StudyStore.open(folder) as store:
        wanted = _checked(store.case_record(case), roles or {}, measured or {})
        _refuse(wanted, why)
        # A visit stops being the baseline before another one becomes it.
        for visit in sorted(wanted.record.visits, key=lambda one: wanted.roles[one.label] == "baseline"):
            if wanted.roles[visit.label] != visit.role:
                store.set_role(case, visit.label, wanted.roles[visit.label], by=by, reason=why or "")
        for visit in wanted.record.visits:
            key = wanted.measured[visit.label]
            if key is not None and wanted.roles[visit.label] != "other":
                store.pin_measured(
                    case, visit.label, key, by=by, reason=why if key != visit.measured else None
                )
        return _checked(store.case_record(case), {}, {})


def _refuse(wanted: PairCheck, why: str | None) -> None:
    """Refuse as a whole what the study would refuse in part."""
    if wanted.changed_visits and why is None:
        raise GistImagingError(
            "a reason for another role or series than is laid down",
            f"got none for {', '.join(wanted.changed_visits)}",
            "say why in a few words",
        )
    baselines = [label for label, role in wanted.roles.items() if role == "baseline"]
    if len(baselines) > 1:
        raise GistImagingError(
            f"one baseline in {wanted.record.case}", f"got {' and '.join(baselines)}", "give one another role"
        )
    for visit in wanted.record.visits:
        series = _series(visit, wanted.measured[visit.label])
        if series is not None and not series.measurable:
            raise GistImagingError(
                f"a series of {visit.label} that can be measured",
                f"{series.name}: {', '.join(series.problems)}",
                "choose another",
            )


def _checked(record: CaseRecord, roles: Mapping[str, str], measured: Mapping[str, str | None]) -> PairCheck:
    as_role = {visit.label: roles.get(visit.label, visit.role) for visit in record.visits}
    on = {visit.label: measured.get(visit.label, visit.measured) for visit in record.visits}
    baseline = next((visit for visit in record.visits if as_role[visit.label] == "baseline"), None)
    first = None if baseline is None else _series(baseline, on[baseline.label])
    chips: dict[str, tuple[Chip, ...]] = {}
    for visit in record.visits:
        second = _series(visit, on[visit.label])
        if as_role[visit.label] == "follow_up" and first is not None and second is not None:
            chips[visit.label] = _chips(first, second)
    # What an import found incomparable is told by the chips, of the series that are chosen now.
    told = [problem for problem in record.problems if " are not comparable in " not in problem]
    return PairCheck(
        record,
        MappingProxyType(as_role),
        MappingProxyType(on),
        MappingProxyType(chips),
        (*told, *_sides(record, as_role), *_without(record, as_role, on)),
    )


def _series(visit: VisitRecord, key: str | None) -> SeriesRecord | None:
    return next((one for one in visit.series if one.key == key), None)


def _chips(one: SeriesRecord, other: SeriesRecord) -> tuple[Chip, ...]:
    """Return the chips of two series; older studies know the names of planes only, not their angle."""
    if one.normal is not None and other.normal is not None:
        return chips_of(_traits(one), _traits(other))
    text = f"{one.plane} | {other.plane}"
    known = "oblique" not in (one.plane, other.plane)
    state = "unknown" if not known else "same" if one.plane == other.plane else "differs"
    return (Chip("plane", state, text), *chips_of(_traits(one), _traits(other))[1:])


def _traits(series: SeriesRecord) -> SeriesTraits:
    spacing = series.spacing_mm if series.spacing_mm is not None else (1.0, 1.0, 1.0)
    facts: dict[str, Any] = {"weighting": series.weighting, "phase": series.phase, "kvp": series.kvp}
    normal = series.normal or _NORMALS.get(series.plane, _NORMALS["axial"])
    return SeriesTraits(series.key, series.modality, series.plane, normal, spacing, **facts)


def _sides(record: CaseRecord, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong where baseline and follow-up lie on one side of the first dose."""
    if record.t0_event != _TREATMENT:
        return ()
    days = {visit.label: visit.day for visit in record.visits}
    before = next((label for label, role in roles.items() if role == "baseline"), None)
    told = []
    for label, role in roles.items():
        first, second = None if before is None else days[before], days[label]
        if role == "follow_up" and first is not None and second is not None and (first > 0) == (second > 0):
            told.append(
                f"{before} and {label} lie on the same side of treatment start (days {first} and {second}): "
                "choose other roles"
            )
    return tuple(told)


def _without(
    record: CaseRecord, roles: Mapping[str, str], measured: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Return the visits that nothing can be measured on, with the codes; those the record tells already."""
    told = []
    for visit in record.visits:
        if roles[visit.label] != "other" and measured[visit.label] is None:
            codes = sorted({code for series in visit.series for code in series.problems})
            words = f"{visit.label} has no series that can be measured"
            if not any(problem.startswith(words) for problem in record.problems):
                told.append(f"{words}: {', '.join(codes)}" if codes else words)
    return tuple(told)
