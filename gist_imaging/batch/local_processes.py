"""Cases carried out in processes of this machine that may die, hang or swallow memory on their own."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import IO, Any, cast

from gist_imaging.batch.child import THREAD_LIMITS
from gist_imaging.batch.executor import Outcome, OutcomeKind
from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.io.worker_channel import receive_values, send

__all__ = ["LocalProcesses"]

_ANSWER_BYTES_AT_MOST = 256 * 1024 * 1024
_START_SECONDS = 120.0
_ASK_AGAIN_SECONDS = 0.1
# The folder that Python was started in stays out of the search path: it may be a folder of scans.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from gist_imaging.batch.child import main; main()"
)


class LocalProcesses:
    """Works in `n_processes` processes of this machine, each with one case at a time.

    A process that is killed, crashes or overruns its time costs its own case only: the others go on, and a
    new process takes its place. A case whose process died is tried once more, because the system may have
    killed it for another's memory; a case that ran out of time is not.

    Parameters
    ----------
    n_processes : at least 1
    attempts : how often a case may be begun when its process dies
    cases_per_process : after so many, a process is replaced, so that what libraries leak does not add up
    """

    def __init__(self, n_processes: int, *, attempts: int = 2, cases_per_process: int = 200) -> None:
        if n_processes < 1:
            raise GistImagingError("at least one process is needed", f"got {n_processes}", "give 1 or more")
        self.n_processes = n_processes
        self._attempts = attempts
        self._cases_per_process = cases_per_process

    def map_unordered(
        self,
        function: Callable[[Any], Any],
        jobs: Iterable[Any],
        *,
        timeout_s: float | None = None,
        memory_mb: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every job as it ends; see `Executor.map_unordered`."""
        waiting = list(enumerate(jobs))
        todo: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        for numbered in waiting:
            todo.put(numbered)
        outcomes: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        lanes = [
            _Lane(function, todo, outcomes, timeout_s, memory_mb, self._attempts, self._cases_per_process)
            for _ in range(min(self.n_processes, len(waiting)))
        ]
        try:
            for lane in lanes:
                lane.start()
            for _ in waiting:
                yield _next(outcomes, cancelled)
        finally:
            for lane in lanes:
                lane.stop()
            for lane in lanes:
                lane.join()


def _next(
    outcomes: queue.SimpleQueue[Outcome | BaseException], cancelled: Callable[[], bool] | None
) -> Outcome:
    while True:
        if cancelled is not None and cancelled():
            raise Cancelled
        with contextlib.suppress(queue.Empty):
            outcome = outcomes.get(timeout=_ASK_AGAIN_SECONDS)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome


class _Lane(threading.Thread):
    """A thread that hands jobs to its own process, one at a time, and replaces it when it dies."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        todo: queue.SimpleQueue[tuple[int, Any]],
        outcomes: queue.SimpleQueue[Outcome | BaseException],
        timeout_s: float | None,
        memory_mb: float | None,
        attempts: int,
        cases_per_process: int,
    ) -> None:
        super().__init__(daemon=True)
        self._settings = (function.__module__, function.__qualname__, memory_mb)
        self._todo = todo
        self._outcomes = outcomes
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._cases_per_process = cases_per_process
        self._process: _Process | None = None
        self._stopped = threading.Event()
        self._swap = threading.Lock()

    def stop(self) -> None:
        """End the process at once, and the thread with it."""
        self._stopped.set()
        with self._swap:
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        try:
            while not self._stopped.is_set():
                index, job = self._todo.get_nowait()
                outcome = self._carried_out(index, job)
                if not self._stopped.is_set():
                    self._outcomes.put(outcome)
        except queue.Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the outcomes are read
            self._outcomes.put(error)
        finally:
            self._drop()

    def _carried_out(self, index: int, job: Any) -> Outcome:
        for attempt in range(1, self._attempts + 1):
            process = self._ready()
            began = time.perf_counter()
            kind, value, peak = process.answer(job, self._timeout_s)
            seconds = time.perf_counter() - began
            if process.n_cases >= self._cases_per_process or not process.alive:
                self._drop()
            if kind is not OutcomeKind.DIED or attempt == self._attempts or self._stopped.is_set():
                return Outcome(index, kind, value, seconds, attempt, peak)
        raise AssertionError("unreachable")  # pragma: no cover

    def _ready(self) -> _Process:
        if self._process is None:
            with self._swap:
                if self._stopped.is_set():
                    raise Cancelled
                self._process = _Process(self._settings)
            self._process.await_ready()
        return self._process

    def _drop(self) -> None:
        with self._swap:
            process, self._process = self._process, None
        if process is not None:
            process.close()


class _Process:
    """One child process and the two pipes to it."""

    def __init__(self, settings: tuple[str, str, float | None]) -> None:
        self.n_cases = 0
        self.alive = True
        self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-P", "-c", _START, json.dumps([entry for entry in sys.path if entry])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **THREAD_LIMITS},
            # Ctrl+C is for the parent, which then ends the child.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._jobs = cast("IO[bytes]", self._popen.stdin)
        self._answers = cast("IO[bytes]", self._popen.stdout)
        self._settings = settings

    def await_ready(self) -> None:
        """Return once the process has loaded what it needs.

        Raises
        ------
        GistImagingError
            If it does not come up.
        """
        kind, _, _ = self.answer(self._settings, _START_SECONDS)
        self.n_cases = 0
        if kind is not OutcomeKind.DONE:
            raise GistImagingError(
                "a working process should start",
                f"it ended at once ({sys.executable})",
                "run `gist-imaging doctor`; often the memory is full or the installation is incomplete",
            )

    def answer(self, job: Any, timeout_s: float | None) -> tuple[OutcomeKind, Any, float | None]:
        """Return how `job` ended in the process; a process that overruns its time is killed."""
        self.n_cases += 1
        too_late = threading.Event()

        def give_up() -> None:
            too_late.set()
            self.kill()

        watchdog = None if timeout_s is None else threading.Timer(timeout_s, give_up)
        if watchdog is not None:
            watchdog.daemon = True
            watchdog.start()
        try:
            send(self._jobs, job)
            word, value, peak = receive_values(self._answers, _ANSWER_BYTES_AT_MOST)
        except (OSError, EOFError, pickle.UnpicklingError):
            self.alive = False
            kind = OutcomeKind.TIMED_OUT if too_late.is_set() else OutcomeKind.DIED
            return kind, None, None
        finally:
            if watchdog is not None:
                watchdog.cancel()
        if too_late.is_set():
            self.alive = False
        return OutcomeKind.DONE if word == "ready" else OutcomeKind(word), value, peak

    def kill(self) -> None:
        """End the process at once."""
        self._popen.kill()

    def close(self) -> None:
        """End the process and let go of its pipes."""
        self.kill()
        self._popen.wait()
        for stream in (self._jobs, self._answers):
            # A half-written job cannot be flushed to a dead process.
            with contextlib.suppress(OSError):
                stream.close()
