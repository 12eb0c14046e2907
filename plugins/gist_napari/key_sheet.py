"""All keys and mouse gestures on one page (F1), made from the table; keys can be changed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gist_imaging.errors import GistImagingError
from gist_napari.key_ring import chord
from gist_napari.keys import MOUSE, Binding, Context, key_words, rebound, save_keys
from gist_napari.widgets.style import LINE, button, dress, heading, look, quiet, text, tool_button

if TYPE_CHECKING:
    from qtpy.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QShowEvent

__all__ = ["KeySheet"]

COLUMNS = (("Looking",), ("Tools", "Segmenting"), ("Case", "Form", "Worklist"))
"""Groups of the table, by column; the mouse stands in the last."""

MARGIN_PX = 14
LINE_PX = 20
KEY_PX = 80


class KeySheet(QWidget):
    """Lies over the window; Esc, F1 or a click beside it closes it.

    Clicking a key and then pressing another one changes it, for this and later starts.

    Parameters
    ----------
    over : the window; the sheet stands in its middle
    bindings : the table
    changed : gets the table when the user has changed a key
    """

    def __init__(
        self,
        over: QWidget,
        bindings: Sequence[Binding],
        changed: Callable[[Sequence[Binding]], None] | None = None,
        save: Callable[[Sequence[Binding]], None] = save_keys,
    ) -> None:
        super().__init__(over)
        self.setObjectName("keySheet")
        dress(self)
        self.setStyleSheet(self.styleSheet() + f"QWidget#keySheet {{ border: 2px solid {LINE}; }}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.bindings = tuple(bindings)
        self.buttons: dict[str, QPushButton] = {}
        self._changed, self._save = changed, save
        self._asked = ""
        self._focus_before: QWidget | None = None
        self.hint = quiet("Click a key to change it. F1 or Esc closes this sheet.", wrap=False)
        self._lay_out()
        over.installEventFilter(self)
        self.hide()

    def toggle(self) -> None:
        """Show the sheet, or put it away."""
        self.setVisible(not self.isVisible())

    def showEvent(self, event: QShowEvent) -> None:
        """Stand in the middle of the window and take the keys."""
        super().showEvent(event)
        self._focus_before = self.window().focusWidget()
        self._place()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the focus back to what had it."""
        super().hideEvent(event)
        self._ask("")
        before, self._focus_before = self._focus_before, None
        if before is not None and before is not self:
            with suppress(RuntimeError):  # it may be gone by now
                before.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---------------------------------------------------------------- layout

    def _lay_out(self) -> None:
        close = tool_button("Close", "Close this sheet.", "Esc")
        close.clicked.connect(self.hide)
        top = QHBoxLayout()
        top.addWidget(heading("Keys and mouse"))
        top.addSpacing(MARGIN_PX)
        top.addWidget(self.hint, 1)
        top.addWidget(close)
        columns = QHBoxLayout()
        columns.setSpacing(MARGIN_PX)
        for at, groups in enumerate(COLUMNS):
            column = QVBoxLayout()
            column.setSpacing(4)
            for group in groups:
                self._add_group(column, group)
            if at == len(COLUMNS) - 1:
                self._add_mouse(column)
            column.addStretch(1)
            columns.addLayout(column)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(MARGIN_PX, 10, MARGIN_PX, 10)
        rows.addLayout(top)
        rows.addLayout(columns, 1)

    def _add_group(self, column: QVBoxLayout, group: str) -> None:
        column.addWidget(heading(group))
        grid = _grid()
        own = [binding for binding in self.bindings if binding.group == group]
        # Presets 1 to 5 and their like share one line.
        for at, (_, alike) in enumerate(groupby(own, key=lambda one: one.action.rstrip("12345"))):
            line = list(alike)
            first = line[0]
            self._add_line(grid, at, first, line)
        column.addLayout(grid)

    def _add_line(self, grid: QGridLayout, at: int, first: Binding, line: Sequence[Binding]) -> None:
        fixed = first.context in (Context.FORM, Context.WORKLIST) or len(line) > 1
        if len(line) > 1:
            shown = f"{key_words(first.keys[0])} … {key_words(line[-1].keys[0])[-1]}"
            words = first.words.rstrip(" 12345") + "s"
        else:
            shown = "  ".join(key_words(key) for key in first.keys)
            words = f"{first.words} (hold)" if first.hold else first.words
        if fixed:
            grid.addWidget(_key(shown), at, 0)
        else:
            made = button(shown, f"Click, then press another key for: {first.words}.")
            made.setMinimumHeight(LINE_PX)
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            look(made, "key")
            made.clicked.connect(lambda: self._ask(first.action))
            self.buttons[first.action] = made
            grid.addWidget(made, at, 0)
        grid.addWidget(text(words), at, 1)

    def _add_mouse(self, column: QVBoxLayout) -> None:
        column.addWidget(heading("Mouse on an image"))
        grid = _grid()
        for at, (gesture, words) in enumerate(MOUSE):
            grid.addWidget(_key(gesture), at, 0)
            grid.addWidget(text(words), at, 1)
        column.addLayout(grid)

    def _place(self) -> None:
        over = self.parentWidget()
        if over is not None:
            size = self.sizeHint().boundedTo(over.size())
            self.setGeometry(
                (over.width() - size.width()) // 2,
                (over.height() - size.height()) // 2,
                size.width(),
                size.height(),
            )

    # ---------------------------------------------------------------- changing a key

    def _ask(self, action: str) -> None:
        """Wait for the new key of an action; "" waits for none."""
        self._asked = action
        self._say("Click a key to change it. F1 or Esc closes this sheet.")
        for name, made in self.buttons.items():
            binding = next(one for one in self.bindings if one.action == name)
            usual = "  ".join(key_words(key) for key in binding.keys)
            made.setText("press a key" if name == action else usual)
        if action:
            words = next(one.words for one in self.bindings if one.action == action)
            self._say(f"Press the new key for: {words}. Esc keeps the old one.")
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, words: str, kind: str = "quiet") -> None:
        self.hint.setText(words)
        look(self.hint, kind)

    def _take(self, key: str) -> None:
        action = self._asked
        try:
            self.bindings = rebound(self.bindings, action, [key])
        except GistImagingError as error:
            self._ask("")
            self._say(f"▲ Not changed. {error}", "warning")
            return
        self._ask("")
        try:
            self._save(self.bindings)
        except OSError:
            self._say("▲ Changed for now, but the file of your own keys cannot be written.", "warning")
        if self._changed is not None:
            self._changed(self.bindings)

    def event(self, event: QEvent) -> bool:
        """Claim every key while the sheet is open."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the new key, or close."""
        key = event.key()
        if key in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr):
            return
        if key == Qt.Key.Key_Escape and self._asked:
            self._ask("")
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.hide()
        elif self._asked:
            self._take(chord(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle of the window; a click beside the sheet closes it."""
        if watched is self.parent() and self.isVisible():
            if event.type() == QEvent.Type.Resize:
                self._place()
            elif event.type() == QEvent.Type.MouseButtonPress:
                self.hide()
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep clicks on the sheet to itself."""
        event.accept()


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(0)
    grid.setColumnMinimumWidth(0, KEY_PX)
    grid.setColumnStretch(1, 1)
    return grid


def _key(shown: str) -> QLabel:
    label = text(shown)
    label.setMinimumHeight(LINE_PX)
    look(label, "key")
    return label
