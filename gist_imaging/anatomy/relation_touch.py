"""M1 and M2 of a scene: how near the tumour comes to the levator ani, and where they touch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gist_imaging.anatomy.mesh_distance import MeshDistance
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import (
    SURFACE_ERROR_MM,
    Contact,
    ContactLine,
    contact_of,
    overlap_volume,
)
from gist_imaging.anatomy.relation_scene import SIDE_WORDS, RelationScene
from gist_imaging.anatomy.relation_surfaces import LevatorSide, TumourSurface
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh
from gist_imaging.spatial.mask import Mask

__all__ = ["ContactMetrics", "contact_metrics"]

# A surface within 25 degrees of the slices leaves few marks within them.
_ALONG_SLICES = float(np.cos(np.radians(25.0)))


@dataclass(frozen=True, slots=True)
class ContactMetrics:
    """M1 and M2 by name, and M2 in each slice."""

    metrics: dict[str, Metric]
    lines: tuple[ContactLine, ...] = ()


def contact_metrics(scene: RelationScene) -> ContactMetrics:
    """Return M1 and M2 of a scene, or why they are missing."""
    units = {
        "min_distance": "mm",
        "distance_p5": "mm",
        "overlap_volume": "mm3",
        "contact_area": "mm2",
        "contact_length": "mm",
        "contact_arc": "deg",
    }
    levator, tumour = _affected(scene), scene.tumour_surface
    if isinstance(tumour, str):
        return ContactMetrics({name: Metric.missing(unit, tumour) for name, unit in units.items()})
    if isinstance(levator, str):
        return ContactMetrics({name: Metric.missing(unit, levator) for name, unit in units.items()})
    contact = contact_of(levator, tumour, scene.tau)
    metrics = {
        "min_distance": _with_error(scene, contact.min_distance, levator, tumour),
        "distance_p5": Metric(contact.p5_mm, "mm"),
        "overlap_volume": overlap_volume(levator, tumour, contact),
        "contact_area": contact.area,
    }
    length, arc, lines = _contact_lines(scene, contact, tumour)
    return ContactMetrics({**metrics, "contact_length": length, "contact_arc": arc}, lines)


def _with_error(
    scene: RelationScene, distance: Metric, levator: LevatorSide, tumour: TumourSurface
) -> Metric:
    """Return M1 with the interval that the error of surfaces from masks gives, and why where it is wide."""
    masks = [held for held in scene.levator.values() if isinstance(held, Mask)]
    found = [(tumour.distance, distance.points_mm[1], scene.tumour)]
    found += [(levator.distance, distance.points_mm[0], masks[0])] if masks else []
    errors = [
        _error_mm(surface, np.array(point), held) for surface, point, held in found if isinstance(held, Mask)
    ]
    if not errors or distance.value is None:
        return distance
    error, notes = max(errors), distance.notes
    if error > SURFACE_ERROR_MM:
        notes = (*notes, f"the surface runs along the slices here and is known to {error:.2g} mm only")
    return replace(distance, low=distance.value - error, high=distance.value + error, notes=notes)


def _error_mm(surface: MeshDistance, point: FloatArray, mask: Mask) -> float:
    """Return how well a mask's surface is known at a point: to half a slice gap along the slices."""
    normal = surface.shape.face_normals[surface.feet(point).triangles[0]]
    spacing = np.array(mask.geometry.spacing_mm)
    across = int(np.argmax(spacing))
    if spacing[across] <= 2.0 * spacing.min() or abs(normal @ mask.geometry.axes[:, across]) < _ALONG_SLICES:
        return SURFACE_ERROR_MM
    return float(spacing[across]) / 2.0


def _affected(scene: RelationScene) -> LevatorSide | str:
    """Return the levator that the tumour is measured against: both sides for one in the midline."""
    if scene.side != "midline":
        return scene.missing_side(scene.side) or scene.sides[scene.side]
    sides = list(scene.sides.values())
    if len(sides) == 2 and sides[0].closed == sides[1].closed:
        one, other = (side.surface for side in sides)
        both = TriangleMesh(
            np.concatenate([one.vertices_mm, other.vertices_mm]),
            np.concatenate([one.triangles, other.triangles + len(one.vertices_mm)]),
            one.frame_uid,
        )
        return LevatorSide(sides[0].side, both, None, None, sides[0].closed)
    reasons = [reason for side in SIDE_WORDS if (reason := scene.missing_side(side))]
    return "; ".join(reasons) or "one levator ani was outlined as a sheet and the other as a solid muscle"


def _contact_lines(
    scene: RelationScene, contact: Contact, tumour: TumourSurface
) -> tuple[Metric, Metric, tuple[ContactLine, ...]]:
    grid = scene.slice_grid
    if grid is None:
        reason = "there are no slices: tumour and levator ani are meshes"
        return Metric.missing("mm", reason), Metric.missing("deg", reason), ()
    lines = contact.lines(grid, tumour)
    if not lines:
        return Metric(0.0, "mm"), Metric(0.0, "deg"), ()
    longest = max(lines, key=lambda line: line.length_mm)
    where = (f"in slice k = {longest.k}, of {len(lines)} with contact",)
    length = Metric(longest.length_mm, "mm", points_mm=longest.end_points_mm, notes=where)
    x, y, z = tumour.centroid_mm.tolist()
    one, other = longest.end_points_mm
    arc = Metric(longest.arc_deg, "deg", points_mm=(one, (x, y, z), other), notes=where)
    return length, arc, lines
