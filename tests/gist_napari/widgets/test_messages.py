"""Messages, the running job, and what is back after a stop."""

from __future__ import annotations

import threading

import pytest
from opened_cases import lesion, put, put_mask, row
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from gist_imaging.errors import Cancelled
from gist_napari.said import Toast, local_time
from gist_napari.widgets.banner import RecoveryBanner, recovery_words
from gist_napari.widgets.progress import ProgressLine
from gist_napari.widgets.toast import CARDS_AT_MOST, ActivityList, Toasts

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot):
    made = QWidget()
    made.resize(1280, 700)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def toasts(reading, window):
    return Toasts(reading.session, window)


def pressed(qtbot, inside: QWidget, word: str) -> None:
    qtbot.mouseClick(next(one for one in inside.findChildren(QPushButton) if one.text() == word), LEFT)


def test_a_message_stands_at_the_bottom_centre_and_goes_by_itself(reading, toasts, window, qtbot):
    reading.session.said.emit(Toast("Undone: brush POST slice 44"))
    card = toasts.cards[0]
    assert toasts.isVisible()
    assert abs(toasts.geometry().center().x() - window.rect().center().x()) <= 1
    assert toasts.geometry().bottom() > 500
    assert card.timer.isActive()
    assert card.timer.interval() == 5000

    card.timer.timeout.emit()
    assert toasts.cards == []
    assert not toasts.isVisible()


def test_an_error_stays_until_it_is_dismissed(reading, toasts, qtbot):
    reading.session.said.emit(Toast("the disk is full", "error"))
    card = toasts.cards[0]
    assert not card.timer.isActive()
    assert card.symbol.text() == "✕"

    qtbot.mouseClick(card.dismiss, LEFT)
    assert toasts.cards == []


def test_undo_of_a_message_takes_the_step_back(reading, toasts, qtbot):
    reading.session.open_case("SYN-016")
    put_mask(reading.case, "mask", "L1", "baseline")
    reading.session.said.emit(Toast("Mask painted.", undo=True))

    qtbot.mouseClick(toasts.cards[0].undo, LEFT)

    assert reading.case.state.mask("L1", "baseline") is None


def test_undo_leaves_a_message_whose_step_is_no_longer_the_last(reading, toasts):
    reading.session.open_case("SYN-016")
    put_mask(reading.case, "mask", "L1", "baseline")
    reading.session.said.emit(Toast("Mask painted.", undo=True))
    assert toasts.cards[0].undo.isVisible()

    put(reading.case, "lesion", "L1", lesion())

    assert not toasts.cards[0].undo.isVisible()


def test_the_same_message_is_not_stacked_and_errors_are_the_last_to_make_room(reading, toasts):
    for text in ("one", "one", "two"):
        reading.session.said.emit(Toast(text))
    reading.session.said.emit(Toast("wrong", "error"))
    assert [card.toast.text for card in toasts.cards] == ["one", "two", "wrong"]

    reading.session.said.emit(Toast("three"))
    assert [card.toast.text for card in toasts.cards] == ["two", "wrong", "three"]
    assert len(toasts.cards) <= CARDS_AT_MOST


def test_messages_follow_the_window_and_long_ones_are_not_cut(reading, toasts, window, qtbot):
    reading.session.said.emit(Toast("a long sentence about what went wrong and what to do " * 6, "error"))
    window.resize(700, 500)
    qtbot.waitUntil(lambda: toasts.geometry().right() < 700)

    words = toasts.cards[0].words
    assert words.height() >= words.heightForWidth(words.width())
    assert abs(toasts.geometry().center().x() - window.rect().center().x()) <= 1


