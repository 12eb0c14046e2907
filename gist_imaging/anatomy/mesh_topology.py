"""Areas, normals and edges of a triangle mesh."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.surface import FloatArray, TriangleMesh

__all__ = [
    "MeshShape",
    "area_vectors_mm2",
    "enclosed_volume_mm3",
    "face_normals",
    "is_closed",
    "part_of",
    "refined",
    "triangle_areas_mm2",
    "vertex_normals",
]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MeshShape:
    """Normals of a mesh's triangles, edges and vertices, for telling inside from outside.

    Normals of edges and vertices are sums over the triangles that meet there, weighted by angle at a
    vertex: with these the sign of a distance is right everywhere (Bærentzen and Aanæs, IEEE Trans Vis Comput
    Graph 2005;11:243).

    Parameters
    ----------
    face_normals : (m, 3) unit; zeros for a triangle without area
    edge_normals : (m, 3, 3) of the edges opposite to the triangle's corners 0, 1 and 2; not unit
    vertex_normals : (n, 3) unit
    border_edges : (m, 3) whether only one triangle has the edge opposite to that corner
    """

    face_normals: FloatArray = field(repr=False)
    edge_normals: FloatArray = field(repr=False)
    vertex_normals: FloatArray = field(repr=False)
    border_edges: BoolArray = field(repr=False)

    @classmethod
    def of(cls, mesh: TriangleMesh) -> MeshShape:
        """Return the normals of a mesh."""
        normals = face_normals(mesh)
        number, count = _edge_numbers(mesh)
        edge = _sum_at(number.ravel(), np.repeat(normals, 3, axis=0), len(count))
        return cls(normals, edge[number], vertex_normals(mesh), count[number] == 1)

    @property
    def border_vertices(self) -> BoolArray:
        """(m, 3) whether the corner lies on a border edge of its own triangle."""
        border = self.border_edges
        return np.asarray(np.roll(border, 1, axis=1) | np.roll(border, -1, axis=1))


def vertex_normals(mesh: TriangleMesh) -> FloatArray:
    """Return (n, 3) unit normals of the vertices: the triangles' normals weighted by their angles there."""
    corners = mesh.vertices_mm[mesh.triangles]
    normals = _unit(area_vectors_mm2(mesh))
    along = _unit(np.roll(corners, -1, axis=1) - corners)
    cosine = -np.einsum("mcx,mcx->mc", along, np.roll(along, 1, axis=1))
    angles = np.arccos(np.clip(cosine, -1.0, 1.0))
    weighted = (angles[..., None] * normals[:, None]).reshape(-1, 3)
    return _unit(_sum_at(mesh.triangles.ravel(), weighted, len(mesh.vertices_mm)))


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def _sum_at(numbers: IntArray, vectors: FloatArray, count: int) -> FloatArray:
    return np.stack([np.bincount(numbers, vectors[:, axis], count) for axis in range(3)], axis=-1)


def _edge_numbers(mesh: TriangleMesh) -> tuple[IntArray, IntArray]:
    """Return (m, 3) the number of the edge opposite to each corner, and (edges,) its count of triangles."""
    ends = np.stack([np.roll(mesh.triangles, -1, axis=1), np.roll(mesh.triangles, -2, axis=1)], axis=-1)
    ends = np.sort(ends, axis=-1)
    keys = ends[..., 0] * len(mesh.vertices_mm) + ends[..., 1]
    _, number, count = np.unique(keys, return_inverse=True, return_counts=True)
    return number.reshape(keys.shape), count


def is_closed(mesh: TriangleMesh) -> bool:
    """Return whether every edge belongs to exactly two triangles, so that there is an inside."""
    return bool(len(mesh.triangles)) and bool((_edge_numbers(mesh)[1] == 2).all())


def area_vectors_mm2(mesh: TriangleMesh) -> FloatArray:
    """Return (m, 3) for each triangle the vector along its normal that is as long as its area."""
    a, b, c = np.moveaxis(mesh.vertices_mm[mesh.triangles], 1, 0)
    return np.asarray(np.cross(b - a, c - a) / 2.0)


