"""A lopsided tumour on an oblique, uneven grid, with the strokes that a reader would draw."""

import numpy as np
from strategies import oblique_geometry

from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Geometry, Volume

SHAPE, SPACING = (18, 56, 50), (3.3, 0.9, 1.1)
MIDDLE = (9.0, 27.0, 25.0)


def tumour(shape=SHAPE):
    """Half axes 16 x 14 x 12 mm, fatter towards one corner."""
    k, j, i = (n - c for n, c in zip(np.indices(shape), MIDDLE, strict=True))
    z, y, x = k * SPACING[0], j * SPACING[1], i * SPACING[2]
    return (z / 16) ** 2 + (y / np.where(y > 0, 14, 11)) ** 2 + (x / np.where(x > 0, 12, 10)) ** 2 < 1


def image(seed=3, contrast=40.0):
    truth = tumour()
    noise = np.random.default_rng(seed).normal(0, 12, truth.shape)
    return (noise + contrast * truth).astype(np.float32)


def grid(**changes) -> Geometry:
    return oblique_geometry(shape=SHAPE, spacing_mm=SPACING, **changes)


def volume(geometry: Geometry | None = None, voxels=None) -> Volume:
    return Volume(image() if voxels is None else voxels, geometry or grid())


def ring(level=9, outside_mm=6.0, n=60):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    y = np.where(np.sin(angle) > 0, 14, 11) * np.sin(angle)
    x = np.where(np.cos(angle) > 0, 12, 10) * np.cos(angle)
    far = np.hypot(x, y)
    y, x = y * (far + outside_mm) / far, x * (far + outside_mm) / far
    return np.c_[np.full(n, level), MIDDLE[1] + y / SPACING[1], MIDDLE[2] + x / SPACING[2]]


def line(level, half=6.0):
    i = np.arange(MIDDLE[2] - half, MIDDLE[2] + half + 1)
    return np.c_[np.full(len(i), level), np.full(len(i), MIDDLE[1]), i]


def first_strokes(geometry: Geometry):
    drawn = [("scribble", line(9), True), ("scribble", ring(), False)]
    drawn += [("scribble", line(2, 2), False), ("scribble", line(16, 2), False)]
    return [Prompt(kind, geometry.to_patient(points), include) for kind, points, include in drawn]


def correction(geometry: Geometry, round_=1, include=True, at=(6, 40, 27), half=3):
    k, j, i = at
    points = [[k, j, i + step] for step in range(-half, half + 1)]
    return Prompt("scribble", geometry.to_patient(points), include, round_)


def log_of(geometry: Geometry, *more: Prompt) -> PromptLog:
    return PromptLog((*first_strokes(geometry), *more))


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
