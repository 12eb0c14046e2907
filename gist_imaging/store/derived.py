"""Values computed from readings, kept by the hashes of all that went in; they may be computed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from gist_imaging._version import __version__
from gist_imaging.provenance import canonical_json, sha256_of
from gist_imaging.store import schema

__all__ = ["derived_value", "put_derived"]

_table = schema.derived


def put_derived(
    connection: sa.Connection,
    case: str,
    name: str,
    reading_sha256: str,
    inputs: Mapping[str, str],
    value: Any,
) -> None:
    """Keep a value; one of the same inputs is replaced."""
    digest = _inputs_hash(inputs)
    connection.execute(
        _table.delete().where(
            _table.c.case_id == case, _table.c.name == name, _table.c.inputs_sha256 == digest
        )
    )
    connection.execute(
        _table.insert().values(
            case_id=case,
            name=name,
            inputs_sha256=digest,
            reading_sha256=reading_sha256,
            value=canonical_json(value),
        )
    )


def derived_value(connection: sa.Connection, case: str, name: str, inputs: Mapping[str, str]) -> Any | None:
    """Return the value that this version of the program computed from these inputs, or None."""
    row = connection.execute(
        sa.select(_table.c.value).where(
            _table.c.case_id == case,
            _table.c.name == name,
            _table.c.inputs_sha256 == _inputs_hash(inputs),
        )
    ).first()
    return None if row is None else json.loads(row.value)


def _inputs_hash(inputs: Mapping[str, str]) -> str:
    # Another version may compute another number from the same inputs.
    return sha256_of([__version__, dict(inputs)])
