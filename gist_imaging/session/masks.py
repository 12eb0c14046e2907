"""Accepted masks: the brush, accepting and rejecting, verifying, and saying that no tumour is visible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import ReadingError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.propagate import is_verified, verified
from gist_imaging.segment.refine_brush import brush_voxels
from gist_imaging.segment.refine_edit import edited
from gist_imaging.session.canvas import Axis, Canvas, drawn_points, locked_by_others, named_slices
from gist_imaging.session.drawing import prompts_of
from gist_imaging.session.event import Change, Event, MaskChange, changed, mask_changed
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = [
    "SEEN_SHARE",
    "MaskState",
    "Method",
    "accepted",
    "brushed",
    "mask_cleared",
    "mask_verified",
    "method_after",
    "none_visible",
    "rejected",
]

SEEN_SHARE = 0.8
"""Share of a copied mask's slices that a reader has to have looked at (inclusive) to verify it; SCREEN §7."""


class MaskState(StrEnum):
    """How far a reader stands behind an accepted mask."""

    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    """Copied from another visit and not touched since."""
    VERIFIED = "verified"
    NONE_VISIBLE = "none_visible"
    """The reader looked and found no tumour: an empty mask."""


class Method(StrEnum):
    """How a mask was made, in the words of the cohort's list mask_method."""

    MANUAL = "manual"
    REGION_GROW = "region_grow"
    INTERPOLATION = "interpolation"
    MODEL = "model"
    MODEL_EDITED = "model_edited"
    MIXED = "mixed"
    IMPORTED = "imported"


def method_after(before: str | None, by: str) -> str:
    """Return the method of a mask made by `before` and then changed by `by`.

    >>> method_after(None, "manual"), method_after("model", "manual"), method_after("region_grow", "manual")
    ('manual', 'model_edited', 'mixed')
    """
    if before is None or before == by:
        return by
    edited_model = before in (Method.MODEL, Method.MODEL_EDITED) and by == Method.MANUAL
    return str(Method.MODEL_EDITED if edited_model else Method.MIXED)


def brushed(
    state: CaseState,
    canvas: Canvas,
    volume: Volume,
    points_mm: npt.ArrayLike,
    radius_mm: float,
    *,
    erase: bool = False,
    axis: Axis | None = None,
    in_range: tuple[float, float] | None = None,
) -> Event:
    """Return the event of one brush stroke on the waiting proposal, else on the mask, else on a new mask.

    Voxels of other lesions' masks are left to them; `details["locked_voxels"]` counts those. A stroke that
    changes nothing is kept as an event that undo passes over.

    Parameters
    ----------
    volume : the image of the canvas, for `in_range`
    points_mm : (n, 3) LPS on the image; one is a click
    axis : None for a ball; for a disc, the array axis across it
    in_range : lowest and highest image value (both inclusive) that the brush changes; None changes all

    Raises
    ------
    PromptError, MaskError, ReadingError
        If the points are not on the image, the radius cannot be, or the range is empty.
    """
    points = drawn_points(points_mm, canvas.geometry, "brush stroke")
    covered = brush_voxels(canvas.geometry, points, radius_mm, axis)
    if in_range is not None:
        low, high = in_range
        if not low <= high:
            raise ReadingError(
                "a range runs from its lower to its upper end", f"got {low} to {high}", "exchange them"
            )
        covered &= (volume.voxels >= low) & (volume.voxels <= high)
    waiting = state.proposal(canvas.lesion, canvas.visit)
    kind = "mask" if waiting is None else "proposal"
    old = waiting if waiting is not None else state.mask(canvas.lesion, canvas.visit)
    before = old if old is not None else _nothing(canvas)
    locked = None if erase else locked_by_others(state, canvas)
    n_locked = 0
    if locked is not None:
        taken = covered & locked & ~before.voxels
        n_locked = int(np.count_nonzero(taken))
        covered &= ~taken
    voxels = before.voxels & ~covered if erase else before.voxels | covered
    tool = "erase" if erase else "brush"
    details = {
        "tool": tool,
        "radius_mm": float(radius_mm),
        "slice_axis": axis,
        "in_range": None if in_range is None else [float(value) for value in in_range],
        "n_points": len(points),
        "locked_voxels": n_locked,
        "on": kind,
    }
    at = round(float(canvas.geometry.to_index(points)[0, canvas.slice_axis])) + 1
    label = f"{tool} {canvas.visit} slice {at}"
    parameters = {name: details[name] for name in ("radius_mm", "slice_axis", "in_range")}
    new = _signed(edited(before, voxels, tool, parameters), canvas.by)
    change = mask_changed(canvas.proposal_key if kind == "proposal" else canvas.mask_key, old, new, tool)
    if not len(change.edit.runs):
        return Event("view", f"{tool}_nothing", f"{label}: nothing changed", details=details)
    facts_key = canvas.proposal_facts_key if kind == "proposal" else canvas.facts_key
    facts = state.plain(*facts_key)
    if kind == "proposal":
        told = {
            **facts,
            "method": method_after(facts["method"], Method.MANUAL),
            "edited": True,
            "unverified": False,
        }
    else:
        told = _facts(
            state,
            canvas,
            MaskState.ACCEPTED,
            method_after(None if old is None or old.is_empty else facts["method"], Method.MANUAL),
            after=facts["prompts_sha256"] if facts is not None else None,
            edited=True,
        )
    return Event("act", tool, label, (change, changed(facts_key, facts, told)), details=details)


