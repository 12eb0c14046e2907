"""Open cases in memory for tests of the reading screen: two visits on oblique grids."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from strategies import oblique_geometry

from gist_imaging.errors import GistImagingError
from gist_imaging.session.event import Event, changed, mask_changed
from gist_imaging.session.open_case import OpenCase, SeriesFacts, VisitFacts
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

SHAPE = (9, 24, 20)


class MemoryJournal:
    """Keeps events in a list; while `broken` holds a sentence, nothing can be kept."""

    def __init__(self):
        self.kept: list[Event] = []
        self.broken = ""

    def append(self, events):
        if self.broken:
            raise GistImagingError(self.broken)
        self.kept += events

    def snapshot(self, seq, stored):
        pass


class MemoryImages:
    def __init__(self, volumes):
        self.volumes = volumes

    def volume(self, visit, series_key):
        return self.volumes[visit]


def grid(visit: str = "baseline") -> Geometry:
    return oblique_geometry(shape=SHAPE, frame_uid=f"1.2.{3 if visit == 'baseline' else 4}")


def visit(label: str, role: str, day: int | None, **changes) -> VisitFacts:
    series = SeriesFacts("t2ax", "T2 axial 3.3 mm", "MR", "axial", (3.3, 0.7, 0.9), SHAPE)
    return VisitFacts(label, role, day, changes.pop("series", (series,)), changes.pop("measured", "t2ax"))


def opened(name: str = "SYN-017", **changes) -> OpenCase:
    visits = (visit("baseline", "baseline", -12), visit("presurgery", "follow_up", 182))
    volumes = {one.label: Volume(np.zeros(SHAPE, np.int16), grid(one.label), modality="MR") for one in visits}
    journal = changes.pop("journal", MemoryJournal())
    return OpenCase(name, changes.pop("reader", "R1"), visits, MemoryImages(volumes), journal, **changes)


def put(case: OpenCase, *key_and_value) -> Event:
    """Fill a plain cell: key words, then the value."""
    *key, value = key_and_value
    key = tuple(key)
    change = changed(key, case.state.plain(*key), value)
    return case.act(Event("act", "put", f"put {' '.join(key)}", (change,)))


def put_mask(case: OpenCase, kind: str, lesion: str, at: str, state: str = "accepted") -> Event:
    """Fill a mask cell with a small block, and its facts."""
    voxels = np.zeros(SHAPE, np.bool_)
    voxels[3:6, 8:15, 6:13] = True
    key = (kind, lesion, at)
    changes = [
        mask_changed(key, case.state.cells.get(key), Mask(voxels, grid(at), "tumour", lesion), "brush")
    ]
    if kind == "mask":
        facts = ("mask_facts", lesion, at)
        changes.append(changed(facts, case.state.plain(*facts), {"state": state, "series": "t2ax"}))
    return case.act(Event("act", "brush", f"brush {at} slice 5", tuple(changes)))


def lesion(organ: str = "rectum", role: str = "target") -> dict[str, str]:
    return {"tracking_uid": "2.25.1", "organ": organ, "role": role}


def row(case: str, position: int = 1, status: str = "not_started", **changes) -> SimpleNamespace:
    """One row of a worklist, with the names of the store."""
    return SimpleNamespace(
        position=position,
        case=case,
        visits=changes.pop("visits", ("baseline", "presurgery")),
        modality=changes.pop("modality", "MR"),
        status=status,
        flags=changes.pop("flags", ()),
        last_utc=changes.pop("last_utc", ""),
        interrupted=changes.pop("interrupted", False),
        n_events=changes.pop("n_events", 0),
    )
