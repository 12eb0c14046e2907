"""A patient's timepoints and lesions on the treatment clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from gist_imaging.errors import GistImagingError

__all__ = ["Case", "ContrastPhase", "Lesion", "Timepoint"]

_PSEUDONYM = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
_UID = re.compile(r"[0-9.]{1,64}")


class ContrastPhase(StrEnum):
    """Contrast phase, as stated by the reader or the manifest; never guessed from the image."""

    NONE = "none"
    ARTERIAL = "arterial"
    PORTAL_VENOUS = "portal_venous"
    DELAYED = "delayed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Timepoint:
    """One visit.

    Parameters
    ----------
    timepoint_id : such as "P001/TP01"
    label : such as "baseline" or "presurgery"
    day : days since the patient's day 0 (imatinib start, else surgery, else first scan)
    phase : contrast phase of the measured series
    """

    timepoint_id: str
    label: str
    day: int
    phase: ContrastPhase = ContrastPhase.UNKNOWN


@dataclass(frozen=True, slots=True)
class Lesion:
    """One tumour followed over time.

    Parameters
    ----------
    lesion_id : such as "P001/L1"
    tracking_uid : DICOM Tracking Unique Identifier (0062,0021); given once, stored, never made anew
    """

    lesion_id: str
    tracking_uid: str

    def __post_init__(self) -> None:
        if not _UID.fullmatch(self.tracking_uid):
            raise GistImagingError(
                "a tracking UID is up to 64 digits and dots",
                f"got {len(self.tracking_uid)} characters that are not",
            )


@dataclass(frozen=True, slots=True)
class Case:
    """One patient, under a pseudonym, with visits in time order.

    Raises
    ------
    GistImagingError
        If the pseudonym has another form, or the days do not increase strictly.
    """

    case_id: str
    timepoints: tuple[Timepoint, ...] = ()
    lesions: tuple[Lesion, ...] = ()

    def __post_init__(self) -> None:
        if not _PSEUDONYM.fullmatch(self.case_id):
            raise GistImagingError(
                "a case id is a pseudonym of capitals, digits, _ and - (at most 32)",
                "got another form",
                "give the patient a study number such as SYN-001",
            )
        days = [timepoint.day for timepoint in self.timepoints]
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise GistImagingError(
                f"{self.case_id}: days of visits increase strictly", f"got {days}", "check the scan dates"
            )
