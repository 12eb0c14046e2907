"""Strokes that a reader drew along the levator ani, each on the side that it lies on."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.levator import LevatorReport, levator_surface
from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.anatomy.surface import LevatorSurface, Side
from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.session.event import Event, changed
from gist_imaging.session.landmarks_given import midline_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.volume import Volume

__all__ = ["AT_LEAST_STROKES", "stroke_added", "stroke_removed", "strokes_of", "surface_of"]

AT_LEAST_STROKES = 3
"""Strokes of one side that a surface is made from at least (SCREEN W9)."""

_WORDS = {"L": "left", "R": "right"}


def strokes_of(state: CaseState, visit: str, side: str | None = None) -> tuple[LevatorStroke, ...]:
    """Return the strokes of a visit in the order drawn, of one side or of both."""
    held = [
        (int(key[3]), key[2], value)
        for key, value in state.plain_under("levator", visit)
        if side is None or key[2] == side
    ]
    return tuple(
        LevatorStroke(np.asarray(value["points_mm"]), "L" if at == "L" else "R")
        for _, at, value in sorted(held, key=lambda row: (row[0], row[1]))
    )


def stroke_added(state: CaseState, visit: str, side: str, points_mm: npt.ArrayLike) -> Event:
    """Return the event that keeps one stroke along the levator ani.

    Where the landmarks give the midline, a stroke whose middle lies beyond it is refused. Without, a stroke
    that contradicts those of the other side is kept, and `details["question"]` asks about it.

    Raises
    ------
    PromptError
        If it is no stroke, or lies on the other side; says by how many mm.
    """
    stroke = LevatorStroke(np.asarray(points_mm, dtype=np.float64), side)  # type: ignore[arg-type]
    middle = stroke.points_mm.mean(axis=0)
    midline, why_not = midline_of(state, visit)
    question = None
    if midline is not None:
        beyond = -_sign(side) * float(midline.left_of(middle))
        if beyond > 0.0:
            raise PromptError(
                f"the {_WORDS[side]} levator ani lies to the patient's {_WORDS[side]} of the midline",
                f"its middle lies {beyond:.0f} mm on the other side",
                "choose the other side, or correct the landmarks of the midline",
            )
    else:
        question = _question(state, visit, side, middle)
    key = ("levator", visit, side, _next_number(state, visit, side))
    new = {"points_mm": stroke.points_mm.tolist()}
    details = {"question": question, "side_checked": midline is not None, "why_not_checked": why_not or None}
    label = f"levator {side} stroke {key[3]} {visit}"
    return Event("act", "add_levator_stroke", label, (changed(key, None, new),), details=details)


def stroke_removed(state: CaseState, visit: str, side: str, number: str | int | None = None) -> Event:
    """Return the event that takes a stroke away; without a number the last one of the side.

    Raises
    ------
    ReadingError
        If there is none.
    """
    numbers = sorted(int(key[3]) for key, _ in state.plain_under("levator", visit, side))
    wanted = int(number) if number is not None else (numbers[-1] if numbers else 0)
    if wanted not in numbers:
        raise ReadingError(
            f"a levator stroke of side {side} at {visit}: {', '.join(map(str, numbers)) or 'none'}",
            f"asked for {number if number is not None else 'the last'}",
            "draw it first",
        )
    key = ("levator", visit, side, str(wanted))
    label = f"remove levator {side} stroke {wanted} {visit}"
    return Event("act", "remove_levator_stroke", label, (changed(key, state.plain(*key), None),))


def surface_of(
    state: CaseState, visit: str, side: str, volume: Volume | None
) -> tuple[LevatorSurface, LevatorReport]:
    """Return the surface through the strokes of a side, and what to know about it.

    Parameters
    ----------
    volume : an image in the strokes' frame, which gives the thickness; None takes the published one

    Raises
    ------
    PromptError
        If there are fewer than three strokes of the side, or they make no sheet.
    """
    n_own = Counter(stroke.side for stroke in strokes_of(state, visit))[_side(side)]
    if n_own < AT_LEAST_STROKES:
        raise PromptError(
            f"at least {AT_LEAST_STROKES} strokes along the {_WORDS[side]} levator ani at {visit}",
            f"there are {n_own}",
            "draw it on 3 to 8 coronal slices",
        )
    midline, _ = midline_of(state, visit)
    drawn = strokes_of(state, visit)
    # Strokes drawn on another series of the visit may all lie beyond this one; it then says nothing of them.
    shown = volume if volume is not None and any(_reaches(held, volume, side) for held in drawn) else None
    return levator_surface(drawn, side=_side(side), volume=shown, midline=midline)


def _reaches(stroke: LevatorStroke, volume: Volume, side: str) -> bool:
    at = volume.geometry.to_index(stroke.points_mm)
    inside = ((at >= -0.5) & (at <= np.asarray(volume.geometry.shape) - 0.5)).all(axis=1)
    return stroke.side == side and bool(inside.any())


def _side(side: str) -> Side:
    if side not in _WORDS:
        raise PromptError("a side is L or R, the patient's own", f"got {side!r}", "correct the side")
    return "L" if side == "L" else "R"


def _sign(side: str) -> float:
    return 1.0 if side == "L" else -1.0


def _question(state: CaseState, visit: str, side: str, middle: npt.NDArray[np.float64]) -> str | None:
    other = "R" if side == "L" else "L"
    opposite = strokes_of(state, visit, other)
    if not opposite:
        return None
    # In LPS, x grows to the patient's left.
    across = _sign(side) * float(
        middle[0] - np.concatenate([held.points_mm for held in opposite])[:, 0].mean()
    )
    if across > 0.0:
        return None
    return (
        f"this stroke of side {side} lies {-across:.0f} mm beyond those of side {other}: is the side right? "
        "Place the midline landmarks to have it checked"
    )


def _next_number(state: CaseState, visit: str, side: str) -> str:
    numbers = [int(key[3]) for key, _ in state.plain_under("levator", visit, side)]
    return str(max(numbers, default=0) + 1)
