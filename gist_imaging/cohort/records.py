"""What one measured lesion on one scan brings to a cohort, and the facts of the study it belongs to.

Plain values only, so that a record crosses a process border, lies in a ledger as JSON and reads back equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any

from gist_imaging.cohort.codes import CODELISTS
from gist_imaging.cohort.pelvic_numbers import PelvicNumber
from gist_imaging.cohort.privacy import exportable_words
from gist_imaging.errors import GistImagingError

__all__ = [
    "RELATION_STAGE",
    "SCHEMA_VERSION",
    "FailureRecord",
    "ScanRecord",
    "SeriesFacts",
    "StudyFacts",
]

SCHEMA_VERSION = "1.2.0"
"""Version of the cohort format (semantic versioning): a new column is minor, a changed one major."""

PATIENT_ID = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
"""A pseudonym: capitals, digits, _ and -, at most 32."""
LOCAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
"""Ids within a patient or study: readers, centres, lesions, labels of timepoints."""
SHA256 = re.compile(r"[0-9a-f]{64}")
PROBLEM_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
OLDEST_YEARS = 130
RELATION_STAGE = "relation"
"""Stage of a failure that leaves the lesion's own numbers as they are."""
DATE_POLICIES = ("relative", "real")


def _check(pattern: re.Pattern[str], name: str, value: str) -> None:
    if not pattern.fullmatch(value):
        raise GistImagingError(
            f"{name} has the form {pattern.pattern}",
            f"got {len(value)} characters of another form",
            "rename it in the manifest",
        )


def _check_word(name: str, value: str | None, codelist: str) -> None:
    if value is not None and value not in CODELISTS[codelist]:
        raise GistImagingError(
            f"{name} is one of {', '.join(CODELISTS[codelist])}",
            "got another word",
            "correct the list of scans",
        )


