"""What a user does with a study as a whole: make it, import scans, list work, verify, back up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError

if TYPE_CHECKING:
    from gist_imaging.store.records import StudySettings, WorklistRow
    from gist_imaging.store.verify import VerifyReport
    from gist_imaging.workflow.study_plan import PlannedCase

__all__ = [
    "ImportReport",
    "StudyStatus",
    "back_up_study",
    "import_scans",
    "init_study",
    "pin_measured",
    "restore_study",
    "set_role",
    "study_status",
    "study_worklist",
    "verify_study",
]

Tick = Callable[[int, int], None]
Stop = Callable[[], bool]

MANIFEST = "manifest.csv"
"""Name of the list of scans that an import looks for in a folder."""

_STEPS = 1000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and changed.

    Parameters
    ----------
    changes : one line each, by pseudonyms; what would change, for a dry run
    n_refused : files that were not read, by code
    """

    cases: tuple[PlannedCase, ...]
    changes: tuple[str, ...]
    n_refused: dict[str, int]
    dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for `json.dumps`."""
        return {
            "dry_run": self.dry_run,
            "changes": list(self.changes),
            "cases": [case.to_json() for case in self.cases],
            "refused": self.n_refused,
        }


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """A study at one glance.

    Parameters
    ----------
    readers : reader to how many cases are not_started, draft, committed and blocked
    problems : case to what somebody should settle
    read_only : why nothing can be written, or ""
    """

    settings: StudySettings
    n_cases: int
    readers: dict[str, dict[str, int]]
    problems: dict[str, tuple[str, ...]]
    audit_head: str
    read_only: str

    def to_json(self) -> dict[str, Any]:
        """Return the status as plain values for `json.dumps`."""
        return {
            "study_id": self.settings.study_id,
            "title": self.settings.title,
            "blinded": self.settings.blinded,
            "reveal": self.settings.reveal,
            "created_utc": self.settings.created_utc,
            "cases": self.n_cases,
            "readers": self.readers,
            "problems": {case: list(told) for case, told in self.problems.items()},
            "audit_sha256": self.audit_head,
            "read_only": self.read_only,
        }


def init_study(
    folder: Path, study_id: str, *, title: str = "", blinded: bool = False, reveal: str = "after_commit"
) -> StudySettings:
    """Make a study in a folder that holds none."""
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.create(folder, study_id=study_id, title=title, blinded=blinded, reveal=reveal) as store:
        return store.settings


def import_scans(
    folder: Path,
    scans: Path,
    *,
    cases: Sequence[str] = (),
    first_dose: str | None = None,
    same_patient: str | None = None,
    dry_run: bool = False,
    progress: Tick | None = None,
    cancelled: Stop | None = None,
) -> ImportReport:
    """Take scans into a study: a folder, archive or DICOMDIR, or a manifest of the batch format.

    Images stay where they are; the study keeps where that is, and a hash of each series. The same scans
    again change nothing, and from another place change where they are looked for.

    Parameters
    ----------
    scans : a folder that holds `manifest.csv` is taken for it
    cases : pseudonyms; see `study_folder.cases_in_folder`
    first_dose : date, or days after the first scan
    same_patient : why scans whose patient data differ are of one patient; kept in the trail
    dry_run : only say what would change

    Raises
    ------
    IdentityError
        If the scans of one case may be of several patients and no reason was given.
    Cancelled
        When `cancelled` said so; nothing was taken in.
    """
    from gist_imaging.store.audit import said_here
    from gist_imaging.store.links import KEY_FILE
    from gist_imaging.store.study_store import StudyStore

    scans = Path(scans).resolve()
    reason = None if same_patient is None else said_here(same_patient, "the reason for --same-patient")
    with StudyStore.open(folder, read_only=dry_run) as store:
        if not dry_run and store.read_only:
            raise GistImagingError(
                "a study that can be written", store.read_only, f"is {KEY_FILE} beside it yours?"
            )
        planned, refused = _planned(store, scans, cases, first_dose, reason, progress, cancelled)
        if dry_run:
            known = set(store.cases())
            told = [
                f"{one.given.case}: {'exists' if one.given.case in known else 'new case'}, "
                f"{len(one.given.visits)} visit(s)"
                for one in planned
            ]
            return ImportReport(tuple(planned), tuple(told), refused, dry_run=True)
        changes = [change for one in planned for change in store.take_in(one.given, **one.audited)]
    return ImportReport(tuple(planned), tuple(changes), refused, dry_run=False)


def _planned(
    store: Any,
    scans: Path,
    cases: Sequence[str],
    first_dose: str | None,
    same_patient: str | None,
    progress: Tick | None,
    cancelled: Stop | None,
) -> tuple[list[PlannedCase], dict[str, int]]:
    from gist_imaging.io.dicom_index import scan_folder
    from gist_imaging.io.series_content import FileHashes
    from gist_imaging.workflow.study_folder import cases_in_folder
    from gist_imaging.workflow.study_manifest import cases_in_manifest

    known = store.links.known_patients()
    manifest = _manifest_at(scans)
    if manifest is not None:
        if cases or first_dose:
            raise GistImagingError(
                "names and days from the manifest",
                "got --case or --first-dose too",
                "leave them out, or give a folder without a manifest",
            )
        hashes = FileHashes(cancelled=cancelled)
        found = cases_in_manifest(
            manifest, known, store.private_uid, hashes, same_patient=same_patient, progress=progress
        )
        return found, {}

    def scanning(done: int, total: int) -> None:
        if progress is not None:
            progress(done * _STEPS // max(total, 1), 2 * _STEPS)

    index = scan_folder(scans, progress=scanning, cancelled=cancelled)
    n_files = len({frame.path for series in index.series for frame in series.frames})
    read = 0

    def hashing() -> None:
        nonlocal read
        read += 1
        if progress is not None:
            progress(_STEPS + read * _STEPS // max(n_files, 1), 2 * _STEPS)

    found = cases_in_folder(
        index,
        known,
        store.private_uid,
        FileHashes(hashing, cancelled).of_series,
        names=cases,
        first_dose=first_dose,
        same_patient=same_patient,
    )
    return found, dict(Counter(str(refused.problem.code) for refused in index.refused))


def _manifest_at(scans: Path) -> Path | None:
    if scans.suffix.lower() == ".csv" and scans.is_file():
        return scans
    inside = scans / MANIFEST
    return inside if inside.is_file() else None


def study_worklist(folder: Path, reader: str) -> tuple[WorklistRow, ...]:
    """Return the cases of a study in the order of a reader, with what the reader did."""
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder, read_only=True, checked=False) as store:
        return store.worklist(reader)


def study_status(folder: Path) -> StudyStatus:
    """Return a study at one glance."""
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder) as store:
        records = store.case_records()
        counts = {
            reader: dict(Counter(row.status for row in store.worklist(reader))) for reader in store.readers()
        }
        trail = store.audit_rows()
        problems = {
            record.case: (*((f"blocked: {record.blocked}",) if record.blocked else ()), *record.problems)
            for record in records
        }
        return StudyStatus(
            store.settings,
            len(records),
            counts,
            {case: told for case, told in problems.items() if told},
            trail[-1].sha256 if trail else "",
            store.read_only,
        )


def verify_study(
    folder: Path,
    *,
    images: bool = False,
    progress: Tick | None = None,
    cancelled: Stop | None = None,
) -> VerifyReport:
    """Look at everything that a study holds, and at its images when asked to; nothing is changed."""
    from gist_imaging.io.series_content import content_sha256
    from gist_imaging.store.records import ScanPlace
    from gist_imaging.store.study_store import StudyStore
    from gist_imaging.store.verify import verify_study as verified

    def content_hash(place: ScanPlace) -> str:
        return content_sha256(place.path, place.series_uid, place.split)

    with StudyStore.open(folder, read_only=True) as store:
        return verified(
            store,
            content_hash=content_hash if images else None,
            progress=progress,
            cancelled=cancelled,
        )


def back_up_study(folder: Path, to: Path | None = None) -> Path:
    """Copy a study, also while it is in use, to a folder that is not there yet; return it.

    Parameters
    ----------
    to : where left out, `backups/` and the time inside the study folder
    """
    from gist_imaging.session.open_case import utc_now
    from gist_imaging.store.backup import back_up
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder) as store:
        if to is None:
            to = Path(folder) / "backups" / utc_now().replace(":", "").replace(".", "-")
        return back_up(store, to)


def restore_study(backup: Path, folder: Path) -> None:
    """Make a study folder from a backup; a folder that holds a study is left alone."""
    from gist_imaging.store.backup import restore_backup

    restore_backup(backup, folder)


def pin_measured(
    folder: Path, case: str, visit: str, series_key: str, *, by: str, reason: str | None = None
) -> None:
    """Lay down the series that lesions of a visit are outlined on, for all readers."""
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder) as store:
        store.pin_measured(case, visit, series_key, by=by, reason=reason)


def set_role(folder: Path, case: str, visit: str, role: str, *, by: str, reason: str) -> None:
    """Lay down what a visit is for: baseline, follow_up or other."""
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder) as store:
        store.set_role(case, visit, role, by=by, reason=reason)
