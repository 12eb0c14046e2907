"""What a reader gave for one case, as exports take it: words, masks and facts, and where images come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from gist_imaging.errors import GistImagingError, ReadingError

if TYPE_CHECKING:
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.mask import Mask
    from gist_imaging.spatial.volume import Volume
    from gist_imaging.store.records import VisitRecord
    from gist_imaging.store.study_store import StudyStore
    from gist_imaging.study.reading import Reading

__all__ = [
    "COMMITTED",
    "DRAFT",
    "GivenCase",
    "GivenVisit",
    "StudyVolumes",
    "given_by_open_case",
    "given_by_study",
]

COMMITTED, DRAFT = "committed", "draft"
VOLUMES_KEPT = 2
"""A pair; more would fill the memory of a laptop."""

_UNAFFECTED = {"contact": "none", "displacement": "none", "invasion": "no"}


@dataclass(frozen=True, slots=True)
class GivenVisit:
    """One visit of the case.

    Parameters
    ----------
    series, series_name, modality, weighting : of the image that lesions are outlined on; "" where none is
    """

    label: str
    role: str
    day: int | None
    series: str = ""
    series_name: str = ""
    modality: str = ""
    weighting: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class GivenCase:
    """What one reader gave for one case.

    Parameters
    ----------
    reading : the revision that counts; of a draft, what would be committed now
    status : committed or draft
    state : cells: lesions, fates, facts, impressions
    visits : in time order
    masks : (lesion, visit) to the mask that the reading names
    volume : gives the image that lesions of a visit are outlined on
    t0_event : what day 0 is
    """

    reading: Reading
    status: str
    state: CaseState
    visits: tuple[GivenVisit, ...]
    masks: Mapping[tuple[str, str], Mask] = field(repr=False)
    volume: Callable[[str], Volume] = field(repr=False)
    t0_event: str = "first_scan"

    @property
    def name(self) -> str:
        """How files call it: by pseudonyms."""
        return f"{self.reading.case}_{self.reading.reader}"

    @property
    def lesions(self) -> tuple[str, ...]:
        """Names of the lesions, in their order."""
        named = {key[1] for key, _ in self.state.under("lesion")} | {lesion for lesion, _ in self.masks}
        named |= {call.lesion for call in self.reading.calls}
        return tuple(sorted(named, key=lambda name: (len(name), name)))

    def visit(self, label: str) -> GivenVisit:
        """Return the visit called `label`."""
        return next(visit for visit in self.visits if visit.label == label)

    def fact(self, visit: str, name: str) -> Any:
        """Return what the reader stated of a visit, or None."""
        return self.state.plain("fact", visit, name)

    def affected_side(self, lesion: str, visit: str) -> Literal["L", "R", "both"] | None:
        """Return the side that the reader called affected at a visit; None leaves it to the distances.

        Where no side is called at this visit, it is the only one that is at another, so that all visits of a
        lesion are measured on one side.
        """
        sides: dict[str, set[str]] = {}
        for call in self.reading.relations:
            said = {axis: getattr(call, axis) for axis in _UNAFFECTED}
            is_affected = any(
                word is not None and word.value not in (_UNAFFECTED[axis], "not_assessable")
                for axis, word in said.items()
            )
            if call.lesion == lesion and is_affected and call.side.value in ("L", "R"):
                sides.setdefault(call.timepoint, set()).add(call.side.value)
        here = sides.get(visit, set())
        if len(here) == 2:
            return "both"
        only = here or set().union(*sides.values())
        return ("L" if "L" in only else "R") if len(only) == 1 else None


class StudyVolumes:
    """Reads the images that lesions are outlined on, and keeps the last two."""

    def __init__(self, store: StudyStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, str], Volume] = OrderedDict()

    def volume(self, case: str, visit: GivenVisit) -> Volume:
        """Return the image of a visit.

        Raises
        ------
        GistImagingError
            If none is chosen for measuring, or it cannot be read.
        """
        from gist_imaging.io.read import read_volume

        if not visit.series:
            raise GistImagingError(
                f"a series for measuring at {visit.label}", "none is pinned", "choose one on the pair page"
            )
        key = (case, visit.label)
        if key not in self._kept:
            place = self._store.place_of(case, visit.label, visit.series)
            while len(self._kept) >= VOLUMES_KEPT:
                self._kept.popitem(last=False)
            self._kept[key] = read_volume(
                place.path,
                series_uid=place.series_uid,
                split=dict(place.split) or None,
                quantity=place.quantity,
                override_reason=place.override_reason,
            )
        self._kept.move_to_end(key)
        return self._kept[key]


def given_by_study(
    store: StudyStore, case: str, reader: str, volumes: StudyVolumes, *, drafts: bool = False
) -> GivenCase | None:
    """Return what a reader gave for a case of a study; None where there is nothing to export.

    Parameters
    ----------
    drafts : take what was never committed too
    """
    revisions = store.readings(case, reader)
    record = store.case_record(case)
    state = store.last_state(case, reader)
    visits = tuple(_of_record(visit) for visit in record.visits)

    def volume(label: str) -> Volume:
        return volumes.volume(case, next(visit for visit in visits if visit.label == label))

    if revisions:
        reading = revisions[-1]
        masks = {(held.lesion, held.timepoint): store.mask(held.mask_sha256) for held in reading.masks}
        return GivenCase(reading, COMMITTED, state, visits, masks, volume, record.t0_event)
    if not drafts:
        return None
    blinded = store.settings.blinded
    return _draft(state, case, reader, blinded, visits, volume, record.t0_event)


def given_by_open_case(case: OpenCase) -> GivenCase:
    """Return what the reader of an open case committed, else what would be committed now.

    Raises
    ------
    ReadingError
        If numbers may not be seen yet, nothing was given, or the case is of no study.
    """
    from gist_imaging.session.results import refuse_before_commit
    from gist_imaging.store.study_store import StudyStore

    refuse_before_commit(case.state, case.reveal, "a case sheet")
    store = case.archive
    if not isinstance(store, StudyStore):
        raise ReadingError("a case of a study", "this one has none", "open it from a study folder")
    given = given_by_study(store, case.case, case.reader, StudyVolumes(store))
    if given is None:
        record = store.case_record(case.case)
        visits = tuple(_of_record(visit) for visit in record.visits)
        given = _draft(
            case.state, case.case, case.reader, case.blinded, visits, case.measured_volume, record.t0_event
        )
    if given is None:
        raise ReadingError("something that was outlined or called", "there is nothing", "outline a lesion")
    return replace(given, state=case.state, volume=case.measured_volume)


def _draft(
    state: CaseState,
    case: str,
    reader: str,
    blinded: bool,
    visits: tuple[GivenVisit, ...],
    volume: Callable[[str], Volume],
    t0_event: str,
) -> GivenCase | None:
    from gist_imaging.session.reading_of import reading_of

    if not any(key[0] in ("mask", "call") for key in state.cells):
        return None
    frames = {visit.label: volume(visit.label).geometry.frame_uid for visit in visits if visit.series}
    reading = reading_of(state, case=case, reader=reader, blinded=blinded, frames=frames)
    masks = {
        (held.lesion, held.timepoint): mask
        for held in reading.masks
        if (mask := state.mask(held.lesion, held.timepoint)) is not None
    }
    return GivenCase(reading, DRAFT, state, visits, masks, volume, t0_event)


def _of_record(visit: VisitRecord) -> GivenVisit:
    series = next((held for held in visit.series if held.key == visit.measured), None)
    if series is None:
        return GivenVisit(visit.label, visit.role, visit.day)
    return GivenVisit(
        visit.label, visit.role, visit.day, series.key, series.name, series.modality, series.weighting or ""
    )
