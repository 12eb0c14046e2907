"""M1 and M2 of a scene: how near the tumour comes to the levator ani, and where they touch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import (
    SURFACE_ERROR_MM,
    Contact,
    ContactLine,
    contact_of,
    overlap_volume,
)
from gist_imaging.anatomy.relation_error import contact_notes, distance_with_error, sheet_error_mm
from gist_imaging.anatomy.relation_scene import SIDE_WORDS, RelationScene
from gist_imaging.anatomy.relation_surfaces import LevatorSide, TumourSurface
from gist_imaging.anatomy.surface import TriangleMesh

__all__ = ["ContactMetrics", "contact_metrics"]


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
    of_sheet = sheet_error_mm(scene, *(("L", "R") if scene.side == "midline" else (scene.side,)))
    contact = contact_of(levator, tumour, scene.tau, of_sheet or SURFACE_ERROR_MM)
    along = contact_notes(scene, contact)
    area = contact.area
    metrics = {
        "min_distance": distance_with_error(scene, contact, levator, tumour),
        "distance_p5": Metric(contact.p5_mm, "mm"),
        "overlap_volume": Metric(0.0, "mm3", notes=("no voxel of one lies in the other",))
        if scene.outlines_overlap is False
        else overlap_volume(levator, tumour, contact),
        "contact_area": replace(area, notes=(*area.notes, *along)),
    }
    length, arc, lines = _contact_lines(scene, contact, tumour)
    length, arc = (replace(held, notes=(*held.notes, *along)) for held in (length, arc))
    return ContactMetrics({**metrics, "contact_length": length, "contact_arc": arc}, lines)


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
