"""How the family's tumour and levator ani come to lie: distances to the tumour, the muscle draped over it.

All of it happens on the patient's left; a tumour on the right is the mirror image of the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
from scipy.optimize import brentq
from scipy.spatial import cKDTree

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.family_funnel import Funnel
from gist_imaging.phantom.family_sheet import LevatorSheet
from gist_imaging.phantom.family_tumour import LobedTumour, surface_of
from gist_imaging.spatial.geometry import FloatArray

__all__ = [
    "CONTACT_MM",
    "draped",
    "gap_mm",
    "pushed_to",
    "resting_sheet",
    "slid_to_gap",
    "tumour_distance",
    "weighted_percentile",
]

CONTACT_MM = 1.0
"""The levator's inner face within this distance of the tumour is in contact (the rulings' tau, inclusive)."""
_NODES = (49, 29)
_CREASE_MM = 6.0
_STEEPEST = 0.9
_START_MM = 40.0
_TRACE_STEPS = 60
_ANCHOR_MM = 5.0
_COARSE, _FINE = (72, 44), (160, 90)
_NEAR_MM = 4.0


def tumour_distance(tumour: LobedTumour, points: FloatArray) -> FloatArray:
    """Return the signed distance (n,) of points (n, 3), body frame, below 0 inside.

    It is that to the tangent plane at the nearest of 20,000 points of the surface: right within 0.02 mm close
    to it.
    """
    tree, where, normals = _surface_tree(replace(tumour, centre_mm=(0.0, 0.0, 0.0)))
    moved = points - np.asarray(tumour.centre_mm)
    nearest = tree.query(moved)[1]
    return np.asarray(np.einsum("nc,nc->n", moved - where[nearest], normals[nearest]))


@lru_cache(maxsize=16)
def _surface_tree(at_zero: LobedTumour) -> tuple[cKDTree, FloatArray, FloatArray]:
    points, normals = surface_of(at_zero)
    return cKDTree(points), points, normals


def weighted_percentile(values: FloatArray, weights: FloatArray, percent: float) -> float:
    """Return the value below which `percent` of the weight lies."""
    order = np.argsort(values)
    below = np.cumsum(weights[order]) - weights[order] / 2.0
    return float(np.interp(percent / 100.0 * weights.sum(), below, values[order]))


def resting_sheet(
    funnel: Funnel, thickness_mm: float, thinning: float = 0.0, centre_uv: tuple[float, float] = (0.5, 0.5)
) -> LevatorSheet:
    """Return the left sheet at rest; around `centre_uv` the muscle is thinner by a share of `thinning`."""
    nodes_u, nodes_v = (np.linspace(0.0, 1.0, n) for n in _NODES)
    u, v = np.meshgrid(nodes_u, nodes_v, indexing="ij")
    thin = np.exp(-(((u - centre_uv[0]) / 0.18) ** 2) - ((v - centre_uv[1]) / 0.3) ** 2)
    return LevatorSheet(
        funnel, 1.0, nodes_u, nodes_v, np.zeros_like(u), thickness_mm * (1.0 - thinning * thin)
    )


def draped(sheet: LevatorSheet, tumour: LobedTumour, gap: float = 0.0) -> LevatorSheet:
    """Return the sheet pushed outwards to where the tumour leaves it room.

    Along each resting normal the muscle goes to the outermost place where its inner face is `gap` mm from the
    tumour; beside the tumour it rises from its resting place by a slope of at most 0.9, rounded over up to
    6 mm, and it stays where it is at its origin, its insertion and the midline. A tumour that does not reach
    the muscle moves nothing.
    """
    u, v = np.meshgrid(sheet.nodes_u, sheet.nodes_v, indexing="ij")
    rest, normals = sheet.funnel.points(u, v).reshape(-1, 3), sheet.funnel.normals(u, v).reshape(-1, 3)
    start = sheet.field_mm.ravel()
    pushed = _outermost(rest, normals, sheet.thickness_mm.ravel() / 2.0 + gap, tumour) - start
    apart = np.linalg.norm(rest[:, None] - rest[None], axis=-1)
    pushed = (pushed[None, :] - _STEEPEST * apart).max(axis=1)
    if pushed.max() <= 0.0:
        return sheet
    crease = min(_CREASE_MM, float(pushed.max()))
    mix = np.maximum(crease - np.abs(pushed), 0.0) / crease
    moved = np.maximum(pushed, 0.0) + mix * mix * crease / 4.0
    return replace(sheet, field_mm=(start + moved * _anchor(sheet)).reshape(u.shape))


def gap_mm(sheet: LevatorSheet, tumour: LobedTumour, shape: tuple[int, int] = _FINE) -> float:
    """Return the smallest signed distance from the muscle's inner face to the tumour, below 0 for overlap."""
    return float(tumour_distance(tumour, sheet.parts(shape, share=-1.0).points).min())


