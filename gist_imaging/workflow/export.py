"""What leaves a study: masks, readings, case sheets, and a cohort folder made by the batch itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gist_imaging.errors import GistImagingError
from gist_imaging.workflow.export_report import ExportFailure, ExportReport, Stop, Tick

if TYPE_CHECKING:
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.workflow.export_sheet import Metrics

__all__ = ["ExportFailure", "ExportReport", "case_sheet", "export_study"]


def export_study(
    folder: Path,
    out: Path,
    *,
    reader: str | None = None,
    cases: Sequence[str] | None = None,
    cohort: bool = True,
    masks: bool = True,
    sheets: bool = True,
    include_drafts: bool = False,
    workers: int = 1,
    overwrite: bool = False,
    progress: Tick | None = None,
    cancelled: Stop | None = None,
) -> ExportReport:
    """Write what readers gave into a new folder, whole or not at all.

    ::

        out/masks/CASE_VISIT_LESION_READER.nii.gz   read back before they count
        out/readings/CASE_READER.json               words, marks and calipers by hand
        out/sheets/CASE_READER.pdf, CASE_READER_LESION.png
        out/cohort/                                 the rows of `gist-imaging batch` on these masks
        out/export.json                             every file with its hash, lesions, no clock

    Numbers in the rows are those of the masks; diameters set by hand stand in the readings and on the sheets.
    UIDs leave re-rooted by the key of the study, which stays there. A case that fails is left out and told.

    Parameters
    ----------
    reader : whose readings; None takes those of every reader
    cases : which; None takes all
    cohort, masks, sheets : what to write beside the readings
    include_drafts : also what `reader` has not committed, marked as a draft
    overwrite : replace an export that stands there, once the new one is whole

    Raises
    ------
    GistImagingError
        If there is nothing to export, a case is unknown, or the place is taken.
    Cancelled
        If `cancelled` said so; nothing is left behind.
    """
    from gist_imaging.store.study_store import StudyStore
    from gist_imaging.workflow.export_case import Wanted
    from gist_imaging.workflow.export_folder import NewFolder
    from gist_imaging.workflow.export_run import ExportRun

    if include_drafts and reader is None:
        raise GistImagingError(
            "drafts are those of one reader", "no reader was named", "name the reader (--reader R1)"
        )
    wanted = Wanted(
        reader, tuple(cases) if cases is not None else None, cohort, masks, sheets, include_drafts, workers
    )
    if Path(folder).resolve() in (Path(out).resolve(), *Path(out).resolve().parents):
        raise GistImagingError(
            "a place outside the study, which holds who the patients are",
            "it lies inside",
            "give another folder; nothing was changed",
        )
    with StudyStore.open(Path(folder)) as store, NewFolder.at(Path(out), overwrite=overwrite) as place:
        run = ExportRun(store, place, wanted, progress or _silent, cancelled or _never)
        report = run.report(Path(out))
        if report.is_audited:
            store.audit("export", **run.audited())
        place.finish()
    return report


def case_sheet(case: OpenCase, out: Path, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write the sheet of an open case as PDF and PNG into a folder; return the files.

    As it shows numbers, it is there once the call is committed, or where the study always reveals them.

    Raises
    ------
    GistImagingError
        If the call is not committed, nothing is outlined, or a file is there already.
    """
    from gist_imaging.io.case_sheet import write_case_sheet
    from gist_imaging.workflow.export_given import given_by_open_case
    from gist_imaging.workflow.export_sheet import sheet_of
    from gist_imaging.workflow.reading_results import metrics

    given = given_by_open_case(case)

    def measured(lesion: str, visit: str) -> Metrics:
        drawn = case.state.mask(lesion, visit)
        if drawn is None or drawn.sha256() != given.masks[lesion, visit].sha256():
            raise GistImagingError(
                "the outline that was committed", "it was edited since", "keep it as a revision first"
            )
        side = given.affected_side(lesion, visit)
        found = metrics(case, lesion, visit, None if side == "both" else side)
        return {one.side: one.metrics for one in found.relations}

    sheet = sheet_of(given, measured)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    return write_case_sheet(out, sheet, overwrite=overwrite)


def _silent(_done: int, _total: int) -> None:
    return None


def _never() -> bool:
    return False
