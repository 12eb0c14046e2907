"""Tumour, levator ani and low rectum of two visits, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from gist_imaging.anatomy.height import TumourHeight
from gist_imaging.anatomy.metric import Metric, metric_change
from gist_imaging.anatomy.pelvic_frame import NOT_CHECKED
from gist_imaging.anatomy.pelvic_lines import PelvicLines
from gist_imaging.anatomy.relation_change import LevatorShift, RelationChange, relation_change
from gist_imaging.anatomy.relation_values import METRIC_NAMES, RelationSide, metric_json
from gist_imaging.anatomy.surface import Side
from gist_imaging.anatomy.visit_relation import VisitRelation, VisitScene, visit_relation
from gist_imaging.errors import RegistrationError
from gist_imaging.spatial.register import register
from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["AXES", "VisitChange", "visit_change"]

AXES = ("contact", "displacement", "invasion")
"""The three axes of a reader's words."""

# Signals of two scans have no common scale; M9 is a ratio within each, but coil and protocol change it.
_NOT_COMPARED = ("signal_ratio",)


@dataclass(frozen=True, slots=True, eq=False)
class VisitChange:
    """Two visits and what changed.

    Parameters
    ----------
    before, after : what each visit says
    words : side to axis to the reader's words (before, after); None where that visit was not asked
    changes : side to name to second - first, of M1 to M8
    lines, height : name to second - first
    shifts : side that was measured to M10; empty where the scans could not be registered
    registration : from the first to the second visit, or None
    no_registration : why there is none
    """

    before: VisitRelation
    after: VisitRelation
    words: Mapping[str, Mapping[str, tuple[str | None, str | None]]]
    changes: Mapping[RelationSide, Mapping[str, Metric]]
    lines: Mapping[str, Metric]
    height: Mapping[str, Metric]
    shifts: Mapping[RelationSide, RelationChange]
    registration: RigidTransform | None
    no_registration: str | None

    @property
    def muscle_shifts(self) -> Mapping[Side, LevatorShift]:
        """M10 of each levator ani, from the tumour on its own side where that was measured; these first."""
        own = {side: change.shifts[side] for side, change in self.shifts.items() if side != "midline"}
        others = {side: shift for change in self.shifts.values() for side, shift in change.shifts.items()}
        return {**own, **{side: shift for side, shift in others.items() if side not in own}}

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values for `json.dumps`, in full precision."""
        return {
            "pre": self.before.to_json(),
            "post": self.after.to_json(),
            "words": {
                side: {axis: list(pair) for axis, pair in axes.items()} for side, axes in self.words.items()
            },
            "changes": {side: _json(held) for side, held in self.changes.items()},
            "pelvic_lines_change": _json(self.lines),
            "height_change": _json(self.height),
            "levator_shift": {side: held.to_json()["shifts"] for side, held in self.shifts.items()},
            "registration": None
            if self.registration is None
            else {
                "method": self.registration.method,
                "error_mm": self.registration.error_mm,
                "error_95_mm": self.registration.error_95_mm,
            },
            "no_registration": self.no_registration,
        }


def visit_change(
    before: VisitScene,
    after: VisitScene,
    side: RelationSide | None = None,
    *,
    bilateral: bool = False,
    registration: RigidTransform | str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> VisitChange:
    """Return what became of tumour and levator ani; both visits are measured on the first one's side.

    The scans are registered on bone (CT) or as a whole (MR) for M10. Where that fails the rest is told.

    Parameters
    ----------
    registration : from the first to the second visit where it is known, or why there shall be none
    """
    first = visit_relation(before, side, bilateral=bilateral)
    measured: RelationSide | None = side
    if first.relations and not bilateral:
        measured = first.relations[0].side
    second = visit_relation(after, measured, bilateral=bilateral)
    if registration is None:
        transform, failure = _registered(before, after, progress, cancelled)
    elif isinstance(registration, str):
        transform, failure = None, registration
    else:
        transform, failure = registration, None
    by_side = {one.side: one for one in second.relations}
    pairs = [(one, by_side[one.side]) for one in first.relations if one.side in by_side]
    shifts: dict[RelationSide, RelationChange] = {}
    if transform is not None:
        for one, other in pairs:
            shifts[one.side] = relation_change(
                (before.relation_scene(one.side, bilateral), one),
                (after.relation_scene(one.side, bilateral), other),
                transform,
            )
    return VisitChange(
        first,
        second,
        _words(before, after),
        {
            one.side: {
                name: metric_change(one.metrics[name], other.metrics[name])
                for name in METRIC_NAMES
                if name not in _NOT_COMPARED
            }
            for one, other in pairs
        },
        _changes(first.lines, second.lines),
        _changes(first.height, second.height),
        shifts,
        transform,
        failure,
    )


def _registered(
    before: VisitScene,
    after: VisitScene,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[RigidTransform | None, str | None]:
    try:
        return register(before.volume, after.volume, progress=progress, cancelled=cancelled), None
    except RegistrationError as error:
        return None, str(error)


def _words(before: VisitScene, after: VisitScene) -> dict[str, dict[str, tuple[str | None, str | None]]]:
    visits = [{call.side.value: call for call in scene.calls} for scene in (before, after)]
    found: dict[str, dict[str, tuple[str | None, str | None]]] = {}
    for side in ("L", "R", "midline"):
        if not any(side in calls for calls in visits):
            continue
        said = [calls[side].to_json() if side in calls else {} for calls in visits]
        found[side] = {axis: (said[0].get(axis), said[1].get(axis)) for axis in AXES}
    return found


def _changes(first: PelvicLines | TumourHeight, second: PelvicLines | TumourHeight) -> dict[str, Metric]:
    return {one.name: _alike(getattr(first, one.name), getattr(second, one.name)) for one in fields(first)}


def _alike(before: Metric, after: Metric) -> Metric:
    """Return the change, unless both numbers came about differently: other landmarks, another path."""
    change = metric_change(before, after)
    ways = [set(metric.notes) - {NOT_CHECKED} for metric in (before, after)]
    if change.value is None or ways[0] == ways[1]:
        return change
    told = "; ".join(
        f"{visit} visit: {note}"
        for visit, own, other in (("first", before, ways[1]), ("second", after, ways[0]))
        for note in own.notes
        if note not in other and note != NOT_CHECKED
    )
    return Metric.missing(before.unit, f"both visits were not measured in the same way: {told}")


def _json(held: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: metric_json(metric) for name, metric in held.items()}
