"""Why a tool cannot work now, in one sentence with the way out; "" where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gist_napari.tools.names import Tool

if TYPE_CHECKING:
    from gist_napari.session import Session

__all__ = ["NO_CASE", "why_not"]

NO_CASE = "Open a case first: choose one in the worklist and press Enter."

_WRITES = frozenset(
    {tool.value for tool in Tool} - {Tool.PAN.value, Tool.WINDOW.value} | {"grow", "between", "keep_largest"}
)


def why_not(session: Session, name: str) -> str:
    """Return why the button called `name` cannot work, or ""."""
    case = session.case
    if case is None:
        return NO_CASE
    if name in _WRITES and case.read_only:
        return f"Nothing can be drawn: {case.read_only.rstrip('.')}."
    lesion, visit, state = session.active_lesion, session.active_visit, case.state
    where = f"{lesion} on {session.tag_of(visit)}"
    drawn = (state.plain("prompts", lesion, visit) or {}).get("prompts", ()) if lesion else ()
    has_mask = bool(lesion) and state.mask(lesion, visit) is not None
    waiting = bool(lesion) and state.proposal(lesion, visit) is not None
    reasons = {
        "grow": not drawn
        and f"Draw a stroke inside the tumour first{f' ({where})' if lesion else ''}, then Grow.",
        "between": not any(one.get("kind") == "outline" for one in drawn)
        and "Draw the tumour's edge on at least two slices with Outline first, then Between.",
        "keep_largest": not (has_mask or waiting)
        and f"There is no mask{f' of {where}' if lesion else ''} yet: grow or paint one first.",
        "caliper": bool(lesion)
        and not has_mask
        and f"There is no mask of {where} yet, so no diameter to correct. Segment first (F3), or use 2 axes.",
        "range_brush": session.value_range is None
        and "Set the range of values first: Segment page (F3), under More.",
        "undo": state.undo_label is None and "Nothing to undo.",
        "redo": state.redo_label is None and "Nothing to redo.",
        "link": session.pair[1] is None and "There is one scan in this case: nothing to link.",
        "blink": session.pair[1] is None and "There is one scan in this case: nothing to change to.",
    }
    if name in ("grow", "between", "keep_largest") and session.jobs.busy and session.jobs.status is not None:
        return f"{session.jobs.status.label} is running: wait, or stop it with Esc."
    return reasons.get(name) or ""
