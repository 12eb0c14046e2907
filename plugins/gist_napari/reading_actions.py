"""What every key of the reading screen does: the ids of `keys.BINDINGS`, each with its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gist_napari.planes import Plane
from gist_napari.tools.names import Tool
from gist_napari.window_level import presets_of

if TYPE_CHECKING:
    from gist_napari.pane import Pane
    from gist_napari.window import ReadingDock

__all__ = ["actions_of"]

_ZOOM = 1.25

PAGES = ("look", "segment", "measure", "levator", "sign")


def actions_of(dock: ReadingDock) -> dict[str, Callable[..., Any]]:
    """Return what the keys do on a reading screen."""
    session, reading, link = dock.session, dock.reading, dock.link

    def active() -> Pane:
        return reading.panes[reading.active]

    def slices(n: int) -> Callable[[], None]:
        return lambda: active().step(n)

    def end(last: bool) -> Callable[[], None]:
        def go() -> None:
            pane = active()
            pane.step((pane.n_slices - 1 if last else 0) - pane.slice_index)

        return go

    def zoom(factor: float) -> Callable[[], None]:
        return lambda: active().set_px_per_mm(active().px_per_mm * factor)

    def preset(number: int) -> Callable[[], None]:
        def show() -> None:
            for pane in reading.panes:
                if pane.volume is not None:
                    pane.set_preset(presets_of(pane.volume)[number])

        return show

    def other_pane() -> None:
        visit = reading.visit_at(1 - reading.active)
        if visit is not None:
            session.choose_visit(visit.label)

    def hold_window(down: bool) -> None:
        for pane in reading.panes:
            pane.mouse.left_sets_window = down or session.tool is Tool.WINDOW

    def escape() -> None:
        if not reading.drop_gesture():
            session.escape()

    return {
        "slice_up": slices(-1),
        "slice_down": slices(1),
        "slice_first": end(False),
        "slice_last": end(True),
        "stage_next": lambda: reading.next_stage(1),
        "stage_previous": lambda: reading.next_stage(-1),
        "series_next": lambda: reading.next_series(1),
        "series_previous": lambda: reading.next_series(-1),
        **{f"plane_{plane.value}": lambda plane=plane: reading.set_plane(plane) for plane in Plane},
        "other_pane": other_pane,
        "blink": reading.blink,
        "link": lambda: session.set_view(linked=not session.linked),
        "reference": reading.toggle_reference_row,
        "three_d": reading.toggle_surfaces,
        "jump_longest": reading.jump_to_longest,
        "jump_unverified": reading.jump_to_unverified,
        "window_hold": hold_window,
        **{f"preset_{number}": preset(number) for number in range(1, 6)},
        "invert": lambda: active().set_inverted(not active().inverted),
        "window_reset": lambda: active().reset_window(),
        "hide": lambda down: session.set_view(hidden=down),
        "outline": lambda: session.set_view(outline=not session.outline_only),
        "zoom_in": zoom(_ZOOM),
        "zoom_out": zoom(1 / _ZOOM),
        "fit": link.fit,
        **{f"tool_{tool.value}": lambda tool=tool: session.choose_tool(tool) for tool in Tool},
        "brush_smaller": session.smaller_brush,
        "brush_larger": session.larger_brush,
        "grow": session.grow,
        "between": session.between,
        "keep_largest": session.keep_largest,
        "accept": session.accept,
        "escape": escape,
        "undo": session.undo,
        "redo": session.redo,
        **{f"page_{page}": lambda page=page: session.page_wanted.emit(page) for page in PAGES},
        "commit": dock.panel.commit,
        "next_case": session.next_case,
        "save": session.save_now,
        "key_sheet": dock.show_key_sheet,
    }
