"""The open study and the open case: opening and leaving them, acting on them, and what is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from gist_imaging import workflow
from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.session.journal import SaveState, SaveStatus
from gist_napari.said import Toast, Told, local_time
from gist_napari.study_jobs import EXPORT, ExportJob, SampleJob
from gist_napari.workers import Job, Jobs

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.state import CaseState
    from gist_imaging.workflow.export_report import ExportReport

__all__ = ["OpenStudy"]


class OpenStudy(QObject):
    """The study and the case that a reader has open, and everything that is done to them.

    A method that cannot do what it is asked says why by `said` and changes nothing; it never raises what the
    package raises on purpose.
    """

    study_changed = Signal()
    leaving = Signal()  # the case is still open: what is typed and not yet entered can be kept
    case_changed = Signal()
    state_changed = Signal(object)  # Event
    pair_changed = Signal()  # another visit stands beside the baseline
    active_changed = Signal()  # lesion, visit, tool, brush, side, landmark
    view_changed = Signal()  # link, hidden, outline only
    saved_changed = Signal(object)  # SaveStatus, in the GUI thread
    job_changed = Signal(object)  # JobStatus or None
    said = Signal(object)  # Toast
    go_wanted = Signal(str, object)  # visit, (3,) LPS mm
    open_wanted = Signal(str)  # case; its pair of scans is checked first where nobody has
    structure_wanted = Signal(object, object)  # Path of a mask file, {number: words} of what it holds
    page_wanted = Signal(str)  # look, segment, measure, levator, sign
    _saved = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.reader = ""
        self.case: OpenCase | None = None
        self.save_status = SaveStatus(SaveState.SAVED, 0)
        self.jobs = Jobs(self)
        self.jobs.changed.connect(self.job_changed)
        self._saved.connect(self._show_saved)
        self._unsubscribe: list[Callable[[], None]] = []

    def open_study(self, folder: Path, reader: str) -> bool:
        """Show the worklist of a study; return whether it could be opened."""
        with self._told():
            self.leave_case()
            workflow.study_worklist(folder, reader)
            self.folder, self.reader = folder, reader
            self.study_changed.emit()
            return True
        return False

    def open_sample(self) -> None:
        """Open the study of the three synthetic patients; it is made on the first call."""

        def opened(folder: Path) -> None:
            self.open_study(folder, self.reader or "R1")

        self.run(SampleJob(), opened)

    def worklist(self) -> tuple[Any, ...]:
        """Return the rows of the worklist, in the reader's order."""
        if self.folder is None:
            return ()
        with self._told():
            return tuple(workflow.study_worklist(self.folder, self.reader))
        return ()

    def open_case(self, case: str) -> bool:
        """Open a case where the reader left it; what was open before is left first."""
        with self._told():
            self.leave_case()
            if self.folder is None:
                raise GistImagingError("an open study", "none is open", "open one with gist-imaging annotate")
            opened = workflow.open_case(self.folder, case, self.reader)
            self.case = opened
            self._unsubscribe = [opened.on_change(self._on_event), opened.on_saved(self._saved.emit)]
            self.save_status = opened.writer.status
            self._choose_first(opened)
            self._forget_choices()
            self.case_changed.emit()
            self.active_changed.emit()
            return True
        return False

    def _choose_first(self, opened: OpenCase) -> None:
        """Bring the reader to where a case that was just opened had been left."""

    def _forget_choices(self) -> None:
        """Choose anew what belonged to the case before."""

    def leave_case(self) -> None:
        """Close the open case as a draft; everything is on disk already or is brought there."""
        if self.case is not None:
            self.leaving.emit()
        stopped = self.jobs.drop()
        opened, self.case = self.case, None
        if opened is None:
            return
        for end in self._unsubscribe:
            end()
        self._unsubscribe = []
        name = opened.case
        whole = workflow.close_case(opened)
        self._forget_choices()
        self.case_changed.emit()
        self.active_changed.emit()
        if stopped == EXPORT:
            text = "The export was stopped as its case was left; nothing was written. Start it again."
            self.said.emit(Toast(text, "error"))
        if not whole:
            self.said.emit(
                Toast(f"Case {name}: not everything could be saved. {self.save_status.reason}", "error")
            )

    def next_case(self) -> None:
        """Leave this case as a draft and open the next that is not committed; asks nothing."""
        left = self.case.case if self.case is not None else ""
        rows = [row for row in self.worklist() if row.status in ("not_started", "draft")]
        names = [row.case for row in rows if row.case != left]
        if not names:
            self.said.emit(Toast("No further case is waiting. Back to the worklist."))
            self.leave_case()
            return
        everything = [row.case for row in self.worklist()]
        after = everything.index(left) if left in everything else -1
        following = [name for name in names if everything.index(name) > after]
        self.leave_case()
        if left:
            self.said.emit(Toast(f"Case {left} left as draft."))
        self.open_wanted.emit((following or names)[0])

    @property
    def state(self) -> CaseState | None:
        """Everything that was given to the open case."""
        return None if self.case is None else self.case.state

    @property
    def committed(self) -> bool:
        """Whether the reader's call is committed; change and metrics are shown only then."""
        return self.case is not None and workflow.is_committed(self.case)

    # Acting on the case

    def do(self, action: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a workflow action on the open case; tell what it refuses; return what it returns, or None."""
        if self.case is None:
            self.said.emit(Toast("Open a case first: choose one in the worklist and press Enter.", "warning"))
            return None
        with self._told():
            return action(self.case, *arguments, **named)
        return None

    def run(
        self,
        job: Job | None,
        then: Callable[[Any], None],
        instead: Callable[[BaseException], bool] | None = None,
    ) -> None:
        """Run a long job in a thread; its result comes back to the GUI thread.

        Parameters
        ----------
        instead : sees an error first; what it returns True for is not told to the reader
        """
        if job is None:
            return

        def failed(error: BaseException) -> None:
            if instead is not None and instead(error):
                return
            if isinstance(error, Cancelled):
                self.said.emit(Toast(f"{job.label}: stopped. Nothing was changed."))
            elif isinstance(error, GistImagingError):
                self.said.emit(Toast(str(error), "error"))
            else:
                name = type(error).__name__
                self.said.emit(
                    Toast(f"{job.label} ended with an unexpected {name}. Nothing was changed.", "error")
                )

        with self._told():
            self.jobs.start(job, then, failed)

    def warn(self, text: str) -> None:
        """Tell the reader why nothing happened."""
        self.said.emit(Toast(text, "warning"))

    def save_now(self) -> None:
        """Answer Ctrl+S: everything is saved already, or is tried again."""
        if self.case is None:
            return
        self.case.writer.retry()
        if self.case.writer.flush(0.5):
            at = local_time(self.case.writer.status.saved_at_utc)
            self.said.emit(Toast(f"Already saved {at}." if at else "Nothing to save yet."))

    # The whole study

    def export_study(self, out: Path) -> None:
        """Export the whole study in the background: masks, readings, sheets and the cohort."""
        if self.folder is None:
            self.warn("Open a study first.")
            return
        self.run(ExportJob(self.folder, out), self._exported)

    def _exported(self, report: ExportReport) -> None:
        numbers = ((report.n_masks, "mask"), (report.n_sheets, "sheet"), (report.n_rows, "cohort row"))
        counts = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in numbers)
        if report.failures:
            first = report.failures[0]
            text = f"Exported {counts}; {len(report.failures)} failed, first {first.case}: {first.message}"
            self.said.emit(Toast(text, "error"))
        else:
            self.said.emit(Toast(f"Exported {counts}."))

    def close(self) -> None:
        """Leave the case and end every thread."""
        self.leave_case()
        self.jobs.close()

    def _on_event(self, event: Event, _state: CaseState) -> None:
        self.state_changed.emit(event)

    def _show_saved(self, status: SaveStatus) -> None:
        self.save_status = status
        self.saved_changed.emit(status)

    def _told(self) -> Told:
        return Told(self.said.emit)
