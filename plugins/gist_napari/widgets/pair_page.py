"""Which scans of a case are compared, on which series, and what is not comparable about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_napari.said import Toast
from gist_napari.widgets.lesion_facts import words
from gist_napari.widgets.style import button, dress, heading, look, minus, quiet, text, warning

if TYPE_CHECKING:
    from gist_imaging.store.records import SeriesRecord, VisitRecord
    from gist_imaging.study.pairing import Chip
    from gist_imaging.workflow import PairCheck
    from gist_napari.session import Session

__all__ = ["PairPage"]

ROLES = ("baseline", "follow_up", "other")
STATES = {
    "none": "⊘ nothing to measure on",
    "proposed": "○ proposed",
    "confirmed": "● confirmed",
    "changed": "● changed",
}
"""How the series was chosen: a symbol that differs in shape, and a word."""
CHIP_NAMES = {"in_plane": "in plane", "kvp": "tube voltage"}


class PairPage(QWidget):
    """Settled once for all readers: Enter accepts; another role or series asks for a reason, in no dialog."""

    left = Signal()
    open_wanted = Signal(str)  # case

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("pairPage")
        dress(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.case = ""
        self.check: PairCheck | None = None
        self.roles: dict[str, QComboBox] = {}
        self.series: dict[str, QComboBox] = {}
        self.title = heading("")
        self.hint = quiet("")
        self.reason_row = QWidget()
        self.reason = QLineEdit()
        self.problems = QVBoxLayout()
        self.body = QWidget()
        self.accept_button = button("Accept and open", "Lay this down for all readers.", "Enter", main=True)
        self.look_button = button("Open as proposed", "Open the case; what is proposed stays a proposal.")
        self.back_button = button("‹ Worklist", "Change nothing.", "Esc")
        self.chips: dict[str, QHBoxLayout] = {}
        self._grid = QGridLayout()
        self._lay_out()
        self.accept_button.clicked.connect(self.accept)
        self.back_button.clicked.connect(self.left.emit)
        self.look_button.clicked.connect(lambda: self.open_wanted.emit(self.case))
        self.reason.returnPressed.connect(self.accept)

    def show_case(self, case: str) -> bool:
        """Show the scans of a case; return whether they could be read."""
        self.case = case
        self.reason.clear()
        if not self._look(None, None):
            return False
        self._build()
        self._show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def accept(self) -> None:
        """Lay roles and series down, and ask to open the case."""
        if self.check is None or self.session.folder is None:
            return
        reason = self.reason.text().strip()
        if self.check.changed_visits and not reason:
            self.session.said.emit(Toast("Say in a few words why another one is right.", "warning"))
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        try:
            self.check = workflow.confirm_pair(
                self.session.folder,
                self.case,
                by=self.session.reader,
                roles=self.check.roles,
                measured=self.check.measured,
                reason=reason or None,
            )
        except GistImagingError as error:
            self.session.said.emit(Toast(str(error), "error"))
            return
        self.open_wanted.emit(self.case)

    # ---------------------------------------------------------------- layout

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.back_button)
        top.addSpacing(8)
        top.addWidget(self.title)
        top.addWidget(self.hint, 1)
        top.addWidget(self.look_button)
        top.addWidget(self.accept_button)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        row = QHBoxLayout(self.reason_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(text("Why another role or series?"))
        self.reason.setPlaceholderText("a few words, kept in the study's trail; no names, dates or folders")
        self.reason.setMaxLength(200)
        row.addWidget(self.reason, 1)
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self._grid)
        inside.addWidget(self.reason_row)
        inside.addSpacing(8)
        inside.addLayout(self.problems)
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(area, 1)

    def _build(self) -> None:
        """Make the rows of the case: one for each visit, its chips below it."""
        _empty(self._grid)
        self.roles, self.series, self.chips = {}, {}, {}
        check = self.check
        if check is None:
            return
        for column, name in enumerate(("Visit", "Day", "Role", "Measured on", "")):
            self._grid.addWidget(quiet(name, wrap=False), 0, column)
        self._grid.setColumnStretch(3, 1)
        for at, visit in enumerate(check.record.visits):
            line = 1 + 2 * at
            day = "–" if visit.day is None else minus(f"{visit.day:+d}")
            self._grid.addWidget(text(visit.label), line, 0)
            self._grid.addWidget(text(day), line, 1)
            self._grid.addWidget(self._role_field(visit), line, 2)
            self._grid.addWidget(self._series_field(visit), line, 3)
            by = f" by {visit.measured_by}" if visit.measured_by else ""
            self._grid.addWidget(text(STATES.get(visit.measured_state, "") + by), line, 4)
            held = QWidget()
            self.chips[visit.label] = QHBoxLayout(held)
            self.chips[visit.label].setContentsMargins(0, 0, 0, 10)
            self._grid.addWidget(held, line + 1, 0, 1, 5)

    def _role_field(self, visit: VisitRecord) -> QComboBox:
        field = QComboBox()
        for role in ROLES:
            field.addItem(words(role).replace("follow up", "follow-up"), role)
        field.setCurrentIndex(ROLES.index(visit.role) if visit.role in ROLES else len(ROLES) - 1)
        field.setToolTip("What this visit is for: before treatment, after, or neither.")
        field.currentIndexChanged.connect(self._changed)
        self.roles[visit.label] = field
        return field

    def _series_field(self, visit: VisitRecord) -> QComboBox:
        field = QComboBox()
        for series in sorted(visit.series, key=lambda one: not one.measurable):
            field.addItem(_series_words(series), series.key)
        if visit.measured is None:
            field.insertItem(0, "none can be measured", None)
        field.setCurrentIndex(max(field.findData(visit.measured), 0))
        field.setToolTip("Lesions of this visit are outlined on this series, by every reader.")
        field.currentIndexChanged.connect(self._changed)
        self.series[visit.label] = field
        return field

    # ---------------------------------------------------------------- what is shown

    def _changed(self) -> None:
        roles = {label: str(field.currentData()) for label, field in self.roles.items()}
        measured = {label: field.currentData() for label, field in self.series.items()}
        if self._look(roles, measured):
            self._show()

    def _look(self, roles: dict[str, str] | None, measured: dict[str, str | None] | None) -> bool:
        if self.session.folder is None:
            return False
        try:
            self.check = workflow.pair_check(self.session.folder, self.case, roles=roles, measured=measured)
        except GistImagingError as error:
            self.session.said.emit(Toast(str(error), "error"))
            return False
        return True

    def _show(self) -> None:
        check = self.check
        if check is None:
            return
        self.title.setText(f"CASE {self.case}: scans")
        changed = bool(check.changed_visits)
        if changed:
            self.hint.setText(f"Other than laid down: {', '.join(check.changed_visits)}. Say why below.")
        elif check.is_settled:
            self.hint.setText("Accepted before; a change needs a reason.")
        else:
            self.hint.setText("Enter accepts what is proposed, for all readers.")
        self.reason_row.setVisible(changed)
        self.look_button.setVisible(not changed and not check.is_settled and not check.record.blocked)
        for label, row in self.chips.items():
            _empty(row)
            chips = check.chips.get(label, ())
            for chip in chips:
                if chip.state != "unknown":
                    row.addWidget(_chip(chip))
            if unknown := [chip for chip in chips if chip.state == "unknown"]:
                row.addWidget(_unknown_chip(unknown))
            row.addStretch(1)
        _empty(self.problems)
        for problem in check.problems:
            self.problems.addWidget(warning(minus(problem)))
        if not check.problems:
            self.problems.addWidget(quiet("Nothing else is noted about these scans."))

    # ---------------------------------------------------------------- keys

    def event(self, event: QEvent) -> bool:
        """Claim Enter and Esc from the keys of the reading screen."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter accepts, Esc goes back."""
        if not _is_own(event):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            self.accept()


