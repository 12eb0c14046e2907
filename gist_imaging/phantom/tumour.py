"""The phantom's tumour: an ellipsoid whose every size follows from a formula."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.distances import Point, ellipsoid, rotation
from gist_imaging.phantom.tissues import Appearance
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["Section", "TumourShape"]

_VIABLE = Appearance(76.0, 2.5)
_NECROTIC = Appearance(18.0, 9.0)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The ellipse in which a plane cuts the tumour.

    Parameters
    ----------
    centre : (3,) mm
    long_half, short_half : (3,) mm, from the centre to the farther and to the nearer tip
    """

    centre: FloatArray
    long_half: FloatArray
    short_half: FloatArray

    @property
    def longest_diameter_mm(self) -> float:
        """Distance between the two farthest points of the ellipse."""
        return 2.0 * float(np.linalg.norm(self.long_half))

    @property
    def short_axis_mm(self) -> float:
        """Longest chord at right angles to the longest diameter."""
        return 2.0 * float(np.linalg.norm(self.short_half))

    def outline(self, n_points: int = 180) -> FloatArray:
        """Return (n, 3) points on the ellipse, in order; the first is not repeated."""
        angle = np.linspace(0.0, 2.0 * np.pi, n_points, endpoint=False)[:, None]
        return np.asarray(self.centre + np.cos(angle) * self.long_half + np.sin(angle) * self.short_half)


@dataclass(frozen=True, slots=True)
class TumourShape:
    """An ellipsoid in the phantom's body frame, with a concentric necrotic core where asked.

    Parameters
    ----------
    centre_mm : (3,) body frame: x to the left, y to the back, z to the head, 0 at the pelvic floor
    semi_axes_mm : (3,) half diameters, before turning
    turn_deg : (3,) rotations about x, y and z, in this order about fixed axes
    viable : appearance of the tissue outside the core
    core_fraction : size of the core relative to the tumour, 0 (none) to below 1, the same on each axis
    core : appearance of the core
    """

    centre_mm: Point
    semi_axes_mm: Point
    turn_deg: Point = (0.0, 0.0, 0.0)
    viable: Appearance = _VIABLE
    core_fraction: float = 0.0
    core: Appearance = _NECROTIC

    def __post_init__(self) -> None:
        if not (min(self.semi_axes_mm) > 0 and 0.0 <= self.core_fraction < 1.0):
            raise GistImagingError(
                "a tumour has semi-axes above 0 mm and a core of 0 to below 1 of its size",
                f"got semi-axes {self.semi_axes_mm} and a core of {self.core_fraction}",
                "leave the tumour out for a complete response",
            )

    @property
    def axes(self) -> FloatArray:
        """(3, 3) unit directions of the semi-axes as columns, body frame."""
        return rotation(self.turn_deg)

    @property
    def spread(self) -> FloatArray:
        """(3, 3) mm²; the half width of the tumour along a unit direction n is sqrt(n · spread · n)."""
        return np.asarray(self.axes @ np.diag(np.square(self.semi_axes_mm)) @ self.axes.T)

    @property
    def half_box_mm(self) -> Point:
        """(3,) half size of the box along the body's axes around the tumour, with the same centre."""
        x, y, z = np.sqrt(np.diag(self.spread)).tolist()
        return (x, y, z)

    @property
    def volume_mm3(self) -> float:
        """4/3 π abc."""
        return float(4.0 / 3.0 * np.pi * np.prod(self.semi_axes_mm))

    @property
    def longest_3d_diameter_mm(self) -> float:
        """Twice the longest semi-axis."""
        return 2.0 * max(self.semi_axes_mm)

    @property
    def mean_hu(self) -> float:
        """Mean over the whole tumour, the core weighted by its volume."""
        share = self.core_fraction**3
        return (1.0 - share) * self.viable.hu + share * self.core.hu

    @property
    def necrotic_fraction(self) -> float:
        """Volume of the core as a part of the tumour."""
        return self.core_fraction**3

    def length_along(self, direction: npt.ArrayLike) -> float:
        """Return the extent (mm) between the two planes at right angles to `direction` that touch it."""
        unit = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
        return 2.0 * float(np.sqrt(unit @ self.spread @ unit))

    def central_section(self, normal: npt.ArrayLike) -> Section:
        """Return the ellipse in the plane through the centre at right angles to `normal`."""
        unit = np.asarray(normal, dtype=np.float64) / np.linalg.norm(normal)
        in_plane = np.linalg.svd(unit[None, :])[2][1:]
        curvature, directions = np.linalg.eigh(in_plane @ np.linalg.inv(self.spread) @ in_plane.T)
        halves = (1.0 / np.sqrt(curvature))[:, None] * (directions.T @ in_plane)
        return Section(np.asarray(self.centre_mm), halves[0], halves[1])

    def section(self, normal: npt.ArrayLike, offset_mm: float) -> Section | None:
        """Return the ellipse in the plane at right angles to `normal`, `offset_mm` from the centre.

        All parallel sections are similar; the one through the centre is the largest. None where the plane
        misses the tumour or only touches it.
        """
        unit = np.asarray(normal, dtype=np.float64) / np.linalg.norm(normal)
        half_width = self.length_along(unit) / 2.0
        if abs(offset_mm) >= half_width:
            return None
        scale = np.sqrt(1.0 - (offset_mm / half_width) ** 2)
        central = self.central_section(unit)
        centre = central.centre + offset_mm * (self.spread @ unit) / half_width**2
        return Section(centre, scale * central.long_half, scale * central.short_half)

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (mm, first order) of `points` (..., 3), body frame."""
        return ellipsoid(
            (points - np.asarray(self.centre_mm)) @ self.axes, (0.0, 0.0, 0.0), self.semi_axes_mm
        )

    def core_distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (mm, first order) to the necrotic core; the core must exist."""
        semi_axes = np.asarray(self.semi_axes_mm) * self.core_fraction
        return ellipsoid((points - np.asarray(self.centre_mm)) @ self.axes, (0.0, 0.0, 0.0), semi_axes)

    def scaled(self, *factors: float) -> TumourShape:
        """Return the tumour with each semi-axis multiplied: one factor for all, or one for each."""
        each = factors * 3 if len(factors) == 1 else factors
        a, b, c = (length * factor for length, factor in zip(self.semi_axes_mm, each, strict=True))
        return replace(self, semi_axes_mm=(a, b, c))
