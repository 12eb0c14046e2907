"""Signed distances to simple solids, in mm: below 0 inside, 0 on the surface, above 0 outside.

Every function takes points (..., 3) in the phantom's body frame. Distances are exact for tubes and boxes,
and right to first order near the surface for ellipsoids.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from gist_imaging.phantom.tissues import Tissue
from gist_imaging.spatial.geometry import FloatArray

__all__ = [
    "Distance",
    "Point",
    "Solid",
    "both_sides",
    "box",
    "ellipsoid",
    "ellipsoid_solid",
    "rotation",
    "shrunk",
    "smooth_union",
    "tube",
    "tube_solid",
]

_MIRROR = np.array([-1.0, 1.0, 1.0])

Point = tuple[float, float, float]
Distance = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Solid:
    """A body of one tissue.

    Parameters
    ----------
    name : what it is
    tissue : what it is made of
    distance : points (..., 3), body frame -> signed distance, mm
    centre, half_mm : (3,) a box around the solid along the body axes; outside it, it is not looked for
    """

    name: str
    tissue: Tissue
    distance: Distance
    centre: Point
    half_mm: Point


@lru_cache(maxsize=64)
def rotation(turn_deg: Point) -> FloatArray:
    """Return the (3, 3) rotation about x, y and z, in this order about fixed axes; read-only."""
    matrix = np.array(Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix())
    matrix.flags.writeable = False
    return matrix


def ellipsoid(points: FloatArray, centre: npt.ArrayLike, semi_axes: npt.ArrayLike) -> FloatArray:
    """Return the distance to an ellipsoid along the body axes, to first order near its surface."""
    radii = np.asarray(semi_axes, dtype=np.float64)
    scaled = (points - np.asarray(centre, dtype=np.float64)) / radii
    level = np.sqrt(np.einsum("...c,...c->...", scaled, scaled))
    steepness = np.sqrt(np.einsum("...c,...c->...", scaled / radii, scaled / radii))
    at_centre = steepness == 0.0
    return np.asarray(
        np.where(at_centre, -radii.min(), level * (level - 1.0) / np.where(at_centre, 1.0, steepness))
    )


def tube(points: FloatArray, path: Sequence[Point], radii: Sequence[float]) -> FloatArray:
    """Return the distance to a round tube along a polyline; the radius runs linearly between its points.

    Parameters
    ----------
    points : (..., 3)
    path : (n, 3), n of 2 or more
    radii : (n,)
    """
    nearest = np.full(points.shape[:-1], np.inf)
    for (start, end), (first, last) in zip(pairwise(path), pairwise(radii), strict=True):
        origin = np.asarray(start, dtype=np.float64)
        along = np.asarray(end, dtype=np.float64) - origin
        offset = points - origin
        share = np.clip((offset @ along) / (along @ along), 0.0, 1.0)
        to_axis = offset - share[..., None] * along
        distance = np.sqrt(np.einsum("...c,...c->...", to_axis, to_axis)) - (first + share * (last - first))
        nearest = np.minimum(nearest, distance)
    return nearest


def box(points: FloatArray, centre: Point, half: Point, rounding_mm: float) -> FloatArray:
    """Return the distance to a box along the body axes with rounded edges; `half` is half its outer size."""
    outside = np.abs(points - np.asarray(centre)) - (np.asarray(half) - rounding_mm)
    beyond = np.maximum(outside, 0.0)
    return np.asarray(
        np.sqrt(np.einsum("...c,...c->...", beyond, beyond))
        + np.minimum(outside.max(axis=-1), 0.0)
        - rounding_mm
    )


def smooth_union(first: FloatArray, second: FloatArray, blend_mm: float) -> FloatArray:
    """Return the union of two solids whose crease is filled over about `blend_mm`."""
    mix = np.maximum(blend_mm - np.abs(first - second), 0.0) / blend_mm
    return np.asarray(np.minimum(first, second) - mix * mix * blend_mm / 4.0)


def ellipsoid_solid(name: str, tissue: Tissue, centre: Point, semi_axes: Point) -> Solid:
    """Return an ellipsoid along the body axes as a solid."""
    return Solid(name, tissue, partial(ellipsoid, centre=centre, semi_axes=semi_axes), centre, semi_axes)


def tube_solid(name: str, tissue: Tissue, path: Sequence[Point], radii: Sequence[float]) -> Solid:
    """Return a tube along a polyline as a solid."""
    points, reach = np.asarray(path, dtype=np.float64), np.asarray(radii, dtype=np.float64)[:, None]
    low, high = (points - reach).min(axis=0), (points + reach).max(axis=0)
    x, y, z = ((low + high) / 2.0).tolist()
    a, b, c = ((high - low) / 2.0).tolist()
    return Solid(name, tissue, partial(tube, path=path, radii=radii), (x, y, z), (a, b, c))


def both_sides(*left: Solid) -> tuple[Solid, ...]:
    """Return left-sided solids, each followed by its mirror image on the right."""
    return tuple(solid for each in left for solid in (each, _mirrored(each)))


def _mirrored(left: Solid) -> Solid:
    x, y, z = left.centre
    return replace(left, distance=lambda points: left.distance(points * _MIRROR), centre=(-x, y, z))


def shrunk(solid: Solid, by_mm: float, name: str, tissue: Tissue) -> Solid:
    """Return what is left of a solid under a rind of `by_mm`."""
    return replace(solid, name=name, tissue=tissue, distance=lambda points: solid.distance(points) + by_mm)
