"""Small parts of pages: a row of choices, a fold that is remembered, and a reason asked for in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from gist_napari.widgets import style
from gist_napari.widgets.page import remembered, settings

__all__ = ["Fold", "InPlace", "ReasonRow", "Switch"]


class Switch(QWidget):
    """A row of two or more buttons, one of them chosen."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """Make one button for each (name, word, tooltip)."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.buttons: dict[str, QPushButton] = {}
        for name, word, tip in choices:
            button = style.button(word, tip)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, name=name: self._press(name))
            self.buttons[name] = button
            row.addWidget(button, 1)
        self.name = ""

    def show_chosen(self, name: str) -> None:
        """Show which one holds."""
        self.name = name
        for one, button in self.buttons.items():
            button.setChecked(one == name)

    def _press(self, name: str) -> None:
        self.show_chosen(name)
        self.chosen.emit(name)


class Fold(QWidget):
    """What is needed rarely, behind a word; how it was left is remembered."""

    def __init__(self, name: str, title: str = "More", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._title = f"fold/{name}", title
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.head = QToolButton()
        self.head.setProperty("look", "link")
        self.head.setMinimumHeight(style.TARGET_PX)
        self.head.setCheckable(True)
        self.head.setToolTip(f"Show or hide: {title}")
        self.inside = QWidget()
        self.rows = QVBoxLayout(self.inside)
        self.rows.setContentsMargins(8, 0, 0, 0)
        self.rows.setSpacing(6)
        column.addWidget(self.head)
        column.addWidget(self.inside)
        self.head.toggled.connect(self._turn)
        self.head.setChecked(remembered(self._name, False))
        self._turn(self.head.isChecked())

    def say(self, title: str) -> None:
        """Change the word of the fold."""
        self._title = title
        self._turn(self.head.isChecked())

    def open(self) -> None:
        """Show what is inside."""
        self.head.setChecked(True)

    def _turn(self, shown: bool) -> None:
        self.inside.setVisible(shown)
        self.head.setText(f"{'▾' if shown else '▸'} {self._title}")
        settings().setValue(self._name, str(shown))


class InPlace(QWidget):
    """Something that is asked in place, without a dialog: its keys are not those of the window meanwhile."""

    own_keys: tuple[Qt.Key, ...] = (Qt.Key.Key_Escape,)

    def event(self, event: QEvent) -> bool:
        """Keep the keys from shortcuts of the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in self.own_keys
        ):
            event.accept()
            return True
        return bool(super().event(event))


class ReasonRow(InPlace):
    """Asks for a reason in place: one from a list, or in the reader's own words; no dialog.

    Parameters
    ----------
    ask : the question
    reasons : offered as buttons; the last way is always a line of text
    """

    given = Signal(str)
    left = Signal()

    def __init__(self, ask: str, reasons: Iterable[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.ask = style.text(ask, wrap=True)
        column.addWidget(self.ask)
        grid = QGridLayout()
        grid.setSpacing(4)
        for number, reason in enumerate(reasons):
            button = style.button(reason, f"Reason: {reason}")
            button.clicked.connect(lambda _=False, reason=reason: self._give(reason))
            grid.addWidget(button, number // 2, number % 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Reason, then Enter")
        self.line.setAccessibleName(ask)
        self.line.returnPressed.connect(lambda: self._give(self.line.text()))
        self.cancel = style.button("Cancel", "Change nothing", "Esc")
        self.cancel.clicked.connect(self._leave)
        row.addWidget(self.line, 1)
        row.addWidget(self.cancel)
        column.addLayout(row)
        self.hide()

    def start(self, ask: str = "") -> None:
        """Ask now."""
        if ask:
            self.ask.setText(ask)
        self.line.clear()
        self.show()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def drop(self) -> None:
        """Ask no more: what it asked about is no longer shown. Nobody is told."""
        self.line.clear()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
            return
        super().keyPressEvent(event)

    def _give(self, reason: str) -> None:
        if reason.strip():
            self.hide()
            self.given.emit(reason.strip())
        else:
            self.line.setPlaceholderText("A reason is needed: write one, or Cancel")
            self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        self.hide()
        self.left.emit()
