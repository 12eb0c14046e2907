"""Drawing: the brush makes its lesion, a proposal is one until Enter, and nothing reaches the other pane."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog
from reading_screen import ReadingScreen, Tumour, reading_screen
from window_driver import picture, settle, wait_for

from gist_imaging import workflow

pytestmark = [pytest.mark.journey, pytest.mark.gui]

SIZES = [(1280, 800), (1920, 1080)]
CONTROL = Qt.KeyboardModifier.ControlModifier
CASE = "SYN-001"
TUMOUR, PROPOSAL = (255, 158, 61), (240, 228, 66)


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def study(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen(request.param, tmp_path_factory.mktemp("drawing") / "study") as shown:
        shown.open(CASE)
        yield shown


@pytest.fixture
def screen(study: ReadingScreen) -> ReadingScreen:
    """The case as nobody has touched it: what the check before did is undone."""
    while study.case.state.undo_label is not None:
        study.session.undo()
    study.dock.keys.release_all()
    settle(0.2)
    study.session.choose_visit("baseline")
    study.session.page_wanted.emit("look")
    study.focus(study.pre)
    study.said.clear()
    assert study.session.lesions == []
    return study


def pixels_like(image: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    return int((np.abs(image.astype(int) - colour).max(axis=2) < 30).sum())


def strokes(screen: ReadingScreen, pane: Any, visit: str) -> Tumour:
    """A stroke inside, a loop around, one stroke outside above and below."""
    hands, tumour = screen.hands, Tumour(CASE, visit, pane.volume)
    screen.press(pane, Qt.Key.Key_S)
    pane.go_to(tumour.at(tumour.largest))
    hands.drag(pane, tumour.line(tumour.largest))
    screen.press(pane, Qt.Key.Key_A)
    hands.drag(pane, tumour.circle(tumour.largest, 5.0))
    screen.press(pane, Qt.Key.Key_S)
    for level in (tumour.levels[0] - 2, tumour.levels[-1] + 2):
        middle = tumour.geometry.to_patient([level, *tumour.middle(tumour.largest)[1:]])
        pane.go_to(middle)
        across = np.linspace(-10, 10, 8)[:, None] * tumour.geometry.axes[:, 2]
        hands.drag(pane, middle + across, held=CONTROL)
    pane.go_to(tumour.at(tumour.largest))
    return tumour


class SlowJob:
    """A job that is given a result to bring, and ends when it is let."""

    label = "Grow"

    def __init__(self, job: Any) -> None:
        self.job, self.go_on, self.n_asked = job, threading.Event(), 0

    def run(self, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None) -> Any:
        """Wait until it may end or is asked to stop."""
        while not self.go_on.wait(0.01):
            self.n_asked += 1
            if progress is not None:
                progress(min(self.n_asked, 99), 100)
            if cancelled is not None and cancelled():
                break
        return self.job.run(None, cancelled)


def test_the_brush_without_a_lesion_makes_l1_and_its_size_agrees_everywhere(screen: ReadingScreen):
    hands, session, pane = screen.hands, screen.session, screen.pre
    screen.press(pane, Qt.Key.Key_2)
    assert session.lesions == ["L1"]
    assert session.active_lesion == "L1"
    assert "L1" in screen.dock.lesions.chips
    screen.hover(pane, (200, 220))
    for _ in range(10):
        screen.press(pane, Qt.Key.Key_BracketRight)
    assert session.brush_mm == pytest.approx(6.0 * 1.2**10, rel=1e-3)
    strip = screen.dock.tools.brush_size
    assert strip.isVisible()
    assert strip.text() == f"{session.brush_mm:.1f} mm"
    cursor = pane.overlay.picture.cursor
    assert 2 * cursor.radius_px / pane.px_per_mm == pytest.approx(session.brush_mm, rel=1e-6)
    assert "PRE" in cursor.tag
    screen.shot("c09_brush")
    # As wide on the picture: the rightmost pixel of its colour.
    drawn = screen.seen(pane).astype(int)
    ring = drawn[..., 0] - drawn[..., 2] > 60  # orange, also where it is blended with the image
    row = np.flatnonzero(ring[218:223].any(axis=0))
    assert row[-1] - row[0] == pytest.approx(2 * cursor.radius_px, abs=4)
    # And as wide on the mask: one dab.
    hands.click(pane.widget, pane.widget.rect().topLeft() + strip.rect().topLeft())
    hands.click(pane.widget, pane.widget.rect().center())
    mask = screen.case.state.mask("L1", "baseline")
    widest = np.flatnonzero(mask.voxels.any(axis=(0, 1)))
    assert (widest[-1] - widest[0] + 1) * mask.geometry.spacing_mm[2] <= session.brush_mm + 60
    for _ in range(10):
        screen.press(pane, Qt.Key.Key_BracketLeft)
    assert session.brush_mm == pytest.approx(6.0, abs=0.05)
    assert strip.text() == "6.0 mm"


def test_grow_shows_a_hatched_proposal_that_esc_rejects_enter_keeps_and_undo_names(screen: ReadingScreen):
    hands, session, pane = screen.hands, screen.session, screen.pre
    screen.press(pane, Qt.Key.Key_2)
    tumour = Tumour(CASE, "baseline", pane.volume)
    pane.go_to(tumour.at(tumour.largest))
    hands.drag(pane, tumour.line(tumour.largest))
    before = screen.case.state.mask("L1", "baseline").sha256()
    strokes(screen, pane, "baseline")

    # While it runs, the wheel goes through the slices; Esc stops it and changes nothing.
    slow = SlowJob(session.do(workflow.grow_job, "L1", "baseline"))
    session.run(slow, lambda proposal: session.do(workflow.propose, proposal))
    wait_for(lambda: session.jobs.status is not None and bool(session.jobs.status.percent), "the job runs")
    at = pane.slice_index
    grey = screen.seen(pane).astype(int)
    hands.wheel(pane.widget, -3)
    assert pane.slice_index == at + 3
    assert session.jobs.busy
    assert np.abs(screen.seen(pane).astype(int) - grey).mean() > 1
    wait_for(screen.dock.progress.isVisible, "the progress is shown")
    assert (pane.widget.width(), pane.widget.height()) == grey.shape[1::-1]  # and no image has moved
    screen.shot("c10_running")
    screen.press(pane, Qt.Key.Key_Escape)
    screen.wait_for_job()
    assert screen.case.state.proposal("L1", "baseline") is None
    assert screen.case.state.mask("L1", "baseline").sha256() == before
    assert any("stopped" in toast.text for toast in screen.said)

    # Grow: hatched. Esc rejects it, the mask is as it was.
    pane.go_to(tumour.at(tumour.largest))
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        screen.press(pane, Qt.Key.Key_G)
        screen.wait_for_job()
        proposal = screen.case.state.proposal("L1", "baseline")
        assert proposal is not None
        image = screen.seen(pane)
        assert pixels_like(image, PROPOSAL) > 300
        (drawn,) = [one for one in pane.scene.masks if one.style == "proposal"]
        assert drawn.hatched
        assert screen.case.state.mask("L1", "baseline").sha256() == before
        assert "proposal" in screen.dock.lesions.chips["L1"].label.text()
        screen.press(pane, key)
        settle(0.2)
        if key == Qt.Key.Key_Escape:
            assert screen.case.state.proposal("L1", "baseline") is None
            assert screen.case.state.mask("L1", "baseline").sha256() == before
    assert screen.case.state.mask("L1", "baseline").sha256() == proposal.sha256()
    image = screen.seen(pane)
    assert pixels_like(image, PROPOSAL) < 20
    assert pixels_like(image, TUMOUR) > 100
    (drawn,) = pane.scene.masks
    assert not drawn.hatched

    # Ctrl+Z names what it takes back, and takes it back.
    label = screen.case.state.undo_label
    assert label
    assert label in screen.dock.tools.buttons["undo"].toolTip()
    screen.press(pane, Qt.Key.Key_Z, CONTROL)
    assert screen.said[-1].text == f"Undone: {label}"
    assert screen.case.state.mask("L1", "baseline").sha256() == before
    assert screen.case.state.proposal("L1", "baseline") is not None
    assert not [one for one in screen.main.findChildren(QDialog) if one.isVisible()]
    assert not screen.errors(), screen.errors()


def pre_words(screen: ReadingScreen) -> str:
    """What the lesion strip says of PRE."""
    plain = re.sub(r"<[^>]+>|&nbsp;", " ", screen.dock.lesions.chips["L1"].label.text())
    return " ".join(re.search(r"PRE(.*)POST", plain)[1].split())


def test_drawing_in_post_changes_no_word_about_pre(screen: ReadingScreen):
    hands = screen.hands
    screen.give_truth("L1", "baseline")
    screen.session.choose_lesion("L1")
    settle(0.3)
    words, mask = pre_words(screen), screen.case.state.mask("L1", "baseline").sha256()
    assert "mm" in words
    assert "mL" in words
    assert "accepted" in words
    picture_before = screen.seen(screen.pre).astype(int)
    tumour = Tumour(CASE, "presurgery", screen.post.volume)
    screen.press(screen.post, Qt.Key.Key_2)
    screen.post.go_to(tumour.at(tumour.largest))
    hands.drag(screen.post, tumour.line(tumour.largest))
    assert pre_words(screen) == words
    screen.wait_for_numbers("L1", "presurgery")
    settle(0.3)
    strokes(screen, screen.post, "presurgery")
    screen.press(screen.post, Qt.Key.Key_G)
    screen.wait_for_job()
    assert pre_words(screen) == words
    screen.press(screen.post, Qt.Key.Key_Return)
    screen.wait_for_numbers("L1", "presurgery")
    settle(0.3)
    assert pre_words(screen) == words
    assert screen.case.state.mask("L1", "baseline").sha256() == mask
    assert np.shape(picture_before) == screen.seen(screen.pre).shape


def grows_to_the_head(pane: Any) -> bool:
    return bool(pane.volume.geometry.axes[2, 0] > 0)


def test_every_number_of_an_edited_mask_is_stale_at_once(screen: ReadingScreen):
    hands, session = screen.hands, screen.session
    tumour = screen.give_truth("L1", "baseline")
    session.page_wanted.emit("segment")
    page = screen.dock.panel.segment
    wait_for(lambda: "fresh" in page.fresh.text(), "the numbers are shown")
    first, last = sorted(
        screen.pre.n_slices - level if grows_to_the_head(screen.pre) else level + 1
        for level in (tumour.levels[0], tumour.levels[-1])
    )
    assert page.numbers["slices"].text().endswith(f"({first}–{last})")
    assert "fresh" in page.fresh.text()
    assert len(screen.pre.scene.lines) >= 2  # the calipers
    screen.press(screen.pre, Qt.Key.Key_2)
    screen.pre.go_to(tumour.at(tumour.largest))
    settle(0.2)
    before = screen.case.state.mask("L1", "baseline")
    edge = tumour.circle(tumour.largest, -1.0)
    hands.drag(screen.pre, edge[:3])
    assert screen.case.state.mask("L1", "baseline").sha256() != before.sha256()
    # Not measured again yet: old numbers are said to be old, and no caliper stands on the picture.
    if not session.measured("L1", "baseline"):
        assert "stale" in page.fresh.text()
        assert not [line for line in screen.pre.scene.lines if line.handles]
        assert "stale" in screen.dock.lesions.chips["L1"].label.text()
        picture(screen.main, f"c16_stale_{screen.size[0]}")
    screen.wait_for_numbers("L1", "baseline")
    wait_for(lambda: "fresh" in page.fresh.text(), "the new numbers are shown")
    settle(0.2)
    measured = workflow.live_numbers(screen.case, "L1", "baseline")
    assert measured.n_voxels == screen.case.state.mask("L1", "baseline").n_voxels
    assert "stale" not in screen.dock.lesions.chips["L1"].label.text()
    session.page_wanted.emit("look")
