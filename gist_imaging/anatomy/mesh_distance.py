"""Exact distances from points to a triangle mesh, with sign and foot point."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gist_imaging.anatomy.mesh_topology import MeshShape
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh

__all__ = ["Feet", "MeshDistance"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_CANDIDATES, _CANDIDATES_FAR = 8, 2
# Sine of the steepest slope with which a smooth mesh falls away from a foot point.
_SMOOTH_SLOPE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Feet:
    """The nearest place on a mesh for each of n points.

    Parameters
    ----------
    signed_mm : (n,) distance; below 0 on the side from which the triangles turn clockwise, which is inside a
        closed mesh
    points_mm : (n, 3) the foot points
    triangles : (n,) numbers of the triangles they lie on
    weights : (n, 3) barycentric coordinates within those triangles
    on_border : (n,) whether the foot lies on the border of an open mesh, so that the distance is not square
        to the surface
    """

    signed_mm: FloatArray = field(repr=False)
    points_mm: FloatArray = field(repr=False)
    triangles: IntArray = field(repr=False)
    weights: FloatArray = field(repr=False)
    on_border: BoolArray = field(repr=False)


class MeshDistance:
    """Distances to one mesh; prepared once, asked often.

    Exact: the nearest triangles by centre are tried first, and points for which a farther
    centre could still own a nearer triangle are asked again with more of them (Ericson, Real-Time Collision
    Detection, 2005, §5.1.5 for the distance to one triangle).

    Parameters
    ----------
    mesh : the mesh
    smooth : whether it has no sharp edges or spikes, as one from a mask; then fewer candidates suffice

    Attributes
    ----------
    reach_mm : farthest distance from a triangle's centre to its corners
    """

    def __init__(self, mesh: TriangleMesh, smooth: bool = False) -> None:
        self.mesh = mesh
        self._slope = _SMOOTH_SLOPE if smooth else 1.0
        self._corners = mesh.vertices_mm[mesh.triangles]
        centres = self._corners.mean(axis=1)
        self.reach_mm = float(np.linalg.norm(self._corners - centres[:, None], axis=2).max())
        self._tree = cKDTree(centres)
        self._shape: MeshShape | None = None

    @property
    def shape(self) -> MeshShape:
        """The normals of the mesh."""
        if self._shape is None:
            self._shape = MeshShape.of(self.mesh)
        return self._shape

    def feet(self, points_mm: npt.ArrayLike, exact_within_mm: float = np.inf) -> Feet:
        """Return the nearest places on the mesh.

        Parameters
        ----------
        points_mm : (n, 3) LPS
        exact_within_mm : points whose true distance is at most this get it exactly; the distance of others
            may be too long, by at most twice `reach_mm`
        """
        points = np.asarray(points_mm, dtype=np.float64).reshape(-1, 3)
        triangles = np.zeros(len(points), dtype=np.int64)
        weights = np.zeros((len(points), 3))
        asked = np.arange(len(points))
        count = min(_CANDIDATES if exact_within_mm > 0 else _CANDIDATES_FAR, len(self._corners))
        while len(asked):
            found = self._tree.query(points[asked], k=count)
            away, near = (np.asarray(held).reshape(-1, count) for held in found)
            best, weight, distance = self._best(points[asked], near)
            triangles[asked], weights[asked] = best, weight
            if count == len(self._corners):
                break
            # A triangle nearer than this one has its centre within: (d² + r² + 2 d r sin(slope)) ^ ½.
            within = distance**2 + self.reach_mm**2 + 2.0 * distance * self.reach_mm * self._slope
            nearer_left = away[:, -1] < np.sqrt(within)
            asked = asked[nearer_left & (away[:, 0] - self.reach_mm <= exact_within_mm)]
            count = min(4 * count, len(self._corners))
        return self._feet(points, triangles, weights)

    def _best(self, points: FloatArray, near: IntArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return triangle, weights and distance of the nearest among candidates (n, k)."""
        count = near.shape[1]
        corners = self._corners[near.ravel()]
        weights = _weights(np.repeat(points, count, axis=0), corners)
        foot = np.einsum("nc,ncx->nx", weights, corners)
        away = np.linalg.norm(foot.reshape(-1, count, 3) - points[:, None], axis=2)
        pick = np.argmin(away, axis=1)
        rows = np.arange(len(points))
        return near[rows, pick], weights.reshape(-1, count, 3)[rows, pick], away[rows, pick]

    def _feet(self, points: FloatArray, triangles: IntArray, weights: FloatArray) -> Feet:
        foot = np.einsum("nc,ncx->nx", weights, self._corners[triangles])
        away = points - foot
        shape = self.shape
        zero = weights < 1e-9
        n_zero = zero.sum(axis=1)
        normal = shape.face_normals[triangles]
        on_edge, on_corner = n_zero == 1, n_zero == 2
        opposite, corner = np.argmax(zero, axis=1), np.argmax(weights, axis=1)
        normal = np.where(on_edge[:, None], shape.edge_normals[triangles, opposite], normal)
        vertex = self.mesh.triangles[triangles, corner]
        normal = np.where(on_corner[:, None], shape.vertex_normals[vertex], normal)
        inside = np.einsum("nx,nx->n", away, normal) < 0
        distance = np.linalg.norm(away, axis=1)
        border = (on_edge & shape.border_edges[triangles, opposite]) | (
            on_corner & shape.border_vertices[triangles, corner]
        )
        return Feet(np.where(inside, -distance, distance), foot, triangles, weights, border)


def _weights(points: FloatArray, corners: FloatArray) -> FloatArray:
    """Return (n, 3) barycentric coordinates of the place on each triangle (n, 3, 3) nearest to a point."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, points - a
    d1, d2 = _dot(ab, ap), _dot(ac, ap)
    bb, bc, cc = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d3, d4, d5, d6 = d1 - bb, d2 - bc, d1 - bc, d2 - cc
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = va + vb + vc
    flat = total <= 1e-18
    total = np.where(flat, 1.0, total)
    v, w = vb / total, vc / total
    # Each region overrides the one before it: face, edges, corners.
    t = np.clip((d4 - d3) / np.maximum(bb + cc - 2.0 * bc, 1e-18), 0.0, 1.0)
    on_bc = ((va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0)) | flat
    v, w = np.where(on_bc, 1.0 - t, v), np.where(on_bc, t, w)
    on_ac = (vb <= 0) & (d2 >= 0) & (d6 <= 0)
    t = np.clip(d2 / np.maximum(cc, 1e-18), 0.0, 1.0)
    v, w = np.where(on_ac, 0.0, v), np.where(on_ac, t, w)
    on_ab = (vc <= 0) & (d1 >= 0) & (d3 <= 0)
    t = np.clip(d1 / np.maximum(bb, 1e-18), 0.0, 1.0)
    v, w = np.where(on_ab, t, v), np.where(on_ab, 0.0, w)
    for at, (weight_b, weight_c) in (
        ((d6 >= 0) & (d5 <= d6), (0.0, 1.0)),
        ((d3 >= 0) & (d4 <= d3), (1.0, 0.0)),
        ((d1 <= 0) & (d2 <= 0), (0.0, 0.0)),
    ):
        v, w = np.where(at, weight_b, v), np.where(at, weight_c, w)
    return np.stack([1.0 - v - w, v, w], axis=-1)


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nx,nx->n", one, other))
