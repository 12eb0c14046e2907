"""Two coordinates on the levator ani of one side: along the pelvis, and from the side wall to the midline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gist_imaging.anatomy.surface import FloatArray, Side

__all__ = ["LevatorChart", "chart_of"]

# The muscle is looked at from a line this far on its pelvic side. A flat muscle and one that bulges by
# 20 mm are both seen without folds from there: the curved floor has a radius of 40 to 60 mm itself.
_VIEW_FROM_MM = 60.0

# How steeply the muscle runs down to the midline on the whole, degrees below the horizontal: from this slant
# both the nearly flat levator plate behind and the upright puborectalis in front are seen without folds.
_DESCENT_DEG = (30.0, 60.0)

# A stroke is coronal when it spans less of the front-to-back direction than this share of its extent.
_CORONAL_BELOW = 0.4

# Directions in which all coronal strokes together vary by less than this share of their spread are across
# their slices. Noise of half a millimetre on a line of 40 mm is below, a bow of 5 mm above.
_ACROSS_SLICES_BELOW = 0.005

# Slices turned farther than this from a coronal plane are not taken as coronal.
_CORONAL_WITHIN_DEG = 40.0


@dataclass(frozen=True, slots=True)
class LevatorChart:
    """Where a point lies on the muscle: `a` mm to the back, `t` mm down the side wall, `r` mm outward.

    Rows of equal `a` are cut by planes at right angles to `backward`: the planes of the coronal strokes,
    where there are any. `t` is an angle about a line on the pelvic side of the muscle, times 60 mm.

    Parameters
    ----------
    origin_mm : (3,) LPS
    backward, lateral, upward : (3,) unit directions at right angles to each other
    outward, downward : (2,) along (lateral, upward): across the muscle, and along it to the midline
    """

    origin_mm: FloatArray = field(repr=False)
    backward: FloatArray
    lateral: FloatArray
    upward: FloatArray
    outward: FloatArray
    downward: FloatArray

    def to_chart(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return `a`, `t` and `r` (each (...)) of points (..., 3) in LPS mm."""
        offset = points_mm - self.origin_mm
        section = np.stack([offset @ self.lateral, offset @ self.upward], axis=-1)
        out, down = section @ self.outward, section @ self.downward
        return offset @ self.backward, _VIEW_FROM_MM * np.arctan2(down, out), np.hypot(out, down)

    def to_patient(self, a: FloatArray, t: FloatArray, r: FloatArray) -> FloatArray:
        """Return points (..., 3) in LPS mm."""
        angle = t / _VIEW_FROM_MM
        section = (r * np.cos(angle))[..., None] * self.outward + (r * np.sin(angle))[
            ..., None
        ] * self.downward
        return np.asarray(
            self.origin_mm
            + a[..., None] * self.backward
            + section[..., :1] * self.lateral
            + section[..., 1:] * self.upward
        )

    def steepness(self, r: FloatArray, r_by_a: FloatArray, r_by_t: FloatArray) -> FloatArray:
        """Return by how much a step along `r` is longer than the distance from the sheet (1 or more).

        Parameters
        ----------
        r, r_by_a, r_by_t : (...) height of the sheet and its slopes
        """
        return np.asarray(np.sqrt(1.0 + r_by_a**2 + (r_by_t * _VIEW_FROM_MM / r) ** 2))


def chart_of(strokes: Sequence[FloatArray], side: Side) -> LevatorChart:
    """Return the chart that fits strokes of one side.

    Parameters
    ----------
    strokes : (n, 3) LPS each, evenly sampled
    side : the patient's left or right
    """
    backward = _across_coronal_slices(strokes)
    upward = np.array([0.0, 0.0, 1.0])
    upward = upward - (upward @ backward) * backward
    upward /= np.linalg.norm(upward)
    lateral = np.cross(backward, upward)
    if (lateral[0] > 0.0) != (side == "L"):
        lateral = -lateral
    points = np.concatenate(strokes)
    middle = points.mean(axis=0)
    offset = points - middle
    section = np.stack([offset @ lateral, offset @ upward], axis=-1)
    _, axes = np.linalg.eigh(section.T @ section)
    along = axes[:, 1] * (-1.0 if axes[1, 1] > 0.0 else 1.0)
    descent = np.clip(np.degrees(np.arctan2(-along[1], -along[0])), *_DESCENT_DEG)
    sine, cosine = np.sin(np.radians(descent)), np.cos(np.radians(descent))
    outward, downward = np.array([sine, -cosine]), np.array([-cosine, -sine])
    origin = middle - _VIEW_FROM_MM * (outward[0] * lateral + outward[1] * upward)
    return LevatorChart(origin, backward, lateral, upward, outward, downward)


def _across_coronal_slices(strokes: Sequence[FloatArray]) -> FloatArray:
    """Return the direction to the back that the coronal strokes are at right angles to, else LPS y."""
    straight_back = np.array([0.0, 1.0, 0.0])
    spread = np.zeros((3, 3))
    for points in strokes:
        extent = np.ptp(points, axis=0)
        if extent[1] < _CORONAL_BELOW * np.linalg.norm(extent):
            offset = points - points.mean(axis=0)
            spread += offset.T @ offset
    if not spread.any():
        return straight_back
    sizes, axes = np.linalg.eigh(spread)
    across = axes[:, sizes <= max(_ACROSS_SLICES_BELOW * sizes[2], sizes[0])]
    direction = across @ (across.T @ straight_back)
    length = float(np.linalg.norm(direction))
    if length < np.cos(np.radians(_CORONAL_WITHIN_DEG)):
        return straight_back
    return np.asarray(direction / length)
