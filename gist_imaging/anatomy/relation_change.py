"""M10: what became of the levator ani and of M1 to M8 between two visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gist_imaging.anatomy.metric import Metric, PointMm
from gist_imaging.anatomy.relation_mirror import SurfaceShift, surface_shift
from gist_imaging.anatomy.relation_scene import SIDE_WORDS, RelationScene
from gist_imaging.anatomy.relation_surfaces import TumourSurface
from gist_imaging.anatomy.relation_values import METRIC_NAMES, RelationMeasurement, metric_json
from gist_imaging.anatomy.surface import Side, TriangleMesh
from gist_imaging.errors import GeometryError, MeasurementError
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["NOT_DISTINGUISHABLE", "LevatorShift", "RelationChange", "relation_change"]

NOT_DISTINGUISHABLE = "not distinguishable from the registration error"
"""What is said of a shift that is smaller (exclusive) than the 95 % bound of the registration."""


@dataclass(frozen=True, slots=True)
class LevatorShift:
    """How far one levator moved from the first to the second visit, mm; above 0 laterally and caudally.

    Distances are square to the later surface. `low` and `high` are the shift - and + the bound that the
    registration's error keeps in 95 of 100 cases.

    Parameters
    ----------
    in_contact : mean over the contact region of the first visit, as in M3
    overall : mean over the whole levator
    largest : the shift that is largest in size
    """

    in_contact: Metric
    overall: Metric
    largest: Metric

    def to_json(self) -> dict[str, Any]:
        """Return the shifts as plain values for `json.dumps`."""
        return {name: metric_json(getattr(self, name)) for name in ("in_contact", "overall", "largest")}


@dataclass(frozen=True, slots=True)
class RelationChange:
    """M10: the second visit against the first.

    Parameters
    ----------
    shifts : by side. The other side is a control: what it seems to move is error or muscle tone
    changes : M1 to M8 of the second visit - the first, by the metric's name. They need no registration
    error_95_mm : the bound that came with the registration, or None when it was not estimated
    """

    shifts: Mapping[Side, LevatorShift]
    changes: Mapping[str, Metric]
    error_95_mm: float | None

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values for `json.dumps`."""
        return {
            "shifts": {side: shift.to_json() for side, shift in self.shifts.items()},
            "changes": {name: metric_json(metric) for name, metric in self.changes.items()},
            "registration_error_95_mm": self.error_95_mm,
        }


def relation_change(
    first: tuple[RelationScene, RelationMeasurement],
    second: tuple[RelationScene, RelationMeasurement],
    registration: RigidTransform,
) -> RelationChange:
    """Return what changed between two visits.

    Parameters
    ----------
    first, second : what each visit gave, and what was measured of it
    registration : carries positions of the first visit to the second; on the pelvic bones, for muscles and
        tumour move against them

    Raises
    ------
    GeometryError
        If the transform does not lead from the frame of the first visit to that of the second.
    MeasurementError
        If the visits are about different sides.
    """
    before, after = first[0], second[0]
    if before.side != after.side:
        raise MeasurementError(
            "both visits are measured on one side", f"{before.side} and {after.side}", "measure the same side"
        )
    for scene, uid in ((before, registration.fixed_frame_uid), (after, registration.moving_frame_uid)):
        if not in_one_frame(scene.frame_uid, uid):
            raise GeometryError(
                "the transform leads from the first visit's frame of reference to the second's",
                "it leads elsewhere",
                "register these two visits, or invert the transform",
            )
    shifts: dict[Side, LevatorShift] = {
        side: _shift(before, after, side, registration) for side in SIDE_WORDS
    }
    changes = {
        name: _difference(first[1].metrics[name], second[1].metrics[name])
        for name in METRIC_NAMES
        if name != "signal_ratio"
    }
    return RelationChange(shifts, changes, registration.error_95_mm)


def _difference(before: Metric, after: Metric) -> Metric:
    if before.value is None or after.value is None:
        reasons = [
            f"{visit} visit: {metric.reason}"
            for visit, metric in (("first", before), ("second", after))
            if metric.reason is not None
        ]
        return Metric.missing(before.unit, "; ".join(reasons))
    return Metric(after.value - before.value, before.unit)


def _shift(
    before: RelationScene, after: RelationScene, side: Side, registration: RigidTransform
) -> LevatorShift:
    reasons = [
        f"{visit} visit: {reason}"
        for visit, scene in (("first", before), ("second", after))
        if (reason := scene.missing_side(side) or (scene.frame if isinstance(scene.frame, str) else None))
    ]
    if not reasons and before.sides[side].closed != after.sides[side].closed:
        reasons = ["one visit's levator ani was outlined as a sheet, the other's as a solid muscle"]
    early, late = (None if reasons else scene.sides[side].inner for scene in (before, after))
    if early is None or late is None:
        return LevatorShift(*[Metric.missing("mm", "; ".join(reasons)) for _ in range(3)])
    tumour = before.tumour_surface
    carried = None if isinstance(tumour, str) else TumourSurface(_carried(tumour.mesh, registration))
    moved = surface_shift(_carried(early, registration), late, carried)
    if not moved.opposite.any():
        reason = "the levators of both visits lie nowhere opposite each other"
        return LevatorShift(*[Metric.missing("mm", reason) for _ in range(3)])
    vertices = np.unique(moved.face.triangles[moved.opposite])
    at = int(vertices[np.argmax(np.abs(moved.shift_mm[vertices]))])
    ends = (_point(moved.face.vertices_mm[at]), _point(moved.feet.points_mm[at]))
    if isinstance(tumour, str):
        contact = Metric.missing("mm", f"first visit: {tumour}")
    elif before.side not in (side, "midline"):
        contact = Metric.missing("mm", "the tumour lies on the other side")
    else:
        contact = _mean(moved, moved.contact_region(before.tau), registration)
    return LevatorShift(
        contact,
        _mean(moved, moved.opposite, registration),
        _bounded(Metric(-float(moved.shift_mm[at]), "mm", points_mm=ends), registration),
    )


def _mean(moved: SurfaceShift, region: np.ndarray, registration: RigidTransform) -> Metric:
    """Return the mean shift over triangles (m,), by area."""
    if not region.any():
        return Metric.missing("mm", "the contact region has no counterpart at the second visit")
    corners = moved.feet.points_mm[moved.face.triangles[region]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    if not area.sum() > 0:
        return Metric.missing("mm", "the contact region has no counterpart at the second visit")
    # The face is the earlier one, so it lies on the other side of the later one than that one of it.
    values = -moved.shift_mm[moved.face.triangles[region]].mean(axis=1)
    return _bounded(Metric(float(np.average(values, weights=area)), "mm"), registration)


def _bounded(metric: Metric, registration: RigidTransform) -> Metric:
    """Return a shift with the registration's bound, and in words whether it can be told from error."""
    bound, value = registration.error_95_mm, metric.value
    if value is None:
        return metric
    if bound is None:
        note = "the registration's error was not estimated, so a small shift means nothing"
        return replace(metric, notes=(*metric.notes, note))
    notes = metric.notes
    if abs(value) < bound:
        notes = (*notes, f"{NOT_DISTINGUISHABLE} ({bound:.2g} mm)")
    return replace(metric, low=value - bound, high=value + bound, notes=notes)


def _carried(mesh: TriangleMesh, registration: RigidTransform) -> TriangleMesh:
    return TriangleMesh(registration.apply(mesh.vertices_mm), mesh.triangles, registration.moving_frame_uid)


def _point(point: FloatArray) -> PointMm:
    x, y, z = point.tolist()
    return (x, y, z)
