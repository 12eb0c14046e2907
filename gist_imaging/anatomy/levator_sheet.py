"""A smooth sheet through strokes: least squares against bending, on the part that the strokes span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gist_imaging.anatomy.levator_chart import LevatorChart
from gist_imaging.anatomy.surface import FloatArray
from gist_imaging.errors import PromptError

__all__ = ["Domain", "Sheet", "domain_of", "fit_sheet", "grid_on"]

# Waves along a stroke that are shorter than this are more noise than muscle: at this length half of the
# height is kept, at 60 mm (a bulge of a tumour) 99.8 %, at 5 mm (the hand's tremor) 3 %. On the phantom
# family the error hardly depends on it (0.22 to 0.25 mm from 10 to 20 mm), a length chosen for each sheet by
# cross-validation comes no nearer, and of these lengths the shorter ones flatten a dent less.
HALF_KEPT_AT_MM = 12.0

_KNOTS_EVERY_MM = 6.0
_GRID_EVERY_MM = 1.5
_SHORTEST_ROW_MM = 3.0
# The line that the sheet is seen from lies 60 mm from its middle. No muscle comes as near to it as the first
# or goes as far away as the second: such a sheet folds between strokes that do not belong together.
_HEIGHTS_MM = (5.0, 250.0)
# Neighbouring strokes at a distance d are joined by triangles whose circumscribed circle has a radius of
# about d / 2; up to this share of d they are kept, so that slanted neighbours are joined too.
_JOIN_WITHIN = 0.8
# Strokes within 45 degrees of one direction run beside each other; the muscle's edge joins their ends.
_BESIDE_COSINE = 0.7


@dataclass(frozen=True, slots=True)
class Sheet:
    """The height `r` of the muscle over the chart, as a spline."""

    chart: LevatorChart
    knots: tuple[FloatArray, FloatArray] = field(repr=False)
    heights: FloatArray = field(repr=False)

    def height(self, a: FloatArray, t: FloatArray, by_a: int = 0, by_t: int = 0) -> FloatArray:
        """Return `r` (n,) or one of its derivatives at (n,) places."""
        along, down = (
            _basis(knots, at, order)
            for knots, at, order in zip(self.knots, (a, t), (by_a, by_t), strict=True)
        )
        return np.asarray(np.einsum("na,at,nt->n", along, self.heights, down, optimize=True))

    def steepness(self, a: FloatArray, t: FloatArray) -> FloatArray:
        """Return by how much a step along `r` is longer than the distance from the sheet."""
        return self.chart.steepness(self.height(a, t), self.height(a, t, 1, 0), self.height(a, t, 0, 1))


@dataclass(frozen=True, slots=True)
class Domain:
    """The part of the chart that strokes span: for each row, from where to where.

    Parameters
    ----------
    a : (rows,) rising
    first, last : (rows,) t at the muscle's origin and at its insertion
    """

    a: FloatArray
    first: FloatArray
    last: FloatArray

    def holds(self, a: FloatArray, t: FloatArray, within_mm: float = 0.5) -> FloatArray:
        """Return which places (n,) lie in it, or nearer to it than `within_mm`."""
        inside = (a >= self.a[0] - within_mm) & (a <= self.a[-1] + within_mm)
        first, last = np.interp(a, self.a, self.first), np.interp(a, self.a, self.last)
        return np.asarray(inside & (t >= first - within_mm) & (t <= last + within_mm))


def domain_of(strokes: Sequence[FloatArray]) -> Domain:
    """Return what strokes span: the union of the triangles between neighbours, nothing outside of it.

    Parameters
    ----------
    strokes : (n, 2) each; `a` and `t` of evenly sampled points

    Raises
    ------
    PromptError
        If the strokes span no sheet.
    """
    from scipy.spatial import Delaunay, QhullError

    points = np.concatenate(strokes)
    reach = _JOIN_WITHIN * max(_widest_gap(strokes), 2.0 * _GRID_EVERY_MM)
    try:
        triangles = Delaunay(points).simplices
    except QhullError as error:
        raise _no_sheet("all points lie on one line") from error
    corners = points[triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    edges = corners[:, 1:] - corners[:, :1]
    double_area = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    kept = sides.prod(axis=1) <= reach * 2.0 * np.maximum(double_area, 1e-9)
    if not kept.any():
        raise _no_sheet("all points lie on one line")
    joins = _end_joins(strokes)
    start = np.concatenate([corners[kept].reshape(-1, 2), joins[:, 0]])
    end = np.concatenate([np.roll(corners[kept], 1, axis=1).reshape(-1, 2), joins[:, 1]])
    low, high = float(start[:, 0].min()), float(start[:, 0].max())
    margin = 1e-3 * (high - low)
    rows = _steps(high - low)
    a = np.linspace(low + margin, high - margin, rows)
    first, last = _rows_of(a, start, end)
    long_enough = np.flatnonzero(last - first >= _SHORTEST_ROW_MM)
    if len(long_enough) < 2:
        raise _no_sheet(f"they span {high - low:.1f} mm from front to back")
    used = slice(int(long_enough[0]), int(long_enough[-1]) + 1)
    # A waist narrower than the shortest row is kept that wide, so that the grid does not fold.
    middle, half = (first + last) / 2.0, np.maximum(last - first, _SHORTEST_ROW_MM) / 2.0
    return Domain(a[used], (middle - half)[used], (middle + half)[used])


def _steps(length_mm: float) -> int:
    """Return how many points a length gets; rounding of its last digits does not change them."""
    return max(3, int(np.ceil(length_mm / _GRID_EVERY_MM - 1e-6)) + 1)


def _no_sheet(found: str) -> PromptError:
    return PromptError(
        "strokes span a sheet: two or more lines beside each other",
        found,
        "draw the muscle on slices farther apart",
    )


def _rows_of(a: FloatArray, start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest t (rows,) at which edges cross each row; equal where none does."""
    run = end[:, 0] - start[:, 0]
    steep = np.abs(run) > 1e-12
    share = (a[:, None] - start[steep, 0]) / run[steep]
    t = start[steep, 1] + share * (end[steep, 1] - start[steep, 1])
    crosses = (share >= 0.0) & (share <= 1.0)
    low = np.where(crosses, t, np.inf).min(axis=1)
    high = np.where(crosses, t, -np.inf).max(axis=1)
    missed = ~crosses.any(axis=1)
    if missed.any():
        seen = ~missed
        if not seen.any():
            return np.zeros(len(a)), np.zeros(len(a))
        middle = np.interp(a, a[seen], (low[seen] + high[seen]) / 2.0)
        low, high = np.where(missed, middle, low), np.where(missed, middle, high)
    return np.asarray(low), np.asarray(high)