def accepted(state: CaseState, canvas: Canvas) -> Event:
    """Return the event that makes the waiting proposal the mask.

    Voxels that another lesion has taken meanwhile stay with it; `details["locked_voxels"]` counts them.

    Raises
    ------
    ReadingError
        If no proposal waits.
    """
    proposal, facts = _waiting(state, canvas)
    locked = locked_by_others(state, canvas)
    new, n_locked = proposal, 0
    if locked is not None:
        n_locked = int(np.count_nonzero(locked & proposal.voxels))
        new = replace(proposal, voxels=proposal.voxels & ~locked) if n_locked else proposal
    unverified = bool(facts["unverified"])
    if not unverified and not is_verified(new):
        new = verified(new, canvas.by)
    old = state.mask(canvas.lesion, canvas.visit)
    old_facts = state.plain(*canvas.facts_key)
    told = _facts(
        state,
        canvas,
        MaskState.UNVERIFIED if unverified else MaskState.ACCEPTED,
        facts["method"],
        after=facts["prompts_sha256"],
        edited=facts["edited"],
    )
    changes: tuple[Change | MaskChange, ...] = (
        mask_changed(canvas.mask_key, old, new, "accept"),
        mask_changed(canvas.proposal_key, proposal, None, "accept"),
        changed(canvas.facts_key, old_facts, told),
        changed(canvas.proposal_facts_key, facts, None),
    )
    where = named_slices(new.voxels, canvas.slice_axis) or "empty"
    return Event(
        "act",
        "accept",
        f"accept {canvas.lesion} {canvas.visit} {where}",
        changes,
        details={"locked_voxels": n_locked, "n_voxels": new.n_voxels, "method": facts["method"]},
    )


def rejected(state: CaseState, canvas: Canvas) -> Event:
    """Return the event that puts the waiting proposal away; undo brings it back."""
    proposal, facts = _waiting(state, canvas)
    return Event(
        "act",
        "reject",
        f"reject proposal {canvas.lesion} {canvas.visit}",
        (
            mask_changed(canvas.proposal_key, proposal, None, "reject"),
            changed(canvas.proposal_facts_key, facts, None),
        ),
    )


def mask_verified(state: CaseState, canvas: Canvas, slices_seen: Iterable[int] | None = None) -> Event:
    """Return the event by which the reader stands behind a copied mask.

    Parameters
    ----------
    slices_seen : indices along the slice axis that the reader has looked at; None where nobody counted

    Raises
    ------
    ReadingError
        If there is no mask, or less than 80 % of its slices were looked at.
    """
    mask, facts = _there(state, canvas)
    share = None
    if slices_seen is not None:
        others = tuple(one for one in range(3) if one != canvas.slice_axis)
        own = set(np.flatnonzero(mask.voxels.any(axis=others)).tolist())
        n_seen = len(own & {int(at) for at in slices_seen})
        share = n_seen / len(own) if own else 1.0
        if share < SEEN_SHARE:
            raise ReadingError(
                f"a mask is verified after looking at {SEEN_SHARE:.0%} of its slices",
                f"{n_seen} of {len(own)} were on the screen",
                f"scroll through {named_slices(mask.voxels, canvas.slice_axis)}, or correct it by brush",
            )
    new = verified(mask, canvas.by)
    told = {**facts, "state": str(MaskState.VERIFIED), "by": canvas.by, "looked_at": share}
    return Event(
        "act",
        "verify_mask",
        f"verify {canvas.lesion} {canvas.visit}",
        (mask_changed(canvas.mask_key, mask, new, "verify"), changed(canvas.facts_key, facts, told)),
    )


