"""What the reading screen knows and does: one method for each thing that a reader can do.

Widgets and panes talk to this object alone; it calls `gist_imaging.workflow` and tells changes by signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from gist_imaging import workflow
from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.session.journal import SaveState, SaveStatus
from gist_napari.tools.names import TOOLS, Tool
from gist_napari.workers import Job, Jobs

if TYPE_CHECKING:
    import numpy.typing as npt

    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase, VisitFacts
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.register_transform import RigidTransform
    from gist_imaging.workflow.export_report import ExportReport

__all__ = ["Session", "Toast", "local_time"]

BRUSH_MM = 6.0
"""Diameter of the brush at the start."""

BRUSH_STEP = 1.2
"""Each key press changes the brush by a fifth, as in 3D Slicer."""

SMALLEST_BRUSH_MM, LARGEST_BRUSH_MM = 0.5, 80.0

_EXPORT = "Export"


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message at the bottom.

    Parameters
    ----------
    text : one or two sentences
    kind : "info", "warning" or "error"; errors stay until they are dismissed
    undo : whether it offers Undo
    """

    text: str
    kind: str = "info"
    undo: bool = False


def local_time(at_utc: str) -> str:
    """Return the time of day on this computer's clock of an ISO time in UTC; "" where there is none."""
    return datetime.fromisoformat(at_utc).astimezone().strftime("%H:%M:%S") if at_utc else ""