def _end_joins(strokes: Sequence[FloatArray]) -> FloatArray:
    """Return the straight lines (n, 2, 2) between the ends of neighbours that run beside each other."""
    joins = [np.empty((0, 2, 2))]
    for one, other in zip(*_bridges(strokes).nonzero(), strict=True):
        first, second = strokes[one][[0, -1]], strokes[other][[0, -1]]
        along, beside = first[1] - first[0], second[1] - second[0]
        turn = float(along @ beside) / max(float(np.linalg.norm(along) * np.linalg.norm(beside)), 1e-9)
        if abs(turn) >= _BESIDE_COSINE:
            joins.append(np.stack([first, second if turn > 0.0 else second[::-1]], axis=1))
    return np.concatenate(joins)


def _widest_gap(strokes: Sequence[FloatArray]) -> float:
    """Return the widest gap (mm, chart) that has to be bridged so that all strokes hang together."""
    return float(_bridges(strokes).max())


def _usual_gap(strokes: Sequence[FloatArray]) -> float:
    """Return the mean gap (mm, chart) between neighbouring strokes, at least 1 mm."""
    if len(strokes) < 2:
        return 1.0
    return max(float(np.mean(_bridges(strokes).data)), 1.0)


def _bridges(strokes: Sequence[FloatArray]) -> Any:
    """Return the gaps (sparse, strokes × strokes) of the shortest tree of bridges between strokes."""
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial import cKDTree

    trees = [cKDTree(points) for points in strokes]
    gaps = np.zeros((len(strokes), len(strokes)))
    for one in range(len(strokes)):
        for other in range(one):
            near = float(np.max(trees[other].query(strokes[one])[0]))
            back = float(np.max(trees[one].query(strokes[other])[0]))
            # A short stroke beside a long one is as far away as its own farthest point.
            gaps[one, other] = max(min(near, back), 1e-3)
    return minimum_spanning_tree(gaps)


