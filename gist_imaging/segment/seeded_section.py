"""The tumour on one slice, read from a loop or an outline."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.segment.seeded_strokes import Stroke

__all__ = ["Section", "decided", "drawn_section", "find_sections"]

Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

# How far outside the tumour people draw a loose loop; the assumed outline is shown at once.
LOOP_OUTSIDE_MM = 6.0

# In a small lesion the loop cannot lie further outside than this share of its own half width.
_SMALL_SHARE = 0.7

# A background stroke is a loop when no gap in it, seen from the tumour stroke, is wider than this.
_WIDEST_GAP_DEG = 75.0


# Drawn as a correction, an outline says nothing of its slice further than this outside; with what follows
# on the neighbouring slices, less than 40 mm.
OUTLINE_DECIDES_MM = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The tumour on one slice.

    Parameters
    ----------
    axis, level : the slice, in voxels of the box
    signed_mm : (rows, columns) of the slice; distance to the edge, above 0 inside
    exact : whether the edge itself was drawn
    """

    axis: int
    level: int
    signed_mm: Array = field(repr=False)
    exact: bool


def find_sections(
    strokes: list[Stroke],
    start: tuple[int, int, int],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
) -> tuple[list[Section], list[Stroke]]:
    """Return the sections that loops and outlines give, and the background lines read as loops."""
    tumour = [stroke for stroke in strokes if stroke.is_line_of_tumour]
    sections, loops = [], []
    for stroke in strokes:
        if stroke.kind in ("loop", "outline") and (stroke.include or stroke.kind == "loop"):
            axis = stroke.flat_axes[0]
        elif stroke.kind == "scribble" and not stroke.include and len(stroke.voxels) >= 8:
            around = _encloses(stroke, tumour, spacing_mm)
            if around is None:
                continue
            axis = around
        else:
            continue
        section = _section(stroke, axis, tumour, start, shape, spacing_mm)
        if section is not None:
            sections.append(section)
            if stroke.kind != "outline":
                loops.append(stroke)
    return sections, loops


def drawn_section(
    stroke: Stroke,
    start: tuple[int, int, int],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
) -> Section | None:
    """Return the section of an outline drawn as a correction, above 0 inside it; None for anything else."""
    if stroke.kind != "outline":
        return None
    return _section(stroke, stroke.flat_axes[0], [], start, shape, spacing_mm)


def decided(section: Section, include: bool) -> npt.NDArray[np.int8]:
    """Return what an outline drawn as a correction says of its slice: 1 tumour, -1 not, 0 nothing.

    An outline of tumour says all inside, and that the rest of the slice near its line is not tumour; an
    outline that holds none says only that.
    """
    inside = section.signed_mm > 0
    if not include:
        return np.where(inside, -1, 0).astype(np.int8)
    return np.where(inside, 1, np.where(section.signed_mm > -OUTLINE_DECIDES_MM, -1, 0)).astype(np.int8)


def _encloses(stroke: Stroke, tumour: list[Stroke], spacing_mm: tuple[float, float, float]) -> int | None:
    """Return the axis of the slice on which `stroke` runs round a tumour stroke, or None."""
    for axis in stroke.flat_axes:
        plane = [other for other in (0, 1, 2) if other != axis]
        size = np.asarray(spacing_mm)[plane]
        for inner in tumour:
            here = inner.voxels[inner.voxels[:, axis] == stroke.level(axis)]
            if not len(here):
                continue
            middle = here[:, plane].mean(axis=0)
            away = (stroke.voxels[:, plane] - middle) * size
            angles = np.sort(np.degrees(np.arctan2(away[:, 0], away[:, 1])))
            gaps = np.diff(np.r_[angles, angles[0] + 360.0])
            if gaps.max() <= _WIDEST_GAP_DEG:
                return int(axis)
    return None


def _section(
    stroke: Stroke,
    axis: int,
    tumour: list[Stroke],
    start: tuple[int, int, int],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
) -> Section | None:
    plane = [other for other in (0, 1, 2) if other != axis]
    size = [spacing_mm[plane[0]], spacing_mm[plane[1]]]
    rows, columns = shape[plane[0]], shape[plane[1]]
    level = stroke.level(axis)
    line = np.zeros((rows, columns), dtype=np.bool_)
    at = stroke.voxels[:, plane] - np.asarray(start)[plane]
    line[at[:, 0], at[:, 1]] = True
    inner = [s.voxels[s.voxels[:, axis] == level][:, plane] - np.asarray(start)[plane] for s in tumour]
    seeds = np.concatenate(inner) if inner else np.empty((0, 2), dtype=np.int64)
    filled = _filled(line, seeds, size, at)
    if filled is None:
        return None
    if stroke.kind == "outline":
        signed = _signed(filled, size)
        return Section(axis, level - start[axis], signed.astype(np.float32), True)
    # The line has a width: its middle lies between its inner and its outer edge.
    signed = (_signed(filled, size) + _signed(filled & ~line, size)) / 2
    offset = LOOP_OUTSIDE_MM
    deepest = float(signed.max())
    if len(seeds):
        on_stroke = signed[seeds[:, 0], seeds[:, 1]]
        on_stroke = on_stroke[on_stroke > 0]
        deepest = float(np.median(on_stroke)) if len(on_stroke) else deepest
    offset = min(offset, _SMALL_SHARE * deepest)
    return Section(axis, level - start[axis], (signed - offset).astype(np.float32), False)


def _signed(inside: BoolArray, size: list[float]) -> npt.NDArray[np.float64]:
    if not inside.any():
        return np.full(inside.shape, -1.0)
    padded = np.pad(inside, 1)
    within = ndimage.distance_transform_edt(padded, sampling=size)[1:-1, 1:-1]
    beyond = ndimage.distance_transform_edt(~inside, sampling=size)
    half = min(size) / 2
    return np.where(inside, within - half, half - beyond)


def _filled(
    line: BoolArray,
    seeds: npt.NDArray[np.int64],
    size: list[float],
    at: npt.NDArray[np.int64],
) -> BoolArray | None:
    """Return line and inside of a closed line; small gaps are bridged."""
    for gap_mm in (0.0, 2.0, 5.0):
        if gap_mm:
            reach = [max(1, int(np.ceil(gap_mm / length))) for length in size]
            wide = np.pad(line, [(n + 1, n + 1) for n in reach])
            closed = ndimage.binary_closing(wide, np.ones([2 * n + 1 for n in reach]))
            closed = closed[reach[0] + 1 : -reach[0] - 1, reach[1] + 1 : -reach[1] - 1]
        else:
            closed = line
        filled = ndimage.binary_fill_holes(closed)
        inside = filled & ~line
        if len(seeds):
            if inside[seeds[:, 0], seeds[:, 1]].mean() > 0.5:
                return np.asarray(filled)
        elif inside.sum() > line.sum():
            return np.asarray(filled)
    # A line that never closes (cut by the edge of the image): its points by angle, joined.
    from skimage.draw import polygon

    middle = seeds.mean(axis=0) if len(seeds) else at.mean(axis=0)
    away = (at - middle) * size
    order = np.argsort(np.arctan2(away[:, 0], away[:, 1]), kind="stable")
    filled = line.copy()
    rows, columns = polygon(at[order, 0], at[order, 1], line.shape)  # type: ignore[no-untyped-call]
    filled[rows, columns] = True
    return filled if filled.sum() > line.sum() else None
