"""How long an append takes, and how long a reader waits to reopen a large case with many actions."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from gist_imaging.provenance import Provenance
from gist_imaging.session.event import Event, mask_changed
from gist_imaging.session.snapshot import snapshot_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.store import CaseImport, StudyStore, VisitImport, VisitRecord

SHAPE = (300, 512, 512)
N_EVENTS = 2000
SNAPSHOT_EVERY = 50
CASE, READER = "SYN-001", "R1"


def grid() -> Geometry:
    """Return a CT grid of the pelvis."""
    axes = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    return Geometry.from_spacing(SHAPE, (1.0, 0.8, 0.8), (-200.0, -200.0, 50.0), axes, "2.25.1")


def stroke(state: CaseState, rng: np.random.Generator, geometry: Geometry) -> Event:
    """Return a disc of brush, or of eraser, in one slice."""
    old = state.mask("L1", "baseline")
    voxels = np.zeros(SHAPE, dtype=np.bool_) if old is None else old.voxels.copy()
    radius, k = int(rng.integers(3, 12)), int(rng.integers(120, 180))
    y, x = (int(place) for place in rng.integers(200, 300, 2))
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc = rows**2 + columns**2 <= radius**2
    part = voxels[k, y - radius : y + radius + 1, x - radius : x + radius + 1]
    part[disc] = rng.random() < 0.7
    new = Mask(voxels, geometry, lesion_id="L1", provenance=Provenance("manual"))
    change = mask_changed(("mask", "L1", "baseline"), old, new, "brush")
    at_utc = "2026-01-01T00:00:00.000Z"
    return Event("act", "brush", "brush", (change,), seq=state.seq + 1, at_utc=at_utc)


def read_on(store: StudyStore, n_events: int, *, keep_snapshots: bool) -> list[float]:
    """Append strokes to where the case was left; return the seconds of each append."""
    rng, geometry, seconds = np.random.default_rng(n_events), grid(), []
    state = store.last_state(CASE, READER)
    with store.journal(CASE, READER) as journal:
        for _ in range(n_events):
            event = stroke(state, rng, geometry)
            state = state.applying(event)
            start = time.perf_counter()
            journal.append([event])
            seconds.append(time.perf_counter() - start)
            if keep_snapshots and state.seq % SNAPSHOT_EVERY == 0:
                journal.snapshot(state.seq, snapshot_of(state))
    return seconds


def seconds_to_reopen(folder: Path) -> float:
    """Return how long it takes from the folder to the state of the case."""
    start = time.perf_counter()
    with StudyStore.open(folder) as store:
        store.last_state(CASE, READER)
    return time.perf_counter() - start


def main() -> None:
    """Make a study with one large case, and time it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "study"
        with StudyStore.create(folder, study_id="BENCH") as store:
            store.take_in(CaseImport(CASE, (VisitImport(VisitRecord("baseline", "baseline", 0), {}),)))
            appends = read_on(store, N_EVENTS, keep_snapshots=True)
        size_mb = (folder / "study.sqlite").stat().st_size / 1e6
        print(f"{N_EVENTS} strokes on {' x '.join(map(str, SHAPE))}: {size_mb:.1f} MB on disk")
        print(
            f"append: median {1000 * statistics.median(appends):.1f} ms, worst {1000 * max(appends):.0f} ms"
        )
        print(f"reopen, snapshot of the last action: {seconds_to_reopen(folder):.2f} s")
        with StudyStore.open(folder) as store:
            read_on(store, SNAPSHOT_EVERY - 1, keep_snapshots=False)
        print(f"reopen, {SNAPSHOT_EVERY - 1} actions after the snapshot: {seconds_to_reopen(folder):.2f} s")


if __name__ == "__main__":
    main()
