"""A reader's words as yes or no: the binary columns of `analysis_patient`, each with the rows it rests on.

These binarisations are ours; the definition of Cheong et al. (PLoS One 2022;17(9):e0270887) is unknown.
`docs/reader_calls.md` holds the same rules as a table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gist_imaging.study.codes import LevatorDisplacement, Side, SphincterDepth

__all__ = [
    "BINARY_RULES",
    "BinaryCall",
    "binary_calls",
    "call_columns",
    "calls_by_place",
    "explain",
    "levator_displaced",
    "sphincter_invaded",
]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

# Ours: displaced from `mild` on (inclusive), the cut >= 1 of the three axes that adjudication uses too.
DISPLACED = (LevatorDisplacement.MILD, LevatorDisplacement.MARKED)
# Ours: invaded from `internal` on (inclusive).
SPHINCTER_INVADED = (
    SphincterDepth.INTERNAL,
    SphincterDepth.INTERSPHINCTERIC_PLANE,
    SphincterDepth.EXTERNAL,
)

CALLED = "called"
NOT_ASSESSABLE = "not_assessable"
NOT_ASKED = "not_asked"

BINARY_RULES = {
    "levator_displaced": (
        "true if displacement is mild or marked on any side (the worst side counts); false if it is none on "
        "L, R and midline; else empty: a side that was not asked or not assessable may be displaced"
    ),
    "sphincter_invasion": (
        "true if sphincter_depth is internal, intersphincteric_plane or external; false if none; else empty: "
        "not asked, not_assessable or absent"
    ),
}
"""The rules in words; of lesion_id, by reader_id, at one visit."""


@dataclass(frozen=True, slots=True)
class BinaryCall:
    """An answer and what it rests on.

    Parameters
    ----------
    value : None where the words give none
    status : called, not_assessable or not_asked
    words : (key of the row, column, word) of everything that was looked at; None: an empty cell
    """

    value: bool | None
    status: str
    words: tuple[tuple[str, str, str | None], ...] = ()


def levator_displaced(relations: Iterable[Row]) -> BinaryCall:
    """Return whether the levator ani is displaced, from the rows of one lesion, visit and reader.

    >>> levator_displaced([]).status
    'not_asked'
    """
    by_side = {row["side"]: row for row in relations}
    words = tuple(
        (_key(row, "side"), "displacement", row["displacement"])
        for side in Side
        if (row := by_side.get(side.value)) is not None
    )
    said = {word for _, _, word in words}
    if said & set(DISPLACED):
        return BinaryCall(True, CALLED, words)
    if LevatorDisplacement.NOT_ASSESSABLE in said:
        return BinaryCall(None, NOT_ASSESSABLE, words)
    if len(words) < len(Side) or None in said:
        return BinaryCall(None, NOT_ASKED, words)
    return BinaryCall(False, CALLED, words)


def sphincter_invaded(findings: Iterable[Row]) -> BinaryCall:
    """Return whether the anal sphincter is invaded, from the one or no row of a lesion, visit and reader."""
    row = next(iter(findings), None)
    if row is None:
        return BinaryCall(None, NOT_ASKED)
    depth = row["sphincter_depth"]
    words = ((_key(row), "sphincter_depth", depth),)
    if depth is None:
        return BinaryCall(None, NOT_ASKED, words)
    if depth in SPHINCTER_INVADED:
        return BinaryCall(True, CALLED, words)
    if depth == SphincterDepth.NONE:
        return BinaryCall(False, CALLED, words)
    return BinaryCall(None, NOT_ASSESSABLE, words)


def _key(row: Row, *more: str) -> str:
    return "|".join(str(row[name]) for name in ("lesion_id", "timepoint_id", "reader_id", *more))


Place = tuple[str, str, str | None, str]
"""Table, lesion, visit and reader."""


def calls_by_place(rows: Rows) -> dict[Place, list[Row]]:
    """Return the rows of both tables of words, grouped by what they are about and by whom."""
    grouped: dict[Place, list[Row]] = defaultdict(list)
    for name in ("levator_relations", "pelvic_findings"):
        for row in rows[name]:
            grouped[(name, row["lesion_id"], row["timepoint_id"], row["reader_id"])].append(row)
    return grouped


def binary_calls(
    calls: Mapping[Place, list[Row]], lesion_id: str, timepoint_id: str | None, reader_id: str
) -> dict[str, BinaryCall]:
    """Return the answer of each rule of `BINARY_RULES`, from the rows by place."""
    place = (lesion_id, timepoint_id, reader_id)
    return {
        "levator_displaced": levator_displaced(calls.get(("levator_relations", *place), [])),
        "sphincter_invasion": sphincter_invaded(calls.get(("pelvic_findings", *place), [])),
    }


def call_columns(
    calls: Mapping[Place, list[Row]], lesion_id: str, pre: str, post: str | None, reader_id: str
) -> Row:
    """Return the columns of `analysis_patient` that come from words: at baseline, and at the later visit."""
    columns: Row = {}
    for timepoint_id, suffix in ((pre, ""), (post, "_post")):
        for name, call in binary_calls(calls, lesion_id, timepoint_id, reader_id).items():
            columns |= {f"{name}{suffix}": call.value, f"{name}{suffix}_status": call.status}
    height = next(iter(calls.get(("pelvic_findings", lesion_id, pre, reader_id), [])), {})
    return columns | {name: height.get(name) for name in ("distance_anal_verge_mm", "dav_method")}


def explain(rows: Rows, patient_id: str, column: str) -> BinaryCall:
    """Return why a binary column of `analysis_patient` holds what it holds for a patient.

    Parameters
    ----------
    column : levator_displaced, sphincter_invasion, or one of them with _post

    Raises
    ------
    KeyError
        If there is no such column, or no such patient in `analysis_patient`.
    """
    name = column.removesuffix("_post")
    if name not in BINARY_RULES:
        raise KeyError(column)
    row = next((held for held in rows["analysis_patient"] if held["patient_id"] == patient_id), None)
    if row is None:
        raise KeyError(patient_id)
    visit = row["post_timepoint_id" if column.endswith("_post") else "pre_timepoint_id"]
    return binary_calls(calls_by_place(rows), row["lesion_id"], visit, row["reader_id"])[name]
