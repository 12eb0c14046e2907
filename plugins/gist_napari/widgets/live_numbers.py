"""Sizes of all lesions of the open case, measured in a thread so that drawing never waits for them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_imaging.session.event import MaskChange

if TYPE_CHECKING:
    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.response.compare import Comparison
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase
    from gist_napari.session import Session

__all__ = ["LiveNumbers"]

_PROPOSAL = "proposal"

WAITS_MS = 150
"""After the last change of a mask; a reader who paints on is not measured in between."""


class LiveNumbers(QObject):
    """The numbers of every accepted mask, and the change of every lesion once the call is committed."""

    changed = Signal()
    _ready = Signal(int, object, object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._numbers: dict[tuple[str, ...], LesionMeasurement | None] = {}
        self._changes: dict[str, Comparison | None] = {}
        self._round = 0
        self._running = False
        self._timer = QTimer(self, singleShot=True, interval=WAITS_MS)
        self._timer.timeout.connect(self._start)
        self._ready.connect(self._take)
        session.case_changed.connect(self._forget)
        session.state_changed.connect(self._on_event)

    def of(self, lesion: str, visit: str) -> LesionMeasurement | None:
        """Return the numbers as last measured, or None."""
        return self._numbers.get((lesion, visit))

    def proposal_of(self, lesion: str, visit: str) -> LesionMeasurement | None:
        """Return the numbers of the proposal that waits, as last measured, or None."""
        return self._numbers.get((lesion, visit, _PROPOSAL))

    def change_of(self, lesion: str) -> Comparison | None:
        """Return the change of a lesion; None before the call is committed."""
        return self._changes.get(lesion)

    def _forget(self) -> None:
        self._round += 1
        self._numbers, self._changes = {}, {}
        if self.session.case is None:
            self._timer.stop()
        else:
            self._timer.start()

    def _on_event(self, event: Event) -> None:
        of_masks = any(isinstance(change, MaskChange) for change in event.changes)
        if of_masks or event.kind in ("undo", "redo", "barrier"):
            self._timer.start()

    def _start(self) -> None:
        case = self.session.case
        if case is None:
            return
        if self._running:
            self._timer.start()
            return
        self._running = True
        visits = [visit.label for visit in case.visits]
        wanted = (case, tuple(self.session.lesions), visits, self.session.committed, self._round)
        threading.Thread(target=self._measure, args=wanted, name="numbers", daemon=True).start()

    def _measure(
        self, case: OpenCase, lesions: Sequence[str], visits: Sequence[str], committed: bool, number: int
    ) -> None:
        numbers: dict[tuple[str, ...], Any] = {}
        changes: dict[str, Any] = {}
        try:
            for lesion in lesions:
                for visit in visits:
                    numbers[lesion, visit] = _or_none(workflow.live_numbers, case, lesion, visit)
                    waiting = _or_none(workflow.proposal_numbers, case, lesion, visit)
                    numbers[lesion, visit, _PROPOSAL] = waiting
                if committed:
                    changes[lesion] = _or_none(workflow.change_numbers, case, lesion)
        finally:
            # The window may have been closed meanwhile; then nobody waits for the numbers.
            with suppress(RuntimeError):
                self._ready.emit(number, numbers, changes)

    def _take(self, number: int, numbers: Any, changes: Any) -> None:
        self._running = False
        if number == self._round:
            self._numbers, self._changes = numbers, changes
            self.changed.emit()


def _or_none(measure: Any, *arguments: Any) -> Any:
    try:
        return measure(*arguments)
    except GistImagingError:
        return None