def _is_own(event: QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) and not (
        event.modifiers() & Qt.KeyboardModifier.ControlModifier
    )


def _series_words(series: SeriesRecord) -> str:
    codes = f"  ▲ {', '.join(series.problems)}" if series.problems else ""
    return f"{series.name}{codes}" if series.measurable else f"⊘ {series.name}: cannot be measured{codes}"


def _chip(chip: Chip) -> QLabel:
    differs = chip.state == "differs"
    label = text(f"{'≠' if differs else '✓'} {_name(chip)}  {_both(chip.text)}")
    label.setToolTip(
        "Not comparable: choose another series, or read with care." if differs else "Comparable."
    )
    look(label, "chip-differs" if differs else "chip")
    return label


def _unknown_chip(chips: Sequence[Chip]) -> QLabel:
    label = text(f"? not stated: {', '.join(_name(chip) for chip in chips)}")
    label.setToolTip("\n".join(f"{_name(chip)}: {chip.text}" for chip in chips))
    look(label, "chip-unknown")
    return label


def _both(said: str) -> str:
    """Return both sides, or one where they say the same.

    >>> _both("3 | 3 mm"), _both("3 | 5 mm"), _both("portal_venous | portal_venous")
    ('3 mm', '3 | 5 mm', 'portal venous')
    """
    one, _, other = said.replace("_", " ").partition(" | ")
    return other if one == other or other.rsplit(" ", 1)[0] == one else said.replace("_", " ")


def _name(chip: Chip) -> str:
    return CHIP_NAMES.get(chip.name, chip.name)


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
