"""One export on its way: what each reader gave, its files, the batch, the sheets, the index."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError
from gist_imaging.workflow.export_folder import NewFolder
from gist_imaging.workflow.export_index import described, write_index
from gist_imaging.workflow.export_report import ExportFailure, ExportReport, Stop, Tick, refused, stop_if
from gist_imaging.workflow.export_rows import (
    at_home,
    landmark_images,
    manifest_rows,
    mask_name,
    relation_of,
    write_checked_mask,
    write_manifest,
)

if TYPE_CHECKING:
    from gist_imaging.store.study_store import StudyStore
    from gist_imaging.workflow.export_given import GivenCase

__all__ = ["ExportRun", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; see `export_study`."""

    reader: str | None
    cases: tuple[str, ...] | None
    cohort: bool
    masks: bool
    sheets: bool
    drafts: bool
    workers: int


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """A case that was taken: what was given, and its files on the way."""

    given: GivenCase
    relations: dict[str, Path] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    masks: dict[tuple[str, str], Path] = field(default_factory=dict)


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
        self._taken: list[_Taken] = []
        self._n_sheets = self._n_rows = 0
        self._index_sha256 = ""

    def report(self, out: Path) -> ExportReport:
        """Make everything in the new folder, and return what was made."""
        pairs = list(self._pairs())
        if not pairs:
            raise GistImagingError(
                "a study with a committed reading of what was asked for",
                "found none",
                "commit a reading, or export drafts of one reader (--include-drafts --reader R1)",
            )
        # Thirds: taking, measuring, drawing.
        total = 3 * len(pairs)
        for n, (case, reader) in enumerate(pairs):
            stop_if(self._cancelled)
            self._tick(n, total)
            self._attempt(f"{case} {reader}", "case", partial(self._take, case, reader))
        if self._wanted.cohort and self._taken:
            self._measure(len(pairs), total)
        for n, taken in enumerate(self._taken if self._wanted.sheets else ()):
            stop_if(self._cancelled)
            self._tick(2 * len(pairs) + n, total)
            name = f"{taken.given.reading.case} {taken.given.reading.reader}"
            self._attempt(name, "sheet", partial(self._draw, taken))
        told = [
            described(taken.given, taken.masks, self._tracking_uids(taken.given), self._wanted.masks)
            for taken in self._taken
        ]
        self._index_sha256 = write_index(
            self._place.made, self._store.settings.study_id, told, self._failures
        )
        self._tick(total, total)
        return ExportReport(
            folder=out,
            n_readings=len(self._taken),
            n_drafts=sum(taken.given.status == "draft" for taken in self._taken),
            n_masks=sum(len(taken.masks) for taken in self._taken) if self._wanted.masks else 0,
            n_sheets=self._n_sheets,
            n_rows=self._n_rows,
            failures=tuple(self._failures),
            warnings=tuple(self._warnings),
            is_audited=not self._store.read_only,
        )

    def audited(self) -> dict[str, Any]:
        """Return what the trail of the study keeps: names, counts and hashes."""
        return {
            "n_readings": len(self._taken),
            "n_drafts": sum(taken.given.status == "draft" for taken in self._taken),
            "n_masks": sum(len(taken.masks) for taken in self._taken) if self._wanted.masks else 0,
            "n_sheets": self._n_sheets,
            "n_rows": self._n_rows,
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

    def _attempt(self, name: str, what: str, work: Callable[[], None]) -> None:
        from gist_imaging.errors import Cancelled

        try:
            work()
        except Cancelled:
            raise
        except GistImagingError as error:
            self._failures.append(ExportFailure(name, what, str(error)))
        except OSError as error:
            self._failures.append(
                ExportFailure(name, what, f"a file could not be read or written: {error.strerror}")
            )

    def _take(self, case: str, reader: str) -> None:
        """Take one case: its masks, reading and relations as files, and its rows; all or nothing."""
        from gist_imaging.batch.manifest import read_manifest
        from gist_imaging.io.reading_file import write_reading
        from gist_imaging.workflow.export_given import given_by_study

        given = given_by_study(self._store, case, reader, drafts=self._wanted.drafts)
        if given is None:
            return
        _check_images(given)
        folder = self._place.work / given.name
        folder.mkdir()
        taken = _Taken(given, relations=self._relations(given, folder))
        for lesion, visit in sorted(given.masks):
            path = folder / mask_name(given, lesion, visit)
            taken.masks[lesion, visit] = write_checked_mask(path, given.masks[lesion, visit])
        words = write_reading(given.reading, folder / f"{given.name}.json")
        if self._wanted.cohort:
            places = {visit: self._place_of(given, visit) for visit in _visits_named(given)}
            taken.rows.extend(manifest_rows(given, places, taken.masks, taken.relations, words))
            if taken.rows:
                read_manifest(write_manifest(folder / "manifest.csv", taken.rows))
        self._deliver(taken)
        self._taken.append(taken)

    def _relations(self, given: GivenCase, folder: Path) -> dict[str, Path]:
        """Write strokes and landmarks of each visit as a relation file; return visit to file."""
        record = self._store.case_record(given.reading.case)
        found = {}
        for visit in record.visits:
            if relation_of(given.reading, visit.label) is None or visit.measured is None:
                continue
            further = [
                self._store.place_of(record.case, visit.label, series.key)
                for series in visit.series
                if series.key != visit.measured
            ]
            images, n_missing = landmark_images(given, visit.label, further)
            if n_missing:
                self._warnings.append(
                    f"{record.case} {visit.label} {given.reading.reader}: {n_missing} landmark(s) lie on no "
                    "image that can be named alone, and count as out of the field in the rows"
                )
            path = folder / f"{given.name}_{visit.label}_relation.json"
            held = relation_of(given.reading, visit.label, images)
            path.write_text(json.dumps(held, ensure_ascii=False, allow_nan=False), "utf-8")
            found[visit.label] = path
        return found

    def _place_of(self, given: GivenCase, visit: str) -> Any:
        series = given.visit(visit).series
        if not series:
            raise GistImagingError(
                f"a series for measuring at {visit}", "none is pinned", "choose one on the pair page"
            )
        return self._store.place_of(given.reading.case, visit, series)

    def _deliver(self, taken: _Taken) -> None:
        from gist_imaging.io.reading_file import write_reading

        readings = self._place.made / "readings"
        readings.mkdir(exist_ok=True)
        given = taken.given
        draft = "_draft" if given.status == "draft" else ""
        write_reading(at_home(given.reading), readings / f"{given.name}{draft}.json")
        if self._wanted.masks:
            folder = self._place.made / "masks"
            folder.mkdir(exist_ok=True)
            for path in taken.masks.values():
                shutil.copyfile(path, folder / path.name)

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
            self._tick(n_pairs + (n_pairs * state.done) // max(state.total, 1), total)

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
            for lesion, uid in self._tracking_uids(taken.given).items():
                uids.setdefault(f"{taken.given.reading.case}/{lesion}", uid)
        with Ledger(work_folder_of(cohort)) as ledger:
            ledger.tracking_uids(uids)

    def _tracking_uids(self, given: GivenCase) -> dict[str, str]:
        held = {name: given.state.plain("lesion", name) or {} for name in given.lesions}
        return {
            name: self._store.private_uid(str(about["tracking_uid"]))
            for name, about in held.items()
            if about.get("tracking_uid")
        }

    def _draw(self, taken: _Taken) -> None:
        from gist_imaging.io.case_sheet import write_case_sheet
        from gist_imaging.workflow.export_sheet import relation_metrics, sheet_of

        if not taken.given.lesions:
            return
        folder = self._place.made / "sheets"
        folder.mkdir(exist_ok=True)
        write_case_sheet(folder, sheet_of(taken.given, relation_metrics(taken.given, taken.relations)))
        self._n_sheets += 1


def _visits_named(given: GivenCase) -> set[str]:
    named = {visit for _, visit in given.masks} | {call.timepoint for call in given.reading.calls}
    unknown = named - {visit.label for visit in given.visits}
    if unknown:
        raise GistImagingError(
            "a reading of visits that the study knows", f"unknown: {', '.join(sorted(unknown))}"
        )
    return named


def _check_images(given: GivenCase) -> None:
    """Refuse a case whose images are not those that masks were drawn on."""
    _visits_named(given)
    wanted = {held.timepoint: held.image_sha256 for held in given.reading.masks}
    for visit, sha256 in sorted(wanted.items()):
        if given.volume(visit).sha256() != sha256:
            raise GistImagingError(
                f"the image of {visit} is the one that was outlined",
                "its content or the series for measuring is another one now",
                "put the image back, or outline on the new one and commit again",
            )
