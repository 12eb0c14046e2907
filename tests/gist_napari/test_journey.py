"""One radiologist reads one sample patient in the real window, from the worklist to the exported row."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel, QMenu
from reading_screen import ReadingScreen, Tumour, reading_screen
from window_driver import settle, wait_for

import gist_imaging
from gist_imaging import workflow
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.session.state import replayed
from gist_imaging.store.study_store import StudyStore

pytestmark = [pytest.mark.journey, pytest.mark.gui]

CASE = "SYN-001"
SIZES = [(1280, 800), (1920, 1080)]


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request, tmp_path_factory):
    study = tmp_path_factory.mktemp("journey") / "study"
    with reading_screen(request.param, study) as shown:
        yield shown


def outline(screen: ReadingScreen, pane, visit: str) -> Tumour:
    """Outline the tumour of one visit with keys and mouse, and accept it."""
    hands = screen.hands
    tumour = Tumour(CASE, visit, pane.volume)
    pane.go_to(tumour.at(tumour.largest))
    hands.click(pane.widget)
    screen.focus(pane)
    hands.key(Qt.Key.Key_S)
    hands.drag(pane, tumour.line(tumour.largest))
    hands.key(Qt.Key.Key_A)
    hands.drag(pane, tumour.circle(tumour.largest, 5.0))
    hands.key(Qt.Key.Key_S)
    for level in (tumour.levels[0] - 2, tumour.levels[-1] + 2):
        pane.go_to(tumour.geometry.to_patient([level, *tumour.middle(tumour.largest)[1:]]))
        middle = tumour.geometry.to_patient([level, *tumour.middle(tumour.largest)[1:]])
        across = tumour.geometry.axes[:, 2]
        hands.drag(
            pane,
            middle + np.linspace(-10, 10, 8)[:, None] * across,
            held=Qt.KeyboardModifier.ControlModifier,
        )
    pane.go_to(tumour.at(tumour.largest))
    hands.key(Qt.Key.Key_G)
    screen.wait_for_job()
    return tumour


def test_a_whole_reading_by_mouse_and_keys(screen: ReadingScreen, tmp_path: Path):
    hands, session = screen.hands, screen.session

    # The worklist: Enter opens the first case.
    screen.shot("01_worklist")
    screen.dock.worklist.table.setFocus()
    hands.key(Qt.Key.Key_Return)
    settle(0.3)
    # Nobody has looked at this pair of series yet: the pair check comes first, and Enter accepts it.
    assert screen.case is None
    screen.shot("01_pair")
    hands.key(Qt.Key.Key_Return)
    wait_for(lambda: screen.case is not None, "the case opens")
    settle(0.5)
    assert screen.case.case == CASE
    screen.shot("02_opened")

    # Both panes are equally large, and so is a millimetre in them.
    assert abs(screen.pre.widget.width() - screen.post.widget.width()) <= 1
    assert screen.pre.widget.height() == screen.post.widget.height()
    assert screen.pre.px_per_mm == pytest.approx(screen.post.px_per_mm, rel=1e-6)

    # Strokes, a loop, two strokes outside, Grow: a hatched proposal; Enter makes it the mask.
    tumour = outline(screen, screen.pre, "baseline")
    assert session.lesions == ["L1"]
    proposal = screen.case.state.proposal("L1", "baseline")
    assert proposal is not None
    assert screen.case.state.mask("L1", "baseline") is None
    screen.shot("03_proposal")
    hands.key(Qt.Key.Key_Return)
    mask = screen.case.state.mask("L1", "baseline")
    assert mask is not None
    assert mask.sha256() == proposal.sha256()
    assert tumour.dice(mask) > 0.85

    # The same prompts through the library: the same mask, to the voxel.
    prompts = PromptLog.from_json(screen.case.state.plain("prompts", "L1", "baseline"))
    same = gist_imaging.segment(screen.case.measured_volume("baseline"), prompts)
    assert np.array_equal(same.voxels, mask.voxels)

    # A dab of the brush, undone and done again.
    hands.key(Qt.Key.Key_2)
    edge = tumour.circle(tumour.largest, -2.0)
    hands.drag(screen.pre, edge[:5])
    brushed = screen.case.state.mask("L1", "baseline")
    assert brushed.n_voxels > mask.n_voxels
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert screen.case.state.mask("L1", "baseline").sha256() == mask.sha256()
    hands.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert screen.case.state.mask("L1", "baseline").sha256() == brushed.sha256()
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    screen.wait_for_numbers("L1", "baseline")
    screen.shot("04_accepted")

    # The follow-up, drawn in its own pane: nothing of the baseline changes.
    before = screen.case.state.mask("L1", "baseline").sha256()
    followup = outline(screen, screen.post, "presurgery")
    hands.key(Qt.Key.Key_Return)
    screen.wait_for_numbers("L1", "presurgery")
    assert followup.dice(screen.case.state.mask("L1", "presurgery")) > 0.85
    assert screen.case.state.mask("L1", "baseline").sha256() == before
    hands.key(Qt.Key.Key_Z)
    hands.key(Qt.Key.Key_J)
    settle(0.3)
    screen.shot("05_both")

    # An end of the longest diameter is dragged; the reason is asked beside the pointer.
    hands.key(Qt.Key.Key_F4)
    hands.key(Qt.Key.Key_D)
    hands.click(screen.pre.widget, screen.pre.widget.rect().topLeft() + screen.pre.widget.rect().center() / 8)
    longest = next(
        one
        for one in workflow.shown_calipers(screen.case, "L1", "baseline")
        if one.measure.startswith("longest")
    )
    moved = np.add(longest.points_mm[0], (0.0, -3.0, 0.0))
    hands.drag(screen.pre, [longest.points_mm[0], moved])
    menu = next(
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, QMenu) and widget.isVisible()
    )
    hands.key(Qt.Key.Key_1, on=menu)
    settle(0.2)
    now = next(
        one
        for one in workflow.shown_calipers(screen.case, "L1", "baseline")
        if one.measure.startswith("longest")
    )
    assert now.overridden
    assert now.why == "edge_judged"
    assert np.allclose(now.proposed_mm, longest.proposed_mm)
    screen.shot("06_caliper")

    # Acquisition facts and the impression by digits; then the form.
    assert not screen.errors(), screen.errors()
    answer_everything(screen)
    assert workflow.open_questions(screen.case) == ()
    screen.shot("07_answered")
    nothing_of_the_change_is_shown(screen)

    # Commit: metrics and response appear only now.
    hands.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_for(lambda: workflow.is_committed(screen.case), "the call is committed")
    settle(0.5)
    screen.shot("08_committed")
    session.page_wanted.emit("response")
    settle(1.0)
    words = [label.text() for label in screen.dock.panel.response.findChildren(QLabel)]
    assert any(word.startswith("By hand on PRE") for word in words), words
    screen.shot("09_response")
    session.page_wanted.emit("metrics")
    settle(1.0)
    screen.shot("10_metrics")

    # What is on disk is what was seen: the reading's masks, and the journal's replay.
    state = screen.case.state
    with StudyStore.open(screen.study, read_only=True) as store:
        (reading,) = store.readings(CASE, "R1")[-1:]
        kept = {(one.lesion, one.timepoint): store.mask(one.mask_sha256) for one in reading.masks}
        events = store.events(CASE, "R1")
    assert np.array_equal(kept["L1", "baseline"].voxels, state.mask("L1", "baseline").voxels)
    assert np.array_equal(kept["L1", "presurgery"].voxels, state.mask("L1", "presurgery").voxels)
    assert replayed(events).sha256 == state.sha256

    # Export: the row holds the volume of the mask that was seen.
    out = tmp_path / "export"
    session.export_study(out)
    screen.wait_for_job()
    assert not screen.errors(), screen.errors()
    with (out / "cohort" / "tables" / "csv" / "measurements.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "volume" and CASE in row["lesion_id"]]
    volumes = sorted(float(row["value"]) for row in rows)
    shown = sorted(
        state.mask("L1", visit).n_voxels * state.mask("L1", visit).geometry.voxel_volume_mm3 / 1000
        for visit in ("baseline", "presurgery")
    )
    assert volumes == pytest.approx(shown, rel=1e-9)


def answer_everything(screen: ReadingScreen) -> None:
    """Answer the whole form with digits: nothing, nothing, ..., without the mouse after the first field."""
    hands, session = screen.hands, screen.session
    hands.key(Qt.Key.Key_F5)
    session.page_wanted.emit("call")
    settle(0.2)
    form = screen.dock.panel.call
    before = (screen.pre.slice_index, screen.post.slice_index)
    for _ in range(60):
        questions = workflow.open_questions(screen.case)
        if not questions:
            break
        screen.dock.panel.go_to_question(questions[0])
        settle(0.02)
        digit = "0" if questions[0].form == "relation" else "1"
        hands.type(digit, on=QApplication.focusWidget() or form)
    assert (screen.pre.slice_index, screen.post.slice_index) == before


def nothing_of_the_change_is_shown(screen: ReadingScreen) -> None:
    """No percent, category or metric stands anywhere on the screen before the commit, tooltips included."""
    from qtpy.QtWidgets import QWidget

    for widget in screen.dock.findChildren(QWidget):
        if screen.dock.progress.isAncestorOf(widget):  # how far a job is
            continue
        words = [widget.toolTip(), widget.whatsThis(), widget.accessibleName()]
        text = getattr(widget, "text", None)
        words.append(str(text()) if callable(text) else "")
        for word in words:
            assert "%" not in word, (type(widget).__name__, word)
            assert "RECIST" not in word or "commit" in word.lower(), (type(widget).__name__, word)
