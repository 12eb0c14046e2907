"""Calipers by hand beside the proposed ones; neither replaces the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.session.canvas import checked_lesion, drawn_points
from gist_imaging.session.event import Event, changed
from gist_imaging.session.lesions import read_word
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.geometry import FloatArray, Geometry

__all__ = [
    "MEASURES",
    "PERPENDICULAR_WITHIN_DEG",
    "SHORTEST_MM",
    "Caliper",
    "CaliperReason",
    "caliper_cleared",
    "caliper_set",
    "calipers_shown",
    "length_mm",
    "mark_removed",
    "two_points",
]

MEASURES = ("longest_axial_diameter", "short_axis")
"""What can be measured by hand in place of the proposal; each has two end points in one slice."""

PERPENDICULAR_WITHIN_DEG = 10.0
"""A short axis that stands within this of a right angle to the longest diameter (inclusive) needs no word."""

SHORTEST_MM = 0.1
"""Nearer points are one click."""

Ends = tuple[tuple[float, float, float], tuple[float, float, float]]


class CaliperReason(StrEnum):
    """Why the reader measured differently from the proposal."""

    EDGE_JUDGED = "edge_judged"
    VESSEL = "vessel"
    ARTEFACT = "artefact"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Caliper:
    """One diameter as it is shown: the reader's where there is one, and the proposal beside it.

    Parameters
    ----------
    measure : one of `MEASURES`
    proposed_mm : end points from the mask, LPS; None where nothing is outlined
    given_mm : end points by the reader; None where the proposal stands
    by, why : who measured by hand, and why
    angle_deg : of a short axis to the shown longest diameter, 0 to 90; None for another measure
    stale : the reader measured on a mask that has been changed since
    """

    measure: str
    proposed_mm: Ends | None
    given_mm: Ends | None = None
    by: str | None = None
    why: str | None = None
    angle_deg: float | None = None
    stale: bool = False

    @property
    def overridden(self) -> bool:
        """Whether the reader measured by hand."""
        return self.given_mm is not None

    @property
    def points_mm(self) -> Ends:
        """The end points that count: the reader's, else the proposed ones."""
        ends = self.given_mm if self.given_mm is not None else self.proposed_mm
        if ends is None:
            raise ReadingError(
                "a caliper has end points", f"{self.measure} has none", "outline the lesion first"
            )
        return ends

    @property
    def length_mm(self) -> float:
        """The length that counts."""
        return length_mm(self.points_mm)

    @property
    def proposed_length_mm(self) -> float | None:
        """The length that the mask gives."""
        return None if self.proposed_mm is None else length_mm(self.proposed_mm)

    @property
    def note(self) -> str | None:
        """What should be said about the angle, or None."""
        if self.angle_deg is None or not self.overridden or 90.0 - self.angle_deg <= PERPENDICULAR_WITHIN_DEG:
            return None
        return f"stands at {self.angle_deg:.0f}° to the longest diameter, not at a right angle"


def caliper_set(
    state: CaseState,
    geometry: Geometry,
    lesion: str,
    visit: str,
    measure: str,
    points_mm: npt.ArrayLike,
    why: str,
    by: str,
) -> Event:
    """Return the event that puts end points by hand beside the proposed ones.

    Parameters
    ----------
    geometry : grid of the measured series; both points lie on it
    points_mm : (2, 3) LPS
    why : one of `CaliperReason`
    """
    checked_lesion(state, lesion)
    _checked_measure(measure)
    reason = read_word(CaliperReason, why, "why another caliper")
    points = two_points(points_mm, geometry, "caliper")
    key = ("caliper", lesion, visit, measure)
    mask = state.mask(lesion, visit)
    new = {
        "points_mm": points.tolist(),
        "by": by,
        "why": str(reason),
        "mask_sha256": None if mask is None else mask.sha256(),
    }
    label = f"{measure.replace('_', ' ')} {visit} {length_mm(points):.1f} mm by hand"
    return Event("act", "set_caliper", label, (changed(key, state.plain(*key), new),))


