"""What a careful reader would draw of a member's levator ani: its middle, on acquired slices."""

from __future__ import annotations

from typing import Literal

import numpy as np
from skimage.measure import find_contours

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.family import FamilyMember
from gist_imaging.spatial import Geometry
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["reader_strokes", "true_line"]

_GRID = (241, 121)
_SHORTEST_MM = 12.0
_STEP_MM = 0.25


def true_line(member: FamilyMember, geometry: Geometry, side: Literal["L", "R"], k: float) -> FloatArray:
    """Return the middle of the muscle where slice `k` cuts it: (n, 3) LPS mm, about 0.25 mm apart.

    It runs from the muscle's origin to its insertion, and from front to back where a slice runs along it. It
    is the longest piece, and empty (0, 3) where the slice misses the muscle.
    """
    sheet = member.sheet(side)
    u, v = np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in _GRID), indexing="ij")
    height = geometry.to_index(member.phantom.to_patient(sheet.points(u, v)))[..., 0] - k
    lines = []
    for contour in find_contours(height, 0.0):  # type: ignore[no-untyped-call]
        where = contour / (np.array(_GRID) - 1.0)
        points = member.phantom.to_patient(sheet.points(where[:, 0], where[:, 1]))
        along = where[-1] - where[0]
        backwards = along[1] < 0.0 if abs(along[1]) > 0.3 else along[0] < 0.0
        lines.append(_resampled(points[::-1] if backwards else points, _STEP_MM))
    return max(lines, key=len, default=np.empty((0, 3)))


def reader_strokes(
    member: FamilyMember,
    geometry: Geometry,
    side: Literal["L", "R"],
    *,
    n: int = 6,
    spacing_mm: float = 5.0,
    noise_mm: float = 0.0,
    rng: np.random.Generator | None = None,
) -> tuple[tuple[int, FloatArray], ...]:
    """Return the slices that a reader draws on, and what he clicks there.

    Parameters
    ----------
    member, geometry, side : whose levator ani, on which grid
    n : how many slices, evenly from the first to the last that cut at least 12 mm of the muscle; fewer where
        there are fewer
    spacing_mm : about how far apart he clicks
    noise_mm : standard deviation of each click along each of the slice's two axes
    rng : source of the noise; needed exactly when there is noise

    Returns
    -------
    n pairs of a slice number and its clicks (m, 3) LPS mm, in the plane of that slice, from origin to
    insertion
    """
    if (noise_mm > 0.0) != (rng is not None):
        raise GistImagingError(
            "noise comes with its generator", f"got {noise_mm} mm and {rng}", "give both or neither"
        )
    lines = {k: true_line(member, geometry, side, k) for k in range(geometry.shape[0])}
    cut = [k for k, line in lines.items() if len(line) * _STEP_MM >= _SHORTEST_MM]
    chosen = sorted({cut[i] for i in np.rint(np.linspace(0, len(cut) - 1, n)).astype(int)}) if cut else []
    strokes = []
    for k in chosen:
        clicks = _resampled(lines[k], spacing_mm)
        if rng is not None:
            clicks = clicks + noise_mm * rng.standard_normal((len(clicks), 2)) @ geometry.axes[:, 1:].T
        strokes.append((k, clicks))
    return tuple(strokes)


def _resampled(points: FloatArray, step_mm: float) -> FloatArray:
    """Return points about `step_mm` apart along a polyline, both ends kept."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = max(round(lengths[-1] / step_mm), 1) + 1
    wanted = np.linspace(0.0, lengths[-1], count)
    return np.stack([np.interp(wanted, lengths, points[:, axis]) for axis in range(3)], axis=1)
