"""One long job at a time in a thread: its progress, its end, and stopping it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from qtpy.QtCore import QObject, Signal

from gist_imaging.errors import Cancelled, GistImagingError

__all__ = ["Job", "JobStatus", "Jobs"]


class Job(Protocol):
    """Work that touches nothing of the open case while it runs."""

    @property
    def label(self) -> str:
        """What is done, for people."""

    def run(self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None) -> Any:
        """Return the result.

        Raises
        ------
        Cancelled
            When `cancelled` answered true.
        """


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What the screen shows of the running job: share done in percent, None before the first news."""

    label: str
    percent: int | None
    stopping: bool = False


class Jobs(QObject):
    """Runs one job at a time; results and errors arrive in the GUI thread."""

    changed = Signal(object)  # JobStatus or None
    _news = Signal(int, object)  # number of the job, percent
    _ended = Signal(int, object, object)  # number of the job, result, error

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.status: JobStatus | None = None
        self._number = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ending: list[threading.Thread] = []
        self._done: Callable[[Any], None] | None = None
        self._failed: Callable[[BaseException], None] | None = None
        self._news.connect(self._show)
        self._ended.connect(self._finish)

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self.status is not None

    def start(self, job: Job, done: Callable[[Any], None], failed: Callable[[BaseException], None]) -> None:
        """Run `job`; `done` gets its result, `failed` its error (also `Cancelled`).

        Raises
        ------
        GistImagingError
            If another one runs.
        """
        if self.status is not None:
            raise GistImagingError(
                "one job at a time", f"{self.status.label} is running", "wait, or stop it with Esc"
            )
        self._number += 1
        number, stop = self._number, threading.Event()
        self._stop, self._done, self._failed = stop, done, failed
        self.status = JobStatus(job.label, None)
        self.changed.emit(self.status)
        last = -1

        def tell(at: int, total: int) -> None:
            nonlocal last
            percent = round(100 * at / total) if total else 0
            if percent != last:
                last = percent
                self._news.emit(number, percent)

        def work() -> None:
            try:
                result = job.run(tell, stop.is_set)
            except Exception as error:  # noqa: BLE001 - carried to the GUI thread, which tells it
                self._ended.emit(number, None, error)
            else:
                self._ended.emit(number, result, None)

        self._ending = [thread for thread in self._ending if thread.is_alive()]
        self._thread = threading.Thread(target=work, name=f"job {number}", daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        """Ask the running job to end; return whether there is one."""
        if self.status is None:
            return False
        self._stop.set()
        self.status = JobStatus(self.status.label, self.status.percent, stopping=True)
        self.changed.emit(self.status)
        return True

    def drop(self) -> str:
        """Ask the running job to end, and tell nobody its result; return its label, "" if none ran.

        It is not waited for: it touches nothing of the case, and what it writes it takes back by itself.
        """
        label = "" if self.status is None else self.status.label
        self._stop.set()
        self._number += 1
        if self._thread is not None:
            self._ending.append(self._thread)
        self.status, self._done, self._failed, self._thread = None, None, None, None
        if label:
            self.changed.emit(None)
        return label

    def close(self, timeout_s: float = 5.0) -> None:
        """Drop the running job and wait for every one that is still ending."""
        self.drop()
        until = time.monotonic() + timeout_s
        for thread in self._ending:
            thread.join(max(0.0, until - time.monotonic()))
        self._ending = [thread for thread in self._ending if thread.is_alive()]

    def _show(self, number: int, percent: int) -> None:
        if number == self._number and self.status is not None:
            self.status = JobStatus(self.status.label, percent, self.status.stopping)
            self.changed.emit(self.status)

    def _finish(self, number: int, result: Any, error: BaseException | None) -> None:
        if number != self._number:
            return
        done, failed, stopped = self._done, self._failed, self._stop.is_set()
        self.status, self._done, self._failed, self._thread = None, None, None, None
        self.changed.emit(None)
        if error is None and stopped:
            error = Cancelled()
        if error is not None and failed is not None:
            failed(error)
        elif done is not None:
            done(result)
