"""What is seen before anything is done: nothing is cut, both panes are equal, each says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from reading_screen import ReadingScreen, reading_screen
from screen_reading import cut_words, grey_of, sideways_bars
from window_driver import picture, settle

pytestmark = [pytest.mark.journey, pytest.mark.gui]

SIZES = [(1280, 800), (1920, 1080)]
CASE = "SYN-002"  # oblique MR


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen(request.param, tmp_path_factory.mktemp("layout") / "study") as shown:
        assert not cut_words(shown.dock)
        shown.open(CASE)
        yield shown


def bar_px(screen: ReadingScreen, pane: Any, image: npt.NDArray[np.uint8]) -> int:
    """Length of the scale bar on the picture: from its right end, near the corner, as far as it is bright."""
    grey = grey_of(screen.seen(pane, image))
    runs = []
    for row in grey[[-9, -8]] > 120:
        dark = np.flatnonzero(~row[: len(row) - 8])
        runs.append(len(row) - 8 - int(dark[-1]))
    return min(runs)


def panes_are_equal(screen: ReadingScreen, bars: bool = False) -> None:
    """Same width, top and bottom, and the same pixels to a millimetre, in numbers and on the picture."""
    one, other = (
        pane.widget.rect().translated(pane.widget.mapTo(screen.main, QPoint(0, 0)))
        for pane in (screen.pre, screen.post)
    )
    assert abs(one.width() - other.width()) <= 1, (one, other)
    assert abs(one.top() - other.top()) <= 1, (one, other)
    assert abs(one.bottom() - other.bottom()) <= 1, (one, other)
    strip, dock = screen.dock.lesions, screen.dock
    assert strip.mapTo(dock, strip.rect().bottomLeft()).y() == dock.height() - 1  # nothing lies empty below
    assert min(one.width(), one.height()) > 200, (one, screen.main.size())
    assert screen.pre.px_per_mm == pytest.approx(screen.post.px_per_mm, rel=1e-9)
    if bars:
        image = picture(screen.main)
        lengths = [bar_px(screen, pane, image) for pane in (screen.pre, screen.post)]
        assert abs(lengths[0] - lengths[1]) <= 1, lengths
        of_bar = [bar * screen.pre.px_per_mm for bar in (1, 2, 5, 10, 20, 50, 100, 200)]
        assert min(abs(lengths[0] - length) for length in of_bar) <= 3, (
            lengths,
            of_bar,
            one,
            screen.main.size(),
        )


def test_nothing_is_cut_and_nothing_scrolls_sideways(screen: ReadingScreen):
    panel = screen.dock.panel
    for state in ("empty", "outlined"):
        if state == "outlined":
            screen.give_truth("L1", "baseline")
            screen.give_truth("L1", "presurgery")
        for page in panel.pages:
            panel.show_page(page)
            if panel.current != page:  # a page comes back to the part that was left
                panel.show_page(page)
            settle(0.1)
            screen.shot(f"c02_{page}_{state}")
            assert not cut_words(screen.dock), (state, page, cut_words(screen.dock))
            assert not sideways_bars(screen.dock), (state, page)
            assert screen.main.width() == screen.size[0], (state, page)
            assert screen.main.height() <= screen.size[1], (state, page)
    panel.show_page("look")


def test_both_canvases_are_equal_whatever_is_done_to_the_window(screen: ReadingScreen):
    panes_are_equal(screen, bars=True)
    height = screen.pre.widget.height()
    for page in screen.dock.panel.pages:
        screen.dock.panel.show_page(page)
        settle(0.02)
        panes_are_equal(screen)
    screen.dock.panel.show_page("look")
    screen.press(screen.pre, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    settle(0.1)
    assert screen.pre.widget.height() > height
    panes_are_equal(screen, bars=True)
    screen.press(screen.pre, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    settle(0.1)
    assert screen.pre.widget.height() == height

    for pane, other in ((screen.pre, screen.post), (screen.post, screen.pre)):
        QTest.mouseDClick(pane.widget, Qt.MouseButton.LeftButton)
        settle(0.2)
        assert not other.widget.isVisible()
        assert pane.widget.width() > screen.size[0] - 450
        screen.shot("c03_alone")
        QTest.mouseDClick(pane.widget, Qt.MouseButton.LeftButton)
        settle(0.2)
        panes_are_equal(screen, bars=True)

    # Zooming one pane zooms both.
    screen.hands.wheel(screen.post.widget, 2, Qt.KeyboardModifier.ControlModifier)
    panes_are_equal(screen, bars=True)
    screen.press(screen.pre, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)

    sizes = np.random.default_rng(8).integers((900, 600), (1900, 1100), (20, 2))
    for number, (width, height) in enumerate(sizes.tolist()):
        screen.main.resize(width, height)
        settle(0.2)
        panes_are_equal(screen, bars=number % 5 == 0)
    screen.main.showMaximized()
    settle(0.4)
    panes_are_equal(screen, bars=True)
    screen.main.showNormal()
    screen.main.resize(*screen.size)
    settle(0.4)
    panes_are_equal(screen, bars=True)
    assert not cut_words(screen.dock)


def test_one_pane_alone_says_all_six_facts(screen: ReadingScreen):
    for pane, tag in ((screen.pre, "PRE"), (screen.post, "POST")):
        shown = pane.overlay.picture
        corners = shown.corners
        words = " ".join((*corners.top_left, *corners.top_right, *corners.bottom_left, *corners.bottom_right))
        assert CASE in words
        assert tag in words
        assert "T2 oblique 3.3 mm" in words
        assert f"{pane.slice_index + 1}/{pane.n_slices}" in words
        assert str(pane.window) in words
        letters = (shown.letters.left, shown.letters.right, shown.letters.top, shown.letters.bottom)
        assert all(letters)
        assert "tilt" in words
        # They are on the picture, inside this pane: putting the drawing away changes it there.
        drawn = screen.seen(pane).astype(int)
        pane.overlay.hide()
        bare = screen.seen(pane).astype(int)
        pane.overlay.show()
        settle(0.1)
        changed = np.abs(drawn - bare).max(axis=2) > 60
        height, width = changed.shape
        for name, place in {
            "case, PRE or POST, series": changed[:38, : width // 2],
            "window and slice": changed[-38:, : width // 2],
            "left letter": changed[height // 2 - 20 : height // 2 + 20, :30],
            "right letter": changed[height // 2 - 20 : height // 2 + 20, -30:],
            "top letter": changed[:30, width // 2 - 20 : width // 2 + 20],
            "bottom letter": changed[-30:, width // 2 - 20 : width // 2 + 20],
        }.items():
            assert place.sum() > 20, (tag, name)
