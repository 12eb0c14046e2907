"""Tumour against levator ani of one row: measured, or why not; the lesion's own numbers stand apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gist_imaging.batch.case import failure_of, opened_image, opened_mask
from gist_imaging.batch.jobs import CaseConfig, relation_settings
from gist_imaging.batch.manifest_row import ManifestRow
from gist_imaging.batch.relation_files import UNREADABLE, named_files
from gist_imaging.cohort.pelvic_numbers import PelvicNumber
from gist_imaging.cohort.privacy import exportable_words
from gist_imaging.cohort.records import RELATION_STAGE, FailureRecord, ScanRecord
from gist_imaging.errors import LabelError, MeasurementError, PromptError, ReadingError
from gist_imaging.provenance import sha256_of

if TYPE_CHECKING:
    from gist_imaging.anatomy.visit_relation import VisitRelation, VisitScene

__all__ = ["RelationResult", "relation_failed", "run_relation", "with_relation"]


@dataclass(frozen=True, slots=True)
class RelationResult:
    """What became of measuring one relation.

    Parameters
    ----------
    numbers : all of them, each with a value or a reason
    failure : why nothing could be measured at all; of stage relation
    warnings : what a person should look at, without names of patients or files
    """

    numbers: tuple[PelvicNumber, ...]
    failure: FailureRecord | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain values for `json.dumps`."""
        return {
            "pelvic": [number.to_json() for number in self.numbers],
            "failure": None
            if self.failure is None
            else {"stage": self.failure.stage, "code": self.failure.code, "message": self.failure.message},
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RelationResult:
        """Return the result that `to_json` wrote."""
        return cls(
            tuple(PelvicNumber.from_json(number) for number in value["pelvic"]),
            None if value["failure"] is None else FailureRecord(**value["failure"]),
            tuple(value["warnings"]),
        )


def with_relation(record: ScanRecord, result: RelationResult) -> ScanRecord:
    """Return a record with the numbers of its relation; one whose lesion failed stays as it is."""
    if record.failure is not None:
        return record
    return replace(record, pelvic=result.numbers, relation_failure=result.failure)


def relation_failed(row: ManifestRow, failure: FailureRecord) -> RelationResult:
    """Return the result of a row whose relation could not be measured: every number with that reason."""
    from gist_imaging.cohort.visit_numbers import missing_numbers

    sides = (row.relation_side,) if row.relation_side in ("L", "R", "midline") else ("L", "R")
    return RelationResult(
        missing_numbers(failure.code.lower(), sides), replace(failure, stage=RELATION_STAGE)
    )


def run_relation(row: ManifestRow, config: CaseConfig, relation_sha256: Sequence[str]) -> RelationResult:
    """Return what was measured between the tumour of `row`, levator ani and landmarks, or why nothing was.

    Never raises for what a file may hold, as `run_row`.

    Parameters
    ----------
    relation_sha256 : of the relation file and of every file that it names, in its order
    """
    if row.relation is None or row.mask is None:
        return relation_failed(row, _NOTHING_TO_READ)
    if not row.physical:
        return relation_failed(row, _NOT_PHYSICAL)
    named: list[tuple[Path, str]] = [(row.relation, "the relation file")]
    try:
        from gist_imaging.anatomy.visit_relation import visit_relation
        from gist_imaging.cohort.visit_numbers import visit_numbers
        from gist_imaging.io.relation_visit import read_visit

        try:
            named += [(path, "a file that the relation names") for path in named_files(row.relation)[1:]]
        except (PromptError, ReadingError):
            return relation_failed(row, UNREADABLE)
        volume = opened_image(row)
        tumour = opened_mask(row, row.mask, volume)
        scene = read_visit(volume, tumour, (row.relation,), {}, resample=row.stated.get("resample", False))
        side, unclear = _side(row, scene)
        if unclear is not None:
            return relation_failed(row, unclear)
        measured = visit_relation(scene, side, bilateral=row.relation_side == "both")
        params_sha256 = sha256_of(relation_settings(row, config, relation_sha256))
        numbers = visit_numbers(measured, params_sha256=params_sha256)
    except LabelError:
        return relation_failed(row, _OTHER_STRUCTURES)
    except Exception as error:  # noqa: BLE001 - the lesion's own numbers stand
        return relation_failed(row, failure_of(error, RELATION_STAGE, row, named))
    return RelationResult(numbers, warnings=_warnings(measured))


def _side(
    row: ManifestRow, scene: VisitScene
) -> tuple[Literal["L", "R", "midline"] | None, FailureRecord | None]:
    """Return the side to measure, or why a reader must say it."""
    from gist_imaging.anatomy.visit_relation import side_of_tumour

    if row.relation_side == "both":
        return None, None
    for side in _SIDES:
        if row.relation_side == side:
            return side, None
    try:
        return side_of_tumour(scene.tumour, scene.levator)[0], None
    except MeasurementError as error:
        message = f"{error.expected}; {error.found}; say which in the column relation_side"
        return None, FailureRecord(RELATION_STAGE, "SIDE_UNCLEAR", message)


_SIDES: tuple[Literal["L", "R", "midline"], ...] = ("L", "R", "midline")


def _warnings(measured: VisitRelation) -> tuple[str, ...]:
    """Return what strokes left to be looked at."""
    return tuple(
        f"levator ani {side}: {warning}"
        for side, report in sorted(measured.reports.items())
        for warning in report.warnings
        if exportable_words(warning) is not None
    )


_NOTHING_TO_READ = FailureRecord(
    RELATION_STAGE, "NO_RELATION", "a mask and a relation file are needed; the row lacks one; name both"
)
_NOT_PHYSICAL = FailureRecord(
    RELATION_STAGE,
    "NOT_PHYSICAL",
    "distances between tumour and levator ani need the patient's own spacing; the row says not_physical; "
    "export the series again",
)
_OTHER_STRUCTURES = FailureRecord(
    RELATION_STAGE,
    "LABEL",
    "a label of `levator_masks` names one structure of its mask; it fits none or several; correct the "
    "label, `gist-imaging relation` lists what a mask holds",
)
