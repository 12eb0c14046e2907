"""Everything about tumour, levator ani and low rectum of one visit, and what became of it at the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from gist_imaging.anatomy.height import Method, TumourHeight, surface_points_mm, tumour_height
from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.levator import LevatorReport
from gist_imaging.anatomy.pelvic_frame import PelvicFrame
from gist_imaging.anatomy.pelvic_lines import PelvicLines, pelvic_lines
from gist_imaging.anatomy.relation import measure_relation
from gist_imaging.anatomy.relation_scene import SIDE_WORDS, RelationScene
from gist_imaging.anatomy.relation_surfaces import LevatorInput
from gist_imaging.anatomy.relation_values import RelationMeasurement, RelationSide, metric_json
from gist_imaging.anatomy.suggestion import RelationSuggestion, suggest_relation
from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, Side
from gist_imaging.errors import MeasurementError, PromptError
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume
from gist_imaging.study.levator_relation import LevatorRelation

__all__ = ["VisitRelation", "VisitScene", "side_of_tumour", "visit_relation"]

# A tumour that is this much nearer to one levator than to the other (inclusive) belongs to that side; less is
# for a reader to say. Ours: the thickness of a slice.
_NEARER_BY_MM = 3.0
_METHODS: tuple[Method, ...] = ("straight", "two_segment", "curved")
NO_CALL = "no word is suggested before the reader's own call"


@dataclass(frozen=True, slots=True, eq=False)
class VisitScene:
    """What one visit gives.

    Parameters
    ----------
    volume : the series that the tumour was outlined on
    tumour : its mask; may be empty
    levator : the levator ani by side
    landmarks : with those out of the field marked
    reports : by side, where the levator ani was made from strokes
    wall_path_mm, hiatus_outline_mm : (n, 3) LPS, or None where not drawn
    calls : the reader's own words
    """

    volume: Volume
    tumour: Mask
    levator: Mapping[Side, LevatorInput] = field(default_factory=dict)
    landmarks: Landmarks = field(default_factory=Landmarks)
    reports: Mapping[Side, LevatorReport] = field(default_factory=dict)
    wall_path_mm: FloatArray | None = None
    hiatus_outline_mm: FloatArray | None = None
    calls: tuple[LevatorRelation, ...] = ()

    def relation_scene(self, side: RelationSide, bilateral: bool) -> RelationScene:
        """Return what is measured for one side."""
        return RelationScene(
            self.tumour,
            self.levator,
            side,
            bilateral=bilateral,
            landmarks=self.landmarks,
            volume=self.volume,
            slices=self.volume.geometry,
        )


@dataclass(frozen=True, slots=True, eq=False)
class VisitRelation:
    """What one visit says: the reader's words first, then the numbers.

    Parameters
    ----------
    relations : M1 to M9, one for each side that was measured
    suggestions : by side, a suggestion once the reader's own call is there, else why there is none
    lines : M11
    height : of the tumour
    reports : how well strokes made a levator ani, by side
    notes : what holds for all of it
    """

    relations: tuple[RelationMeasurement, ...]
    suggestions: Mapping[RelationSide, RelationSuggestion | str]
    lines: PelvicLines
    height: TumourHeight
    reports: Mapping[Side, LevatorReport]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values for `json.dumps`, in full precision."""
        return {
            "relations": [self._relation_json(one) for one in self.relations],
            "pelvic_lines": _metrics_json(self.lines),
            "height": {
                **_metrics_json(self.height),
                "third": {method: self.height.third(method) for method in _METHODS},
            },
            "levators": {side: _report_json(report) for side, report in self.reports.items()},
            "notes": list(self.notes),
        }

    def _relation_json(self, measured: RelationMeasurement) -> dict[str, Any]:
        suggestion = self.suggestions[measured.side]
        told = (
            {"suggestion": None, "no_suggestion": suggestion}
            if isinstance(suggestion, str)
            else {"suggestion": suggestion.to_json(), "no_suggestion": None}
        )
        return {**measured.to_json(), **told}


