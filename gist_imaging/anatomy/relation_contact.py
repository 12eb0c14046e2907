"""M1 and M2: how near the tumour comes to the levator ani, and over how much of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.mesh_clip import area_at_most, below, line_in_plane, segments_at_most
from gist_imaging.anatomy.mesh_distance import Feet, MeshDistance
from gist_imaging.anatomy.mesh_topology import (
    MeshShape,
    area_vectors_mm2,
    face_normals,
    part_of,
    refined,
    triangle_areas_mm2,
)
from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.relation_surfaces import LevatorSide, TumourSurface
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh
from gist_imaging.spatial.geometry import Geometry

__all__ = [
    "SURFACE_ERROR_MM",
    "Contact",
    "ContactLine",
    "contact_of",
    "overlap_volume",
    "weighted_percentile",
]

BoolArray = npt.NDArray[np.bool_]

# How far a surface from a mask of 0.6 x 0.6 x 3.3 mm voxels may lie from the true one. RULINGS.md "Levator":
# contact area is printed with the interval that this gives.
SURFACE_ERROR_MM = 0.3

# Triangles near the tumour are made this small, so that distances may be interpolated along them: over a
# tumour of radius R a distance is then wrong by at most 1 / (8 R) mm.
_FINE_MM = 1.0
_STAGES_MM = (8.0, 2.5, _FINE_MM)
# Surfaces from masks are smooth over that distance, and known less well than this leaves them.
_STAGES_SMOOTH_MM = (2.5, 1.6)


@dataclass(frozen=True, slots=True)
class ContactLine:
    """The levator line at most tau from the tumour in one slice.

    Parameters
    ----------
    k : number of the slice
    length_mm : of the line
    arc_deg : angle that it takes up at the tumour's centroid, seen along the slice normal
    end_points_mm : two points of the line that are farthest apart, LPS
    """

    k: int
    length_mm: float
    arc_deg: float
    end_points_mm: tuple[PointMm, PointMm]


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """Distances from the levator ani to the tumour's surface.

    Parameters
    ----------
    tau_mm : contact is a distance of at most this (inclusive)
    least_mm : smallest signed distance; below 0 where tumour and levator overlap
    end_points_mm : (2, 3) where it was found: on the levator, on the tumour
    near : the part of the levator near the tumour, in small triangles
    distance_mm : (n,) signed distances of the vertices of `near`
    facing : (m,) which triangles of `near` face the tumour
    p5_mm : the distance that 5 % of the levator's surface facing the tumour, by area, stay below
    error_mm : how far a surface may lie from the true one
    """

    tau_mm: float
    least_mm: float
    end_points_mm: FloatArray = field(repr=False)
    near: TriangleMesh = field(repr=False)
    distance_mm: FloatArray = field(repr=False)
    facing: BoolArray = field(repr=False)
    p5_mm: float
    error_mm: float = SURFACE_ERROR_MM

    @property
    def min_distance(self) -> Metric:
        """M1: smallest signed distance of levator points to the tumour's surface, mm."""
        notes = ("below 0: tumour and levator ani overlap",) if self.least_mm < 0 else ()
        return Metric(self.least_mm, "mm", points_mm=_points(self.end_points_mm), notes=notes)

    @property
    def area(self) -> Metric:
        """M2: area of the levator's surface that faces the tumour at a distance of at most tau, mm².

        The triangles are cut at the line where the distance is tau. `low` and `high` are the areas at
        tau less and plus the error: 0.3 mm, the surface error of a voxel mask, or that of a sheet.
        """
        triangles = self.near.triangles[self.facing]
        corners, values = self.near.vertices_mm[triangles], self.distance_mm[triangles]
        low, value, high = (
            area_at_most(corners, values, self.tau_mm + shift)
            for shift in (-self.error_mm, 0.0, self.error_mm)
        )
        return Metric(value, "mm2", low=low, high=high, notes=(f"distance at most {self.tau_mm:.3g} mm",))

    def touching(self) -> tuple[FloatArray, FloatArray]:
        """Return unit normals (k, 3) and areas (k,) of the triangles that count as contact."""
        chosen = (self.distance_mm[self.near.triangles].mean(axis=1) <= self.tau_mm) & self.facing
        vectors = area_vectors_mm2(part_of(self.near, chosen))
        areas = np.linalg.norm(vectors, axis=1)
        return vectors / np.maximum(areas, 1e-12)[:, None], areas

    def lines(self, slices: Geometry, tumour: TumourSurface) -> tuple[ContactLine, ...]:
        """M2: return the contact line of every slice that has one, in the order of the slices."""
        found = []
        height = slices.to_index(self.near.vertices_mm)[:, 0]
        touching = (self.distance_mm[self.near.triangles] <= self.tau_mm).any(axis=1) & self.facing
        if not touching.any():
            return ()
        mesh = TriangleMesh(self.near.vertices_mm, self.near.triangles[touching])
        reached = height[mesh.triangles]
        for k in range(int(np.ceil(reached.min())), int(np.floor(reached.max())) + 1):
            pieces, values = line_in_plane(mesh, height - k, self.distance_mm)
            pieces = segments_at_most(pieces, values, self.tau_mm)
            length = float(np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1).sum())
            if length > 0:
                arc, ends = _arc(pieces, slices.axes[:, 1:], tumour.centroid_mm)
                found.append(ContactLine(k, length, arc, ends))
        return tuple(found)


