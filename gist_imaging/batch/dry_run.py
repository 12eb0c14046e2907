"""What a batch would do, without doing it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from gist_imaging.batch.folders import work_folder_of
from gist_imaging.batch.jobs import CaseConfig, FileStamp, content_sha256, job_key, settings_of
from gist_imaging.batch.ledger import JobState, Ledger
from gist_imaging.batch.manifest import Manifest, ManifestRow
from gist_imaging.batch.plan import missing_files
from gist_imaging.batch.report import BatchPlan, BatchReport
from gist_imaging.batch.write import row_failures

__all__ = ["planned_report"]

# Measured with benchmarks/batch_lesions.py on two cores; used until this folder has numbers of its own.
_SECONDS_A_CASE = 0.3
_BYTES_A_SECOND = 50e6


def planned_report(
    manifest: Manifest, out: Path, config: CaseConfig, workers: int, *, retry_failed: bool
) -> BatchReport:
    """Return what a batch would do; a file that was not read in an earlier run counts as to be measured."""
    failed, stamps = missing_files(manifest.rows)
    work = work_folder_of(out)
    with Ledger(work) if (work / "ledger.sqlite").is_file() else nullcontext() as ledger:
        keys: set[str] = set()
        n_done, n_unknown = 0, 0
        for index, row in enumerate(manifest.rows):
            if index in failed:
                continue
            key = None if ledger is None else _key(row, config, stamps, ledger)
            earlier = None if ledger is None or key is None else ledger.finished(key)
            if earlier is not None and not (retry_failed and earlier[0] is JobState.FAILED):
                n_done += 1
            elif key is None:
                n_unknown += 1
            else:
                keys.add(key)
        seconds = ledger.mean_seconds() if ledger is not None else None
    n_bytes = sum(stamp.size for held in stamps.values() for stamp in held)
    n_to_measure = n_unknown + len(keys)
    each = seconds or _SECONDS_A_CASE + n_bytes / max(len(manifest.rows), 1) / _BYTES_A_SECOND
    failures = row_failures(
        [manifest.rows[index] for index in sorted(failed)], [failed[index] for index in sorted(failed)]
    )
    return BatchReport(
        n_ok=len(manifest.rows) - len(failed),
        n_failed=len(failed),
        n_skipped=n_done,
        failures=failures,
        folder=out,
        work_folder=work,
        warnings=manifest.questions,
        plan=BatchPlan(n_to_measure, n_done, n_bytes, n_to_measure * each / workers),
    )


def _key(
    row: ManifestRow, config: CaseConfig, stamps: dict[Path, tuple[FileStamp, ...]], ledger: Ledger
) -> str | None:
    """Return the key of a row whose files were all read before and have not changed; else None."""
    content = []
    for path in (row.image, row.mask):
        hashes = [ledger.known_hash(stamp) for stamp in stamps[path]] if path is not None else []
        if None in hashes:
            return None
        content.append(content_sha256(digest for digest in hashes if digest is not None) if hashes else None)
    image, mask = content
    return None if image is None else job_key(image, mask, settings_of(row, config))
