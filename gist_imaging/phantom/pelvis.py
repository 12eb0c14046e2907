"""The phantom: where the pelvis lies in the scanner, and what grows in it.

Body frame, in mm: x to the patient's left, y to the back, z to the head; 0 lies in the midline at the level
of the pelvic floor. `PelvisPhantom.to_patient` carries it to DICOM's LPS frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gist_imaging.phantom.distances import Point, rotation
from gist_imaging.phantom.tumour import TumourShape
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["ANAL_VERGE", "ANORECTAL_JUNCTION", "COCCYX", "PUBIC_POINT", "PelvicFloor", "PelvisPhantom"]

PUBIC_POINT: Point = (0.0, -45.0, -8.0)
"""Lower back edge of the pubic symphysis, body frame."""
COCCYX: Point = (0.0, 53.0, 22.0)
"""Last coccygeal joint, body frame: 102 mm from the pubic point (published 95 to 115 mm)."""
ANORECTAL_JUNCTION: Point = (0.0, -4.0, -8.0)
"""Where the axis of the rectum turns into that of the anal canal, body frame."""
ANAL_VERGE: Point = (0.0, 13.0, -45.0)
"""Lower end of the anal canal, body frame: a canal of 41 mm."""

RECTUM_RADIUS_MM = 17.0
_LARGEST_SHIFT_MM = 27.0
_RECTUM_AXIS_Z = (-8.0, 10.0, 30.0, 55.0, 85.0, 120.0)
_RECTUM_AXIS_Y = (-4.0, 13.0, 27.0, 36.0, 36.0, 24.0)


class PelvicFloor(Protocol):
    """A levator ani other than the one that `PelvisPhantom` has of itself; all in the body frame, mm."""

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (...) of points (..., 3) to the muscle of both sides."""

    def cavity_distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (...) to the space above the resting muscle; the rectum keeps to it."""

    @property
    def box(self) -> tuple[Point, Point]:
        """Centre and half size of a box around the muscle."""


@dataclass(frozen=True, slots=True)
class PelvisPhantom:
    """A male pelvis with at most one rectal tumour.

    Parameters
    ----------
    tumour : the tumour, or None (complete response)
    origin_mm : (3,) where the body frame's 0 lies in the scanner, LPS
    turn_deg : (3,) how the patient lies: rotations about x, y and z, in this order about fixed axes
    levator_thickness_mm : of the levator ani
    levator_gap_mm : between the tumour and the levator ani where the tumour pushes it aside
    levator : a levator ani of its own, which knows nothing of the two fields before, or None for the usual
        funnel
    """

    tumour: TumourShape | None
    origin_mm: Point = (0.0, 0.0, 0.0)
    turn_deg: Point = (0.0, 0.0, 0.0)
    levator_thickness_mm: float = 4.0
    levator_gap_mm: float = 0.8
    levator: PelvicFloor | None = None

    @property
    def axes(self) -> FloatArray:
        """(3, 3) directions of the body's x, y and z as columns, LPS."""
        return rotation(self.turn_deg)

    def to_patient(self, points_body: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) of the body frame in LPS mm."""
        return np.asarray(
            np.asarray(points_body, dtype=np.float64) @ self.axes.T + np.asarray(self.origin_mm)
        )

    def to_body(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) in LPS mm in the body frame."""
        return np.asarray((np.asarray(points_mm, dtype=np.float64) - np.asarray(self.origin_mm)) @ self.axes)

    def rectal_axis(self, z: npt.ArrayLike) -> FloatArray:
        """Return the centre (x, y) of the rectum at heights `z` (body frame), pushed aside by the tumour."""
        heights = np.asarray(z, dtype=np.float64)
        axis = np.stack([np.zeros_like(heights), np.interp(heights, _RECTUM_AXIS_Z, _RECTUM_AXIS_Y)], axis=-1)
        if self.tumour is None:
            return axis
        shift, height, width = _push(self.tumour)
        bump = np.exp(-0.5 * np.square((heights - height) / width))
        return np.asarray(axis + bump[..., None] * shift)


def _push(tumour: TumourShape) -> tuple[FloatArray, float, float]:
    """Return how far (x, y) the tumour pushes the rectum, at which height and over what width (sigma)."""
    x, y, z = tumour.centre_mm
    resting_y = float(np.interp(z, _RECTUM_AXIS_Z, _RECTUM_AXIS_Y))
    towards = np.array([x, y - resting_y])
    distance = float(np.linalg.norm(towards))
    unit = towards / distance if distance > 0 else np.array([1.0, 0.0])
    half_width = tumour.length_along((unit[0], unit[1], 0.0)) / 2.0
    # The tumour grows from the wall, so it indents the rectum by a quarter of its radius.
    overlap = half_width + 0.75 * RECTUM_RADIUS_MM - distance
    shift = -unit * min(max(overlap, 0.0), _LARGEST_SHIFT_MM)
    return shift, z, 0.8 * tumour.length_along((0.0, 0.0, 1.0)) / 2.0
