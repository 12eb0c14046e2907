"""What is shown where there is no case to choose: how to begin."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gist_napari.widgets.style import button, text

__all__ = ["NoStudy"]

_NO_STUDY = "No study is open. Drop a folder of scans here, open a study, or open the sample case."
_NO_CASE = "This study holds no case yet. Drop a folder of scans here, or use gist-imaging study import."


class NoStudy(QWidget):
    """One sentence and two buttons."""

    folder_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = text(_NO_STUDY, wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.study = button("Open a study…", "Choose a study folder, or a folder of scans.", main=True)
        self.sample = button("Open the sample case", "Three synthetic patients, to try everything.")
        self.study.clicked.connect(lambda: self.folder_wanted.emit())
        self.sample.clicked.connect(lambda: self.sample_wanted.emit())
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.study)
        buttons.addWidget(self.sample)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addSpacing(12)
        column.addLayout(buttons)
        column.addStretch(2)

    def say(self, is_open: bool) -> None:
        """Say that a study that is open has no case, or that none is open."""
        self.words.setText(_NO_CASE if is_open else _NO_STUDY)
