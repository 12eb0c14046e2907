"""Whether a study is whole: files, chains, snapshots, masks, readings, and the images where they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.store import schema
from gist_imaging.store.audit import audit_problems
from gist_imaging.store.case_table import case_records
from gist_imaging.store.events import chain_problems
from gist_imaging.store.links import LINK_FILE, read_key
from gist_imaging.store.readings import mask_problems, reading_problems
from gist_imaging.store.records import ScanPlace
from gist_imaging.store.snapshots import snapshot_problems
from gist_imaging.store.study_files import STUDY_FILE
from gist_imaging.store.study_store import StudyStore

__all__ = ["ContentHash", "VerifyReport", "verify_study"]

ContentHash = Callable[[ScanPlace], str]
"""Gives the SHA-256 of the files of a series as they are now."""

Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was looked at, and what is wrong.

    Parameters
    ----------
    problems : one sentence each, by pseudonyms
    looked_at : how many of what
    """

    problems: tuple[str, ...]
    looked_at: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for `json.dumps`."""
        return {"whole": not self.problems, "problems": list(self.problems), "looked_at": self.looked_at}


def verify_study(
    store: StudyStore,
    *,
    content_hash: ContentHash | None = None,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> VerifyReport:
    """Look at everything that a study holds; nothing is changed.

    Parameters
    ----------
    content_hash : to look at the images too
    progress : told the number of steps done and in all
    cancelled : asked between steps

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    """
    steps: list[Callable[[], list[str]]] = [
        lambda: [f"{STUDY_FILE}: {line}" for line in store.database.quick_check()],
        lambda: [f"{LINK_FILE}: {line}" for line in store.links.database.quick_check()],
        lambda: _key_problems(store),
        lambda: _in_study(store, audit_problems),
        lambda: _in_study(store, reading_problems),
        lambda: _in_study(store, mask_problems),
        lambda: _link_problems(store),
        *(_journal_step(store, case, reader) for case, reader in _journals(store)),
    ]
    if content_hash is not None:
        steps += [_image_step(store, content_hash, *series) for series in _series(store)]
    problems: list[str] = []
    for number, step in enumerate(steps):
        if cancelled is not None and cancelled():
            raise Cancelled
        if progress is not None:
            progress(number, len(steps))
        try:
            problems += step()
        except GistImagingError as error:
            problems.append(str(error))
    if progress is not None:
        progress(len(steps), len(steps))
    return VerifyReport(tuple(dict.fromkeys(problems)), _counts(store, images=content_hash is not None))


def _in_study(store: StudyStore, look: Callable[[sa.Connection], list[str]]) -> list[str]:
    with store.database.reading() as connection:
        return look(connection)


def _journals(store: StudyStore) -> list[tuple[str, str]]:
    """Return every case and reader that has events or snapshots."""
    with store.database.reading() as connection:
        return sorted(
            {
                (row.case_id, row.reader)
                for table in (schema.events, schema.snapshots)
                for row in connection.execute(sa.select(table.c.case_id, table.c.reader).distinct())
            }
        )


def _journal_step(store: StudyStore, case: str, reader: str) -> Callable[[], list[str]]:
    def look() -> list[str]:
        with store.database.reading() as connection:
            broken = chain_problems(connection, store.identity, case, reader)
            return broken or snapshot_problems(connection, case, reader)

    return look


def _series(store: StudyStore) -> Iterator[tuple[str, str, str, str]]:
    with store.database.reading() as connection:
        records = case_records(connection)
    for record in records:
        for visit in record.visits:
            for series in visit.series:
                yield record.case, visit.label, series.key, series.content_sha256


def _image_step(
    store: StudyStore, content_hash: ContentHash, case: str, visit: str, key: str, sha256: str
) -> Callable[[], list[str]]:
    def look() -> list[str]:
        try:
            now = content_hash(store.place_of(case, visit, key))
        except (GistImagingError, OSError):
            return [f"{case} {visit}: the images of a series are not where they were; import them again"]
        if now != sha256:
            return [f"{case} {visit}: the images of a series are others than those imported"]
        return []

    return look


def _link_problems(store: StudyStore) -> list[str]:
    covered = store.links.covered()
    known = {(case, visit, key) for case, visit, key, _ in _series(store)}
    missing = sorted({(case, visit) for case, visit, _ in known - covered})
    return [f"{case} {visit}: {LINK_FILE} does not say where a series lies" for case, visit in missing]


def _key_problems(store: StudyStore) -> list[str]:
    read_key(store.folder)
    return []


def _counts(store: StudyStore, *, images: bool) -> dict[str, int]:
    tables = (schema.cases, schema.events, schema.snapshots, schema.readings, schema.masks, schema.audit)
    try:
        with store.database.reading() as connection:
            counts = {
                table.name: int(
                    connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0
                )
                for table in tables
            }
    except GistImagingError:
        return {}
    n_series = sum(1 for _ in _series(store))
    return {**counts, "series": n_series, "image series": n_series if images else 0}