def visit_relation(
    scene: VisitScene, side: RelationSide | None = None, *, bilateral: bool = False
) -> VisitRelation:
    """Return everything that one visit says about tumour, levator ani and low rectum.

    Parameters
    ----------
    side : of the tumour; None takes the one whose levator ani lies clearly nearer
    bilateral : both sides are affected: both are measured, and neither is a yardstick for the other

    Raises
    ------
    PromptError
        If the levator ani of one side lies on the other one's side.
    MeasurementError
        If the side was not given and the tumour is about as near to both.
    """
    notes: list[str] = []
    chosen: tuple[RelationSide, ...] = ("L", "R")
    if side is None and not bilateral:
        side, note = side_of_tumour(scene.tumour, scene.levator)
        notes.append(note)
    if not bilateral:
        chosen = () if side is None else (side,)
    relations, suggestions = [], {}
    for one in chosen:
        measured_on = scene.relation_scene(one, bilateral)
        _check_sides(scene.levator, measured_on.frame)
        call = next((call for call in scene.calls if call.side.value == one), None)
        codes = None if call is None else call.to_json()
        measured = measure_relation(measured_on, codes)
        relations.append(measured)
        suggestions[one] = _suggested(measured, codes)
    asked = {call.side.value for call in scene.calls} - set(chosen)
    if asked:
        notes.append(
            f"the reader's call on {', '.join(sorted(asked))} stands alone: that side was not measured"
        )
    return VisitRelation(
        tuple(relations),
        suggestions,
        pelvic_lines(scene.landmarks, scene.hiatus_outline_mm),
        tumour_height(scene.tumour, scene.landmarks, scene.wall_path_mm),
        scene.reports,
        tuple(notes),
    )


def side_of_tumour(tumour: Mask, levator: Mapping[Side, LevatorInput]) -> tuple[Side | None, str]:
    """Return the side whose levator ani lies clearly nearer to the tumour, and a note that says why.

    The side is None when there is no tumour or no levator ani.

    Raises
    ------
    MeasurementError
        If one is nearer by less than 3 mm.
    """
    outlined = {side: points for side, held in levator.items() if len(points := _points_of(held))}
    if tumour.is_empty or not outlined:
        what = "no tumour is outlined" if tumour.is_empty else "no levator ani was outlined"
        return None, f"{what}, so no side was measured; name the side to see what each number needs"
    if len(outlined) == 1:
        (only,) = outlined
        return only, f"side {only}: the only levator ani that was outlined"
    tree = cKDTree(surface_points_mm(tumour))
    distances = {side: float(np.min(tree.query(points)[0])) for side, points in outlined.items()}
    left, right = distances["L"], distances["R"]
    if abs(left - right) < _NEARER_BY_MM:
        raise MeasurementError(
            f"the side of a tumour is clear when one levator ani is nearer by {_NEARER_BY_MM:g} mm",
            f"the left one is {left:.1f} mm away, the right one {right:.1f} mm",
            "say which side, midline or both (--side, --midline, --bilateral)",
        )
    near: Side = "L" if left < right else "R"
    return near, f"side {near}: its levator ani lies nearer by {abs(left - right):.1f} mm"


def _points_of(levator: LevatorInput) -> FloatArray:
    if isinstance(levator, Mask):
        return surface_points_mm(levator)
    if isinstance(levator, LevatorSurface):
        return levator.points_mm.reshape(-1, 3)
    return levator.vertices_mm


def _check_sides(levator: Mapping[Side, LevatorInput], frame: PelvicFrame | str) -> None:
    middles = {side: points.mean(axis=0) for side, held in levator.items() if len(points := _points_of(held))}
    if not isinstance(frame, str):
        for side, middle in middles.items():
            across = float(frame.to_frame(middle)[0]) * (1.0 if side == "L" else -1.0)
            if across <= 0:
                raise PromptError(
                    f"the {SIDE_WORDS[side]} levator ani lies to the patient's {SIDE_WORDS[side]} of the "
                    "midsagittal plane",
                    f"its middle lies {-across:.0f} mm on the other side",
                    "swap the sides, or check the orientation of the series",
                )
    elif len(middles) == 2 and middles["L"][0] <= middles["R"][0]:
        raise PromptError(
            "the left levator ani lies to the patient's left of the right one",
            f"it lies {middles['R'][0] - middles['L'][0]:.0f} mm to the right (in LPS, x grows to the left)",
            "swap the sides, or check the orientation of the series",
        )


def _suggested(measured: RelationMeasurement, codes: Mapping[str, Any] | None) -> RelationSuggestion | str:
    if codes is None:
        return NO_CALL
    try:
        return suggest_relation(measured, codes)
    except MeasurementError as error:
        return f"{NO_CALL}: {error.found}"


def _metrics_json(held: PelvicLines | TumourHeight) -> dict[str, Any]:
    return {one.name: metric_json(getattr(held, one.name)) for one in fields(held)}


def _report_json(report: LevatorReport) -> dict[str, Any]:
    return {
        "n_strokes": len(report.strokes),
        "residual_mm": report.residual_mm,
        "error_rms": metric_json(report.error_rms),
        "error_max": metric_json(report.error_max),
        "thickness_source": report.thickness_source,
        "measured_share": report.measured_share,
        "warnings": list(report.warnings),
    }
