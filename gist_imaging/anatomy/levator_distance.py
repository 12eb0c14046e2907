"""How far points lie from the sheet of the levator ani, exactly, and which voxels belong to the muscle."""

from __future__ import annotations

import numpy as np

from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, TriangleMesh
from gist_imaging.errors import GeometryError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["distance_to_sheet", "levator_mask", "levator_structure"]

_AT_ONCE = 20_000


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
        near = _near_enough(surface, geometry.to_patient(box), half)
        box = box[near]
        distance, thickness = distance_to_sheet(surface, geometry.to_patient(box))
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
    mesh = surface.middle_mesh()
    thickness = surface.thickness_mm.ravel()
    distances, thicknesses = np.empty(len(points_mm)), np.empty(len(points_mm))
    for start in range(0, len(points_mm), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        triangle, share, distances[part] = _nearest_on(mesh, points_mm[part])
        thicknesses[part] = (thickness[mesh.triangles[triangle]] * share).sum(axis=1)
    return distances, thicknesses


def _near_enough(surface: LevatorSurface, points_mm: FloatArray, within_mm: float) -> FloatArray:
    """Return which points can lie within a distance of the sheet, by its vertices alone; never too few."""
    from scipy.spatial import cKDTree

    mesh = surface.middle_mesh()
    corners = mesh.vertices_mm[mesh.triangles]
    longest = float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max())
    reach = within_mm + longest
    distance, _ = cKDTree(mesh.vertices_mm).query(points_mm, distance_upper_bound=reach)
    return np.isfinite(distance)


def _nearest_on(mesh: TriangleMesh, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return for each point the nearest triangle, the shares of its corners (n, 3), and the distance.

    A triangle can be nearer than the best one known only if its centre is nearer than that distance and the
    triangle's own reach together; all of those are tried, so the distance is exact.
    """
    from scipy.spatial import cKDTree

    corners = mesh.vertices_mm[mesh.triangles]
    centres = corners.mean(axis=1)
    reach = float(np.linalg.norm(corners - centres[:, None], axis=2).max())
    tree = cKDTree(centres)
    _, guess = tree.query(points)
    _, bound = _onto_triangles(points, corners[guess])
    near = tree.query_ball_point(points, bound + reach + 1e-9)
    counts = np.array([len(found) for found in near])
    owner = np.repeat(np.arange(len(points)), counts)
    tried = np.concatenate([np.asarray(found, dtype=np.int64) for found in near])
    share, distance = _onto_triangles(points[owner], corners[tried])
    order = np.lexsort((distance, owner))
    best = order[np.concatenate([[0], np.cumsum(counts)[:-1]])]
    return tried[best], share[best], distance[best]


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
