"""Rulers, and regions without a mask: what they are and what they measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import PromptError
from gist_imaging.session.calipers import SHORTEST_MM, length_mm, two_points
from gist_imaging.session.canvas import drawn_points
from gist_imaging.session.event import Event, changed
from gist_imaging.session.lesions import read_word
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.geometry import FloatArray, Geometry
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["RoiNumbers", "roi_added", "roi_numbers", "ruler_added"]

# A voxel centre on the ellipse is in, whatever the rounding of the positions.
_ROUNDING = 1e-9


class _RoiShape(StrEnum):
    BIDIMENSIONAL = "bidimensional"
    ELLIPSE = "ellipse"


def ruler_added(state: CaseState, visit: str, points_mm: npt.ArrayLike) -> Event:
    """Return the event that keeps a distance between two points on any series of the visit."""
    points = two_points(points_mm, None, "ruler")
    key = ("ruler", visit, _next_number(state, "ruler", visit))
    new = {"points_mm": points.tolist()}
    return Event("act", "add_ruler", f"ruler {visit} {length_mm(points):.1f} mm", (changed(key, None, new),))


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
    if len(points) != 4 or min(length_mm(points[:2]), length_mm(points[2:])) < SHORTEST_MM:
        raise PromptError(
            f"a region {shape} has two axes of some length", f"got {len(points)} points", "draw it again"
        )
    key = ("roi", visit, _next_number(state, "roi", visit))
    new = {"shape": shape, "points_mm": points.tolist()}
    return Event("act", "add_roi", f"region {key[2]} {visit}", (changed(key, None, new),))


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
    lengths = (length_mm(points[:2]), length_mm(points[2:]))
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


def _next_number(state: CaseState, kind: str, visit: str) -> str:
    numbers = [int(key[2]) for key, _ in state.plain_under(kind, visit)]
    return str(max(numbers, default=0) + 1)
