"""A whole batch: manifest in, one cohort folder out, whatever dies on the way."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
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
from gist_imaging.batch.report import BatchProgress, BatchReport
from gist_imaging.batch.write import write_batch
from gist_imaging.cohort.records import ScanRecord, StudyFacts
from gist_imaging.provenance import canonical_json

__all__ = ["BatchReport", "CaseJob", "measure_case", "run_batch"]


@dataclass(frozen=True, slots=True)
class CaseJob:
    """One piece of work: a row of the manifest and the settings of the batch."""

    row: ManifestRow
    config: CaseConfig


def measure_case(job: CaseJob) -> dict[str, Any]:
    """Return the record of one row as plain values; runs in a process of its own."""
    record = run_row(job.row, job.config).to_json()
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
        records, n_skipped = _measured(
            batch, plan, case, retry_failed=retry_failed, progress=progress, cancelled=cancelled
        )
        _keep_carried_columns(manifest, work)
        records = _tracked(records, ledger, out)
    return write_batch(
        manifest,
        records,
        out,
        study=study or StudyFacts(),
        warnings=(*plan.warnings, *manifest.questions),
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
) -> tuple[list[ScanRecord], int]:
    """Return a record for every row, in the order of the rows, and how many came from an earlier run."""
    rows_of: dict[str, list[int]] = {}
    for index, key in plan.keys.items():
        rows_of.setdefault(key, []).append(index)
    records: dict[int, ScanRecord] = dict(plan.failed)
    n_failed = len(plan.failed)

    def keep(key: str, result: Mapping[str, Any]) -> None:
        nonlocal n_failed
        record = ScanRecord.from_json(result)
        n_failed += len(rows_of[key]) if record.failure is not None else 0
        for index in rows_of[key]:
            records[index] = restated(record, batch.rows[index])

    for key in rows_of:
        earlier = batch.ledger.finished(key)
        if earlier is not None and not (retry_failed and earlier[0] is JobState.FAILED):
            keep(key, earlier[1])
    n_skipped = len(records) - len(plan.failed)

    def tell() -> None:
        if progress is not None:
            progress(BatchProgress(len(records), len(batch.rows), n_failed))

    tell()
    # Rows of one image follow one another, while its files are still in the system's memory.
    todo = sorted(
        (key for key in rows_of if rows_of[key][0] not in records),
        key=lambda key: (str(batch.rows[rows_of[key][0]].image), key),
    )
    jobs = [CaseJob(batch.rows[rows_of[key][0]], batch.config) for key in todo]
    batch.ledger.begin(todo)
    outcomes = batch.executor.map_unordered(
        case, jobs, timeout_s=batch.limits.timeout_s, memory_mb=batch.limits.memory_mb, cancelled=cancelled
    )
    with closing(outcomes):
        for outcome in outcomes:
            key = todo[outcome.index]
            if outcome.kind is OutcomeKind.DONE:
                result = outcome.value
            else:
                failure = limit_failure(outcome, batch.limits)
                result = failed_record(jobs[outcome.index].row, failure).to_json()
            state = JobState.OK if result["failure"] is None else JobState.FAILED
            batch.ledger.finish(key, state, result, seconds=outcome.seconds, attempts=outcome.attempts)
            keep(key, result)
            tell()
    return [records[index] for index in range(len(batch.rows))], n_skipped


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
