"""The longest segment that runs inside a contour in a given direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Chord", "longest_chords"]

FloatArray = npt.NDArray[np.float64]

# Offsets nearer than this are one: far above rounding, far below any pixel.
_SAME_OFFSET_MM = 1e-7
_SAME_LENGTH_MM = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Chord:
    """A segment in a slice; `start` and `end` are (2,) mm in axes of the slice."""

    start: FloatArray
    end: FloatArray

    @property
    def length_mm(self) -> float:
        """Distance between the ends."""
        return float(np.linalg.norm(self.end - self.start))


def longest_chords(segments: FloatArray, across: FloatArray) -> tuple[Chord, ...]:
    """Return the longest segment perpendicular to `across` that runs inside a contour.

    The contour's vertices cut the region into strips perpendicular to `across`. Within a strip the length
    of each run is linear, so the longest lies at the border of a strip. A segment counts that is the limit
    of segments inside the region; runs that only touch in a point are not joined. Of equally long segments
    (within 1e-6 mm) those nearest to the middle of `across` are returned: one, or several that a mirror
    would exchange.

    Parameters
    ----------
    segments : (n, 2, 2) mm, both ends of each segment of a closed contour, in no order; holes are allowed
    across : (2, 2) mm, both ends of the diameter
    """
    along = (across[1] - across[0]) / np.linalg.norm(across[1] - across[0])
    normal = np.array([-along[1], along[0]])
    middle = float(across.mean(axis=0) @ along)
    offset, height = segments @ along, segments @ normal
    borders, rank = _strips(offset)
    strip, edge = _strips_of_edges(rank)
    left = _heights(offset, height, edge, borders[strip])
    right = _heights(offset, height, edge, borders[strip + 1])
    # A contour is closed, so every strip is crossed an even number of times: in, out, in, out.
    order = np.lexsort((left + right, strip))
    runs = np.concatenate([left[order].reshape(-1, 2), right[order].reshape(-1, 2)])
    at = np.concatenate([borders[strip[order][::2]], borders[strip[order][::2] + 1]])
    lengths = runs[:, 1] - runs[:, 0]
    longest = np.flatnonzero(lengths >= lengths.max() - _SAME_LENGTH_MM)
    farness = np.abs(at[longest] - middle)
    return tuple(
        Chord(at[run] * along + runs[run, 0] * normal, at[run] * along + runs[run, 1] * normal)
        for run in longest[farness <= farness.min() + _SAME_OFFSET_MM]
    )


def _strips(offset: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Borders of the strips, and at which border each vertex lies."""
    values = np.sort(offset, axis=None)
    is_new = np.diff(values, prepend=-np.inf) > _SAME_OFFSET_MM
    borders = values[is_new]
    return borders, np.searchsorted(borders, offset + _SAME_OFFSET_MM / 2.0, side="right") - 1


def _strips_of_edges(
    rank: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every strip that an edge crosses, with the edge."""
    first = rank.min(axis=1)
    n_strips = rank.max(axis=1) - first
    edge = np.repeat(np.arange(len(rank)), n_strips)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(n_strips) - n_strips, n_strips)
    return first[edge] + step, edge


def _heights(
    offset: FloatArray, height: FloatArray, edge: npt.NDArray[np.int64], at: FloatArray
) -> FloatArray:
    start, end = offset[edge].T
    part = (at - start) / (end - start)
    low, high = height[edge].T
    return np.asarray(low + part * (high - low))
