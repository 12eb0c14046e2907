"""Calipers by hand beside the proposed ones, rulers, and regions without a mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = [
    "MEASURES",
    "PERPENDICULAR_WITHIN_DEG",
    "Caliper",
    "CaliperReason",
    "RoiNumbers",
    "caliper_cleared",
    "caliper_set",
    "calipers_shown",
    "mark_removed",
    "roi_added",
    "roi_numbers",
    "ruler_added",
]

MEASURES = ("longest_axial_diameter", "short_axis")
"""What can be measured by hand in place of the proposal; each has two end points in one slice."""

PERPENDICULAR_WITHIN_DEG = 10.0
"""A short axis that stands within this of a right angle to the longest diameter (inclusive) needs no word."""

# A voxel centre on the ellipse is in, whatever the rounding of the positions.
_ROUNDING = 1e-9

# Nearer points are one click.
_SHORTEST_MM = 0.1
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
        return _length(self.points_mm)

    @property
    def proposed_length_mm(self) -> float | None:
        """The length that the mask gives."""
        return None if self.proposed_mm is None else _length(self.proposed_mm)

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
    points = _two(points_mm, geometry, "caliper")
    key = ("caliper", lesion, visit, measure)
    mask = state.mask(lesion, visit)
    new = {
        "points_mm": points.tolist(),
        "by": by,
        "why": str(reason),
        "mask_sha256": None if mask is None else mask.sha256(),
    }
    label = f"{measure.replace('_', ' ')} {visit} {_length(points):.1f} mm by hand"
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


def ruler_added(state: CaseState, visit: str, points_mm: npt.ArrayLike) -> Event:
    """Return the event that keeps a distance between two points on any series of the visit."""
    points = _two(points_mm, None, "ruler")
    key = ("ruler", visit, _next_number(state, "ruler", visit))
    new = {"points_mm": points.tolist()}
    return Event("act", "add_ruler", f"ruler {visit} {_length(points):.1f} mm", (changed(key, None, new),))


def roi_added(
    state: CaseState, geometry: Geometry, slice_axis: int, visit: str, shape: str, points_mm: npt.ArrayLike
) -> Event:
    """Return the event that keeps a region without a mask.

    Parameters
    ----------
    shape : "bidimensional": two lines, four points. "ellipse": the ends of its two axes, four points, or two
        opposite corners of the box around it on one slice
    """
    read_word(_RoiShape, shape, "the shape of a region")
    points = drawn_points(points_mm, geometry, shape)
    if shape == _RoiShape.ELLIPSE and len(points) == 2:
        points = _axes_in_box(points, geometry, slice_axis)
    if len(points) != 4 or min(_length(points[:2]), _length(points[2:])) < _SHORTEST_MM:
        raise PromptError(
            f"a region {shape} has two axes of some length", f"got {len(points)} points", "draw it again"
        )
    key = ("roi", visit, _next_number(state, "roi", visit))
    new = {"shape": shape, "points_mm": points.tolist()}
    return Event("act", "add_roi", f"region {key[2]} {visit}", (changed(key, None, new),))


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


@dataclass(frozen=True, slots=True)
class RoiNumbers:
    """What a region without a mask measures.

    Parameters
    ----------
    long_mm, short_mm : both axes, the longer one first
    area_mm2 : of an ellipse of these axes; None for two lines
    n_voxels : voxel centres inside the ellipse on its slice
    mean, sd : of the image there; None where no voxel lies inside, or for two lines
    quantity : what the values mean
    """

    long_mm: float
    short_mm: float
    area_mm2: float | None = None
    n_voxels: int = 0
    mean: float | None = None
    sd: float | None = None
    quantity: Quantity = field(default=Quantity.ARBITRARY)


def roi_numbers(held: Mapping[str, Any], volume: Volume) -> RoiNumbers:
    """Return the numbers of a region as the cell ("roi", visit, number) holds it."""
    points = np.asarray(held["points_mm"], dtype=np.float64)
    lengths = (_length(points[:2]), _length(points[2:]))
    if held["shape"] != _RoiShape.ELLIPSE:
        return RoiNumbers(max(lengths), min(lengths), quantity=volume.quantity)
    values = volume.voxels[_inside_ellipse(points, volume.geometry)].astype(np.float64)
    some = len(values) > 0
    return RoiNumbers(
        max(lengths),
        min(lengths),
        float(np.pi * lengths[0] * lengths[1] / 4.0),
        len(values),
        float(values.mean()) if some else None,
        float(values.std()) if some else None,
        volume.quantity,
    )


class _RoiShape(StrEnum):
    BIDIMENSIONAL = "bidimensional"
    ELLIPSE = "ellipse"


_REMOVABLE = ("ruler", "roi", "landmark", "levator")


def _inside_ellipse(points: FloatArray, geometry: Geometry) -> npt.NDArray[np.bool_]:
    """Return the voxels whose centres lie in the ellipse, within half a voxel of its plane."""
    at = geometry.to_index(points)
    across = int(np.argmin(np.ptp(at, axis=0)))
    level = int(np.clip(np.floor(at[:, across].mean() + 0.5), 0, geometry.shape[across] - 1))
    shape = tuple(1 if axis == across else n for axis, n in enumerate(geometry.shape))
    indices = np.moveaxis(np.indices(shape), 0, -1)
    indices[..., across] = level
    middle = points.mean(axis=0)
    away = geometry.to_patient(indices) - middle
    share = np.zeros(away.shape[:-1])
    for axis in (points[1] - points[0], points[3] - points[2]):
        half = np.linalg.norm(axis) / 2.0
        share += (away @ (axis / np.linalg.norm(axis)) / half) ** 2
    inside = np.zeros(geometry.shape, dtype=np.bool_)
    where = [slice(None)] * 3
    where[across] = slice(level, level + 1)
    inside[tuple(where)] = share <= 1.0 + _ROUNDING
    return inside


def _axes_in_box(corners: FloatArray, geometry: Geometry, slice_axis: int) -> FloatArray:
    """Return the ends of both axes of the ellipse in a box that stands along the image's axes."""
    at = geometry.to_index(corners)
    spread = np.ptp(at, axis=0)
    # A box across several axes lies on the acquired slice; else on the slice that it does not leave.
    across = int(np.argmin(spread)) if spread.min() < 0.5 else slice_axis
    low, high = at.min(axis=0), at.max(axis=0)
    middle = (low + high) / 2.0
    ends = []
    for axis in (one for one in range(3) if one != across):
        for value in (low[axis], high[axis]):
            end = middle.copy()
            end[axis] = value
            ends.append(end)
    return geometry.to_patient(np.array(ends))


