"""What carries out the cases of a batch: an interface, and the one that works in this very process."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from gist_imaging.errors import Cancelled

__all__ = ["Executor", "InProcess", "Outcome", "OutcomeKind"]


class OutcomeKind(StrEnum):
    """How a job ended."""

    DONE = "done"
    RAISED = "raised"
    """It raised; the outcome names the class of the error, never its text."""
    OUT_OF_MEMORY = "out_of_memory"
    """It asked for more memory than a case may have."""
    TIMED_OUT = "timed_out"
    DIED = "died"
    """Its process died each time that it was tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job ended.

    Parameters
    ----------
    index : position of the job among those given
    value : what the function returned, where it did; the name of the error's class where it raised
    seconds : of the last attempt
    attempts : how often it was begun
    peak_memory_mb : highest memory of the process so far, where the system tells (10⁶ bytes)
    """

    index: int
    kind: OutcomeKind
    value: Any = None
    seconds: float = 0.0
    attempts: int = 1
    peak_memory_mb: float | None = None


class Executor(Protocol):
    """Carries out jobs; a cluster's scheduler can stand behind it."""

    def map_unordered(
        self,
        function: Callable[[Any], Any],
        jobs: Iterable[Any],
        *,
        timeout_s: float | None = None,
        memory_mb: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of `function(job)` for every job, as they end.

        Closing the iterator ends what still runs.

        Parameters
        ----------
        function : importable by name, so that another process finds it
        jobs : plain values and values of gist_imaging
        timeout_s : seconds for one job
        memory_mb : memory for one job above that of an idle process, 10⁶ bytes
        cancelled : asked again and again; true stops the work

        Raises
        ------
        Cancelled
            As soon as `cancelled` says so.
        """
        ...


class InProcess:
    """Works in this process, one job after the other: for debugging. No limits, and a crash is a crash."""

    def map_unordered(
        self,
        function: Callable[[Any], Any],
        jobs: Iterable[Any],
        *,
        timeout_s: float | None = None,  # noqa: ARG002 - a process cannot be its own watchdog
        memory_mb: float | None = None,  # noqa: ARG002
        cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every job, in order."""
        for index, job in enumerate(jobs):
            if cancelled is not None and cancelled():
                raise Cancelled
            began = time.perf_counter()
            try:
                value, kind = function(job), OutcomeKind.DONE
            except MemoryError:
                value, kind = None, OutcomeKind.OUT_OF_MEMORY
            except Exception as error:  # noqa: BLE001 - as in a process of its own
                value, kind = type(error).__name__, OutcomeKind.RAISED
            yield Outcome(index, kind, value, time.perf_counter() - began)
