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
# Pairs of point and triangle that are compared at once: about 50 MB.
_PAIRS_AT_ONCE = 200_000
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
        self._edges = _Edges.of(self._corners)
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
        count = min(_CANDIDATES if np.isinf(exact_within_mm) else _CANDIDATES_FAR, len(self._corners))
        while len(asked):
            left = []
            # So many at once that all candidates of a mesh with one long triangle still fit into memory.
            at_once = max(_PAIRS_AT_ONCE // count, 1)
            for start in range(0, len(asked), at_once):
                some = asked[start : start + at_once]
                found = self._tree.query(points[some], k=count)
                away, near = (np.asarray(held).reshape(-1, count) for held in found)
                best, weight, distance = self._best(points[some], near)
                triangles[some], weights[some] = best, weight
                # A triangle nearer than this one has its centre within: (d² + r² + 2 d r sin(slope)) ^ ½.
                within = distance**2 + self.reach_mm**2 + 2.0 * distance * self.reach_mm * self._slope
                nearer_left = away[:, -1] < np.sqrt(within)
                left.append(some[nearer_left & (away[:, 0] - self.reach_mm <= exact_within_mm)])
            if count == len(self._corners):
                break
            asked = np.concatenate(left)
            count = min(4 * count, len(self._corners))
        return self._feet(points, triangles, weights)

    def _best(self, points: FloatArray, near: IntArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return triangle, weights and distance of the nearest among candidates (n, k)."""
        count = near.shape[1]
        v, w, squared = self._edges.nearest(np.repeat(points, count, axis=0), near.ravel())
        pick = np.argmin(squared.reshape(-1, count), axis=1)
        rows = np.arange(len(points))
        chosen = rows * count + pick
        weights = np.stack([1.0 - v[chosen] - w[chosen], v[chosen], w[chosen]], axis=-1)
        return near[rows, pick], weights, np.sqrt(np.maximum(squared[chosen], 0.0))

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


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Triangles (m) as first corner, the two edges that leave it, and the products of these."""

    corner: FloatArray
    ab: FloatArray
    ac: FloatArray
    products: FloatArray

    @classmethod
    def of(cls, corners: FloatArray) -> _Edges:
        a = corners[:, 0]
        ab, ac = corners[:, 1] - a, corners[:, 2] - a
        return cls(a, ab, ac, np.stack([_dot(ab, ab), _dot(ab, ac), _dot(ac, ac)]))

    def nearest(self, points: FloatArray, triangles: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return for each pair (n) of point and triangle the place on it nearest to the point.

        Returns
        -------
        v, w : (n,) barycentric coordinates of the second and third corner
        squared : (n,) squared distance, mm²
        """
        ap = points - self.corner[triangles]
        d1, d2 = _dot(self.ab[triangles], ap), _dot(self.ac[triangles], ap)
        bb, bc, cc = self.products[:, triangles]
        total = bb * cc - bc * bc
        flat = total <= 1e-18
        vb, vc = d1 * cc - d2 * bc, d2 * bb - d1 * bc
        total = np.where(flat, 1.0, total)
        v, w = vb / total, vc / total
        # Most feet lie on an edge or at a corner: there the nearest of the three edges decides.
        outside = np.flatnonzero(flat | (vb < 0.0) | (vc < 0.0) | (v + w > 1.0))
        if len(outside):
            v[outside], w[outside] = _on_edges(*(held[outside] for held in (d1, d2, bb, bc, cc)))
        squared = _dot(ap, ap) - 2.0 * (v * d1 + w * d2) + v * v * bb + 2.0 * v * w * bc + w * w * cc
        return v, w, squared


def _on_edges(
    d1: FloatArray, d2: FloatArray, bb: FloatArray, bc: FloatArray, cc: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return barycentric coordinates (n,) of the nearest place on the three edges of triangles.

    Parameters
    ----------
    d1, d2 : (n,) products of the edges a-b and a-c with the way from a to the point
    bb, bc, cc : (n,) products of the two edges
    """
    on_ab = np.clip(d1 / np.maximum(bb, 1e-18), 0.0, 1.0)
    on_ac = np.clip(d2 / np.maximum(cc, 1e-18), 0.0, 1.0)
    on_bc = np.clip((bb - bc + d2 - d1) / np.maximum(bb + cc - 2.0 * bc, 1e-18), 0.0, 1.0)
    # Squared distances, less that of corner a.
    to_ab = on_ab * (on_ab * bb - 2.0 * d1)
    to_ac = on_ac * (on_ac * cc - 2.0 * d2)
    rest = 1.0 - on_bc
    to_bc = rest * (rest * bb - 2.0 * d1) + on_bc * (on_bc * cc - 2.0 * d2) + 2.0 * rest * on_bc * bc
    ab_first = (to_ab <= to_ac) & (to_ab <= to_bc)
    ac_first = ~ab_first & (to_ac <= to_bc)
    v = np.where(ab_first, on_ab, np.where(ac_first, 0.0, rest))
    w = np.where(ab_first, 0.0, np.where(ac_first, on_ac, on_bc))
    return v, w


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(one[:, 0] * other[:, 0] + one[:, 1] * other[:, 1] + one[:, 2] * other[:, 2])
