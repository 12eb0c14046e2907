"""How a line, a text and a dot are put on a picture so that they are legible on black, white and grey."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QByteArray, QDataStream, QPointF, QRectF, Qt
from qtpy.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

__all__ = [
    "CASING",
    "LINE_PX",
    "TEXT",
    "cased_path",
    "cased_text",
    "dot",
    "polyline",
    "square_handle",
    "text_size",
]

TEXT = "#D6DADF"
CASING = "#000000"

LINE_PX = 2.0
# One and a half, so that wherever the line falls between pixels one of them is dark.
_CASING_PX = 1.5
_RIM_PX = 1.5
_DASHES = [4.0, 2.5]


def polyline(points: npt.NDArray[np.float64], closed: bool = False) -> QPainterPath:
    """Return the path through (n, 2) canvas positions."""
    path = QPainterPath()
    if len(points):
        # As Qt itself stores a polygon: eight times as fast as one QPointF after another.
        stored = len(points).to_bytes(4, "big") + points.astype(">f8").tobytes()
        polygon = QPolygonF()
        QDataStream(QByteArray(stored)) >> polygon
        path.addPolygon(polygon)
        if closed:
            path.closeSubpath()
    return path


def cased_path(
    painter: QPainter, path: QPainterPath, colour: str, *, dashed: bool = False, width_px: float = LINE_PX
) -> None:
    """Draw a line with a dark casing on each side; between dashes the casing goes on."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    casing = QPen(QColor(CASING), width_px + 2 * _CASING_PX)
    casing.setJoinStyle(Qt.PenJoinStyle.MiterJoin)  # twice as fast as round ones, and alike
    casing.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(casing)
    painter.drawPath(path)
    pen = QPen(QColor(colour), width_px)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if dashed:
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setDashPattern(_DASHES)
    painter.setPen(pen)
    painter.drawPath(path)


def cased_text(
    painter: QPainter,
    text: str,
    at: tuple[float, float],
    *,
    colour: str = TEXT,
    size_px: int = 13,
    bold: bool = False,
    align: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Write `text` with a dark rim and no box.

    Parameters
    ----------
    at : the point that `align` speaks of
    align : 0 to 1 of the text's width and height: (0, 0) is its upper left corner, (1, 1) its lower right
    """
    ratio = painter.device().devicePixelRatio()
    written, width, height = _written(text, colour, size_px, bold, ratio)
    # On whole pixels of the screen the letters stay crisp.
    x, y = (
        round((corner - share * extent) * ratio) / ratio - _RIM_PX
        for corner, share, extent in zip(at, align, (width, height), strict=True)
    )
    painter.drawPixmap(QPointF(x, y), written)


def text_size(text: str, size_px: int = 13, bold: bool = False) -> tuple[float, float]:
    """Return the width and height that `cased_text` takes."""
    metrics = QFontMetricsF(_font(size_px, bold))
    return metrics.horizontalAdvance(text), metrics.height()


@lru_cache(maxsize=512)
def _written(text: str, colour: str, size_px: int, bold: bool, ratio: float) -> tuple[QPixmap, float, float]:
    """Return the text as pixels, which are put down ten times faster than outlines are drawn."""
    font = _font(size_px, bold)
    metrics = QFontMetricsF(font)
    width, height = text_size(text, size_px, bold)
    path = QPainterPath()
    path.addText(QPointF(_RIM_PX, _RIM_PX + metrics.ascent()), font, text)
    written = QPixmap(math.ceil((width + 2 * _RIM_PX) * ratio), math.ceil((height + 2 * _RIM_PX) * ratio))
    written.setDevicePixelRatio(ratio)
    written.fill(Qt.GlobalColor.transparent)
    painter = QPainter(written)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rim = QPen(QColor(CASING), 2 * _RIM_PX)
    rim.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, rim)
    painter.fillPath(path, QBrush(QColor(colour)))
    painter.end()
    return written, width, height


def _font(size_px: int, bold: bool) -> QFont:
    font = QFont()
    font.setPixelSize(size_px)
    font.setBold(bold)
    return font


def dot(
    painter: QPainter, at: tuple[float, float], colour: str, radius_px: float, hollow: bool = False
) -> None:
    """Draw a dot with a dark rim; a hollow one shows the image inside."""
    middle = QPointF(*at)
    if hollow:
        path = QPainterPath()
        path.addEllipse(middle, radius_px, radius_px)
        cased_path(painter, path, colour)
        return
    painter.setPen(QPen(QColor(CASING), _CASING_PX))
    painter.setBrush(QBrush(QColor(colour)))
    painter.drawEllipse(middle, radius_px, radius_px)


def square_handle(painter: QPainter, at: tuple[float, float], colour: str, side_px: float = 7.0) -> None:
    """Draw what the mouse can take: a light square with a rim in the line's colour."""
    box = QRectF(at[0] - side_px / 2, at[1] - side_px / 2, side_px, side_px)
    painter.setPen(QPen(QColor(CASING), 3.0))
    painter.setBrush(QBrush(QColor(TEXT)))
    painter.drawRect(box)
    painter.setPen(QPen(QColor(colour), 1.5))
    painter.drawRect(box)
