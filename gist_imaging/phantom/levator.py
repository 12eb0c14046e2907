"""The levator ani of the phantom: a funnel on both sides, pushed aside where the tumour bulges through it.

The funnel hangs from the obturator internus (half width 49 mm) to the puborectalis ring (half width 16 mm,
length about 50 mm); its coronal outline is convex upward with a bow of 5 mm, its thickness 4 mm. The side
that the tumour touches follows the tumour's surface at a stated gap.
"""

from __future__ import annotations

import numpy as np

from gist_imaging.phantom.distances import smooth_union
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.spatial.geometry import FloatArray

__all__ = [
    "ORIGIN_Z_MM",
    "RING_Z_MM",
    "cavity_distance",
    "levator_distance",
    "levator_ends",
    "levator_middle",
    "resting_cavity_distance",
]

RING_Z_MM = -10.0
"""Height of the puborectalis ring, body frame."""
ORIGIN_Z_MM = 29.0
"""Height at which the levator arises from the side wall, body frame."""
_HALF_WIDTHS_MM = (16.0, 48.5)
_FRONTS_MM = (-36.0, -44.0)
_BACKS_MM = (13.0, 60.0)
_BOW_MM = 5.0
_FRONT_EDGE_Y_MM = -31.0
_CREASE_MM = 6.0


def levator_distance(phantom: PelvisPhantom, points: FloatArray) -> FloatArray:
    """Return the signed distance (mm, first order) to the levator ani of both sides.

    Parameters
    ----------
    points : (..., 3) body frame
    """
    if phantom.levator is not None:
        return phantom.levator.distance(points)
    half = phantom.levator_thickness_mm / 2.0
    return np.maximum(np.abs(levator_middle(phantom, points)) - half, levator_ends(points))


def levator_middle(phantom: PelvisPhantom, points: FloatArray) -> FloatArray:
    """Return the distance (..., mm, first order) to the middle of the usual muscle, above 0 outside."""
    cavity = cavity_distance(points)
    if phantom.tumour is not None:
        bulge = phantom.tumour.distance(points) - phantom.levator_gap_mm
        cavity = smooth_union(cavity, bulge, _CREASE_MM)
    return cavity - phantom.levator_thickness_mm / 2.0


def levator_ends(points: FloatArray) -> FloatArray:
    """Return the signed distance (...) to where the usual muscle ends, below 0 between its ends."""
    y, z = points[..., 1], points[..., 2]
    return np.maximum(np.maximum(RING_Z_MM - 2.0 - z, z - ORIGIN_Z_MM), _FRONT_EDGE_Y_MM - y)


def resting_cavity_distance(phantom: PelvisPhantom, points: FloatArray) -> FloatArray:
    """Return the distance (mm, first order) to the space above the resting pelvic floor of this phantom."""
    return cavity_distance(points) if phantom.levator is None else phantom.levator.cavity_distance(points)


def cavity_distance(points: FloatArray) -> FloatArray:
    """Return the distance (mm, first order) to the space above the usual resting pelvic floor.

    Its sections are ellipses that widen from the puborectalis ring to the origin of the levator, and keep
    their size beyond both.
    """
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    height = ORIGIN_Z_MM - RING_Z_MM
    share = np.clip((z - RING_Z_MM) / height, 0.0, 1.0)
    within = (share > 0.0) & (share < 1.0)
    bow = 4.0 * _BOW_MM * share * (1.0 - share)
    bow_slope = 4.0 * _BOW_MM * (1.0 - 2.0 * share)
    (narrow, wide), (front_low, front_high), (back_low, back_high) = _HALF_WIDTHS_MM, _FRONTS_MM, _BACKS_MM
    half_width = narrow + (wide - narrow) * share - bow
    width_slope = np.where(within, (wide - narrow - bow_slope) / height, 0.0)
    front = front_low + (front_high - front_low) * share
    back = back_low + (back_high - back_low) * share - bow
    front_slope = np.where(within, (front_high - front_low) / height, 0.0)
    back_slope = np.where(within, (back_high - back_low - bow_slope) / height, 0.0)
    half_length, length_slope = (back - front) / 2.0, (back_slope - front_slope) / 2.0
    centre, centre_slope = (back + front) / 2.0, (back_slope + front_slope) / 2.0
    u, v = x / half_width, (y - centre) / half_length
    level = np.maximum(np.sqrt(u * u + v * v), 1e-6)
    along_x, along_y = u / (half_width * level), v / (half_length * level)
    along_z = (
        -(u * u * width_slope / half_width + v * (centre_slope + v * length_slope) / half_length) / level
    )
    steepness = np.sqrt(along_x**2 + along_y**2 + along_z**2)
    return np.asarray((level - 1.0) / np.maximum(steepness, 1e-6))
