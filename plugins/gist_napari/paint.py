"""Draws a scene on one slice of an image."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

from gist_napari.contours import OutlineCache
from gist_napari.layers import FloatArray
from gist_napari.pens import cased_path, cased_text, dot, polyline, square_handle
from gist_napari.planes import PlaneMap
from gist_napari.scene import STYLES, LineDrawing, MaskDrawing, PointDrawing, Scene

__all__ = ["ON_SLICE_WITHIN", "near_slice", "paint_scene"]

_FILL = 0.30

# Half a slice to each side, and a hair for positions that were rounded when they were written.
ON_SLICE_WITHIN = 0.5 + 1e-3


def paint_scene(painter: QPainter, scene: Scene, view: PlaneMap, outlines: OutlineCache) -> None:
    """Draw everything in `scene` that the slice of `view` shows."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for mask in scene.masks:
        _paint_mask(painter, mask, view, outlines)
    for line in scene.lines:
        _paint_line(painter, line, view)
    for point in scene.points:
        _paint_point(painter, point, view)


def near_slice(line_mm: FloatArray, view: PlaneMap, closed: bool = False) -> list[FloatArray]:
    """Return the pieces of a line that lie within half a slice of the shown one, cut exactly there.

    Parameters
    ----------
    line_mm : (n, 3) LPS
    closed : whether the last point joins the first

    Returns
    -------
    lines, (m, 3) LPS; a single point stays a single point
    """
    if len(line_mm) == 0:
        return []
    if closed and len(line_mm) > 2:
        line_mm = np.vstack([line_mm, line_mm[:1]])
    reach = view.thickness_mm * ON_SLICE_WITHIN
    height = view.height_mm(line_mm)
    if len(line_mm) == 1:
        return [line_mm] if abs(height[0]) <= reach else []
    if (np.abs(height) <= reach).all():
        return [line_mm]
    pieces: list[list[FloatArray]] = []
    for n in range(len(line_mm) - 1):
        cut = _cut(height[n], height[n + 1], reach)
        if cut is None:
            continue
        step = line_mm[n + 1] - line_mm[n]
        start, end = line_mm[n] + cut[0] * step, line_mm[n] + cut[1] * step
        if pieces and cut[0] == 0.0 and np.array_equal(pieces[-1][-1], start):
            pieces[-1].append(end)
        else:
            pieces.append([start, end])
    return [np.array(piece) for piece in pieces]


def _cut(start: float, end: float, reach: float) -> tuple[float, float] | None:
    """Return where, from 0 to 1, a step from height `start` to `end` lies within `reach`; None if nowhere."""
    rise = end - start
    if rise == 0.0:
        return (0.0, 1.0) if abs(start) <= reach else None
    one, other = sorted(((-reach - start) / rise, (reach - start) / rise))
    low, high = max(0.0, one), min(1.0, other)
    return (low, high) if low <= high else None


def _paint_mask(painter: QPainter, mask: MaskDrawing, view: PlaneMap, outlines: OutlineCache) -> None:
    polygons = outlines.of(mask.mask, view.grid, view.plane, view.depth)
    if not polygons:
        return
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    canvas = [view.world_to_canvas(polygon) for polygon in polygons]
    for points in canvas:
        path.addPath(polyline(points, closed=True))
    colour = QColor(STYLES[mask.style])
    # The line covers the edge of the filling, so that needs no smoothing.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if mask.hatched:
        painter.fillPath(path, QBrush(colour, Qt.BrushStyle.BDiagPattern))
    elif mask.filled:
        inside = QColor(colour)
        inside.setAlphaF(_FILL)
        painter.fillPath(path, QBrush(inside))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    cased_path(painter, path, STYLES[mask.style], dashed=mask.dashed)
    if mask.tag:
        largest = max(canvas, key=lambda points: float(np.ptp(points, axis=0).prod()))
        # Calipers write at their right end; the tag stands at the upper left.
        x, y = largest[np.argmin(largest.sum(axis=1))].tolist()
        cased_text(painter, mask.tag, (x - 4, y - 2), colour=STYLES[mask.style], bold=True, align=(1.0, 1.0))


def _paint_brush(painter: QPainter, line: LineDrawing, width_mm: float, view: PlaneMap) -> None:
    """Show what a brush is covering while it is drawn: the voxels come when it ends."""
    colour = QColor(STYLES[line.style])
    colour.setAlphaF(_FILL)
    pen = QPen(colour, width_mm * view.px_per_mm)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    points = view.to_canvas(line.points_mm)
    if len(points) == 1:
        painter.drawPoint(QPointF(*points[0].tolist()))
    else:
        painter.drawPath(polyline(points))


def _paint_line(painter: QPainter, line: LineDrawing, view: PlaneMap) -> None:
    if line.width_mm is not None:
        _paint_brush(painter, line, line.width_mm, view)
        return
    colour = STYLES[line.style]
    pieces = near_slice(line.points_mm, view, line.closed)
    if not line.slice_only and len(line.points_mm) > 1:
        # The rest of the line is drawn too, so that one sees where it goes, but weaker.
        painter.save()
        painter.setOpacity(0.45)
        path = polyline(view.to_canvas(line.points_mm), line.closed)
        cased_path(painter, path, colour, dashed=True, width_px=1.0)
        painter.restore()
    path = QPainterPath()
    for piece in pieces:
        on_canvas = view.to_canvas(piece)
        if len(on_canvas) > 1:
            path.addPath(polyline(on_canvas))
        else:
            dot(painter, tuple(on_canvas[0]), colour, 3.0)
    cased_path(painter, path, colour, dashed=line.dashed)
    reach = view.thickness_mm * ON_SLICE_WITHIN
    if line.handles and len(line.points_mm):
        is_here = (np.abs(view.height_mm(line.points_mm)) <= reach) | (not line.slice_only)
        for x, y in view.to_canvas(line.points_mm[is_here]).tolist():
            square_handle(painter, (x, y), colour)
    if line.label and (pieces or not line.slice_only):
        last = pieces[-1][-1] if pieces else line.points_mm[-1]
        x, y = view.to_canvas(last).tolist()
        cased_text(painter, line.label, (x + 8, y - 6), colour=colour, bold=True, align=(0.0, 1.0))


def _paint_point(painter: QPainter, point: PointDrawing, view: PlaneMap) -> None:
    if abs(float(view.height_mm(point.point_mm))) > view.thickness_mm * ON_SLICE_WITHIN:
        return
    x, y = view.to_canvas(point.point_mm).tolist()
    dot(painter, (x, y), STYLES[point.style], 4.0, point.hollow)
    if point.label:
        cased_text(painter, point.label, (x + 7, y), colour=STYLES[point.style], align=(0.0, 0.5))