def caliper_cleared(state: CaseState, lesion: str, visit: str, measure: str) -> Event:
    """Return the event that lets the proposed caliper stand again.

    Raises
    ------
    ReadingError
        If none was measured by hand.
    """
    _checked_measure(measure)
    key = ("caliper", lesion, visit, measure)
    old = state.plain(*key)
    if old is None:
        raise ReadingError(
            f"a {measure.replace('_', ' ')} by hand", "there is none", "the proposed one stands"
        )
    return Event(
        "act", "clear_caliper", f"proposed {measure.replace('_', ' ')} {visit}", (changed(key, old, None),)
    )


def calipers_shown(
    state: CaseState, lesion: str, visit: str, measured: LesionMeasurement | None, mask_sha256: str | None
) -> tuple[Caliper, ...]:
    """Return the calipers of a lesion at a visit, longest diameter first; none where there is nothing.

    Parameters
    ----------
    measured, mask_sha256 : numbers and hash of the accepted mask as it is now
    """
    shown: list[Caliper] = []
    for measure in MEASURES:
        proposed = None if measured is None else measured.end_points_mm.get(f"{measure}_mm")
        held = state.plain("caliper", lesion, visit, measure)
        if proposed is None and held is None:
            continue
        ends = None if proposed is None else _ends(proposed)
        if held is None:
            shown.append(Caliper(measure, ends))
        else:
            stale = held["mask_sha256"] is not None and held["mask_sha256"] != mask_sha256
            given = _ends(held["points_mm"])
            shown.append(Caliper(measure, ends, given, held["by"], held["why"], stale=stale))
    if len(shown) == 2:
        longest, short = shown
        angle = _angle_deg(longest.points_mm, short.points_mm)
        shown[1] = Caliper(
            short.measure, short.proposed_mm, short.given_mm, short.by, short.why, angle, short.stale
        )
    return tuple(shown)


def mark_removed(state: CaseState, key: tuple[str, ...]) -> Event:
    """Return the event that takes a ruler, region, landmark or levator stroke away.

    Raises
    ------
    ReadingError
        If there is none of that key.
    """
    words = tuple(key)
    old = state.plain(*words) if words and words[0] in _REMOVABLE else None
    if old is None:
        raise ReadingError(
            f"the key of a {', '.join(_REMOVABLE)} that is there",
            f"got {' '.join(words)!r}",
            "choose one on the image",
        )
    return Event("act", f"remove_{words[0]}", f"remove {' '.join(words)}", (changed(words, old, None),))


_REMOVABLE = ("ruler", "roi", "landmark", "levator")


def two_points(points_mm: npt.ArrayLike, geometry: Geometry | None, what: str) -> FloatArray:
    """Return two points (2, 3) LPS apart from each other, on the grid where one is given."""
    points = drawn_points(points_mm, geometry, what)
    if len(points) != 2 or length_mm(points) < SHORTEST_MM:
        raise PromptError(
            f"a {what} has two ends apart from each other", f"got {len(points)} points", "draw it again"
        )
    return points


def _checked_measure(measure: str) -> None:
    if measure not in MEASURES:
        raise ReadingError(
            f"a caliper is one of {', '.join(MEASURES)}", f"got {measure!r}", "choose one of them"
        )


def _ends(points: Any) -> Ends:
    (a, b, c), (d, e, f) = np.asarray(points, dtype=np.float64).tolist()
    return (a, b, c), (d, e, f)


def length_mm(points: npt.ArrayLike) -> float:
    """Return the distance between two points."""
    first, last = np.asarray(points, dtype=np.float64)
    return float(np.linalg.norm(last - first))


def _angle_deg(one: Ends, other: Ends) -> float | None:
    a, b = (np.subtract(ends[1], ends[0]) for ends in (one, other))
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    if size == 0.0:
        return None
    cross = float(np.linalg.norm(np.cross(a, b)))
    return float(np.degrees(np.arctan2(cross, abs(float(a @ b)))))
