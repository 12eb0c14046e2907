"""One window for both panes: by value on CT, by percentile where values have no unit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pane_window import TwoPanes, two_panes
from qtpy.QtCore import Qt
from reading_screen import reading_screen
from strategies import oblique_geometry
from window_driver import settle

from gist_imaging.spatial import Quantity, Volume
from gist_napari.window_level import Window, matched
from gist_napari.window_lock import WindowLock

pytestmark = pytest.mark.gui


def scan(values, quantity=Quantity.ARBITRARY) -> Volume:
    voxels = np.resize(np.asarray(values, dtype=np.float32), (8, 30, 40))
    modality = "CT" if quantity is Quantity.HU else "MR"
    return Volume(voxels, oblique_geometry(voxels.shape), quantity=quantity, modality=modality)


RAMP = np.arange(9600.0)


def share_below(volume: Volume, value: float) -> float:
    return float((volume.voxels < value).mean())


@pytest.mark.parametrize("scale", [lambda v: 0.25 * v + 300.0, lambda v: v**2 / 9600.0, np.sqrt])
def test_on_mr_black_and_white_are_the_same_percentiles_of_both_scans(scale):
    own, other = scan(RAMP), scan(scale(RAMP))
    window = Window.between(960.0, 8640.0)

    black, white = matched(window, own, other).limits

    assert share_below(other, black) == pytest.approx(0.1, abs=0.005)
    assert share_below(other, white) == pytest.approx(0.9, abs=0.005)


def test_on_ct_the_same_values_are_black_and_white_whatever_the_scans_hold():
    window = Window(40, 400)

    assert matched(window, scan(RAMP, Quantity.HU), scan(3 * RAMP - 900, Quantity.HU)) == window


def test_beyond_the_values_of_a_scan_the_window_goes_on_and_back_again():
    own, other = scan(RAMP), scan(2 * RAMP)
    for limits in ((-5000.0, 4000.0), (2000.0, 30000.0), (-4000.0, -1000.0)):
        there = matched(Window.between(*limits), own, other)
        assert there.limits == pytest.approx((2 * limits[0], 2 * limits[1]), abs=20.0)
        assert matched(there, other, own).limits == pytest.approx(limits, abs=20.0)


def test_a_flat_scan_takes_the_window_as_it_is():
    window = Window(100, 50)
    assert matched(window, scan(RAMP), scan([7.0])) == window
    assert matched(window, scan([np.nan]), scan(RAMP)) == window


@pytest.fixture(scope="module")
def panes() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        opened.lock = WindowLock(opened.pre, opened.post)
        yield opened


def test_a_window_set_in_either_pane_holds_in_both_while_locked(panes):
    pre, post, lock = panes.pre, panes.post, panes.lock
    for pane in (pre, post):
        pane.show_volume(scan(RAMP, Quantity.HU), caption="CT")
    pre.set_window(Window(40, 400))
    post.set_window(Window(90, 150))
    assert post.window == Window(90, 150)

    lock.set_enabled(True)
    assert post.window == pre.window == Window(40, 400)
    post.set_window(Window(480, 2500))
    assert pre.window == Window(480, 2500)

    lock.set_enabled(False)
    post.set_window(Window(-600, 1500))
    assert pre.window == Window(480, 2500)


def test_locked_mr_panes_keep_their_own_numbers_and_the_same_percentiles(panes):
    pre, post, lock = panes.pre, panes.post, panes.lock
    pre.show_volume(scan(RAMP), caption="T2")
    post.show_volume(scan(0.1 * RAMP), caption="T2")
    lock.set_enabled(True)
    try:
        pre.set_window(Window(4800, 4000))
        assert (post.window.level, post.window.width) == pytest.approx((480, 400), abs=2)
        post.set_window(Window(300, 200))
        assert (pre.window.level, pre.window.width) == pytest.approx((3000, 2000), abs=20)
        pre.set_window(Window(4800, 4000))
        post.show_volume(scan(2 * RAMP), caption="another scan takes the window of the one beside it")
        assert pre.window == Window(4800, 4000)
        assert (post.window.level, post.window.width) == pytest.approx((9600, 8000), abs=40)
    finally:
        lock.set_enabled(False)


def test_on_the_screen_a_right_drag_in_one_pane_of_a_ct_pair_sets_both(tmp_path):
    with reading_screen((1280, 800), tmp_path / "study") as screen:
        screen.open("SYN-001")
        look = screen.dock.panel.look
        screen.session.page_wanted.emit("look")
        look.more.open()
        settle(0.2)
        way = [(200.0, 200.0), (230.0, 210.0), (260.0, 220.0)]

        screen.hands.drag_px(screen.pre.widget, way, button=Qt.MouseButton.RightButton)
        alone = screen.post.window
        assert screen.pre.window != alone
        look.one_window.click()
        screen.hands.drag_px(screen.post.widget, way, button=Qt.MouseButton.RightButton)

        assert screen.pre.window == screen.post.window != alone
        look.one_window.click()
