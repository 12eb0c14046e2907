"""What an import would take into a study: found images made into cases with visits, roles and pairs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from gist_imaging.errors import GistImagingError
from gist_imaging.store.records import CaseImport, ScanPlace, SeriesRecord, VisitImport, VisitRecord
from gist_imaging.study.pairing import SeriesPair, measured_series, pairs_of
from gist_imaging.study.pairing_traits import SeriesTraits, name_of, traits_of
from gist_imaging.study.series import PatientIdentity, Series, SeriesKind

__all__ = ["FoundImage", "PlannedCase", "PlannedVisit", "first_dose_date", "image_of_series", "planned_case"]

Hash = Callable[[Series], str]


@dataclass(frozen=True, slots=True)
class FoundImage:
    """One series or image file, ready to be taken in.

    Parameters
    ----------
    traits : what pairing asks; None where there is no grid
    identity : what its images say of the patient
    """

    record: SeriesRecord
    place: ScanPlace = field(repr=False)
    traits: SeriesTraits | None
    identity: PatientIdentity = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of a case.

    Parameters
    ----------
    stated : key of the series that somebody stated for measuring
    """

    label: str
    role: str
    day: int | None
    images: tuple[FoundImage, ...]
    date: date | None = field(default=None, repr=False)
    study_uids: tuple[str, ...] = field(default=(), repr=False)
    stated: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One case as it would be taken in.

    Parameters
    ----------
    pairs : of the series for measuring, baseline with each follow-up
    audited : what the trail says besides
    """

    given: CaseImport
    pairs: tuple[SeriesPair, ...]
    audited: Mapping[str, str | int | None]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain values for `json.dumps`, by pseudonyms."""
        return {
            "case": self.given.case,
            "visits": [_visit_json(visit.record) for visit in self.given.visits],
            "pairs": [pair.to_json() for pair in self.pairs],
            "problems": list(self.given.problems),
        }


def image_of_series(
    series: Series,
    uid_of: Callable[[str], str],
    hash_of: Hash,
    *,
    phase: str | None = None,
    override_reason: str | None = None,
    quantity: str | None = None,
) -> FoundImage:
    """Return a DICOM series as it is taken in; its UID is replaced by that of the study."""
    uid = uid_of(series.series_uid)
    key = "|".join([uid, *series.key.split("|")[1:]])
    traits = None
    if series.geometry is not None:
        traits = traits_of(key, series.geometry, series.modality, series=series, phase=phase)
    measurable = series.kind is SeriesKind.VOLUME or (
        series.kind is SeriesKind.REFUSED and override_reason is not None and traits is not None
    )
    record = SeriesRecord(
        key=key,
        series_uid=uid,
        name=series.modality if traits is None else name_of(traits),
        modality=series.modality,
        plane="oblique" if traits is None else traits.plane,
        spacing_mm=series.spacing_mm if traits is None else traits.spacing_mm,
        shape=series.shape if series.geometry is None else series.geometry.shape,
        problems=tuple(dict.fromkeys(str(problem.code) for problem in series.problems)),
        measurable=measurable,
        content_sha256=hash_of(series),
        weighting=None if traits is None else traits.weighting,
        phase=phase,
        kvp=None if traits is None else traits.kvp,
        b_value=None if traits is None else traits.b_value,
        normal=None if traits is None else traits.normal,
    )
    place = ScanPlace(
        _place_of(series),
        series.series_uid,
        dict(series.split),
        override_reason,
        quantity,
        record.content_sha256,
    )
    return FoundImage(record, place, traits, series.patient)


def _place_of(series: Series) -> Path:
    """Return the smallest thing that holds all files of a series: a file, an archive or a folder."""
    paths = sorted({frame.path.resolve() for frame in series.frames})
    if len(paths) == 1:
        return paths[0]
    return Path(os.path.commonpath([path.parent for path in paths]))


