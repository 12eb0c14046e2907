"""Hanging stages: which series and plane of each visit stand side by side, in the order of a reading.

MR begins with the sagittal overview, goes to the tumour's own slices, then to the pelvic floor, each in an
acquired plane; CT shows one series and its reformats. Planes come from geometry, never from a description.
"""

from __future__ import annotations

from dataclasses import dataclass

from gist_imaging.session.open_case import SeriesFacts, VisitFacts

__all__ = ["Stage", "measured_series", "stages"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the hanging: what both panes show.

    Parameters
    ----------
    title : what is done here
    plane : "axial", "coronal" or "sagittal", as both panes show it
    pre, post : key of the series of each visit; None where there is none
    note : such as that it is a reformat
    """

    title: str
    plane: str
    pre: str | None
    post: str | None
    note: str = ""


def stages(pre: VisitFacts | None, post: VisitFacts | None) -> tuple[Stage, ...]:
    """Return the stages of a pair: by the acquired planes on MR, by reformats of one series on CT."""
    shown = [visit for visit in (pre, post) if visit is not None]
    if not shown:
        return ()
    if any(one is not None and one.modality == "CT" for one in map(measured_series, shown)):
        keys = [None if visit is None else visit.measured for visit in (pre, post)]
        return (
            Stage("Tumour", "axial", keys[0], keys[1]),
            Stage("Floor", "coronal", keys[0], keys[1], "reformat"),
            Stage("Midline", "sagittal", keys[0], keys[1], "reformat"),
        )
    found = []
    pair = [None if visit is None else measured_series(visit) for visit in (pre, post)]
    for title, planes in (
        ("Overview", ("sagittal",)),
        ("Tumour", ()),
        ("Floor", ("coronal",)),
        ("Low", ("oblique", "axial")),
    ):
        first, second = pair if not planes else (_best(pre, planes), _best(post, planes))
        one = first or second
        if one is not None:
            only = "" if post is None or (first and second) else f"only {'PRE' if first else 'POST'}"
            keys = [None if held is None else held.key for held in (first, second)]
            found.append(Stage(title, one.plane, keys[0], keys[1], only))
    return tuple(found)


def measured_series(visit: VisitFacts) -> SeriesFacts | None:
    """Return the series of a visit that lesions are outlined on, or None."""
    return next((one for one in visit.series if one.key == visit.measured), None)


def _best(visit: VisitFacts | None, planes: tuple[str, ...]) -> SeriesFacts | None:
    """Return the finest T2 series of these planes beside the measured one; no other stands in for T2."""
    held = [] if visit is None else [one for one in visit.series if one.plane in planes and "T2" in one.name]
    return min(
        (one for one in held if visit is not None and one.key != visit.measured),
        key=lambda one: max(one.spacing_mm),
        default=None,
    )
