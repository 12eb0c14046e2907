"""What is drawn over an image, as values in patient mm; no pixels, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial import Mask

__all__ = ["STYLES", "LineDrawing", "MaskDrawing", "PointDrawing", "Scene"]

STYLES = {
    "tumour": "#FF9E3D",
    "levator": "#56B4E9",
    "wall": "#4FC79A",
    "sphincter": "#CC79A7",
    "proposal": "#F0E442",
    "warning": "#F0B429",
    "quiet": "#9AA3AD",
}
"""Colour of each style; every line has a dark casing, since no hue is legible on all greys."""


@dataclass(frozen=True, slots=True)
class MaskDrawing:
    """The outline of a mask on the slice that is shown.

    Parameters
    ----------
    mask : on any grid in the same frame of reference
    style : a key of `STYLES`
    dashed : dashes for what was drawn at the later visit
    hatched : 45 degree hatching for what nobody has accepted yet
    filled : 30 % of the colour inside
    tag : one short text beside the outline, such as "L1"
    """

    mask: Mask
    style: str = "tumour"
    dashed: bool = False
    hatched: bool = False
    filled: bool = True
    tag: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LineDrawing:
    """A line through positions of the patient, such as a caliper or a stroke.

    Parameters
    ----------
    points_mm : (n, 3) LPS
    style : a key of `STYLES`
    closed : whether the last point joins the first
    dashed : as for masks
    handles : a small square at every point, that can be taken with the mouse
    label : at the last point
    slice_only : only pieces within half a slice of the shown one; otherwise the whole line, dimmed beyond
    width_mm : of a brush that is drawn along the line; None for a thin line
    """

    points_mm: npt.NDArray[np.float64] = field(repr=False)
    style: str = "tumour"
    closed: bool = False
    dashed: bool = False
    handles: bool = False
    label: str = ""
    slice_only: bool = True
    width_mm: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_mm", _points(self.points_mm))


@dataclass(frozen=True, slots=True, eq=False)
class PointDrawing:
    """One position of the patient, such as a landmark; drawn on the slices that hold it.

    Parameters
    ----------
    point_mm : (3,) LPS
    style : a key of `STYLES`
    hollow : for what was copied and nobody has looked at
    label : beside it
    """

    point_mm: npt.NDArray[np.float64] = field(repr=False)
    style: str = "quiet"
    hollow: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", _points(self.point_mm)[0])


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is drawn over one image, the last on top."""

    masks: tuple[MaskDrawing, ...] = ()
    lines: tuple[LineDrawing, ...] = ()
    points: tuple[PointDrawing, ...] = ()


def _points(values: Any) -> npt.NDArray[np.float64]:
    points = np.array(values, dtype=np.float64).reshape(-1, 3)
    points.flags.writeable = False
    return points