def contact_of(
    levator: LevatorSide, tumour: TumourSurface, tau_mm: float, error_mm: float = SURFACE_ERROR_MM
) -> Contact:
    """Return the distances from one levator to the tumour.

    Of a closed levator surface the part that faces the tumour counts as contact: where its outward normal
    and that of the tumour at the foot point are opposed. All of an open sheet counts.

    Parameters
    ----------
    tau_mm : contact is a distance of at most this (inclusive)
    error_mm : how far a surface may lie from the true one
    """
    near, far = levator.surface, []
    reach, error = 0.0, 2.0 * tumour.distance.reach_mm
    smooth = levator.smooth and tumour.smooth
    for at_most_mm in _STAGES_SMOOTH_MM if smooth else _STAGES_MM:
        mesh = refined(near, at_most_mm)
        # A point of a triangle lies within its longest edge / sqrt 3 of a corner.
        slack = at_most_mm / np.sqrt(3.0) + error
        feet = tumour.distance.feet(mesh.vertices_mm, reach + slack if reach else 0.0)
        reach = max(float(feet.signed_mm.min()), tau_mm + error_mm)
        may_count = feet.signed_mm[mesh.triangles].min(axis=1) <= reach + slack
        far.append(_shares(mesh, feet, levator.closed, ~may_count))
        near = part_of(mesh, may_count)
        # Only the first stage asks for rough distances.
        error = 0.0
    # The vertices of a part keep their order.
    kept = np.unique(mesh.triangles[may_count])
    distance, foot, on = feet.signed_mm[kept], feet.points_mm[kept], feet.triangles[kept]
    at = int(np.argmin(distance))
    ends = np.stack([near.vertices_mm[at], foot[at]])
    facing = np.full(len(near.triangles), True)
    if levator.closed:
        towards = tumour.distance.shape.face_normals[on]
        own = face_normals(near)
        facing = np.einsum("mx,mx->m", own, towards[near.triangles].sum(axis=1)) < 0
    here = distance[near.triangles[facing]].mean(axis=1), triangle_areas_mm2(near)[facing]
    values, areas = (np.concatenate(held) for held in zip(*far, here, strict=True))
    p5 = weighted_percentile(values, areas, 5.0) if areas.sum() > 0 else float(distance[at])
    return Contact(tau_mm, float(distance[at]), ends, near, distance, facing, p5, error_mm)