class Session(QObject):
    """The open study, the open case, and where the reader is in it.

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
    page_wanted = Signal(str)  # look, segment, measure, levator, sign
    _saved = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.reader = ""
        self.case: OpenCase | None = None
        self.active_visit = ""
        self.active_lesion = ""
        self.tool = Tool.PAN
        self.brush_mm = BRUSH_MM
        self.ball = False
        self.levator_side = "R"
        self.landmark = ""
        self.value_range: tuple[float, float] | None = None
        self.linked = True
        self.masks_hidden = False
        self.outline_only = False
        self.slices_seen: Callable[[str], frozenset[int]] | None = None
        """Tells which slices of a visit were on the screen; the reading view sets it."""
        self.save_status = SaveStatus(SaveState.SAVED, 0)
        self.jobs = Jobs(self)
        self.jobs.changed.connect(self.job_changed)
        self._saved.connect(self._show_saved)
        self._unsubscribe: list[Callable[[], None]] = []

    # ---------------------------------------------------------------- the study and its cases

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

        self.run(_SampleJob(), opened)

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
            visits = [visit for visit in opened.visits if visit.measured is not None] or list(opened.visits)
            view = opened.state.plain("view", "place") or {}
            lesions = self.lesions
            shown = [visit.label for visit in self.pair if visit is not None]
            first = next((visit.label for visit in visits if visit.label in shown), shown[0] if shown else "")
            left = str(view.get("visit") or "")
            self.active_visit = left if left in shown else first
            left = str(view.get("lesion") or "")
            self.active_lesion = left if left in lesions else "".join(lesions[:1])
            self._forget_choices()
            self.case_changed.emit()
            self.active_changed.emit()
            return True
        return False

    def _forget_choices(self) -> None:
        """Choose anew what belonged to the case before: a tool, a point, a side, values, hidden masks."""
        self.tool = Tool.PAN
        self.landmark, self.levator_side = "", "R"
        self.value_range = None
        self.masks_hidden = False

    def leave_case(self) -> None:
        """Close the open case as a draft; everything is on disk already or is brought there."""
        if self.case is not None:
            self.leaving.emit()
        stopped = self.jobs.close()
        opened, self.case = self.case, None
        if opened is None:
            return
        for end in self._unsubscribe:
            end()
        self._unsubscribe = []
        name = opened.case
        whole = workflow.close_case(opened)
        self.active_lesion = self.active_visit = ""
        self._forget_choices()
        self.case_changed.emit()
        self.active_changed.emit()
        if stopped == _EXPORT:
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

    # ---------------------------------------------------------------- what is shown and chosen

    @property
    def state(self) -> CaseState | None:
        """Everything that was given to the open case."""
        return None if self.case is None else self.case.state

    @property
    def lesions(self) -> list[str]:
        """Names of the lesions of the open case."""
        return [] if self.case is None else [key[1] for key, _ in self.case.state.under("lesion")]

    @property
    def pair(self) -> tuple[VisitFacts | None, VisitFacts | None]:
        """The two visits side by side: baseline and follow-up, None where there is none."""
        if self.case is None:
            return None, None
        visits = self.case.visits
        pre = next((visit for visit in visits if visit.role == "baseline"), visits[0] if visits else None)
        later = [visit for visit in visits if visit is not pre]
        chosen = self.case.state.plain("view", "followup")
        post = next((visit for visit in later if visit.label == chosen), None)
        if post is None:
            post = next((visit for visit in later if visit.role == "follow_up"), later[0] if later else None)
        return pre, post

    @property
    def followups(self) -> list[str]:
        """Labels of the visits that can stand beside the baseline."""
        pre, _ = self.pair
        return [] if self.case is None else [one.label for one in self.case.visits if one is not pre]

    def choose_followup(self, visit: str) -> None:
        """Let another visit stand beside the baseline."""
        _, post = self.pair
        if post is None or visit == post.label or self.jobs.busy:
            if self.jobs.busy:
                self.warn("A job is running: wait, or stop it with Esc, then change the visit.")
            return
        if self.do(workflow.remember_view, "followup", visit) is not None:
            if self.active_visit == post.label:
                self.active_visit = visit
            self.pair_changed.emit()
            self.active_changed.emit()

    def tag_of(self, visit: str) -> str:
        """Return PRE or POST for a visit of the pair, its label for another."""
        pre, post = self.pair
        if pre is not None and visit == pre.label:
            return "PRE"
        if post is not None and visit == post.label:
            return "POST"
        return visit

    @property
    def committed(self) -> bool:
        """Whether the reader's call is committed; change and metrics are shown only then."""
        return self.case is not None and workflow.is_committed(self.case)

    def registration(self) -> RigidTransform | None:
        """Return the transform from the first to the second visit of the pair, unless it was found wrong."""
        pre, post = self.pair
        if self.case is None or pre is None or post is None:
            return None
        try:
            return workflow.registration_between(self.case, pre.label, post.label)
        except GistImagingError:  # the reader found it wrong: the panes go on by an offset
            return None

    @property
    def registration_state(self) -> str:
        """What is known of the pair's registration: none, unchecked, ok or rejected."""
        pre, post = self.pair
        if self.case is None or pre is None or post is None:
            return "none"
        return workflow.registration_state(self.case, pre.label, post.label)

    @property
    def registration_error_mm(self) -> float | None:
        """How far the registration may be off, 95 % bound; None where there is none."""
        transform = self.registration()
        return None if transform is None else transform.error_95_mm

    def register(self) -> None:
        """Find the transform from baseline to follow-up, so that both panes go together in the patient."""
        job = self.do(workflow.register_job)
        self.run(job, self._registered)

    def _registered(self, transform: RigidTransform) -> None:
        if self.do(workflow.set_registration, transform) is not None:
            self.said.emit(
                Toast("The scans are registered. If bones agree in both panes, confirm it on Look (F2).")
            )

    def check_registration(self, ok: bool, reason: str | None = None) -> None:
        """Say that the registration is right, or wrong and why."""
        self.do(workflow.check_registration, ok, reason)

    def choose_visit(self, visit: str) -> None:
        """Make a pane the active one; a mouse press does it, hovering never."""
        if visit and visit != self.active_visit:
            self.active_visit = visit
            self.active_changed.emit()

    def choose_lesion(self, lesion: str) -> None:
        """Make a lesion the active one."""
        if lesion != self.active_lesion:
            self.active_lesion = lesion
            self.active_changed.emit()

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; without a lesion, those that need one create L1."""
        if self.case is None:
            self.said.emit(Toast("Open a case first: choose one in the worklist and press Enter.", "warning"))
            return
        if TOOLS[tool].needs_lesion and not self.active_lesion:
            self.new_lesion()
        self.tool = tool
        self.active_changed.emit()

    def set_brush_mm(self, diameter_mm: float) -> None:
        """Set the diameter of the brush; the strip, the cursor and the panel show this one value."""
        self.brush_mm = round(min(max(diameter_mm, SMALLEST_BRUSH_MM), LARGEST_BRUSH_MM), 2)
        self.active_changed.emit()

    def larger_brush(self) -> None:
        """Make the brush larger by a fifth."""
        self.set_brush_mm(self.brush_mm * BRUSH_STEP)

    def smaller_brush(self) -> None:
        """Make the brush smaller by a fifth."""
        self.set_brush_mm(self.brush_mm / BRUSH_STEP)

    def set_view(
        self, *, linked: bool | None = None, hidden: bool | None = None, outline: bool | None = None
    ) -> None:
        """Link the panes, hide the masks, or show outlines without filling."""
        self.linked = self.linked if linked is None else linked
        self.masks_hidden = self.masks_hidden if hidden is None else hidden
        self.outline_only = self.outline_only if outline is None else outline
        self.view_changed.emit()

    def set_levator_side(self, side: str) -> None:
        """Choose the patient's side that levator strokes belong to: "R" or "L"."""
        self.levator_side = side
        self.active_changed.emit()

    def set_landmark(self, name: str) -> None:
        """Choose the landmark that the next click places."""
        self.landmark = name
        self.active_changed.emit()

    def go_to(self, visit: str, point_mm: npt.ArrayLike) -> None:
        """Bring both panes to a place of a visit."""
        self.go_wanted.emit(visit, point_mm)

    def remember_view(self, **words: Any) -> None:
        """Keep where the reader is, to come back to it after a restart."""
        if self.case is not None and not self.case.read_only:
            with self._told():
                workflow.remember_view(
                    self.case, "place", {"visit": self.active_visit, "lesion": self.active_lesion, **words}
                )

    # ---------------------------------------------------------------- actions

    def do(self, action: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a workflow action on the open case; tell what it refuses; return what it returns, or None."""
        if self.case is None:
            self.said.emit(Toast("Open a case first: choose one in the worklist and press Enter.", "warning"))
            return None
        with self._told():
            return action(self.case, *arguments, **named)
        return None

    def run(self, job: Job | None, then: Callable[[Any], None]) -> None:
        """Run a long job in a thread; its result comes back to the GUI thread."""
        if job is None:
            return

        def failed(error: BaseException) -> None:
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

    def undo(self) -> None:
        """Take the last step back."""
        if self.case is None or self.case.state.undo_label is None:
            self.said.emit(Toast("Nothing to undo."))
            return
        label = self.case.state.undo_label
        with self._told():
            self.case.undo()
            self.said.emit(Toast(f"Undone: {label}"))

    def redo(self) -> None:
        """Bring the step back that was taken back last."""
        if self.case is None or self.case.state.redo_label is None:
            self.said.emit(Toast("Nothing to redo."))
            return
        label = self.case.state.redo_label
        with self._told():
            self.case.redo()
            self.said.emit(Toast(f"Done again: {label}"))

    def escape(self) -> None:
        """Stop the running job, else reject the proposal (can be undone), else take the pan tool."""
        if self.jobs.stop():
            return
        if self._waiting():
            self.reject()
            return
        if self.case is not None:
            self.choose_tool(Tool.PAN)

    def save_now(self) -> None:
        """Answer Ctrl+S: everything is saved already, or is tried again."""
        if self.case is None:
            return
        self.case.writer.retry()
        if self.case.writer.flush(0.5):
            at = local_time(self.case.writer.status.saved_at_utc)
            self.said.emit(Toast(f"Already saved {at}." if at else "Nothing to save yet."))

    # lesions

    def new_lesion(self, organ: str = "rectum", role: str = "target") -> str:
        """Add a lesion and make it the active one; return its name."""
        name = str(self.do(workflow.add_lesion, organ, role) or "")
        if name:
            self.choose_lesion(name)
        return name

    # segmenting

    def grow(self) -> None:
        """Make a proposal from the strokes of the active lesion on the active visit."""
        self._propose_from(workflow.grow_job)

    def between(self) -> None:
        """Make a proposal between the outlines that were drawn on some slices."""
        self._propose_from(workflow.between_job)

    def smooth(self, mm: float) -> None:
        """Propose a smoother mask."""
        self._propose_from(workflow.smooth_job, mm)

    def keep_largest(self) -> None:
        """Propose the largest piece alone."""
        self._propose_from(workflow.keep_largest_job)

    def remove_islands(self, smaller_than_mm3: float) -> None:
        """Propose the mask without small pieces."""
        self._propose_from(workflow.islands_job, smaller_than_mm3)

    def copy_from_baseline(self) -> None:
        """Propose the baseline's mask where the registration puts it on the follow-up."""
        pre, post = self.pair
        if self.case is None or pre is None or post is None:
            self.said.emit(
                Toast("Copying needs a baseline and a follow-up; this case has one scan.", "warning")
            )
            return
        lesion = self.active_lesion
        job = self.do(workflow.copy_job, lesion, pre.label, post.label)
        self.run(job, self._proposed)

    def import_mask(self, path: Path, label: str | None = None) -> None:
        """Propose a mask from a file: NIfTI, NRRD, DICOM SEG or RTSTRUCT."""
        if not self.active_lesion:
            self.new_lesion()
        self._propose_from(workflow.import_job, path, label)

    def accept(self) -> None:
        """Make the proposal the mask, exactly as it is seen."""
        where = self._waiting()
        if where is None:
            self.said.emit(Toast("No proposal is waiting. Draw strokes and press Grow first.", "info"))
            return
        self.do(workflow.accept, *where)

    def reject(self) -> None:
        """Put the proposal away; can be undone."""
        where = self._waiting()
        if where is not None and self.do(workflow.reject, *where) is not None:
            self.said.emit(Toast("Proposal rejected.", undo=True))

    def none_visible(self, reason: str) -> None:
        """Say that the active lesion cannot be seen on the active visit: an empty mask, with the reason."""
        self.do(workflow.mark_none_visible, self.active_lesion, self.active_visit, reason)

    def verify_mask(self) -> None:
        """Take responsibility for a mask that was copied or imported, once most of it was looked at."""
        seen = None if self.slices_seen is None else self.slices_seen(self.active_visit)
        self.do(workflow.verify_mask, self.active_lesion, self.active_visit, seen)

    def numbers(self, lesion: str, visit: str) -> LesionMeasurement | None:
        """Return every number of the accepted mask, or None; waits for measuring."""
        if self.case is None:
            return None
        try:
            return workflow.live_numbers(self.case, lesion, visit)
        except GistImagingError:
            return None

    def measured(self, lesion: str, visit: str) -> bool:
        """Return whether the numbers of the accepted mask are there without waiting for them."""
        return self.case is not None and workflow.numbers_state(self.case, lesion, visit) == "fresh"

    def export_study(self, out: Path) -> None:
        """Export the whole study in the background: masks, readings, sheets and the cohort."""
        if self.folder is None:
            self.warn("Open a study first.")
            return
        self.run(_ExportJob(self.folder, out), self._exported)

    def _exported(self, report: ExportReport) -> None:
        numbers = ((report.n_masks, "mask"), (report.n_sheets, "sheet"), (report.n_rows, "cohort row"))
        counts = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in numbers)
        if report.failures:
            first = report.failures[0]
            text = f"Exported {counts}; {len(report.failures)} failed, first {first.case}: {first.message}"
            self.said.emit(Toast(text, "error"))
        else:
            self.said.emit(Toast(f"Exported {counts}."))

    # ---------------------------------------------------------------- inside

    def close(self) -> None:
        """Leave the case and end every thread."""
        self.leave_case()

    def _propose_from(self, make: Callable[..., Job], *more: Any) -> None:
        if self.case is not None and not self.active_lesion:
            self.said.emit(Toast("Choose a lesion first, or draw: the first stroke makes L1.", "warning"))
            return
        job = self.do(make, self.active_lesion, self.active_visit, *more)
        self.run(job, self._proposed)

    def _proposed(self, proposal: Any) -> None:
        self.do(workflow.propose, proposal)

    def _waiting(self) -> tuple[str, str] | None:
        """Return lesion and visit of the proposal that Enter and Esc mean: the active or only one."""
        if self.case is None:
            return None
        waiting = [(key[1], key[2]) for key, _ in self.case.state.under("proposal")]
        active = (self.active_lesion, self.active_visit)
        if active in waiting:
            return active
        return waiting[0] if len(waiting) == 1 else None

    def _on_event(self, event: Event, _state: CaseState) -> None:
        if self.active_lesion and self.active_lesion not in self.lesions:
            self.active_lesion = self.lesions[0] if self.lesions else ""
            self.active_changed.emit()
        self.state_changed.emit(event)

    def _show_saved(self, status: SaveStatus) -> None:
        self.save_status = status
        self.saved_changed.emit(status)

    def _told(self) -> _Told:
        return _Told(self)


class _SampleJob:
    """Makes the sample scans and a study of them where they are not there yet."""

    label = "Preparing the sample study"

    def run(self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None) -> Path:
        """Return the folder of the study."""
        from gist_napari.app import study_for
        from gist_napari.sample_data import sample_scans, sample_study_folder

        return study_for(sample_scans(), sample_study_folder(), progress=progress, cancelled=cancelled)


@dataclass(frozen=True, slots=True)
class _ExportJob:
    """Exports a study."""

    folder: Path
    out: Path
    label: str = _EXPORT

    def run(
        self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
    ) -> ExportReport:
        """Return what was written."""
        return workflow.export_study(self.folder, self.out, progress=progress, cancelled=cancelled)


class _Told:
    """Tells what the package refuses instead of raising it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, GistImagingError):
            self._session.said.emit(Toast(str(error), "error"))
            return True
        return False
