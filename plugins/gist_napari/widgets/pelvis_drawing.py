"""A small drawing of the pelvis with the landmark that is wanted marked on it."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from gist_imaging.anatomy.landmark_names import LandmarkName
from gist_napari.widgets import style

__all__ = ["FRONT", "SIDE", "PelvisDrawing"]

# Places on a drawing of 300 x 150: from the side (front of the body to the left), and from the front
# (patient's right to the left), as the images hang.
SIDE: Mapping[LandmarkName, tuple[float, float]] = {
    LandmarkName.INFERIOR_PUBIC_POINT: (84, 92),
    LandmarkName.LAST_COCCYGEAL_JOINT: (214, 98),
    LandmarkName.COCCYX_TIP: (206, 108),
    LandmarkName.SACROCOCCYGEAL_JOINT: (226, 80),
    LandmarkName.SACRAL_PROMONTORY: (168, 14),
    LandmarkName.S3_MIDPOINT: (214, 46),
    LandmarkName.ANORECTAL_JUNCTION: (160, 106),
    LandmarkName.ANAL_VERGE: (146, 141),
    LandmarkName.INTERNAL_SPHINCTER_TIP: (150, 134),
    LandmarkName.EXTERNAL_SPHINCTER_TIP: (154, 139),
    LandmarkName.RECTAL_WALL_POSTERIOR: (171, 104),
    LandmarkName.RECTAL_WALL_POSTERIOR_UPPER: (190, 82),
    LandmarkName.PUBORECTALIS_POSTERIOR: (176, 108),
    LandmarkName.LEVATOR_PLATE_ANTERIOR: (180, 106),
    LandmarkName.LEVATOR_PLATE_POSTERIOR: (202, 103),
}
FRONT: Mapping[LandmarkName, tuple[float, float]] = {
    LandmarkName.ISCHIAL_SPINE_RIGHT: (98, 78),
    LandmarkName.ISCHIAL_SPINE_LEFT: (202, 78),
    LandmarkName.FEMORAL_HEAD_RIGHT: (48, 76),
    LandmarkName.FEMORAL_HEAD_LEFT: (252, 76),
    LandmarkName.PUBORECTALIS_RIGHT: (138, 112),
    LandmarkName.PUBORECTALIS_LEFT: (162, 112),
}
_WIDTH, _HEIGHT = 300.0, 150.0
_JOINTS = (
    (199, 31, 219, 20),
    (214, 46, 233, 38),
    (222, 63, 240, 60),
    (226, 80, 239, 82),
    (214, 98, 224, 104),
)
"""Joints of sacrum and coccyx, from the side."""


class PelvisDrawing(QWidget):
    """The pelvis from the side or from the front; the wanted point is ringed, placed ones are dots."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wanted: LandmarkName | None = None
        self.placed: frozenset[LandmarkName] = frozenset()
        self.hollow: frozenset[LandmarkName] = frozenset()
        self.setFixedHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size it is drawn for."""
        return QSize(int(_WIDTH), int(_HEIGHT))

    def show_points(
        self,
        wanted: LandmarkName | None,
        placed: frozenset[LandmarkName],
        hollow: frozenset[LandmarkName] = frozenset(),
    ) -> None:
        """Mark the wanted point; `hollow` ones were copied and not looked at."""
        self.wanted, self.placed, self.hollow = wanted, placed, hollow
        view = "from the front" if wanted in FRONT else "from the side"
        self.setAccessibleName(f"Pelvis {view}, {wanted.words if wanted else 'no point'} marked")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bones, the rectum, and the points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(max(0.0, (self.width() - _WIDTH) / 2.0), 0.0)
        front = self.wanted in FRONT
        (_draw_front if front else _draw_side)(painter)
        for name, (x, y) in (FRONT if front else SIDE).items():
            if name == self.wanted:
                painter.setPen(QPen(QColor(style.PROPOSAL), 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QPointF(x, y), 7.0, 7.0)
                painter.drawLine(QPointF(x - 12, y), QPointF(x - 3, y))
                painter.drawLine(QPointF(x + 3, y), QPointF(x + 12, y))
                painter.drawLine(QPointF(x, y - 12), QPointF(x, y - 3))
                painter.drawLine(QPointF(x, y + 3), QPointF(x, y + 12))
            elif name in self.placed:
                painter.setPen(QPen(QColor(style.TEXT), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush if name in self.hollow else QColor(style.TEXT))
                painter.drawEllipse(QPointF(x, y), 3.0, 3.0)
        painter.end()


def _pen(colour: str, width: float = 1.5) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _words(painter: QPainter, x: float, y: float, words: str) -> None:
    painter.setPen(QColor(style.QUIET))
    font = painter.font()
    font.setPixelSize(style.SMALL_PX)
    painter.setFont(font)
    painter.drawText(QPointF(x, y), words)


def _draw_side(painter: QPainter) -> None:
    painter.setPen(_pen(style.QUIET))
    painter.setBrush(QColor(style.BUTTON))
    painter.save()
    painter.translate(76, 76)
    painter.rotate(-24)
    painter.drawEllipse(QRectF(-10, -20, 20, 40))
    painter.restore()
    sacrum = QPainterPath(QPointF(168, 14))
    sacrum.cubicTo(206, 26, 222, 52, 226, 80)
    sacrum.cubicTo(224, 92, 214, 102, 206, 108)
    sacrum.cubicTo(222, 104, 236, 92, 240, 78)
    sacrum.cubicTo(242, 48, 226, 20, 192, 4)
    sacrum.closeSubpath()
    painter.drawPath(sacrum)
    for one, other in (
        ((199, 31), (219, 20)),
        ((214, 46), (233, 38)),
        ((222, 63), (240, 60)),
        ((226, 80), (239, 82)),
        ((214, 98), (224, 104)),
    ):
        painter.drawLine(QPointF(*one), QPointF(*other))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(style.WALL))
    for start, first, second, bend, third, fourth, end in (
        ((152, 28), (160, 52), (178, 66), (150, 104), (146, 112), (142, 124), (138, 140)),
        ((178, 30), (188, 52), (202, 74), (171, 104), (166, 114), (160, 128), (155, 141)),
    ):
        path = QPainterPath(QPointF(*start))
        path.cubicTo(QPointF(*first), QPointF(*second), QPointF(*bend))
        path.cubicTo(QPointF(*third), QPointF(*fourth), QPointF(*end))
        painter.drawPath(path)
    painter.setPen(_pen(style.LEVATOR, 2.5))
    plate = QPainterPath(QPointF(174, 108))
    plate.quadTo(190, 108, 206, 104)
    painter.drawPath(plate)
    _words(painter, 4, 20, "front")
    _words(painter, 262, 20, "back")
    _words(painter, 26, 62, "pubis")
    _words(painter, 246, 60, "sacrum")
    _words(painter, 188, 132, "levator")


def _draw_front(painter: QPainter) -> None:
    painter.setPen(_pen(style.QUIET))
    painter.setBrush(QColor(style.BUTTON))
    for mirror in (1, -1):
        painter.save()
        painter.translate(150, 0)
        painter.scale(mirror, 1)
        bone = QPainterPath(QPointF(24, 18))
        bone.cubicTo(60, 6, 104, 10, 118, 26)
        bone.cubicTo(112, 50, 90, 56, 82, 66)
        bone.cubicTo(72, 72, 60, 74, 52, 78)
        bone.cubicTo(58, 92, 66, 110, 60, 128)
        bone.cubicTo(44, 134, 20, 120, 6, 112)
        bone.lineTo(6, 100)
        bone.cubicTo(26, 100, 44, 96, 48, 84)
        bone.cubicTo(40, 60, 30, 40, 24, 18)
        painter.drawPath(bone)
        painter.drawEllipse(QPointF(102, 76), 16, 16)
        painter.restore()
    sacrum = QPainterPath(QPointF(126, 16))
    sacrum.lineTo(174, 16)
    sacrum.lineTo(158, 66)
    sacrum.lineTo(142, 66)
    sacrum.closeSubpath()
    painter.drawPath(sacrum)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(style.LEVATOR, 2.5))
    for mirror in (1, -1):
        arm = QPainterPath(QPointF(150 + mirror * 48, 86))
        arm.quadTo(150 + mirror * 30, 104, 150 + mirror * 12, 112)
        arm.lineTo(150 + mirror * 9, 128)
        painter.drawPath(arm)
    _words(painter, 4, 20, "R")
    _words(painter, 274, 20, "L")
    _words(painter, 4, 140, "from the front, patient R left")
