"""Opening a case of a study where the reader left it, and leaving it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import ReadingError, StoreError

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase, VisitFacts
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.volume import Volume
    from gist_imaging.store.records import VisitRecord
    from gist_imaging.store.study_store import StudyStore

__all__ = ["close_case", "open_case", "remember_view", "replay"]


def open_case(folder: Path, case: str, reader: str) -> OpenCase:
    """Open a case of a study for a reader, as it was left; one window at a time.

    Where the study cannot be written the case can be looked at, and `read_only` says why.

    Raises
    ------
    GistImagingError
        If there is no such study or case, or another window has it open for this reader.
    """
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.store.study_store import StudyStore

    store = StudyStore.open(folder)
    try:
        record = store.case_record(case)
        journal = None if store.read_only else store.journal(case, reader)
    except BaseException:
        store.close()
        raise

    def let_go() -> None:
        if journal is not None:
            journal.close()
        store.close()

    try:
        state = store.last_state(case, reader)
    except BaseException:
        let_go()
        raise
    return OpenCase(
        case,
        reader,
        tuple(_visit_facts(visit) for visit in record.visits),
        _StudyImages(store, case, _noted_images(state)),
        journal if journal is not None else _NoJournal(store.read_only),
        state,
        store.settings.blinded,
        store.settings.reveal,
        store.read_only,
        store,
        let_go,
    )


def close_case(case: OpenCase) -> bool:
    """Leave a case as it is; return whether everything is on disk."""
    return case.close()


def replay(folder: Path, case: str, reader: str) -> CaseState:
    """Return the state that the journal alone gives, without snapshots.

    Raises
    ------
    GistImagingError
        If there is no such study or case, or an event does not fit.
    """
    from gist_imaging.session.state import replayed
    from gist_imaging.store.study_store import StudyStore

    with StudyStore.open(folder, read_only=True) as store:
        store.case_record(case)
        return replayed(store.events(case, reader))


def remember_view(case: OpenCase, name: str = "place", value: Any = None, **words: Any) -> Event:
    """Keep where the reader is, to come back to it after a restart; never a step to undo.

    Parameters
    ----------
    name : what is kept, such as place
    value : plain values; `words` are joined to it where it is a mapping or left out
    """
    from gist_imaging.session.event import Event, changed

    new = {**(value or {}), **words} if words else value
    key = ("view", name)
    return case.act(
        Event("view", "remember_view", f"look: {name}", (changed(key, case.state.plain(*key), new),))
    )


class _StudyImages:
    """Reads the series of a case from where the study's link file says that they lie, each once.

    Parameters
    ----------
    noted : (visit, series key) to the hash of the image that masks were drawn on
    """

    def __init__(self, store: StudyStore, case: str, noted: dict[tuple[str, str], str]) -> None:
        self._store = store
        self._case = case
        self._noted = noted
        self._read: dict[tuple[str, str], Volume] = {}
        self._lock = threading.Lock()

    def volume(self, visit: str, series_key: str) -> Volume:
        """Return the image; see `session.open_case.ImageSource`. Several threads may ask."""
        with self._lock:
            return self._volume(visit, series_key)

    def _volume(self, visit: str, series_key: str) -> Volume:
        from gist_imaging.io.read import read_volume
        from gist_imaging.io.series_content import content_sha256

        key = (visit, series_key)
        if key not in self._read:
            place = self._store.place_of(self._case, visit, series_key)
            if not place.path.exists():
                # Where it lay may name the patient.
                raise ReadingError(
                    f"the image of {visit} where it was imported from",
                    "nothing is there now",
                    "connect the disk or network drive, or import the scans again from their new place",
                )
            if place.content_sha256 and place.content_sha256 != content_sha256(
                place.path, place.series_uid, place.split
            ):
                raise ReadingError(
                    f"the image of {visit} as it was imported",
                    "its files have changed since",
                    "restore them, or import the new scan as a visit of its own",
                )
            volume = read_volume(
                place.path,
                series_uid=place.series_uid,
                split=place.split,
                quantity=place.quantity,
                override_reason=place.override_reason,
            )
            noted = self._noted.get(key)
            if noted is not None and noted != volume.sha256():
                raise ReadingError(
                    f"the image of {visit} that masks were drawn on",
                    "another one lies in its place now",
                    "restore the scan, or import it as a visit of its own",
                )
            self._read[key] = volume
        return self._read[key]


class _NoJournal:
    """Stands for the journal of a study that cannot be written."""

    def __init__(self, why: str) -> None:
        self._why = why

    def append(self, events: Sequence[Event]) -> None:
        """Refuse; a read-only case makes no events."""
        raise StoreError("read_only", f"{len(events)} actions cannot be kept: {self._why}")

    def snapshot(self, seq: int, stored: bytes) -> None:
        """Keep nothing; the events are enough."""


def _noted_images(state: CaseState) -> dict[tuple[str, str], str]:
    return {
        (key[2], facts["series"]): facts["image_sha256"] for key, facts in state.plain_under("mask_facts")
    }


def _visit_facts(record: VisitRecord) -> VisitFacts:
    from gist_imaging.session.open_case import SeriesFacts, VisitFacts

    shown = tuple(
        SeriesFacts(
            one.key,
            one.name,
            one.modality,
            one.plane,
            one.spacing_mm,
            one.shape,
            one.problems,
            one.measurable,
        )
        for one in record.series
        # A series without a grid cannot be shown as a stack.
        if one.spacing_mm is not None and one.shape is not None
    )
    return VisitFacts(record.label, record.role, record.day, shown, record.measured)
