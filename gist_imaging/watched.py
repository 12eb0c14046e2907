"""Long work that answers a wish to stop within a blink, whatever step it is busy with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

from gist_imaging.errors import Cancelled

__all__ = ["Stop", "Tick", "watched"]

Tick = Callable[[int, int], None]
Stop = Callable[[], bool]
T = TypeVar("T")

# How often a waiting call asks whether it shall stop; 100 ms are promised.
LOOKS_EVERY_S = 0.02


def watched(
    work: Callable[[Tick | None, Stop | None], T], progress: Tick | None, cancelled: Stop | None
) -> T:
    """Return what `work` returns; raise `Cancelled` within about 20 ms of a wish to stop.

    The work runs in a thread of its own. After a wish to stop it is told by its own `cancelled`, ends at its
    next step, and what it made is dropped; until then it keeps its memory. Without `cancelled` it runs here.

    Parameters
    ----------
    work : called with its own `progress` and `cancelled`; changes nothing but what it returns
    progress : called in the caller's thread, with every (done, total) in order
    cancelled : asked first, every 20 ms, and last when all is done, in the caller's thread

    Raises
    ------
    Cancelled
        If `cancelled` answered true; otherwise whatever the work raises.
    """
    if cancelled is None:
        return work(progress, None)
    if cancelled():
        raise Cancelled
    stop = threading.Event()
    told: SimpleQueue[tuple[int, int]] = SimpleQueue()
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work(lambda done, total: told.put((done, total)), stop.is_set))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who waits
            answer.set_exception(error)

    def tell() -> None:
        while progress is not None:
            try:
                progress(*told.get_nowait())
            except Empty:
                return

    threading.Thread(target=run, name="watched", daemon=True).start()
    try:
        is_done = False
        while not is_done:
            is_done = _is_done(answer)
            tell()
            if cancelled():
                raise Cancelled
        return answer.result()
    finally:
        # Also where the caller's own functions raise, or the user presses Ctrl+C.
        stop.set()


def _is_done(answer: Future[T]) -> bool:
    try:
        answer.exception(timeout=LOOKS_EVERY_S)
    except TimeoutError:
        return answer.done()
    return True
