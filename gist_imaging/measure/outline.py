"""The iso-0.5 outline of a mask: its outermost vertices, and the contour in one slice.

Positions are counted in half voxels ("half steps"), so that they are whole numbers: voxel n has its centre
at 2 n, and a vertex of the outline lies at an odd number along one axis and at even ones along the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["contour_segments", "outermost_in_slices", "outermost_vertices"]

BoolArray = npt.NDArray[np.bool_]
HalfSteps = npt.NDArray[np.int64]

# Ends of the contour's segments in a cell of four pixels (half steps from its first pixel, as (row, column)),
# by which of them are in the mask: bit 2 row + column. Diagonal pixels of the mask are joined.
_UP, _LEFT, _RIGHT, _DOWN = (0, 1), (1, 0), (1, 2), (2, 1)
_AROUND_FIRST, _AROUND_SECOND = (_UP, _LEFT), (_UP, _RIGHT)
_AROUND_THIRD, _AROUND_FOURTH = (_LEFT, _DOWN), (_DOWN, _RIGHT)
_SEGMENTS = {
    0b0001: (_AROUND_FIRST,),
    0b1110: (_AROUND_FIRST,),
    0b0010: (_AROUND_SECOND,),
    0b1101: (_AROUND_SECOND,),
    0b0100: (_AROUND_THIRD,),
    0b1011: (_AROUND_THIRD,),
    0b1000: (_AROUND_FOURTH,),
    0b0111: (_AROUND_FOURTH,),
    0b0011: ((_LEFT, _RIGHT),),
    0b1100: ((_LEFT, _RIGHT),),
    0b0101: ((_UP, _DOWN),),
    0b1010: ((_UP, _DOWN),),
    0b1001: (_AROUND_SECOND, _AROUND_THIRD),
    0b0110: (_AROUND_FIRST, _AROUND_FOURTH),
}


def outermost_vertices(voxels: BoolArray) -> HalfSteps:
    """Return the vertices of the iso-0.5 mesh that can be corners of its convex hull.

    Parameters
    ----------
    voxels : (slice, row, column), at least one in the mask

    Returns
    -------
    (n, 3) half steps; every corner of the convex hull is among them
    """
    ends = np.concatenate([_line_ends(voxels, axis) for axis in range(3)])
    for axis in (2, 1, 0):
        ends = _ends_of_lines(ends, axis)
    return ends


def outermost_in_slices(voxels: BoolArray) -> list[HalfSteps]:
    """Return, slice by slice, the vertices of the contour that can be corners of its convex hull.

    Parameters
    ----------
    voxels : (slice, row, column)

    Returns
    -------
    one (n, 2) array of half steps (row, column) a slice; empty where the slice is
    """
    ends = np.concatenate([_line_ends(voxels, axis) for axis in (1, 2)])
    for axis in (2, 1):
        ends = _ends_of_lines(ends, axis)
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    borders = np.searchsorted(ends[:, 0], 2 * np.arange(1, voxels.shape[0]))
    return [part[:, 1:] for part in np.split(ends, borders)]


def contour_segments(pixels: BoolArray) -> HalfSteps:
    """Return the iso-0.5 contour of one slice.

    Parameters
    ----------
    pixels : (row, column)

    Returns
    -------
    (n, 2, 2) half steps (row, column) of both ends of each segment, in no order
    """
    padded = np.pad(pixels, 1).view(np.uint8)
    pairs = padded[:, :-1] | padded[:, 1:] << 1
    cells = pairs[:-1] | pairs[1:] << 2
    found = [
        2 * np.argwhere(cells == code)[:, None, :] + np.array(ends)
        for code, segments in _SEGMENTS.items()
        for ends in segments
    ]
    # The padding shifted everything by one pixel.
    return np.asarray(np.concatenate(found) - 2)


def _line_ends(voxels: BoolArray, axis: int) -> HalfSteps:
    """(n, 3) where each line of voxels along `axis` enters the mask first and leaves it last."""
    lines = np.ascontiguousarray(np.moveaxis(voxels, axis, -1))
    crossed = np.argwhere(lines.any(axis=-1))
    inside = lines[tuple(crossed.T)]
    first = inside.argmax(axis=-1)
    last = inside.shape[-1] - 1 - inside[:, ::-1].argmax(axis=-1)
    at = np.concatenate([2 * first - 1, 2 * last + 1])
    return np.insert(np.concatenate([2 * crossed, 2 * crossed]), axis, at, axis=1)


def _ends_of_lines(points: HalfSteps, axis: int) -> HalfSteps:
    """The points that are first or last of those on one line along `axis`; those between are in no hull."""
    low = points.min(axis=0)
    size = points.max(axis=0) - low + 1
    others = [other for other in range(3) if other != axis]
    line = (points[:, others[0]] - low[others[0]]) * size[others[1]] + points[:, others[1]] - low[others[1]]
    order = np.argsort(line * size[axis] + points[:, axis] - low[axis])
    changes = np.diff(line[order]) != 0
    is_end = np.append(True, changes) | np.append(changes, True)
    return np.asarray(points[order[is_end]])
