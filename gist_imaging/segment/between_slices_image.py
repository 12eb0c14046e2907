"""What the intensities near an edge say about on which side of it a voxel lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.segment.between_slices_follow import FloatStack

__all__ = ["image_moved", "scaled_intensities"]

# Noise below this is not followed; in slices only, since slices are thick.
SMOOTHING_MM = 1.0
# Only what lies this near to the edge is compared.
NEAR_MM = 15.0
# Tissue farther outside than this is not a neighbour of the tumour.
RING_MM = 12.0
# "Here" is a Gaussian window of these standard deviations, across slices and within them: muscle on one
# side, fat on the other and a bias field are each compared with the tumour beside them.
WINDOW_ACROSS_MM = 15.0
WINDOW_WITHIN_MM = 6.0
# A drawn slice counts for so much more than what is only supposed.
DRAWN_WEIGHT = 3.0
# A supposed voxel is sure to 63 % at this distance from the supposed edge, squared-exponentially.
UNSURE_MM = 4.0
# Squared noise of the scaled intensities below which two tissues are not told apart.
LEAST_VARIANCE = 1e-3
# No voxel says more than this (natural logarithm of the odds).
MOST_EVIDENCE = 3.0
# One unit of evidence moves the edge by so much, growing evenly from a drawn slice to this distance.
MM_PER_EVIDENCE = 2.0
FULL_WEIGHT_AT_MM = 20.0


def scaled_intensities(
    voxels: npt.NDArray[np.float32], shape: FloatStack, spacing_mm: Sequence[float]
) -> FloatStack | None:
    """Return smoothed intensities from 0 to 1 over the edge's surroundings; None where all are equal.

    Parameters
    ----------
    voxels : (k, j, i); what is not finite is taken for the median
    shape : (k, j, i) mm from the supposed edge
    spacing_mm : along k, j, i
    """
    finite = np.isfinite(voxels)
    if not finite.any():
        return None
    whole = voxels if finite.all() else np.where(finite, voxels, np.median(voxels[finite]))
    sd = (0.0, SMOOTHING_MM / spacing_mm[1], SMOOTHING_MM / spacing_mm[2])
    smooth = ndimage.gaussian_filter(whole.astype(np.float32), sd)
    low, high = np.percentile(smooth[np.abs(shape) < NEAR_MM], (1, 99))
    if not high - low > 1e-6 * max(abs(low), abs(high), 1e-6):
        return None
    return np.asarray((np.clip(smooth, low, high) - low) / (high - low), dtype=np.float32)


def image_moved(
    intensities: FloatStack,
    shape: FloatStack,
    numbers: Sequence[int],
    spacing_mm: Sequence[float],
    check: Callable[[], None],
) -> FloatStack:
    """Return `shape` with its edge moved to where the intensities change from inside to outside.

    Inside and outside are each described by the mean and variance of the intensities in a window around
    every voxel; the logarithm of their odds moves the edge.

    Parameters
    ----------
    intensities : (k, j, i) from `scaled_intensities`
    shape : (k, j, i) mm from the supposed edge
    numbers : the slices that were drawn
    spacing_mm : along k, j, i
    check : called between steps; raises where the user stopped the work
    """
    drawn = np.asarray(numbers)
    slices = np.arange(len(shape))
    from_drawn_mm = np.abs(slices[:, None] - drawn[None]).min(axis=1) * spacing_mm[0]
    sureness = 1 - np.exp(-((shape / UNSURE_MM) ** 2))
    sureness[drawn] = DRAWN_WEIGHT
    inside = shape > 0
    window = [WINDOW_ACROSS_MM / spacing_mm[0], *(WINDOW_WITHIN_MM / one for one in spacing_mm[1:])]

    def described(weight: FloatStack) -> tuple[FloatStack, FloatStack, npt.NDArray[np.bool_]]:
        """Return mean and variance in the window of each voxel, and where there is anything to describe."""
        sums = []
        for one in (weight, weight * intensities, weight * intensities**2):
            check()
            sums.append(ndimage.gaussian_filter(one, window, truncate=2.5, mode="constant"))
        known = sums[0] > 1e-4
        total = sums[0] + np.float32(1e-6)
        mean = np.asarray(sums[1] / total, dtype=np.float32)
        variance = np.maximum(sums[2] / total - mean**2, 0) + np.float32(LEAST_VARIANCE)
        return mean, np.asarray(variance, dtype=np.float32), known

    mean_in, variance_in, known_in = described(np.where(inside, sureness, 0))
    mean_out, variance_out, known_out = described(np.where(~inside & (shape > -RING_MM), sureness, 0))
    check()
    odds = (intensities - mean_out) ** 2 / variance_out - (intensities - mean_in) ** 2 / variance_in
    odds = 0.5 * (odds + np.log(variance_out / variance_in))
    evidence = np.clip(np.where(known_in & known_out, odds, 0), -MOST_EVIDENCE, MOST_EVIDENCE)
    weight = MM_PER_EVIDENCE * np.minimum(from_drawn_mm / FULL_WEIGHT_AT_MM, 1)
    moved = shape + (evidence * weight[:, None, None]).astype(np.float32)
    sd = (0.0, SMOOTHING_MM / spacing_mm[1], SMOOTHING_MM / spacing_mm[2])
    check()
    smooth: FloatStack = ndimage.gaussian_filter(moved, sd)
    smooth[drawn] = shape[drawn]
    return smooth
