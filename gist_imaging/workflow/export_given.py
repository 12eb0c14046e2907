"""What a reader gave for one case, as exports take it: words, masks and facts, and where images come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError

if TYPE_CHECKING:
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.mask import Mask
    from gist_imaging.spatial.volume import Volume
    from gist_imaging.store.records import CaseRecord, VisitRecord
    from gist_imaging.store.study_store import StudyStore
    from gist_imaging.study.reading import Reading

__all__ = ["COMMITTED", "DRAFT", "GivenCase", "GivenVisit", "given_by_open_case", "given_by_study"]

COMMITTED, DRAFT = "committed", "draft"


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
        """How people and files call it: by pseudonyms."""
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


def given_by_study(store: StudyStore, case: str, reader: str, *, drafts: bool = False) -> GivenCase | None:
    """Return what a reader gave for a case of a study; None where there is nothing to export.

    Parameters
    ----------
    drafts : take what was never committed too

    Raises
    ------
    GistImagingError
        If an image is not there, or is not the one that a mask was drawn on.
    """
    revisions = store.readings(case, reader)
    record = store.case_record(case)
    state = store.last_state(case, reader)
    if revisions:
        reading, status = revisions[-1], COMMITTED
        masks = {(held.lesion, held.timepoint): store.mask(held.mask_sha256) for held in revisions[-1].masks}
    elif drafts and state.cells:
        from gist_imaging.workflow.export_draft import draft_of

        reading, masks = draft_of(state, record, case, reader, blinded=store.settings.blinded)
        status = DRAFT
        if not masks and not reading.calls:
            return None
    else:
        return None

    def volume(visit: str) -> Volume:
        from gist_imaging.io.read import read_volume

        place = store.place_of(case, visit, _measured(record, visit))
        return read_volume(
            place.path,
            series_uid=place.series_uid,
            split=dict(place.split) or None,
            quantity=place.quantity,
            override_reason=place.override_reason,
        )

    visits = tuple(_of_record(visit) for visit in record.visits)
    return GivenCase(reading, status, state, visits, masks, volume, record.t0_event)


def _measured(record: CaseRecord, label: str) -> str:
    key = next((visit.measured for visit in record.visits if visit.label == label), None)
    if key is None:
        raise GistImagingError(
            f"{label} of {record.case} has a series for measuring",
            "none is pinned",
            "choose one on the pair page, or with `gist-imaging study pin`",
        )
    return key


def _of_record(visit: VisitRecord) -> GivenVisit:
    series = next((held for held in visit.series if held.key == visit.measured), None)
    if series is None:
        return GivenVisit(visit.label, visit.role, visit.day)
    return GivenVisit(
        visit.label, visit.role, visit.day, series.key, series.name, series.modality, series.weighting or ""
    )


def given_by_open_case(case: OpenCase, reading: Reading, t0_event: str) -> GivenCase:
    """Return what the reader of an open case gave, with the images that are open already."""
    masks = {}
    for held in reading.masks:
        mask = case.state.mask(held.lesion, held.timepoint)
        if mask is not None:
            masks[held.lesion, held.timepoint] = mask
    visits = []
    for visit in case.visits:
        series = next((one for one in visit.series if one.key == visit.measured), None)
        told = ("", "", "") if series is None else (series.key, series.name, series.modality)
        visits.append(GivenVisit(visit.label, visit.role, visit.day, *told))
    status = COMMITTED if case.state.plain("commit") is not None else DRAFT
    return GivenCase(
        reading, status, case.state, tuple(visits), masks, case.measured_volume, t0_event=t0_event
    )
