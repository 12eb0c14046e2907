"""The cases of a study as one reader's list of work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from gist_imaging.store import schema
from gist_imaging.store.case_journal import was_interrupted
from gist_imaging.store.case_table import case_records
from gist_imaging.store.records import CaseRecord, StudySettings, WorklistRow

__all__ = ["worklist"]


@dataclass(frozen=True, slots=True)
class _Done:
    n_events: int = 0
    n_acts: int = 0
    last_utc: str = ""


def worklist(
    connection: sa.Connection,
    settings: StudySettings,
    reader: str,
    is_open: Callable[[str], bool],
) -> tuple[WorklistRow, ...]:
    """Return every case in the reader's order.

    The order is that of import; in a blinded study each reader has another one, which stays.

    Parameters
    ----------
    is_open : whether a window has the case open for this reader now
    """
    events, readings = schema.events, schema.readings
    done = {
        row.case_id: _Done(row.n, row.acts or 0, row.last)
        for row in connection.execute(
            sa.select(
                events.c.case_id,
                sa.func.count().label("n"),
                sa.func.sum(sa.case((events.c.kind != "view", 1), else_=0)).label("acts"),
                sa.func.max(events.c.at_utc).label("last"),
            )
            .where(events.c.reader == reader)
            .group_by(events.c.case_id)
        )
    }
    committed = {
        row.case_id
        for row in connection.execute(sa.select(readings.c.case_id).where(readings.c.reader == reader))
    }
    records = case_records(connection)
    if settings.blinded:
        records = tuple(sorted(records, key=lambda record: _shuffled(settings, reader, record.case)))
    return tuple(
        _row(
            position,
            record,
            done.get(record.case, _Done()),
            is_committed=record.case in committed,
            interrupted=was_interrupted(connection, record.case, reader) and not is_open(record.case),
        )
        for position, record in enumerate(records, start=1)
    )


def _row(
    position: int, record: CaseRecord, done: _Done, *, is_committed: bool, interrupted: bool
) -> WorklistRow:
    if is_committed:
        status = "committed"
    elif record.blocked:
        status = "blocked"
    else:
        status = "draft" if done.n_acts else "not_started"
    flags = ((f"blocked: {record.blocked}",) if record.blocked else ()) + record.problems
    measured = {one.modality for visit in record.visits for one in visit.series if one.key == visit.measured}
    return WorklistRow(
        position,
        record.case,
        tuple(visit.label for visit in record.visits),
        ", ".join(sorted(measured)),
        status,
        flags,
        done.last_utc,
        interrupted,
        done.n_events,
    )


def _shuffled(settings: StudySettings, reader: str, case: str) -> bytes:
    return hashlib.sha256(f"{settings.order_seed}/{reader}/{case}".encode()).digest()
