"""The running job: what it does, how far it is, and a way to stop it; the images stay usable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from gist_napari.widgets.style import button, dress, text

if TYPE_CHECKING:
    from gist_napari.session import Session
    from gist_napari.workers import JobStatus

__all__ = ["ProgressLine"]

SHOWN_AFTER_MS = 200
"""What ends sooner needs no bar."""


class ProgressLine(QWidget):
    """Shown while a job runs for longer than a moment."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("jobBar")
        dress(self)
        self.words = text("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(120)
        self.cancel = button("Cancel", "Stop it; nothing is changed.", "Esc")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(8)
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self._soon = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._soon.timeout.connect(self.show)
        self.cancel.clicked.connect(lambda: session.jobs.stop())
        session.job_changed.connect(self.follow)
        session.case_changed.connect(lambda: self.follow(session.jobs.status))
        self.hide()

    def follow(self, status: JobStatus | None) -> None:
        """Show where the job is; None: it has ended."""
        if status is None:
            self._soon.stop()
            self.hide()
            return
        if not self.isVisible() and not self._soon.isActive():
            self._soon.start()
        share = "" if status.percent is None else f" {status.percent} %"
        self.words.setText(f"{status.label}: stopping…" if status.stopping else f"{status.label}{share}")
        self.bar.setRange(0, 0 if status.percent is None else 100)
        self.bar.setValue(status.percent or 0)
        self.cancel.setVisible(not status.stopping)
