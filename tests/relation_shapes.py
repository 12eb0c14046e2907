"""Exact surfaces, and voxel masks of them on turned and uneven grids, with the answers of a formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.mesh_topology import refined
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh
from gist_imaging.spatial import Geometry, Mask

BODY_LANDMARKS = {
    "inferior_pubic_point": (0.0, -50.0, 0.0),
    "last_coccygeal_joint": (0.0, 50.0, 0.0),
    "sacral_promontory": (0.0, 40.0, 100.0),
    "anorectal_junction": (0.0, 0.0, -5.0),
    "anal_verge": (0.0, 5.0, -60.0),
}
"""A pelvis whose frame is LPS itself, with P 50 mm in front."""

CAP_RADIUS_MM, CAP_DEPTH_MM, CAP_X_MM = 30.0, 8.0, 45.0
THICKNESS_MM = 4.0


class Lie:
    """How a body lies in the scanner: turned and shifted."""

    def __init__(
        self, turn: tuple[float, float, float] = (0, 0, 0), shift: tuple[float, float, float] = (0, 0, 0)
    ):
        self.rotation, self.shift = Rotation.from_rotvec(turn), np.array(shift)

    def to_patient(self, body: FloatArray) -> FloatArray:
        flat = np.array(body, dtype=float).reshape(-1, 3)
        return (self.rotation.apply(flat) + self.shift).reshape(np.shape(body))

    def to_body(self, points: FloatArray) -> FloatArray:
        return self.rotation.inv().apply(np.array(points - self.shift).reshape(-1, 3)).reshape(points.shape)

    def mesh(self, body: TriangleMesh) -> TriangleMesh:
        return TriangleMesh(self.to_patient(body.vertices_mm), body.triangles)

    def landmarks(self) -> Landmarks:
        placed = {name: tuple(self.to_patient(np.array(at)).tolist()) for name, at in BODY_LANDMARKS.items()}
        return Landmarks.of(placed)


LYING_ANEW = Lie((0.1, -0.12, 0.08), (13.7, -150.3, 412.9))


def ball(radius: float, centre: tuple[float, float, float] = (0, 0, 0), edge_mm: float = 1.0) -> TriangleMesh:
    """A ball whose vertices lie on the sphere."""
    octant = np.vstack([np.eye(3), -np.eye(3)])
    faces = [(0, 1, 2), (1, 3, 2), (3, 4, 2), (4, 0, 2), (1, 0, 5), (3, 1, 5), (4, 3, 5), (0, 4, 5)]
    mesh = TriangleMesh(octant, np.array(faces))
    longest = 1.0
    while longest * radius > edge_mm:
        longest /= 1.6
        mesh = refined(mesh, longest)
        unit = mesh.vertices_mm / np.linalg.norm(mesh.vertices_mm, axis=1, keepdims=True)
        mesh = TriangleMesh(unit, mesh.triangles)
    return TriangleMesh(mesh.vertices_mm * radius + centre, mesh.triangles)


def sheet(
    x: tuple[float, float], y: tuple[float, float], height: Callable[..., FloatArray], count: int = 2
) -> TriangleMesh:
    """The sheet z = height(x, y) over a rectangle."""
    u, v = np.meshgrid(np.linspace(*x, count), np.linspace(*y, count), indexing="ij")
    points = np.stack([u, v, height(u, v)], axis=-1).reshape(-1, 3)
    number = np.arange(count * count).reshape(count, count)
    a, b, c, d = (
        part.ravel() for part in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:])
    )
    return TriangleMesh(points, np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]))


def flat(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)))


def dented(x: FloatArray, y: FloatArray) -> FloatArray:
    """A plane pushed down by a ball: a cap of radius 30 and depth 8 mm."""
    squared = (x - CAP_X_MM) ** 2 + y**2
    rim = CAP_RADIUS_MM - CAP_DEPTH_MM
    down = np.sqrt(np.maximum(CAP_RADIUS_MM**2 - squared, rim**2)) - rim
    return -down


CAP_TUMOUR = (CAP_X_MM, 0.0, CAP_RADIUS_MM - CAP_DEPTH_MM)


def grid_over(
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    seed: int,
    spacing_mm: tuple[float, float, float] = (3.3, 0.6, 0.6),
    turn: tuple[float, float, float] = (0.35, -0.3, 0.5),
    flipped: bool = False,
) -> Geometry:
    """A turned, uneven grid over a box (LPS), off-centre by a part of a voxel that the seed tells."""
    axes = Rotation.from_rotvec(turn).as_matrix()[:, ::-1] * (1.0, 1.0, -1.0 if flipped else 1.0)
    corners = np.array([[(low, high)[b][a] for a, b in enumerate(bits)] for bits in np.ndindex(2, 2, 2)])
    along = corners @ axes
    first = along.min(axis=0) - np.array(spacing_mm) * np.random.default_rng(seed).uniform(0, 1, 3)
    shape = np.ceil((along.max(axis=0) - first) / spacing_mm).astype(int) + 1
    return Geometry.from_spacing(tuple(shape.tolist()), spacing_mm, tuple((axes @ first).tolist()), axes)


def sampled(grid: Geometry, distance: Callable[[FloatArray], FloatArray], structure: str = "tumour") -> Mask:
    """The voxels whose centres lie where the distance is at most 0."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    return Mask(distance(grid.to_patient(index)) <= 0.0, grid, structure)


def around(points: FloatArray, seed: int, margin: float = 5.0, **grid: object) -> Geometry:
    """A grid over all of these points (n, 3) LPS."""
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    return grid_over(tuple(low.tolist()), tuple(high.tolist()), seed, **grid)  # type: ignore[arg-type]


def ball_mask(lie: Lie, radius: float, centre: tuple[float, float, float], seed: int, **grid: object) -> Mask:
    middle = lie.to_patient(np.array(centre))
    box = np.stack([middle - radius, middle + radius])
    return sampled(around(box, seed, **grid), lambda p: np.linalg.norm(p - middle, axis=-1) - radius)


def slab_mask(
    lie: Lie,
    x: tuple[float, float],
    y: tuple[float, float],
    height: Callable[..., FloatArray],
    seed: int,
    **grid: object,
) -> Mask:
    """A muscle of 4 mm below the sheet z = height(x, y)."""
    corners = np.array([(a, b, c) for a in x for b in y for c in (-CAP_DEPTH_MM - THICKNESS_MM, 0.0)])

    def distance(points: FloatArray) -> FloatArray:
        body = lie.to_body(points)
        top = height(body[..., 0], body[..., 1])
        beside = np.maximum(
            np.abs(body[..., 0] - sum(x) / 2) - (x[1] - x[0]) / 2,
            np.abs(body[..., 1] - sum(y) / 2) - (y[1] - y[0]) / 2,
        )
        return np.maximum(np.maximum(body[..., 2] - top, top - THICKNESS_MM - body[..., 2]), beside)

    return sampled(around(lie.to_patient(corners), seed, **grid), distance, "levator_ani")
