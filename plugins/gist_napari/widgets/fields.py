"""The small pieces that pages are made of: a page, a fold, a field that a digit answers, a row of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSettings, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gist_imaging.errors import GistImagingError
from gist_napari.widgets import style

if TYPE_CHECKING:
    from qtpy.QtGui import QFocusEvent, QMouseEvent, QShowEvent

    from gist_napari.session import Session
    from gist_napari.widgets.words import Option

__all__ = ["Field", "Fold", "Page", "ReasonRow", "Switch", "emptied", "remembered", "settings"]

_FIELD_SHEET = f"""
Field {{ background: {style.BUTTON}; border: 1px solid {style.LINE}; border-radius: 3px; }}
Field[here="true"] {{ border: 2px solid {style.TEXT}; background: {style.RAISED}; }}
Field[frozen="true"] {{ background: transparent; border: 1px dashed {style.LINE}; }}
Field[here="true"][frozen="true"] {{ border: 2px dashed {style.TEXT}; }}
"""
_ZERO_WITH_SHIFT = (Qt.Key.Key_ParenRight, Qt.Key.Key_Equal)
"""What Shift+0 says on keyboards whose digits need no Shift."""


def settings() -> QSettings:
    """Return where folds and switches are remembered, for this user on this machine."""
    return QSettings("gist_imaging", "reading")


def remembered(name: str, default: bool) -> bool:
    """Return a switch as it was left."""
    return str(settings().value(name, str(default))).lower() == "true"


def emptied(layout: QLayout) -> None:
    """Take everything out of a layout, at once."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            emptied(inner)


class Page(QWidget):
    """A page of the panel: shows the open case, and follows it while it is seen.

    Parameters
    ----------
    session : what is open, and what can be done
    """

    page_wanted = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.refused = ""
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(10, 8, 10, 8)
        self.rows.setSpacing(6)
        self._stale = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._refresh_now)
        # Nothing of a case that was left may stay, seen or not.
        session.case_changed.connect(self._refresh_now)
        session.state_changed.connect(self.refresh_soon)
        session.active_changed.connect(self.refresh_soon)

    def refresh(self) -> None:
        """Show what the session knows now."""
        raise NotImplementedError

    @property
    def revealed(self) -> bool:
        """Whether change, categories and metrics may be seen: the call is committed, or the study says so."""
        case = self.session.case
        return case is not None and (self.session.committed or case.reveal == "always")

    def asked(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a workflow function says of the open case, None where it refuses; tells nobody.

        For showing only: what the reader does goes through `session.do`, which tells refusals. What was
        refused last stands in `refused`.
        """
        self.refused = ""
        if self.session.case is None:
            return None
        try:
            return action(self.session.case, *arguments)
        except GistImagingError as error:
            self.refused = str(error)
            return None

    def refresh_soon(self, *_: object) -> None:
        """Show it when this turn of events is over; a page that is not seen waits until it is."""
        self._stale = True
        if self.isVisible():
            self._soon.start(0)

    def _refresh_now(self) -> None:
        self._stale = False
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up with what happened while the page was hidden."""
        super().showEvent(event)
        if self._stale:
            self._refresh_now()


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


class Field(QFrame):
    """One question with its answer; while it has the focus, digits answer it.

    Parameters
    ----------
    name : of the field, as it is stored
    title : what is asked, in words; for the eye and for messages
    options : the answers
    short : the title stands elsewhere, such as at the head of the row
    several : digits turn answers on and off, as several may hold
    """

    answered = Signal(str)
    rest_wanted = Signal()
    back_wanted = Signal()
    moved = Signal(int, int)  # steps down, steps right
    reached = Signal()

    def __init__(
        self,
        name: str,
        title: str,
        options: Sequence[Option],
        *,
        short: bool = False,
        several: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.name, self.title, self.options, self.several = name, title, tuple(options), several
        self.word: str | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(style.ROW_PX + 2)
        self.setStyleSheet(_FIELD_SHEET)
        self.setToolTip(title)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(6)
        self.answer = QLabel("–")
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        if short:
            self.answer.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row.addWidget(self.answer, 1)
        else:
            self.head = style.quiet(title, wrap=False)
            row.addWidget(self.head)
            row.addStretch(1)
            row.addWidget(self.answer)
        self.show_answer(None, "–")

    def show_answer(self, word: str | None, words: str, *, frozen: bool = False) -> None:
        """Show what was said; None: nobody has answered yet."""
        self.word = word
        self.answer.setText(words)
        style.look(self.answer, "quiet" if word is None else "")
        self.setAccessibleName(f"{self.title}: {words if word is not None else 'not answered'}")
        self._mark("frozen", frozen)

    def _mark(self, name: str, on: bool) -> None:
        if self.property(name) != ("true" if on else "false"):
            self.setProperty(name, "true" if on else "false")
            self.style().unpolish(self)
            self.style().polish(self)

    def event(self, event: QEvent) -> bool:
        """Keep the keys that answer from shortcuts of the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._means(event)
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Answer by a digit; Backspace goes back; arrows move."""
        means = self._means(event)
        if means is None:
            super().keyPressEvent(event)
            return
        means()

    def _means(self, event: QKeyEvent) -> Callable[[], None] | None:
        """Return what a key does here, or None."""
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return None
        if shift and key in _ZERO_WITH_SHIFT:
            return self.rest_wanted.emit
        steps = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }
        if key == Qt.Key.Key_Backspace:
            return self.back_wanted.emit
        if key in steps:
            return lambda: self.moved.emit(*steps[Qt.Key(key)])
        text = event.text()
        if text and text in "0123456789":
            return lambda: self._digit(text)
        return None

    def _digit(self, digit: str) -> None:
        found = next((one for one in self.options if one.key == digit), None)
        # A digit that is no answer is told by the form, with those that are.
        self.answered.emit(found.word if found is not None else f"?{digit}")

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show that digits answer here."""
        super().focusInEvent(event)
        self._mark("here", True)
        self.reached.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show that they no longer do."""
        super().focusOutEvent(event)
        self._mark("here", False)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask this question."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()


class ReasonRow(QWidget):
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

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Leave by Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep Esc from shortcuts of the window while a reason is asked for."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return bool(super().event(event))

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
