"""The levator ani of the family: one smooth sheet a side, known by formula at every point.

At rest the middle of the muscle is a funnel of half ellipses between the puborectalis ring and the origin on
the side wall. `u` runs from the front edge (0) to the posterior midline (1), `v` from the origin (0) to the
ring (1). A displaced sheet lies off the resting one by a stated field along the resting normal. The funnel is
convex outwards around the pelvis and bends inwards by a radius of about 80 mm from top to bottom, so that for
fields below that radius the nearest resting point of each displaced point is the one it came from: the field
IS the signed distance to the resting sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from gist_imaging.phantom.distances import Point
from gist_imaging.phantom.family_funnel import STEP, Funnel, outward_normals
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["LevatorPair", "LevatorSheet", "Parts"]

_DENSE = (240, 120)
_REACH_MM, _FAR_MM = 4.5, 25.0
_CELL_MM = 2.0
_MIDLINE_OVERLAP_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A sheet or a muscle cut into small parts, dense enough to integrate over.

    Parameters
    ----------
    u, v : (n,) where the parts lie on the sheet
    points : (n, 3) body frame
    weights : (n,) mm² of a sheet, mm³ of a muscle
    """

    u: FloatArray
    v: FloatArray
    points: FloatArray
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class LevatorSheet:
    """The levator ani of one side: the middle of the muscle, and its thickness.

    Parameters
    ----------
    funnel : the resting sheet
    sign : +1 for the patient's left, −1 for the right
    nodes_u, nodes_v : (a,), (b,) rising from 0 to 1: where the field is given
    field_mm : (a, b) how far the sheet lies off the resting one, + outwards and to the feet; between the
        nodes it is the bicubic spline through them
    thickness_mm : (a, b) of the muscle, at right angles to the sheet; between the nodes likewise
    """

    funnel: Funnel
    sign: float
    nodes_u: FloatArray = field(repr=False)
    nodes_v: FloatArray = field(repr=False)
    field_mm: FloatArray = field(repr=False)
    thickness_mm: FloatArray = field(repr=False)

    @cached_property
    def _field(self) -> RectBivariateSpline:
        return RectBivariateSpline(self.nodes_u, self.nodes_v, self.field_mm)

    @cached_property
    def _thickness(self) -> RectBivariateSpline:
        return RectBivariateSpline(self.nodes_u, self.nodes_v, self.thickness_mm)

    @property
    def is_resting(self) -> bool:
        """Whether the sheet lies on the resting one everywhere."""
        return not self.field_mm.any()

    def displacement_mm(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        """Return the signed distance (...) from the sheet to the resting one: exact."""
        return np.asarray(self._field.ev(*_numbers(u, v)))

    def thickness(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        """Return the thickness (...) of the muscle, mm."""
        return np.asarray(self._thickness.ev(*_numbers(u, v)))

    def points(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) of the middle of the muscle, body frame."""
        return self._left(u, v) * (self.sign, 1.0, 1.0)

    def normals(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        """Return the unit normals (..., 3) there, away from the pelvic cavity, body frame."""
        along = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
        return outward_normals(self._left, *along) * (self.sign, 1.0, 1.0)

    def face(self, u: npt.ArrayLike, v: npt.ArrayLike, share: float = -1.0) -> FloatArray:
        """Return points (..., 3) of a face: share −1 is the inner one (to the cavity), +1 the outer one."""
        half = self.thickness(u, v)[..., None] / 2.0
        return np.asarray(self.points(u, v) + share * half * self.normals(u, v))

    def parts(self, shape: tuple[int, int] = _DENSE, share: float = 0.0) -> Parts:
        """Return the sheet (share 0) or a face of the muscle in small quadrilaterals."""
        u, v = _corners(shape)
        corners = self.face(u, v, share) if share else self.points(u, v)
        first = corners[1:, 1:] - corners[:-1, :-1]
        second = corners[:-1, 1:] - corners[1:, :-1]
        area = np.linalg.norm(np.cross(first, second), axis=-1) / 2.0
        middle_u, middle_v = _middles(shape)
        where = self.face(middle_u, middle_v, share) if share else self.points(middle_u, middle_v)
        return Parts(middle_u.ravel(), middle_v.ravel(), where.reshape(-1, 3), area.ravel())

    def muscle_parts(self, shape: tuple[int, int, int] = (200, 100, 10)) -> Parts:
        """Return the muscle in small bricks."""
        u, v = _corners(shape[:2])
        shares = np.linspace(-1.0, 1.0, shape[2] + 1)
        levels = np.stack([self.face(u, v, float(share)) for share in shares], axis=2)
        middle = _mean_of_neighbours(_mean_of_neighbours(_mean_of_neighbours(levels, 0), 1), 2)
        edges = [
            _mean_of_neighbours(
                _mean_of_neighbours(np.diff(levels, axis=axis), (axis + 1) % 3), (axis + 2) % 3
            )
            for axis in range(3)
        ]
        volume = np.abs(np.einsum("...c,...c->...", np.cross(edges[0], edges[1]), edges[2]))
        middle_u, middle_v = (np.repeat(each.ravel(), shape[2]) for each in _middles(shape[:2]))
        return Parts(middle_u, middle_v, middle.reshape(-1, 3), volume.ravel())

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (...) in mm to the muscle, below 0 inside; beyond about 2 mm it is inf.

        Near the muscle it is within 0.02 mm of the truth: the nearest of about 29,000 points of the sheet
        gives plane and thickness. It reaches 1 mm past the midline, so that both sides join without a seam.
        """
        flat = points.reshape(-1, 3)
        off, past_edge, half = self._beside(flat, self._may_be_near(flat), _REACH_MM)
        return np.asarray(np.maximum(np.abs(off) - half, past_edge)).reshape(points.shape[:-1])

    def offset_mm(self, points: FloatArray) -> FloatArray:
        """Return how far points (n, 3) lie off the middle of the muscle, + away from the cavity.

        It is nan past the sheet's edge and beyond 25 mm, where there is no muscle to compare with.
        """
        off, past_edge, _ = self._beside(points, np.ones(len(points), dtype=np.bool_), _FAR_MM)
        return np.asarray(np.where(np.isfinite(off) & (past_edge <= 0.0), off, np.nan))

    @cached_property
    def _cloud(self) -> tuple[cKDTree, tuple[FloatArray, ...]]:
        u, v = np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in _DENSE), indexing="ij")
        points = self.points(u, v)
        past = []
        # Front edge, midline, origin, ring: which way leads off the sheet, and how far it may be followed.
        for along, at_edge, sign, slack in (
            ((STEP, 0.0), u == 0.0, -1.0, 0.0),
            ((STEP, 0.0), u == 1.0, 1.0, _MIDLINE_OVERLAP_MM),
            ((0.0, STEP), v == 0.0, -1.0, 0.0),
            ((0.0, STEP), v == 1.0, 1.0, 0.0),
        ):
            way = self.points(u + along[0], v + along[1]) - self.points(u - along[0], v - along[1])
            way *= sign / np.linalg.norm(way, axis=-1, keepdims=True)
            past.append(np.concatenate([way, np.full((*u.shape, 1), -slack)], axis=-1))
            past[-1][~at_edge] = (0.0, 0.0, 0.0, -np.inf)
        facts = (self.normals(u, v), self.thickness(u, v)[..., None] / 2.0, *past)
        return cKDTree(points.reshape(-1, 3)), tuple(fact.reshape(u.size, -1) for fact in facts)

    def _beside(
        self, points: FloatArray, asked: npt.NDArray[np.bool_], reach_mm: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the offset (n,) along the nearest normal, how far past the edge, and half the thickness.

        Points that are not asked for, or beyond the reach, are off by inf.
        """
        tree, (normals, halves, *edges) = self._cloud
        off, past_edge, half = (np.full(len(points), fill) for fill in (np.inf, -np.inf, 0.0))
        near = asked.copy()
        span, found = tree.query(points[near], distance_upper_bound=reach_mm)
        near[near] = np.isfinite(span)
        nearest = np.asarray(found)[np.isfinite(span)]
        apart = points[near] - np.asarray(tree.data)[nearest]
        off[near] = np.einsum("nc,nc->n", apart, normals[nearest])
        half[near] = halves[nearest, 0]
        for edge in edges:
            way = edge[nearest]
            beyond = np.einsum("nc,nc->n", apart, way[:, :3]) + way[:, 3]
            past_edge[near] = np.maximum(past_edge[near], beyond)
        return off, past_edge, half

    @cached_property
    def _cells(self) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Return the lower corner of a lattice of cells, and which may hold a point near the sheet."""
        points = np.asarray(self._cloud[0].data)
        low = points.min(axis=0) - 2.0 * _REACH_MM
        shape = np.ceil((points.max(axis=0) + 2.0 * _REACH_MM - low) / _CELL_MM).astype(int)
        free = np.ones(shape, dtype=np.bool_)
        free[tuple(((points - low) / _CELL_MM).astype(int).T)] = False
        # Two points are farther apart than their cells' centres by a cell's diagonal at most.
        reach = _REACH_MM + 2.0 * np.sqrt(3.0) * _CELL_MM
        return low, np.asarray(distance_transform_edt(free, _CELL_MM) <= reach)

    def _may_be_near(self, points: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which points (n,) are worth asking for within 4.5 mm."""
        low, near_cells = self._cells
        cells = np.floor((points - low) / _CELL_MM).astype(int)
        within = np.asarray(((cells >= 0) & (cells < near_cells.shape)).all(axis=1))
        within[within] = near_cells[tuple(cells[within].T)]
        return within

    def _left(self, u: npt.ArrayLike, v: npt.ArrayLike) -> FloatArray:
        resting = self.funnel.points(u, v)
        if self.is_resting:
            return resting
        return np.asarray(resting + self.displacement_mm(u, v)[..., None] * self.funnel.normals(u, v))


@dataclass(frozen=True, eq=False)
class LevatorPair:
    """Both sides of the levator ani, as `PelvisPhantom.levator` takes them.

    Parameters
    ----------
    left, right : the sheets
    """

    left: LevatorSheet
    right: LevatorSheet

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the signed distance (...) to the muscle of both sides, mm, body frame."""
        return np.asarray(np.minimum(self.left.distance(points), self.right.distance(points)))

    def cavity_distance(self, points: FloatArray) -> FloatArray:
        """Return the distance (mm, first order) to the space above the resting muscle."""
        return np.asarray(self.left.funnel.distance(points) + float(self.left.thickness_mm[0, 0]) / 2.0)

    @property
    def box(self) -> tuple[Point, Point]:
        """Centre and half size of a box around both sides, body frame."""
        corners = np.concatenate([sheet.parts((24, 16)).points for sheet in (self.left, self.right)])
        low, high = corners.min(axis=0) - 6.0, corners.max(axis=0) + 6.0
        x, y, z = ((low + high) / 2.0).tolist()
        a, b, c = ((high - low) / 2.0).tolist()
        return (x, y, z), (a, b, c)


def _numbers(u: npt.ArrayLike, v: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    return np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)


def _corners(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    u, v = np.meshgrid(*(np.linspace(0.0, 1.0, n + 1) for n in shape), indexing="ij")
    return u, v


def _middles(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    u, v = np.meshgrid(*((np.arange(n) + 0.5) / n for n in shape), indexing="ij")
    return u, v


def _mean_of_neighbours(values: FloatArray, axis: int) -> FloatArray:
    last = values.shape[axis] - 1
    return np.asarray((np.take(values, range(1, last + 1), axis) + np.take(values, range(last), axis)) / 2.0)
