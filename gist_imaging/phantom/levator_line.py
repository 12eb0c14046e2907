"""Where the middle of the usual levator ani crosses the slices of a scan, as a careful reader traces it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from skimage.measure import find_contours

from gist_imaging.phantom.levator import levator_ends, levator_middle
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.spatial import Geometry
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["levator_lines"]

_SHORTEST_MM = 15.0
_CLICKS_MM = 5.0
# A line stops so far before the muscle's border, where its two faces meet.
_MARGIN_MM = 0.5


def levator_lines(
    phantom: PelvisPhantom, geometry: Geometry, side: Literal["L", "R"], n: int = 8
) -> tuple[FloatArray, ...]:
    """Return clicks along the middle of one side's muscle on `n` slices, evenly from first to last.

    Returns
    -------
    up to n arrays (m, 3) LPS mm, each on one slice; clicks are about 5 mm apart, both ends kept. Slices that
    cut less than 15 mm of the muscle are passed over
    """
    lines = [_line(phantom, geometry, side, k) for k in range(geometry.shape[0])]
    long = [line for line in lines if _length(line)[-1] >= _SHORTEST_MM]
    chosen = sorted(set(np.rint(np.linspace(0, len(long) - 1, n)).astype(int))) if long else []
    return tuple(_clicks(long[at]) for at in chosen)


def _line(phantom: PelvisPhantom, geometry: Geometry, side: Literal["L", "R"], k: int) -> FloatArray:
    """Return the longest piece (m, 3), LPS mm, of the muscle's middle on slice `k`; a point if none."""
    rows, columns = np.indices(geometry.shape[1:], dtype=np.float64)
    index = np.stack([np.full_like(rows, k), rows, columns], axis=-1)
    middle = levator_middle(phantom, phantom.to_body(geometry.to_patient(index)))
    pieces = [np.zeros((1, 3))]
    for contour in find_contours(middle, 0.0):  # type: ignore[no-untyped-call]
        points = geometry.to_patient(np.insert(contour, 0, k, axis=1))
        body = phantom.to_body(points)
        lateral = body[:, 0] if side == "L" else -body[:, 0]
        inside = (levator_ends(body) < -_MARGIN_MM) & (lateral > _MARGIN_MM)
        cuts = np.flatnonzero(np.diff(inside.astype(int))) + 1
        parts = zip(np.split(points, cuts), np.split(inside, cuts), strict=True)
        pieces += [piece for piece, kept in parts if kept[0]]
    return max(pieces, key=lambda piece: float(_length(piece)[-1]))


def _length(line: FloatArray) -> FloatArray:
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _clicks(line: FloatArray) -> FloatArray:
    length = _length(line)
    at = np.linspace(0.0, length[-1], max(round(length[-1] / _CLICKS_MM), 1) + 1)
    return np.stack([np.interp(at, length, line[:, axis]) for axis in range(3)], axis=1)
