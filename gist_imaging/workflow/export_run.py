"""One export on its way: what each reader gave, its files, the batch, the sheets, the index."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.workflow.export_case import Taken, Wanted, take_case
from gist_imaging.workflow.export_folder import NewFolder
from gist_imaging.workflow.export_given import StudyVolumes
from gist_imaging.workflow.export_index import write_index
from gist_imaging.workflow.export_report import ExportFailure, ExportReport, Stop, Tick, refused, stop_if
from gist_imaging.workflow.export_rows import write_manifest

if TYPE_CHECKING:
    from gist_imaging.store.study_store import StudyStore

__all__ = ["ExportRun"]

# The disk that is written, not a scan that cannot be read.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class ExportRun:
    """An export on its way into a new folder.

    Parameters
    ----------
    store, place, wanted : from, to, what
    tick, cancelled : told how much is done, and asked whether to stop
    """

    def __init__(
        self, store: StudyStore, place: NewFolder, wanted: Wanted, tick: Tick, cancelled: Stop
    ) -> None:
        self._store, self._place, self._wanted = store, place, wanted
        self._tick, self._cancelled = tick, cancelled
        self._failures: list[ExportFailure] = []
        self._warnings: list[str] = []
        self._taken: list[Taken] = []
        self._n_rows = 0
        self._index_sha256 = ""
        self._volumes = StudyVolumes(store)

    def report(self, out: Path) -> ExportReport:
        """Make everything in the new folder, and return what was made."""
        pairs = list(self._pairs())
        if not pairs:
            raise GistImagingError(
                "a study with a committed reading of what was asked for",
                "found none",
                "commit a reading, or export drafts of one reader (--include-drafts --reader R1)",
            )
        # Two thirds for taking and drawing, one for measuring.
        total = 3 * len(pairs)
        for n, (case, reader) in enumerate(pairs):
            stop_if(self._cancelled)
            self._tick(2 * n, total)
            self._take(case, reader)
        stop_if(self._cancelled)
        if self._wanted.cohort and self._taken:
            self._measure(len(pairs), total)
        self._index_sha256 = write_index(
            self._place.made,
            self._store.settings.study_id,
            [taken.told for taken in self._taken],
            self._failures,
        )
        self._tick(total, total)
        return ExportReport(
            folder=out,
            **self._counts(),
            failures=tuple(self._failures),
            warnings=tuple(self._warnings),
            is_audited=not self._store.read_only,
        )

    def _counts(self) -> dict[str, int]:
        return {
            "n_readings": len(self._taken),
            "n_drafts": sum(taken.is_draft for taken in self._taken),
            "n_masks": sum(taken.n_masks for taken in self._taken),
            "n_sheets": sum(taken.n_sheets for taken in self._taken),
            "n_rows": self._n_rows,
        }

    def audited(self) -> dict[str, Any]:
        """Return what the trail of the study keeps: names, counts and hashes."""
        return {
            **self._counts(),
            "n_failures": len(self._failures),
            "index_sha256": self._index_sha256,
        }

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Return every case and reader with something to export, in order."""
        known = self._store.cases()
        unknown = sorted(set(self._wanted.cases or ()) - set(known))
        if unknown:
            raise GistImagingError(
                f"cases of the study ({len(known)})", f"unknown: {', '.join(unknown)}", "correct the names"
            )
        for case in sorted(known):
            if self._wanted.cases is not None and case not in self._wanted.cases:
                continue
            readers = {reading.reader for reading in self._store.readings(case, self._wanted.reader)}
            if self._wanted.drafts and self._wanted.reader and self._has_draft(case, self._wanted.reader):
                readers.add(self._wanted.reader)
            yield from ((case, reader) for reader in sorted(readers))

    def _has_draft(self, case: str, reader: str) -> bool:
        cells = self._store.last_state(case, reader).cells
        return any(key[0] in ("mask", "call") for key in cells)

    def _take(self, case: str, reader: str) -> None:
        """Take one case, or keep why it was left out."""
        name = f"{case} {reader}"
        try:
            taken = take_case(self._store, self._volumes, self._place, self._wanted, case, reader)
        except Cancelled:
            raise
        except GistImagingError as error:
            self._failures.append(ExportFailure(name, "case", self._discreet(case, str(error))))
            return
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            self._failures.append(ExportFailure(name, "case", f"a file cannot be read: {error.strerror}"))
            return
        if taken is None:
            return
        self._taken.append(taken)
        self._warnings += taken.warnings
        if taken.sheet_failure:
            self._failures.append(ExportFailure(name, "sheet", self._discreet(case, taken.sheet_failure)))

    def _discreet(self, case: str, message: str) -> str:
        """Return why a case was left out, without the names of its files: the index leaves with it."""
        from gist_imaging.cohort.privacy import tells_too_much

        for visit in self._store.case_record(case).visits:
            for series in visit.series:
                path = self._store.place_of(case, visit.label, series.key).path
                for name in (str(path), path.name):
                    message = message.replace(name, f"the image of {visit.label}")
        if tells_too_much(message):
            return "it cannot be read; open the case to see why"
        return message

    def _measure(self, n_pairs: int, total: int) -> None:
        """Let the batch measure the masks, with the key of the study."""
        from gist_imaging.batch.folders import key_file_of
        from gist_imaging.batch.runner import run_batch
        from gist_imaging.cohort.records import StudyFacts
        from gist_imaging.store.links import KEY_FILE

        rows = [row for taken in self._taken for row in taken.rows]
        if not rows:
            return
        cohort = self._place.work / "cohort"
        shutil.copyfile(self._store.folder / KEY_FILE, key_file_of(cohort))
        self._keep_tracking_uids(cohort)

        def tell(state: Any) -> None:
            self._tick(2 * n_pairs + (n_pairs * state.done) // max(state.total, 1), total)

        report = run_batch(
            write_manifest(self._place.work / "manifest.csv", rows),
            cohort,
            workers=self._wanted.workers,
            study=StudyFacts(study_id=self._store.settings.study_id),
            progress=tell,
            cancelled=self._cancelled,
        )
        self._n_rows = report.n_ok
        self._failures += refused(report)
        self._warnings += report.warnings
        cohort.rename(self._place.made / "cohort")

    def _keep_tracking_uids(self, cohort: Path) -> None:
        """Give lesions the tracking UIDs that they have in the study, re-rooted, so that exports agree."""
        from gist_imaging.batch.folders import work_folder_of
        from gist_imaging.batch.ledger import Ledger

        uids: dict[str, str] = {}
        for taken in self._taken:
            for lesion, uid in taken.tracking_uids.items():
                uids.setdefault(lesion, uid)
        with Ledger(work_folder_of(cohort)) as ledger:
            ledger.tracking_uids(uids)
