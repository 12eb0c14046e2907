"""The family's pelvic floor at rest: a funnel between the puborectalis ring and the muscle's origin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial.geometry import FloatArray

__all__ = ["STEP", "Funnel", "outward_normals"]

STEP = 1e-4
"""Step in u and v for central differences."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """The resting sheet of the left side, body frame; the right side is its mirror image.

    Parameters
    ----------
    heights_mm : z of the puborectalis ring and of the origin on the side wall
    half_widths_mm, fronts_mm, backs_mm : of the ellipses, at the ring and at the origin
    bow_mm : how far the coronal outline bows inwards and upwards, measured along x
    front_edge_y_mm : where the sheet ends in front
    """

    heights_mm: tuple[float, float] = (-10.0, 29.0)
    half_widths_mm: tuple[float, float] = (18.0, 49.5)
    fronts_mm: tuple[float, float] = (-36.0, -44.0)
    backs_mm: tuple[float, float] = (15.0, 60.0)
    bow_mm: float = 5.0
    front_edge_y_mm: float = -31.0

    def points(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) of the left resting sheet, body frame."""
        share = 1.0 - np.asarray(v, dtype=np.float64)
        width, centre, length = self._ellipse(share)
        start = np.arccos(np.clip((centre - self.front_edge_y_mm) / length, -1.0, 1.0))
        angle = start + np.asarray(u, dtype=np.float64) * (np.pi - start)
        low, high = self.heights_mm
        z = np.broadcast_to(low + (high - low) * share, angle.shape)
        return np.stack([width * np.sin(angle), centre - length * np.cos(angle), z], axis=-1)

    def normals(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        """Return the unit normals (..., 3) of the left resting sheet: outwards and to the feet."""
        return outward_normals(self.points, np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64))

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the distance (mm, first order) to the space within both resting sheets."""
        low, high = self.heights_mm
        share = np.clip((points[..., 2] - low) / (high - low), 0.0, 1.0)
        width, centre, length = self._ellipse(share)
        ahead = np.clip((points[..., 2] + 0.01 - low) / (high - low), 0.0, 1.0)
        up = self._ellipse(ahead)
        level = self._level(points, width, centre, length)
        slope_z = (self._level(points, *up) - level) / 0.01
        u, w = points[..., 0] / width, (points[..., 1] - centre) / length
        slope = np.sqrt((u / width / level) ** 2 + (w / length / level) ** 2 + slope_z**2)
        return np.asarray((level - 1.0) / np.maximum(slope, 1e-6))

    def _ellipse(self, share: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return half width, centre (y) and half length of the ellipse at a share of the height."""
        bow = 4.0 * self.bow_mm * share * (1.0 - share)
        width = self.half_widths_mm[0] + (self.half_widths_mm[1] - self.half_widths_mm[0]) * share - bow
        front = self.fronts_mm[0] + (self.fronts_mm[1] - self.fronts_mm[0]) * share
        back = self.backs_mm[0] + (self.backs_mm[1] - self.backs_mm[0]) * share - bow
        return width, (front + back) / 2.0, (back - front) / 2.0

    @staticmethod
    def _level(points: FloatArray, width: FloatArray, centre: FloatArray, length: FloatArray) -> FloatArray:
        return np.maximum(np.hypot(points[..., 0] / width, (points[..., 1] - centre) / length), 1e-6)


def outward_normals(surface: Callable[..., FloatArray], u: FloatArray, v: FloatArray) -> FloatArray:
    """Return unit normals of a left-sided sheet by central differences, away from the cavity."""
    along_u = surface(u + STEP, v) - surface(u - STEP, v)
    along_v = surface(u, v + STEP) - surface(u, v - STEP)
    across = np.cross(along_v, along_u)
    return np.asarray(across / np.linalg.norm(across, axis=-1, keepdims=True))
