"""M7 and M9: thickness and signal of the muscle in contact with the tumour, beside the other side."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from gist_imaging.anatomy.mesh_distance import Feet
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_mirror import SurfaceShift
from gist_imaging.anatomy.relation_scene import Mirror
from gist_imaging.anatomy.relation_surfaces import LevatorSide
from gist_imaging.anatomy.surface import FloatArray
from gist_imaging.spatial.volume import Volume

__all__ = ["ContactZone", "contact_zone", "signal_ratio", "thickness_ratio"]


@dataclass(frozen=True, slots=True, eq=False)
class ContactZone:
    """The muscle where it touches the tumour, and where the other side has its mirror image.

    Parameters
    ----------
    inner_mm : (n, 3) LPS each; points of the inner face: affected, healthy
    outer : the nearest places on the outer face of the same muscle: affected, healthy
    """

    inner_mm: tuple[FloatArray, FloatArray] = field(repr=False)
    outer: tuple[Feet, Feet] = field(repr=False)


def contact_zone(
    shift: SurfaceShift, sides: tuple[LevatorSide, LevatorSide], tau_mm: float, mirror: Mirror
) -> ContactZone | str:
    """Return the zone within `tau_mm` of the tumour that has a mirrored counterpart, or why there is none.

    Parameters
    ----------
    sides : the affected and the healthy levator
    """
    affected, healthy = sides
    if affected.outer_distance is None or healthy.outer_distance is None:
        return "a levator was outlined as a sheet without thickness"
    near = np.zeros(0) if shift.tumour_mm is None else (shift.tumour_mm <= tau_mm) & ~shift.feet.on_border
    zone = np.flatnonzero(near)
    if not len(zone):
        return f"no part of the levator lies within {tau_mm:.3g} mm of the tumour"
    inner = (shift.face.vertices_mm[zone], mirror.back(shift.feet.points_mm[zone]))
    return ContactZone(inner, (affected.outer_distance.feet(inner[0]), healthy.outer_distance.feet(inner[1])))


def thickness_ratio(zone: ContactZone) -> Metric:
    """M7: median thickness in the contact zone over that of the mirrored zone.

    Thickness is the distance from the inner to the outer face.
    """
    here, there = zone.outer
    kept = ~(here.on_border | there.on_border)
    if not kept.any():
        return Metric.missing("1", "the contact zone lies at the edge of the levator")
    one, other = (float(np.median(np.abs(feet.signed_mm[kept]))) for feet in zone.outer)
    return Metric(one / other, "1", notes=(f"median thickness {one:.2f} mm and {other:.2f} mm",))


def signal_ratio(zone: ContactZone, volume: Volume) -> Metric:
    """M9: median signal in the middle of the muscle in the contact zone over that of the mirrored zone.

    A hint at most: coil sensitivity and partial volume change the signal, too.
    """
    values = [
        _sampled(volume, (inner + outer.points_mm) / 2.0)
        for inner, outer in zip(zone.inner_mm, zone.outer, strict=True)
    ]
    kept = np.isfinite(values[0]) & np.isfinite(values[1])
    if not kept.any():
        return Metric.missing("1", "the contact zone or its mirror image lies outside the series")
    one, other = (float(np.median(value[kept])) for value in values)
    if not other > 0 or not one > 0:
        return Metric.missing("1", "a ratio needs signals above 0; one side's median is not")
    return Metric(one / other, "1", notes=(f"median signal {one:.4g} and {other:.4g}", "a hint, not a sign"))


def _sampled(volume: Volume, points_mm: FloatArray) -> FloatArray:
    """Return linearly interpolated values (n,); NaN outside the volume."""
    index = volume.geometry.to_index(points_mm)
    low = np.maximum(np.floor(index.min(axis=0)).astype(np.int64) - 1, 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(np.int64) + 2, volume.geometry.shape)
    if (high <= low).any():
        return np.full(len(points_mm), np.nan)
    box = volume.voxels[tuple(slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))]
    return np.asarray(ndimage.map_coordinates(box.astype(np.float64), (index - low).T, order=1, cval=np.nan))