def none_visible(state: CaseState, canvas: Canvas, reason: str | None = None) -> Event:
    """Return the event that says: looked, and there is no tumour (an accepted empty mask)."""
    proposal = state.proposal(canvas.lesion, canvas.visit)
    old, facts = state.mask(canvas.lesion, canvas.visit), state.plain(*canvas.facts_key)
    new = replace(_nothing(canvas), provenance=Provenance("none_visible", author=canvas.by))
    told = _facts(
        state,
        canvas,
        MaskState.NONE_VISIBLE,
        Method.MANUAL,
        reason=(reason or "").strip() or "no tumour visible",
    )
    changes: list[Change | MaskChange] = [
        mask_changed(canvas.mask_key, old, new, "none_visible"),
        changed(canvas.facts_key, facts, told),
    ]
    if proposal is not None:
        changes.append(mask_changed(canvas.proposal_key, proposal, None, "none_visible"))
        changes.append(changed(canvas.proposal_facts_key, state.plain(*canvas.proposal_facts_key), None))
    return Event(
        "act", "mark_none_visible", f"no tumour visible: {canvas.lesion} {canvas.visit}", tuple(changes)
    )


def mask_cleared(state: CaseState, canvas: Canvas) -> Event:
    """Return the event that takes the accepted mask away; strokes and a waiting proposal stay."""
    mask, facts = _there(state, canvas)
    return Event(
        "act",
        "clear_mask",
        f"clear mask {canvas.lesion} {canvas.visit}",
        (mask_changed(canvas.mask_key, mask, None, "clear"), changed(canvas.facts_key, facts, None)),
    )


def _facts(
    state: CaseState,
    canvas: Canvas,
    word: MaskState,
    method: str,
    *,
    after: str | None = None,
    edited: bool = False,
    reason: str | None = None,
) -> dict[str, Any]:
    """Return what is kept beside a mask.

    `after` is the hash of what had been drawn when the result was first seen; None takes that of now.
    """
    return {
        "state": str(word),
        "method": str(method),
        "series": canvas.series,
        "image_sha256": canvas.image_sha256,
        "by": canvas.by,
        "prompts_sha256": after or prompts_of(state, canvas.lesion, canvas.visit).sha256(),
        "edited": edited,
        "looked_at": None,
        "reason": reason,
    }


def _nothing(canvas: Canvas) -> Mask:
    return Mask(
        np.zeros(canvas.geometry.shape, np.bool_),
        canvas.geometry,
        "tumour",
        canvas.lesion,
        Provenance("manual"),
    )


def _signed(mask: Mask, author: str) -> Mask:
    return replace(mask, provenance=replace(mask.provenance, author=author))


def _waiting(state: CaseState, canvas: Canvas) -> tuple[Mask, Mapping[str, Any]]:
    proposal = state.proposal(canvas.lesion, canvas.visit)
    if proposal is None:
        raise ReadingError(
            f"a proposal for {canvas.lesion} at {canvas.visit}",
            "none waits",
            "draw strokes and grow, or copy one",
        )
    facts: Mapping[str, Any] = state.plain(*canvas.proposal_facts_key)
    return proposal, facts


def _there(state: CaseState, canvas: Canvas) -> tuple[Mask, Mapping[str, Any]]:
    mask = state.mask(canvas.lesion, canvas.visit)
    if mask is None:
        raise ReadingError(
            f"a mask of {canvas.lesion} at {canvas.visit}",
            "there is none",
            "outline it, or say that none is visible",
        )
    facts: Mapping[str, Any] = state.plain(*canvas.facts_key)
    return mask, facts
