"""One question of a form with its answer, which a digit gives while the question has the focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from gist_napari.widgets import style

if TYPE_CHECKING:
    from qtpy.QtGui import QFocusEvent, QMouseEvent

    from gist_napari.widgets.words import Option

__all__ = ["Field"]

_FIELD_SHEET = f"""
Field {{ background: {style.BUTTON}; border: 1px solid {style.LINE}; border-radius: 3px; }}
Field[here="true"] {{ border: 2px solid {style.TEXT}; background: {style.RAISED}; }}
Field[frozen="true"] {{ background: transparent; border: 1px dashed {style.LINE}; }}
Field[here="true"][frozen="true"] {{ border: 2px dashed {style.TEXT}; }}
"""
_ZERO_WITH_SHIFT = (Qt.Key.Key_ParenRight, Qt.Key.Key_Equal)
"""What Shift+0 says on keyboards whose digits need no Shift."""


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

    def keyPressEvent(self, event: QKeyEvent) -> None:
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
            return lambda: self.rest_wanted.emit()
        steps = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }
        if key == Qt.Key.Key_Backspace:
            return lambda: self.back_wanted.emit()
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

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that digits answer here."""
        super().focusInEvent(event)
        self._mark("here", True)
        self.reached.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that they no longer do."""
        super().focusOutEvent(event)
        self._mark("here", False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask this question."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()
