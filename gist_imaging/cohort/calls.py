"""Readings -> rows of `levator_relations` and `pelvic_findings`, and back to the words of a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gist_imaging.cohort.codes import NO_COMPONENT
from gist_imaging.cohort.spec_calls import ORGAN_COLUMNS
from gist_imaging.errors import TableError
from gist_imaging.study.codes import LevatorComponent
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.pelvic_findings import PelvicFindings
from gist_imaging.study.reading import Reading

__all__ = ["call_rows", "components_of", "components_text"]

Row = dict[str, Any]


def call_rows(readings: Iterable[Reading], rows: Mapping[str, Sequence[Row]]) -> dict[str, list[Row]]:
    """Return the rows of both tables.

    Copies of one reading are one. Which revision counts is not decided here: give the one that does.

    Parameters
    ----------
    rows : the tables `lesions`, `timepoints` and `readers` that the calls point at

    Raises
    ------
    TableError
        If a call is of a lesion, visit or reader that no row is of, or two readings hold the same call;
        names all of them.
    """
    unique = {reading.sha256: reading for reading in readings}
    known = {
        "lesion": {row["lesion_id"] for row in rows["lesions"]},
        "visit": {row["timepoint_id"] for row in rows["timepoints"]},
        "reader": {row["reader_id"] for row in rows["readers"]},
    }
    problems: list[str] = []
    relations: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    findings: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for sha256, reading in sorted(unique.items()):
        for call in reading.calls:
            shared = _shared(reading, sha256, call)
            key = (shared["lesion_id"], shared["timepoint_id"], shared["reader_id"])
            problems += [
                f"reading of {reading.case}, {call.place}: expected a {what} of the cohort, found none with "
                "this name"
                for what, name in zip(known, key, strict=True)
                if name not in known[what]
            ]
            if isinstance(call, LevatorRelation):
                relations[(*key, call.side.value)].append({**shared, **_relation(call)})
            else:
                findings[key].append({**shared, **_findings(call)})
    problems += [
        f"{' '.join(key)}: expected one call, found {len(held)} readings with one; give the revision that "
        "counts"
        for key, held in sorted([*relations.items(), *findings.items()])
        if len(held) > 1
    ]
    if problems:
        raise TableError("readings", tuple(problems))
    return {
        "levator_relations": [row for held in relations.values() for row in held],
        "pelvic_findings": [row for held in findings.values() for row in held],
    }


def _shared(reading: Reading, sha256: str, call: LevatorRelation | PelvicFindings) -> Row:
    return {
        "patient_id": reading.case,
        "lesion_id": f"{reading.case}/{call.lesion}",
        "timepoint_id": f"{reading.case}/{call.timepoint}",
        "reader_id": reading.reader,
        "blinded": reading.blinded,
        "revision": reading.revision,
        "reading_sha256": sha256,
    }


def _relation(call: LevatorRelation) -> Row:
    held = call.to_json()
    return {
        **{name: held[name] for name in ("side", "contact", "displacement", "invasion")},
        "components": components_text(call.components),
    }


def _findings(call: PelvicFindings) -> Row:
    held = call.to_json()
    said = held.pop("organs")
    own = {name: value for name, value in held.items() if name not in ("lesion", "timepoint", "reader")}
    return {**own, **{column: said.get(organ.value) for organ, column in ORGAN_COLUMNS.items()}}


def components_text(components: Iterable[LevatorComponent] | None) -> str | None:
    """Return the cell of the muscles that are named.

    >>> components_text(None), components_text([])
    (None, 'none')
    >>> components_text([LevatorComponent.COCCYGEUS, LevatorComponent.PUBORECTALIS])
    'puborectalis;coccygeus'
    """
    if components is None:
        return None
    named = set(components)
    return ";".join(word.value for word in LevatorComponent if word in named) or NO_COMPONENT


def components_of(text: str | None) -> list[str] | None:
    """Return the words of such a cell, which may hold anything.

    >>> components_of("none"), components_of("puborectalis;coccygeus")
    ([], ['puborectalis', 'coccygeus'])
    """
    if text is None:
        return None
    return [] if text == NO_COMPONENT else text.split(";")
