"""Second layer of validation: what a row points at exists, belongs to the same patient, and is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gist_imaging.cohort.check_schema import row_names
from gist_imaging.cohort.emit import codelist_rows
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.spec import Table, table_named, tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["key_problems"]

_USED_IN = (
    ("patients", "patient_id", ("timepoints",)),
    ("timepoints", "timepoint_id", ("segmentations", "failures")),
    ("series", "series_id", ("segmentations",)),
    ("lesions", "lesion_id", ("segmentations", "failures")),
    ("readers", "reader_id", ("segmentations", "failures")),
    ("segmentations", "segmentation_id", ("measurements",)),
)
"""Rows that something must point at: a visit without a mask or a failure is a row that got lost."""

_WORD = ("list", "code", "coding_scheme", "code_value")
"""What must be as the format has it."""


def key_problems(frames: Mapping[str, pd.DataFrame]) -> list[CohortProblem]:
    """Return dangling references, unused rows, references across patients and unlisted words."""
    found = []
    for table in tables():
        found += _dangling(frames, table)
        found += _of_another_patient(frames, table)
    for name, key, users in _USED_IN:
        used = set().union(*(frames[user][key].dropna().tolist() for user in users))
        frame = frames[name]
        unused = ~frame[key].isin(used).to_numpy(dtype=bool)
        names = row_names(frame, table_named(name))
        found += [
            CohortProblem(
                "referential",
                name,
                "unused",
                names[row],
                key,
                f"expected it in {' or '.join(users)}, found nowhere",
            )
            for row in np.flatnonzero(unused)
        ]
    held = frames["codelists"][list(_WORD)].fillna("")
    listed = set(held.itertuples(index=False, name=None))
    known = {tuple(row[name] or "" for name in _WORD) for row in codelist_rows()}
    found += [
        CohortProblem(
            "referential",
            "codelists",
            "codelist",
            "|".join(word),
            "",
            "expected the words of the format, with their codes",
        )
        for word in sorted({word[:2] for word in listed ^ known})
    ]
    return found


def _dangling(frames: Mapping[str, pd.DataFrame], table: Table) -> list[CohortProblem]:
    frame = frames[table.name]
    names = row_names(frame, table)
    found = []
    for key in table.foreign_keys:
        (column,), (target,) = key.columns, key.target
        lost = (
            ~frame[column].isin(frames[key.table][target]).to_numpy(dtype=bool)
            & frame[column].notna().to_numpy()
        )
        found += [
            CohortProblem(
                "referential",
                table.name,
                "dangling_key",
                names[row],
                column,
                f"expected it in {key.table}, found none",
            )
            for row in np.flatnonzero(lost)
        ]
    return found


def _of_another_patient(frames: Mapping[str, pd.DataFrame], table: Table) -> list[CohortProblem]:
    frame = frames[table.name]
    if "patient_id" not in frame.columns:
        return []
    names = row_names(frame, table)
    found = []
    for key in table.foreign_keys:
        parent = frames[key.table]
        if key.table in ("patients", "readers") or "patient_id" not in parent.columns:
            continue
        (column,), (target,) = key.columns, key.target
        owner = dict(zip(parent[target].tolist(), parent["patient_id"].tolist(), strict=True))
        for row, (pointed, patient) in enumerate(
            zip(frame[column].tolist(), frame["patient_id"].tolist(), strict=True)
        ):
            if isinstance(pointed, str) and owner.get(pointed, patient) != patient:
                found.append(
                    CohortProblem(
                        "referential",
                        table.name,
                        "other_patient",
                        names[row],
                        column,
                        "expected a row of the same patient",
                    )
                )
    return found
