"""Accepted masks: accepting and rejecting, verifying, and saying that no tumour is visible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.propagate import is_verified, verified
from gist_imaging.session.canvas import Canvas, apart_from_others, named_slices
from gist_imaging.session.event import Change, Event, MaskChange, changed, mask_changed
from gist_imaging.session.mask_facts import MaskState, Method, check_grid, mask_facts
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask

__all__ = [
    "SEEN_SHARE",
    "MaskState",
    "accepted",
    "mask_cleared",
    "mask_verified",
    "none_visible",
    "rejected",
]

SEEN_SHARE = 0.8
"""Share of a copied mask's slices that a reader has to have looked at (inclusive) to verify it; SCREEN §7."""


def accepted(state: CaseState, canvas: Canvas) -> Event:
    """Return the event that makes the waiting proposal the mask.

    Voxels that another lesion has taken meanwhile stay with it; `details["locked_voxels"]` counts them.

    Raises
    ------
    ReadingError
        If no proposal waits.
    """
    proposal, facts = _waiting(state, canvas)
    old = state.mask(canvas.lesion, canvas.visit)
    for one in (proposal, old):
        check_grid(one, canvas)
    new, taken = apart_from_others(state, canvas, proposal)
    unverified = bool(facts["unverified"])
    if not unverified and not is_verified(new):
        new = verified(new, canvas.by)
    old_facts = state.plain(*canvas.facts_key)
    told = mask_facts(
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
    where = named_slices(new, canvas.slice_axis) or "empty"
    return Event(
        "act",
        "accept",
        f"accept {canvas.lesion} {canvas.visit} {where}",
        changes,
        details={"locked_voxels": taken.n_voxels, "n_voxels": new.n_voxels, "method": facts["method"]},
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
        own = set(mask.occupied(canvas.slice_axis).tolist())
        n_seen = len(own & {int(at) for at in slices_seen})
        share = n_seen / len(own) if own else 1.0
        if share < SEEN_SHARE:
            where = named_slices(mask, canvas.slice_axis)
            raise ReadingError(
                f"a mask is verified after looking at {SEEN_SHARE:.0%} of its slices",
                f"{n_seen} of {len(own)} were on the screen",
                f"scroll through {where}, or correct it by brush",
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
    check_grid(old, canvas)
    provenance = Provenance("none_visible", author=canvas.by)
    new = Mask.empty(canvas.geometry, "tumour", canvas.lesion, provenance)
    told = mask_facts(
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
