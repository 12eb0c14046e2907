"""Cases from a list of scans in the format of `gist-imaging batch`; its masks are not taken in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError, IdentityError, IntakeError, SeriesError
from gist_imaging.store.links import KnownPatient
from gist_imaging.store.records import ScanPlace, SeriesRecord
from gist_imaging.study.pairing_traits import name_of, shown_series, traits_of
from gist_imaging.study.pairing_visits import check_one_patient, date_of, roles_of
from gist_imaging.study.series import PatientIdentity, Series
from gist_imaging.workflow.study_plan import (
    FoundImage,
    PlannedCase,
    PlannedVisit,
    image_of_series,
    planned_case,
)

if TYPE_CHECKING:
    from gist_imaging.batch.manifest import ManifestRow
    from gist_imaging.io.series_content import FileHashes

__all__ = ["cases_in_manifest"]


@dataclass
class _Read:
    """What the images of a visit gave."""

    images: dict[str, FoundImage] = field(default_factory=dict)
    stated: str | None = None
    study_uids: set[str] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    identities: set[PatientIdentity] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def cases_in_manifest(
    path: Path,
    known: Sequence[KnownPatient],
    uid_of: Callable[[str], str],
    hashes: FileHashes,
    *,
    same_patient: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[PlannedCase]:
    """Return the cases that a manifest lists: pseudonyms, visits, days, and the series to measure.

    Parameters
    ----------
    same_patient : why scans whose patient data differ are of one patient; rows may say it too

    Raises
    ------
    TableError
        With every problem of the manifest.
    IdentityError
        If the scans of one case may be of several patients and no reason was given.
    GistImagingError
        If an image is not there.
    """
    from gist_imaging.batch.manifest import read_manifest

    rows = read_manifest(path).rows
    by_case: dict[str, dict[str, list[ManifestRow]]] = {}
    for row in rows:
        by_case.setdefault(row.patient_id, {}).setdefault(row.timepoint_label, []).append(row)
    n_visits, done, planned = sum(map(len, by_case.values())), 0, []
    for case, visits in by_case.items():
        read: dict[str, _Read] = {}
        for label, of_visit in visits.items():
            if progress is not None:
                progress(done, n_visits)
            read[label] = _read_visit(of_visit, uid_of, hashes, same_patient)
            done += 1
        before = next((one for one in known if one.case == case), None)
        planned.append(_case(case, visits, read, before, known, same_patient))
    return planned


def _read_visit(
    rows: Sequence[ManifestRow],
    uid_of: Callable[[str], str],
    hashes: FileHashes,
    same_patient: str | None,
) -> _Read:
    from gist_imaging.io.content import Content, content_of

    read = _Read()
    for row in sorted(rows, key=lambda row: (row.series_no, row.row)):
        path = row.image.resolve()
        if not path.exists():
            raise GistImagingError(
                f"the image of row {row.row}",
                "there is nothing of that name",
                "correct the column image; paths are relative to the manifest",
            )
        if path.is_file() and content_of(path) in (Content.NIFTI, Content.NRRD):
            chosen = _read_file(row, path, hashes, read)
        else:
            chosen = _read_dicom(row, path, uid_of, hashes, read, same_patient)
        if read.stated is None:
            read.stated = chosen
    return read


def _read_dicom(
    row: ManifestRow,
    path: Path,
    uid_of: Callable[[str], str],
    hashes: FileHashes,
    read: _Read,
    same_patient: str | None,
) -> str | None:
    from gist_imaging.io.dicom_index import scan_folder
    from gist_imaging.io.series_choice import choose_series

    stated = row.stated
    reason = stated.get("override_reason")
    index = scan_folder(path)
    chosen: Series | None = None
    try:
        chosen = choose_series(index, stated.get("series_uid"), row.split, may_override=reason is not None)
    except IdentityError:
        if not (same_patient or stated.get("same_patient_reason")):
            raise
    except SeriesError as error:
        codes = ", ".join(dict.fromkeys(str(problem.code) for problem in error.problems))
        read.problems.append(f"{row.timepoint_label}: row {row.row} cannot be measured: {codes}")
    except IntakeError as error:
        read.problems.append(f"{row.timepoint_label}: row {row.row} cannot be read: {error.code}")
    except GistImagingError:
        read.problems.append(
            f"{row.timepoint_label}: row {row.row} does not say which of several series is meant"
        )
    chosen_key = None
    for series in shown_series(index.series):
        is_chosen = chosen is not None and series.key == chosen.key
        image = image_of_series(
            series,
            uid_of,
            hashes.of_series,
            phase=stated.get("phase") if is_chosen else None,
            override_reason=reason if is_chosen else None,
            quantity=stated.get("quantity") if is_chosen else None,
        )
        if is_chosen:
            chosen_key = image.record.key
        if is_chosen or image.record.key not in read.images:
            read.images[image.record.key] = image
        read.study_uids.add(series.study_uid)
        read.identities |= {frame.patient for frame in series.frames}
        day = date_of(series)
        read.dates |= set() if day is None else {day}
    return chosen_key


def _read_file(row: ManifestRow, path: Path, hashes: FileHashes, read: _Read) -> str | None:
    from gist_imaging.io.read import read_volume

    stated: dict[str, Any] = dict(row.stated)
    volume = read_volume(path, quantity=stated.get("quantity"))
    sha256 = hashes.of_file(path)
    key = f"file-{sha256[:32]}"
    modality = stated.get("modality") or volume.modality or "OT"
    traits = traits_of(key, volume.geometry, modality, phase=stated.get("phase"))
    if not row.physical:
        read.problems.append(
            f"{row.timepoint_label}: the list says that a spacing is not the patient's; that image is shown, "
            "not measured"
        )
    record = SeriesRecord(
        key=key,
        series_uid="",
        name=name_of(traits),
        modality=modality,
        plane=traits.plane,
        spacing_mm=volume.geometry.spacing_mm,
        shape=volume.geometry.shape,
        measurable=row.physical,
        content_sha256=sha256,
        phase=stated.get("phase"),
        normal=traits.normal,
    )
    place = ScanPlace(path, quantity=stated.get("quantity"), content_sha256=sha256)
    read.images[key] = FoundImage(record, place, traits, PatientIdentity())
    return key


def _case(
    case: str,
    visits: dict[str, list[ManifestRow]],
    read: dict[str, _Read],
    before: KnownPatient | None,
    known: Sequence[KnownPatient],
    same_patient: str | None,
) -> PlannedCase:
    rows = [row for of_visit in visits.values() for row in of_visit]
    reason = same_patient or next(
        (str(row.stated["same_patient_reason"]) for row in rows if "same_patient_reason" in row.stated), None
    )
    stated = [identity for one in read.values() for identity in one.identities]
    identities = [*stated, *([before.patient] if before else [])]
    differing = check_one_patient(identities, reason=reason, where=case)
    patient = PatientIdentity.shared(identities)
    t0_event, t0_date, days = _days(visits)
    ordered = sorted(visits, key=lambda label: (days[label] is None, days[label] or 0))
    roles, problems = roles_of([days[label] for label in ordered], dose_known=t0_event == "imatinib_start")
    roles = _stated_roles(ordered, roles, visits)
    told = [*problems, *(problem for label in ordered for problem in read[label].problems)]
    if differing:
        told.append(f"the scans differ in {', '.join(differing)}; somebody said why they are of one patient")
    others = [
        one.case
        for one in known
        if one.case != case and patient.patient_id and one.patient.patient_id == patient.patient_id
    ]
    if others:
        told.append(f"the scans state the Patient ID of {others[0]}: is it one patient?")
    return planned_case(
        case,
        [
            PlannedVisit(
                label,
                role,
                days[label],
                tuple(read[label].images.values()),
                min(read[label].dates, default=None),
                tuple(sorted(read[label].study_uids)),
                read[label].stated,
            )
            for label, role in zip(ordered, roles, strict=True)
        ],
        patient=patient,
        t0_event=t0_event,
        t0_date=t0_date,
        problems=told,
        audited={"same_patient": reason, "differing": ", ".join(differing)} if differing else {},
    )


def _days(visits: dict[str, list[ManifestRow]]) -> tuple[str, date | None, dict[str, int | None]]:
    """Return what day 0 is, its date, and the day of each visit, as the rows state them."""
    first = {label: {**rows[0].stated} for label, rows in visits.items()}
    for label, rows in visits.items():
        for row in rows[1:]:
            first[label] = {**row.stated, **first[label]}
    facts = next(iter(first.values()))
    dates = {label: _date(stated.get("scan_date")) for label, stated in first.items()}
    if all(dates.values()):
        dose, surgery = _date(facts.get("imatinib_start_date")), _date(facts.get("surgery_date"))
        t0_date = dose or surgery or min(day for day in dates.values() if day)
        event = "imatinib_start" if dose else "surgery" if surgery else "first_scan"
        return event, t0_date, {label: (day - t0_date).days for label, day in dates.items() if day}
    event = str(next((one["t0_event"] for one in first.values() if "t0_event" in one), "first_scan"))
    return event, None, {label: stated.get("scan_day") for label, stated in first.items()}


def _stated_roles(
    labels: Sequence[str], roles: tuple[str, ...], visits: dict[str, list[ManifestRow]]
) -> tuple[str, ...]:
    """Return the roles; a visit that the list calls the baseline is it, and later ones are follow-ups."""
    named = [
        place
        for place, label in enumerate(labels)
        if any(row.stated.get("is_baseline") for row in visits[label])
    ]
    if len(named) != 1:
        return roles
    return tuple(
        "baseline" if place == named[0] else "follow_up" if place > named[0] else "other"
        for place in range(len(labels))
    )


def _date(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None