def slid_to_gap(sheet: LevatorSheet, tumour: LobedTumour, way: FloatArray, gap: float) -> LobedTumour:
    """Return the tumour moved along the unit vector `way` until its gap to the muscle is `gap` mm."""

    def beyond(shift: float, inner: FloatArray) -> float:
        return float(tumour_distance(tumour.moved(shift * way), inner).min()) - gap

    coarse = partial(beyond, inner=sheet.parts(_COARSE, share=-1.0).points)
    about = _root(coarse, -20.0, 20.0, 0.01)
    fine = sheet.parts(_FINE, share=-1.0).points
    near = tumour_distance(tumour.moved(about * way), fine) < gap + _NEAR_MM
    return tumour.moved(_root(partial(beyond, inner=fine[near]), about - 1.0, about + 1.0, 1e-3) * way)


def pushed_to(
    sheet: LevatorSheet, tumour: LobedTumour, way: FloatArray, displacement_mm: float
) -> tuple[LevatorSheet, LobedTumour]:
    """Return sheet and tumour once it has been pushed along `way` until the displacement is reached.

    Displacement: 95th percentile, by area, of the field where the muscle is in contact with the tumour.
    """

    def reached(shift: float) -> float:
        moved = tumour.moved(shift * way)
        bent = draped(sheet, moved)
        parts = bent.parts(_COARSE, share=-1.0)
        contact = tumour_distance(moved, parts.points) <= CONTACT_MM
        if not contact.any():
            return -displacement_mm
        field = bent.displacement_mm(parts.u[contact], parts.v[contact])
        return weighted_percentile(field, parts.weights[contact], 95.0) - displacement_mm

    shift = _root(reached, 0.0, 1.5 * displacement_mm + 8.0, 0.02)
    moved = tumour.moved(shift * way)
    return draped(sheet, moved), moved


def _root(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    first, last = function(low), function(high)
    if first * last > 0.0:
        raise GistImagingError(
            "a tumour reaches its place on the way to the muscle", f"it went from {first:.1f} to {last:.1f}"
        )
    return float(brentq(function, low, high, xtol=tolerance))


def _outermost(rest: FloatArray, normals: FloatArray, room: FloatArray, tumour: LobedTumour) -> FloatArray:
    """Return how far along each normal (n,) the tumour leaves `room` mm; −20 where it is not met."""
    along = np.full(len(rest), _START_MM)
    moving = np.ones(len(rest), dtype=np.bool_)
    for _ in range(_TRACE_STEPS):
        spare = tumour_distance(tumour, rest[moving] + along[moving, None] * normals[moving]) - room[moving]
        along[moving] -= spare
        going = (np.abs(spare) > 1e-3) & (along[moving] > -20.0)
        moving[np.flatnonzero(moving)[~going]] = False
        if not moving.any():
            break
    along[along <= -20.0] = -20.0
    return along


def _anchor(sheet: LevatorSheet) -> FloatArray:
    """Return 1 in the middle of the sheet, falling to 0 over 5 mm at origin, ring and midline."""
    u, v = np.meshgrid(sheet.nodes_u, sheet.nodes_v, indexing="ij")
    rest = sheet.funnel.points(u, v)
    edges = (sheet.funnel.points(u, 0.0 * v), sheet.funnel.points(u, 0.0 * v + 1.0))
    to_edge = np.minimum(*(np.linalg.norm(rest - edge, axis=-1) for edge in edges))
    share = np.clip(np.minimum(to_edge, np.abs(rest[..., 0])) / _ANCHOR_MM, 0.0, 1.0)
    return np.asarray((share * share * (3.0 - 2.0 * share)).ravel())
