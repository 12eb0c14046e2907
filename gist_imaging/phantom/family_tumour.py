"""A tumour with four lobes: an ellipsoid whose radius swells and shrinks by a cubic harmonic.

In the ellipsoid's own frame, scaled to a ball, the surface lies at 1 + lobe · g, where g = 3√3 xyz on the
unit sphere, turned: four hills of height 1 and four hollows of depth 1. The means over the sphere are known
(g: 0, g²: 27/105, g³: 0), so the volume still follows from a formula.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.distances import Point, rotation
from gist_imaging.phantom.tumour import Section, TumourShape
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["LARGEST_LOBE", "LobedTumour", "surface_of"]

LARGEST_LOBE = 0.2
_MEAN_SQUARE = 27.0 / 105.0
_PEAK = 3.0 * np.sqrt(3.0)
_SURFACE_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class LobedTumour(TumourShape):
    """A `TumourShape` with four lobes; without lobes it is the plain ellipsoid.

    Parameters
    ----------
    lobe : height of the lobes as a part of the radius, −0.2 to 0.2; the sign swaps hills and hollows
    lobe_turn_deg : (3,) rotations about the tumour's own axes: where the lobes stand
    """

    lobe: float = 0.0
    lobe_turn_deg: Point = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        TumourShape.__post_init__(self)
        if not abs(self.lobe) <= LARGEST_LOBE:
            raise GistImagingError(
                f"lobes rise by at most {LARGEST_LOBE} of the radius",
                f"got {self.lobe}",
                "give a smaller lobe",
            )

    @property
    def volume_mm3(self) -> float:
        """4/3 π abc (1 + 3 lobe² · 27/105)."""
        return float(
            4.0 / 3.0 * np.pi * np.prod(self.semi_axes_mm) * (1.0 + 3.0 * self.lobe**2 * _MEAN_SQUARE)
        )

    @property
    def half_box_mm(self) -> Point:
        """(3,) half size of a box that surely holds the tumour: that of the ellipsoid, the lobes added."""
        x, y, z = ((1.0 + abs(self.lobe)) * np.sqrt(np.diag(self.spread))).tolist()
        return (x, y, z)

    @property
    def longest_3d_diameter_mm(self) -> float:
        """Distance between the two farthest of 20,000 points of the surface."""
        return _longest_mm(self)

    def length_along(self, direction: npt.ArrayLike) -> float:
        """Return the extent (mm) along `direction`, of 20,000 points of the surface."""
        unit = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
        return float(np.ptp(surface_of(self)[0] @ unit))

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (mm, first order) of `points` (..., 3), body frame."""
        return self._distance(points, self.semi_axes_mm)

    def core_distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (mm, first order) to the necrotic core: the tumour made smaller."""
        a, b, c = (self.core_fraction * length for length in self.semi_axes_mm)
        return self._distance(points, (a, b, c))

    def central_section(self, normal: npt.ArrayLike) -> NoReturn:
        """Raise: a plane does not cut a lobed tumour in an ellipse."""
        self._no_ellipse(f"a plane at right angles to {normal!r} through one with lobes of {self.lobe}")

    def section(self, normal: npt.ArrayLike, offset_mm: float) -> Section | None:
        """Raise: a plane does not cut a lobed tumour in an ellipse."""
        self._no_ellipse(f"a plane {offset_mm} mm along {normal!r} through one with lobes of {self.lobe}")

    @staticmethod
    def _no_ellipse(found: str) -> NoReturn:
        raise GistImagingError(
            "an elliptic section is known of a tumour without lobes",
            found,
            "measure its mask, or use TumourShape",
        )

    def moved(self, by_mm: npt.ArrayLike) -> LobedTumour:
        """Return the tumour shifted by (3,) mm in the body frame."""
        x, y, z = (np.asarray(self.centre_mm) + np.asarray(by_mm)).tolist()
        return replace(self, centre_mm=(x, y, z))

    def mirrored(self) -> LobedTumour:
        """Return the tumour's mirror image through the midsagittal plane x = 0."""
        (x, y, z), (a, b, c), (u, v, w) = self.centre_mm, self.turn_deg, self.lobe_turn_deg
        return replace(
            self,
            centre_mm=(-x, y, z),
            turn_deg=(a, -b, -c),
            lobe=-self.lobe,
            lobe_turn_deg=(u, -v, -w),
        )

    def _distance(self, points: FloatArray, semi_axes: Point) -> FloatArray:
        radii = np.asarray(semi_axes)
        scaled = ((points - np.asarray(self.centre_mm)) @ self.axes) / radii
        level = np.sqrt(np.einsum("...c,...c->...", scaled, scaled))
        length = np.maximum(level, 1e-9)
        height, slope = self._lobes(scaled, length)
        gradient = (scaled / length[..., None] - slope) / radii
        steepness = np.sqrt(np.einsum("...c,...c->...", gradient, gradient))
        at_centre = level < 1e-6
        return np.asarray(
            np.where(at_centre, -radii.min(), (level - 1.0 - height) / np.where(at_centre, 1.0, steepness))
        )

    def _lobes(self, scaled: FloatArray, length: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return lobe · g and its gradient at points of the scaled frame, by their direction alone."""
        turn = rotation(self.lobe_turn_deg)
        y = scaled @ turn
        product = y[..., 0] * y[..., 1] * y[..., 2]
        height = self.lobe * _PEAK * product / length**3
        pairs = np.stack([y[..., 1] * y[..., 2], y[..., 0] * y[..., 2], y[..., 0] * y[..., 1]], axis=-1)
        slope = pairs / length[..., None] ** 3 - 3.0 * (product / length**5)[..., None] * y
        return height, self.lobe * _PEAK * (slope @ turn.T)


@lru_cache(maxsize=64)
def surface_of(tumour: TumourShape, n_points: int = _SURFACE_POINTS) -> tuple[FloatArray, FloatArray]:
    """Return points (n, 3) on the tumour's surface, body frame, and the unit normals there; read-only."""
    number = np.arange(n_points) + 0.5
    height = 1.0 - 2.0 * number / n_points
    turn = np.pi * (1.0 + np.sqrt(5.0)) * number
    across = np.sqrt(1.0 - height * height)
    ball = np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=1)
    radii = np.asarray(tumour.semi_axes_mm)
    rise, slope = np.zeros(n_points), np.zeros_like(ball)
    if isinstance(tumour, LobedTumour):
        rise, slope = tumour._lobes(ball, np.ones(n_points))
    scaled = ball * (1.0 + rise)[:, None]
    # The slope of a function of direction falls with the distance from the centre.
    outward = (ball - slope / (1.0 + rise)[:, None]) / radii @ tumour.axes.T
    normals = outward / np.linalg.norm(outward, axis=1, keepdims=True)
    points = np.asarray(tumour.centre_mm) + (scaled * radii) @ tumour.axes.T
    points.flags.writeable = False
    normals.flags.writeable = False
    return points, normals


@lru_cache(maxsize=64)
def _longest_mm(tumour: TumourShape) -> float:
    if isinstance(tumour, LobedTumour) and tumour.lobe == 0.0:
        return 2.0 * max(tumour.semi_axes_mm)
    points = surface_of(tumour)[0]
    return float(pdist(points[ConvexHull(points).vertices][::4]).max())
