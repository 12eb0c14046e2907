"""What is true of a member of the family, from its formulas and from dense sampling of them.

Nothing here looks at a voxel or calls the code in `anatomy` that measures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from gist_imaging.anatomy.surface import LevatorSurface
from gist_imaging.phantom.distances import Point
from gist_imaging.phantom.family import FamilyMember
from gist_imaging.phantom.family_drape import CONTACT_MM, tumour_distance, weighted_percentile
from gist_imaging.phantom.family_sheet import LevatorSheet
from gist_imaging.phantom.family_tumour import LobedTumour
from gist_imaging.phantom.organs import organs
from gist_imaging.phantom.pelvis import ANAL_VERGE
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["Displacement", "FamilyTruth", "known", "true_surface", "volume_between_mm3"]

Contact = Literal["none", "close", "abutment"]
Displaced = Literal["none", "mild", "marked"]
Invasion = Literal["no", "yes"]

# Ours, as in `anatomy`: a fat plane of more than 1 mm is no contact; displaced from 5 mm, marked from 10 mm,
# both inclusive.
_CLOSE_MM, _MILD_MM, _MARKED_MM = 1.0, 5.0, 10.0
_TOUCH_MM = 0.02
_SHAPE = (240, 140)


@dataclass(frozen=True, slots=True)
class Displacement:
    """How far the affected side lies off the mirror image of the other, + outwards and to the feet; by area.

    Parameters
    ----------
    mean_mm, p95_mm, max_mm : over the region
    area_mm2 : of the region, on the middle of the muscle
    """

    mean_mm: float
    p95_mm: float
    max_mm: float
    area_mm2: float


@dataclass(frozen=True, slots=True)
class FamilyTruth:
    """The answers.

    Parameters
    ----------
    side : of the tumour
    tumour_volume_mm3, longest_3d_diameter_mm, mean_hu, necrotic_fraction, tumour_centre_mm : of the tumour;
        the mean is that of CT without noise, and None on MR
    verge_distance_mm : from the anal verge to the nearest point of the tumour, straight
    min_distance_mm : from the inner face of the affected muscle to the tumour; below 0 is the deepest overlap
    healthy_min_distance_mm : the same on the other side
    contact_area_mm2 : of the inner face within 1 mm of the tumour, by dense sampling; there is no formula
    contact, whole : displacement of the middle of the muscle where the inner face is within 1 mm of the
        tumour (None without contact), and over the whole sheet; exact
    inner_contact : the same region, measured between the inner faces; a muscle that is thinner than on the
        other side has a face that lies farther out than its middle tells
    displaced_volume_mm3 : between the affected sheet and the mirror image of the other, signed
    overlap_volume_mm3 : of the tumour with the muscle
    thickness_mm, healthy_thickness_mm : median by area over the contact region, or the whole sheet without
        contact, and over the same part of the other side
    sphincter_overlap_mm3 : of the tumour with the external and the internal sphincter
    contact_word, displacement_word, invasion_word : of the affected side; the displacement's is by the 95th
        percentile of `contact`
    landmarks_mm : LPS, by name
    symmetric : whether both resting sides are mirror images
    """

    side: Literal["L", "R"]
    tumour_volume_mm3: float
    longest_3d_diameter_mm: float
    mean_hu: float | None
    necrotic_fraction: float
    tumour_centre_mm: Point
    verge_distance_mm: float
    min_distance_mm: float
    healthy_min_distance_mm: float
    contact_area_mm2: float
    contact: Displacement | None
    whole: Displacement
    inner_contact: Displacement | None
    displaced_volume_mm3: float
    overlap_volume_mm3: float
    thickness_mm: float
    healthy_thickness_mm: float
    sphincter_overlap_mm3: dict[str, float]
    contact_word: Contact
    displacement_word: Displaced
    invasion_word: Invasion
    landmarks_mm: dict[str, Point]
    symmetric: bool

    def as_plain(self) -> dict[str, Any]:
        """Return the answers as values that JSON can hold."""
        return asdict(self)


def known(member: FamilyMember) -> FamilyTruth:
    """Return what is true of a member."""
    scene, tumour = member.scene, member.scene.tumour
    sheet, healthy = scene.affected, scene.healthy
    inner, middle = sheet.parts(_SHAPE, share=-1.0), sheet.parts(_SHAPE)
    to_tumour = tumour_distance(tumour, inner.points)
    touched = to_tumour <= CONTACT_MM
    field = sheet.displacement_mm(middle.u, middle.v)
    contact = _displacement(field[touched], middle.weights[touched]) if touched.any() else None
    region = touched if touched.any() else np.ones_like(touched)
    u, v, weights = middle.u[region], middle.v[region], middle.weights[region]
    nearest = float(to_tumour.min())
    overlap = _overlap_mm3(sheet, tumour) if nearest < 0.0 else 0.0
    mirrored = replace(healthy, sign=-1.0).parts((80, 50), share=-1.0).points
    x, y, z = member.phantom.to_patient(scene.tumour_on(member.side).centre_mm).tolist()
    return FamilyTruth(
        side=member.side,
        tumour_volume_mm3=tumour.volume_mm3,
        longest_3d_diameter_mm=tumour.longest_3d_diameter_mm,
        mean_hu=tumour.mean_hu if member.modality == "CT" else None,
        necrotic_fraction=tumour.necrotic_fraction,
        tumour_centre_mm=(x, y, z),
        verge_distance_mm=float(tumour_distance(tumour, np.array([ANAL_VERGE]))[0]),
        min_distance_mm=nearest,
        healthy_min_distance_mm=float(tumour_distance(tumour, mirrored).min()),
        contact_area_mm2=float(inner.weights[touched].sum()),
        contact=contact,
        whole=_displacement(field, middle.weights),
        inner_contact=_of_inner_faces(healthy, inner.points[touched], inner.weights[touched]),
        displaced_volume_mm3=volume_between_mm3(sheet),
        overlap_volume_mm3=overlap,
        thickness_mm=weighted_percentile(sheet.thickness(u, v), weights, 50.0),
        healthy_thickness_mm=weighted_percentile(healthy.thickness(u, v), weights, 50.0),
        sphincter_overlap_mm3=_sphincter_overlap_mm3(member, tumour),
        contact_word=_contact_word(nearest),
        displacement_word=_displacement_word(contact),
        invasion_word="yes" if scene.invasion_mm > 0.0 and overlap > 0.0 else "no",
        landmarks_mm=member.landmarks_mm,
        symmetric=scene.resting.is_resting,
    )


def true_surface(
    member: FamilyMember, side: Literal["L", "R"], shape: tuple[int, int] = (41, 25)
) -> LevatorSurface:
    """Return the true middle of the muscle of one side with its true thickness, LPS mm.

    Rows run from front to back, and along a row from the origin to the insertion.
    """
    sheet = member.sheet(side)
    u, v = np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in shape), indexing="ij")
    points = member.phantom.to_patient(sheet.points(u, v))
    return LevatorSurface(side, points, sheet.thickness(u, v), error_mm=0.0)


def volume_between_mm3(sheet: LevatorSheet, shape: tuple[int, int] = _SHAPE) -> float:
    """Return the volume between a sheet and the resting one, below 0 where it lies inside.

    It is the integral, over the resting sheet and along its normals, of the area that the parallel sheets
    have there; along the normal by Gauss and Legendre's rule with three points, which is exact.
    """
    u, v = np.meshgrid(*(np.linspace(0.0, 1.0, count + 1) for count in shape), indexing="ij")
    mid_u, mid_v = (each[:-1, :-1] + 0.5 / count for each, count in zip((u, v), shape, strict=True))
    rest, normals, moved = sheet.funnel.points(u, v), sheet.funnel.normals(u, v), sheet.displacement_mm(u, v)
    outward, depth = sheet.funnel.normals(mid_u, mid_v), sheet.displacement_mm(mid_u, mid_v)
    total = 0.0
    for node, weight in zip(*np.polynomial.legendre.leggauss(3), strict=True):
        corners = rest + 0.5 * (node + 1.0) * moved[..., None] * normals
        across = np.cross(corners[1:, 1:] - corners[:-1, :-1], corners[:-1, 1:] - corners[1:, :-1]) / 2.0
        area = np.abs(np.einsum("...c,...c->...", across, outward))
        total += 0.5 * float(weight) * float((area * depth).sum())
    return total


def _displacement(field: FloatArray, weights: FloatArray) -> Displacement:
    return Displacement(
        mean_mm=float(np.average(field, weights=weights)),
        p95_mm=weighted_percentile(field, weights, 95.0),
        max_mm=float(field.max()),
        area_mm2=float(weights.sum()),
    )


def _of_inner_faces(healthy: LevatorSheet, points: FloatArray, weights: FloatArray) -> Displacement | None:
    """Return how far points of an inner face lie off that of the other side, parallel to its sheet."""
    field = healthy.offset_mm(points) + float(healthy.thickness_mm[0, 0]) / 2.0
    opposite = np.isfinite(field)
    return _displacement(field[opposite], weights[opposite]) if opposite.any() else None


def _overlap_mm3(sheet: LevatorSheet, tumour: LobedTumour) -> float:
    parts = sheet.muscle_parts()
    return float(parts.weights[tumour.distance(parts.points) < 0.0].sum())


def _sphincter_overlap_mm3(member: FamilyMember, tumour: LobedTumour) -> dict[str, float]:
    """Return the overlap with each sphincter, counted on a lattice of half millimetres."""
    solids = {solid.name: solid for solid in organs(member.phantom)}
    outer = solids["external sphincter"]
    axes = [
        np.arange(centre - half + 0.25, centre + half, 0.5)
        for centre, half in zip(outer.centre, outer.half_mm, strict=True)
    ]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = lattice[tumour.distance(lattice) < 0.0]
    overlaps = {}
    for name, layer, core in (
        ("external", outer, solids["intersphincteric fat"]),
        ("internal", solids["internal sphincter"], solids["anal mucosa"]),
    ):
        between = (layer.distance(inside) <= 0.0) & (core.distance(inside) > 0.0)
        overlaps[name] = float(between.sum()) * 0.5**3
    return overlaps


def _contact_word(nearest_mm: float) -> Contact:
    if nearest_mm > _CLOSE_MM:
        return "none"
    return "close" if nearest_mm > _TOUCH_MM else "abutment"


def _displacement_word(contact: Displacement | None) -> Displaced:
    if contact is None or contact.p95_mm < _MILD_MM:
        return "none"
    return "mild" if contact.p95_mm < _MARKED_MM else "marked"
