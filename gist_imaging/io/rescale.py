"""Stored values into real ones: the smallest type that holds them exactly, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.study.series import FrameFacts

__all__ = [
    "Scale",
    "ValueRangeError",
    "clear_unused_bits",
    "scales_of",
    "stored_dtype",
    "volume_dtype",
    "write_slice",
]

Scale = tuple[float, float]
"""Slope and intercept."""


class ValueRangeError(ValueError):
    """A slice has values that the chosen integer type cannot hold."""


def scales_of(frames: Sequence[FrameFacts], *, real_world: bool, stored_only: bool) -> list[Scale]:
    """Return slope and intercept of every frame.

    Parameters
    ----------
    real_world : take the Real World Value Mapping instead of the rescale
    stored_only : take neither; the rescale of some frame is unusable
    """
    if stored_only:
        return [(1.0, 0.0)] * len(frames)
    if real_world:
        return [(frame.real_world_slope or 1.0, frame.real_world_intercept or 0.0) for frame in frames]
    return [
        (1.0, 0.0)
        if frame.rescale_slope is None or frame.rescale_intercept is None
        else (frame.rescale_slope, frame.rescale_intercept)
        for frame in frames
    ]


def stored_dtype(frame: FrameFacts) -> np.dtype[Any]:
    """Return the type of a stored value, little endian."""
    sign = "i" if frame.pixel_representation else "u"
    return np.dtype(f"<{sign}{frame.bits_allocated // 8}")


def volume_dtype(
    frames: Sequence[FrameFacts], scales: Sequence[Scale], *, wide: bool = False
) -> np.dtype[Any]:
    """Return int16 where whole numbers fit, else int32, float64 beyond that, and float32 for fractions.

    Images of 16 unsigned bits may fit int16 or not: int16 is tried first, and `wide` is for the second
    try, when `write_slice` has found a value that does not fit.
    """
    whole = all(slope.is_integer() and intercept.is_integer() for slope, intercept in scales)
    if not whole:
        return np.dtype(np.float32)
    ranges = [_range(frame, scale) for frame, scale in zip(frames, scales, strict=True)]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    fits_int16 = low >= -(2**15) and high < 2**15
    undecided = all(frame.bits_allocated <= 16 for frame in frames) and all(s == 1.0 for s, _ in scales)
    if fits_int16 or (undecided and not wide):
        return np.dtype(np.int16)
    return np.dtype(np.int32) if low >= -(2**31) and high < 2**31 else np.dtype(np.float64)


def _range(frame: FrameFacts, scale: Scale) -> tuple[float, float]:
    bits = frame.bits_stored
    stored = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if frame.pixel_representation else (0, 2**bits - 1)
    ends = [value * scale[0] + scale[1] for value in stored]
    return min(ends), max(ends)


def clear_unused_bits(stored: npt.NDArray[Any], bits_stored: int) -> None:
    """Clear the bits above Bits Stored, in place; signed values get their sign there."""
    unused = stored.dtype.itemsize * 8 - bits_stored
    if unused <= 0:
        return
    if stored.dtype.kind == "u":
        if stored.max() >> bits_stored:
            stored &= (1 << bits_stored) - 1
    elif stored.max() >> (bits_stored - 1) or stored.min() >> (bits_stored - 1) != -1:
        np.left_shift(stored, unused, out=stored)
        np.right_shift(stored, unused, out=stored)


def write_slice(
    target: npt.NDArray[Any], stored: npt.NDArray[Any], scale: Scale, *, fits: bool = False
) -> None:
    """Write the real values of one slice; `stored` may be another view of `target`'s own memory.

    Parameters
    ----------
    target : (rows, columns)
    stored : (rows, columns) integers
    fits : skip the check that all values fit, because the pixel format says that they do

    Raises
    ------
    ValueRangeError
        When an integer `target` cannot hold a value.
    """
    slope, intercept = scale
    if target.dtype.kind == "f":
        target[...] = stored.astype(np.float64) * slope + intercept
        return
    if not fits:
        limits = np.iinfo(target.dtype)
        ends = [int(end) * slope + intercept for end in (stored.min(), stored.max())]
        if min(ends) < limits.min or max(ends) > limits.max:
            raise ValueRangeError
    if slope == 1.0 and stored.dtype.itemsize == target.dtype.itemsize and stored.dtype.isnative:
        # Sums modulo 2**16 are right as long as the result fits, whatever the sign of the stored type.
        same = stored.view(target.dtype)
        if intercept:
            np.add(same, _wrapped(int(intercept), target.dtype), out=target)
        elif same.ctypes.data != target.ctypes.data:
            target[...] = same
        return
    values = stored.astype(np.int64) * int(slope) + int(intercept)
    target[...] = values


def _wrapped(number: int, dtype: np.dtype[Any]) -> Any:
    return np.array(number, dtype=np.int64).astype(dtype)
