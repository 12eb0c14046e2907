"""Prompts as voxels: which slice each was drawn on, the line it covers, and the box to work in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import PromptError
from gist_imaging.segment.prompts import Kind, Prompt
from gist_imaging.spatial import Geometry

__all__ = ["Box", "Stroke", "box_of", "stroke_of"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

# A mouse leaves gaps; points of a line nearer than this are joined. Wider gaps are separate dabs.
JOINS_WITHIN_MM = 5.0

# Half a voxel is the edge of the image; the rest is rounding.
_OUTSIDE_TOLERANCE_VOXELS = 0.5 + 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A prompt on the grid of an image.

    Parameters
    ----------
    kind, include : those of the prompt
    voxels : (n, 3) k, j, i that its line covers, joined and without repeats
    points : (n, 3) k, j, i with fractions, as drawn
    flat_axes : the index axes along which it stays within one slice
    """

    kind: Kind
    include: bool
    voxels: IndexArray = field(repr=False)
    points: FloatArray = field(repr=False)
    flat_axes: tuple[int, ...]

    @property
    def is_line_of_background(self) -> bool:
        """Whether the drawn line itself is outside the tumour."""
        return self.kind == "loop" or (self.kind in ("scribble", "point") and not self.include)

    @property
    def is_line_of_tumour(self) -> bool:
        """Whether the drawn line itself is tumour."""
        return self.kind in ("scribble", "point") and self.include

    def level(self, axis: int) -> int:
        """Return the slice along `axis` that most of the line lies on."""
        return int(np.median(self.voxels[:, axis]))


@dataclass(frozen=True, slots=True)
class Box:
    """Part of a grid: first voxel and shape, (k, j, i)."""

    start: tuple[int, int, int]
    shape: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The part as an index into the whole grid."""
        (k, j, i), (depth, height, width) = self.start, self.shape
        return slice(k, k + depth), slice(j, j + height), slice(i, i + width)

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both."""
        low = np.minimum(self.start, other.start)
        high = np.maximum(np.add(self.start, self.shape), np.add(other.start, other.shape))
        return _box(low, high)


def _box(low: npt.NDArray[np.integer], high: npt.NDArray[np.integer]) -> Box:
    first, size = low.tolist(), (high - low).tolist()
    return Box((first[0], first[1], first[2]), (size[0], size[1], size[2]))


def box_of(voxels: IndexArray, geometry: Geometry, margin_mm: float) -> Box:
    """Return the box around `voxels` and `margin_mm` more on each side, cut at the image."""
    margin = np.ceil(margin_mm / np.asarray(geometry.spacing_mm)).astype(np.int64)
    low = np.maximum(voxels.min(axis=0) - margin, 0)
    high = np.minimum(voxels.max(axis=0) + margin + 1, geometry.shape)
    return _box(low, high)


def stroke_of(prompt: Prompt, geometry: Geometry) -> Stroke:
    """Return the voxels of `prompt` on `geometry`.

    Raises
    ------
    PromptError
        If a point of it lies outside the image; a box may reach beyond the image, and is cut.
    """
    # Rounded so that the same stroke on a turned or flipped grid falls on the same voxels.
    points = np.round(geometry.to_index(prompt.points_mm), 6)
    last = np.asarray(geometry.shape) - 1
    beyond = ((points < -_OUTSIDE_TOLERANCE_VOXELS) | (points > last + _OUTSIDE_TOLERANCE_VOXELS)).any(axis=1)
    if prompt.kind == "box":
        low, high = points.min(axis=0), points.max(axis=0)
        if (high < 0).any() or (low > last).any():
            beyond = np.ones(len(points), dtype=np.bool_)
        else:
            points, beyond = np.clip(points, 0, last), np.zeros(len(points), dtype=np.bool_)
    if beyond.any():
        raise PromptError(
            "prompts lie inside the image",
            f"{int(beyond.sum())} of {len(points)} points of a {prompt.kind} lie outside it",
            "draw on this image, or give the image that they were drawn on",
        )
    points = np.clip(points, 0, last)
    closed = prompt.kind in ("loop", "outline")
    joined = points if prompt.kind in ("point", "box") else _line(points, geometry.spacing_mm, closed)
    voxels = np.unique(np.floor(joined + 0.5).astype(np.int64), axis=0)
    voxels = np.minimum(voxels, last)
    extent = np.ptp(voxels, axis=0)
    if closed:  # drawn on one slice: the axis along which it moves least
        flat: tuple[int, ...] = (int(np.argmin(extent * np.asarray(geometry.spacing_mm))),)
    else:
        flat = tuple(int(axis) for axis in np.flatnonzero(extent == 0))
    return Stroke(prompt.kind, prompt.include, voxels, points, flat)


def _line(points: FloatArray, spacing_mm: Sequence[float], closed: bool) -> FloatArray:
    """Return the points with steps of at most half a voxel between neighbours near enough to join."""
    after = np.roll(points, -1, axis=0) if closed else points[1:]
    before = points if closed else points[:-1]
    parts = [points]
    for a, b in zip(before, after, strict=True):
        step = b - a
        far_mm = float(np.linalg.norm(step * spacing_mm))
        n = int(np.ceil(2 * np.abs(step).max()))
        if n > 1 and (closed or far_mm <= JOINS_WITHIN_MM):
            parts.append(a + step * (np.arange(1, n) / n)[:, None])
    return np.concatenate(parts)
