"""The events of one reader on one case: appended in a chain of hashes, each verified when read back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gist_imaging.errors import GistImagingError, StoreError
from gist_imaging.session.event import Event
from gist_imaging.store import schema

__all__ = ["Tail", "add_events", "chain_problems", "chain_start", "chained", "events_of", "tail_of"]

_ASKED_AT_ONCE: Final = 500

_table = schema.events


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a chain: number and hash of its last event; 0 and the start's hash where there is none."""

    seq: int
    sha256: str


def chain_start(study: str, case: str, reader: str) -> str:
    """Return the hash that the first event follows; no two chains share it."""
    return hashlib.sha256(f"gist_imaging events/{study}/{case}/{reader}".encode()).hexdigest()


def chained(previous: str, seq: int, at_utc: str, payload: bytes) -> str:
    """Return the hash of an event that follows the one of hash `previous`."""
    digest = hashlib.sha256(f"{previous}\n{seq}\n{at_utc}\n".encode())
    digest.update(payload)
    return digest.hexdigest()


def tail_of(connection: sa.Connection, study: str, case: str, reader: str) -> Tail:
    """Return where the chain of a reader on a case ends."""
    row = connection.execute(
        sa.select(_table.c.seq, _table.c.sha256)
        .where(*_of(case, reader))
        .order_by(_table.c.seq.desc())
        .limit(1)
    ).first()
    return Tail(0, chain_start(study, case, reader)) if row is None else Tail(row.seq, row.sha256)


def add_events(
    connection: sa.Connection, tail: Tail, case: str, reader: str, events: Sequence[Event]
) -> Tail:
    """Append `events` to the chain that ends at `tail`; return its new end.

    Events that are there already, byte for byte, are passed over: a write whose success was not heard of is
    tried again.

    Raises
    ------
    StoreError
        If they do not follow.
    """
    for event in events:
        payload = event.to_bytes()
        if event.seq <= tail.seq:
            if _stored(connection, case, reader, event.seq) != (event.at_utc, payload):
                raise _other_journal(event.seq)
            continue
        if event.seq != tail.seq + 1:
            raise _other_journal(event.seq)
        sha256 = chained(tail.sha256, event.seq, event.at_utc, payload)
        connection.execute(
            _table.insert().values(
                case_id=case,
                reader=reader,
                seq=event.seq,
                at_utc=event.at_utc,
                kind=event.kind,
                payload=payload,
                previous=tail.sha256,
                sha256=sha256,
            )
        )
        tail = Tail(event.seq, sha256)
    return tail


def events_of(
    connection: sa.Connection,
    case: str,
    reader: str,
    *,
    after: int = 0,
    only: Sequence[int] | None = None,
) -> list[Event]:
    """Return the events after number `after`, or those of the numbers `only`, in the order of these.

    Raises
    ------
    StoreError
        If one of them is missing, or does not have its hash.
    """
    if only is None:
        rows = connection.execute(
            sa.select(_table).where(*_of(case, reader), _table.c.seq > after).order_by(_table.c.seq)
        ).all()
        return [_event(row) for row in rows]
    found: dict[int, Event] = {}
    for start in range(0, len(only), _ASKED_AT_ONCE):
        asked = only[start : start + _ASKED_AT_ONCE]
        for row in connection.execute(
            sa.select(_table).where(*_of(case, reader), _table.c.seq.in_(list(asked)))
        ):
            found[row.seq] = _event(row)
    if missing := [seq for seq in only if seq not in found]:
        raise _damaged(missing[0])
    return [found[seq] for seq in only]


def chain_problems(connection: sa.Connection, study: str, case: str, reader: str) -> list[str]:
    """Return where the chain of a reader on a case is broken."""
    problems = []
    tail = Tail(0, chain_start(study, case, reader))
    for row in connection.execute(sa.select(_table).where(*_of(case, reader)).order_by(_table.c.seq)):
        if row.seq != tail.seq + 1 or row.previous != tail.sha256:
            problems.append(f"{case}, {reader}: event {row.seq} does not follow event {tail.seq}")
        elif row.sha256 != chained(row.previous, row.seq, row.at_utc, row.payload):
            problems.append(f"{case}, {reader}: event {row.seq} was changed")
        elif _event(row).kind != row.kind:
            problems.append(f"{case}, {reader}: event {row.seq} is listed as another kind")
        tail = Tail(row.seq, row.sha256)
    return problems


def _of(case: str, reader: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return _table.c.case_id == case, _table.c.reader == reader


def _event(row: sa.Row[Any]) -> Event:
    if row.sha256 != chained(row.previous, row.seq, row.at_utc, row.payload):
        raise _damaged(row.seq)
    return Event.from_bytes(row.payload, row.seq, row.at_utc)


def _stored(connection: sa.Connection, case: str, reader: str, seq: int) -> tuple[str, bytes] | None:
    row = connection.execute(
        sa.select(_table.c.at_utc, _table.c.payload).where(*_of(case, reader), _table.c.seq == seq)
    ).first()
    return None if row is None else (row.at_utc, row.payload)


def _other_journal(seq: int) -> GistImagingError:
    return StoreError(
        "other_journal",
        f"action {seq} does not follow what the study holds: the study was put back to another state while "
        "the case was open; your last actions are kept in memory; put the newer study back, or close the "
        "case without them",
    )


def _damaged(seq: int) -> GistImagingError:
    return StoreError(
        "damaged",
        f"event {seq} of the journal is missing or was changed; run `gist-imaging study verify`, then "
        "restore the last backup if it says so",
    )
