"""What a study knows of its cases, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gist_imaging.study.series import PatientIdentity

__all__ = [
    "MEASURED_STATES",
    "REVEALS",
    "ROLES",
    "CaseImport",
    "CaseRecord",
    "ScanPlace",
    "SeriesRecord",
    "StudySettings",
    "VisitImport",
    "VisitRecord",
    "WorklistRow",
]

ROLES: Final = ("baseline", "follow_up", "other")
"""What a visit is for: before treatment, after, or neither."""

REVEALS: Final = ("after_commit", "always")
"""When a reader sees changes and metrics: after the own call, or at once (training, clinic)."""

MEASURED_STATES: Final = ("none", "proposed", "confirmed", "changed")
"""How the series for measuring was chosen: by the program, as proposed by a person, or otherwise."""


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What was laid down when the study was made.

    Parameters
    ----------
    study_id : short name of the study
    blinded : whether readers see neither arm nor outcome, each other's calls or metrics before their own call
    reveal : see `REVEALS`
    order_seed : gives each reader of a blinded study an own order of cases
    """

    study_id: str
    title: str = ""
    blinded: bool = False
    reveal: str = "after_commit"
    created_utc: str = ""
    format: int = 1
    order_seed: str = ""


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """One series of a visit.

    Parameters
    ----------
    key : name of the series within the study; of no use outside
    series_uid : the Series Instance UID, re-rooted by the key of the study; "" where the format has none
    name : such as "CT axial 3.0 mm"; from geometry and type, never free text
    plane : axial, coronal, sagittal or oblique
    spacing_mm, shape : k, j, i; None where there is no grid
    problems : frozen codes
    measurable : whether the geometry gate lets it be measured, or it was overridden with a reason
    content_sha256 : of the files that it was read from, see `gist_imaging.io.series_content`
    weighting : T1, T2, DWI, ADC, ... where known
    phase, kvp, b_value : as the images say, where they do
    normal : (3,) unit direction across the slices, LPS; None where there is no grid, or in older studies
    """

    key: str
    series_uid: str
    name: str
    modality: str
    plane: str
    spacing_mm: tuple[float, float, float] | None
    shape: tuple[int, int, int] | None
    problems: tuple[str, ...] = ()
    measurable: bool = True
    content_sha256: str = ""
    weighting: str | None = None
    phase: str | None = None
    kvp: float | None = None
    b_value: float | None = None
    normal: tuple[float, float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values for `json.dumps`."""
        return {
            "key": self.key,
            "series_uid": self.series_uid,
            "name": self.name,
            "modality": self.modality,
            "plane": self.plane,
            "spacing_mm": None if self.spacing_mm is None else list(self.spacing_mm),
            "shape": None if self.shape is None else list(self.shape),
            "problems": list(self.problems),
            "measurable": self.measurable,
            "content_sha256": self.content_sha256,
            "weighting": self.weighting,
            "phase": self.phase,
            "kvp": self.kvp,
            "b_value": self.b_value,
            "normal": None if self.normal is None else list(self.normal),
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> SeriesRecord:
        """Return the record that `to_json` wrote."""
        spacing, shape, normal = held["spacing_mm"], held["shape"], held.get("normal")
        return cls(
            **{
                **held,
                "spacing_mm": None if spacing is None else (spacing[0], spacing[1], spacing[2]),
                "shape": None if shape is None else (shape[0], shape[1], shape[2]),
                "problems": tuple(held["problems"]),
                "normal": None if normal is None else (normal[0], normal[1], normal[2]),
            }
        )


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One visit of a case.

    Parameters
    ----------
    label : name of the visit within the patient, such as baseline or presurgery
    role : see `ROLES`
    day : days since day 0 of the case; None where no date is known
    series : every stack that can be shown
    measured : key of the series that lesions are outlined on; None where none can be measured
    measured_state, measured_by : see `MEASURED_STATES`; who chose it, "" for the program
    """

    label: str
    role: str = "other"
    day: int | None = None
    series: tuple[SeriesRecord, ...] = ()
    measured: str | None = None
    measured_state: str = "none"
    measured_by: str = ""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One patient under a pseudonym, with visits in time order.

    Parameters
    ----------
    problems : sentences about the case that somebody should settle
    t0_event : what day 0 is: imatinib_start, surgery or first_scan
    """

    case: str
    visits: tuple[VisitRecord, ...] = ()
    problems: tuple[str, ...] = ()
    t0_event: str = "first_scan"

    @property
    def blocked(self) -> str:
        """Why the case cannot be read, in one sentence; "" where it can."""
        if not self.visits:
            return "it has no visit"
        without = [v.label for v in self.visits if v.role != "other" and v.measured is None]
        return f"{', '.join(without)} has no series that can be measured" if without else ""


@dataclass(frozen=True, slots=True)
class ScanPlace:
    """Where the images of a series lie; from link.sqlite, never shown beside results.

    Parameters
    ----------
    path : file, folder or archive to give to `read_volume`
    series_uid, split : which series there, as `read_volume` takes them
    override_reason : why it is measured in spite of an error of the geometry gate
    quantity : what values mean, stated by the user where the format does not say
    content_sha256 : of the files when they were imported
    """

    path: Path = field(repr=False)
    series_uid: str | None = field(default=None, repr=False)
    split: Mapping[str, str | float] = field(default_factory=dict)
    override_reason: str | None = None
    quantity: str | None = None
    content_sha256: str = ""


@dataclass(frozen=True, slots=True)
class VisitImport:
    """One visit to be taken into a study.

    Parameters
    ----------
    places : for each series key of the record, where its images lie
    date : ISO date of the scan, where known
    study_uids : Study Instance UIDs
    """

    record: VisitRecord
    places: Mapping[str, ScanPlace] = field(repr=False)
    date: str | None = field(default=None, repr=False)
    study_uids: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CaseImport:
    """One case to be taken into a study: new, or with further visits, series or places.

    Parameters
    ----------
    patient : what the images state without contradiction
    t0_date : ISO date of day 0, where known
    """

    case: str
    visits: tuple[VisitImport, ...]
    patient: PatientIdentity = field(default_factory=PatientIdentity, repr=False)
    t0_event: str = "first_scan"
    t0_date: str | None = field(default=None, repr=False)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One case as a reader's worklist shows it.

    Parameters
    ----------
    position : rank in the reader's order, from 1
    visits : their labels, in time order
    modality : of the series for measuring, such as "CT" or "CT, MR"
    status : not_started, draft, committed or blocked
    flags : sentences that somebody should settle
    last_utc : when the reader did something last; "" before
    interrupted : the program stopped while the case was open; everything saved is there
    n_events : actions that are kept
    """

    position: int
    case: str
    visits: tuple[str, ...]
    modality: str
    status: str
    flags: tuple[str, ...] = ()
    last_utc: str = ""
    interrupted: bool = False
    n_events: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain values for `json.dumps`."""
        return {
            "position": self.position,
            "case": self.case,
            "visits": list(self.visits),
            "modality": self.modality,
            "status": self.status,
            "flags": list(self.flags),
            "last_utc": self.last_utc,
            "interrupted": self.interrupted,
            "n_events": self.n_events,
        }
