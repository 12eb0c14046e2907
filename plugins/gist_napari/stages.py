"""Hanging stages: which series and plane of each visit stand side by side, in the order of a reading.

Rectal MR begins with the sagittal overview, goes to the tumour's own slices, then
to the pelvic floor; CT begins with the tumour. Planes come from the geometry, never from a description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gist_imaging.session.open_case import SeriesFacts, VisitFacts
from gist_napari.planes import Plane

__all__ = ["Hung", "Stage", "stages_for"]


@dataclass(frozen=True, slots=True)
class Hung:
    """What one pane shows.

    Parameters
    ----------
    series : key of the series
    reformat : whether the plane is not that of the acquired slices
    """

    series: str
    reformat: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the hanging protocol.

    Parameters
    ----------
    name : such as "Tumour"
    plane : shown in both panes
    pre, post : None where a visit has no series to show
    window : number of the CT preset that this stage asks for, None for the image's own window
    """

    name: str
    plane: Plane
    pre: Hung | None
    post: Hung | None
    window: int | None = None


_MR = (
    ("Overview", Plane.SAGITTAL, None),
    ("Tumour", None, None),
    ("Floor", Plane.CORONAL, None),
    ("Low axial", Plane.AXIAL, None),
)
_CT = (
    ("Tumour", None, None),
    ("Floor", Plane.CORONAL, 5),
    ("Midline", Plane.SAGITTAL, None),
    ("Non-target", Plane.AXIAL, 3),
)


def stages_for(pre: VisitFacts | None, post: VisitFacts | None) -> tuple[Stage, ...]:
    """Return the stages of a pair of visits; None in the plane of a step means the measured series' own.

    A step that no visit has a series for is left out; one that both show as the stage before does is too.
    """
    steps = _CT if _modality(pre, post) == "CT" else _MR
    stages: list[Stage] = []
    for name, plane, window in steps:
        own = plane if plane is not None else _measured_plane(pre, post)
        stage = Stage(name, own, _hung(pre, own, plane is None), _hung(post, own, plane is None), window)
        shown = {(one.plane, one.pre, one.post, one.window) for one in stages}
        if (stage.pre or stage.post) and (stage.plane, stage.pre, stage.post, stage.window) not in shown:
            stages.append(stage)
    return tuple(stages)


def _series(visit: VisitFacts | None, key: str | None) -> SeriesFacts | None:
    if visit is None:
        return None
    return next((one for one in visit.series if one.key == key), None)


def _modality(pre: VisitFacts | None, post: VisitFacts | None) -> str:
    for visit in (pre, post):
        measured = _series(visit, visit.measured if visit else None)
        if measured is not None:
            return measured.modality
    return "MR"


def _measured_plane(pre: VisitFacts | None, post: VisitFacts | None) -> Plane:
    for visit in (pre, post):
        measured = _series(visit, visit.measured if visit else None)
        if measured is not None:
            return _plane_of(measured)
    return Plane.AXIAL


def _plane_of(series: SeriesFacts) -> Plane:
    return Plane(series.plane) if series.plane in {plane.value for plane in Plane} else Plane.AXIAL


def _hung(visit: VisitFacts | None, plane: Plane, measured_only: bool) -> Hung | None:
    """Return the series of a visit for a plane: acquired in it, else the measured one, reformatted."""
    if visit is None:
        return None
    measured = _series(visit, visit.measured)
    if measured_only and measured is not None:
        return Hung(measured.key, _plane_of(measured) is not plane)
    same = measured.modality if measured is not None else None
    acquired = [
        one for one in visit.series if one.plane == plane.value and (same is None or one.modality == same)
    ]
    best = _finest(acquired)
    if best is not None:
        return Hung(best.key, False)
    other = measured if measured is not None else _finest(visit.series)
    return None if other is None else Hung(other.key, True)


def _finest(series: Sequence[SeriesFacts]) -> SeriesFacts | None:
    return min(
        series, key=lambda one: (not one.measurable, one.spacing_mm[1] * one.spacing_mm[2]), default=None
    )
