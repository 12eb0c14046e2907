"""Icons of the tools, drawn from a few lines each on a field of 16 x 16; they need no font and no file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from gist_napari.widgets.style import TEXT

__all__ = ["ICONS", "ICON_PX", "icon"]

ICON_PX = 16
_SHARP = 3
"""Pixels of the picture for each pixel of the field, so that icons stay sharp on dense screens."""

Shape = tuple[Any, ...]

ICONS: Final[Mapping[str, tuple[Shape, ...]]] = {
    "pan": (
        ("line", 8, 1, 8, 15), ("line", 1, 8, 15, 8),
        ("line", 6, 3, 8, 1, 10, 3), ("line", 6, 13, 8, 15, 10, 13),
        ("line", 3, 6, 1, 8, 3, 10), ("line", 13, 6, 15, 8, 13, 10),
    ),
    "window": (("ring", 8, 8, 6), ("pie", 8, 8, 6, 90, 180)),
    "stroke": (("curve", 1, 11, 5, 1, 10, 16, 15, 5),),
    "loop": (("dashes", 8, 8, 6), ("disc", 8, 8, 2)),
    "outline": (("closed", 8, 1.5, 14.5, 6.5, 12, 14, 4, 14, 1.5, 6.5),),
    "brush": (("disc", 8, 8, 5.5),),
    "erase": (("ring", 8, 8, 5.5), ("line", 4.3, 4.3, 11.7, 11.7)),
    "range_brush": (
        ("disc", 6, 8, 5), ("line", 14, 2, 14, 14), ("line", 12, 4, 15.5, 4), ("line", 12, 12, 15.5, 12),
    ),
    "caliper": (("line", 2, 13, 13, 2), ("line", 5, 4.5, 11, 11), ("disc", 2, 13, 1.7), ("disc", 13, 2, 1.7)),
    "ruler": (("line", 2, 8, 14, 8), ("line", 2, 5, 2, 11), ("line", 14, 5, 14, 11)),
    "bidimensional": (("line", 2, 14, 14, 2), ("line", 4.5, 4, 11.5, 12)),
    "ellipse": (("oval", 8, 8, 7, 4.5),),
    "landmark": (
        ("ring", 8, 8, 3), ("line", 8, 1, 8, 5), ("line", 8, 11, 8, 15), ("line", 1, 8, 5, 8),
        ("line", 11, 8, 15, 8),
    ),
    "levator": (("curve", 1, 2, 4, 15, 12, 15, 15, 2), ("line", 8, 8, 8, 12)),
    "grow": (("disc", 8, 8, 2.2), ("ring", 8, 8, 4.4), ("dashes", 8, 8, 7)),
    "between": (
        ("oval", 8, 3, 5, 1.8), ("oval", 8, 13, 5, 1.8), ("dots", 3, 3, 3, 13), ("dots", 13, 3, 13, 13),
    ),
    "keep_largest": (("disc", 6, 9, 4.8), ("ring", 13, 3.5, 1.8)),
    "undo": (("line", 5, 2, 2, 5, 5, 8), ("curve", 2, 5, 11, 3.5, 16, 8, 10, 14)),
    "redo": (("line", 11, 2, 14, 5, 11, 8), ("curve", 14, 5, 5, 3.5, 0, 8, 6, 14)),
    "link": (("oval", 5, 8, 4, 2.8), ("oval", 11, 8, 4, 2.8)),
    "blink": (
        ("line", 2, 5.5, 14, 5.5), ("line", 11, 2.5, 14, 5.5, 11, 8.5), ("line", 2, 11, 14, 11),
        ("line", 5, 8, 2, 11, 5, 14),
    ),
    "fill": (("ring", 8, 8, 6), ("pie", 8, 8, 6, 180, 180)),
    "hide": (("oval", 8, 8, 7, 4), ("disc", 8, 8, 2), ("line", 2, 14, 14, 2)),
    "cube": (
        ("closed", 8, 1.5, 14, 4.5, 8, 7.5, 2, 4.5), ("line", 2, 4.5, 2, 11.5, 8, 14.5, 14, 11.5, 14, 4.5),
        ("line", 8, 7.5, 8, 14.5),
    ),
    "reference": (
        ("closed", 1.5, 2, 14.5, 2, 14.5, 8, 1.5, 8), ("closed", 1.5, 10, 7, 10, 7, 14, 1.5, 14),
        ("closed", 9, 10, 14.5, 10, 14.5, 14, 9, 14),
    ),
}  # fmt: skip
"""Name to shapes: kind, then numbers. Lines go through points; circles have middle and radius."""


@cache
def icon(name: str, colour: str = TEXT) -> QIcon:
    """Return the icon called `name`."""
    picture = QPixmap(ICON_PX * _SHARP, ICON_PX * _SHARP)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SHARP, _SHARP)
    for kind, *numbers in ICONS[name]:
        _draw(painter, kind, [float(number) for number in numbers], QColor(colour))
    painter.end()
    picture.setDevicePixelRatio(_SHARP)
    return QIcon(picture)


def _draw(painter: QPainter, kind: str, numbers: list[float], colour: QColor) -> None:
    pen = QPen(colour, 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if kind in ("dashes", "dots"):
        pen.setDashPattern([1.6, 2.0])
    filled = kind in ("disc", "pie")
    painter.setPen(Qt.PenStyle.NoPen if filled else pen)
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    points = [QPointF(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
    if kind in ("line", "dots"):
        painter.drawPolyline(QPolygonF(points))
    elif kind == "closed":
        painter.drawPolygon(QPolygonF(points))
    elif kind == "curve":
        path = QPainterPath(points[0])
        path.cubicTo(*points[1:4])
        painter.drawPath(path)
    else:
        x, y, across = numbers[:3]
        up = numbers[3] if kind == "oval" else across
        box = QRectF(x - across, y - up, 2 * across, 2 * up)
        if kind == "pie":
            painter.drawPie(box, round(numbers[3] * 16), round(numbers[4] * 16))
        else:
            painter.drawEllipse(box)
