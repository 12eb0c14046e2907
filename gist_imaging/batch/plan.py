"""Which rows of a manifest are to be measured: what cannot be read, and what must be asked first."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gist_imaging.batch.case import failed_record
from gist_imaging.batch.executor import Executor, Outcome, OutcomeKind
from gist_imaging.batch.jobs import (
    CaseConfig,
    FileStamp,
    content_sha256,
    files_of,
    job_key,
    relation_key,
    relation_settings,
    settings_of,
)
from gist_imaging.batch.ledger import Ledger
from gist_imaging.batch.manifest import ManifestRow
from gist_imaging.batch.relation_case import RelationResult, relation_failed
from gist_imaging.batch.relation_files import found_relations, identity_failures
from gist_imaging.batch.survey import Surveyed, Surveying, differing_scans, shared_identities, survey
from gist_imaging.cohort.records import FailureRecord, ScanRecord
from gist_imaging.errors import IdentityError

__all__ = ["CaseLimits", "Planned", "limit_failure", "missing_files", "planned"]

# A killed batch reads about so many files again before it goes on.
_FILES_KEPT_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class CaseLimits:
    """What one case may take.

    Parameters
    ----------
    timeout_s : seconds; then its process is ended and the case has failed
    memory_mb : above that of an idle process (10⁶ bytes), where the system can limit it (Linux)
    """

    timeout_s: float | None = 600.0
    memory_mb: float | None = 4000.0


@dataclass(slots=True)
class Planned:
    """Rows sorted by what is to be done with them.

    Parameters
    ----------
    failed : position of the row to the record that says why it is not measured
    keys : position of every other row to the key of its work
    relations : position of the row to what became of its relation without measuring it
    relation_keys : position of every other row with a relation to the key of that work
    relation_sha256 : position of such a row to the hashes of its relation's files, in their order
    warnings : what a person should look at
    """

    failed: dict[int, ScanRecord] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    relations: dict[int, RelationResult] = field(default_factory=dict)
    relation_keys: dict[int, str] = field(default_factory=dict)
    relation_sha256: dict[int, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def missing_files(
    rows: Sequence[ManifestRow],
) -> tuple[dict[int, ScanRecord], dict[Path, tuple[FileStamp, ...]]]:
    """Return the rows whose image or mask cannot be found, and the files behind all other paths."""
    stamps: dict[Path, tuple[FileStamp, ...]] = {}
    failed = {}
    for index, row in enumerate(rows):
        for path, what in ((row.image, "image"), (row.mask, "mask")):
            if path is None:
                continue
            try:
                if path not in stamps:
                    stamps[path] = files_of(path)
                found = bool(stamps[path])
            except OSError:
                found = False
            if not found:
                message = f"the row's {what} should be there; nothing readable was found; check the path"
                failed[index] = failed_record(row, FailureRecord("intake", "FILE_NOT_FOUND", message))
    return failed, stamps


def planned(
    rows: Sequence[ManifestRow],
    config: CaseConfig,
    *,
    ledger: Ledger,
    executor: Executor,
    limits: CaseLimits,
    cancelled: Callable[[], bool] | None,
) -> Planned:
    """Return what is to be done with each row, after a look at every file in the executor's processes."""
    plan = Planned()
    plan.failed, stamps = missing_files(rows)
    files = found_relations(rows, stamps)
    seen, hashes, lost = _surveyed(stamps, ledger, executor, limits, cancelled)
    for index, row in enumerate(rows):
        for path in (row.image, row.mask):
            if index not in plan.failed and path in lost:
                plan.failed[index] = failed_record(row, lost[path])
    plan.failed |= _identity_failures(rows, plan.failed, seen)
    plan.failed |= _repeated_images(rows, plan.failed, hashes)
    plan.warnings = (*_shared(rows, seen), *files.questions)
    for index, row in enumerate(rows):
        if index not in plan.failed:
            mask = None if row.mask is None else hashes[row.mask]
            plan.keys[index] = job_key(hashes[row.image], mask, settings_of(row, config))
    without = files.failed | identity_failures(rows, files, seen)
    for index, paths in files.paths.items():
        gone = [lost[path] for path in paths if path in lost]
        if gone:
            without[index] = gone[0]
    plan.relations = {index: relation_failed(rows[index], failure) for index, failure in without.items()}
    for index, paths in files.paths.items():
        row = rows[index]
        if index in plan.keys and index not in without and row.mask is not None:
            plan.relation_sha256[index] = tuple(hashes[path] for path in paths)
            settings = relation_settings(row, config, plan.relation_sha256[index])
            plan.relation_keys[index] = relation_key(hashes[row.image], hashes[row.mask], settings)
    return plan


