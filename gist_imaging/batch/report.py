"""What a batch did, or would do: for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["BatchPlan", "BatchProgress", "BatchReport", "RowFailure"]


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is; `n_failed` of the `done` cases failed."""

    done: int
    total: int
    n_failed: int


@dataclass(frozen=True, slots=True)
class RowFailure:
    """Why one row of the manifest has no measurement.

    Parameters
    ----------
    row : line of the manifest, the header being row 1
    case : pseudonyms of lesion, visit and reader
    stage, code, message : as in the table `failures`
    """

    row: int
    case: str
    stage: str
    code: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Return the failure as plain values."""
        return {
            "row": self.row,
            "case": self.case,
            "stage": self.stage,
            "code": self.code,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch would do.

    Parameters
    ----------
    n_to_measure : pieces of work that are not done yet
    n_done : rows whose result is there from an earlier run
    n_bytes : size of all images and masks
    estimated_seconds : for what is to be measured, with the given workers; rough
    """

    n_to_measure: int
    n_done: int
    n_bytes: int
    estimated_seconds: float


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a batch did.

    Parameters
    ----------
    n_ok : rows of the manifest with a measurement in the cohort folder
    n_failed : rows without one
    n_skipped : of all rows, those whose result was there from an earlier run
    warnings : what a person should look at, by pseudonyms
    relation_failures : rows whose lesion was measured and whose relation to the levator ani was not
    folder : the cohort folder
    work_folder : ledger, results and carried columns, beside the cohort folder; never leaves
    plan : what would be done; None when it was done
    """

    n_ok: int
    n_failed: int
    n_skipped: int
    failures: tuple[RowFailure, ...]
    folder: Path
    work_folder: Path
    warnings: tuple[str, ...] = ()
    relation_failures: tuple[RowFailure, ...] = ()
    plan: BatchPlan | None = None

    @property
    def n_rows(self) -> int:
        """How many rows the manifest has."""
        return self.n_ok + self.n_failed

    def to_json(self) -> dict[str, Any]:
        """Return what `gist-imaging batch --json` prints."""
        plan = self.plan and {
            "n_to_measure": self.plan.n_to_measure,
            "n_done": self.plan.n_done,
            "n_bytes": self.plan.n_bytes,
            "estimated_seconds": round(self.plan.estimated_seconds, 1),
        }
        return {
            "n_rows": self.n_rows,
            "n_ok": self.n_ok,
            "n_failed": self.n_failed,
            "n_skipped": self.n_skipped,
            "failures": [failure.to_json() for failure in self.failures],
            "relation_failures": [failure.to_json() for failure in self.relation_failures],
            "warnings": list(self.warnings),
            "folder": str(self.folder),
            "dry_run": self.plan is not None,
            "plan": plan,
        }

    def lines(self) -> list[str]:
        """Return what a person reads."""
        if self.plan is not None:
            found = [
                f"{self.n_rows} rows: {self.plan.n_to_measure} to measure, {self.plan.n_done} done before, "
                f"{self.n_failed} that cannot be read.",
                f"{self.plan.n_bytes / 1e6:.0f} MB of images and masks; "
                f"about {self.plan.estimated_seconds:.0f} s (rough). Nothing was written.",
            ]
        else:
            found = [
                f"{self.n_ok} of {self.n_rows} rows measured, {self.n_failed} failed, "
                f"{self.n_skipped} taken from an earlier run.",
                f"Cohort folder: {self.folder}",
            ]
        found += [
            f"Relation to the levator ani not measured: {failure.case}, {failure.code}: {failure.message}"
            for failure in self.relation_failures
        ]
        return [*found, *(f"Warning: {warning}" for warning in self.warnings)]
