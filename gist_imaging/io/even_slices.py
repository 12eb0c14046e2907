"""Slices that are missing or unevenly spaced, put on an even grid at their true positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["on_even_grid"]


def on_even_grid(
    voxels: npt.NDArray[Any], places: npt.NDArray[np.float64], count: int, *, within: float
) -> tuple[npt.NDArray[Any], int]:
    """Return the values on `count` even slices, and how many of these were interpolated.

    A slice that lies at a place of the grid is taken over as it is. Each other one is the linear
    interpolation between the two slices around it along the normal, rounded to a whole number where the
    values are whole numbers.

    Parameters
    ----------
    voxels : (n, rows, columns)
    places : (n,) increasing; where each slice lies on the grid, in slices from the first
    count : slices of the grid; 0 and `count` - 1 are the first and the last place
    within : how far, in slices, a slice may lie from a place that is called its own (inclusive)
    """
    even = np.empty((count, *voxels.shape[1:]), voxels.dtype)
    interpolated = 0
    for k in range(count):
        above = int(np.clip(np.searchsorted(places, k), 1, len(places) - 1))
        below = above - 1
        nearest = below if k - places[below] < places[above] - k else above
        if abs(places[nearest] - k) <= within:
            even[k] = voxels[nearest]
            continue
        share = (k - places[below]) / (places[above] - places[below])
        between = (1.0 - share) * voxels[below] + share * voxels[above]
        even[k] = np.rint(between) if even.dtype.kind in "iu" else between
        interpolated += 1
    return even, interpolated