def _surveyed(
    stamps: dict[Path, tuple[FileStamp, ...]],
    ledger: Ledger,
    executor: Executor,
    limits: CaseLimits,
    cancelled: Callable[[], bool] | None,
) -> tuple[dict[Path, Surveyed], dict[Path, str], dict[Path, FailureRecord]]:
    salt = secrets.token_bytes(32)
    known = {
        stamp: digest
        for held in stamps.values()
        for stamp in held
        if (digest := ledger.known_hash(stamp)) is not None
    }
    jobs = [
        Surveying(path, tuple(stamp for stamp in held if stamp not in known), salt)
        for path, held in stamps.items()
        if held
    ]
    fresh: dict[FileStamp, str] = {}
    seen: dict[Path, Surveyed] = {}
    lost: dict[Path, FailureRecord] = {}
    read_at_ns = time.time_ns()
    outcomes = executor.map_unordered(
        survey, jobs, timeout_s=limits.timeout_s, memory_mb=limits.memory_mb, cancelled=cancelled
    )
    with closing(outcomes):
        for outcome in outcomes:
            job = jobs[outcome.index]
            if outcome.kind is not OutcomeKind.DONE:
                lost[job.path] = limit_failure(outcome, limits)
                continue
            seen[job.path] = outcome.value
            fresh |= dict(zip(job.unread, outcome.value.hashes, strict=True))
            if len(fresh) >= _FILES_KEPT_AT_ONCE:
                ledger.remember_hashes(fresh, read_at_ns)
                known |= fresh
                fresh = {}
    ledger.remember_hashes(fresh, read_at_ns)
    known |= fresh
    hashes = {path: content_sha256(known[stamp] for stamp in stamps[path]) for path in seen}
    return seen, hashes, lost


def limit_failure(outcome: Outcome, limits: CaseLimits) -> FailureRecord:
    """Return why a job without a result has none."""
    if outcome.kind is OutcomeKind.TIMED_OUT:
        return FailureRecord(
            "worker",
            "LIMIT_TIME",
            f"a case ends within {limits.timeout_s:g} s; this one did not; allow more, or look at its files",
        )
    if outcome.kind is OutcomeKind.OUT_OF_MEMORY:
        return FailureRecord(
            "worker",
            "LIMIT_MEMORY",
            f"a case stays within {limits.memory_mb:g} MB; this one asked for more; allow more, or crop it",
        )
    if outcome.kind is OutcomeKind.RAISED:
        return FailureRecord(
            "worker", "UNEXPECTED", f"no error was expected; found {outcome.value}; please report it"
        )
    return FailureRecord(
        "worker",
        "WORKER_KILLED",
        f"its process should end by itself; it was killed {outcome.attempts} times; "
        "look at its files, or start it again with --retry-failed on a machine with more memory",
    )


def _identity_failures(
    rows: Sequence[ManifestRow], failed: dict[int, ScanRecord], seen: dict[Path, Surveyed]
) -> dict[int, ScanRecord]:
    by_patient: dict[str, list[tuple[int, Surveyed]]] = {}
    for index, row in enumerate(rows):
        scans = [seen[path] for path in (row.image, row.mask) if path in seen and index not in failed]
        by_patient.setdefault(row.patient_id, []).extend((index, scan) for scan in scans)
    found: dict[int, ScanRecord] = {}
    for held in by_patient.values():
        # Rows of one series repeat the same few identities; a patient is compared once for each.
        explained = ["same_patient_reason" in rows[index].stated for index, _ in held]
        identities = [(scan.identity, scan.several_patients) for _, scan in held]
        distinct = list(set(zip(identities, explained, strict=True)))
        differing = differing_scans([scan for scan, _ in distinct], [reason for _, reason in distinct])
        by_scan = {distinct[position]: names for position, names in differing.items()}
        for (index, _), known in zip(held, zip(identities, explained, strict=True), strict=True):
            if known in by_scan:
                message = f"{IdentityError(by_scan[known])} (column same_patient_reason)"
                found[index] = failed_record(rows[index], FailureRecord("identity", "IDENTITY", message))
    return found


def _repeated_images(
    rows: Sequence[ManifestRow], failed: dict[int, ScanRecord], hashes: dict[Path, str]
) -> dict[int, ScanRecord]:
    """Return the rows whose image stands at another visit of the same patient too: one of them is wrong."""
    visits: dict[tuple[object, ...], set[str]] = {}
    images: dict[int, tuple[object, ...]] = {}
    for index, row in enumerate(rows):
        if index in failed or row.image not in hashes:
            continue
        stack = (row.stated.get("series_uid"), tuple(sorted(dict(row.split).items(), key=str)))
        images[index] = (row.patient_id, hashes[row.image], *stack)
        visits.setdefault(images[index], set()).add(row.timepoint_label)
    return {
        index: failed_record(rows[index], _SAME_IMAGE)
        for index, image in images.items()
        if len(visits[image]) > 1
    }


_SAME_IMAGE = FailureRecord(
    "identity",
    "SAME_IMAGE",
    "each visit of a patient has a scan of its own; this image stands at two visits; correct the paths",
)


def _shared(rows: Sequence[ManifestRow], seen: dict[Path, Surveyed]) -> tuple[str, ...]:
    scans: list[tuple[str, Any]] = [
        (row.patient_id, seen[row.image].identity) for row in rows if row.image in seen
    ]
    return tuple(
        f"{one} and {other} hold scans with the same patient data: are they one patient?"
        for one, other in shared_identities(scans)
    )
