"""M3: the affected levator beside the mirror image of the other side."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gist_imaging.anatomy.mesh_distance import Feet, MeshDistance
from gist_imaging.anatomy.mesh_topology import MeshShape, refined
from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.relation_contact import SURFACE_ERROR_MM, weighted_percentile
from gist_imaging.anatomy.relation_scene import Mirror
from gist_imaging.anatomy.relation_surfaces import TumourSurface
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh

__all__ = ["Displacement", "SurfaceShift", "mirrored", "surface_shift"]

BoolArray = npt.NDArray[np.bool_]

# Triangles of the levator are no longer than this when two surfaces are compared, in mm.
_EDGE_MM = 2.5
# The largest shift is not taken from this close to the rim (inclusive), where an outlined muscle is rounded.
_RIM_MM = 4.0
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
    largest : mm, over the whole levator but for 4 mm along its rim
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

    def normals(self, chosen: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return unit normals (k, 3), areas (k,) and middles (k, 3) LPS of the chosen (m,) triangles."""
        corners = self.face.vertices_mm[self.face.triangles[chosen]]
        vectors = _area_vectors(corners)
        areas = np.linalg.norm(vectors, axis=1)
        return vectors / np.maximum(areas, 1e-12)[:, None], areas, corners.mean(axis=1)

    def inland(self) -> npt.NDArray[np.int64]:
        """Return the vertices opposite the reference that lie off the rounded rim of their own face.

        All those opposite, where the face is nothing but rim.
        """
        vertices = np.unique(self.face.triangles[self.opposite])
        rim = np.unique(self.face.triangles[MeshShape.of(self.face).border_vertices])
        if not len(rim):
            return vertices
        away = cKDTree(self.face.vertices_mm[rim]).query(self.face.vertices_mm[vertices])[0]
        off = vertices[away > _RIM_MM]
        return off if len(off) else vertices

    def displacement(self, tau_mm: float, no_tumour: str | None) -> Displacement:
        """Return M3; `no_tumour` says why there is no contact region, where there is none."""
        if not self.opposite.any():
            return Displacement.missing("the affected levator lies nowhere opposite the mirrored one")
        triangles = self.face.triangles
        mean_mm = self.shift_mm[triangles].mean(axis=1)
        of_feet = self.feet.points_mm[triangles]
        area = np.linalg.norm(_area_vectors(of_feet), axis=1)
        vertices = self.inland()
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


def surface_shift(
    face: TriangleMesh, reference: TriangleMesh, tumour: TumourSurface | None, smooth: bool = False
) -> SurfaceShift:
    """Return how far a face lies from a reference face, both counter-clockwise as seen from the cavity.

    Parameters
    ----------
    smooth : whether both were made from masks
    """
    fine = refined(face, _EDGE_MM)
    feet = MeshDistance(refined(reference, _EDGE_MM), smooth).feet(
        fine.vertices_mm, exact_within_mm=_EXACT_MM
    )
    near = None
    if tumour is not None:
        near = tumour.distance.feet(fine.vertices_mm, exact_within_mm=_EXACT_MM).signed_mm
    opposite = np.asarray(~feet.on_border[fine.triangles].any(axis=1))
    return SurfaceShift(fine, feet, -feet.signed_mm, near, opposite)