def face_normals(mesh: TriangleMesh) -> FloatArray:
    """Return (m, 3) the unit normal of each triangle; zeros for one without area."""
    return _unit(area_vectors_mm2(mesh))


def triangle_areas_mm2(mesh: TriangleMesh) -> FloatArray:
    """Return (m,) the area of each triangle."""
    return np.asarray(np.linalg.norm(area_vectors_mm2(mesh), axis=1))


def enclosed_volume_mm3(mesh: TriangleMesh) -> float:
    """Return the volume inside a closed mesh; below 0 when its triangles are clockwise from outside."""
    if not len(mesh.triangles):
        return 0.0
    corners = mesh.vertices_mm[mesh.triangles] - mesh.vertices_mm[mesh.triangles[0, 0]]
    return float(np.einsum("mx,mx->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6.0)


def part_of(mesh: TriangleMesh, chosen: BoolArray) -> TriangleMesh:
    """Return the mesh of the chosen (m,) triangles alone."""
    kept, triangles = np.unique(mesh.triangles[chosen], return_inverse=True)
    return TriangleMesh(mesh.vertices_mm[kept], triangles.reshape(-1, 3), mesh.frame_uid)


def refined(mesh: TriangleMesh, at_most_mm: float, chosen: BoolArray | None = None) -> TriangleMesh:
    """Return the same surface in smaller triangles: the chosen ones have no edge longer than `at_most_mm`.

    Edges are halved, so triangles that share an edge still share its halves; beside triangles that were not
    chosen a vertex may come to lie on their edge.

    Parameters
    ----------
    mesh : any mesh
    at_most_mm : longest edge, inclusive
    chosen : (m,) which triangles to make smaller; None for all
    """
    vertices, triangles = mesh.vertices_mm, mesh.triangles
    active = np.ones(len(triangles), dtype=np.bool_) if chosen is None else chosen
    done: list[IntArray] = [triangles[~active]]
    triangles = triangles[active]
    while len(triangles):
        ends = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1)
        lengths = np.linalg.norm(vertices[ends[..., 0]] - vertices[ends[..., 1]], axis=-1)
        split = lengths > at_most_mm
        whole = ~split.any(axis=1)
        done.append(triangles[whole])
        triangles, ends, split = triangles[~whole], np.sort(ends[~whole], axis=-1), split[~whole]
        if not len(triangles):
            break
        keys = ends[..., 0] * len(vertices) + ends[..., 1]
        unique, number = np.unique(keys[split], return_inverse=True)
        middle = np.full(keys.shape, -1)
        middle[split] = len(vertices) + number
        halves = (vertices[unique // len(vertices)] + vertices[unique % len(vertices)]) / 2.0
        vertices = np.concatenate([vertices, halves])
        triangles = _split(triangles, middle)
    return TriangleMesh(vertices, np.concatenate(done), mesh.frame_uid)


def _split(triangles: IntArray, middle: IntArray) -> IntArray:
    """Return smaller triangles; `middle` (m, 3) is the new vertex on the edge after each corner, or -1."""
    pieces = []
    has = middle >= 0
    count = has.sum(axis=1)
    # Turned so that with one split edge it comes first, and with one whole edge that comes last.
    first = np.where(count == 2, (np.argmin(has, axis=1) + 1) % 3, np.argmax(has, axis=1))
    order = (first[:, None] + np.arange(3)) % 3
    (a, b, c), (ab, bc, ca) = (
        np.moveaxis(np.take_along_axis(held, order, axis=1), 1, 0) for held in (triangles, middle)
    )
    for number, corners in (
        (1, ((a, ab, c), (ab, b, c))),
        (2, ((ab, b, bc), (a, ab, bc), (a, bc, c))),
        (3, ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))),
    ):
        pieces += [np.stack(piece, axis=-1)[count == number] for piece in corners]
    return np.concatenate(pieces)
