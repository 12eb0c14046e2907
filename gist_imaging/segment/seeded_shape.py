"""The first shape of a tumour in three dimensions, read from the strokes alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.segment.seeded_distance import FAR_MM, distance_to
from gist_imaging.segment.seeded_section import Section
from gist_imaging.segment.seeded_strokes import Stroke

__all__ = ["first_shape"]

Array = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]

# How far beyond the tumour's end people put the background stroke above and below it.
CAP_BEYOND_MM = 5.5

# A section shrinks towards the ends as (1 - t**p)**(1/p); p = 2 is an ellipsoid, real tumours end thinner.
TAPER = 1.6

# A background stroke beyond an end follows the middle of what ends there: towards it the sections spread
# along the stroke, by this share of its length.
SPREAD = 0.5
_SPREAD_POINTS = 7

# Without any background the tumour reaches this far from a stroke, or half the stroke's own length.
_REACH_OF_A_STROKE_MM = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """Where the tumour ends along the axis: `height_mm` from the section, at `centre` (row, column).

    `along` (n, 2) are points of the background stroke there, from its middle; none where it was not drawn.
    """

    height_mm: float
    centre: tuple[float, float]
    along: npt.NDArray[np.float64] = field(repr=False)


def first_shape(
    strokes: list[Stroke],
    sections: list[Section],
    loops: list[Stroke],
    start: tuple[int, int, int],
    shape: tuple[int, int, int],
    spacing_mm: Spacing,
) -> Array:
    """Return the distance in mm to the assumed surface, above 0 inside, on the box at `start`.

    Sections swept along their axis between the background strokes above and below, where there are any;
    else the ellipsoid in a box; else what is nearer to tumour strokes than to background strokes.
    """
    phi = np.full(shape, -FAR_MM, dtype=np.float32)
    for part in _parts(sections):
        caps = [stroke for stroke in strokes if stroke.is_line_of_background and stroke not in loops]
        np.maximum(phi, _swept(part, strokes, caps, start, shape, spacing_mm), out=phi)
    boxes = [stroke for stroke in strokes if stroke.kind == "box" and stroke.include]
    if not sections:
        for stroke in boxes:
            np.maximum(phi, _ellipsoid(stroke, start, shape, spacing_mm), out=phi)
        if not boxes:
            phi = _nearer(strokes, start, shape, spacing_mm)
    return np.clip(phi, -FAR_MM, FAR_MM)


def _parts(sections: list[Section]) -> list[list[Section]]:
    """Return the sections that belong together: same axis and, seen along it, overlapping."""
    parts: list[list[Section]] = []
    for section in sorted(sections, key=lambda s: (s.axis, s.level)):
        for part in parts:
            last = part[-1]
            same = last.axis == section.axis and last.level != section.level
            if same and ((last.signed_mm > 0) & (section.signed_mm > 0)).any():
                part.append(section)
                break
        else:
            if (section.signed_mm > 0).any():
                parts.append([section])
    return parts


def _swept(
    part: list[Section],
    strokes: list[Stroke],
    caps: list[Stroke],
    start: tuple[int, int, int],
    shape: tuple[int, int, int],
    spacing_mm: Spacing,
) -> Array:
    axis = part[0].axis
    plane = [other for other in (0, 1, 2) if other != axis]
    size = np.asarray(spacing_mm)[plane]
    step = spacing_mm[axis]
    depth = shape[axis]
    grid = np.stack(np.meshgrid(np.arange(shape[plane[0]]), np.arange(shape[plane[1]]), indexing="ij"))
    out = np.full((depth, *grid.shape[1:]), -FAR_MM, dtype=np.float32)
    centres = [np.array(ndimage.center_of_mass(s.signed_mm > 0)) for s in part]
    radii = [float(np.sqrt((s.signed_mm > 0).sum() * size.prod() / np.pi)) for s in part]
    low = _end(part[0], -1, strokes, caps, start, spacing_mm, centres[0], radii[0])
    high = _end(part[-1], 1, strokes, caps, start, spacing_mm, centres[-1], radii[-1])

    def placed(which: int, centre: npt.NDArray[np.float64], scale: float) -> Array:
        at = (grid - centre[:, None, None]) / scale + centres[which][:, None, None]
        signed = ndimage.map_coordinates(part[which].signed_mm, at, order=1, mode="nearest")
        return np.asarray(signed * scale, dtype=np.float32)

    levels = [section.level for section in part]
    for level in range(depth):
        if level <= levels[0] or level >= levels[-1]:
            which, end, z = (
                (0, low, levels[0] - level) if level <= levels[0] else (-1, high, level - levels[-1])
            )
            which %= len(part)
            t = z * step / end.height_mm
            tip = np.asarray(end.centre)
            if t >= 1:
                if (t - 1) * end.height_mm <= FAR_MM:
                    away = np.sqrt((((grid - tip[:, None, None]) * size[:, None, None]) ** 2).sum(axis=0))
                    out[level] = -np.hypot(away, (t - 1) * end.height_mm)
                continue
            centre = centres[which] + t * (tip - centres[which])
            scale = max((1 - t**TAPER) ** (1 / TAPER), 0.05)
            out[level] = placed(which, centre, scale)
            for away in SPREAD * (1 - scale) * end.along:
                np.maximum(out[level], placed(which, centre + away, scale), out=out[level])
        else:
            upper = int(np.searchsorted(levels, level))
            a, b = upper - 1, upper
            if levels[b] == level:
                out[level] = part[b].signed_mm
                continue
            w = (level - levels[a]) / (levels[b] - levels[a])
            centre = (1 - w) * centres[a] + w * centres[b]
            radius = (1 - w) * radii[a] + w * radii[b]
            out[level] = (1 - w) * placed(a, centre, radius / radii[a]) + w * placed(
                b, centre, radius / radii[b]
            )
    return np.moveaxis(np.maximum(out, -FAR_MM), 0, axis)


def _end(
    section: Section,
    way: int,
    strokes: list[Stroke],
    caps: list[Stroke],
    start: tuple[int, int, int],
    spacing_mm: Spacing,
    centre: npt.NDArray[np.float64],
    radius_mm: float,
) -> _End:
    """Return where the tumour ends beyond `section` in direction `way`."""
    axis = section.axis
    plane = [other for other in (0, 1, 2) if other != axis]
    offset = np.asarray(start)[plane]
    step = spacing_mm[axis]
    inside = ndimage.binary_dilation(section.signed_mm > -FAR_MM / 4, iterations=2)
    found: list[tuple[float, npt.NDArray[np.int64]]] = []
    reaches = 0.0
    for stroke in strokes:
        z_mm = way * (stroke.level(axis) - start[axis] - section.level) * step
        if z_mm <= 0 or not (stroke in caps or stroke.is_line_of_tumour):
            continue
        at = stroke.voxels[:, plane] - offset
        if not inside[tuple(at.T)].any():
            continue
        if stroke in caps:
            found.append((z_mm, at))
        else:
            reaches = max(reaches, z_mm + step / 2)
    if not found:
        height = max(radius_mm, reaches + CAP_BEYOND_MM / 2)
        return _End(height, (float(centre[0]), float(centre[1])), np.empty((0, 2)))
    # The nearest; of two on one slice always the same one, whatever their order.
    nearest_mm, at = min(found, key=lambda end: (end[0], *end[1].mean(axis=0)))
    tip = at.mean(axis=0)
    some = np.linspace(0, len(at) - 1, min(len(at), _SPREAD_POINTS)).round().astype(np.int64)
    height = max(nearest_mm - CAP_BEYOND_MM, nearest_mm / 2, step / 2, min(reaches, nearest_mm - step / 2))
    return _End(height, (float(tip[0]), float(tip[1])), at[some] - tip)


def _ellipsoid(
    stroke: Stroke, start: tuple[int, int, int], shape: tuple[int, int, int], spacing_mm: Spacing
) -> Array:
    low, high = stroke.voxels.min(axis=0) - start, stroke.voxels.max(axis=0) - start
    middle, half = (low + high) / 2, (high - low + 1) / 2
    axes = np.ix_(*[np.abs(np.arange(n) - c) / h for n, c, h in zip(shape, middle, half, strict=True)])
    q = (axes[0] ** 2 + axes[1] ** 2 + axes[2] ** 2) ** 0.5
    return np.asarray((1 - q) * float((half * spacing_mm).min()), dtype=np.float32)


def _nearer(
    strokes: list[Stroke], start: tuple[int, int, int], shape: tuple[int, int, int], spacing_mm: Spacing
) -> Array:
    tumour = [stroke for stroke in strokes if stroke.is_line_of_tumour]
    background = [stroke for stroke in strokes if stroke.is_line_of_background]
    if not tumour:
        return np.full(shape, -FAR_MM, dtype=np.float32)
    reach = 0.0
    for stroke in tumour:
        length = float(np.linalg.norm(np.ptp(stroke.voxels, axis=0) * spacing_mm))
        reach = max(reach, _REACH_OF_A_STROKE_MM, length / 2)
    to_tumour = _distance(tumour, start, shape, spacing_mm)
    phi = reach - to_tumour
    if background:
        phi = np.minimum(phi, (_distance(background, start, shape, spacing_mm) - to_tumour) / 2)
    return np.asarray(phi, dtype=np.float32)


def _distance(
    strokes: list[Stroke], start: tuple[int, int, int], shape: tuple[int, int, int], spacing_mm: Spacing
) -> Array:
    on = np.zeros(shape, dtype=np.bool_)
    for stroke in strokes:
        k, j, i = (stroke.voxels - start).T
        on[k, j, i] = True
    return distance_to(on, spacing_mm)
