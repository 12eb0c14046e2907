"""Tumour against the levator ani: M1 to M9, each with its end points or the reason why there is none.

::

    M1  smallest distance, and the 5th percentile         relation_contact.py
    M2  contact area, length and arc                      relation_contact.py
    M3  displacement from the mirrored healthy side       relation_mirror.py
    M4  bow of the muscle in coronal sections             relation_section.py
    M5  coronal angle                                     relation_section.py
    M6  half-width of the hiatus                          relation_section.py
    M7  thinning                                          relation_muscle.py
    M8  loss of ischioanal fat                            relation_fossa.py
    M9  signal                                            relation_muscle.py
    M10 change between two visits                         relation_change.py

The definitions are ours, after the imaging literature on pelvic floor and rectal cancer: no standard report
has displacement of the levator without invasion. Nothing here says whether the muscle is invaded; that is
the reader's to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_contact import (
    SURFACE_ERROR_MM,
    Contact,
    ContactLine,
    contact_of,
    overlap_volume,
)
from gist_imaging.anatomy.relation_error import (
    contact_notes,
    distance_with_error,
    region_notes,
    sheet_error_mm,
    shift_with_error,
)
from gist_imaging.anatomy.relation_fossa import fossa_loss
from gist_imaging.anatomy.relation_mirror import Displacement, SurfaceShift, mirrored, surface_shift
from gist_imaging.anatomy.relation_muscle import contact_zone, signal_ratio, thickness_ratio
from gist_imaging.anatomy.relation_scene import SIDE_WORDS, Mirror, RelationScene
from gist_imaging.anatomy.relation_section import (
    CoronalSection,
    bow,
    bow_difference,
    coronal_sections,
    hemi_hiatus_ratio,
    section_near,
)
from gist_imaging.anatomy.relation_surfaces import LevatorSide, TumourSurface
from gist_imaging.anatomy.relation_values import RelationMeasurement, RelationSide
from gist_imaging.anatomy.surface import Side, TriangleMesh

__all__ = ["RelationMeasurement", "RelationScene", "RelationSide", "measure_relation"]


def measure_relation(
    scene: RelationScene, reader_codes: Mapping[str, Any] | None = None
) -> RelationMeasurement:
    """Return every metric of one visit that the scene gives.

    A metric that needs a landmark, a side or a series that is not there is None and says which one. Metrics
    that compare with the other side are None where that side is affected, too, or the tumour lies across the
    midline.

    Parameters
    ----------
    scene : tumour, levator ani, landmarks and the like
    reader_codes : the reader's own words, kept beside the numbers
    """
    contact = _contact_metrics(scene)
    mirror = _mirror_metrics(scene, max(0.0, -(contact.metrics["min_distance"].value or 0.0)))
    section = _section_metrics(scene)
    notes = () if isinstance(scene.frame, str) else scene.frame.notes
    lines: tuple[ContactLine, ...] = contact.lines
    return RelationMeasurement(
        reader_codes=reader_codes,
        side=scene.side,
        tau_mm=scene.tau,
        **contact.metrics,
        **mirror,
        **section,
        contact_lines=lines,
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class _ContactMetrics:
    metrics: dict[str, Metric]
    lines: tuple[ContactLine, ...] = ()


def _contact_metrics(scene: RelationScene) -> _ContactMetrics:
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
        return _ContactMetrics({name: Metric.missing(unit, tumour) for name, unit in units.items()})
    if isinstance(levator, str):
        return _ContactMetrics({name: Metric.missing(unit, levator) for name, unit in units.items()})
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
    return _ContactMetrics({**metrics, "contact_length": length, "contact_arc": arc}, lines)


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


def _mirror_metrics(scene: RelationScene, overlap_mm: float) -> dict[str, Metric]:
    """Return M3, M6, M7, M8 and M9; the levator reaches `overlap_mm` into the tumour."""
    mirror = scene.mirror
    if isinstance(mirror, str):
        return {
            **_displacement_metrics(Displacement.missing(mirror)),
            "hemi_hiatus_ratio": Metric.missing("1", mirror),
            "thickness_ratio": Metric.missing("1", mirror),
            "fossa_loss": Metric.missing("1", mirror),
            "signal_ratio": Metric.missing("1", mirror),
        }
    frame = mirror.frame
    pair = (scene.sides[mirror.side], scene.sides[mirror.other])
    faces = {side: held.inner for side, held in scene.sides.items() if held.inner is not None}
    metrics = {
        "hemi_hiatus_ratio": hemi_hiatus_ratio(faces, mirror.side, frame, scene.landmarks),
        "fossa_loss": fossa_loss(pair, scene.fat, frame, scene.landmarks, scene.volume),
    }
    if pair[0].closed != pair[1].closed:
        reason = "one levator ani was outlined as a sheet and the other as a solid muscle"
        return {
            **metrics,
            **_displacement_metrics(Displacement.missing(reason)),
            "thickness_ratio": Metric.missing("1", reason),
            "signal_ratio": Metric.missing("1", reason),
        }
    tumour = scene.tumour_surface
    no_tumour = tumour if isinstance(tumour, str) else None
    shift = surface_shift(
        faces[mirror.side],
        mirrored(faces[mirror.other], mirror),
        None if isinstance(tumour, str) else tumour,
        pair[0].smooth and pair[1].smooth,
    )
    along = () if no_tumour is not None else region_notes(scene, mirror, shift, scene.tau)
    moved = _displacement_metrics(shift.displacement(scene.tau, no_tumour))
    error = sheet_error_mm(scene, mirror.side, mirror.other)
    for name in ("displacement_mean", "displacement_p95"):
        moved[name] = shift_with_error(moved[name], error, overlap_mm)
        moved[name] = replace(moved[name], notes=(*moved[name].notes, *along))
    return {**metrics, **moved, **_muscle_metrics(scene, shift, pair, mirror, along)}


def _muscle_metrics(
    scene: RelationScene,
    shift: SurfaceShift,
    pair: tuple[LevatorSide, LevatorSide],
    mirror: Mirror,
    notes: tuple[str, ...],
) -> dict[str, Metric]:
    """Return M7, with notes on the contact region, and M9."""
    tumour = scene.tumour_surface
    zone = tumour if isinstance(tumour, str) else contact_zone(shift, pair, scene.tau, mirror)
    if isinstance(zone, str):
        return {name: Metric.missing("1", zone) for name in ("thickness_ratio", "signal_ratio")}
    thickness = thickness_ratio(zone)
    return {
        "thickness_ratio": replace(thickness, notes=(*thickness.notes, *notes)),
        "signal_ratio": Metric.missing("1", "no series was given to take the signal from")
        if scene.volume is None
        else signal_ratio(zone, scene.volume),
    }


def _displacement_metrics(displacement: Displacement) -> dict[str, Metric]:
    return {
        "displacement_mean": displacement.mean,
        "displacement_p95": displacement.p95,
        "displacement_max": displacement.largest,
        "displaced_volume": displacement.volume,
    }


def _section_metrics(scene: RelationScene) -> dict[str, Metric]:
    """Return M4 and M5."""
    units = {
        "bow": "mm",
        "bow_ratio": "1",
        "bow_difference": "mm",
        "levator_angle": "deg",
        "levator_angle_difference": "deg",
    }
    frame = scene.frame
    if isinstance(frame, str):
        return {name: Metric.missing(unit, frame) for name, unit in units.items()}
    sections: dict[Side, dict[int, CoronalSection]] = {
        side: coronal_sections(held, frame) for side, held in scene.sides.items()
    }
    wanted: tuple[Side, ...] = ("L", "R") if scene.side == "midline" else (scene.side,)
    found = {side: sections[side] for side in wanted if sections.get(side)}
    if not found:
        reason = "; ".join(
            scene.missing_side(side)
            or f"no coronal section of the {SIDE_WORDS[side]} levator ani has a chord"
            for side in wanted
        )
        return {name: Metric.missing(unit, reason) for name, unit in units.items()}
    side = max(found, key=lambda one: abs(bow(found[one]).bow_mm))
    largest = bow(found[side])
    where = (f"{SIDE_WORDS[side]}, coronal section {largest.y_mm:g} mm behind P along the PCL",)
    points = largest.points_mm(frame, side)
    tumour = scene.tumour_surface
    at = largest.y_mm if isinstance(tumour, str) else float(frame.to_frame(tumour.centroid_mm)[1])
    middle = section_near(found[side], at)
    ends = middle.points_mm(frame, side)
    metrics = {
        "bow": Metric(largest.bow_mm, "mm", points_mm=points, notes=where),
        "bow_ratio": Metric(largest.bow_mm / largest.chord_mm, "1", points_mm=points, notes=where),
        "levator_angle": Metric(
            middle.angle_deg,
            "deg",
            points_mm=(ends[0], ends[2]),
            notes=(f"{SIDE_WORDS[side]}, coronal section {middle.y_mm:g} mm behind P along the PCL",),
        ),
    }
    return {**metrics, **_differences(scene, sections, middle)}


def _differences(
    scene: RelationScene,
    sections: Mapping[Side, Mapping[int, CoronalSection]],
    middle: CoronalSection,
) -> dict[str, Metric]:
    """Return the side differences of M4 and M5."""
    mirror = scene.mirror
    if isinstance(mirror, str):
        return _no_differences(mirror)
    here, there = sections[mirror.side], sections.get(mirror.other, {})
    bows = bow_difference(here, there)
    if bows is None:
        return _no_differences("both levators share no coronal section")
    difference, where = bows
    shared = {number: held for number, held in here.items() if number in there}
    number = min(shared, key=lambda one: abs(shared[one].y_mm - middle.y_mm))
    return {
        "bow_difference": Metric(
            difference,
            "mm",
            points_mm=where.points_mm(mirror.frame, mirror.side),
            notes=(f"coronal section {where.y_mm:g} mm behind P along the PCL",),
        ),
        "levator_angle_difference": Metric(
            here[number].angle_deg - there[number].angle_deg,
            "deg",
            notes=(f"coronal section {here[number].y_mm:g} mm behind P along the PCL",),
        ),
    }


def _no_differences(reason: str) -> dict[str, Metric]:
    return {
        "bow_difference": Metric.missing("mm", reason),
        "levator_angle_difference": Metric.missing("deg", reason),
    }