def _shares(mesh: TriangleMesh, feet: Feet, closed: bool, chosen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return distances and areas of the chosen (m,) triangles that face the tumour."""
    triangles = mesh.triangles[chosen]
    vectors = area_vectors_mm2(mesh)[chosen]
    distance = feet.signed_mm[triangles].mean(axis=1)
    facing = np.full(len(triangles), True)
    if closed:
        away = (mesh.vertices_mm - feet.points_mm)[triangles].sum(axis=1)
        facing = np.einsum("mx,mx->m", vectors, away) * np.sign(distance) < 0
    return distance[facing], np.linalg.norm(vectors, axis=1)[facing]


def weighted_percentile(values: FloatArray, weights: FloatArray, percent: float) -> float:
    """Return the value that `percent` of the weight stay below, linearly between values.

    >>> weighted_percentile(np.array([3.0, 1.0, 2.0]), np.ones(3), 50.0)
    2.0
    """
    order = np.argsort(values)
    weight = weights[order]
    middle = (np.cumsum(weight) - weight / 2.0) / weight.sum()
    return float(np.interp(percent / 100.0, middle, values[order]))


def _points(points: FloatArray) -> tuple[PointMm, ...]:
    return tuple((x, y, z) for x, y, z in points.tolist())


def _arc(
    pieces: FloatArray, in_plane: FloatArray, centre: FloatArray
) -> tuple[float, tuple[PointMm, PointMm]]:
    """Return the angle that pieces of line (m, 2, 3) take up at a centre, and two points far apart."""
    flat = (pieces - centre) @ in_plane
    angle = np.arctan2(flat[..., 0], flat[..., 1])
    span = np.angle(np.exp(1j * (angle[:, 1] - angle[:, 0])))
    start = np.where(span >= 0, angle[:, 0], angle[:, 1]) % (2.0 * np.pi)
    order = np.argsort(start)
    begin, end = start[order], start[order] + np.abs(span[order])
    # Angles already covered by pieces that begin earlier, once around included, do not count twice.
    covered = np.maximum.accumulate(np.concatenate([[end.max() - 2.0 * np.pi], end[:-1]]))
    total = float(np.degrees(np.maximum(end - np.maximum(begin, covered), 0.0).sum()))
    points = pieces.reshape(-1, 3)
    first = points[np.argmax(np.linalg.norm(points - points.mean(axis=0), axis=1))]
    last = points[np.argmax(np.linalg.norm(points - first, axis=1))]
    one, other = _points(np.stack([first, last]))
    return min(total, 360.0), (one, other)


def overlap_volume(levator: LevatorSide, tumour: TumourSurface, contact: Contact) -> Metric:
    """Return the volume of the tumour within the muscle, mm³; of an open sheet, beyond it.

    The volume is that enclosed by the tumour's surface inside the levator and the levator's surface inside
    the tumour, both cut where the other begins. Beyond an open sheet means on the side away from the
    tumour's centroid.
    """
    notes = () if levator.closed else ("tumour beyond the sheet, which has no thickness",)
    if contact.least_mm >= 0:
        return Metric(0.0, "mm3", notes=notes)
    sign = 1.0
    if not levator.closed:
        if _ends_within(levator.surface, tumour.distance):
            return Metric.missing("mm3", "the sheet ends inside the tumour, so nothing lies beyond it")
        sign = -1.0 if levator.distance.feet(tumour.centroid_mm).signed_mm[0] < 0 else 1.0
    corners = contact.near.vertices_mm[contact.near.triangles]
    of_levator = below(corners, contact.distance_mm[contact.near.triangles], 0.0)
    overlapping = contact.near.vertices_mm[contact.distance_mm <= 0.0]
    reach = 3.0 - contact.least_mm
    low, high = overlapping.min(axis=0) - reach, overlapping.max(axis=0) + reach
    vertices = tumour.mesh.vertices_mm
    in_box = ((vertices >= low) & (vertices <= high)).all(axis=1)
    there = part_of(tumour.mesh, np.asarray(in_box[tumour.mesh.triangles].any(axis=1)))
    of_tumour = _within(there, levator.distance, sign)
    pieces = np.concatenate([of_tumour, of_levator if sign > 0 else of_levator[:, ::-1]])
    if not len(pieces):
        return Metric(0.0, "mm3", notes=notes)
    # Seen from their middle, the hairlines between the two cuts enclose next to nothing.
    pieces = pieces - pieces.reshape(-1, 3).mean(axis=0)
    volume = float(np.einsum("mx,mx->", pieces[:, 0], np.cross(pieces[:, 1], pieces[:, 2])) / 6.0)
    return Metric(max(volume, 0.0), "mm3", notes=notes)


def _within(mesh: TriangleMesh, other: MeshDistance, sign: float) -> FloatArray:
    """Return the triangles (k, 3, 3) of a mesh where the signed distance times `sign` is at most 0."""
    values = sign * other.feet(mesh.vertices_mm, exact_within_mm=0.0).signed_mm[mesh.triangles]
    corners = mesh.vertices_mm[mesh.triangles]
    longest = np.linalg.norm(np.roll(corners, 1, axis=1) - corners, axis=2).max(axis=1)
    crossed = np.abs(values).min(axis=1) <= longest + 2.0 * other.reach_mm
    whole = ~crossed & (values[:, 0] <= 0)
    fine = refined(part_of(mesh, crossed), _FINE_MM)
    distance = sign * other.feet(fine.vertices_mm, exact_within_mm=_FINE_MM).signed_mm
    cut = below(fine.vertices_mm[fine.triangles], distance[fine.triangles], 0.0)
    return np.concatenate([corners[whole], cut])


def _ends_within(sheet: TriangleMesh, tumour: MeshDistance) -> bool:
    """Return whether the border of an open sheet runs inside the tumour."""
    border = np.unique(sheet.triangles[MeshShape.of(sheet).border_vertices])
    return bool((tumour.feet(sheet.vertices_mm[border], exact_within_mm=1.0).signed_mm < 0).any())
