"""Small studies with committed readings, for tests of what leaves them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from batch_cases import write_nifti
from case_sheets import POST_GRID, PRE_GRID, lopsided

from gist_imaging.io.read import read_volume
from gist_imaging.session.event import Event, changed, mask_changed
from gist_imaging.spatial import Geometry, Mask
from gist_imaging.store import CaseImport, ScanPlace, SeriesRecord, StudyStore, VisitImport, VisitRecord
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.marks import Mark, MaskReference
from gist_imaging.study.reading import Reading

LESION = {"tracking_uid": "2.25.77", "organ": "rectum", "role": "target"}
VISITS = (("baseline", "baseline", -7, PRE_GRID, 11.0), ("presurgery", "follow_up", 180, POST_GRID, 7.0))


@dataclass
class MadeStudy:
    """A study folder with scans beside it."""

    folder: Path
    scans: Path
    masks: dict[tuple[str, str, str], Mask] = field(default_factory=dict)

    def image(self, case: str, visit: str) -> Path:
        return self.scans / f"{case}_{visit}.nii.gz"


def made_study(root: Path, cases: tuple[str, ...] = ("SYN-001", "SYN-002"), **held: Any) -> MadeStudy:
    """A study of CT pairs, with nothing read yet."""
    study = MadeStudy(root / "study", root / "scans")
    study.scans.mkdir()
    with StudyStore.create(study.folder, study_id="GIST-7", **held) as store:
        for number, case in enumerate(cases):
            store.take_in(CaseImport(case, _visits(study, case, number), t0_event="imatinib_start"))
    return study


def _visits(study: MadeStudy, case: str, number: int) -> tuple[VisitImport, ...]:
    found = []
    for label, role, day, grid, _ in VISITS:
        rng = np.random.default_rng([number, abs(day)])
        path = write_nifti(study.image(case, label), rng.integers(-50, 90, grid.shape).astype(np.int16), grid)
        series = SeriesRecord("s1", "", "CT axial 3.3 mm", "CT", "axial", grid.spacing_mm, grid.shape)
        record = VisitRecord(label, role, day, (series,), "s1", "confirmed", "R1")
        found.append(VisitImport(record, {"s1": ScanPlace(path, quantity="HU")}))
    return tuple(found)


def outline(grid: Geometry, radius_mm: float) -> Mask:
    return lopsided(grid, radius_mm)


def read_case(
    study: MadeStudy,
    case: str,
    reader: str = "R1",
    *,
    gone: bool = False,
    commit: bool = True,
    calls: bool = True,
    extra: tuple[Mark, ...] = (),
    scale: float = 1.0,
) -> Reading:
    """Give a case lesion L1, outlines, facts and words, and commit them."""
    with StudyStore.open(study.folder) as store:
        masks, references = {}, []
        for label, _, _, _, radius_mm in VISITS:
            volume = read_volume(study.image(case, label), quantity="HU")
            mask = outline(volume.geometry, radius_mm * scale)
            if gone and label == "presurgery":
                mask = Mask(np.zeros(volume.geometry.shape, dtype=np.bool_), volume.geometry)
            masks[label] = mask
            study.masks[case, label, reader] = mask
            references.append(
                MaskReference("L1", label, mask.sha256(), volume.sha256(), mask.is_empty, "region_grow")
            )
        words = tuple(
            LevatorRelation("L1", label, reader, side, contact="close", displacement="mild", invasion="no")
            for label, *_ in VISITS
            for side in ("L", "R")
        )
        calipers = tuple(mark for mark in extra if mark.lesion)
        landmarks = tuple(mark for mark in extra if not mark.lesion)
        reading = Reading(
            reader, case, True, relations=words if calls else (), masks=tuple(references),
            calipers=calipers, landmarks=landmarks,
        )  # fmt: skip
        events = [
            Event("act", "begin", "begin", (
                changed(("lesion", "L1"), None, LESION),
                changed(("fate", "L1", "presurgery"), None, {"word": "present", "reason": "said in private"}),
                changed(("fact", "baseline", "phase"), None, "portal_venous"),
                changed(("fact", "presurgery", "phase"), None, "portal_venous"),
                changed(("impression", "L1"), None, "much_smaller"),
            )),
            *(
                Event("act", "accept", "accept", (
                    mask_changed(("mask", "L1", label), None, mask, "accept"),
                    changed(("mask_facts", "L1", label), None, {"state": "verified"}),
                ))
                for label, mask in masks.items()
            ),
        ]  # fmt: skip
        journal = store.journal(case, reader)
        journal.append([_numbered(event, n) for n, event in enumerate(events, start=1)])
        journal.close()
        if commit:
            store.add_reading(reading, masks.values())
    return reading


def _numbered(event: Event, number: int) -> Event:
    return replace(event, seq=number, at_utc="2026-01-01T00:00:00.000Z")