def _check_date(name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        date.fromisoformat(value)
    except ValueError:
        raise GistImagingError(
            f"{name} is a date such as 2024-05-31", "got another form", "write it as YYYY-MM-DD"
        ) from None


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """The image series that a measurement was made on.

    Parameters
    ----------
    image_sha256 : SHA-256 of the decoded voxels and the grid; tells equal images, needs no UID
    series_uid, study_uid, frame_uid : as in the image; re-rooted before they leave in a cohort folder
    modality : CT, MR, PT, US or OT
    sequence : such as "T2_ax", as the manifest states it
    phase : contrast phase as stated by reader or manifest: none, arterial, portal_venous, delayed, unknown
    slices, rows, columns : shape of the grid
    spacing_mm : (3,) between slices, between rows, between columns
    geometry_physical : whether the spacing is that of the patient; if not, mm values are not evaluable
    quantity : what the voxel values are: HU, ADC, SUV or ARBITRARY
    kernel, field_strength_t, kvp : as the scanner states them; kvp is the tube voltage in kV
    """

    image_sha256: str
    modality: str
    slices: int
    rows: int
    columns: int
    spacing_mm: tuple[float, float, float]
    series_uid: str | None = None
    study_uid: str | None = None
    frame_uid: str | None = None
    sequence: str | None = None
    phase: str = "unknown"
    slice_thickness_mm: float | None = None
    geometry_physical: bool = True
    quantity: str = "ARBITRARY"
    kernel: str | None = None
    field_strength_t: float | None = None
    kvp: float | None = None

    def __post_init__(self) -> None:
        _check_word("modality", self.modality, "modality")
        _check_word("phase", self.phase, "contrast_phase")
        _check_word("quantity", self.quantity, "quantity")
        if self.sequence is not None:
            _check(LOCAL_ID, "sequence", self.sequence)
        _check(SHA256, "image_sha256", self.image_sha256)


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """Why a lesion on a scan could not be measured.

    Parameters
    ----------
    stage : manifest, intake, geometry, mask, identity, measure, worker or relation
    code : a frozen problem code, or a name of capitals such as WORKER_DIED
    message : expected, found, what to do; without names or paths of a patient
    """

    stage: str
    code: str
    message: str

    def __post_init__(self) -> None:
        _check_word("stage", self.stage, "stage")
        _check(PROBLEM_CODE, "code", self.code)


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One lesion on one scan as one reader outlined it: measured, or failed with a reason.

    Parameters
    ----------
    patient_id : pseudonym, such as SYN-001
    lesion : name of the lesion within the patient, such as L1; the same at every timepoint
    timepoint_label : name of the visit within the patient, such as baseline or presurgery
    scan_date : ISO date of the scan; used for days, dropped unless the study exports real dates
    scan_day : day of the scan where the source knows days only, counted from `t0_event`, or from an
        origin that is the same for all scans of the patient
    imatinib_start_date, surgery_date : ISO dates; decide day 0
    t0_event : what day 0 is where `scan_day` is given: imatinib_start, surgery or first_scan
    on_imatinib : whether the patient took imatinib on that day, where stated
    is_baseline : the baseline as the manifest states it; None: the earliest visit
    reader_kind : human, algorithm or consensus
    read_no : 1 for the first read of a reader, 2 for the second, ...
    series_no : which of the images listed for the visit, so that two that failed are two failures
    mask_method : manual, threshold, region_grow, random_walker, interpolation, model, model_edited, mixed
        or imported (from another tool, which did not say how)
    mask_sha256 : of the mask on its grid
    measurement : `LesionMeasurement.to_json()`; None when `failure` says why not
    pelvic : what was measured between the tumour, the levator ani and landmarks
    relation_failure : why that was asked for and could not be measured; the lesion's own numbers stand
    problems : frozen codes that were found and do not block measuring, sorted
    overrides : (code, reason) of each error that a reader took the responsibility for
    params_sha256, algorithm_version : of the measurement
    """

    patient_id: str
    lesion: str
    timepoint_label: str
    lesion_number: int = 1
    tracking_uid: str | None = None
    centre_id: str | None = None
    arm: str = "not_recorded"
    sex: str | None = None
    age_years: float | None = None
    scan_date: str | None = None
    scan_day: int | None = None
    imatinib_start_date: str | None = None
    surgery_date: str | None = None
    t0_event: str | None = None
    on_imatinib: bool | None = None
    is_baseline: bool | None = None
    reader_id: str = "R1"
    reader_kind: str = "human"
    read_no: int = 1
    series_no: int = 1
    series: SeriesFacts | None = None
    mask_sha256: str | None = None
    mask_method: str = "imported"
    mask_empty: bool | None = None
    mask_touches_edge: bool | None = None
    n_voxels: int | None = None
    measurement: Mapping[str, Any] | None = field(default=None, hash=False)
    pelvic: tuple[PelvicNumber, ...] = ()
    problems: tuple[str, ...] = ()
    overrides: tuple[tuple[str, str], ...] = ()
    params_sha256: str = "0" * 64
    algorithm_version: str = "1"
    failure: FailureRecord | None = None
    relation_failure: FailureRecord | None = None

    def __post_init__(self) -> None:
        _check(PATIENT_ID, "patient_id", self.patient_id)
        _check(LOCAL_ID, "lesion", self.lesion)
        _check(LOCAL_ID, "timepoint_label", self.timepoint_label)
        _check(LOCAL_ID, "reader_id", self.reader_id)
        if self.centre_id is not None:
            _check(LOCAL_ID, "centre_id", self.centre_id)
        for name in ("scan_date", "imatinib_start_date", "surgery_date"):
            _check_date(name, getattr(self, name))
        self._check_words()
        if (self.failure is None) == (self.measurement is None):
            raise GistImagingError(
                "a record holds a measurement or a failure", "got both or neither", "give exactly one"
            )
        if self.measurement is not None and (self.series is None or self.mask_sha256 is None):
            raise GistImagingError(
                "a measurement names its series and mask", "one is missing", "give `series` and `mask_sha256`"
            )
        if self.relation_failure is not None and self.relation_failure.stage != RELATION_STAGE:
            raise GistImagingError(
                f"the stage of a relation's failure is {RELATION_STAGE}", "got another one", "correct it"
            )
        if (self.pelvic or self.relation_failure) and self.measurement is None:
            raise GistImagingError(
                "numbers of the pelvis stand beside a measured lesion", "the lesion failed", "leave them out"
            )

    def _check_words(self) -> None:
        _check_word("arm", self.arm, "arm")
        _check_word("sex", self.sex, "sex")
        _check_word("t0_event", self.t0_event, "t0_event")
        _check_word("reader_kind", self.reader_kind, "reader_kind")
        _check_word("mask_method", self.mask_method, "mask_method")
        if self.age_years is not None and not 0 <= self.age_years <= OLDEST_YEARS:
            raise GistImagingError(f"age_years lies between 0 and {OLDEST_YEARS}", "got another number")
        for code in self.problems:
            _check(PROBLEM_CODE, "a problem code", code)
        for code, reason in self.overrides:
            _check(PROBLEM_CODE, "an overridden code", code)
            if exportable_words(reason) is None:
                raise GistImagingError(
                    f"the reason for overriding {code} is one line of words that may leave with the cohort",
                    "got one that is empty, begins with = + - @, or holds a path, name, address or date",
                    "write the medical or technical reason only",
                )

    @property
    def lesion_id(self) -> str:
        """Id of the lesion in the cohort: never the patient alone."""
        return f"{self.patient_id}/{self.lesion}"

    @property
    def timepoint_id(self) -> str:
        """Id of the visit in the cohort."""
        return f"{self.patient_id}/{self.timepoint_label}"

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ScanRecord:
        """Return the record that `to_json` wrote; names it does not know are ignored."""
        known = {name.name for name in fields(cls)}
        plain = {name: held for name, held in value.items() if name in known}
        if plain.get("series") is not None:
            series = dict(plain["series"])
            series["spacing_mm"] = tuple(series["spacing_mm"])
            plain["series"] = SeriesFacts(**series)
        for name in ("failure", "relation_failure"):
            if plain.get(name) is not None:
                plain[name] = FailureRecord(**plain[name])
        plain["pelvic"] = tuple(PelvicNumber.from_json(number) for number in plain.get("pelvic", ()))
        plain["problems"] = tuple(plain.get("problems", ()))
        plain["overrides"] = tuple((code, reason) for code, reason in plain.get("overrides", ()))
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What holds for the whole cohort.

    Parameters
    ----------
    study_id : short name of the study
    title : its title
    date_policy : "relative" (days only; the default for anything that leaves) or "real"
    criteria : response criteria to judge, as `gist_imaging.response` names them
    primary_reader : whose accepted reads `analysis_patient` shows where there is no consensus; None: the
        first in the order of ids
    """

    study_id: str = "COHORT"
    title: str = "Rectal GIST before and after imatinib"
    date_policy: str = "relative"
    criteria: tuple[str, ...] = ("recist11", "choi", "volume_sphere_recist")
    primary_reader: str | None = None
    schema_version: str = SCHEMA_VERSION

    def __post_init__(self) -> None:
        _check(LOCAL_ID, "study_id", self.study_id)
        if self.date_policy not in DATE_POLICIES:
            raise GistImagingError(
                f"date_policy is one of {', '.join(DATE_POLICIES)}",
                "got another",
                "leave it out for relative",
            )
