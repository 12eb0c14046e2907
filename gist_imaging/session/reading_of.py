"""Everything that a reader gave to a case as one `Reading`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gist_imaging.segment.prompts import PromptLog
from gist_imaging.session.call_form import NO_SIDE, SIDES, findings_from, relation_from
from gist_imaging.session.calls import answers_of
from gist_imaging.session.mask_facts import MaskState
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.study.codes import Side
from gist_imaging.study.marks import Fact, Mark, MaskReference
from gist_imaging.study.reading import Reading

__all__ = ["contents_of", "masks_of", "reading_of"]

_NOT_VISIBLE = "not_visible"

_FACTS = {"image_quality": "quality", "rectal_filling": "filling", "coronal_plane": "coronal_plane"}
"""Field of the findings to the fact of the visit that answers it where the form did not."""


def reading_of(
    state: CaseState, *, case: str, reader: str, blinded: bool, frames: Mapping[str, str | None]
) -> Reading:
    """Return the first revision of what the reader gave.

    Parameters
    ----------
    frames : visit to the frame of reference of its measured series

    Raises
    ------
    ReadingError
        If words contradict one another, or belong together and one is missing.
    """
    return Reading(reader, case, blinded, **contents_of(state, reader, frames))


def contents_of(state: CaseState, reader: str, frames: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the lists of a reading: relations, findings, masks, prompts, calipers, landmarks, facts."""
    visits = list(frames)
    lesions = [key[1] for key, _ in state.under("lesion")]
    pairs = [(lesion, visit) for visit in visits for lesion in lesions]
    relations = (
        relation_from(answers_of(state, visit, lesion, "relation"), lesion, visit, reader, side)
        for lesion, visit in pairs
        for side in SIDES
    )
    findings = (
        findings_from(_with_facts(state, visit, lesion), lesion, visit, reader) for lesion, visit in pairs
    )
    return {
        "relations": tuple(held for held in relations if held is not None),
        "findings": tuple(held for held in findings if held is not None),
        "masks": tuple(_mask_references(state)),
        "prompts": tuple(_prompts(state, frames)),
        "calipers": tuple(_calipers(state, frames)),
        "landmarks": tuple(_landmarks(state, frames)),
        "facts": tuple(_facts(state)),
    }


def masks_of(state: CaseState) -> tuple[Mask, ...]:
    """Return every accepted mask, empty ones included."""
    return tuple(value for _, value in state.under("mask") if isinstance(value, Mask))


def _with_facts(state: CaseState, visit: str, lesion: str) -> dict[tuple[str, str], Any]:
    answers = answers_of(state, visit, lesion, "findings")
    if answers:
        for field, fact in _FACTS.items():
            said = state.plain("fact", visit, fact)
            if said is not None:
                answers.setdefault((NO_SIDE, field), said)
    return answers


def _mask_references(state: CaseState) -> list[MaskReference]:
    found = []
    for key, value in state.under("mask"):
        facts = state.plain("mask_facts", key[1], key[2])
        if isinstance(value, Mask):
            empty = facts["state"] == MaskState.NONE_VISIBLE or value.is_empty
            found.append(
                MaskReference(key[1], key[2], value.sha256(), facts["image_sha256"], empty, facts["method"])
            )
    return found


def _prompts(state: CaseState, frames: Mapping[str, str | None]) -> list[Mark]:
    return [
        Mark(
            prompt.kind,
            key[2],
            _rows(prompt.points_mm),
            lesion=key[1],
            include=prompt.include,
            round=prompt.round,
            frame_uid=frames.get(key[2]),
        )
        for key, value in state.plain_under("prompts")
        for prompt in PromptLog.from_json(value).prompts
    ]


def _calipers(state: CaseState, frames: Mapping[str, str | None]) -> list[Mark]:
    by_hand = [
        Mark(
            key[3],
            key[2],
            _rows(value["points_mm"]),
            lesion=key[1],
            frame_uid=frames.get(key[2]),
            why=value["why"],
        )
        for key, value in state.plain_under("caliper")
    ]
    rulers = [
        Mark("ruler", key[1], _rows(value["points_mm"]), frame_uid=frames.get(key[1]))
        for key, value in state.plain_under("ruler")
    ]
    regions = [
        Mark(f"roi_{value['shape']}", key[1], _rows(value["points_mm"]), frame_uid=frames.get(key[1]))
        for key, value in state.plain_under("roi")
    ]
    return by_hand + rulers + regions


def _landmarks(state: CaseState, frames: Mapping[str, str | None]) -> list[Mark]:
    placed = [
        Mark(key[2], key[1], _rows([value["point_mm"]]), frame_uid=frames.get(key[1]))
        for key, value in state.plain_under("landmark")
        if value["point_mm"] is not None and value["status"] != "copied"
    ]
    strokes = [
        Mark(
            "levator",
            key[1],
            _rows(value["points_mm"]),
            side=Side.read(key[2], "side"),
            frame_uid=frames.get(key[1]),
        )
        for key, value in state.plain_under("levator")
    ]
    return placed + strokes


def _facts(state: CaseState) -> list[Fact]:
    stated = [Fact(key[2], str(value), key[1]) for key, value in state.plain_under("fact")]
    unseen = [
        Fact("landmark", _NOT_VISIBLE, key[1], key[2])
        for key, value in state.plain_under("landmark")
        if value["point_mm"] is None
    ]
    impressions = [
        Fact("impression", str(value), about=key[1]) for key, value in state.plain_under("impression")
    ]
    return stated + unseen + impressions


def _rows(points: Any) -> tuple[tuple[float, float, float], ...]:
    rows = np.asarray(points, dtype=np.float64).reshape(-1, 3).tolist()
    return tuple((x, y, z) for x, y, z in rows)
