"""M4 and M5 of a scene: how the levator ani runs in coronal sections."""

from __future__ import annotations

from collections.abc import Mapping

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_scene import SIDE_WORDS, RelationScene
from gist_imaging.anatomy.relation_section import (
    CoronalSection,
    bow,
    bow_difference,
    coronal_sections,
    section_near,
)
from gist_imaging.anatomy.surface import Side

__all__ = ["course_metrics"]


def course_metrics(scene: RelationScene) -> dict[str, Metric]:
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