def fit_sheet(
    chart: LevatorChart,
    strokes: Sequence[FloatArray],
    knots: tuple[FloatArray, FloatArray] | None = None,
) -> Sheet:
    """Return the sheet that fits strokes best in least squares, against its bending.

    Parameters
    ----------
    chart : the coordinates
    strokes : (n, 3) each: `a`, `t` and `r` of points sampled evenly in the patient
    knots : those of an earlier sheet to use again
    """
    points = np.concatenate(strokes)
    if knots is None:
        knots = (_knots_over(points[:, 0]), _knots_over(points[:, 1]))
    n_along, n_down = len(knots[0]) - 4, len(knots[1]) - 4
    flat = float(points[:, 2].mean())
    design = np.einsum("na,nt->nat", _basis(knots[0], points[:, 0]), _basis(knots[1], points[:, 1]))
    design = design.reshape(len(points), -1)
    # A wave of length w is halved where stiffness × (2π / w)⁴ equals the length of stroke on a unit of area.
    density = 1.0 / _usual_gap([points[:, :2] for points in strokes])
    stiffness = density * (HALF_KEPT_AT_MM / (2.0 * np.pi)) ** 4
    against = stiffness * _bending(knots) + 1e-8 * np.eye(n_along * n_down)
    sheet = Sheet(chart, knots, np.full((n_along, n_down), flat))
    for _ in range(2):
        # Height is measured along the line of sight; where the sheet is slanted, distance is less.
        balanced = 1.0 / sheet.steepness(points[:, 0], points[:, 1]) ** 2
        left = design.T @ (design * balanced[:, None]) + against
        right = design.T @ (balanced * (points[:, 2] - flat))
        heights = flat + np.linalg.solve(left, right)
        sheet = Sheet(chart, knots, heights.reshape(n_along, n_down))
    return sheet


def grid_on(sheet: Sheet, domain: Domain) -> FloatArray:
    """Return the sheet over its domain as a grid of points (rows, columns, 3), LPS mm.

    Raises
    ------
    PromptError
        If the sheet folds over itself, so that it cannot be a muscle.
    """
    columns = _steps(float(np.max(domain.last - domain.first)))
    share = np.linspace(0.0, 1.0, columns)
    t = domain.first[:, None] + share * (domain.last - domain.first)[:, None]
    a = np.broadcast_to(domain.a[:, None], t.shape)
    r = sheet.height(a.ravel(), t.ravel()).reshape(t.shape)
    if not (_HEIGHTS_MM[0] < r.min() and r.max() < _HEIGHTS_MM[1]):
        raise PromptError(
            "strokes follow one sheet of muscle",
            "the sheet through these folds over itself",
            "look for a stroke that lies far from the muscle, or on another patient's scan",
        )
    return sheet.chart.to_patient(a, t, r)


def _knots_over(values: FloatArray) -> FloatArray:
    low, high = float(values.min()) - 1.0, float(values.max()) + 1.0
    spans = max(2, int(np.ceil((high - low) / _KNOTS_EVERY_MM)))
    step = (high - low) / spans
    return low + step * np.arange(-3, spans + 4, dtype=np.float64)


def _basis(knots: FloatArray, at: FloatArray, order: int = 0) -> FloatArray:
    """Return the cubic basis functions (n, functions), or a derivative of them."""
    from scipy.interpolate import BSpline

    return np.asarray(BSpline(knots, np.eye(len(knots) - 4), 3)(at, nu=order))


def _bending(knots: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the matrix of the bending energy, the integral of r_aa² + 2 r_at² + r_tt²."""
    along, down = (_products(axis) for axis in knots)
    return np.asarray(
        np.kron(along[2], down[0]) + 2.0 * np.kron(along[1], down[1]) + np.kron(along[0], down[2])
    )


def _products(knots: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the integrals of products of basis functions, of their slopes and of their curvatures."""
    nodes, shares = np.polynomial.legendre.leggauss(4)
    inner = knots[3:-3]
    half = np.diff(inner)[:, None] / 2.0
    at = (inner[:-1, None] + half + half * nodes).ravel()
    weight = (half * shares).ravel()
    zero, one, two = (
        values.T @ (values * weight[:, None]) for values in (_basis(knots, at, order) for order in range(3))
    )
    return np.asarray(zero), np.asarray(one), np.asarray(two)
