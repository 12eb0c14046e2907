"""Two patients after each other: nothing of the first stays on the screen, or is written into the second."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication, QMenu
from reading_screen import ReadingScreen, reading_screen
from widget_texts import all_texts
from window_driver import settle, wait_for

from gist_imaging import workflow
from gist_imaging.session.proposals import Proposal
from gist_napari.said import Toast
from gist_napari.tools.names import Tool

pytestmark = [pytest.mark.journey, pytest.mark.gui]

FIRST, SECOND = "SYN-001", "SYN-003"


@pytest.fixture(scope="module")
def screen(tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen((1280, 800), tmp_path_factory.mktemp("two") / "study") as shown:
        yield shown


@pytest.fixture
def first(screen: ReadingScreen) -> ReadingScreen:
    """The first case without lesions, the first page, no message."""
    return opened(screen, FIRST)


def opened(screen: ReadingScreen, case: str) -> ReadingScreen:
    screen.session.open_case(case)
    while not screen.session.committed and screen.case.state.undo_label is not None:
        screen.session.undo()
    screen.session.choose_visit("baseline")
    screen.session.page_wanted.emit("look")
    screen.focus(screen.pre)
    settle(0.2)
    screen.said.clear()
    return screen


def given(state: Any) -> dict[Any, Any]:
    """What was given to a case: all but where the reader looks, and what removed lesions leave."""
    return {key: str(value) for key, value in state.cells.items() if key[0] != "view"}


class _Waits:
    """A job that ends when it is let, and does not heed Esc."""

    label = "Grow"

    def __init__(self, result: Any) -> None:
        self.result, self.go_on = result, threading.Event()

    def run(self, progress: Any, cancelled: Any) -> Any:
        del progress, cancelled
        self.go_on.wait(2.0)
        return self.result


def fill(screen: ReadingScreen) -> list[str]:
    """Do everything that could stay behind; return the numbers that are on the screen."""
    session, case = screen.session, screen.case
    for visit in ("baseline", "presurgery"):
        tumour = screen.give_truth("L1", visit)
    at = tumour.at(tumour.largest)
    session.do(workflow.add_ruler, "baseline", np.add([[0.0, 0.0, 0.0], [31.7, 0.0, 0.0]], at))
    session.do(workflow.keep_note, "baseline", "first patient only")
    session.do(workflow.state_impression, "L1", "much_smaller")
    proposal = Proposal("L1", "presurgery", tumour.mask, "region_grow", "Grow", {}, ())
    session.do(workflow.propose, proposal)
    session.set_levator_side("L")
    session.set_view(hidden=True)
    screen.dock.panel.segment.more.in_range.setChecked(True)
    for page in ("segment", "landmarks", "levator", "call", "measure"):
        session.page_wanted.emit(page)
        settle(0.05)
    screen.reading.point_at("baseline", np.array([at, at + 10.0]))
    session.choose_tool(Tool.BIDIMENSIONAL)
    screen.hands.drag_px(screen.pre.widget, [(80, 80), (140, 90)])
    session.choose_tool(Tool.BRUSH)
    screen.hover(screen.pre, (120, 120))
    screen.reading.maximise(0)
    session.choose_visit("baseline")
    screen.dock.actions_by_id["three_d"]()
    session.said.emit(Toast("L1 removed.", undo=True))
    session.said.emit(Toast("An error about L1 at 12.3 mm", "error"))
    screen.reading.hand._ask_why("Why another diameter of L1?", ("vessel",), lambda why: None)
    settle(0.3)
    sizes = [workflow.live_numbers(case, "L1", visit) for visit in ("baseline", "presurgery")]
    return [f"{one.longest_axial_diameter_mm:.1f}" for one in sizes] + ["31.7", "12.3"]


@pytest.mark.parametrize("way", ["N", "worklist", "while a job runs"])
def test_nothing_of_the_first_case_stays_with_the_second(first: ReadingScreen, way: str):
    session, dock = first.session, first.dock
    QCursor.setPos(2, 2)  # the real pointer says nothing
    empty = given(workflow.replay(first.study, SECOND, "R1"))
    numbers = fill(first)
    undo_buttons = [card.undo for card in dock.toasts.cards if card.toast.undo]
    assert undo_buttons
    job = None
    if way == "while a job runs":
        job = _Waits(first.case.state.proposal("L1", "presurgery"))
        session.run(job, lambda found: session.do(workflow.mark_none_visible, "L1", "baseline", "late"))
        threading.Timer(0.3, job.go_on.set).start()
    if way == "N":
        dock.actions_by_id["next_case"]()
        if first.case is None or first.case.case != SECOND:
            session.open_case(SECOND)
    else:
        dock.header.leave()
        settle(0.2)
        session.open_case(SECOND)
    settle(0.6)
    assert first.case.case == SECOND

    # Nothing that waited acts here.
    for button in undo_buttons:
        button.click()
    settle(0.1)
    assert given(first.case.state) == empty
    assert not [
        menu for menu in QApplication.topLevelWidgets() if isinstance(menu, QMenu) and menu.isVisible()
    ]

    # Neither layers, scenes, hidden masks, nor what was chosen.
    assert first.case.state.undo_label is None
    for pane in (first.pre, first.post):
        assert len(pane.model.layers) == 1
        assert pane.flat
        assert pane.scene.masks == pane.scene.lines == pane.scene.points == ()
        assert pane.overlay.picture.cursor is None
    # The value under the mouse is one of this case.
    told = re.search(r"(-?\d+) HU", first.reading.readout.text())
    if told is not None:
        here = first.pre.value_at(first.pre.to_patient((120.5, 120.5)))
        assert int(told.group(1)) == round(float(here))
    assert not session.masks_hidden
    assert session.value_range is None
    assert not dock.panel.segment.more.in_range.isChecked()
    assert session.levator_side == "R"
    assert session.tool is Tool.PAN
    assert not session.jobs.busy
    assert not dock.progress.isVisible()
    assert all(frame.isVisible() for frame in first.reading.frames)

    # Nor a word: but for the message that it was left as a draft, and the worklist.
    for page in dock.panel.pages:
        session.page_wanted.emit(page)
        settle(0.02)
        for where, text in all_texts(without=(dock.worklist,)):
            if "napari/file/samples" in where:
                continue
            left = f"Case {FIRST} left as draft." in text
            assert left or FIRST not in text, (where, text)
            assert "first patient only" not in text, (where, text)
            if "needs_lesion" not in where and not text.startswith(("Click the tumour", "No lesion yet")):
                assert "L1 " not in text or "makes L1" in text, (where, text)
            # A clock that happens to read 31.7 seconds is no number of the first case.
            without_clock = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", text)
            for number in numbers:
                assert number not in without_clock, (where, text)


def test_a_reason_that_was_asked_for_is_never_given_to_another_case_lesion_or_visit(first: ReadingScreen):
    session, page = first.session, first.dock.panel.segment
    session.new_lesion()
    session.page_wanted.emit("segment")
    page.buttons["none"].click()
    assert page.reason.isVisible()
    session.choose_visit("presurgery")
    page.reason.given.emit("Resected")
    assert first.case.state.mask("L1", "presurgery") is None
    assert first.case.state.mask("L1", "baseline").is_empty
    settle(0.1)
    assert not page.reason.isVisible()
    page.buttons["none"].click()
    session.open_case(SECOND)
    session.new_lesion()
    settle(0.1)
    assert page.reason.isHidden()
    assert first.case.state.mask("L1", "baseline") is None
    session.undo()


def committed(screen: ReadingScreen, case: str) -> None:
    opened(screen, case)
    if screen.session.committed:
        return
    for visit in ("baseline", "presurgery"):
        screen.give_truth("L1", visit)
    for question in workflow.open_questions(screen.case):
        word = "none" if question.field in ("contact", "displacement", "sphincter_depth") else None
        word = word or {"invasion": "no", "confidence": "high"}.get(question.field, "none")
        place = (question.visit, question.lesion, question.form, question.side, question.field)
        screen.session.do(workflow.answer, *place, word)
    assert workflow.open_questions(screen.case) == ()
    workflow.commit_call(screen.case)


def test_a_revision_that_was_begun_in_one_case_changes_no_other(screen: ReadingScreen, tmp_path: Any):
    del tmp_path
    committed(screen, SECOND)
    committed(screen, "SYN-002")
    session, form = screen.session, screen.dock.panel.call
    session.choose_lesion("L1")
    session.page_wanted.emit("call")
    settle(0.2)
    field = form.forms["PRE"].named("contact", "R")
    assert form.answer(form.forms["PRE"], field, "close") is False
    assert form.reason.isVisible()
    session.open_case(SECOND)
    session.choose_lesion("L1")
    settle(0.2)
    before = given(screen.case.state)
    assert form.reason.isHidden()
    form.reason.given.emit("Slip of a key")
    settle(0.1)
    assert given(screen.case.state) == before
    assert len(workflow.call_history(screen.case)) == 0


def test_a_number_that_is_being_typed_belongs_to_the_lesion_it_was_typed_for(first: ReadingScreen):
    session, form = first.session, first.dock.panel.call
    one, other = session.new_lesion(), session.new_lesion()
    session.choose_lesion(one)
    session.page_wanted.emit("call")
    settle(0.1)
    name, entry = next(iter(form.forms["PRE"].numbers.items()))
    form.forms["PRE"].note.parentWidget().show()
    entry.setFocus()
    first.hands.type("31.5", on=entry)
    session.choose_lesion(other)
    settle(0.2)
    entry.editingFinished.emit()
    plain = first.case.state.plain
    assert plain("call", "baseline", one, "findings", "none", name) == 31.5
    assert plain("call", "baseline", other, "findings", "none", name) is None
    assert entry.text() == ""
    # What is typed and not entered when the case is left is kept, in this case.
    form.forms["PRE"].note.setFocus()
    first.hands.type("seen twice", on=form.forms["PRE"].note)
    first.dock.header.leave()
    session.open_case(SECOND)
    settle(0.2)
    assert first.case.state.plain("note", "baseline") is None
    assert workflow.replay(first.study, FIRST, "R1").plain("note", "baseline") == "seen twice"


def test_an_action_goes_to_the_pane_that_is_seen_and_was_pressed(first: ReadingScreen):
    session, hands = first.session, first.hands
    # Maximised, the other pane becomes the active one: it is the one that is shown.
    first.reading.maximise(1)
    session.choose_visit("presurgery")
    first.press(first.post, Qt.Key.Key_T)
    assert session.active_visit == "baseline"
    assert first.reading.frames[0].isVisible()
    assert not first.reading.frames[1].isVisible()
    first.reading.maximise(0)
    settle(0.2)

    # A click places the point that the panel named when the mouse went down, in the pane of the click.
    session.page_wanted.emit("landmarks")
    settle(0.1)
    wanted = session.landmark
    hands.click(first.pre.widget)
    settle(0.1)
    following = session.landmark
    assert following != wanted
    hands.click(first.post.widget)
    settle(0.1)
    state = first.case.state
    assert [key[2] for key, _ in state.under("landmark", "baseline")] == [wanted]
    assert [key[2] for key, _ in state.under("landmark", "presurgery")] == [following]

    # Half of a measurement is not gone on with by another tool, nor on another series.
    session.page_wanted.emit("look")
    session.choose_tool(Tool.BIDIMENSIONAL)
    hands.drag_px(first.pre.widget, [(80, 80), (160, 90)])
    session.choose_tool(Tool.RULER)
    hands.drag_px(first.pre.widget, [(100, 80), (100, 160)])
    assert [*first.case.state.under("roi")] == []
    assert len([*first.case.state.under("ruler", "baseline")]) == 1
    while first.case.state.undo_label is not None:
        session.undo()


def test_points_of_a_metric_and_old_sizes_are_not_shown_after_an_edit(first: ReadingScreen):
    session = first.session
    tumour = first.give_truth("L1", "baseline")
    at = tumour.at(tumour.largest)
    first.reading.point_at("baseline", np.array([at, at + 9.0]))
    settle(0.1)
    assert any(line.style == "warning" for line in first.pre.scene.lines)
    first.dock.panel.show_page("landmarks")
    first.dock.panel.show_page("measure")
    first.dock.panel.show_page("measure")
    wait_for(lambda: "–" not in first.dock.panel.measure.visits["PRE"].cells["volume", "proposed"].text(), "")
    session.do(workflow.brush, "L1", "baseline", [at], 9.0, erase=True)
    QApplication.processEvents()
    shown = first.dock.panel.measure.visits["PRE"]
    assert "stale" in shown.where.text() or "–" in shown.cells["volume", "proposed"].text()
    assert "stale" in first.dock.lesions.chips["L1"].toolTip()
    settle(0.1)
    assert not any(line.style == "warning" for line in first.pre.scene.lines)
    first.wait_for_numbers("L1", "baseline")
    wait_for(lambda: "stale" not in shown.where.text(), "the page shows the new sizes")
    assert "stale" not in first.dock.lesions.chips["L1"].toolTip()


def test_an_export_that_leaving_stops_says_so(first: ReadingScreen):
    session = first.session
    job = _Waits(None)
    job.label = "Export"
    session.run(job, lambda _: None)
    threading.Timer(0.2, job.go_on.set).start()
    session.open_case(SECOND)
    settle(0.2)
    assert any("export was stopped" in text for text in first.errors())
    assert any("export was stopped" in card.toast.text for card in first.dock.toasts.cards)
