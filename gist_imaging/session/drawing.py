"""Strokes, loops, outlines and boxes that a mask is grown from, each in the round in which it was drawn."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from gist_imaging.errors import ReadingError
from gist_imaging.segment.prompts import Kind, Prompt, PromptLog
from gist_imaging.session.canvas import Canvas, drawn_points
from gist_imaging.session.event import Event, changed
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.slice_number import slice_number

__all__ = ["next_round", "prompt_drawn", "prompts_cleared", "prompts_of"]

_WORDS: dict[tuple[Kind, bool], str] = {
    ("scribble", True): "stroke inside",
    ("scribble", False): "stroke outside",
    ("point", True): "click inside",
    ("point", False): "click outside",
    ("loop", True): "loop",
    ("loop", False): "loop",
    ("outline", True): "outline",
    ("outline", False): "outline of a hole",
    ("box", True): "box",
    ("box", False): "box without tumour",
}


def prompts_of(state: CaseState, lesion: str, visit: str) -> PromptLog:
    """Return everything that was drawn for a lesion at a visit; empty where nothing was."""
    held = state.plain("prompts", lesion, visit)
    return PromptLog() if held is None else PromptLog.from_json(held)


def next_round(state: CaseState, lesion: str, visit: str) -> int:
    """Return the round that a prompt drawn now belongs to: how many results were seen before it.

    A result is a proposal or an accepted mask that is there now. Several strokes after the same result share
    a round, however often growing was asked for in between without a result.
    """
    log = prompts_of(state, lesion, visit)
    seen = [
        facts["prompts_sha256"]
        for kind in ("proposal", "mask")
        if (kind, lesion, visit) in state.cells
        and (facts := state.plain(f"{kind}_facts", lesion, visit)) is not None
    ]
    if not len(log):
        return 1 if seen else 0
    # A result made after the last stroke was seen before this one; an older one counts already.
    return log.prompts[-1].round + (1 if log.sha256() in seen else 0)


def prompt_drawn(
    state: CaseState, canvas: Canvas, kind: Kind, points_mm: npt.ArrayLike, include: bool = True
) -> Event:
    """Return the event that adds one prompt.

    Parameters
    ----------
    kind : a scribble of one point is kept as a point
    points_mm : (n, 3) LPS on the image; a box may reach beyond it
    include : whether what was drawn is tumour

    Raises
    ------
    PromptError
        If the points are not on the image, or too few for their kind.
    """
    points = points_mm if kind == "box" else drawn_points(points_mm, canvas.geometry, kind)
    if kind == "scribble" and len(points) == 1:  # type: ignore[arg-type]
        kind = "point"
    prompt = Prompt(kind, points, include, next_round(state, canvas.lesion, canvas.visit))  # type: ignore[arg-type]
    log = prompts_of(state, canvas.lesion, canvas.visit)
    at = canvas.geometry.to_index(prompt.points_mm)[0, canvas.slice_axis]
    number = slice_number(canvas.geometry, canvas.slice_axis, round(float(at)))
    label = f"{_WORDS[kind, include]} {canvas.visit} slice {number}"
    return _kept(state, canvas, log.adding([prompt]), f"add_{kind}", label, round=prompt.round)


def prompts_cleared(state: CaseState, canvas: Canvas) -> Event:
    """Return the event that takes everything back that was drawn to grow from; masks stay.

    Raises
    ------
    ReadingError
        If nothing was drawn.
    """
    if not len(prompts_of(state, canvas.lesion, canvas.visit)):
        raise ReadingError("strokes to clear", f"{canvas.lesion} has none at {canvas.visit}", "draw first")
    return _kept(state, canvas, PromptLog(), "clear_prompts", f"clear strokes {canvas.lesion} {canvas.visit}")


def _kept(state: CaseState, canvas: Canvas, log: PromptLog, name: str, label: str, **details: Any) -> Event:
    key = canvas.prompts_key
    new = log.to_json() if len(log) else None
    return Event(
        "act",
        name,
        label,
        (changed(key, state.plain(*key), new),),
        details={**details, "n_prompts": len(log)},
    )
