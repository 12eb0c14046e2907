"""Everything that one visit says about tumour, levator ani and low rectum, as numbers of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gist_imaging.anatomy.visit_relation import VisitRelation
from gist_imaging.cohort.pelvic_names import HEIGHT_FIELDS, LINE_FIELDS, PELVIC_MEASUREMENTS, RELATION_FIELDS
from gist_imaging.cohort.pelvic_numbers import PelvicNumber, relation_numbers
from gist_imaging.study.codes import Side

__all__ = ["NO_SIDE_MEASURED", "RELATION_VERSION", "missing_numbers", "visit_numbers"]

RELATION_VERSION = "1"
"""Version of the definitions of M1 to M9, M11 and the heights; it rises when one of them changes."""

NO_SIDE_MEASURED = "no_side_measured"
"""Reason of the numbers of a side where the tumour has none: no tumour or no levator ani is outlined."""


def visit_numbers(measured: VisitRelation, *, params_sha256: str) -> tuple[PelvicNumber, ...]:
    """Return M1 to M9 of every side that was measured, M11 and the heights; each a value or a reason.

    Where no side was measured, those of both sides are there with the reason `no_side_measured`.
    """
    found: list[PelvicNumber] = []
    for one in measured.relations:
        found += relation_numbers(
            one.metrics, one.side, params_sha256=params_sha256, algorithm_version=RELATION_VERSION
        )
    if not measured.relations:
        found += _missing(RELATION_FIELDS, NO_SIDE_MEASURED, (Side.L, Side.R), params_sha256)
    parts: tuple[tuple[Mapping[str, str], object], ...] = (
        (LINE_FIELDS, measured.lines),
        (HEIGHT_FIELDS, measured.height),
    )
    for fields, held in parts:
        found += [
            PelvicNumber.from_metric(
                name,
                getattr(held, field),
                params_sha256=params_sha256,
                algorithm_version=RELATION_VERSION,
            )
            for field, name in fields.items()
        ]
    return tuple(found)


def missing_numbers(
    reason: str, sides: Sequence[str], *, params_sha256: str = "0" * 64
) -> tuple[PelvicNumber, ...]:
    """Return every number of a visit whose relation could not be measured at all, each with one reason.

    Parameters
    ----------
    reason : one word, such as the code of the failure
    sides : L, R or midline; those that would have been measured
    """
    of_side = _missing(RELATION_FIELDS, reason, sides, params_sha256)
    others = {name: name for name, entry in PELVIC_MEASUREMENTS.items() if not entry.of_side}
    return (*of_side, *_missing(others, reason, (None,), params_sha256))


def _missing(
    fields: Mapping[str, str], reason: str, sides: Sequence[str | None], params_sha256: str
) -> tuple[PelvicNumber, ...]:
    return tuple(
        PelvicNumber(
            name,
            None,
            side,
            reason,
            params_sha256=params_sha256,
            algorithm_version=RELATION_VERSION,
        )
        for side in sides
        for name in fields.values()
    )
