"""A study on disk: cases, what readers gave, and the trail of what was done."""

from gist_imaging.store.case_journal import CaseJournal
from gist_imaging.store.records import (
    CaseImport,
    CaseRecord,
    ScanPlace,
    SeriesRecord,
    StudySettings,
    VisitImport,
    VisitRecord,
    WorklistRow,
)
from gist_imaging.store.study_store import StudyStore

__all__ = [
    "CaseImport",
    "CaseJournal",
    "CaseRecord",
    "ScanPlace",
    "SeriesRecord",
    "StudySettings",
    "StudyStore",
    "VisitImport",
    "VisitRecord",
    "WorklistRow",
]
