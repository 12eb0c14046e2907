"""Every text that the application shows or holds ready, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qtpy.QtCore import QAbstractListModel, QEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)


def texts_of(widget: QWidget) -> Iterator[str]:
    """All words of one widget: what it says, its tips, its names, its items, its actions."""
    yield from (
        widget.toolTip(),
        widget.whatsThis(),
        widget.statusTip(),
        widget.accessibleName(),
        widget.accessibleDescription(),
        widget.windowTitle(),
    )
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(at) for at in range(widget.count()))
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    if isinstance(widget, (QTextEdit, QPlainTextEdit)):
        yield widget.toPlainText()
    if isinstance(widget, QMenu):
        yield widget.title()
    if isinstance(widget, QMainWindow) and widget.statusBar() is not None:
        yield widget.statusBar().currentMessage()
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        model = widget.model()
        for row in range(model.rowCount()):
            for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
                index = model.index(row, column)
                yield from (str(model.data(index, role) or "") for role in (0, 3))
    for action in widget.actions():
        yield from (action.text(), action.toolTip(), action.statusTip())
    for name in ("text", "title"):
        said: Any = getattr(widget, name, None)
        if callable(said):
            try:
                yield str(said())
            except TypeError:  # an item view or table asks for an index
                continue


def all_texts(inside: QWidget | None = None, without: tuple[QWidget, ...] = ()) -> list[tuple[str, str]]:
    """Return (name of the widget, text) of the whole application, or of what stands inside a widget.

    Parameters
    ----------
    without : what stands inside these is left out
    """
    # What was taken away goes when the event loop comes round; tests never return to it.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    widgets = QApplication.allWidgets() if inside is None else [inside, *inside.findChildren(QWidget)]
    return [
        (f"{type(widget).__name__} {widget.objectName()}", text)
        for widget in widgets
        if not any(widget is one or one.isAncestorOf(widget) for one in without)
        for text in texts_of(widget)
        if text
    ]
