"""The part of a mesh below a level, and its line in a plane, both cut through the triangles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.surface import FloatArray, TriangleMesh

__all__ = ["area_at_most", "below", "line_in_plane", "segments_at_most"]

IntArray = npt.NDArray[np.int64]


def below(corners_mm: FloatArray, values: FloatArray, level: float) -> FloatArray:
    """Return the triangles that cover where linearly interpolated `values` are at most `level`.

    Parameters
    ----------
    corners_mm : (m, 3, 3) triangles
    values : (m, 3) at their corners
    level : inclusive

    Returns
    -------
    (k, 3, 3) with the orientation of the triangles that they were cut from
    """
    inside = values <= level
    count = inside.sum(axis=1)
    parts = [corners_mm[count == 3]]
    for number in (1, 2):
        chosen = count == number
        # Turned so that the corner that is alone on its side comes first.
        alone = np.argmax(inside[chosen] == (number == 1), axis=1)
        order = (alone[:, None] + np.arange(3)) % 3
        corners = np.take_along_axis(corners_mm[chosen], order[..., None], axis=1)
        value = np.take_along_axis(values[chosen], order, axis=1)
        share = (level - value[:, :1]) / (value[:, 1:] - value[:, :1])
        cuts = corners[:, :1] + share[..., None] * (corners[:, 1:] - corners[:, :1])
        if number == 1:
            parts.append(np.stack([corners[:, 0], cuts[:, 0], cuts[:, 1]], axis=1))
        else:
            parts.append(np.stack([cuts[:, 0], corners[:, 1], corners[:, 2]], axis=1))
            parts.append(np.stack([cuts[:, 0], corners[:, 2], cuts[:, 1]], axis=1))
    return np.concatenate(parts)


def area_at_most(corners_mm: FloatArray, values: FloatArray, level: float) -> float:
    """Return the area (mm²) of triangles where interpolated values are at most `level` (inclusive).

    >>> unit = np.array([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    >>> area_at_most(unit, np.array([[0.0, 1.0, 1.0]]), 0.5)
    0.125
    """
    a, b, c = np.moveaxis(below(corners_mm, values, level), 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)


def line_in_plane(
    mesh: TriangleMesh, height_mm: FloatArray, values: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return where a mesh meets a plane, as pieces of line.

    Parameters
    ----------
    mesh : any mesh
    height_mm : (n,) distance of each vertex to the plane, with sign
    values : (n,) at the vertices, interpolated along with the positions; None for zeros

    Returns
    -------
    pieces_mm : (k, 2, 3) one piece for each triangle that the plane goes through
    values : (k, 2) at their ends
    """
    # A vertex that lies in the plane counts as above it, so that no piece is found twice.
    height = np.where(height_mm == 0.0, 1e-12, height_mm)
    held = np.zeros(len(height)) if values is None else values
    above = height[mesh.triangles] > 0
    count = above.sum(axis=1)
    cut = (count == 1) | (count == 2)
    triangles = mesh.triangles[cut]
    alone = np.argmax(above[cut] == (count[cut] == 1)[:, None], axis=1)
    triangles = np.take_along_axis(triangles, (alone[:, None] + np.arange(3)) % 3, axis=1)
    first, others = triangles[:, :1], triangles[:, 1:]
    share = height[first] / (height[first] - height[others])
    points = mesh.vertices_mm
    pieces = points[first] + share[..., None] * (points[others] - points[first])
    return pieces, np.asarray(held[first] + share * (held[others] - held[first]))


def segments_at_most(pieces_mm: FloatArray, values: FloatArray, level: float) -> FloatArray:
    """Return the parts (k, 2, 3) of pieces (m, 2, 3) of a line where values are at most `level`."""
    inside = values <= level
    ends = pieces_mm.copy()
    for near, far in ((0, 1), (1, 0)):
        cut = ~inside[:, near] & inside[:, far]
        span = values[cut, far] - values[cut, near]
        share = (level - values[cut, near]) / span
        ends[cut, near] += share[:, None] * (pieces_mm[cut, far] - pieces_mm[cut, near])
    return np.asarray(ends[inside.any(axis=1)])
