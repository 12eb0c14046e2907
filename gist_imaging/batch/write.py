"""The end of a batch: records to one cohort folder, and a report that says what became of every row."""

from __future__ import annotations

import hashlib
import hmac
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gist_imaging._version import __version__
from gist_imaging.batch.folders import key_file_of, work_folder_of
from gist_imaging.batch.manifest import Manifest, ManifestRow
from gist_imaging.batch.report import BatchReport, RowFailure
from gist_imaging.cohort.records import FailureRecord, ScanRecord, StudyFacts
from gist_imaging.provenance import canonical_json

__all__ = ["relation_failure", "row_failures", "write_batch"]


def write_batch(
    manifest: Manifest,
    records: Sequence[ScanRecord],
    out: Path,
    *,
    study: StudyFacts,
    warnings: tuple[str, ...],
    n_skipped: int,
    started: datetime,
) -> BatchReport:
    """Write the cohort folder of `records`, one for each row of the manifest, and return the report."""
    from gist_imaging.cohort.build import cohort_frames
    from gist_imaging.io.tables import uid_key, write_cohort

    failures = row_failures(manifest.rows, records)
    report = BatchReport(
        n_ok=len(records) - len(failures),
        n_failed=len(failures),
        n_skipped=n_skipped,
        failures=failures,
        folder=out,
        work_folder=work_folder_of(out),
        warnings=warnings,
        relation_failures=_relation_failures(manifest.rows, records, {failure.row for failure in failures}),
    )
    host = hmac.new(uid_key(key_file_of(out)), platform.node().encode(), hashlib.sha256).hexdigest()[:16]
    run = {
        "kind": "batch",
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "n_rows": report.n_rows,
        "n_ok": report.n_ok,
        "n_failed": report.n_failed,
        "n_relations_failed": len(report.relation_failures),
        "n_skipped": report.n_skipped,
        "manifest_sha256": hashlib.sha256(manifest.path.read_bytes()).hexdigest(),
        "software_version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host_hash": host,
        "warnings": list(warnings),
    }
    write_cohort(cohort_frames(records, study, manifest.readings), study, out, run=run)
    return report


def row_failures(rows: Sequence[ManifestRow], records: Sequence[ScanRecord]) -> tuple[RowFailure, ...]:
    """Return why rows have no measurement in the cohort, contradictions between rows included."""
    from gist_imaging.cohort.settle import settled

    kept, _ = settled(records)
    unchanged = {id(record) for record in kept}
    said: dict[str, FailureRecord | None] = {}
    if any(id(record) not in unchanged for record in records):
        said = {_which(record): record.failure for record in kept}
    found = []
    for row, record in zip(rows, records, strict=True):
        failure = record.failure if id(record) in unchanged else said[_which(record)]
        if failure is not None:
            found.append(RowFailure(row.row, row.case, failure.stage, failure.code, failure.message))
    return tuple(found)


def relation_failure(row: ManifestRow, failure: FailureRecord) -> RowFailure:
    """Return why the relation of one row was not measured."""
    return RowFailure(row.row, row.case, failure.stage, failure.code, failure.message)


def _relation_failures(
    rows: Sequence[ManifestRow], records: Sequence[ScanRecord], failed: set[int]
) -> tuple[RowFailure, ...]:
    """Return them for all rows but those whose lesion failed."""
    return tuple(
        relation_failure(row, record.relation_failure)
        for row, record in zip(rows, records, strict=True)
        if record.relation_failure is not None and row.row not in failed
    )


def _which(record: ScanRecord) -> str:
    """Everything of a record but what settling may change."""
    return canonical_json(
        {
            **record.to_json(),
            "measurement": None,
            "pelvic": [],
            "failure": None,
            "relation_failure": None,
            "series_no": 0,
        }
    )