def planned_case(
    case: str,
    visits: Sequence[PlannedVisit],
    *,
    patient: PatientIdentity,
    t0_event: str,
    t0_date: date | None,
    problems: Iterable[str] = (),
    audited: Mapping[str, str | int | None] | None = None,
) -> PlannedCase:
    """Return a case with a series for measuring proposed at each visit.

    What somebody stated goes first; the rest follows from the best comparable pairs.
    """
    baseline = next((visit.label for visit in visits if visit.role == "baseline"), None)
    follow_ups = [visit.label for visit in visits if visit.role == "follow_up"]
    candidates = {visit.label: _candidates(visit) for visit in visits}
    measured = measured_series(candidates, baseline, follow_ups)
    by_key = {one.key: one for held in candidates.values() for one in held}
    pairs = tuple(
        pairs_of([by_key[measured[baseline]]], [by_key[measured[label]]])[0]
        for label in follow_ups
        if baseline is not None and baseline in measured and label in measured
    )
    told = [*problems, *_unmeasurable(visits, measured)]
    for label, pair in zip([name for name in follow_ups if name in measured], pairs, strict=False):
        texts = [f"{chip.name} ({chip.text})" for chip in pair.chips if chip.state == "differs"]
        if texts:
            told.append(f"{baseline} and {label} are not comparable in {', '.join(texts)}")
    given = CaseImport(
        case,
        tuple(_visit_import(visit, measured.get(visit.label)) for visit in visits),
        patient,
        t0_event,
        None if t0_date is None else t0_date.isoformat(),
        tuple(dict.fromkeys(told)),
    )
    return PlannedCase(given, pairs, dict(audited or {}))


def _candidates(visit: PlannedVisit) -> list[SeriesTraits]:
    measurable = [image for image in visit.images if image.record.measurable and image.traits is not None]
    stated = [image for image in measurable if image.record.key == visit.stated]
    return [image.traits for image in stated or measurable if image.traits is not None]


def _unmeasurable(visits: Sequence[PlannedVisit], measured: Mapping[str, str]) -> list[str]:
    problems = []
    for visit in visits:
        if visit.label not in measured:
            codes = sorted({code for image in visit.images for code in image.record.problems})
            why = f": {', '.join(codes)}" if codes else ""
            problems.append(f"{visit.label} has no series that can be measured{why}")
    return problems


def _visit_import(visit: PlannedVisit, measured: str | None) -> VisitImport:
    records: dict[str, SeriesRecord] = {}
    names: Counter[str] = Counter()
    for image in visit.images:
        names[image.record.name] += image.record.key not in records
        n = names[image.record.name]
        # Phases of one series have one name; a number tells them apart.
        named = image.record if n == 1 else replace(image.record, name=f"{image.record.name} ({n})")
        records[image.record.key] = named
    record = VisitRecord(visit.label, visit.role, visit.day, tuple(records.values()), measured)
    if measured is not None:
        record = replace(record, measured_state="proposed")
    return VisitImport(
        record,
        {image.record.key: image.place for image in visit.images},
        None if visit.date is None else visit.date.isoformat(),
        visit.study_uids,
    )


def _visit_json(record: VisitRecord) -> dict[str, Any]:
    return {
        "label": record.label,
        "role": record.role,
        "day": record.day,
        "measured": record.measured,
        "measured_state": record.measured_state,
        "series": [series.to_json() for series in record.series],
    }


def first_dose_date(first_dose: str, first_scan: date | None) -> date:
    """Return the date of the first dose, given as a date or as days after the first scan.

    Raises
    ------
    GistImagingError
        If it is neither, or the first scan states no date.
    """
    try:
        return date.fromisoformat(first_dose)
    except ValueError:
        pass
    try:
        days = int(first_dose)
    except ValueError:
        raise GistImagingError(
            "the first dose as a date (2024-05-31) or as days after the first scan (12)",
            "got another form",
            "correct --first-dose",
        ) from None
    if first_scan is None:
        raise GistImagingError(
            "scans with a date, to count days from", "the first scan states none", "give a date"
        )
    return date.fromordinal(first_scan.toordinal() + days)
