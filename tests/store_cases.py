"""A study with one small case, and the steps of a reader on it, for tests of the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gist_imaging.provenance import Provenance
from gist_imaging.session.event import Event, changed, mask_changed
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.store import CaseImport, ScanPlace, SeriesRecord, StudyStore, VisitImport, VisitRecord
from gist_imaging.study.series import PatientIdentity

CASE = "SYN-001"
READER = "R1"

PATIENT = PatientIdentity("MRN-MARKER-7741", "19610203", "F")
MARKERS = ("MRN-MARKER-7741", "19610203", "1961-02-03", "2023-04-05", "/markerfolder/", "1.2.826.0.1.99.7")


def tilted_grid(shape: tuple[int, int, int] = (6, 20, 24)) -> Geometry:
    """A grid that is turned, flipped, uneven and off centre."""
    turn = np.radians(25.0)
    axes = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, -1.0]])
    affine = np.eye(4)
    affine[:3, :3] = axes[:, [2, 1, 0]] * np.array([3.3, 0.9, 0.7])
    affine[:3, 3] = (-31.0, 17.5, 402.25)
    return Geometry(shape, affine, "2.25.77")


def series(key: str = "2.25.11", **changes: object) -> SeriesRecord:
    facts = {
        "key": key,
        "series_uid": key,
        "name": "CT axial 3.3 mm",
        "modality": "CT",
        "plane": "axial",
        "spacing_mm": (3.3, 0.9, 0.7),
        "shape": (6, 20, 24),
        "content_sha256": "a" * 64,
    }
    return SeriesRecord(**{**facts, **changes})  # type: ignore[arg-type]


def visit(label: str, role: str, day: int, *held: SeriesRecord, date: str | None = None) -> VisitImport:
    places = {
        one.key: ScanPlace(Path(f"/markerfolder/{label}"), "1.2.826.0.1.99.7.1", content_sha256="a" * 64)
        for one in held
    }
    measured = next((one.key for one in held if one.measurable), None)
    record = VisitRecord(label, role, day, held, measured)
    return VisitImport(record, places, date, ("1.2.826.0.1.99.7.2",))


def one_case(case: str = CASE, **changes: object) -> CaseImport:
    visits = (
        visit("baseline", "baseline", -7, series("2.25.11"), date="2023-04-05"),
        visit("presurgery", "follow_up", 180, series("2.25.12"), date="2023-10-09"),
    )
    held = {"case": case, "visits": visits, "patient": PATIENT, "t0_date": "2023-04-12"}
    return CaseImport(**{**held, **changes})  # type: ignore[arg-type]


def made_study(folder: Path, *cases: str, **settings: object) -> StudyStore:
    store = StudyStore.create(folder, study_id="TEST", **settings)  # type: ignore[arg-type]
    for case in cases or (CASE,):
        store.take_in(one_case(case))
    return store


def step(state: CaseState, rng: np.random.Generator, grid: Geometry | None = None) -> Event:
    """The next step of a reader: a brush stroke on the tumour, a word, a commit, or back and forth."""
    at = f"2026-01-01T00:00:00.{state.seq % 1000:03d}Z"
    choice = rng.integers(10)
    if choice == 0 and state.done:
        return _numbered(state.undo(), state, at)
    if choice == 1 and state.undone:
        return _numbered(state.redo(), state, at)
    if choice == 3 and not rng.integers(6):
        key = ("commit",)
        barrier = Event("barrier", "commit", "commit", (changed(key, state.plain(*key), state.seq),))
        return _numbered(barrier, state, at)
    if choice == 2:
        key = ("fact", "baseline", "quality")
        return _numbered(
            Event("act", "state_fact", "quality", (changed(key, state.plain(*key), int(rng.integers(99))),)),
            state,
            at,
        )
    return _numbered(_brush(state, rng, grid or tilted_grid()), state, at)


def _numbered(event: Event, state: CaseState, at: str) -> Event:
    from dataclasses import replace

    return replace(event, seq=state.seq + 1, at_utc=at)


def _brush(state: CaseState, rng: np.random.Generator, grid: Geometry) -> Event:
    old = state.mask("L1", "baseline")
    voxels = np.zeros(grid.shape, dtype=np.bool_) if old is None else old.voxels.copy()
    k, j, i = (int(rng.integers(size)) for size in grid.shape)
    voxels[k, max(j - 2, 0) : j + 3, max(i - 3, 0) : i + 4] = bool(rng.integers(4))
    new = Mask(voxels, grid, lesion_id="L1", provenance=Provenance("manual"))
    change = mask_changed(("mask", "L1", "baseline"), old, new, "brush")
    return Event("act", "brush", "brush PRE slice 3", (change,))
