"""The case sheet of what a reader gave: measured, compared and judged as the tables are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError

if TYPE_CHECKING:
    from gist_imaging.anatomy.metric import Metric
    from gist_imaging.anatomy.surface import Side
    from gist_imaging.io.case_sheet_values import CaseSheet, SheetLesion, SheetVisit
    from gist_imaging.session.state import CaseState
    from gist_imaging.spatial.mask import Mask
    from gist_imaging.spatial.volume import Volume
    from gist_imaging.study.marks import Mark, PointMm
    from gist_imaging.workflow.export_given import GivenCase, GivenVisit

__all__ = ["Metrics", "relation_metrics", "sheet_of"]

_DAY_0 = {"imatinib_start": "first dose", "surgery": "surgery", "first_scan": "first scan"}
_PHASES = {"none": "no contrast", "unknown": "contrast phase unknown"}
_QUALITY = {"adequate": ""}
# Fates that the pictures tell by themselves.
_PLAIN_FATES = ("present",)


Metrics = Mapping[str, Mapping[str, "Metric"]]
"""Side to M1 to M9 by name."""


def sheet_of(given: GivenCase, metrics: Callable[[str, str], Metrics]) -> CaseSheet:
    """Return the sheet of a case: one page for each lesion, baseline beside the last follow-up.

    Parameters
    ----------
    metrics : gives M1 to M9 of a lesion at a visit, for each side that was measured; asked where the levator
        ani was drawn, and a GistImagingError becomes a note
    """
    from gist_imaging._version import __version__
    from gist_imaging.io.case_sheet_values import CaseSheet
    from gist_imaging.measure.lesion import DEFINITIONS_VERSION

    reading = given.reading
    pre, post, others = _compared(given)
    volumes = {visit.label: given.volume(visit.label) for visit in (pre, post) if visit and visit.series}
    return CaseSheet(
        case=reading.case,
        reader=reading.reader,
        revision=reading.revision if given.status == "committed" else 0,
        status=given.status,
        lesions=tuple(_lesion(given, name, pre, post, others, volumes, metrics) for name in given.lesions),
        blinded=reading.blinded,
        reading_sha256=reading.sha256 if given.status == "committed" else "",
        versions={"gist_imaging": __version__, "definitions": str(DEFINITIONS_VERSION)},
    )


def _compared(given: GivenCase) -> tuple[GivenVisit | None, GivenVisit | None, tuple[GivenVisit, ...]]:
    """Return the baseline, the last follow-up that was outlined (else the last one), and what else was."""
    outlined = {visit for _, visit in given.masks}
    pre = next((visit for visit in given.visits if visit.role == "baseline"), None)
    if pre is None:
        pre = next((visit for visit in given.visits if visit.label in outlined), None)
    at = -1 if pre is None else given.visits.index(pre)
    later = [visit for visit in given.visits[at + 1 :] if visit.role != "other" or pre is None]
    post = next((visit for visit in reversed(later) if visit.label in outlined), None)
    post = post or (later[-1] if later else None)
    others = tuple(visit for visit in given.visits if visit.label in outlined and visit not in (pre, post))
    return pre, post, others


def _lesion(
    given: GivenCase,
    name: str,
    pre: GivenVisit | None,
    post: GivenVisit | None,
    others: tuple[GivenVisit, ...],
    volumes: Mapping[str, Volume],
    metrics: Callable[[str, str], Metrics],
) -> SheetLesion:
    from gist_imaging.io.case_sheet_values import SheetLesion
    from gist_imaging.response.compare import compare

    about = given.state.plain("lesion", name) or {}
    before = _visit(given, name, pre, volumes, metrics, None)
    after = _visit(given, name, post, volumes, metrics, before)
    change: Any = {}
    responses: Any = ()
    if before.measured is not None and after.measured is not None:
        days = None if before.day is None or after.day is None else (before.day, after.day)
        compared = compare(
            before.measured,
            after.measured,
            days=days if days and days[0] < days[1] else None,
            phase=_common_phase(given, before.label, after.label),
            new_lesion=_is_new_there(given, after.label),
        )
        change, responses = compared.change_pct, compared.responses
    notes = [
        f"Also outlined at {visit.label}; its numbers stand in the tables."
        for visit in others
        if (name, visit.label) in given.masks
    ]
    return SheetLesion(
        name,
        before,
        after,
        organ=str(about.get("organ", "")),
        role=str(about.get("role", "")).replace("_", "-"),
        change_pct=change,
        responses=responses,
        impression=str(given.state.plain("impression", name) or ""),
        notes=tuple(notes),
    )


def _visit(
    given: GivenCase,
    lesion: str,
    visit: GivenVisit | None,
    volumes: Mapping[str, Volume],
    metrics: Callable[[str, str], Metrics],
    before: SheetVisit | None,
) -> SheetVisit:
    from gist_imaging.io.case_sheet_values import SheetVisit

    if visit is None:
        which = "baseline" if before is None else "follow-up"
        return SheetVisit(missing=f"There is no {which} scan in the study.")
    calls = tuple(
        call for call in given.reading.relations if (call.lesion, call.timepoint) == (lesion, visit.label)
    )
    findings = next(
        (held for held in given.reading.findings if (held.lesion, held.timepoint) == (lesion, visit.label)),
        None,
    )
    facts = given.state.plain("mask_facts", lesion, visit.label) or {}
    fate = given.state.plain("fate", lesion, visit.label) or {}
    told: dict[str, Any] = {
        "label": visit.label,
        "day": visit.day,
        "day_of": _DAY_0.get(given.t0_event, given.t0_event),
        "series": visit.series_name,
        "facts": _facts(given, visit.label),
        "state": str(facts.get("state", "")).replace("_", " "),
        "fate": "" if fate.get("word") in _PLAIN_FATES else str(fate.get("word", "")),
        "calls": calls,
        "findings": findings,
    }
    mask = given.masks.get((lesion, visit.label))
    volume = volumes.get(visit.label)
    if mask is None or volume is None:
        return SheetVisit(**told, missing=f"{lesion} was not outlined at {visit.label}.")
    return SheetVisit(**told, **_measured(given, lesion, visit, mask, volume, metrics, before))


def _measured(
    given: GivenCase,
    lesion: str,
    visit: GivenVisit,
    mask: Mask,
    volume: Volume,
    metrics: Callable[[str, str], Metrics],
    before: SheetVisit | None,
) -> dict[str, Any]:
    from gist_imaging.io.case_sheet_values import SheetCaliper, SheetLine
    from gist_imaging.measure.lesion import measure_lesion

    strokes = [
        mark
        for mark in (*given.reading.landmarks, *given.reading.prompts)
        if mark.timepoint == visit.label and mark.side is not None and len(mark.points_mm) > 1
    ]
    numbers: Metrics = {}
    note = ""
    if strokes:
        try:
            numbers = metrics(lesion, visit.label)
        except GistImagingError as error:
            note = f"tumour and levator ani were not measured: {error}"
    return {
        "volume": volume,
        "mask": mask,
        "measured": measure_lesion(volume, mask),
        "at_mm": _where(given.state, visit, volume, before) if mask.is_empty else None,
        "calipers": tuple(
            SheetCaliper(mark.kind, mark.points_mm, _why(given, mark))
            for mark in given.reading.calipers
            if (mark.lesion, mark.timepoint) == (lesion, visit.label)
        ),
        "lines": tuple(SheetLine(mark.points_mm, str(mark.side)) for mark in strokes),
        "metrics": numbers,
        "note": note,
    }


def relation_metrics(given: GivenCase, relations: Mapping[str, Path]) -> Callable[[str, str], Metrics]:
    """Return what gives M1 to M9 as the rows of the cohort have them, or raises as they fail.

    Parameters
    ----------
    relations : visit to the file of strokes and landmarks, as `io.relation_file` has it
    """

    def metrics(lesion: str, visit: str) -> Metrics:
        from gist_imaging.anatomy.visit_relation import side_of_tumour, visit_relation
        from gist_imaging.io.relation_visit import read_visit

        path, mask = relations.get(visit), given.masks.get((lesion, visit))
        if path is None or mask is None:
            return {}
        scene = read_visit(given.volume(visit), mask, (path,), {})
        called = given.affected_side(lesion, visit)
        side: Side | None = None
        if called is None:
            side, _ = side_of_tumour(scene.tumour, scene.levator)
        elif called != "both":
            side = called
        measured = visit_relation(scene, side, bilateral=called == "both")
        return {one.side: one.metrics for one in measured.relations}

    return metrics


def _facts(given: GivenCase, visit: str) -> tuple[str, ...]:
    told = []
    phase = given.fact(visit, "phase")
    if phase is not None:
        told.append(_PHASES.get(str(phase), f"{str(phase).replace('_', ' ')} phase"))
    quality = given.fact(visit, "quality")
    if quality is not None and _QUALITY.get(str(quality), "image quality"):
        told.append(f"image quality {str(quality).replace('_', ' ')}")
    artefact = given.fact(visit, "artefact")
    if artefact not in (None, "none"):
        told.append(f"artefact: {artefact}")
    return tuple(told)


def _common_phase(given: GivenCase, *visits: str) -> str:
    phases = {given.fact(visit, "phase") for visit in visits}
    return str(phases.pop()) if len(phases) == 1 and None not in phases else "unknown"


def _is_new_there(given: GivenCase, visit: str) -> bool:
    """Return whether the reader called any lesion new at the visit."""
    roles = {key[1]: value for key, value in given.state.under("lesion")}
    return any(
        (given.state.plain("fate", name, visit) or {}).get("word") == "new"
        or (isinstance(about, Mapping) and about.get("role") == "new" and _is_seen(given, name, visit))
        for name, about in roles.items()
    )


def _is_seen(given: GivenCase, lesion: str, visit: str) -> bool:
    mask = given.masks.get((lesion, visit))
    return mask is not None and not mask.is_empty


def _why(given: GivenCase, mark: Mark) -> str:
    held = given.state.plain("caliper", mark.lesion or "", mark.timepoint, mark.kind)
    return str((held or {}).get("why") or "").replace("_", " ")


def _where(state: CaseState, visit: GivenVisit, volume: Volume, before: SheetVisit | None) -> PointMm | None:
    """Return where the lesion was at baseline, in this scan; None where no transform says so."""
    if before is None or before.mask is None or before.mask.is_empty or before.volume is None:
        return None
    import numpy as np

    grid = before.mask.geometry
    middle = grid.to_patient(before.mask.indices.mean(axis=0))
    frames = (grid.frame_uid, volume.geometry.frame_uid)
    if frames[0] is None or frames[0] != frames[1]:
        cell = state.plain("registration")
        if not isinstance(cell, Mapping) or (cell.get("from"), cell.get("to")) != (before.label, visit.label):
            return None
        if cell.get("state") == "rejected":
            return None
        from gist_imaging.spatial.register_transform import RigidTransform

        middle = RigidTransform.from_json(cell["transform"]).apply(middle)
    x, y, z = np.asarray(middle).tolist()
    return (x, y, z)
