"""Outlines carried from slice to slice along what the image shows.

Neighbouring slices of one organ look alike, only shifted and stretched a little in their plane. That
small motion is found everywhere by the method of Lucas and Kanade (*Proc. 7th IJCAI* 1981:674), with a
Gaussian window, and an outline that is carried along follows a border without anybody saying what tissue
lies on either side.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["FloatStack", "follow", "slice_motion"]

FloatStack = npt.NDArray[np.float32]

# Standard deviation of the window in which one motion is assumed.
WINDOW_MM = 4.0
# Rounds of warping; the motion between two slices is a few millimetres at most.
ROUNDS = 6
# No round moves a pixel farther than this, so that noise cannot throw an outline away.
STEP_AT_MOST_MM = 1.5
# Share of the mean squared gradient added to each window's own: where nothing is to be seen, nothing moves.
STIFFNESS = 0.1


def slice_motion(
    stack: FloatStack,
    spacing_mm: tuple[float, float],
    *,
    check: Callable[[], None] = lambda: None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return where the tissue of each slice lies in the slice before it and in the one after it.

    Parameters
    ----------
    stack : (k, j, i) intensities, smoothed, about 0 to 1; at least 2 along each axis
    spacing_mm : between pixel centres along j, i
    check : called between steps; raises where the user stopped the work

    Returns
    -------
    from_before : (k - 1, 2, j, i) pixels; [n] leads from slice n + 1 back into slice n
    from_after : (k - 1, 2, j, i) pixels; [n] leads from slice n into slice n + 1
    """
    return (
        _motion(stack[1:], stack[:-1], spacing_mm, check),
        _motion(stack[:-1], stack[1:], spacing_mm, check),
    )


def follow(field: FloatStack, motion: npt.NDArray[np.float32]) -> FloatStack:
    """Return the 2D `field` of one slice as its neighbour shows it; `motion` is (2, j, i) pixels."""
    grid = np.indices(field.shape, dtype=np.float32)
    carried: FloatStack = ndimage.map_coordinates(field, grid + motion, order=1, mode="nearest")
    return carried


def _motion(
    fixed: FloatStack, moving: FloatStack, spacing_mm: tuple[float, float], check: Callable[[], None]
) -> npt.NDArray[np.float32]:
    """Return (n, 2, j, i) pixels u, so that moving(x + u) looks like fixed(x), slice by slice."""
    window = (0.0, WINDOW_MM / spacing_mm[0], WINDOW_MM / spacing_mm[1])

    def averaged(field: FloatStack) -> FloatStack:
        check()
        smooth: FloatStack = ndimage.gaussian_filter(field, window, truncate=3.0)
        return smooth

    spacing = np.asarray(spacing_mm, dtype=np.float32)
    slope_j, slope_i = (np.gradient(fixed, spacing[axis], axis=axis + 1) for axis in (0, 1))
    jj, ii, ji = averaged(slope_j**2), averaged(slope_i**2), averaged(slope_j * slope_i)
    stiffness = STIFFNESS * (jj + ii).mean(axis=(1, 2), keepdims=True) + np.float32(1e-12)
    jj, ii = jj + stiffness, ii + stiffness
    determinant = jj * ii - ji**2
    motion_mm = np.zeros((len(fixed), 2, *fixed.shape[1:]), np.float32)
    for _ in range(ROUNDS):
        seen = np.stack(
            [follow(one, u / spacing[:, None, None]) for one, u in zip(moving, motion_mm, strict=True)]
        )
        difference = seen - fixed
        along_j, along_i = averaged(slope_j * difference), averaged(slope_i * difference)
        step = np.stack(
            [(ii * along_j - ji * along_i) / determinant, (jj * along_i - ji * along_j) / determinant],
            axis=1,
        )
        length = np.linalg.norm(step, axis=1, keepdims=True)
        motion_mm -= step * np.minimum(1.0, STEP_AT_MOST_MM / np.maximum(length, 1e-6))
    return np.asarray(motion_mm / spacing[:, None, None], dtype=np.float32)
