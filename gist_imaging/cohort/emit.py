"""What the specification becomes: Table Schema, Parquet types, pandas types, data dictionary, code lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gist_imaging.cohort.codes import CODELISTS
from gist_imaging.cohort.measured_names import MEASURED_NAMES
from gist_imaging.cohort.records import SCHEMA_VERSION
from gist_imaging.cohort.spec import Column, Table, tables
from gist_imaging.study.codes import VOCABULARIES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "PANDAS_TYPES",
    "arrow_schema",
    "codelist_rows",
    "data_dictionary",
    "plain_rows",
    "schema_changelog",
    "table_schema",
    "typed_frame",
]

PANDAS_TYPES = {
    "string": "string",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "string",
}


def table_schema(table: Table) -> dict[str, Any]:
    """Return the Frictionless Table Schema (Data Package v2) of `table`."""
    schema: dict[str, Any] = {
        "fields": [_field(column, key=column.name in table.primary_key) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.primary_key),
    }
    if table.foreign_keys:
        schema["foreignKeys"] = [
            {
                "fields": list(key.columns),
                "reference": {"resource": key.table, "fields": list(key.target)},
            }
            for key in table.foreign_keys
        ]
    return schema


def _field(column: Column, *, key: bool) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.required or key:
        constraints["required"] = True
    if column.allowed is not None:
        constraints["enum"] = list(column.allowed)
    if column.text_pattern is not None:
        constraints["pattern"] = f"^(?:{column.text_pattern})$"
    whole = column.type == "integer"
    for name, bound in (("minimum", column.minimum), ("maximum", column.maximum)):
        if bound is not None:
            constraints[name] = int(bound) if whole else bound
    described: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "description": column.description,
    }
    if column.unit:
        described["unit"] = column.unit
    if column.codes:
        described["codelist"] = column.codes
    if constraints:
        described["constraints"] = constraints
    return described


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Parquet types of `table`."""
    import pyarrow as pa

    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    return pa.schema(
        [pa.field(column.name, kinds[column.type], nullable=not column.required) for column in table.columns]
    )


def typed_frame(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return `rows` as a frame with the columns and types of `table`, sorted by its key."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            column.name: pd.Series([row.get(column.name) for row in rows], dtype=PANDAS_TYPES[column.type])
            for column in table.columns
        }
    )
    return frame.sort_values(list(table.primary_key), kind="stable", ignore_index=True)


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` as plain values, None where a value is missing."""
    columns = {
        str(name): [None if missing else value for value, missing in zip(held.tolist(), gone, strict=True)]
        for (name, held), gone in zip(frame.items(), frame.isna().to_numpy().T, strict=True)
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def codelist_rows() -> list[dict[str, Any]]:
    """Return the rows of the table `codelists`."""
    codes = {(name, word.value): word.code for name, held in VOCABULARIES.items() for word in held.words}
    return [
        {
            "list": name,
            "code": code,
            "description": description,
            "unit": MEASURED_NAMES[code].unit if name == "measurement" else None,
            "coding_scheme": codes[name, code].scheme if (name, code) in codes else None,
            "code_value": codes[name, code].value if (name, code) in codes else None,
        }
        for name, words in CODELISTS.items()
        for code, description in words.items()
    ]


def data_dictionary() -> str:
    """Return the data dictionary as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        f"Cohort format {SCHEMA_VERSION}. Generated from the table specification; the same facts are in "
        "`datapackage.json`.",
        "An empty cell is a missing value. Research use only.",
    ]
    for table in tables():
        lines += [
            "",
            f"## {table.name}",
            "",
            table.description,
            "",
            f"Key: {', '.join(f'`{name}`' for name in table.primary_key)}.",
        ]
        lines += [f"`{', '.join(key.columns)}` is found in `{key.table}`." for key in table.foreign_keys]
        lines += ["", "| column | type | unit | required | allowed | meaning |", "|---|---|---|---|---|---|"]
        lines += [_dictionary_row(column) for column in table.columns]
    lines += ["", "## Words", "", "| list | word | unit | meaning | code |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['list']} | `{row['code']}` | {row['unit'] or ''} | {_cell(row['description'])} "
        f"| {_coded(row)} |"
        for row in codelist_rows()
    ]
    return "\n".join([*lines, ""])


def _dictionary_row(column: Column) -> str:
    allowed = f"list {column.codes}" if column.codes else ""
    if column.text_pattern and column.pattern:
        allowed = f"`{column.pattern}`"
    bounds = [
        f"{sign} {bound:g}"
        for sign, bound in (("≥", column.minimum), ("≤", column.maximum))
        if bound is not None
    ]
    allowed = allowed or ", ".join(bounds)
    required = "yes" if column.required else ""
    return (
        f"| `{column.name}` | {column.type} | {column.unit or ''} | {required} | {_cell(allowed)} "
        f"| {_cell(column.description)} |"
    )


def _coded(row: dict[str, Any]) -> str:
    return f"{row['coding_scheme']} {row['code_value']}" if row["code_value"] else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def schema_changelog() -> str:
    """Return the history of the format, which every cohort folder carries."""
    return (
        "# Changes of the cohort format\n"
        "\n"
        "A new column or word is a minor version, a changed or removed one a major version.\n"
        "Readers refuse a newer major version.\n"
        "\n"
        "## 1.2.0\n"
        "\n"
        "New table relation_changes. New column measurements.notes. New names of measurements: "
        "distance_anorectal_junction_nearest and "
        "lower_edge_above_pcl. New word relation of the list stage: a row of failures whose lesion was "
        "measured and whose relation to the levator ani was not.\n"
        "\n"
        "## 1.1.0\n"
        "\n"
        "New tables levator_relations and pelvic_findings. New columns: measurements.side, value_low and "
        "value_high; codelists.coding_scheme and code_value; analysis_patient.levator_displaced, "
        "sphincter_invasion (each with _status, _post and _post_status), distance_anal_verge_mm and "
        "dav_method. New names of measurements, of tumour and levator ani.\n"
        "\n"
        "## 1.0.0\n"
        "\n"
        "First version: patients, timepoints, series, lesions, readers, segmentations, measurements, "
        "responses, failures, codelists, analysis_patient.\n"
    )
