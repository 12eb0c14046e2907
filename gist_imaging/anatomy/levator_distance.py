"""How far points lie from the sheet of the levator ani, exactly, and which voxels belong to the muscle."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from gist_imaging.anatomy.mesh_distance import MeshDistance
from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, TriangleMesh
from gist_imaging.errors import GeometryError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["distance_to_sheet", "levator_mask", "levator_structure"]

_AT_ONCE = 20_000
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
        distance, thickness = _nearest(surface, geometry.to_patient(box), half)
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
    return _nearest(surface, points_mm, np.inf)


def _nearest(
    surface: LevatorSurface, points_mm: FloatArray, within_mm: float
) -> tuple[FloatArray, FloatArray]:
    """Return the distances up to a limit, infinite beyond it, and the thickness at the nearest places."""
    corners, thickness_mm = _short_pieces(surface)
    # Every piece has corners of its own: their order, and so the sign of a distance, does not count here.
    search = MeshDistance(TriangleMesh(corners.reshape(-1, 3), np.arange(corners.size // 3).reshape(-1, 3)))
    distance, thickness = np.full(len(points_mm), np.inf), np.zeros(len(points_mm))
    reach = within_mm + search.reach_mm
    away, _ = cKDTree(corners.mean(axis=1)).query(points_mm, distance_upper_bound=reach)
    near = np.flatnonzero(np.isfinite(away))
    for start in range(0, len(near), _AT_ONCE):
        part = near[start : start + _AT_ONCE]
        feet = search.feet(points_mm[part])
        distance[part] = np.abs(feet.signed_mm)
        thickness[part] = np.einsum("nc,nc->n", feet.weights, thickness_mm[feet.triangles])
    return distance, thickness


def _short_pieces(surface: LevatorSurface) -> tuple[FloatArray, FloatArray]:
    """Return the triangles of the sheet, long ones cut into short pieces of the same surface.

    Returns
    -------
    corners (n, 3, 3) LPS mm, and thickness (n, 3) there
    """
    mesh = surface.middle_mesh()
    waiting = np.concatenate([mesh.vertices_mm, surface.thickness_mm.reshape(-1, 1)], axis=1)[mesh.triangles]
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
    return every[..., :3], every[..., 3]
