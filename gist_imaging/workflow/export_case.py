"""One case on its way out of a study: checked, written as files, drawn, and ready to be measured."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError
from gist_imaging.workflow.export_folder import NewFolder
from gist_imaging.workflow.export_given import DRAFT, StudyVolumes, given_by_study
from gist_imaging.workflow.export_index import described
from gist_imaging.workflow.export_rows import (
    at_home,
    landmark_images,
    manifest_rows,
    mask_name,
    relation_of,
    write_checked_mask,
    write_manifest,
)

if TYPE_CHECKING:
    from gist_imaging.store.study_store import StudyStore
    from gist_imaging.workflow.export_given import GivenCase

__all__ = ["Taken", "Wanted", "take_case"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; see `export_study`."""

    reader: str | None
    cases: tuple[str, ...] | None
    cohort: bool
    masks: bool
    sheets: bool
    drafts: bool
    workers: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a case that was taken.

    Parameters
    ----------
    is_draft : whether it was never committed
    n_masks, n_sheets : files of masks; 1 where a sheet was drawn
    rows : of the manifest
    tracking_uids : lesion id to its UID, re-rooted
    told : for the index
    warnings : what a person should look at
    sheet_failure : why there is no sheet, or ""
    """

    is_draft: bool
    n_masks: int
    n_sheets: int
    rows: tuple[dict[str, str], ...]
    tracking_uids: dict[str, str]
    told: dict[str, Any]
    warnings: tuple[str, ...] = ()
    sheet_failure: str = ""


def take_case(
    store: StudyStore, volumes: StudyVolumes, place: NewFolder, wanted: Wanted, case: str, reader: str
) -> Taken | None:
    """Take one case: its masks, reading and relations as files, its rows and its sheet.

    Nothing of it is in the new folder where an error is raised.

    Returns
    -------
    None where the reader gave nothing

    Raises
    ------
    GistImagingError
        If it cannot be taken: an image is not the one that was outlined, a row that a batch would refuse.
    """
    from gist_imaging.batch.manifest import read_manifest
    from gist_imaging.io.reading_file import write_reading

    given = given_by_study(store, case, reader, volumes, drafts=wanted.drafts)
    if given is None:
        return None
    _check_images(given)
    folder = place.work / given.name
    folder.mkdir()
    relations, warnings = _relations(store, given, folder)
    masks = {
        (lesion, visit): write_checked_mask(folder / mask_name(given, lesion, visit), mask)
        for (lesion, visit), mask in sorted(given.masks.items())
    }
    words = write_reading(given.reading, folder / f"{given.name}.json")
    rows: list[dict[str, str]] = []
    if wanted.cohort:
        places = {
            visit: store.place_of(case, visit, given.visit(visit).series) for visit in _visits_named(given)
        }
        rows = manifest_rows(given, places, masks, relations, words)
        # A row that the batch would refuse costs this case, not the export.
        if rows:
            read_manifest(write_manifest(folder / "manifest.csv", rows))
    uids = _tracking_uids(store, given)
    _deliver(given, masks if wanted.masks else {}, place)
    n_sheets, sheet_failure = 0, ""
    if wanted.sheets and given.lesions:
        try:
            _draw(given, relations, place)
            n_sheets = 1
        except GistImagingError as error:
            sheet_failure = str(error)
    return Taken(
        is_draft=given.status == DRAFT,
        n_masks=len(masks) if wanted.masks else 0,
        n_sheets=n_sheets,
        rows=tuple(rows),
        tracking_uids={f"{case}/{lesion}": uid for lesion, uid in uids.items()},
        told=described(given, masks, uids, wanted.masks),
        warnings=tuple(warnings),
        sheet_failure=sheet_failure,
    )


def _relations(store: StudyStore, given: GivenCase, folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Write strokes and landmarks of each visit as a relation file; return visit to file, and warnings."""
    record = store.case_record(given.reading.case)
    found: dict[str, Path] = {}
    warnings = []
    for visit in record.visits:
        if relation_of(given.reading, visit.label) is None or visit.measured is None:
            continue
        further = [
            store.place_of(record.case, visit.label, series.key)
            for series in visit.series
            if series.key != visit.measured
        ]
        images, n_missing = landmark_images(given, visit.label, further)
        if n_missing:
            warnings.append(
                f"{record.case} {visit.label} {given.reading.reader}: {n_missing} landmark(s) lie on no "
                "image that can be named alone, and count as out of the field in the rows"
            )
        path = folder / f"{given.name}_{visit.label}_relation.json"
        held = relation_of(given.reading, visit.label, images)
        path.write_text(json.dumps(held, ensure_ascii=False, allow_nan=False), "utf-8")
        found[visit.label] = path
    return found, warnings


def _deliver(given: GivenCase, masks: Mapping[tuple[str, str], Path], place: NewFolder) -> None:
    from gist_imaging.io.reading_file import write_reading

    readings = place.made / "readings"
    readings.mkdir(exist_ok=True)
    ending = "_draft" if given.status == DRAFT else ""
    write_reading(at_home(given.reading), readings / f"{given.name}{ending}.json")
    if masks:
        folder = place.made / "masks"
        folder.mkdir(exist_ok=True)
        for path in masks.values():
            shutil.copyfile(path, folder / path.name)


def _draw(given: GivenCase, relations: Mapping[str, Path], place: NewFolder) -> None:
    from gist_imaging.io.case_sheet import write_case_sheet
    from gist_imaging.workflow.export_sheet import relation_metrics, sheet_of

    folder = place.made / "sheets"
    folder.mkdir(exist_ok=True)
    write_case_sheet(folder, sheet_of(given, relation_metrics(given, relations)))


def _tracking_uids(store: StudyStore, given: GivenCase) -> dict[str, str]:
    held = {name: given.state.plain("lesion", name) or {} for name in given.lesions}
    return {
        name: store.private_uid(str(about["tracking_uid"]))
        for name, about in held.items()
        if about.get("tracking_uid")
    }


def _visits_named(given: GivenCase) -> set[str]:
    named = {visit for _, visit in given.masks} | {call.timepoint for call in given.reading.calls}
    unknown = named - {visit.label for visit in given.visits}
    if unknown:
        raise GistImagingError(
            "a reading of visits that the study knows", f"unknown: {', '.join(sorted(unknown))}"
        )
    for visit in sorted(named):
        if not given.visit(visit).series:
            raise GistImagingError(
                f"a series for measuring at {visit}", "none is pinned", "choose one on the pair page"
            )
    return named


def _check_images(given: GivenCase) -> None:
    """Refuse a case whose images are not those that masks were drawn on."""
    _visits_named(given)
    wanted = {held.timepoint: held.image_sha256 for held in given.reading.masks}
    for visit, sha256 in sorted(wanted.items()):
        if given.volume(visit).sha256() != sha256:
            raise GistImagingError(
                f"the image of {visit} is the one that was outlined",
                "its content or the series for measuring is another one now",
                "put the image back, or outline on the new one and commit again",
            )