def _two(points_mm: npt.ArrayLike, geometry: Geometry | None, what: str) -> FloatArray:
    points = drawn_points(points_mm, geometry, what)
    if len(points) != 2 or _length(points) < _SHORTEST_MM:
        raise PromptError(
            f"a {what} has two ends apart from each other", f"got {len(points)} points", "draw it again"
        )
    return points


def _next_number(state: CaseState, kind: str, visit: str) -> str:
    numbers = [int(key[2]) for key, _ in state.plain_under(kind, visit)]
    return str(max(numbers, default=0) + 1)


def _checked_measure(measure: str) -> None:
    if measure not in MEASURES:
        raise ReadingError(
            f"a caliper is one of {', '.join(MEASURES)}", f"got {measure!r}", "choose one of them"
        )


def _ends(points: Any) -> Ends:
    (a, b, c), (d, e, f) = np.asarray(points, dtype=np.float64).tolist()
    return (a, b, c), (d, e, f)


def _length(points: npt.ArrayLike) -> float:
    first, last = np.asarray(points, dtype=np.float64)
    return float(np.linalg.norm(last - first))


def _angle_deg(one: Ends, other: Ends) -> float | None:
    a, b = (np.subtract(ends[1], ends[0]) for ends in (one, other))
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    if size == 0.0:
        return None
    cross = float(np.linalg.norm(np.cross(a, b)))
    return float(np.degrees(np.arctan2(cross, abs(float(a @ b)))))
