"""A whole batch: manifest in, one cohort folder out, whatever dies on the way."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gist_imaging.batch.case import failed_record, restated, run_row
from gist_imaging.batch.dry_run import planned_report
from gist_imaging.batch.executor import Executor, OutcomeKind
from gist_imaging.batch.folders import key_file_of, work_folder_of
from gist_imaging.batch.jobs import CaseConfig
from gist_imaging.batch.ledger import JobState, Ledger, write_safely
from gist_imaging.batch.local_processes import LocalProcesses
from gist_imaging.batch.manifest import Manifest, ManifestRow, read_manifest
from gist_imaging.batch.plan import CaseLimits, Planned, limit_failure, planned
from gist_imaging.batch.relation_case import RelationResult, relation_failed, run_relation, with_relation
from gist_imaging.batch.report import BatchProgress, BatchReport
from gist_imaging.batch.write import write_batch
from gist_imaging.cohort.records import ScanRecord, StudyFacts
from gist_imaging.provenance import canonical_json

__all__ = ["BatchReport", "CaseJob", "measure_case", "run_batch"]


@dataclass(frozen=True, slots=True)
class CaseJob:
    """One piece of work: a row of the manifest and the settings of the batch.

    Parameters
    ----------
    relation_sha256 : hashes of the files of the row's relation, which is then what is measured; None: the
        lesion is
    """

    row: ManifestRow
    config: CaseConfig
    relation_sha256: tuple[str, ...] | None = None


def measure_case(job: CaseJob) -> dict[str, Any]:
    """Return the record of one row, or its relation, as plain values; runs in a process of its own."""
    if job.relation_sha256 is None:
        record = run_row(job.row, job.config).to_json()
    else:
        record = run_relation(job.row, job.config, job.relation_sha256).to_json()
    # Not a number has no place in JSON: better a failed case than a ledger that cannot be read.
    canonical_json(record)
    return record


def run_batch(
    manifest_path: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    dry_run: bool = False,
    retry_failed: bool = False,
    study: StudyFacts | None = None,
    config: CaseConfig | None = None,
    limits: CaseLimits | None = None,
    progress: Callable[[BatchProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    case: Callable[[CaseJob], dict[str, Any]] = measure_case,
) -> BatchReport:
    """Measure every row of a manifest and write one cohort folder.

    A row that fails becomes a row of `failures` and harms no other. What was measured once is not measured
    again: results are kept in `OUT.work` beside the folder, by the content of the files, the settings and
    the version. The same manifest gives the same tables, whatever the order of its rows and the number of
    processes.

    Parameters
    ----------
    out : the cohort folder; an earlier one is replaced when the new one is whole
    workers : processes, where no executor is given
    dry_run : check the manifest and its files, say what would be done, and write nothing
    retry_failed : measure again what failed in an earlier run
    progress : told after every case
    cancelled : asked again and again; true stops the batch and keeps what is finished
    case : what measures one row

    Raises
    ------
    TableError
        With every problem of the manifest at once.
    Cancelled
        If `cancelled` said so; no cohort folder is written, the next run goes on from there.
    """
    from gist_imaging.io.tables import check_place

    out = Path(out)
    check_place(out)
    manifest = read_manifest(manifest_path)
    config, limits = config or CaseConfig(), limits or CaseLimits()
    if dry_run:
        return planned_report(manifest, out, config, workers, retry_failed=retry_failed)
    started = datetime.now(UTC)
    work = work_folder_of(out)
    with Ledger(work) as ledger:
        batch = _Batch(manifest.rows, config, limits, ledger, executor or LocalProcesses(workers))
        plan = planned(
            manifest.rows, config, ledger=ledger, executor=batch.executor, limits=limits, cancelled=cancelled
        )
        measured, n_skipped = _measured(
            batch, plan, case, retry_failed=retry_failed, progress=progress, cancelled=cancelled
        )
        _keep_carried_columns(manifest, work)
        records = _tracked(measured.in_order(), ledger, out)
    return write_batch(
        manifest,
        records,
        out,
        study=study or StudyFacts(),
        warnings=(*plan.warnings, *manifest.questions, *measured.warnings()),
        n_skipped=n_skipped,
        started=started,
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: Sequence[ManifestRow]
    config: CaseConfig
    limits: CaseLimits
    ledger: Ledger
    executor: Executor


def _measured(
    batch: _Batch,
    plan: Planned,
    case: Callable[[CaseJob], dict[str, Any]],
    *,
    retry_failed: bool,
    progress: Callable[[BatchProgress], None] | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[_Records, int]:
    """Return what became of every row, and of how many rows all came from an earlier run."""
    work = _work_of(batch, plan)
    records = _Records(batch.rows, plan)
    for key, piece in work.items():
        earlier = batch.ledger.finished(key)
        if earlier is not None and not (retry_failed and earlier[0] is JobState.FAILED):
            records.keep(piece, earlier[1])
    n_skipped = records.n_done - len(plan.failed)

    def tell() -> None:
        if progress is not None:
            progress(BatchProgress(records.n_done, len(batch.rows), records.n_failed))

    tell()
    # Work on one image follows one another, while its files are still in the system's memory.
    todo = sorted(
        (key for key, piece in work.items() if not piece.done),
        key=lambda key: (str(work[key].job.row.image), key),
    )
    batch.ledger.begin(todo)
    outcomes = batch.executor.map_unordered(
        case,
        [work[key].job for key in todo],
        timeout_s=batch.limits.timeout_s,
        memory_mb=batch.limits.memory_mb,
        cancelled=cancelled,
    )
    with closing(outcomes):
        for outcome in outcomes:
            key = todo[outcome.index]
            piece = work[key]
            if outcome.kind is OutcomeKind.DONE:
                result = outcome.value
            else:
                failure = limit_failure(outcome, batch.limits)
                made = relation_failed if piece.is_relation else failed_record
                result = made(piece.job.row, failure).to_json()
            state = JobState.OK if result["failure"] is None else JobState.FAILED
            batch.ledger.finish(key, state, result, seconds=outcome.seconds, attempts=outcome.attempts)
            records.keep(piece, result)
            tell()
    return records, n_skipped


@dataclass(slots=True)
class _Piece:
    """A piece of work, and the rows that share it."""

    job: CaseJob
    rows: list[int] = field(default_factory=list)
    done: bool = False

    @property
    def is_relation(self) -> bool:
        return self.job.relation_sha256 is not None


def _work_of(batch: _Batch, plan: Planned) -> dict[str, _Piece]:
    """Return the pieces of work by their keys: lesions and, apart from them, their relations."""
    work: dict[str, _Piece] = {}
    for index, key in plan.keys.items():
        work.setdefault(key, _Piece(CaseJob(batch.rows[index], batch.config))).rows.append(index)
    for index, key in plan.relation_keys.items():
        job = CaseJob(batch.rows[index], batch.config, plan.relation_sha256[index])
        work.setdefault(key, _Piece(job)).rows.append(index)
    return work


class _Records:
    """What became of the rows so far."""

    def __init__(self, rows: Sequence[ManifestRow], plan: Planned) -> None:
        self._rows = rows
        self._lesions: dict[int, ScanRecord] = dict(plan.failed)
        self._relations: dict[int, RelationResult] = dict(plan.relations)
        self._waiting = {index: 1 + (index in plan.relation_keys) for index in plan.keys}
        self.n_done = self.n_failed = len(plan.failed)

    def keep(self, piece: _Piece, result: Mapping[str, Any]) -> None:
        """Take in the result of a piece of work."""
        piece.done = True
        if piece.is_relation:
            self._relations |= dict.fromkeys(piece.rows, RelationResult.from_json(result))
        else:
            record = ScanRecord.from_json(result)
            self.n_failed += len(piece.rows) if record.failure is not None else 0
            self._lesions |= {index: restated(record, self._rows[index]) for index in piece.rows}
        for index in piece.rows:
            self._waiting[index] -= 1
            self.n_done += self._waiting[index] == 0

    def in_order(self) -> list[ScanRecord]:
        """Return a record for every row, in the order of the rows."""
        return [
            with_relation(self._lesions[index], self._relations[index])
            if index in self._relations
            else self._lesions[index]
            for index in range(len(self._rows))
        ]

    def warnings(self) -> tuple[str, ...]:
        """Return what should be looked at in the relations, by pseudonyms."""
        told = [
            f"{self._rows[index].case}, {warning}"
            for index, result in sorted(self._relations.items())
            for warning in result.warnings
        ]
        sides: dict[str, set[str]] = {}
        for index, result in self._relations.items():
            row = self._rows[index]
            read = f"{row.lesion_id} {row.reader_id}"
            sides.setdefault(read, set()).update(
                {number.side for number in result.numbers if number.side and number.value is not None}
            )
        told += [
            f"{read}: its visits were measured on the sides {', '.join(sorted(held))}: state relation_side "
            "at all of them, or their numbers cannot be compared"
            for read, held in sorted(sides.items())
            if len(held) > 1
        ]
        return tuple(told)


def _tracked(records: Sequence[ScanRecord], ledger: Ledger, out: Path) -> list[ScanRecord]:
    """Return the records with the tracking UIDs of their lesions: given once, then always the stored one."""
    from gist_imaging.cohort.uids import rerooted_uid
    from gist_imaging.io.tables import uid_key

    key = uid_key(key_file_of(out))
    fresh = {record.lesion_id: rerooted_uid(f"lesion {record.lesion_id}", key) for record in records}
    uids = ledger.tracking_uids(fresh)
    return [replace(record, tracking_uid=uids[record.lesion_id]) for record in records]


def _keep_carried_columns(manifest: Manifest, work: Path) -> None:
    """Keep the columns that the program does not know, keyed by pseudonyms, beside the cohort folder.

    They do not go into the cohort: nobody has said what they hold, and it may be a name.
    """
    if not manifest.columns_carried:
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["lesion_id", "timepoint_id", "reader_id", "read_no", *manifest.columns_carried])
    writer.writerows(
        sorted(
            [
                row.lesion_id,
                f"{row.patient_id}/{row.timepoint_label}",
                row.stated.get("reader_id", "R1"),
                str(row.stated.get("read_no", 1)),
                *(row.carried[name] for name in manifest.columns_carried),
            ]
            for row in manifest.rows
        )
    )
    write_safely(work / "carried.csv", text.getvalue())
