"""Open cases without files: images, journal and archive in memory, on grids that are never the identity."""

import numpy as np
import seeded_cases
from strategies import oblique_geometry

from gist_imaging.session.open_case import OpenCase, SeriesFacts, VisitFacts
from gist_imaging.spatial import Volume

VISITS = ("baseline", "presurgery")


class MemoryJournal:
    """Keeps stored bytes, so that what is read back went through the stored form."""

    def __init__(self):
        self.stored = []
        self.snapshots = []

    def append(self, events):
        self.stored += [(event.to_bytes(), event.seq, event.at_utc) for event in events]

    def snapshot(self, seq, stored):
        self.snapshots.append((seq, stored))

    def events(self):
        from gist_imaging.session.event import Event

        return [Event.from_bytes(*row) for row in self.stored]


class MemoryImages:
    def __init__(self, volumes):
        self.volumes = volumes

    def volume(self, visit, series_key):
        return self.volumes[visit]


class MemoryArchive:
    def __init__(self):
        self.kept = []
        self.masks = {}
        self.numbers = {}

    def add_reading(self, reading, masks):
        chain = [held.sha256 for held in self.kept if held.reader == reading.reader]
        if chain and reading.sha256 == chain[-1]:
            return
        assert reading.previous == (chain[-1] if chain else None)
        self.masks |= {mask.sha256(): mask for mask in masks}
        assert {held.mask_sha256 for held in reading.masks} <= set(self.masks)
        self.kept.append(reading)

    def readings(self, case, reader=None):
        return tuple(held for held in self.kept if held.case == case and reader in (None, held.reader))

    def put_derived(self, case, name, reading_sha256, inputs, value):
        self.numbers[case, name, tuple(sorted(inputs.items()))] = (reading_sha256, value)

    def derived(self, case, name, inputs):
        return self.numbers.get((case, name, tuple(sorted(inputs.items()))), (None, None))[1]


def facts_of(label, volume, role):
    series = SeriesFacts(
        "s1", "T2 axial", volume.modality or "MR", "axial", volume.geometry.spacing_mm, volume.geometry.shape
    )
    return VisitFacts(label, role, {"baseline": 0, "follow_up": 90}[role], (series,), "s1")


def open_memory_case(volumes=None, *, journal=None, archive=None, state=None, **named):
    """A case with the lopsided tumour at both visits, the second grid turned another way."""
    if volumes is None:
        volumes = {
            "baseline": seeded_cases.volume(),
            "presurgery": seeded_cases.volume(
                seeded_cases.grid(angles_deg=(-8.0, 12.0, -21.0), flips=(-1, 1, -1))
            ),
        }
    roles = dict(zip(volumes, ("baseline", "follow_up", "follow_up"), strict=False))
    visits = tuple(facts_of(label, volume, roles[label]) for label, volume in volumes.items())
    more = {} if state is None else {"state": state}
    return OpenCase(
        "SYN-001", "R1", visits, MemoryImages(volumes), journal or MemoryJournal(),
        archive=archive or MemoryArchive(), **more, **named,
    )  # fmt: skip


def draw_first_strokes(case, workflow, lesion="L1", visit="baseline"):
    grid = case.measured_volume(visit).geometry
    for prompt in seeded_cases.first_strokes(grid):
        workflow.add_stroke(case, lesion, visit, prompt.points_mm, prompt.include)


def small_volume(geometry=None, seed=5):
    geometry = geometry or oblique_geometry(flips=(-1, 1, -1))
    values = np.random.default_rng(seed).normal(100, 20, geometry.shape).astype(np.float32)
    return Volume(values, geometry)
