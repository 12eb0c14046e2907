"""What a person would see on a picture of the reading screen: cut words, sideways scrolling, greys."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QLabel,
    QScrollBar,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QWidget,
)

__all__ = ["cut_words", "grey_of", "shown", "sideways_bars"]


_BORDER_PX = 2


def shown(root: QWidget, kind: Any) -> list[Any]:
    """Return the widgets of a kind that are seen, also those that only scrolling brings into sight."""
    return [one for one in root.findChildren(kind) if one.isVisible() and one.width() > 0]


def sideways_bars(root: QWidget) -> list[str]:
    """Return the scroll bars that ask for scrolling sideways."""
    return [
        type(bar.parent()).__name__
        for bar in shown(root, QScrollBar)
        if bar.orientation() == Qt.Orientation.Horizontal and bar.maximum() > bar.minimum()
    ]


def cut_words(root: QWidget) -> list[str]:
    """Return every text of labels and buttons that has less room than it needs, with both widths."""
    cut = []
    for label in shown(root, QLabel):
        if not label.text() or (label.pixmap() is not None and not label.pixmap().isNull()):
            continue
        needed, has = _label_needs(label)
        if needed[0] > has[0] + 1 or needed[1] > has[1] + 1:
            cut.append(f"{label.text()!r} needs {needed}, has {has}")
    for button in shown(root, QAbstractButton):
        if not button.text() or _only_icon(button):
            continue
        needed_px = button.fontMetrics().horizontalAdvance(button.text().replace("&", ""))
        has_px = _room_of(button)
        if needed_px > has_px + 1:
            cut.append(f"{button.text()!r} needs {needed_px}, has {has_px}")
    return cut


def _label_needs(label: QLabel) -> tuple[tuple[int, int], tuple[int, int]]:
    room = label.contentsRect()
    margin = 2 * label.margin()
    has = (room.width() - margin, room.height() - margin)
    rich = label.textFormat() == Qt.TextFormat.RichText or (
        label.textFormat() == Qt.TextFormat.AutoText and Qt.mightBeRichText(label.text())
    )
    if rich:
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(label.font())
        document.setHtml(label.text())
        if label.wordWrap():
            document.setTextWidth(has[0])
        return (round(document.idealWidth()), 0), has
    metrics = label.fontMetrics()
    if not label.wordWrap():
        widest = max(metrics.horizontalAdvance(line) for line in label.text().splitlines() or [""])
        return (widest, 0), has
    flags = int(Qt.TextFlag.TextWordWrap.value)
    needs = metrics.boundingRect(0, 0, has[0], 10_000, flags, label.text())
    return (needs.width(), needs.height()), has


def _only_icon(button: QAbstractButton) -> bool:
    if isinstance(button, QToolButton):
        return (
            button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly and not button.icon().isNull()
        )
    return False


def _room_of(button: QAbstractButton) -> int:
    """Width between the borders; the text of a button may use its padding."""
    if isinstance(button, QCheckBox):
        option = QStyleOptionButton()
        option.initFrom(button)
        return button.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, button).width()
    return button.width() - 2 * _BORDER_PX


def grey_of(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the picture without its colours, as a copying machine shows it (Rec. 601)."""
    return np.asarray(image.astype(np.float64) @ [0.299, 0.587, 0.114])
