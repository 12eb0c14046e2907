"""What was scanned, of whom, and what readers said; no pixels."""

from gist_imaging.study.case import Case, ContrastPhase, Lesion, Timepoint
from gist_imaging.study.reading import LevatorRelation, PelvicFindings, Reading
from gist_imaging.study.series import FrameFacts, PatientIdentity, RefusedFile, ScanIndex, Series, SeriesKind

__all__ = [
    "Case",
    "ContrastPhase",
    "FrameFacts",
    "Lesion",
    "LevatorRelation",
    "PatientIdentity",
    "PelvicFindings",
    "Reading",
    "RefusedFile",
    "ScanIndex",
    "Series",
    "SeriesKind",
    "Timepoint",
]
