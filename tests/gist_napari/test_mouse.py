"""What the mouse does on a pane, whatever tool is in hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from chiral_phantom import MIDDLE_MM, acquisition, chiral_volume
from pane_window import TwoPanes, two_panes

from gist_napari.planes import Plane
from gist_napari.window_level import Window

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        yield opened


@pytest.fixture(params=[False, True], ids=["no tool", "a tool in hand"])
def pane(window, request) -> object:
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition("coronal", flips=(-1, 1, -1), oblique=True)), caption="x")
    pane.tool_active = request.param
    yield pane
    pane.tool_active = False


class Heard:
    """What a signal said."""

    def __init__(self, signal: object) -> None:
        self.said: list[tuple[object, ...]] = []
        signal.connect(lambda *values: self.said.append(values))  # type: ignore[attr-defined]


def test_thirty_notches_down_and_up_return_to_the_slice(window, pane):
    pane.set_plane(Plane.AXIAL)
    pane.set_slice_index(7)
    place_mm = pane.at_mm

    window.wheel(pane, -30)
    assert pane.slice_index == 37
    window.wheel(pane, 30)

    assert pane.slice_index == 7
    np.testing.assert_allclose(pane.at_mm, place_mm)


def test_at_the_last_slice_the_wheel_stops(window, pane):
    window.wheel(pane, -100)

    assert pane.slice_index == pane.n_slices - 1


def test_one_notch_is_one_slice_also_in_the_middle(window, pane):
    pane.set_slice_index(8)

    window.wheel(pane, -1)
    assert pane.slice_index == 9
    window.wheel(pane, 1)
    assert pane.slice_index == 8


def test_alt_and_wheel_is_told_apart(window, pane):
    alone, together = Heard(pane.stepped_alone), Heard(pane.stepped)
    pane.set_slice_index(8)

    window.wheel(pane, -1, "alt")

    assert alone.said == [(9,)]
    assert together.said == []


def test_shift_and_wheel_sizes_the_brush_and_moves_nothing(window, pane):
    sized, index = Heard(pane.sized), pane.slice_index

    window.wheel(pane, 2, "shift")

    assert sized.said == [(1,), (1,)]
    assert pane.slice_index == index


def test_ctrl_and_wheel_zooms_about_the_mouse(window, pane):
    at = (171.5, 402.5)
    held_mm, before = pane.to_patient(at), pane.px_per_mm

    window.wheel(pane, 3, "ctrl", at=at)

    assert pane.px_per_mm > 1.4 * before
    np.testing.assert_allclose(pane.to_canvas(held_mm), at, atol=1e-6)


def test_right_drag_sets_the_window_of_this_pane_and_changes_no_voxel(window, pane):
    window.post.show_volume(chiral_volume(acquisition("axial")), caption="x")
    pane.set_window(Window(100, 200))
    other, before = window.post.window, pane.volume.sha256()
    strokes, layers = Heard(pane.pressed), len(pane.model.layers)

    window.mouse(pane, "press", (300, 300), "right")
    for step in range(1, 11):
        window.mouse(pane, "move", (300 + 10 * step, 300 - 5 * step), "right")
    window.mouse(pane, "release", (400, 250), "right")

    assert pane.window.width > 200
    assert pane.window.level < 100
    assert window.post.window == other
    assert strokes.said == []
    assert pane.volume.sha256() == before
    assert len(pane.model.layers) == layers
    assert tuple(pane.model.layers[0].contrast_limits) == pytest.approx(pane.window.limits)


def test_ctrl_and_double_click_resets_the_window(window, pane):
    opened = pane.window
    pane.set_window(Window(1, 2))

    window.mouse(pane, "double", (300, 300), "left", "ctrl")
    window.mouse(pane, "release", (300, 300))

    assert pane.window == opened


def test_middle_drag_pans_by_as_much_as_the_mouse_moved(window, pane):
    grabbed_mm = pane.to_patient((300.5, 300.5))

    window.mouse(pane, "press", (300, 300), "middle")
    window.mouse(pane, "move", (340, 280), "middle")
    window.mouse(pane, "move", (420, 250), "middle")
    window.mouse(pane, "release", (420, 250), "middle")

    np.testing.assert_allclose(pane.to_canvas(grabbed_mm), (420.5, 250.5), atol=1e-6)


def test_a_tool_hears_every_place_of_the_left_button_and_without_one_it_pans(window, pane):
    pressed, dragged, released = Heard(pane.pressed), Heard(pane.dragged), Heard(pane.released)
    way = [(200, 210), (230, 240), (260, 210)]
    way_mm = [pane.to_patient((x + 0.5, y + 0.5)) for x, y in way]

    window.mouse(pane, "press", way[0])
    for at in way[1:]:
        window.mouse(pane, "move", at)
    window.mouse(pane, "release", way[-1])

    assert (len(pressed.said), len(released.said)) == (1, 1)
    np.testing.assert_allclose(pressed.said[0][0], way_mm[0])
    if pane.tool_active:
        np.testing.assert_allclose([place for place, _ in dragged.said], way_mm[1:])
        np.testing.assert_allclose(released.said[0][0], way_mm[-1])
    else:
        assert dragged.said == []
        np.testing.assert_allclose(pane.to_canvas(way_mm[0]), np.add(way[-1], 0.5), atol=1e-6)


def test_a_double_click_maximises_unless_a_tool_dabs_twice(window, pane):
    wanted, dabs = Heard(pane.maximise_wanted), Heard(pane.pressed)

    window.mouse(pane, "press", (200, 200))
    window.mouse(pane, "release", (200, 200))
    window.mouse(pane, "double", (200, 200))
    window.mouse(pane, "release", (200, 200))

    assert len(wanted.said) == (0 if pane.tool_active else 1)
    assert len(dabs.said) == (2 if pane.tool_active else 1)


def test_the_left_button_sets_the_window_while_the_key_is_held(window, pane):
    pane.mouse.left_sets_window = True
    before, strokes = pane.window, Heard(pane.pressed)

    window.mouse(pane, "press", (300, 300))
    window.mouse(pane, "move", (380, 300))
    window.mouse(pane, "release", (380, 300))
    pane.mouse.left_sets_window = False

    assert pane.window.width > before.width
    assert strokes.said == []


def test_the_mouse_tells_where_it_is_and_that_it_has_left(window, pane):
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    moved = Heard(pane.moved)

    window.mouse(pane, "move", (123, 234), "none")
    QApplication.sendEvent(pane.widget, QEvent(QEvent.Type.Leave))

    np.testing.assert_allclose(moved.said[0][0], pane.to_patient((123.5, 234.5)))
    assert moved.said[-1] == (None,)


def test_a_second_button_does_not_end_what_the_first_one_does(window, pane):
    pane.set_window(Window(100, 200))

    window.mouse(pane, "press", (300, 300), "right")
    window.mouse(pane, "press", (300, 300), "left")
    window.mouse(pane, "release", (300, 300), "left")
    window.mouse(pane, "move", (350, 300), "right")
    window.mouse(pane, "release", (350, 300), "right")

    assert pane.window.width > 200
    assert pane.px_per_mm == pytest.approx(pane.fit_px_per_mm())
    assert np.linalg.norm(pane.at_mm - MIDDLE_MM) < 60
