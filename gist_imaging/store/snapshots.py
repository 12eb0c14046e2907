"""States of a case that were kept so that opening it need not replay everything; several generations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa

from gist_imaging.errors import GistImagingError
from gist_imaging.session.event import Event
from gist_imaging.session.snapshot import state_of
from gist_imaging.session.state import CaseState, replayed
from gist_imaging.store import schema
from gist_imaging.store.events import events_of

__all__ = ["GENERATIONS", "keep_snapshot", "last_state", "snapshot_problems"]

GENERATIONS: Final = 3
"""Snapshots kept of each reader and case; recovery that finds the newest damaged takes the one before."""

_table = schema.snapshots


def keep_snapshot(connection: sa.Connection, case: str, reader: str, seq: int, stored: bytes) -> None:
    """Keep the state after event `seq`, and let go of the oldest generation."""
    of = (_table.c.case_id == case, _table.c.reader == reader)
    connection.execute(_table.delete().where(*of, _table.c.seq >= seq))
    connection.execute(
        _table.insert().values(
            case_id=case,
            reader=reader,
            seq=seq,
            stored=stored,
            sha256=hashlib.sha256(stored).hexdigest(),
        )
    )
    kept = sa.select(_table.c.seq).where(*of).order_by(_table.c.seq.desc()).limit(GENERATIONS)
    connection.execute(_table.delete().where(*of, _table.c.seq.not_in(kept)))


def last_state(connection: sa.Connection, case: str, reader: str) -> CaseState:
    """Return the state after every event: the newest snapshot that is whole, and the events after it.

    Raises
    ------
    GistImagingError
        If an event is damaged that nothing can stand in for.
    """

    def asked(numbers: Sequence[int]) -> list[Event]:
        return events_of(connection, case, reader, only=numbers)

    for seq, stored, sha256 in _newest_first(connection, case, reader):
        state = _state(stored, sha256, asked)
        if state is not None and state.seq == seq:
            try:
                return replayed(events_of(connection, case, reader, after=seq), state)
            except GistImagingError:
                continue  # an earlier generation may still fit; the events themselves come last
    return replayed(events_of(connection, case, reader))


def snapshot_problems(connection: sa.Connection, case: str, reader: str) -> list[str]:
    """Return which snapshots differ from a replay of all events from the beginning."""
    kept = {seq: (stored, sha256) for seq, stored, sha256 in _newest_first(connection, case, reader)}
    events = events_of(connection, case, reader)
    problems = [
        f"{case}, {reader}: the snapshot after event {seq} has no such event"
        for seq in kept
        if not 0 <= seq <= len(events)
    ]
    by_number = {event.seq: event for event in events}
    replay = CaseState()
    for event in events:
        replay = replay.applying(event)
        if event.seq in kept:
            stored, sha256 = kept[event.seq]
            state = _state(stored, sha256, lambda numbers: [by_number[number] for number in numbers])
            if state is None:
                problems.append(f"{case}, {reader}: the snapshot after event {event.seq} is damaged")
            elif (state.sha256, _steps(state)) != (replay.sha256, _steps(replay)):
                problems.append(
                    f"{case}, {reader}: the snapshot after event {event.seq} differs from the replay"
                )
    return problems


def _steps(state: CaseState) -> tuple[list[int], list[int]]:
    return [event.seq for event in state.done], [event.seq for event in state.undone]


def _newest_first(connection: sa.Connection, case: str, reader: str) -> list[tuple[int, bytes, str]]:
    rows = connection.execute(
        sa.select(_table.c.seq, _table.c.stored, _table.c.sha256)
        .where(_table.c.case_id == case, _table.c.reader == reader)
        .order_by(_table.c.seq.desc())
    )
    return [(row.seq, row.stored, row.sha256) for row in rows]


def _state(
    stored: bytes, sha256: str, events: Callable[[Sequence[int]], Sequence[Event]]
) -> CaseState | None:
    """Return the state that a snapshot holds, or None where it is not whole."""
    if hashlib.sha256(stored).hexdigest() != sha256:
        return None
    try:
        return state_of(stored, events)
    except (GistImagingError, KeyError):
        return None
