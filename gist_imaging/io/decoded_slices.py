"""Pixels that need decoding, fetched from the decoding process batch by batch into a volume."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import numpy.typing as npt

from gist_imaging.io.pixel_request import request_for
from gist_imaging.io.rescale import Scale, write_slice
from gist_imaging.io.transfer_syntax import COMPRESSED
from gist_imaging.io.worker import Worker, shared_worker
from gist_imaging.study.series import FrameFacts

__all__ = ["read_decoded"]

# One call brings images of up to this size: small beside the limits of the decoding process, and large
# beside the cost of a call.
_BATCH_BYTES = 8 * 1024 * 1024

# From this size on a second decoding process is worth the half second that it takes to start; RLE is
# decoded faster than that.
_TWO_WORKERS_FROM_BYTES = 64 * 1024 * 1024
_RLE = "1.2.840.10008.1.2.5"
_SLOW_SYNTAXES = COMPRESSED - {_RLE}


def read_decoded(
    frames: Sequence[FrameFacts],
    scales: Sequence[Scale],
    volume: npt.NDArray[Any],
    *,
    done: Callable[[int], None],
) -> None:
    """Fill `volume` with the real values of `frames`.

    Parameters
    ----------
    frames : in slice order
    volume : (k, j, i)
    done : told now and then how many slices are finished; an error that it raises stops the work

    Raises
    ------
    IntakeError
        When a file is refused.
    ValueRangeError
        When a value does not fit the volume's type.
    """
    size = max(1, _BATCH_BYTES // max(volume[0].nbytes, 1))
    parts = [slice(start, start + size) for start in range(0, len(frames), size)]
    with contextlib.ExitStack() as stack:
        workers: SimpleQueue[Worker] = SimpleQueue()
        workers.put(shared_worker())
        count = 1
        slow = any(frame.transfer_syntax_uid in _SLOW_SYNTAXES for frame in frames)
        if slow and volume.nbytes >= _TWO_WORKERS_FROM_BYTES and (os.cpu_count() or 1) > 1:
            workers.put(stack.enter_context(Worker()))
            count = 2
        threads = stack.enter_context(ThreadPoolExecutor(count))
        waiting: deque[tuple[slice, Future[list[npt.NDArray[Any]]]]] = deque()
        try:
            for part in parts:
                waiting.append((part, threads.submit(_decode, workers, frames[part])))
                # No more than a batch for each process waits in memory.
                if len(waiting) > count:
                    done(_write(volume, scales, *waiting.popleft()))
            while waiting:
                done(_write(volume, scales, *waiting.popleft()))
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def _decode(workers: SimpleQueue[Worker], frames: Sequence[FrameFacts]) -> list[npt.NDArray[Any]]:
    worker = workers.get()
    try:
        requests = tuple(request_for(frame) for frame in frames)
        decoded: list[npt.NDArray[Any]] = worker.call(
            "gist_imaging.io.pixels:decode_many", requests, file=frames[0].name
        )
        return decoded
    finally:
        workers.put(worker)


def _write(
    volume: npt.NDArray[Any],
    scales: Sequence[Scale],
    part: slice,
    decoded: Future[list[npt.NDArray[Any]]],
) -> int:
    """Write one batch and return how many slices are finished."""
    pictures = decoded.result()
    for target, stored, scale in zip(volume[part], pictures, scales[part], strict=True):
        write_slice(target, stored, scale)
    return min(int(part.stop), len(scales))
