"""Where events are kept, and the thread that brings them there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gist_imaging.errors import GistImagingError
from gist_imaging.session.event import Event

__all__ = ["Journal", "JournalWriter", "SaveState", "SaveStatus"]

RETRY_AFTER_S = 1.0
"""How long a failed write waits before it is tried again by itself."""


class Journal(Protocol):
    """A place that keeps events; what `append` returned from survives the end of the program."""

    def append(self, events: Sequence[Event]) -> None:
        """Keep `events`, all or none, on disk when this returns.

        Raises
        ------
        GistImagingError
            If they cannot be kept now: disk full, read-only, place lost. Says which, in one sentence.
        """

    def snapshot(self, seq: int, stored: bytes) -> None:
        """Keep the state after event `seq`; only a help, the events alone are enough."""


class SaveState(StrEnum):
    """Whether everything that was done is on disk."""

    SAVED = "saved"
    SAVING = "saving"
    NOT_SAVED = "not_saved"


@dataclass(frozen=True, slots=True)
class SaveStatus:
    """What the header says about saving.

    Parameters
    ----------
    state : see `SaveState`
    last_seq : number of the last event on disk
    saved_at_utc : when that was written; "" before the first
    waiting : events that are kept in memory only
    reason : for NOT_SAVED, one sentence that says what is wrong and what to do
    """

    state: SaveState
    last_seq: int
    saved_at_utc: str = ""
    waiting: int = 0
    reason: str = ""


class JournalWriter:
    """Brings events to a journal in a thread of its own, in order, and tries again while it cannot.

    Parameters
    ----------
    journal : where they go
    last_seq : number of the last event that is there already
    told : called from the writing thread with each new status
    """

    def __init__(self, journal: Journal, last_seq: int, told: Callable[[SaveStatus], None]) -> None:
        self._journal = journal
        self._told = told
        self._waiting: queue.SimpleQueue[Event | tuple[int, bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._n_waiting = 0
        self._idle = threading.Condition(self._lock)
        self._nudge = threading.Event()
        self._closing = False
        self.status = SaveStatus(SaveState.SAVED, last_seq)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take an event over; returns at once."""
        with self._lock:
            self._n_waiting += 1
        self._waiting.put(event)

    def put_snapshot(self, seq: int, stored: bytes) -> None:
        """Take a snapshot over, to be written after the events before it."""
        self._waiting.put((seq, stored))

    def retry(self) -> None:
        """Try again now instead of after a second."""
        self._nudge.set()

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until everything is on disk; return whether it is."""
        with self._idle:
            return self._idle.wait_for(lambda: self._n_waiting == 0, timeout_s)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Bring what waits to the journal and end the thread; return whether everything is on disk."""
        done = self.flush(timeout_s)
        self._closing = True
        self._nudge.set()
        self._waiting.put(None)
        self._thread.join(timeout_s)
        return done

    def _run(self) -> None:
        ending = False
        while not ending:
            batch: list[Event] = []
            snapshots: list[tuple[int, bytes]] = []
            item = self._waiting.get()
            while True:
                if item is None:
                    ending = True
                elif isinstance(item, Event):
                    batch.append(item)
                else:
                    snapshots.append(item)
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._write(batch)
            for seq, stored in snapshots[-1:]:
                self._write_snapshot(seq, stored)

    def _write(self, batch: list[Event]) -> None:
        while True:
            try:
                self._journal.append(batch)
                break
            except GistImagingError as error:
                self._tell(SaveState.NOT_SAVED, str(error))
            if self._closing:
                return
            self._nudge.wait(RETRY_AFTER_S)
            self._nudge.clear()
        with self._idle:
            self._n_waiting -= len(batch)
            waiting = self._n_waiting
            state = SaveState.SAVED if waiting == 0 else SaveState.SAVING
            self.status = SaveStatus(state, batch[-1].seq, batch[-1].at_utc, waiting)
            self._idle.notify_all()
        self._told(self.status)

    def _write_snapshot(self, seq: int, stored: bytes) -> None:
        try:
            self._journal.snapshot(seq, stored)
        except GistImagingError as error:
            # The events are enough; a full disk is told by the next of them.
            self._tell(self.status.state, str(error))

    def _tell(self, state: SaveState, reason: str) -> None:
        with self._lock:
            held = self.status
            self.status = SaveStatus(state, held.last_seq, held.saved_at_utc, self._n_waiting, reason)
        self._told(self.status)
