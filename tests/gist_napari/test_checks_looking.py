"""Looking only: wheel, window and level, and the link between both panes; no voxel of anything changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from reading_screen import ReadingScreen, Tumour, reading_screen
from window_driver import picture, settle

from gist_napari.window_level import Window

pytestmark = [pytest.mark.journey, pytest.mark.gui]

SIZES = [(1280, 800), (1920, 1080)]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CASE = "SYN-001"  # CT


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen(request.param, tmp_path_factory.mktemp("looking") / "study") as shown:
        shown.open(CASE)
        yield shown


def hashes(screen: ReadingScreen) -> list[str]:
    """Of every voxel of both volumes and of every mask."""
    voxels = [pane.volume.voxels for pane in (screen.pre, screen.post)]
    masks = [screen.case.state.mask("L1", visit.label) for visit in screen.case.visits]
    return [hashlib.sha256(np.ascontiguousarray(one).tobytes()).hexdigest() for one in voxels] + [
        "" if mask is None else mask.sha256() for mask in masks
    ]


def test_one_notch_of_the_wheel_is_one_slice_in_both_panes_and_back_again(screen: ReadingScreen):
    hands, panes = screen.hands, (screen.pre, screen.post)
    for key in (Qt.Key.Key_Z, Qt.Key.Key_2):  # pan, and the brush
        screen.press(screen.pre, key)
        screen.press(screen.pre, Qt.Key.Key_Home)
        for pane in panes:
            start = [one.slice_index for one in panes]
            hands.wheel(pane.widget, -1)
            assert [one.slice_index for one in panes] == [at + 1 for at in start]
            hands.wheel(pane.widget, 1)
            assert [one.slice_index for one in panes] == start
        if key == Qt.Key.Key_Z:
            continue
        start = [one.slice_index for one in panes]
        assert max(start) + 30 < screen.pre.n_slices
        hands.wheel(screen.pre.widget, -30)
        assert [one.slice_index for one in panes] == [at + 30 for at in start]
        hands.wheel(screen.pre.widget, 30)
        assert [one.slice_index for one in panes] == start
        corners = screen.pre.overlay.picture.corners.bottom_left
        assert f"axial {start[0] + 1}/{screen.pre.n_slices}" in corners


def test_the_read_out_follows_the_slice_under_a_still_mouse(screen: ReadingScreen):
    hands, pane = screen.hands, screen.pre
    pane.step(15 - pane.slice_index)
    screen.hover(pane, (200, 200))
    for notches in (-1, -4, 2):
        hands.wheel(pane.widget, notches)
        at = pane.to_patient((200.5, 200.5))
        words = screen.reading.readout.text()
        assert f"slice {pane.slice_index + 1}/{pane.n_slices}" in words
        assert f"{pane.value_at(at):.0f} HU".replace("-", "−") in words.replace("-", "−")


def test_right_drag_changes_the_window_of_one_pane_and_no_voxel(screen: ReadingScreen):
    hands = screen.hands
    screen.give_truth("L1", "baseline")
    screen.give_truth("L1", "presurgery")
    before, events = hashes(screen), screen.case.state.undo_label
    for key in (Qt.Key.Key_Z, Qt.Key.Key_2):
        screen.press(screen.pre, key)
        for pane, other in ((screen.pre, screen.post), (screen.post, screen.pre)):
            opened, others = pane.window, other.window
            grey = screen.seen(pane).astype(int)
            hands.drag_px(
                pane.widget, [(150, 150), (200, 180), (260, 200)], button=Qt.MouseButton.RightButton
            )
            assert pane.window != opened
            assert pane.window.width > opened.width
            assert other.window == others
            assert str(pane.window) in pane.overlay.picture.corners.bottom_left
            assert np.abs(screen.seen(pane).astype(int) - grey).mean() > 3
            hands.click(pane.widget, button=Qt.MouseButton.MiddleButton)
            pane.widget.setFocus()
            screen.session.choose_visit(screen.reading.visit_at(0 if pane is screen.pre else 1).label)
            screen.press(pane, Qt.Key.Key_C)
            assert pane.window == opened
    written = {1: (400, 40), 2: (1500, -600), 3: (150, 90), 4: (2500, 480), 5: (350, 40)}
    for number, (width, level) in written.items():
        screen.press(screen.pre, Qt.Key(Qt.Key.Key_0 + number), SHIFT)
        for pane in (screen.pre, screen.post):
            assert pane.window == Window(level, width)
            assert f"WW {width}  WL {level}" in pane.overlay.picture.corners.bottom_left
    screen.press(screen.pre, Qt.Key.Key_1, SHIFT)
    assert hashes(screen) == before
    assert screen.case.state.undo_label == events


def test_a_broken_link_says_by_how_much_and_blink_shows_the_tumours_at_one_place(screen: ReadingScreen):
    hands, session = screen.hands, screen.session
    pre, post = screen.pre, screen.post
    truths = [
        Tumour(CASE, visit.label, pane.volume) for visit, pane in zip(session.pair, (pre, post), strict=True)
    ]
    screen.press(pre, Qt.Key.Key_Z)
    pre.step(12 - pre.slice_index)
    held = pre.slice_index
    screen.press(pre, Qt.Key.Key_L, CONTROL)
    assert not session.linked
    hands.wheel(post.widget, -2)  # twice 3 mm towards the feet
    assert pre.slice_index == held
    screen.press(pre, Qt.Key.Key_L, CONTROL)
    assert session.linked
    for frame in screen.reading.frames:
        assert frame.chip.isVisible()
        assert "6 mm" in frame.chip.text()
    assert "+6 mm" in screen.reading.frames[1].chip.text()
    screen.shot("c08_shifted")
    hands.wheel(pre.widget, -1)
    assert (pre.slice_index, post.slice_index) == (held + 1, held + 3)

    # Nobody has registered the scans: blink says so instead of showing a wrong place.
    QTest.keyPress(pre.widget, Qt.Key.Key_T, SHIFT)
    settle(0.1)
    assert pre.overlay.picture.over is None
    assert any("register" in toast.text.lower() for toast in screen.said)
    QTest.keyRelease(pre.widget, Qt.Key.Key_T, SHIFT)

    session.register()
    screen.wait_for_job()
    session.check_registration(True)
    settle(0.2)
    centres = [truth.geometry.to_patient(np.argwhere(truth.mask.voxels).mean(axis=0)) for truth in truths]
    carried = screen.dock.link.carried(pre, centres[0])
    assert np.linalg.norm(carried - centres[1]) < 12
    screen.reading.go_to(session.pair[0].label, centres[0])
    settle(0.2)
    session.choose_visit(session.pair[0].label)
    session.set_view(hidden=True)  # no outline of either visit over the pictures
    settle(0.2)
    own = screen.seen(pre).astype(int)
    x, y = np.rint(pre.to_canvas(centres[0])).astype(int)
    other_x, other_y = np.rint(post.to_canvas(carried)).astype(int)
    there = screen.seen(post).astype(int)
    QTest.keyPress(pre.widget, Qt.Key.Key_T, SHIFT)
    settle(0.2)
    blinked = screen.seen(pre, picture(screen.main, f"c08_blink_{screen.size[0]}")).astype(int)
    QTest.keyRelease(pre.widget, Qt.Key.Key_T, SHIFT)
    settle(0.2)
    again = screen.seen(pre).astype(int)
    session.set_view(hidden=False)
    assert np.abs(own - again).mean() < 1
    assert np.abs(own - blinked).mean() > 5
    # At the place of the first tumour stands now what the other pane shows at that place of the patient.
    half = round(30 * pre.px_per_mm)  # far enough to hold the rectum and the muscles around
    seen_here = blinked[y - half : y + half, x - half : x + half]
    seen_there = there[other_y - half : other_y + half, other_x - half : other_x + half]
    own_here = own[y - half : y + half, x - half : x + half]
    pairs = (seen_there, own_here)
    like_other, like_own = (np.corrcoef(seen_here.ravel(), one.ravel())[0, 1] for one in pairs)
    assert like_other > 0.6, (like_other, like_own)
    assert like_other > like_own + 0.1, (like_other, like_own)
