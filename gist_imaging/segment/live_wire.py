"""A line between clicked points that clings to edges: intelligent scissors on one slice.

Mortensen and Barrett, *Graph Models Image Process* 1998;60:349: the cheapest way through the pixels, where
an edge is cheap to walk along.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.errors import PromptError
from gist_imaging.spatial import Volume

__all__ = ["live_wire"]

FloatArray = npt.NDArray[np.float64]

# Finer detail than this is noise to a line drawn by hand.
SMOOTHING_MM = 1.0
# The line may leave the box of the two clicked points by so much.
DETOUR_MM = 30.0
# Slope at which an edge counts as clear, as a share of the steepest one around the clicked points (the 99th
# percentile, so that a single metal clip does not hide the rest).
CLEAR_EDGE_SHARE = 0.25
# Walking along the clearest edge costs this much of walking through even tissue; above 0, so that a line
# does not wander.
LEAST_COST = 0.02


def live_wire(
    volume: Volume,
    clicks_mm: npt.ArrayLike,
    *,
    slice_axis: Literal[0, 1, 2] = 0,
    closed: bool = False,
) -> FloatArray:
    """Return the points of a line that runs through the clicked ones along the edges of the slice.

    Lengths are in mm, so pixels that are not square change nothing. A slice without any edge gives
    straight lines. The same clicks give the same line.

    Parameters
    ----------
    volume : the image
    clicks_mm : (n, 3) LPS; at least 2 on one slice, at least 3 for a closed line
    slice_axis : array axis across the slice that was drawn on
    closed : whether the line returns to the first click

    Returns
    -------
    (m, 3) mm, LPS
        Pixel centres from click to click, every click taken for the nearest pixel centre. A closed line
        does not repeat its first point.

    Raises
    ------
    PromptError
        If clicks are too few, not finite, not on one slice, or outside the image.
    """
    at, pixels = _pixels(volume, clicks_mm, slice_axis, 3 if closed else 2)
    flat_axes = [axis for axis in range(3) if axis != slice_axis]
    spacing = np.array(volume.geometry.spacing_mm)[flat_axes]
    image = np.take(volume.voxels, at, axis=slice_axis).astype(np.float64)
    finite = np.isfinite(image)
    image = np.where(finite, image, np.median(image[finite]) if finite.any() else 0.0)
    ends = np.vstack([pixels, pixels[:1]]) if closed else pixels
    line = [ends[:1]]
    for start, end in pairwise(ends):
        line.append(_cheapest_way(image, spacing, start, end)[1:])
    indices = np.vstack([*line[:-1], line[-1][:-1]] if closed else line)
    return volume.geometry.to_patient(np.insert(indices.astype(np.float64), slice_axis, at, axis=1))


def _pixels(
    volume: Volume, clicks_mm: npt.ArrayLike, slice_axis: int, at_least: int
) -> tuple[int, npt.NDArray[np.int64]]:
    """Return the number of the slice and the (n, 2) pixels that were clicked."""
    clicks = np.asarray(clicks_mm, dtype=np.float64)
    if clicks.ndim != 2 or clicks.shape[1] != 3 or len(clicks) < at_least:
        raise PromptError(
            f"a line needs at least {at_least} points x, y, z", f"got shape {clicks.shape}", "click again"
        )
    if not np.isfinite(clicks).all():
        raise PromptError("clicked points are finite", "got some that are not", "leave these out")
    indices = volume.geometry.to_index(clicks)
    nearest = np.rint(indices).astype(np.int64)
    along = indices[:, slice_axis]
    slices = nearest[:, slice_axis]
    if np.abs(along - along.mean()).max() > 0.5:
        raise PromptError(
            "clicked points lie on one slice",
            f"they lie on slices {slices.min()} to {slices.max()} of axis {slice_axis}",
            "click on one slice, or name the slice axis that was drawn on",
        )
    at = int(np.rint(along.mean()))
    nearest[:, slice_axis] = at
    if (nearest < 0).any() or (nearest >= volume.geometry.shape).any():
        raise PromptError(
            "clicked points lie on the image",
            "some lie outside it",
            "check that image and points belong together",
        )
    return at, np.delete(nearest, slice_axis, axis=1)


def _cheapest_way(
    image: FloatArray, spacing_mm: FloatArray, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return (n, 2) neighbouring pixels from `start` to `end`, both included."""
    from skimage.graph import MCP_Geometric

    detour = np.ceil(DETOUR_MM / spacing_mm).astype(np.int64)
    low = np.maximum(np.minimum(start, end) - detour, 0)
    high = np.minimum(np.maximum(start, end) + detour + 1, image.shape)
    part = image[low[0] : high[0], low[1] : high[1]]
    smooth = ndimage.gaussian_filter(part, SMOOTHING_MM / spacing_mm)
    along_j, along_i = (
        np.gradient(smooth, step, axis=axis) if part.shape[axis] > 1 else np.zeros_like(smooth)
        for axis, step in enumerate(spacing_mm)
    )
    slope = np.hypot(along_j, along_i)
    clear = CLEAR_EDGE_SHARE * (np.percentile(slope, 99) or slope.max())
    even = np.ones_like(slope)
    cost = LEAST_COST + (1 - LEAST_COST) / (1 + (slope / clear) ** 2) if clear > 0 else even
    ways = MCP_Geometric(cost, sampling=tuple(spacing_mm))
    ways.find_costs([tuple(start - low)], [tuple(end - low)])
    return np.asarray(ways.traceback(tuple(end - low)), dtype=np.int64) + low