def test_the_activity_list_keeps_what_was_done_and_said_and_forgets_another_case(reading, qtbot):
    activity = ActivityList(reading.session)
    qtbot.addWidget(activity)
    reading.session.open_case("SYN-016")
    put_mask(reading.case, "mask", "L1", "baseline")
    reading.session.said.emit(Toast("the disk is full", "error"))
    assert [line[10:] for line in activity.lines()] == ["✕ the disk is full", "brush baseline slice 5"]

    reading.session.open_case("SYN-017")
    assert not [line for line in activity.lines() if "brush" in line or "disk" in line]


def test_the_activity_list_lies_over_the_window_until_it_is_closed(reading, window, qtbot):
    activity = ActivityList(reading.session, window)
    assert not activity.isVisible()

    activity.toggle()
    assert window.rect().contains(activity.geometry())
    pressed(qtbot, activity, "Close")
    assert not activity.isVisible()


class Held:
    """A job that waits to be stopped or let go."""

    label = "Grow L1 on PRE"

    def __init__(self):
        self.go = threading.Event()

    def run(self, progress, cancelled):
        progress(43, 100)
        while not self.go.wait(0.01):
            if cancelled():
                raise Cancelled
        return "done"


def test_a_running_job_is_named_and_can_be_stopped(reading, qtbot):
    bar = ProgressLine(reading.session)
    qtbot.addWidget(bar)
    results = []
    reading.session.run(Held(), results.append)

    qtbot.waitUntil(bar.isVisible)
    qtbot.waitUntil(lambda: bar.words.text() == "Grow L1 on PRE 43 %")
    assert bar.bar.value() == 43

    qtbot.mouseClick(bar.cancel, LEFT)
    assert bar.words.text() == "Grow L1 on PRE: stopping…"
    qtbot.waitUntil(lambda: not bar.isVisible())
    assert results == []
    assert reading.said == ["Grow L1 on PRE: stopped. Nothing was changed."]


def test_a_short_job_shows_no_bar(reading, qtbot):
    bar = ProgressLine(reading.session)
    qtbot.addWidget(bar)
    job = Held()
    job.go.set()
    results = []
    reading.session.run(job, results.append)

    qtbot.waitUntil(lambda: results == ["done"])
    qtbot.wait(250)
    assert not bar.isVisible()


def test_what_is_back_after_a_stop_is_said_with_its_time():
    at = "2026-11-26T11:52:03.000Z"

    assert recovery_words("SYN-017", at, 214) == (
        f"Case SYN-017 was open when the program stopped at {local_time(at)}. All 214 actions are back."
    )
    assert recovery_words("SYN-017", at, 1).endswith("Its one action is back.")
    assert recovery_words("SYN-017", "", 0).endswith("stopped. Nothing had been done in it.")


@pytest.fixture
def banner(reading, qtbot):
    made = RecoveryBanner(reading.session)
    made.resize(1280, 40)
    qtbot.addWidget(made)
    return made


def test_the_banner_opens_the_case_that_was_open(reading, banner, qtbot):
    rows = [row("SYN-016", 2, "draft"), row("SYN-017", 3, "draft", interrupted=True, n_events=3)]
    banner.show_rows(rows)
    assert banner.isVisible()
    assert len([label for label in banner.findChildren(QLabel) if "SYN-017" in label.text()]) == 1

    asked = []
    banner.details_wanted.connect(asked.append)
    pressed(qtbot, banner, "Show what was restored")
    pressed(qtbot, banner, "Open")
    assert asked == ["SYN-017"]
    assert reading.case.case == "SYN-017"


def test_a_dismissed_banner_does_not_come_back(banner, qtbot):
    rows = [row("SYN-017", 3, "draft", interrupted=True, n_events=3)]
    banner.show_rows(rows)
    pressed(qtbot, banner, "Dismiss")
    assert not banner.isVisible()

    banner.show_rows(rows)
    assert not banner.isVisible()


def test_without_a_stop_there_is_no_banner(banner):
    banner.show_rows([row("SYN-017"), row("SYN-018", 2, "draft", n_events=4)])

    assert not banner.isVisible()
