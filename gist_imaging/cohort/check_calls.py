"""What a reader's words and the numbers of the pelvis cannot be, row by row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gist_imaging.cohort.calls import components_of
from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS
from gist_imaging.cohort.problem import CohortProblem, clinical_problem
from gist_imaging.study.call_rules import FINDINGS_RULES, RELATION_RULES, broken
from gist_imaging.study.codes import LevatorComponent

__all__ = ["call_problems"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

_RELATION_KEY = ("lesion_id", "timepoint_id", "reader_id", "side")
_FINDINGS_KEY = ("lesion_id", "timepoint_id", "reader_id")
# End points are rounded between the measurement and the table.
LENGTH_TOLERANCE_MM = 1e-5


def call_problems(rows: Rows) -> list[CohortProblem]:
    """Return calls that contradict themselves, and numbers of the pelvis that do not fit their place."""
    return [*_relations(rows), *_findings(rows), *_numbers(rows)]


def _relations(rows: Rows) -> list[CohortProblem]:
    found = []
    order = [word.value for word in LevatorComponent]
    for row in rows["levator_relations"]:
        key = _name(row, _RELATION_KEY)
        named = components_of(row["components"])
        call = {**row, "components": None if named is None else frozenset(named)}
        found += [
            clinical_problem("levator_relations", rule.code.lower(), key, rule.field, rule.message)
            for rule in broken(RELATION_RULES, call, refusing=True)
        ]
        known = [name for name in order if named is not None and name in named]
        if named is not None and set(named) <= set(order) and named != known:
            found.append(
                clinical_problem(
                    "levator_relations",
                    "order_of_components",
                    key,
                    "components",
                    "expected each muscle once, in the order of the list",
                )
            )
    return found


def _findings(rows: Rows) -> list[CohortProblem]:
    return [
        clinical_problem(
            "pelvic_findings", rule.code.lower(), _name(row, _FINDINGS_KEY), rule.field, rule.message
        )
        for row in rows["pelvic_findings"]
        for rule in broken(FINDINGS_RULES, row, refusing=True)
    ]


def _numbers(rows: Rows) -> list[CohortProblem]:
    found = []
    for row in rows["measurements"]:
        entry = PELVIC_MEASUREMENTS.get(row["name"])
        if entry is None and row["side"] is row["value_low"] is row["value_high"] is None:
            continue
        key = str(row["measurement_id"])
        if (row["side"] is not None) != (entry is not None and entry.of_side):
            message = "expected a side just where the number is of the levator ani"
            found.append(clinical_problem("measurements", "side", key, "side", message))
        interval = [row[name] for name in ("value_low", "value", "value_high") if row[name] is not None]
        if interval != sorted(interval) or (row["value"] is None and interval):
            message = "expected value_low ≤ value ≤ value_high, and no interval without a value"
            found.append(clinical_problem("measurements", "interval", key, "value", message))
        if entry is not None:
            expected = f"expected {entry.range_in_words()}"
            found += [
                clinical_problem("measurements", "out_of_range", key, name, expected)
                for name in ("value", "value_low", "value_high")
                if row[name] is not None and entry.excludes(row[name])
            ]
            found += _ends_of(row, key)
    return found


def _ends_of(row: Row, key: str) -> list[CohortProblem]:
    one, other = ([row[f"end{end}_{axis}_mm"] for axis in "xyz"] for end in (1, 2))
    if row["value"] is None or None in (*one, *other):
        return []
    if math.isclose(math.dist(one, other), abs(row["value"]), rel_tol=1e-9, abs_tol=LENGTH_TOLERANCE_MM):
        return []
    return [
        clinical_problem(
            "measurements", "end_points", key, "value", "expected the distance of its end points, or minus it"
        )
    ]


def _name(row: Row, names: Sequence[str]) -> str:
    return "|".join(str(row[name]) for name in names)
