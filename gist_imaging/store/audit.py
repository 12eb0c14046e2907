"""The trail of what was done to a study: rows never changed, each with the hash of the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gist_imaging.cohort.privacy import tells_too_much
from gist_imaging.cohort.records import SHA256
from gist_imaging.errors import StoreError
from gist_imaging.provenance import canonical_json, sha256_of
from gist_imaging.session.open_case import utc_now
from gist_imaging.store import schema

__all__ = ["AuditRow", "Detail", "add_audit", "audit_head", "audit_problems", "audit_rows", "said_here"]

Detail = str | int | float | bool | None

_table = schema.audit


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that was done.

    Parameters
    ----------
    number : from 1
    name : such as import, role_changed or export; words and underscores
    details : pseudonyms, counts, hashes, reasons
    """

    number: int
    at_utc: str
    name: str
    details: Mapping[str, Any]
    sha256: str


def said_here(text: str, what: str) -> str:
    """Return words of a person that are kept in study.sqlite.

    Raises
    ------
    StoreError
        If they are missing, or look as if they held a date, path, address, person's name or UID.
    """
    words = " ".join(text.split())
    if not words:
        raise StoreError("words", f"{what} is needed, none was given; say it in a few words")
    if tells_too_much(words):
        raise StoreError(
            "words",
            f"{what} is kept with the study, which holds no dates, paths, names, addresses or UIDs; this one "
            "seems to hold one; say it otherwise",
        )
    return words


def add_audit(connection: sa.Connection, name: str, details: Mapping[str, Detail]) -> None:
    """Add a row; text that looks like a date, path, name or UID is kept as its hash only."""
    head = audit_head(connection)
    at_utc = utc_now()
    kept = {key: _discreet(value) for key, value in sorted(details.items())}
    connection.execute(
        _table.insert().values(
            at_utc=at_utc,
            name=name,
            details=canonical_json(kept),
            previous=head,
            sha256=_row_hash(head, at_utc, name, kept),
        )
    )


def audit_head(connection: sa.Connection) -> str:
    """Return the hash of the last row, which stands for the whole trail; 64 zeros before the first."""
    row = connection.execute(sa.select(_table.c.sha256).order_by(_table.c.id.desc()).limit(1)).first()
    return "0" * 64 if row is None else str(row.sha256)


def audit_rows(connection: sa.Connection) -> tuple[AuditRow, ...]:
    """Return everything that was done, in order."""
    return tuple(
        AuditRow(row.id, row.at_utc, row.name, json.loads(row.details), row.sha256)
        for row in connection.execute(sa.select(_table).order_by(_table.c.id))
    )


def audit_problems(connection: sa.Connection) -> list[str]:
    """Return where the trail is broken."""
    problems = []
    head = "0" * 64
    for row in connection.execute(sa.select(_table).order_by(_table.c.id)):
        if row.previous != head:
            problems.append(f"audit trail: row {row.id} does not follow the one before")
        elif row.sha256 != _row_hash(row.previous, row.at_utc, row.name, json.loads(row.details)):
            problems.append(f"audit trail: row {row.id} was changed")
        head = row.sha256
    return problems


def _row_hash(previous: str, at_utc: str, name: str, details: Mapping[str, Any]) -> str:
    return sha256_of([previous, at_utc, name, dict(details)])


def _discreet(value: Detail) -> Detail:
    is_hash = isinstance(value, str) and SHA256.fullmatch(value)
    if isinstance(value, str) and not is_hash and tells_too_much(value):
        return f"sha256:{sha256_of(value)}"
    return value
