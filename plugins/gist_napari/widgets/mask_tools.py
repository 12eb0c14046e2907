"""What is needed rarely for a mask: ranges, smoothing, pieces, mask files and taking things away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from gist_imaging import workflow
from gist_napari.widgets import style
from gist_napari.widgets.parts import Fold, InPlace

if TYPE_CHECKING:
    from gist_napari.session import Session

__all__ = ["MaskTools", "StructureRow"]

_FILES = "Masks (*.nii *.nii.gz *.nrrd *.dcm);;All files (*)"
_SMOOTH_MM, _ISLAND_MM3 = 1.0, 50.0
_RANGE = (0.0, 200.0)


class StructureRow(InPlace):
    """Asks in place which structure of a mask file is meant; Enter takes the chosen one, Esc none."""

    chosen = Signal(int)
    own_keys = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ask = style.text("", wrap=True)
        self.list = QComboBox()
        self.list.setMinimumHeight(style.TARGET_PX)
        self.list.setToolTip("What the file calls its structures")
        self.take = style.button("Take it", "Propose this structure as the mask", "Enter")
        self.cancel = style.button("Cancel", "Change nothing", "Esc")
        self.take.clicked.connect(self._take)
        self.cancel.clicked.connect(self.hide)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.ask)
        column.addWidget(self.list)
        column.addLayout(_line(self.take, self.cancel))
        self.hide()

    def start(self, question: str, choices: Mapping[int, str]) -> None:
        """Ask now; nothing is chosen until the reader has chosen."""
        self.ask.setText(question)
        self.list.clear()
        for number, words in choices.items():
            self.list.addItem(words, number)
        self.list.setCurrentIndex(-1)
        self.list.setPlaceholderText("Choose a structure")
        self.show()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the chosen structure by Enter, none by Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in self.own_keys:
            self._take()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        number = self.list.currentData()
        if number is None:
            self.list.showPopup()
            return
        self.hide()
        self.chosen.emit(int(number))


class MaskTools(Fold):
    """The fold at the end of the Segment page; `structure` is for the page to put where it is seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("segment", "More", parent)
        self.session = session
        self.in_range = QCheckBox("Brush only in range")
        self.in_range.setToolTip("Paint only where the value lies between both ends")
        self.low, self.high = (_spin(-4000, 30000, end) for end in _RANGE)
        self.low.setToolTip("Lowest value that the range brush paints")
        self.high.setToolTip("Highest value that the range brush paints")
        for signal in (self.in_range.toggled, self.low.valueChanged, self.high.valueChanged):
            signal.connect(self._set_range)
        self.rows.addWidget(self.in_range)
        self.rows.addLayout(_line(self.low, style.quiet("to", wrap=False), self.high))
        self.smoothing = _spin(0.2, 10.0, _SMOOTH_MM, " mm", 1)
        self.islands = _spin(1, 10000, _ISLAND_MM3, " mm³")
        smooth = ("Smooth", "Propose a smoother mask", self.smoothing, session.smooth)
        drop = ("Drop islands", "Propose it without smaller pieces", self.islands, session.remove_islands)
        for tool in (smooth, drop):
            self.rows.addLayout(_action(*tool))
        largest = style.button("Keep largest piece", "Propose the largest piece alone", "K")
        largest.clicked.connect(lambda: session.keep_largest())
        self.rows.addWidget(largest)
        self.ball = QCheckBox("3D brush (a ball)")
        self.ball.setToolTip("Paint on neighbouring slices too")
        self.ball.toggled.connect(self._set_ball)
        self.rows.addWidget(self.ball)
        self._add_files()
        strokes = style.button("Clear strokes", "Take back this lesion's strokes on this scan; masks stay")
        strokes.clicked.connect(lambda: self._do(workflow.clear_prompts))
        mask = style.button("Clear mask", "Take the mask away; can be undone")
        mask.clicked.connect(lambda: self._do(workflow.clear_mask))
        self.rows.addLayout(_line(strokes, mask))
        session.structure_wanted.connect(self._ask_structure)
        session.case_changed.connect(self._other_case)
        session.active_changed.connect(self._drop_question)

    def _add_files(self) -> None:
        self.file = style.button("Open a mask file …", "NIfTI, NRRD, DICOM SEG or RTSTRUCT, as a proposal")
        self.file.clicked.connect(self._open_file)
        self.resample = QCheckBox("Resample it onto this scan")
        self.resample.setToolTip(
            "Where the file lies on another grid in the same frame of reference; off, such a file is refused"
        )
        self.structure = StructureRow()
        self.structure.chosen.connect(self._take_structure)
        self._asked_of: tuple[Path, str, str] | None = None
        self.rows.addWidget(self.file)
        self.rows.addWidget(self.resample)

    def show_ball(self, ball: bool) -> None:
        """Show whether the brush is a ball, however that was chosen."""
        was_blocked = self.ball.blockSignals(True)
        self.ball.setChecked(ball)
        self.ball.blockSignals(was_blocked)

    def _set_range(self, *_: object) -> None:
        low, high = sorted((self.low.value(), self.high.value()))
        self.session.value_range = (low, high) if self.in_range.isChecked() else None

    def _set_ball(self, ball: bool) -> None:
        self.session.ball = ball

    def _open_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a mask", "", _FILES)
        if path:
            self._drop_question()
            self.session.import_mask(Path(path), resample=self.resample.isChecked())

    def _ask_structure(self, path: Path, choices: Mapping[int, str]) -> None:
        lesion, visit = self.session.active_lesion, self.session.active_visit
        self._asked_of = (path, lesion, visit)
        where = f"{lesion} on {self.session.tag_of(visit)}"
        self.structure.start(f"{path.name} holds {len(choices)} structures. Which one is {where}?", choices)

    def _take_structure(self, number: int) -> None:
        if self._asked_of is not None:
            path = self._asked_of[0]
            self.session.import_mask(path, number, resample=self.resample.isChecked())

    def _drop_question(self) -> None:
        """Ask no more once another lesion or scan is worked on: the answer would go there."""
        if self._asked_of is not None and self._asked_of[1:] != (
            self.session.active_lesion,
            self.session.active_visit,
        ):
            self._asked_of = None
            self.structure.hide()

    def _do(self, action: Any) -> None:
        self.session.do(action, self.session.active_lesion, self.session.active_visit)

    def _other_case(self) -> None:
        """Forget the range of values and the question of the case that was left."""
        self._asked_of = None
        self.structure.hide()
        self.in_range.setChecked(False)
        self.low.setValue(_RANGE[0])
        self.high.setValue(_RANGE[1])


def _spin(low: float, high: float, value: float, unit: str = "", digits: int = 0) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(low, high)
    spin.setDecimals(digits)
    spin.setSuffix(unit)
    spin.setValue(value)
    spin.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return spin


def _line(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
    return row


def _action(word: str, tip: str, spin: QDoubleSpinBox, act: Any) -> QHBoxLayout:
    button = style.button(word, tip)
    button.clicked.connect(lambda: act(spin.value()))
    return _line(button, spin)
