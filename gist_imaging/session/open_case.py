"""One case that one reader has open: its images, what was given so far, and the journal behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from gist_imaging.errors import ReadingError
from gist_imaging.session.event import Event
from gist_imaging.session.journal import Journal, JournalWriter, SaveStatus
from gist_imaging.session.memory import CaseMemory
from gist_imaging.session.snapshot import snapshot_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume
from gist_imaging.study.reading import Reading

__all__ = ["Archive", "ImageSource", "OpenCase", "SeriesFacts", "VisitFacts", "utc_now"]

SNAPSHOT_EVERY = 50
"""Events between two snapshots; opening replays at most so many (INTEROP.md: every 50 events)."""


def utc_now() -> str:
    """Return the time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One series of a visit, as the reading screen names it.

    Parameters
    ----------
    key : `Series.key`
    name : such as "CT axial 3.0 mm" or "T2 sagittal 4.0 mm"; from geometry and type, never free text
    modality, plane : DICOM modality; "axial", "coronal", "sagittal" or "oblique"
    spacing_mm : k, j, i
    problems : frozen codes
    measurable : whether the geometry gate lets it be measured
    """

    key: str
    name: str
    modality: str
    plane: str
    spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    problems: tuple[str, ...] = ()
    measurable: bool = True


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """One visit of an open case.

    Parameters
    ----------
    label : name of the visit within the patient, such as baseline or presurgery
    role : baseline, follow_up or other
    day : days since day 0; None where the study does not know it
    series : all stacks that can be shown
    measured : key of the series that lesions are outlined on, as pinned
    """

    label: str
    role: str
    day: int | None
    series: tuple[SeriesFacts, ...] = ()
    measured: str | None = None


class ImageSource(Protocol):
    """Gives the pixels of a series."""

    def volume(self, visit: str, series_key: str) -> Volume:
        """Return the image; the same object for the same series.

        Raises
        ------
        GistImagingError
            If it is not where it was, or has changed since it was imported.
        """


class Archive(Protocol):
    """Keeps committed readings and what was computed from them; `store.StudyStore` is one."""

    def add_reading(self, reading: Reading, masks: Iterable[Mask]) -> None:
        """Keep a reading with its masks, all or nothing; nothing that is kept is ever changed."""

    def readings(self, case: str, reader: str | None = None) -> tuple[Reading, ...]:
        """Return the readings of a case, by rising revision of each reader."""

    def put_derived(
        self, case: str, name: str, reading_sha256: str, inputs: Mapping[str, str], value: Any
    ) -> None:
        """Keep what was computed from a reading, by the hashes of what went in."""

    def derived(self, case: str, name: str, inputs: Mapping[str, str]) -> Any | None:
        """Return what was computed from exactly these inputs, or None."""


@dataclass(eq=False)
class OpenCase:
    """One case that one reader has open.

    Everything that the reader does goes through `act`, `undo` and `redo`: it is applied at once, told to the
    listeners, and handed to the journal. Not for several threads at once.

    Parameters
    ----------
    case, reader : pseudonyms
    visits : in time order
    images : where pixels come from
    journal : where events are kept
    state : what was given before
    blinded, reveal : of the study; see docs/study.md
    read_only : why nothing can be changed, or ""
    archive : where committed readings go; None where a case cannot be committed
    on_close : called once after everything was brought to disk, to let go of files and locks
    """

    case: str
    reader: str
    visits: tuple[VisitFacts, ...]
    images: ImageSource
    journal: Journal
    state: CaseState = field(default_factory=CaseState)
    blinded: bool = False
    reveal: str = "after_commit"
    read_only: str = ""
    archive: Archive | None = None
    on_close: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.memory = CaseMemory()
        self._listeners: list[Callable[[Event, CaseState], None]] = []
        self._save_listeners: list[Callable[[SaveStatus], None]] = []
        self._since_snapshot = 0
        self.writer = JournalWriter(self.journal, self.state.seq, self._saved)

    def visit(self, label: str) -> VisitFacts:
        """Return the visit called `label`."""
        found = next((visit for visit in self.visits if visit.label == label), None)
        if found is None:
            known = ", ".join(visit.label for visit in self.visits)
            raise ReadingError(f"a visit of {self.case}: {known}", f"got {label!r}", "choose one of them")
        return found

    def measured_volume(self, visit: str) -> Volume:
        """Return the image of a visit that lesions are outlined on.

        Raises
        ------
        ReadingError
            If no series is pinned for measuring.
        """
        key = self.visit(visit).measured
        if key is None:
            raise ReadingError(
                f"{visit} has a series for measuring", "none is pinned", "choose one on the pair page"
            )
        return self.images.volume(visit, key)

    def act(self, event: Event) -> Event:
        """Apply an event and keep it; return it with its number and time.

        Raises
        ------
        ReadingError
            If the case is read-only, or the event does not fit the state.
        """
        if self.read_only:
            raise ReadingError(
                "a case that can be changed", self.read_only, "open it where it can be written"
            )
        numbered = replace(event, seq=self.state.seq + 1, at_utc=utc_now())
        self.state = self.state.applying(numbered)
        numbered = numbered.bare()
        self.writer.put(numbered)
        self._since_snapshot += 1
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self._since_snapshot = 0
            self.writer.put_snapshot(self.state.seq, snapshot_of(self.state))
        for listener in tuple(self._listeners):
            listener(numbered, self.state)
        return numbered

    def undo(self) -> Event:
        """Take the last step back."""
        return self.act(self.state.undo())

    def redo(self) -> Event:
        """Bring back the step that was taken back last."""
        return self.act(self.state.redo())

    def on_change(self, listener: Callable[[Event, CaseState], None]) -> Callable[[], None]:
        """Call `listener` after every event; return what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def on_saved(self, listener: Callable[[SaveStatus], None]) -> Callable[[], None]:
        """Call `listener` from the writing thread with each save status; return what ends it."""
        self._save_listeners.append(listener)
        return lambda: self._save_listeners.remove(listener) if listener in self._save_listeners else None

    def _saved(self, status: SaveStatus) -> None:
        for listener in tuple(self._save_listeners):
            listener(status)

    def close(self) -> bool:
        """Bring everything to disk and end the writing thread; return whether everything is there.

        Nothing can be changed or kept afterwards; work that still runs for this case comes too late.
        """
        done = self.writer.close()
        self.archive, self.read_only = None, self.read_only or "the case was closed"
        if self.on_close is not None:
            self.on_close()
            self.on_close = None
        return done


def replay_problems(events: Sequence[Event], checks: Mapping[int, str]) -> list[str]:
    """Return where a replay gives another state than was noted; `checks` is event number to state hash."""
    problems = []
    state = CaseState()
    for event in events:
        state = state.applying(event)
        if event.seq in checks and checks[event.seq] != state.sha256:
            problems.append(f"after event {event.seq} the replay differs from what was noted")
    return problems
