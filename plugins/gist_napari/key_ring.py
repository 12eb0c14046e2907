"""Applies the table of keys inside the reading screen, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from gist_napari.keys import Binding, Context, bindings_of_user

__all__ = ["KeyRing", "chord"]

_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.ShiftModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
_LISTS = (QAbstractItemView, QComboBox, QAbstractSlider)

_LEFT_ALONE = (
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
)
"""Keys that an image gets: they move the focus, or go with the mouse."""

_SYMBOLS = "[]-=+"
"""Found by what they write: on many keyboards they need a modifier."""

_SHIFTED_DIGITS = dict(zip('!@#$%"£§¤', "123452334", strict=True))
"""What Shift and a digit write on English, German and Nordic keyboards."""

# Place of the digit keys on the keyboard: (first code of the row 1 2 3 ... 0) by platform.
_FIRST_DIGIT_CODE = {"linux": 10, "win32": 2}


def chord(event: QKeyEvent) -> str:
    """Return a key press in Qt's portable spelling, whatever the keyboard's layout.

    Enter of the keypad is Return; Shift with a digit is found by place or by the sign that it writes.
    """
    key, written = event.key(), event.text()
    modifiers = event.modifiers() & _MODIFIERS
    if written in tuple(_SYMBOLS) and not modifiers & Qt.KeyboardModifier.ControlModifier:
        return written
    if key == Qt.Key.Key_Enter:
        key = Qt.Key.Key_Return
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        digit = _digit(event)
        if digit:
            return f"Shift+{digit}"
    if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
        # Whether Shift is needed for + depends on the keyboard.
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    spelled: str = QKeySequence(int(key) | int(modifiers.value)).toString(
        QKeySequence.SequenceFormat.PortableText
    )
    return spelled


def _digit(event: QKeyEvent) -> str:
    if Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_9:
        return chr(event.key())
    first = _FIRST_DIGIT_CODE.get(sys.platform)
    if first is not None and first <= event.nativeScanCode() < first + 10:
        return "1234567890"[event.nativeScanCode() - first]
    return _SHIFTED_DIGITS.get(event.text(), "")


class KeyRing(QObject):
    """Takes the keys of the table while something inside `scope` has the focus.

    A widget that claims a key for itself (by accepting its ShortcutOverride, as text fields and forms do)
    keeps it. An image gets no key that is not in the table. Only the widget with the focus is watched, so
    that moving the mouse costs nothing.

    Parameters
    ----------
    scope : the reading screen; napari's own widgets and other windows are outside
    actions : id to what is done; of a hold, it gets True when the key goes down and False when it comes up
    bindings : the table; None takes it with the user's own keys
    """

    def __init__(
        self,
        scope: QWidget,
        actions: Mapping[str, Callable[..., Any]],
        bindings: Sequence[Binding] | None = None,
    ) -> None:
        super().__init__(scope)
        self.scope, self.actions = scope, dict(actions)
        if scope.focusPolicy() == Qt.FocusPolicy.NoFocus:
            # Else a click on a button of ours that takes no focus would give it to napari's window.
            scope.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.problems: tuple[str, ...] = ()
        if bindings is None:
            bindings, self.problems = bindings_of_user()
        self.bindings: tuple[Binding, ...] = ()
        self.use(bindings)
        self._held: dict[int, Binding] = {}
        self._claimed = False
        self._watched: QWidget | None = None
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)
            self._follow(None, application.focusWidget())

    def use(self, bindings: Sequence[Binding]) -> None:
        """Take another table, such as one with a key that the user has changed."""
        self.bindings = tuple(bindings)
        self._by_key = {
            key: binding
            for binding in self.bindings
            if binding.context in (Context.EVERYWHERE, Context.READING) and binding.action in self.actions
            for key in binding.keys
        }

    def release_all(self) -> None:
        """End everything that is held, as when the window loses the focus."""
        held, self._held = self._held, {}
        for binding in held.values():
            self.actions[binding.action](False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take keys before the widget and before the shortcuts of the window."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            return self._override(watched, event)
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press(watched, event)
        if kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            return self._release(event)
        return False

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is self.scope and old is not None and self.scope.isAncestorOf(old) and old.isVisible():
            # A click on a button or bar that takes no focus: it stays where it was.
            old.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self._watched is not None:
            with suppress(RuntimeError):  # it may be gone by now
                self._watched.removeEventFilter(self)
        inside = new is not None and (new is self.scope or self.scope.isAncestorOf(new))
        self._watched = new if inside else None
        if self._watched is not None:
            self._watched.installEventFilter(self)
        else:
            self.release_all()

    def _override(self, watched: QObject, event: QKeyEvent) -> bool:
        event.ignore()
        self._claimed = self._claims(watched, event)
        if self._claimed:
            event.accept()
            return True
        if self._binding(watched, event) is not None:
            event.accept()
            return True
        # Already shown to everybody up to the reading screen; napari's shortcuts may have it.
        event.ignore()
        return True

    def _claims(self, watched: QObject, event: QKeyEvent) -> bool:
        """Return whether the widget, or one that it stands in, wants the key for itself."""
        widget = watched if isinstance(watched, QWidget) else None
        while widget is not None:
            widget.event(event)
            if event.isAccepted():
                return True
            widget = None if widget is self.scope else widget.parentWidget()
        return False

    def _binding(self, watched: QObject, event: QKeyEvent) -> Binding | None:
        binding = self._by_key.get(chord(event))
        if binding is None or binding.context is Context.EVERYWHERE:
            return binding
        with_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if isinstance(watched, _TEXT_FIELDS) or (isinstance(watched, _LISTS) and not with_control):
            return None
        if isinstance(watched, QAbstractButton) and event.key() == Qt.Key.Key_Space:
            return None
        return binding

    def _press(self, watched: QObject, event: QKeyEvent) -> bool:
        if self._claimed:
            self._claimed = False
            return False
        binding = self._binding(watched, event)
        if binding is None:
            # On an image, napari's own keys would hide, turn or delete the layer (V, Ctrl+T, Ctrl+Delete).
            return isinstance(watched, QOpenGLWidget) and event.key() not in _LEFT_ALONE
        event.accept()
        if binding.hold:
            if not event.isAutoRepeat() and event.key() not in self._held:
                self._held[event.key()] = binding
                self.actions[binding.action](True)
        elif binding.repeats or not event.isAutoRepeat():
            self.actions[binding.action]()
        return True

    def _release(self, event: QKeyEvent) -> bool:
        if event.key() not in self._held:
            return False
        if not event.isAutoRepeat():
            # The modifier may have come up first: the key alone tells which hold ends.
            self.actions[self._held.pop(event.key()).action](False)
        return True
