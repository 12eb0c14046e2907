"""What was scanned, and of whom; no pixels."""

from gist_imaging.study.case import Case, ContrastPhase, Lesion, Timepoint
from gist_imaging.study.series import FrameFacts, PatientIdentity, RefusedFile, ScanIndex, Series, SeriesKind

__all__ = [
    "Case",
    "ContrastPhase",
    "FrameFacts",
    "Lesion",
    "PatientIdentity",
    "RefusedFile",
    "ScanIndex",
    "Series",
    "SeriesKind",
    "Timepoint",
]
