"""Uncompressed little-endian pixels straight from their files into a volume, without a copy between.

Nothing is parsed here: the index has said where the bytes lie, and they are numbers whatever they are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import IntakeError
from gist_imaging.io.regular_file import open_descriptor
from gist_imaging.io.rescale import Scale, clear_unused_bits, stored_dtype, write_slice
from gist_imaging.io.transfer_syntax import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from gist_imaging.problems import Code, Problem
from gist_imaging.study.flags import MOSAIC, reasons
from gist_imaging.study.series import FrameFacts

__all__ = ["is_raw", "read_raw"]

_MEGABYTE = 1024 * 1024

# Two threads share the cost of fresh memory and of copying; more were no faster where this was measured.
_THREADS = 2
_ONE_THREAD_BELOW_BYTES = 16 * _MEGABYTE
_SLICES_PER_TASK = 16


def is_raw(frame: FrameFacts) -> bool:
    """Return whether the values of this image lie in its file as plain little-endian numbers."""
    return (
        sys.byteorder == "little"
        and frame.transfer_syntax_uid in (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
        and frame.member is None
        and frame.pixel_offset is not None
        and frame.bits_allocated in (8, 16, 32)
        and frame.samples_per_pixel == 1
        and not reasons(frame.flags, MOSAIC)
    )


def read_raw(
    frames: Sequence[FrameFacts],
    scales: Sequence[Scale],
    volume: npt.NDArray[Any],
    *,
    fits: bool,
    done: Callable[[int], None],
) -> None:
    """Fill `volume` with the real values of `frames`.

    Parameters
    ----------
    frames : all `is_raw`
    volume : (k, j, i), C-contiguous
    fits : the pixel format says that every value fits the volume's type
    done : told now and then how many slices are finished; an error that it raises stops the work

    Raises
    ------
    IntakeError
        TRUNCATED or BAD_VALUE when a file is not what it was when it was indexed.
    ValueRangeError
        When a value does not fit the volume's type.
    """
    parts = [slice(start, start + _SLICES_PER_TASK) for start in range(0, len(frames), _SLICES_PER_TASK)]
    if volume.nbytes < _ONE_THREAD_BELOW_BYTES:
        for part in parts:
            _fill(frames[part], scales[part], volume[part], fits)
            done(min(part.stop, len(frames)))
        return
    with ThreadPoolExecutor(_THREADS) as threads:
        tasks = [threads.submit(_fill, frames[part], scales[part], volume[part], fits) for part in parts]
        try:
            for part, task in zip(parts, tasks, strict=True):
                task.result()
                done(min(part.stop, len(frames)))
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def _fill(
    frames: Sequence[FrameFacts], scales: Sequence[Scale], volume: npt.NDArray[Any], fits: bool
) -> None:
    with _OpenFile() as file:
        for frame, scale, target in zip(frames, scales, volume, strict=True):
            dtype = stored_dtype(frame)
            in_place = dtype.itemsize == target.dtype.itemsize and target.dtype.kind == "i"
            stored = target.view(dtype) if in_place else np.empty(target.shape, dtype)
            file.read(frame, stored)
            clear_unused_bits(stored, frame.bits_stored)
            write_slice(target, stored, scale, fits=fits)


class _OpenFile:
    """The file of the current frame; the frames of one file are read through one descriptor."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._path: Any = None

    def __enter__(self) -> _OpenFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def read(self, frame: FrameFacts, stored: npt.NDArray[Any]) -> None:
        """Fill `stored` with the bytes of `frame`."""
        first = frame.pixel_offset or 0
        target = stored.data.cast("B")
        if self._descriptor is None or frame.path != self._path:
            self._close()
            self._descriptor, _ = open_descriptor(str(frame.path), frame.name)
            self._path = frame.path
            header = bytearray(first)
            # One system call brings the header, which says whether the file is still the same, and the
            # pixels of the first frame.
            joined = [memoryview(header), target] if frame.frame == 0 else [memoryview(header)]
            _read_fully(self._descriptor, joined, 0, frame.name)
            written_ns = os.fstat(self._descriptor).st_mtime_ns
            is_same = frame.modified_ns in (None, written_ns)
            if not is_same or frame.sop_instance_uid.encode("ascii", "replace") not in header:
                found = "the file has changed since it was indexed"
                raise IntakeError(Problem(Code.BAD_VALUE, found, frame.name))
            if frame.frame == 0:
                return
        _read_fully(self._descriptor, [target], first + frame.frame * stored.nbytes, frame.name)


def _read_fully(descriptor: int, targets: list[memoryview], offset: int, name: str) -> None:
    wanted = sum(len(target) for target in targets)
    done = _read_some(descriptor, targets, offset)
    # The system may return less than asked for; go on until the file ends.
    while 0 < done < wanted:
        more = _read_some(descriptor, _rest(targets, done), offset + done)
        if more == 0:
            break
        done += more
    if done < wanted:
        found = f"{wanted} bytes are expected up to the end of the pixels, {done} are there"
        raise IntakeError(Problem(Code.TRUNCATED, found, name))


def _read_some(descriptor: int, targets: list[memoryview], offset: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, targets, offset)
    # Windows has no positioned read.
    os.lseek(descriptor, offset, os.SEEK_SET)
    chunk = os.read(descriptor, min(len(targets[0]), 64 * _MEGABYTE))
    targets[0][: len(chunk)] = chunk
    return len(chunk)


def _rest(targets: list[memoryview], done: int) -> list[memoryview]:
    rest = []
    for target in targets:
        if done < len(target):
            rest.append(target[done:])
        done = max(done - len(target), 0)
    return rest
