"""How far points lie from the sheet of the levator ani, exactly, and which voxels belong to the muscle."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from gist_imaging.anatomy.surface import FloatArray, LevatorSurface
from gist_imaging.errors import GeometryError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["distance_to_sheet", "levator_mask", "levator_structure"]

_AT_ONCE = 20_000
_FIRST_TRIED = 6
# Short pieces keep the search for the nearest one short.
_LONGEST_EDGE_MM = 2.0
_MOST_PIECES = 20_000


def levator_structure(side: str) -> str:
    """Return the name of the structure.

    >>> levator_structure("L")
    'levator_ani_left'
    """
    return "levator_ani_left" if side == "L" else "levator_ani_right"


def levator_mask(surface: LevatorSurface, geometry: Geometry) -> Mask:
    """Return the voxels whose centres lie nearer to the sheet than half its thickness there (inclusive).

    At its edges the muscle ends with the sheet, rounded by half its thickness. Voxels thicker than the muscle
    may leave gaps: a mask of voxel centres is not a substitute for the sheet itself.

    Raises
    ------
    GeometryError
        If the sheet and the grid name different frames of reference.
    """
    named = surface.frame_uid and geometry.frame_uid
    if named and surface.frame_uid != geometry.frame_uid:
        raise GeometryError(
            "the sheet and the grid lie in one frame of reference",
            "they name different ones",
            "register the scans, and move the strokes first",
        )
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    half = float(surface.thickness_mm.max()) / 2.0
    index = geometry.to_index(surface.points_mm.reshape(-1, 3))
    margin = half / np.asarray(geometry.spacing_mm)
    low = np.maximum(np.ceil(index.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.floor(index.max(axis=0) + margin) + 1, geometry.shape).astype(int)
    if (low < high).all():
        box = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
        pieces = _Pieces.of(surface)
        near, _ = pieces.tree.query(geometry.to_patient(box), distance_upper_bound=half + pieces.reach_mm)
        box = box[np.isfinite(near)]
        distance, thickness = _nearest(pieces, geometry.to_patient(box))
        voxels[tuple(box[distance <= thickness / 2.0].T)] = True
    provenance = Provenance("levator_surface", {"side": surface.side, "error_mm": surface.error_mm})
    return Mask(voxels, geometry, structure=levator_structure(surface.side), provenance=provenance)


def distance_to_sheet(surface: LevatorSurface, points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distance to the middle of the muscle, and the muscle's thickness at the nearest place.

    Parameters
    ----------
    points_mm : (n, 3) LPS

    Returns
    -------
    distance_mm, thickness_mm : (n,) each
    """
    return _nearest(_Pieces.of(surface), points_mm)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The triangles of a sheet, long ones cut into short pieces of the same surface, and where they lie.

    Parameters
    ----------
    corners : (n, 3, 3) LPS mm
    thickness_mm : (n, 3) at the corners
    tree : of the centres
    reach_mm : from a centre to the farthest corner of its own piece, at most
    """

    corners: FloatArray
    thickness_mm: FloatArray
    tree: Any
    reach_mm: float

    @classmethod
    def of(cls, surface: LevatorSurface) -> _Pieces:
        from scipy.spatial import cKDTree

        mesh = surface.middle_mesh()
        waiting = np.concatenate([mesh.vertices_mm, surface.thickness_mm.reshape(-1, 1)], axis=1)[
            mesh.triangles
        ]
        done = []
        # A sheet far larger than a muscle is cut into longer pieces, not into more of them.
        longest = max(_LONGEST_EDGE_MM, 2.0 * float(np.sqrt(mesh.area_mm2 / _MOST_PIECES)))
        while len(waiting):
            edge = np.linalg.norm((np.roll(waiting, -1, axis=1) - waiting)[..., :3], axis=2)
            short = edge.max(axis=1) <= longest
            done.append(waiting[short])
            long, edge = waiting[~short], edge[~short]
            # The longest edge runs from corner 0 to corner 1 of the turned triangle.
            turn = (np.argmax(edge, axis=1)[:, None] + np.arange(3)) % 3
            long = np.take_along_axis(long, turn[..., None], axis=1)
            middle = (long[:, 0] + long[:, 1]) / 2.0
            waiting = np.concatenate(
                [
                    np.stack([long[:, 0], middle, long[:, 2]], axis=1),
                    np.stack([middle, long[:, 1], long[:, 2]], axis=1),
                ]
            )
        every = np.concatenate(done)
        corners = every[..., :3]
        centres = corners.mean(axis=1)
        reach = float(np.linalg.norm(corners - centres[:, None], axis=2).max())
        return cls(corners, every[..., 3], cKDTree(centres), reach)


def _nearest(pieces: _Pieces, points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distance of each point to the pieces, and the thickness at the nearest place."""
    distance, thickness = np.empty(len(points_mm)), np.empty(len(points_mm))
    for start in range(0, len(points_mm), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        distance[part], thickness[part] = _nearest_of_part(pieces, points_mm[part])
    return distance, thickness


def _nearest_of_part(pieces: _Pieces, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Do the same for a part of the points.

    A piece can be nearer than the best one known only if its centre is nearer than that distance and the
    reach of pieces together; all of those are tried, so the distance is exact.
    """
    _, near = pieces.tree.query(points, k=min(_FIRST_TRIED, len(pieces.corners)))
    near = np.asarray(near).reshape(len(points), -1)
    width = near.shape[1]
    owner = np.repeat(np.arange(len(points)), width)
    share, distance = _onto_triangles(points[owner], pieces.corners[near.ravel()])
    best = np.argmin(distance.reshape(-1, width), axis=1) + width * np.arange(len(points))
    thickness = (share[best] * pieces.thickness_mm[near.ravel()[best]]).sum(axis=1)
    distance = distance[best]
    found = pieces.tree.query_ball_point(points, distance + pieces.reach_mm + 1e-9)
    counts = np.fromiter(map(len, found), dtype=np.int64, count=len(points))
    owner = np.repeat(np.arange(len(points)), counts)
    tried = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=int(counts.sum()))
    share, later = _onto_triangles(points[owner], pieces.corners[tried])
    nearer = np.flatnonzero(later < distance[owner])
    # Written from far to near, so that the nearest of each point is written last.
    nearer = nearer[np.argsort(-later[nearer], kind="stable")]
    thickness[owner[nearer]] = (share[nearer] * pieces.thickness_mm[tried[nearer]]).sum(axis=1)
    distance[owner[nearer]] = later[nearer]
    return distance, thickness


def _onto_triangles(points: FloatArray, corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the shares of the corners (n, 3) at the nearest place of each triangle, and its distance."""
    a = corners[:, 0]
    ab, ac, ap = corners[:, 1] - a, corners[:, 2] - a, points - a
    d00, d01, d11 = (np.einsum("nc,nc->n", u, v) for u, v in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = np.einsum("nc,nc->n", ap, ab), np.einsum("nc,nc->n", ap, ac)
    determinant = d00 * d11 - d01 * d01
    flat = determinant <= 1e-12 * np.maximum(d00 * d11, 1e-12)
    safe = np.where(flat, 1.0, determinant)
    v, w = (d11 * d20 - d01 * d21) / safe, (d00 * d21 - d01 * d20) / safe
    inside = ~flat & (v >= 0.0) & (w >= 0.0) & (v + w <= 1.0)
    # Outside of the triangle's prism the nearest place is on one of its three edges.
    on_ab = np.clip(d20 / np.maximum(d00, 1e-12), 0.0, 1.0)
    on_ac = np.clip(d21 / np.maximum(d11, 1e-12), 0.0, 1.0)
    d_bc = d11 - 2.0 * d01 + d00
    on_bc = np.clip((d21 - d20 + d00 - d01) / np.maximum(d_bc, 1e-12), 0.0, 1.0)
    zero = np.zeros_like(v)
    tried_v = np.stack([v, on_ab, zero, 1.0 - on_bc])
    tried_w = np.stack([w, zero, on_ac, on_bc])
    # |p − a − v ab − w ac|², written out
    square = (
        np.einsum("nc,nc->n", ap, ap)
        - 2.0 * (tried_v * d20 + tried_w * d21)
        + tried_v**2 * d00
        + 2.0 * tried_v * tried_w * d01
        + tried_w**2 * d11
    )
    square[0, ~inside] = np.inf
    choice = np.argmin(square, axis=0)
    each = np.arange(len(v))
    v, w = tried_v[choice, each], tried_w[choice, each]
    return np.stack([1.0 - v - w, v, w], axis=1), np.sqrt(np.maximum(square[choice, each], 0.0))
