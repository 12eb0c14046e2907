"""The files of a cohort folder as bytes: tables, schema, dictionary; equal frames give equal bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from gist_imaging._version import __version__
from gist_imaging.cohort.csv_text import csv_text
from gist_imaging.cohort.emit import (
    arrow_schema,
    data_dictionary,
    plain_rows,
    schema_changelog,
    table_schema,
    typed_frame,
)
from gist_imaging.cohort.records import SCHEMA_VERSION, StudyFacts
from gist_imaging.cohort.spec import Table, tables
from gist_imaging.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COHORT_FILE",
    "DOCUMENTS",
    "PACKAGE_FILE",
    "check_tables_of",
    "check_version",
    "csv_path",
    "frame_from_parquet",
    "package_files",
    "parquet_bytes",
    "parquet_path",
    "study_from_json",
]

COHORT_FILE = "cohort.json"
PACKAGE_FILE = "datapackage.json"
DOCUMENTS = ("DATA_DICTIONARY.md", "CHANGELOG.md")
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


def csv_path(name: str) -> str:
    """Return where the CSV of a table lies in the folder."""
    return f"tables/csv/{name}.csv"


def parquet_path(name: str) -> str:
    """Return where the Parquet file of a table lies in the folder."""
    return f"tables/parquet/{name}.parquet"


def package_files(frames: Mapping[str, pd.DataFrame], study: StudyFacts, uid_key: str) -> dict[str, bytes]:
    """Return every hashed file of the folder by its path, `datapackage.json` last.

    Parameters
    ----------
    uid_key : name of the key that re-rooted the UIDs
    """
    files: dict[str, bytes] = {}
    resources = []
    for table in tables():
        as_csv = csv_text(frames[table.name], table).encode("utf-8")
        as_parquet = parquet_bytes(frames[table.name], table)
        files[csv_path(table.name)] = as_csv
        files[parquet_path(table.name)] = as_parquet
        resources.append(_resource(table, as_csv, as_parquet))
    files["DATA_DICTIONARY.md"] = data_dictionary().encode("utf-8")
    files["CHANGELOG.md"] = schema_changelog().encode("utf-8")
    files[COHORT_FILE] = _json(
        {
            **asdict(study),
            "time_unit": "day",
            "time_origin": "per patient: imatinib start, else surgery, else first scan (patients.t0_event)",
            "uid_key": uid_key,
            "software": "gist_imaging",
            "software_version": __version__,
            "use": "research use only",
        }
    )
    documents = [{"path": path, **_digest(files[path])} for path in (*DOCUMENTS, COHORT_FILE)]
    files[PACKAGE_FILE] = _json(
        {
            "$schema": PROFILE,
            "name": study.study_id.lower(),
            "title": study.title,
            "version": SCHEMA_VERSION,
            "description": "Lesions measured on imaging and response to treatment. Research use only.",
            "resources": resources,
            "documents": documents,
        }
    )
    return files


def _resource(table: Table, as_csv: bytes, as_parquet: bytes) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": "table",
        "description": table.description,
        "path": csv_path(table.name),
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **_digest(as_csv),
        "dialect": {
            "delimiter": ",",
            "lineTerminator": "\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
        },
        "schema": table_schema(table),
        "parquet": {"path": parquet_path(table.name), **_digest(as_parquet)},
    }


def _digest(content: bytes) -> dict[str, Any]:
    return {"hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "bytes": len(content)}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def parquet_bytes(frame: pd.DataFrame, table: Table) -> bytes:
    """Return `frame` as a Parquet file (zstd)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = plain_rows(frame)
    schema = arrow_schema(table)
    arrays = []
    for column in table.columns:
        values = [row[column.name] for row in rows]
        if column.type == "date":
            values = [None if value is None else date.fromisoformat(value) for value in values]
        arrays.append(pa.array(values, type=schema.field(column.name).type))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def frame_from_parquet(content: bytes, table: Table) -> pd.DataFrame:
    """Return the frame that a Parquet file holds by the types of `table`.

    Raises
    ------
    TableError
        If the file is not Parquet or holds other columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        held = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise TableError(table.name, (f"expected a Parquet file, found something else; {error}",)) from error
    if not held.schema.equals(arrow_schema(table)):
        raise TableError(table.name, ("expected the Parquet columns of the format, found others",))
    rows = held.to_pylist()
    for column in table.columns:
        if column.type == "date":
            for row in rows:
                row[column.name] = None if row[column.name] is None else row[column.name].isoformat()
    return typed_frame(table, rows)


def study_from_json(content: bytes) -> StudyFacts:
    """Return the facts that `cohort.json` holds.

    Raises
    ------
    TableError
        If it is not ours, or of a newer major version of the format.
    """
    try:
        held = json.loads(content)
        check_version(str(held["schema_version"]))
        return StudyFacts(
            study_id=held["study_id"],
            title=held["title"],
            date_policy=held["date_policy"],
            criteria=tuple(held["criteria"]),
            primary_reader=held["primary_reader"],
            schema_version=held["schema_version"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(
            COHORT_FILE,
            ("expected the facts of a cohort, found others; is this a folder that gist-imaging wrote?",),
        ) from error


def check_version(version: str) -> None:
    """Refuse a newer major version of the format.

    Raises
    ------
    TableError
        If its major version is above ours, or it is no version.
    """
    major = version.split(".", maxsplit=1)[0]
    ours = SCHEMA_VERSION.split(".", maxsplit=1)[0]
    if not major.isdecimal() or int(major) > int(ours):
        raise TableError(
            COHORT_FILE,
            (f"expected schema_version up to {ours}.x, found a newer one; install a newer gist-imaging",),
        )


def check_tables_of(version: str) -> None:
    """Refuse a folder of an earlier version, whose tables lack what later ones added.

    Raises
    ------
    TableError
        If it is not of our minor version; says how to renew it.
    """
    if _minor(version) != _minor(SCHEMA_VERSION):
        raise TableError(
            COHORT_FILE,
            (
                f"expected the tables of schema_version {SCHEMA_VERSION}, found those of another one; run "
                "gist-imaging batch again with the same manifest and folder: it adds what is missing",
            ),
        )


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])
