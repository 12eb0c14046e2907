"""What the reading screen knows and does: one method for each thing that a reader can do.

Widgets and panes talk to this object alone; it calls `gist_imaging.workflow` and tells changes by signals.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError, LabelError
from gist_napari.choices import Choices
from gist_napari.said import Toast
from gist_napari.tools.names import Tool
from gist_napari.workers import Job

if TYPE_CHECKING:
    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["Session"]


class Session(Choices):
    """What a reader does to the open case: undoing, registering, and outlining lesions."""

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

    # Registration

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

    # Outlining

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

    def import_mask(self, path: Path, label: int | None = None, *, resample: bool = False) -> None:
        """Propose a mask from a file: NIfTI, NRRD, DICOM SEG or RTSTRUCT.

        Parameters
        ----------
        label : number of the structure; where it is left out and the file holds several, `structure_wanted`
            asks which
        resample : put a mask of another grid, in the same frame of reference, on the scan's grid
        """

        def ask(error: BaseException) -> bool:
            if label is None and isinstance(error, LabelError) and error.choices:
                self.structure_wanted.emit(path, error.choices)
                return True
            return False

        if self.case is not None and not self.active_lesion:
            self.new_lesion()
        make = partial(workflow.import_job, resample=resample)
        job = self.do(make, self.active_lesion, self.active_visit, path, label)
        self.run(job, self._proposed, ask)

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
