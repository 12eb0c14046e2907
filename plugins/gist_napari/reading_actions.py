"""What every key of the reading screen does: the ids of `keys.BINDINGS`, each with its function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gist_napari.planes import Plane
from gist_napari.tools.names import Tool

if TYPE_CHECKING:
    from gist_napari.pane import Pane
    from gist_napari.window import ReadingDock

__all__ = ["actions_of"]

_ZOOM = 1.25

PAGES = ("look", "segment", "measure", "levator", "report")


def actions_of(dock: ReadingDock) -> dict[str, Callable[..., Any]]:
    """Return what the keys do on a reading screen."""
    session = dock.session
    return {
        **_looking(dock),
        **_grey(dock),
        **{f"tool_{tool.value}": partial(dock.tools.press, tool.value) for tool in Tool},
        "brush_smaller": session.smaller_brush,
        "brush_larger": session.larger_brush,
        "grow": lambda: dock.tools.press("grow"),
        "between": lambda: dock.tools.press("between"),
        "keep_largest": lambda: dock.tools.press("keep_largest"),
        "accept": session.accept,
        "escape": partial(_escape, dock),
        "undo": session.undo,
        "redo": session.redo,
        **{f"page_{page}": partial(session.page_wanted.emit, page) for page in PAGES},
        "commit": dock.panel.commit,
        "next_case": session.next_case,
        "save": session.save_now,
        "key_sheet": dock.show_key_sheet,
    }


def _looking(dock: ReadingDock) -> dict[str, Callable[..., Any]]:
    session, reading = dock.session, dock.reading

    def step(n: int) -> None:
        _active(dock).step(n)

    def end(last: bool) -> None:
        pane = _active(dock)
        pane.step((pane.n_slices - 1 if last else 0) - pane.slice_index)

    def zoom(factor: float) -> None:
        pane = _active(dock)
        pane.set_px_per_mm(pane.px_per_mm * factor)

    def other_pane() -> None:
        visit = reading.visit_at(1 - reading.active)
        if visit is not None:
            session.choose_visit(visit.label)

    return {
        "slice_up": partial(step, -1),
        "slice_down": partial(step, 1),
        "slice_first": partial(end, False),
        "slice_last": partial(end, True),
        "stage_next": partial(reading.next_stage, 1),
        "stage_previous": partial(reading.next_stage, -1),
        "series_next": partial(reading.next_series, 1),
        "series_previous": partial(reading.next_series, -1),
        **{f"plane_{plane.value}": partial(reading.set_plane, plane) for plane in Plane},
        "other_pane": other_pane,
        "blink": reading.finder.blink,
        "link": lambda: session.set_view(linked=not session.linked),
        "reference": reading.toggle_reference_row,
        "three_d": reading.finder.toggle_surfaces,
        "jump_longest": reading.finder.longest,
        "jump_unverified": reading.finder.unverified,
        "hide": lambda down: session.set_view(hidden=down),
        "outline": lambda: session.set_view(outline=not session.outline_only),
        "zoom_in": partial(zoom, _ZOOM),
        "zoom_out": partial(zoom, 1 / _ZOOM),
        "fit": dock.link.fit,
    }


def _grey(dock: ReadingDock) -> dict[str, Callable[..., Any]]:
    def preset(number: int) -> None:
        for pane in dock.reading.panes:
            pane.set_preset(number)

    def hold(down: bool) -> None:
        for pane in dock.reading.panes:
            pane.mouse.left_sets_window = down or dock.session.tool is Tool.WINDOW

    def invert() -> None:
        pane = _active(dock)
        pane.set_inverted(not pane.inverted)

    return {
        **{f"preset_{number}": partial(preset, number) for number in range(1, 6)},
        "window_hold": hold,
        "invert": invert,
        "window_reset": lambda: _active(dock).reset_window(),
    }


def _active(dock: ReadingDock) -> Pane:
    return dock.reading.panes[dock.reading.active]


def _escape(dock: ReadingDock) -> None:
    if not dock.reading.hand.drop():
        dock.session.escape()
