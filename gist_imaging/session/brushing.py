"""The brush: on the waiting proposal, else on the mask, else on a new one; other lesions are left alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import ReadingError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.refine_brush import brush_part
from gist_imaging.segment.refine_edit import edited_part
from gist_imaging.session.canvas import Axis, Canvas, drawn_points, locked_by_others
from gist_imaging.session.event import Event, changed, mask_changed
from gist_imaging.session.mask_facts import (
    MaskState,
    Method,
    check_grid,
    mask_facts,
    method_after,
    signed,
)
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.slice_number import slice_number
from gist_imaging.spatial.volume import Volume

__all__ = ["brushed"]


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
    part, covered = brush_part(canvas.geometry, points, radius_mm, axis)
    if in_range is not None:
        low, high = in_range
        if not low <= high:
            raise ReadingError(
                "a range runs from its lower to its upper end", f"got {low} to {high}", "exchange them"
            )
        values = volume.voxels[part]
        covered &= (values >= low) & (values <= high)
    waiting = state.proposal(canvas.lesion, canvas.visit)
    kind = "mask" if waiting is None else "proposal"
    old = waiting if waiting is not None else state.mask(canvas.lesion, canvas.visit)
    check_grid(old, canvas)
    before = old
    if before is None:
        before = Mask.empty(canvas.geometry, "tumour", canvas.lesion, Provenance("manual"))
    held = before.voxels[part]
    locked = None if erase else locked_by_others(state, canvas, part)
    n_locked = 0
    if locked is not None:
        taken = covered & locked & ~held
        n_locked = int(np.count_nonzero(taken))
        covered &= ~taken
    inside = held & ~covered if erase else held | covered
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
    at = round(float(canvas.geometry.to_index(points)[0, canvas.slice_axis]))
    label = f"{tool} {canvas.visit} slice {slice_number(canvas.geometry, canvas.slice_axis, at)}"
    parameters = {name: details[name] for name in ("radius_mm", "slice_axis", "in_range")}
    new = signed(edited_part(before, part, inside, tool, parameters), canvas.by)
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
        told = mask_facts(
            state,
            canvas,
            MaskState.ACCEPTED,
            method_after(None if old is None or old.is_empty else facts["method"], Method.MANUAL),
            after=facts["prompts_sha256"] if facts is not None else None,
            edited=True,
        )
    return Event("act", tool, label, (change, changed(facts_key, facts, told)), details=details)
