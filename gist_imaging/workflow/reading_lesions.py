"""Lesions of an open case, and what is drawn for them: strokes, loops, outlines, boxes, the brush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from uuid import uuid4

if TYPE_CHECKING:
    import numpy.typing as npt

    from gist_imaging.session.canvas import Canvas
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase

__all__ = [
    "add_box",
    "add_lesion",
    "add_loop",
    "add_outline",
    "add_stroke",
    "brush",
    "canvas_of",
    "clear_prompts",
    "remove_lesion",
    "set_fate",
    "set_lesion",
    "state_impression",
]


def canvas_of(case: OpenCase, lesion: str, visit: str) -> Canvas:
    """Return what a reader draws on: the lesion on the measured series of the visit.

    Raises
    ------
    ReadingError
        If there is no such lesion or visit, or no series is pinned for measuring.
    """
    from gist_imaging.session.canvas import canvas_on

    volume = case.measured_volume(visit)
    return canvas_on(
        case.state,
        lesion,
        visit,
        series=case.visit(visit).measured or "",
        volume=volume,
        image_sha256=case.memory.image_sha256(volume),
        by=case.reader,
    )


def add_lesion(case: OpenCase, organ: str = "rectum", role: str = "target") -> str:
    """Add a lesion and return its name (L1, L2 and so on)."""
    from gist_imaging.session.lesions import lesion_added, next_lesion

    name = next_lesion(case.state)
    # A random UUID as a UID (PS3.5 B.2): made once here, stored in the event, the same on every replay.
    case.act(lesion_added(case.state, f"2.25.{uuid4().int}", organ, role))
    return name


def set_lesion(case: OpenCase, lesion: str, organ: str | None = None, role: str | None = None) -> Event:
    """State organ or role of a lesion anew."""
    from gist_imaging.session.lesions import lesion_set

    return case.act(lesion_set(case.state, lesion, organ, role))


def remove_lesion(case: OpenCase, lesion: str) -> Event:
    """Take a lesion away with everything that was given for it; one step to undo."""
    from gist_imaging.session.lesions import lesion_removed

    return case.act(lesion_removed(case.state, lesion))


def set_fate(case: OpenCase, lesion: str, visit: str, word: str | None, reason: str | None = None) -> Event:
    """State what became of a lesion at a visit; see `session.lesions.Fate`."""
    from gist_imaging.session.lesions import fate_set

    return case.act(fate_set(case.state, lesion, case.visit(visit).label, word, reason))


def state_impression(case: OpenCase, lesion: str, word: str | None) -> Event:
    """Keep how the reader sees the change by eye; asked before any number, so not after the commit.

    Raises
    ------
    ReadingError
        If the call is committed, as numbers have been seen since.
    """
    from gist_imaging.session.calls import refuse_after_commit
    from gist_imaging.session.lesions import impression_stated

    refuse_after_commit(case.state, "an impression is given before any number is seen")
    return case.act(impression_stated(case.state, lesion, word))


def add_stroke(case: OpenCase, lesion: str, visit: str, points_mm: npt.ArrayLike, include: bool) -> Event:
    """Keep a stroke inside the tumour (`include`) or outside it."""
    from gist_imaging.session.drawing import prompt_drawn

    return case.act(prompt_drawn(case.state, canvas_of(case, lesion, visit), "scribble", points_mm, include))


def add_loop(case: OpenCase, lesion: str, visit: str, points_mm: npt.ArrayLike) -> Event:
    """Keep a loose loop around the tumour on one slice."""
    from gist_imaging.session.drawing import prompt_drawn

    return case.act(prompt_drawn(case.state, canvas_of(case, lesion, visit), "loop", points_mm))


def add_outline(
    case: OpenCase, lesion: str, visit: str, points_mm: npt.ArrayLike, include: bool = True
) -> Event:
    """Keep an outline on the edge itself; without `include` it is that of a hole."""
    from gist_imaging.session.drawing import prompt_drawn

    return case.act(prompt_drawn(case.state, canvas_of(case, lesion, visit), "outline", points_mm, include))


def add_box(
    case: OpenCase, lesion: str, visit: str, corners_mm: npt.ArrayLike, include: bool = True
) -> Event:
    """Keep a box that holds the whole tumour; without `include` one that holds none."""
    from gist_imaging.session.drawing import prompt_drawn

    return case.act(prompt_drawn(case.state, canvas_of(case, lesion, visit), "box", corners_mm, include))


def clear_prompts(case: OpenCase, lesion: str, visit: str) -> Event:
    """Take back everything that was drawn to grow from; masks stay."""
    from gist_imaging.session.drawing import prompts_cleared

    return case.act(prompts_cleared(case.state, canvas_of(case, lesion, visit)))


def brush(
    case: OpenCase,
    lesion: str,
    visit: str,
    points_mm: npt.ArrayLike,
    radius_mm: float,
    *,
    erase: bool = False,
    ball: bool = False,
    in_range: tuple[float, float] | None = None,
    slice_axis: Literal[0, 1, 2] | None = None,
) -> Event:
    """Brush on the waiting proposal, else on the mask, else begin a mask.

    Parameters
    ----------
    points_mm : (n, 3) LPS; one is a click
    ball : change neighbouring slices too
    in_range : lowest and highest image value that may change
    slice_axis : the array axis across the disc, where it is drawn in another plane than the acquired one

    Returns
    -------
    The event; `details["locked_voxels"]` counts what was left to other lesions
    """
    from gist_imaging.session.brushing import brushed

    canvas = canvas_of(case, lesion, visit)
    across = None if ball else canvas.slice_axis if slice_axis is None else slice_axis
    return case.act(
        brushed(
            case.state,
            canvas,
            case.measured_volume(visit),
            points_mm,
            radius_mm,
            erase=erase,
            axis=across,
            in_range=in_range,
        )
    )
