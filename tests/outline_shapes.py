"""Outlines and images of simple shapes, for the tests of what lies between slices."""

from __future__ import annotations

import numpy as np

from gist_imaging.segment.prompts import Prompt
from gist_imaging.spatial import Geometry, Volume

SHAPE = (17, 76, 64)


def ellipse(
    geometry: Geometry,
    at: float,
    centre: tuple[float, float],
    radii_mm: tuple[float, float],
    *,
    axis: int = 0,
    include: bool = True,
) -> Prompt:
    """An ellipse on a slice; `centre` in pixels of the two other axes."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    first, second = (one for one in range(3) if one != axis)
    spacing = geometry.spacing_mm
    indices = np.empty((72, 3))
    indices[:, axis] = at
    indices[:, first] = centre[0] + radii_mm[0] * np.cos(angle) / spacing[first]
    indices[:, second] = centre[1] + radii_mm[1] * np.sin(angle) / spacing[second]
    return Prompt("outline", geometry.to_patient(indices), include)


def plain(geometry: Geometry) -> Volume:
    return Volume(np.zeros(geometry.shape, np.int16), geometry)


def lopsided(geometry: Geometry, k: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centre (pixels) and half axes (mm) of a leaning ellipsoid, 22 mm high either way, on slice k."""
    height_mm = (k - 8.2) * geometry.spacing_mm[0]
    q = np.sqrt(max(0.0, 1 - (height_mm / 22.0) ** 2))
    centre = (
        37.3 + 0.25 * height_mm / geometry.spacing_mm[1],
        30.6 - 0.2 * height_mm / geometry.spacing_mm[2],
    )
    return centre, (17.0 * q, 11.0 * q)


def lopsided_outlines(geometry: Geometry, slices: tuple[int, ...]) -> list[Prompt]:
    return [ellipse(geometry, k, *lopsided(geometry, k)) for k in slices]


def lopsided_image(geometry: Geometry, noise_sd: float = 8.0) -> Volume:
    """The same ellipsoid, brighter than its surroundings, with noise."""
    _, j, i = np.indices(geometry.shape)
    inside = np.zeros(geometry.shape, bool)
    for at in range(geometry.shape[0]):
        (cj, ci), (rj, ri) = lopsided(geometry, at)
        if rj > 0:
            dj = (j[at] - cj) * geometry.spacing_mm[1] / rj
            di = (i[at] - ci) * geometry.spacing_mm[2] / ri
            inside[at] = dj**2 + di**2 <= 1
    noise = np.random.default_rng(3).normal(0, noise_sd, geometry.shape)
    return Volume((100.0 * inside + noise).astype(np.float32), geometry)
