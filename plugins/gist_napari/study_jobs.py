"""Long work on a whole study, for a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gist_imaging import workflow

if TYPE_CHECKING:
    from gist_imaging.workflow.export_report import ExportReport

__all__ = ["EXPORT", "ExportJob", "SampleJob", "ScansJob"]

EXPORT = "Export"


class SampleJob:
    """Makes the sample scans and a study of them where they are not there yet."""

    label = "Preparing the sample study"

    def run(self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None) -> Path:
        """Return the folder of the study."""
        from gist_napari.app import study_for
        from gist_napari.sample_data import sample_scans, sample_study_folder

        return study_for(sample_scans(), sample_study_folder(), progress=progress, cancelled=cancelled)


@dataclass(frozen=True, slots=True)
class ScansJob:
    """Takes a folder of scans into a study beside it; the scans stay where they are."""

    scans: Path
    label: str = "Reading scans"

    def run(self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None) -> Path:
        """Return the folder of the study."""
        from gist_napari.app import study_for

        study = self.scans.parent / f"{self.scans.name}_study"
        return study_for(self.scans, study, progress=progress, cancelled=cancelled)


@dataclass(frozen=True, slots=True)
class ExportJob:
    """Exports a study."""

    folder: Path
    out: Path
    label: str = EXPORT

    def run(
        self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
    ) -> ExportReport:
        """Return what was written."""
        return workflow.export_study(self.folder, self.out, progress=progress, cancelled=cancelled)
