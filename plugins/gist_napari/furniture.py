"""What stands on every picture besides the scene: letters, texts, scale bar, crosshair, brush, frame."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPen

from gist_napari.orientation import EdgeLetters
from gist_napari.pens import CASING, TEXT, cased_path, cased_text, text_size

__all__ = [
    "Corners",
    "bar_mm",
    "paint_corners",
    "paint_crosshair",
    "paint_cursor",
    "paint_frame",
    "paint_letters",
    "paint_message",
    "paint_scale_bar",
]

LETTER_PX = 18
_TEXT_PX = 13
_MESSAGE_PX = 14
_EDGE_PX = 6
_BARS_MM = (1, 2, 5, 10, 20, 50, 100, 200)
_QUIET = "#9AA3AD"


@dataclass(frozen=True, slots=True)
class Corners:
    """Texts in the four corners, at most two short lines each; the bar stands under those at bottom right."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


def paint_letters(
    painter: QPainter, letters: EdgeLetters, size: tuple[float, float], size_px: int = LETTER_PX
) -> None:
    """Write the patient's sides at the four edges."""
    width, height = size
    for text, at, align in (
        (letters.left, (_EDGE_PX, height / 2), (0.0, 0.5)),
        (letters.right, (width - _EDGE_PX, height / 2), (1.0, 0.5)),
        (letters.top, (width / 2, 2), (0.5, 0.0)),
        (letters.bottom, (width / 2, height - 2), (0.5, 1.0)),
    ):
        cased_text(painter, text, at, size_px=size_px, bold=True, align=align)


def paint_corners(painter: QPainter, corners: Corners, size: tuple[float, float]) -> None:
    """Write the corner texts."""
    width, height = size
    line = text_size("0", _TEXT_PX)[1]
    bar_room = line + 10
    for texts, x, align_x, is_top in (
        (corners.top_left, _EDGE_PX, 0.0, True),
        (corners.top_right, width - _EDGE_PX, 1.0, True),
        (corners.bottom_left, _EDGE_PX, 0.0, False),
        (corners.bottom_right, width - _EDGE_PX, 1.0, False),
    ):
        y = 4.0 if is_top else height - 4.0 - len(texts) * line - (bar_room if align_x else 0.0)
        for n, text in enumerate(texts):
            cased_text(painter, text, (x, y + n * line), size_px=_TEXT_PX, align=(align_x, 0.0))


def bar_mm(px_per_mm: float, width_px: float) -> float:
    """Return the longest round length that takes at most a quarter of the picture's width."""
    return max((bar for bar in _BARS_MM if bar * px_per_mm <= width_px / 4), default=_BARS_MM[0])


def paint_scale_bar(
    painter: QPainter, px_per_mm: float, size: tuple[float, float], text_px: int = 12
) -> None:
    """Draw a bar with its length at the lower right."""
    width, height = size
    length_mm = bar_mm(px_per_mm, width)
    right, y = width - _EDGE_PX - 1.0, height - 8.0
    left = right - length_mm * px_per_mm
    path = QPainterPath(QPointF(left, y - 4))
    for x, at in ((left, y), (right, y), (right, y - 4)):
        path.lineTo(QPointF(x, at))
    cased_path(painter, path, TEXT, width_px=1.5)
    cased_text(painter, f"{length_mm:g} mm", ((left + right) / 2, y - 4), size_px=text_px, align=(0.5, 1.0))


def paint_crosshair(painter: QPainter, at: tuple[float, float], colour: str = TEXT) -> None:
    """Draw four short arms that leave the position itself free."""
    x, y = at
    gap, arm = 6.0, 16.0
    path = QPainterPath()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(x + gap * dx, y + gap * dy)
        path.lineTo(x + (gap + arm) * dx, y + (gap + arm) * dy)
    cased_path(painter, path, colour, width_px=1.0)


def paint_cursor(painter: QPainter, at: tuple[float, float], radius_px: float, tag: str, colour: str) -> None:
    """Draw the brush where the mouse is, with the words of what it draws on."""
    path = QPainterPath()
    path.addEllipse(QPointF(*at), radius_px, radius_px)
    cased_path(painter, path, colour, width_px=1.0)
    if tag:
        where = (at[0] + radius_px * 0.7 + 6, at[1] + radius_px * 0.7 + 4)
        cased_text(painter, tag, where, colour=colour, size_px=12)


def paint_frame(painter: QPainter, size: tuple[float, float], dashed: bool) -> None:
    """Draw the frame of the pane that keys go to; dashed for the later visit, as its outlines are."""
    width, height = size
    box = QRectF(1.5, 1.5, width - 3, height - 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(CASING), 5.0))
    painter.drawRect(box)
    pen = QPen(QColor(TEXT), 2.0)
    if dashed:
        pen.setDashPattern([6.0, 4.0])
    painter.setPen(pen)
    painter.drawRect(box)


def paint_message(painter: QPainter, text: str, size: tuple[float, float]) -> None:
    """Write why there is no picture, in its middle."""
    line = text_size("0", _MESSAGE_PX)[1] * 1.3
    lines = [part for paragraph in text.splitlines() for part in _wrapped(paragraph, 0.9 * size[0])]
    for n, words in enumerate(lines):
        at = (size[0] / 2, size[1] / 2 + (n - (len(lines) - 1) / 2) * line)
        cased_text(painter, words, at, colour=_QUIET, size_px=_MESSAGE_PX, align=(0.5, 0.5))


def _wrapped(text: str, width_px: float) -> list[str]:
    """Break a paragraph between words into lines that are no wider than `width_px`."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_size(longer, _MESSAGE_PX)[0] <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
