"""Drawn outlines in patient mm as pixels of the slices they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import PromptError
from gist_imaging.segment.prompts import Prompt
from gist_imaging.spatial import Geometry

__all__ = ["DrawnSlices", "drawn_slices"]

BoolSlice = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# An outline belongs to the slice whose middle is nearest; a hand-placed point may stray by this share of
# the slice spacing (inclusive) before the outline counts as tilted against the grid.
OUT_OF_PLANE_AT_MOST = 0.5

_AXIS_NAMES = ("k", "j", "i")
_EDGES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class DrawnSlices:
    """What outlines enclose, slice by slice.

    Parameters
    ----------
    axis : 0, 1 or 2
        The array axis across the slices: 0 for the acquired slices, 1 and 2 for reformatted ones.
    inside : slice number to (two other axes, in array order) bool; at least one pixel each, rising numbers
    """

    axis: int
    inside: Mapping[int, BoolSlice] = field(repr=False)


def drawn_slices(outlines: Iterable[Prompt], geometry: Geometry) -> DrawnSlices:
    """Return the pixels whose centre lies inside the outlines, for each slice that has any.

    Several outlines on one slice are several parts; one with `include=False` cuts a hole. The order in
    which they were drawn does not matter. What lies outside the image is cut off.

    Raises
    ------
    PromptError
        If something else than an outline is given, an outline crosses itself, has no area, lies outside
        the image or holds no pixel centre, if the outlines lie in planes of two kinds or are tilted
        against the grid, or if a slice has nothing left but holes.
    """
    drawn = tuple(outlines)
    other = sorted({prompt.kind for prompt in drawn} - {"outline"})
    if other:
        raise PromptError(
            "outlines on slices are expected",
            f"found {', '.join(other)}",
            "use the seeded method for strokes, or draw outlines",
        )
    if not drawn:
        raise PromptError(
            "outlines on at least 2 slices are expected",
            "found none",
            "outline the first, the last and the largest slice of the tumour",
        )
    indices = [geometry.to_index(prompt.points_mm) for prompt in drawn]
    axis = _common_axis(indices)
    flat_axes = [one for one in range(3) if one != axis]
    shape = (geometry.shape[flat_axes[0]], geometry.shape[flat_axes[1]])
    parts: dict[int, BoolSlice] = {}
    holes: dict[int, BoolSlice] = {}
    for number, (prompt, points) in enumerate(zip(drawn, indices, strict=True), start=1):
        at = int(np.rint(points[:, axis].mean()))
        if not 0 <= at < geometry.shape[axis]:
            raise PromptError(
                f"outline {number} should lie on a slice from 0 to {geometry.shape[axis] - 1}",
                f"it lies at {_AXIS_NAMES[axis]} = {at}, outside the image",
                "check that image and outlines belong together",
            )
        inside = _filled(points[:, flat_axes], shape, number)
        of_its_kind = parts if prompt.include else holes
        of_its_kind[at] = of_its_kind.get(at, np.zeros(shape, np.bool_)) | inside
    kept = {
        at: parts[at] & ~holes.get(at, np.zeros(shape, np.bool_)) if at in parts else None
        for at in sorted({*parts, *holes})
    }
    left = {at: inside for at, inside in kept.items() if inside is not None and inside.any()}
    if len(left) < len(kept):
        bare = ", ".join(f"{_AXIS_NAMES[axis]} = {at}" for at in kept if at not in left)
        raise PromptError(
            "a slice with a hole also needs tumour around it",
            f"nothing is left on {bare}",
            "outline the tumour there, or remove the hole",
        )
    return DrawnSlices(axis, left)


def _common_axis(indices: list[FloatArray]) -> int:
    """Return the axis that every outline's points are flat along."""
    spread = np.array([np.ptp(points, axis=0) for points in indices])
    flat = np.array(
        [np.abs(points - points.mean(axis=0)).max(axis=0) <= OUT_OF_PLANE_AT_MOST for points in indices]
    )
    tilted = np.flatnonzero(~flat.any(axis=1))
    if tilted.size:
        raise PromptError(
            "an outline lies within one slice of the image (k, j or i)",
            f"outline {tilted[0] + 1} runs through {spread[tilted[0]].min() + 1:.1f} slices or more",
            "draw it in a plane of the image's own grid, or resample the image to the plane of the outline",
        )
    common = np.flatnonzero(flat.all(axis=0))
    if not common.size:
        raise PromptError(
            "all outlines of one tumour lie in planes of one kind",
            "found slices of different axes",
            "draw all of them on slices of k, or all of j, or all of i",
        )
    # A tiny outline is flat along two axes; the one with the least spread of all is meant.
    return int(common[np.argmin(spread[:, common].sum(axis=0))])


def _filled(points: FloatArray, shape: tuple[int, int], number: int) -> BoolSlice:
    """Return the pixels of a slice whose centre lies inside the closed polygon of (n, 2) `points`."""
    apart = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1) > 1e-9
    corners = points[apart]
    if len(corners) >= 3 and _crosses_itself(corners):
        raise PromptError(
            "an outline does not cross itself",
            f"outline {number} does",
            "draw it again, or draw each part as an outline of its own",
        )
    if len(corners) < 3 or _area(corners) <= 1e-9:
        raise PromptError(
            "an outline encloses an area", f"outline {number} encloses none", "draw it again as a closed line"
        )
    if (corners.max(axis=0) < -0.5).any() or (corners.min(axis=0) > np.array(shape) - 0.5).any():
        raise PromptError(
            "an outline lies on the image",
            f"outline {number} lies wholly beside it",
            "check that image and outlines belong together",
        )
    inside = _pixels_within(corners, shape)
    if not inside.any():
        raise PromptError(
            "an outline holds at least one pixel centre",
            f"outline {number} is smaller than that",
            "draw it larger, or leave it out",
        )
    return inside


def _pixels_within(corners: FloatArray, shape: tuple[int, int]) -> BoolSlice:
    """Return the pixels of a slice whose centre lies within the polygon."""
    from skimage import draw

    inside = np.zeros(shape, np.bool_)
    rows, columns = draw.polygon(corners[:, 0], corners[:, 1], shape)  # type: ignore[no-untyped-call]
    inside[rows, columns] = True
    return inside


def _area(corners: FloatArray) -> float:
    j, i = (corners - corners.mean(axis=0)).T
    return float(abs(np.dot(j, np.roll(i, -1)) - np.dot(i, np.roll(j, -1)))) / 2


def _crosses_itself(corners: FloatArray) -> bool:
    """Return whether two edges that are not neighbours cut through one another."""
    start, end = corners, np.roll(corners, -1, axis=0)
    # In blocks, so that a line of thousands of points needs little memory.
    blocks = (slice(first, first + _EDGES_AT_ONCE) for first in range(0, len(corners), _EDGES_AT_ONCE))
    return any(
        bool(
            (_parts(start, end, start[some], end[some]).T & _parts(start[some], end[some], start, end)).any()
        )
        for some in blocks
    )


def _parts(start: FloatArray, end: FloatArray, one: FloatArray, other: FloatArray) -> BoolSlice:
    """Return (n edges, m pairs): whether an edge's line has the points of a pair on its two sides."""
    along = (end - start)[:, None]

    def side(points: FloatArray) -> FloatArray:
        towards = points[None] - start[:, None]
        return np.asarray(along[..., 0] * towards[..., 1] - along[..., 1] * towards[..., 0])

    return np.asarray(side(one) * side(other) < -1e-18)
