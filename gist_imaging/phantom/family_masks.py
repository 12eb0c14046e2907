"""Masks of a member's structures: the voxels whose centres lie inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gist_imaging.phantom.distances import Point, Solid
from gist_imaging.phantom.family_sheet import LevatorSheet
from gist_imaging.phantom.organs import organs
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.render import slice_points, window_of
from gist_imaging.provenance import Provenance
from gist_imaging.spatial import Geometry, Mask
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["family_masks"]

Distance = Callable[[FloatArray], FloatArray]


def family_masks(
    phantom: PelvisPhantom, geometry: Geometry, sheets: Mapping[str, LevatorSheet]
) -> dict[str, Mask]:
    """Return the masks by structure.

    Parameters
    ----------
    phantom, geometry : the pelvis and the grid
    sheets : the levator ani by "left" and "right"
    """
    solids = {solid.name: solid for solid in organs(phantom)}
    sling = [solid for solid in organs(phantom) if solid.name == "puborectalis"]
    shells = {
        "external_sphincter": (solids["external sphincter"], solids["intersphincteric fat"]),
        "internal_sphincter": (solids["internal sphincter"], solids["anal mucosa"]),
    }
    masks = {}
    if phantom.tumour is not None:
        tumour = phantom.tumour
        masks["tumour"] = _mask(
            "tumour", phantom, geometry, tumour.centre_mm, tumour.half_box_mm, tumour.distance
        )
    for word, sheet in sheets.items():
        name = f"levator_ani_{word}"
        masks[name] = _mask(name, phantom, geometry, *_box(sheet), _one_sided(sheet))
    for name, (outer, inner) in shells.items():
        masks[name] = _mask(name, phantom, geometry, outer.centre, outer.half_mm, _shell(outer, inner))
    halves = [
        _mask("puborectalis", phantom, geometry, each.centre, each.half_mm, each.distance) for each in sling
    ]
    both = np.logical_or.reduce([half.voxels for half in halves])
    masks["puborectalis"] = Mask(both, geometry, structure="puborectalis", provenance=Provenance("phantom"))
    return masks


def _box(sheet: LevatorSheet) -> tuple[Point, Point]:
    points = sheet.parts((24, 16)).points
    low, high = points.min(axis=0) - 6.0, points.max(axis=0) + 6.0
    x, y, z = ((low + high) / 2.0).tolist()
    a, b, c = ((high - low) / 2.0).tolist()
    return (x, y, z), (a, b, c)


def _one_sided(sheet: LevatorSheet) -> Distance:
    """Return the distance to the muscle cut at the midline, which belongs to the left."""

    def distance(points: FloatArray) -> FloatArray:
        wrong = points[..., 0] < 0.0 if sheet.sign > 0 else points[..., 0] >= 0.0
        return np.where(wrong, np.inf, sheet.distance(points))

    return distance


def _shell(outer: Solid, inner: Solid) -> Distance:
    # A hair's breadth keeps the inner surface itself out of the shell.
    return lambda points: np.maximum(outer.distance(points), 1e-9 - inner.distance(points))


def _mask(
    name: str, phantom: PelvisPhantom, geometry: Geometry, centre: Point, half_mm: Point, distance: Distance
) -> Mask:
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    for k in range(geometry.shape[0]):
        window = window_of(centre, half_mm, phantom, geometry, k)
        if window is not None:
            body = phantom.to_body(slice_points(geometry, k)[window])
            voxels[k][window] = distance(body) <= 0.0
    return Mask(voxels, geometry, structure=name, provenance=Provenance("phantom"))
