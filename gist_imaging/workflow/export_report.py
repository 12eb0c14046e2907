"""What an export did: for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import Cancelled

if TYPE_CHECKING:
    from gist_imaging.batch.report import BatchReport

__all__ = ["ExportFailure", "ExportReport", "Stop", "Tick", "refused", "stop_if"]

Tick = Callable[[int, int], None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """Something that was not exported.

    Parameters
    ----------
    case : pseudonyms of case and reader, or of lesion, visit and reader
    what : case, row, relation or sheet
    message : why, without paths
    """

    case: str
    what: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Return the failure as plain values."""
        return {"case": self.case, "what": self.what, "message": self.message}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was exported.

    Parameters
    ----------
    folder : where
    n_readings, n_drafts, n_masks, n_sheets, n_rows : how much; drafts are among the readings
    failures : what is missing and why
    warnings : what a person should look at
    is_audited : False where the study could not be written
    """

    folder: Path
    n_readings: int
    n_drafts: int
    n_masks: int
    n_sheets: int
    n_rows: int
    failures: tuple[ExportFailure, ...] = ()
    warnings: tuple[str, ...] = ()
    is_audited: bool = True

    @property
    def passed(self) -> bool:
        """Whether everything that was asked for is there."""
        return not self.failures

    def to_json(self) -> dict[str, Any]:
        """Return what `gist-imaging export --json` prints."""
        return {
            "folder": str(self.folder),
            "n_readings": self.n_readings,
            "n_drafts": self.n_drafts,
            "n_masks": self.n_masks,
            "n_sheets": self.n_sheets,
            "n_rows": self.n_rows,
            "failures": [failure.to_json() for failure in self.failures],
            "warnings": list(self.warnings),
            "audited": self.is_audited,
        }

    def lines(self) -> list[str]:
        """Return what a person reads."""
        drafts = f" ({self.n_drafts} of them drafts)" if self.n_drafts else ""
        told = [
            f"{self.n_readings} readings{drafts}, {self.n_masks} masks, {self.n_sheets} case sheets, "
            f"{self.n_rows} rows measured.",
            f"Folder: {self.folder}",
        ]
        if not self.is_audited:
            told.append("The study is read-only, so its trail does not hold this export.")
        return [*told, *(f"Warning: {warning}" for warning in self.warnings)]


def refused(report: BatchReport) -> tuple[ExportFailure, ...]:
    """Return what the batch could not measure."""
    rows = [ExportFailure(one.case, "row", f"{one.code}: {one.message}") for one in report.failures]
    return (
        *rows,
        *(
            ExportFailure(one.case, "relation", f"{one.code}: {one.message}")
            for one in report.relation_failures
        ),
    )


def stop_if(cancelled: Stop) -> None:
    """Raise Cancelled when somebody asked to stop."""
    if cancelled():
        raise Cancelled
