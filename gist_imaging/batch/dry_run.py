"""What a batch would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from gist_imaging.batch.folders import work_folder_of
from gist_imaging.batch.jobs import (
    CaseConfig,
    FileStamp,
    content_sha256,
    job_key,
    relation_key,
    relation_settings,
    settings_of,
)
from gist_imaging.batch.ledger import JobState, Ledger
from gist_imaging.batch.manifest import Manifest, ManifestRow
from gist_imaging.batch.plan import missing_files
from gist_imaging.batch.relation_files import found_relations
from gist_imaging.batch.report import BatchPlan, BatchReport
from gist_imaging.batch.write import relation_failure, row_failures

__all__ = ["planned_report"]

# Measured with benchmarks/batch_lesions.py on two cores; used until this folder has numbers of its own.
_SECONDS_A_CASE = 0.3
_BYTES_A_SECOND = 50e6


def planned_report(
    manifest: Manifest, out: Path, config: CaseConfig, workers: int, *, retry_failed: bool
) -> BatchReport:
    """Return what a batch would do; a file that was not read in an earlier run counts as to be measured."""
    failed, stamps = missing_files(manifest.rows)
    relations = found_relations(manifest.rows, stamps)
    work = work_folder_of(out)
    with Ledger(work) if (work / "ledger.sqlite").is_file() else nullcontext() as ledger:
        keys: set[str] = set()
        n_done, n_unknown = 0, 0
        for index, row in enumerate(manifest.rows):
            if index in failed:
                continue
            parts = [_key(row, config, stamps, ledger)]
            if index in relations.paths:
                parts.append(_relation_key(row, relations.paths[index], config, stamps, ledger))
            undone = [key for key in parts if not _is_done(key, ledger, retry_failed=retry_failed)]
            n_done += not undone
            n_unknown += undone.count(None)
            keys |= {key for key in undone if key is not None}
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
        warnings=(*manifest.questions, *relations.questions),
        relation_failures=tuple(
            relation_failure(manifest.rows[index], failure)
            for index, failure in sorted(relations.failed.items())
            if index not in failed
        ),
        plan=BatchPlan(n_to_measure, n_done, n_bytes, n_to_measure * each / workers),
    )


def _is_done(key: str | None, ledger: Ledger | None, *, retry_failed: bool) -> bool:
    earlier = None if ledger is None or key is None else ledger.finished(key)
    return earlier is not None and not (retry_failed and earlier[0] is JobState.FAILED)


def _key(
    row: ManifestRow, config: CaseConfig, stamps: dict[Path, tuple[FileStamp, ...]], ledger: Ledger | None
) -> str | None:
    """Return the key of a row whose files were all read before and have not changed; else None."""
    paths = [path for path in (row.image, row.mask) if path is not None]
    content = _contents(paths, stamps, ledger)
    if content is None:
        return None
    image, *mask = content
    return job_key(image, mask[0] if mask else None, settings_of(row, config))


def _relation_key(
    row: ManifestRow,
    paths: Sequence[Path],
    config: CaseConfig,
    stamps: dict[Path, tuple[FileStamp, ...]],
    ledger: Ledger | None,
) -> str | None:
    """Return the key of a row's relation whose files were all read before and have not changed; else None."""
    content = None if row.mask is None else _contents([row.image, row.mask, *paths], stamps, ledger)
    if content is None:
        return None
    image, mask, *relation = content
    return relation_key(image, mask, relation_settings(row, config, relation))


def _contents(
    paths: Sequence[Path], stamps: dict[Path, tuple[FileStamp, ...]], ledger: Ledger | None
) -> list[str] | None:
    content = []
    for path in paths:
        hashes = [None if ledger is None else ledger.known_hash(stamp) for stamp in stamps[path]]
        known = [digest for digest in hashes if digest is not None]
        if len(known) < len(hashes):
            return None
        content.append(content_sha256(known))
    return content
