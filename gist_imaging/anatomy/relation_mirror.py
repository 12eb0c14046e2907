"""M3, M7 and M9: the affected levator beside the mirror image of the other side."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.anatomy.mesh_distance import Feet, MeshDistance
from gist_imaging.anatomy.mesh_topology import refined
from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.relation_contact import SURFACE_ERROR_MM, weighted_percentile
from gist_imaging.anatomy.relation_scene import Mirror
from gist_imaging.anatomy.relation_surfaces import LevatorSide, TumourSurface
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh
from gist_imaging.spatial.volume import Volume

__all__ = ["Displacement", "SurfaceShift", "mirrored", "signal_ratio", "surface_shift", "thickness_ratio"]

BoolArray = npt.NDArray[np.bool_]

# Triangles of the levator are no longer than this when two surfaces are compared, in mm.
_EDGE_MM = 2.5
# Up to here feet are exact; farther ones lie on the nearest of a few triangles, which on a smooth sheet is
# the same.
_EXACT_MM = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """M3, record displacement: how far the affected levator lies from the mirrored healthy one.

    Signed distances from the affected to the mirrored surface, above 0 where the affected muscle lies
    laterally or caudally of where the healthy side would have it.

    Parameters
    ----------
    mean, p95 : mm, over the contact region, weighted by the area of the mirrored surface
    largest : mm, over the whole levator
    volume : mm³ between the two surfaces over the whole levator; above 0 where the pelvic cavity gained
    """

    mean: Metric
    p95: Metric
    largest: Metric
    volume: Metric

    @classmethod
    def missing(cls, reason: str) -> Displacement:
        """Return a displacement that was not measured."""
        lengths = [Metric.missing("mm", reason) for _ in range(3)]
        return cls(lengths[0], lengths[1], lengths[2], Metric.missing("mm3", reason))


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceShift:
    """One face of the levator and where it would lie by a reference surface.

    Parameters
    ----------
    face : the face
    feet : the nearest places on the reference for each of its vertices
    shift_mm : (n,) signed distance, above 0 laterally and caudally
    tumour_mm : (n,) signed distance to the tumour, or None without one
    opposite : (m,) whether a triangle lies wholly opposite the reference, not beyond its border
    """

    face: TriangleMesh = field(repr=False)
    feet: Feet = field(repr=False)
    shift_mm: FloatArray = field(repr=False)
    tumour_mm: FloatArray | None = field(repr=False)
    opposite: BoolArray = field(repr=False)

    def contact_region(self, tau_mm: float) -> BoolArray:
        """Return (m,) where the face lies at most tau from the tumour, but for a rim that has not moved.

        Round a tumour that bulges into the muscle there is a rim within tau of it that lies where it always
        lay. It says nothing of how far the muscle was pushed, so triangles that moved less than 0.3 mm, the
        surface error, do not count beside others that moved. Where the tumour stays farther away than tau,
        the region is the part that lies nearest to it, within 0.3 mm.
        """
        if self.tumour_mm is None:
            return np.zeros(len(self.face.triangles), dtype=np.bool_)
        limit = max(float(self.tumour_mm.min()) + SURFACE_ERROR_MM, tau_mm)
        region = self.opposite & (self.tumour_mm[self.face.triangles].mean(axis=1) <= limit)
        moved = region & (np.abs(self.shift_mm[self.face.triangles].mean(axis=1)) >= SURFACE_ERROR_MM)
        return np.asarray(moved if moved.any() else region)

    def displacement(self, tau_mm: float, no_tumour: str | None) -> Displacement:
        """Return M3; `no_tumour` says why there is no contact region, where there is none."""
        if not self.opposite.any():
            return Displacement.missing("the affected levator lies nowhere opposite the mirrored one")
        triangles = self.face.triangles
        mean_mm = self.shift_mm[triangles].mean(axis=1)
        of_feet = self.feet.points_mm[triangles]
        area = np.linalg.norm(_area_vectors(of_feet), axis=1)
        vertices = np.unique(triangles[self.opposite])
        at = int(vertices[np.argmax(self.shift_mm[vertices])])
        ends = _pair(self.face.vertices_mm[at], self.feet.points_mm[at])
        largest = Metric(float(self.shift_mm[at]), "mm", points_mm=ends)
        volume = Metric(self._volume_mm3(), "mm3")
        region = self.contact_region(tau_mm)
        if no_tumour is None and not (region.any() and area[region].sum() > 0):
            no_tumour = "the part of the levator nearest to the tumour has no mirrored counterpart"
        if no_tumour is not None:
            return Displacement(
                Metric.missing("mm", no_tumour), Metric.missing("mm", no_tumour), largest, volume
            )
        weighted = float(np.average(mean_mm[region], weights=area[region]))
        p95 = weighted_percentile(mean_mm[region], area[region], 95.0)
        notes: tuple[str, ...] = ()
        if self.tumour_mm is not None and self.tumour_mm.min() > tau_mm:
            notes = (f"no contact within {tau_mm:.3g} mm: over the part nearest to the tumour",)
        return Displacement(
            Metric(weighted, "mm", notes=notes), Metric(p95, "mm", notes=notes), largest, volume
        )

    def _volume_mm3(self) -> float:
        """Return the volume between face and reference, exact for the triangles and their feet.

        Each triangle sweeps from its feet to its place: area vectors are quadratic on the way, so Simpson's
        rule is exact.
        """
        triangles = self.face.triangles[self.opposite]
        start, end = self.feet.points_mm[triangles], self.face.vertices_mm[triangles]
        swept = (_area_vectors(start) + 4.0 * _area_vectors((start + end) / 2.0) + _area_vectors(end)) / 6.0
        # The inner face turns towards the cavity; moving away from it is above 0.
        return float(-np.einsum("mx,mx->", swept, (end - start).mean(axis=1)))


def _area_vectors(corners: FloatArray) -> FloatArray:
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2.0)


def _pair(one: FloatArray, other: FloatArray) -> tuple[PointMm, PointMm]:
    (a, b, c), (d, e, f) = one.tolist(), other.tolist()
    return (a, b, c), (d, e, f)


def mirrored(face: TriangleMesh, mirror: Mirror) -> TriangleMesh:
    """Return the mirror image of a face; its triangles stay counter-clockwise as seen from the cavity."""
    return TriangleMesh(mirror.reflect(face.vertices_mm), face.triangles[:, ::-1], face.frame_uid)


def surface_shift(face: TriangleMesh, reference: TriangleMesh, tumour: TumourSurface | None) -> SurfaceShift:
    """Return how far a face lies from a reference face, both counter-clockwise as seen from the cavity."""
    fine = refined(face, _EDGE_MM)
    feet = MeshDistance(refined(reference, _EDGE_MM)).feet(fine.vertices_mm, exact_within_mm=_EXACT_MM)
    near = None
    if tumour is not None:
        near = tumour.distance.feet(fine.vertices_mm, exact_within_mm=_EXACT_MM).signed_mm
    opposite = np.asarray(~feet.on_border[fine.triangles].any(axis=1))
    return SurfaceShift(fine, feet, -feet.signed_mm, near, opposite)


def _zone(shift: SurfaceShift, tau_mm: float) -> npt.NDArray[np.int64]:
    """Return vertices of the contact zone (distance at most tau) that have a mirrored counterpart."""
    if shift.tumour_mm is None:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero((shift.tumour_mm <= tau_mm) & ~shift.feet.on_border)


def thickness_ratio(
    shift: SurfaceShift,
    sides: tuple[LevatorSide, LevatorSide],
    tau_mm: float,
    mirror: Mirror,
) -> Metric:
    """M7: median thickness in the contact zone over that of the mirrored zone.

    Thickness is the distance from the inner to the outer face.

    Parameters
    ----------
    sides : the affected and the healthy levator
    """
    affected, healthy = sides
    if affected.outer_distance is None or healthy.outer_distance is None:
        return Metric.missing("1", "a levator was outlined as a sheet without thickness")
    zone = _zone(shift, tau_mm)
    if not len(zone):
        return Metric.missing("1", f"no part of the levator lies within {tau_mm:.3g} mm of the tumour")
    here = affected.outer_distance.feet(shift.face.vertices_mm[zone])
    there = healthy.outer_distance.feet(mirror.back(shift.feet.points_mm[zone]))
    kept = ~(here.on_border | there.on_border)
    if not kept.any():
        return Metric.missing("1", "the contact zone lies at the edge of the levator")
    one, other = (float(np.median(np.abs(feet.signed_mm[kept]))) for feet in (here, there))
    return Metric(one / other, "1", notes=(f"median thickness {one:.2f} mm and {other:.2f} mm",))


def signal_ratio(
    shift: SurfaceShift,
    sides: tuple[LevatorSide, LevatorSide],
    tau_mm: float,
    mirror: Mirror,
    volume: Volume,
) -> Metric:
    """M9: median signal in the middle of the muscle in the contact zone over that of the mirrored zone.

    A hint at most: coil sensitivity and partial volume change the signal, too.
    """
    affected, healthy = sides
    if affected.outer_distance is None or healthy.outer_distance is None:
        return Metric.missing("1", "a levator was outlined as a sheet without thickness")
    zone = _zone(shift, tau_mm)
    if not len(zone):
        return Metric.missing("1", f"no part of the levator lies within {tau_mm:.3g} mm of the tumour")
    inner = (shift.face.vertices_mm[zone], mirror.back(shift.feet.points_mm[zone]))
    values = []
    for points, outer in zip(inner, (affected.outer_distance, healthy.outer_distance), strict=True):
        middle = (points + outer.feet(points).points_mm) / 2.0
        values.append(_sampled(volume, middle))
    kept = np.isfinite(values[0]) & np.isfinite(values[1])
    if not kept.any():
        return Metric.missing("1", "the contact zone or its mirror image lies outside the series")
    one, other = (float(np.median(value[kept])) for value in values)
    if not other > 0 or not one > 0:
        return Metric.missing("1", "a ratio needs signals above 0; one side's median is not")
    return Metric(one / other, "1", notes=(f"median signal {one:.4g} and {other:.4g}", "a hint, not a sign"))


def _sampled(volume: Volume, points_mm: FloatArray) -> FloatArray:
    """Return linearly interpolated values (n,); NaN outside the volume."""
    index = volume.geometry.to_index(points_mm)
    low = np.maximum(np.floor(index.min(axis=0)).astype(np.int64) - 1, 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(np.int64) + 2, volume.geometry.shape)
    if (high <= low).any():
        return np.full(len(points_mm), np.nan)
    box = volume.voxels[tuple(slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))]
    return np.asarray(ndimage.map_coordinates(box.astype(np.float64), (index - low).T, order=1, cval=np.nan))
