"""Cases from a folder of DICOM images: who, when, and what for, as far as the images say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from gist_imaging.errors import GistImagingError
from gist_imaging.store.links import KnownPatient
from gist_imaging.study.pairing_traits import shown_series
from gist_imaging.study.pairing_visits import (
    FoundPatient,
    FoundVisit,
    check_one_patient,
    labels_of,
    patients_in,
    roles_of,
    visits_in,
)
from gist_imaging.study.series import PatientIdentity, ScanIndex, Series
from gist_imaging.workflow.study_plan import (
    PlannedCase,
    PlannedVisit,
    first_dose_date,
    image_of_series,
    planned_case,
)

__all__ = ["cases_in_folder"]

_LISTED_AT_MOST = 12


def cases_in_folder(
    index: ScanIndex,
    known: Sequence[KnownPatient],
    uid_of: Callable[[str], str],
    hash_of: Callable[[Series], str],
    *,
    names: Sequence[str] = (),
    first_dose: str | None = None,
    same_patient: str | None = None,
) -> list[PlannedCase]:
    """Return the cases that a folder holds.

    Parameters
    ----------
    index : what the folder holds
    known : patients whom the study knows already
    names : pseudonyms; one takes in everything, several are given in the order of the folders
    first_dose : date, or days after the first scan; for one case
    same_patient : why scans whose patient data differ are of one patient

    Raises
    ------
    IdentityError
        If the scans of one case may be of several patients and no reason was given.
    GistImagingError
        If somebody has to say who the scans are of.
    """
    found = patients_in(index.root, shown_series(index.series))
    if not found:
        codes = {str(problem.code) for series in index.series for problem in series.problems}
        codes |= {str(refused.problem.code) for refused in index.refused}
        raise GistImagingError(
            "images that can be shown",
            f"found none ({', '.join(sorted(codes)) or 'no file'})",
            "see why with `gist-imaging index`; NIfTI and NRRD are imported by a manifest",
        )
    named = _named(found, known, names)
    if first_dose is not None and len(named) > 1:
        raise GistImagingError(
            "--first-dose for one patient",
            f"found {len(named)} patients",
            "import each folder by itself, or give a manifest with imatinib_start_date",
        )
    by_case = {one.case: one for one in known}
    return [
        _case(
            case,
            patients,
            by_case.get(case),
            uid_of,
            hash_of,
            first_dose,
            same_patient,
            where=case if len(named) == 1 else f"{case}, patient {number} in the order of folders",
        )
        for number, (case, patients) in enumerate(named.items(), start=1)
    ]


def _named(
    found: Sequence[FoundPatient], known: Sequence[KnownPatient], names: Sequence[str]
) -> dict[str, list[FoundPatient]]:
    """Return the patients of each case; one name takes all of them."""
    if len(names) == 1:
        return {names[0]: list(found)}
    if len(names) not in (0, len(found)):
        raise GistImagingError(
            f"one --case for everything, or {len(found)}, one for each patient",
            f"got {len(names)}; the folders are, in order: {_listed(found)}",
            "give as many as there are patients",
        )
    given = dict(zip((id(patient) for patient in found), names, strict=bool(names)))
    unnamed = [patient for patient in found if not patient.is_named]
    if unnamed and not names:
        raise GistImagingError(
            "images that say whose they are, or a pseudonym for them",
            f"{len(unnamed)} folder(s) state no Patient ID: {_listed(unnamed)}",
            f"give --case {len(found)} times, one for each patient in the order: {_listed(found)}",
        )
    named: dict[str, list[FoundPatient]] = {}
    for patient in found:
        case = _known_case(patient, known)
        wanted = given.get(id(patient))
        if case and wanted and wanted != case:
            raise GistImagingError(
                f"one name for each patient: {case} is the patient of folder {patient.folder or '.'}",
                f"got {wanted} for it",
                f"give --case {case}",
            )
        taken = {*named, *(one.case for one in known)}
        named.setdefault(case or wanted or _free_name(taken), []).append(patient)
    return named


def _known_case(patient: FoundPatient, known: Sequence[KnownPatient]) -> str | None:
    if not patient.is_named:
        return None
    return next((one.case for one in known if one.patient.patient_id == patient.identity.patient_id), None)


def _free_name(taken: set[str]) -> str:
    return next(
        name for name in (f"P{number:03d}" for number in range(1, len(taken) + 2)) if name not in taken
    )


def _listed(found: Sequence[FoundPatient]) -> str:
    names = [patient.folder or "." for patient in found[:_LISTED_AT_MOST]]
    more = len(found) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _case(
    case: str,
    patients: Sequence[FoundPatient],
    known: KnownPatient | None,
    uid_of: Callable[[str], str],
    hash_of: Callable[[Series], str],
    first_dose: str | None,
    same_patient: str | None,
    where: str,
) -> PlannedCase:
    series = [one for patient in patients for one in patient.series]
    stated = [frame.patient for one in series for frame in one.frames]
    identities = [*stated, *([known.patient] if known else [])]
    differing = check_one_patient(identities, reason=same_patient, where=where)
    visits = visits_in(series)
    t0_event, t0_date = _day_0(visits, known, first_dose)
    planned, problems = _visits(visits, known, uid_of, hash_of, t0_event, t0_date)
    if differing:
        problems += (
            f"the scans differ in {', '.join(differing)}; somebody said why they are of one patient",
        )
    return planned_case(
        case,
        planned,
        patient=PatientIdentity.shared(identities),
        t0_event=t0_event,
        t0_date=t0_date,
        problems=problems,
        audited={"same_patient": same_patient, "differing": ", ".join(differing)} if differing else {},
    )


def _day_0(
    visits: Sequence[FoundVisit], known: KnownPatient | None, first_dose: str | None
) -> tuple[str, date | None]:
    first_scan = next((visit.date for visit in visits if visit.date), None)
    if known is not None and known.t0_date is not None:
        laid_down = date.fromisoformat(known.t0_date)
        if first_dose is not None and first_dose_date(first_dose, first_scan) != laid_down:
            raise GistImagingError(
                f"the day 0 that was laid down for {known.case} at its first import",
                "got another first dose",
                "leave out --first-dose, or import the patient into a new study",
            )
        return known.t0_event, laid_down
    if first_dose is not None:
        return "imatinib_start", first_dose_date(first_dose, first_scan)
    return "first_scan", first_scan


def _visits(
    visits: Sequence[FoundVisit],
    known: KnownPatient | None,
    uid_of: Callable[[str], str],
    hash_of: Callable[[Series], str],
    t0_event: str,
    t0_date: date | None,
) -> tuple[list[PlannedVisit], tuple[str, ...]]:
    days = [(visit.date - t0_date).days if visit.date and t0_date else None for visit in visits]
    there = [_label_there(visit, known) for visit in visits]
    elsewhere = _days_elsewhere(known, set(there), t0_date)
    roles, problems = roles_of([*days, *elsewhere], dose_known=t0_event == "imatinib_start")
    if known is not None and any(
        role == "baseline" and label is None for role, label in zip(roles, there, strict=False)
    ):
        # The case has a baseline already, which somebody may have settled.
        roles = tuple("other" if role == "baseline" else role for role in roles)
        problems += ("an earlier scan than the baseline was added: choose which is the baseline",)
    roles = roles[: len(visits)]
    new = [role for role, label in zip(roles, there, strict=True) if label is None]
    fresh = iter(labels_of(new, known.dates if known else ()))
    planned = [
        PlannedVisit(
            label or next(fresh),
            role,
            day,
            tuple(image_of_series(one, uid_of, hash_of) for one in visit.series),
            visit.date,
            visit.study_uids,
        )
        for visit, label, role, day in zip(visits, there, roles, days, strict=True)
    ]
    return planned, problems


def _days_elsewhere(
    known: KnownPatient | None, there: set[str | None], t0_date: date | None
) -> list[int | None]:
    """Return the days of the visits that the study has and this import does not bring again."""
    if known is None:
        return []
    dates = [text for label, text in known.dates.items() if label not in there]
    return [(date.fromisoformat(text) - t0_date).days if text and t0_date else None for text in dates]


def _label_there(visit: FoundVisit, known: KnownPatient | None) -> str | None:
    """Return the label that the visit has in the study already: by its day, else by its study."""
    if known is None:
        return None
    told = None if visit.date is None else visit.date.isoformat()
    for label, day in known.dates.items():
        if told is not None and day == told:
            return label
    for label, uids in known.study_uids.items():
        if set(uids) & set(visit.study_uids) and None in (told, known.dates.get(label)):
            return label
    return None
