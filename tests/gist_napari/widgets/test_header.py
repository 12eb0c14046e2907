"""The header says who reads what, and whether it is saved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from opened_cases import lesion, put, put_mask
from qtpy.QtCore import Qt

from gist_imaging.session.journal import SaveState, SaveStatus
from gist_napari.said import Toast, local_time
from gist_napari.widgets.header import CaseHeader, saved_words

pytestmark = pytest.mark.gui


@pytest.fixture
def header(reading, qtbot):
    made = CaseHeader(reading.session)
    made.resize(1280, 32)
    qtbot.addWidget(made)
    made.show()
    return made


def test_an_open_case_is_named_with_its_place_reader_and_state(reading, header):
    reading.session.open_case("SYN-016")

    assert header.case_label.text() == "CASE SYN-016"
    assert header.place.text() == "2 of 4"
    assert header.reader.text() == "Reader R1"
    assert header.blinding.text() == "BLINDED"
    assert header.call.text() == "◐ DRAFT"
    assert header.flags.text() == "⚑ 0 · 0 lesions"


def test_before_a_case_is_open_the_reader_of_the_study_is_named(reading, header):
    assert reading.session.open_study(Path("other"), "R2")

    assert header.reader.text() == "Reader R2"
    assert not header.call.isVisible()


def test_a_study_that_hides_nothing_says_open(reading, header):
    reading.blinded = False
    reading.session.open_case("SYN-016")

    assert header.blinding.text() == "OPEN"


def test_a_committed_call_names_its_revision(reading, header):
    reading.session.open_case("SYN-016")

    put(reading.case, "commit", {"revision": 2, "sha256": "0" * 64})

    assert header.call.text() == "◑ CALL COMMITTED rev 2"


def test_a_read_only_case_says_why(reading, header):
    reading.session.open_case("SYN-016")
    reading.case.read_only = "the study folder is read-only"
    reading.session.view_changed.emit()

    assert header.call.text() == "⊘ READ-ONLY"
    assert "study folder is read-only" in header.call.toolTip()


def test_flags_count_what_waits_and_masks_that_are_hidden(reading, header, qtbot):
    reading.session.open_case("SYN-016")
    put(reading.case, "lesion", "L1", lesion())
    put(reading.case, "lesion", "L2", lesion("liver"))
    put_mask(reading.case, "mask", "L1", "presurgery", "unverified")
    put_mask(reading.case, "proposal", "L2", "baseline")
    reading.session.set_view(hidden=True)

    assert header.flags.text() == "⚑ 3 · 2 lesions"
    qtbot.mouseClick(header.flags, Qt.MouseButton.LeftButton)
    assert "1 copied mask is not verified" in reading.said[-1]
    assert "masks are hidden" in reading.said[-1]


def test_the_clock_shows_the_last_save_in_local_time_and_utc_in_the_tooltip(reading, header, qtbot):
    reading.session.open_case("SYN-016")
    put(reading.case, "lesion", "L1", lesion())

    qtbot.waitUntil(lambda: header.saved.text().startswith("saved "))

    assert re.fullmatch(r"saved \d\d:\d\d:\d\d", header.saved.text())
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \(UTC\)", header.saved.toolTip())


def test_local_time_follows_the_time_zone_of_the_computer(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert local_time("2026-11-26T12:03:41.123Z") == "17:33:41"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_a_failed_save_turns_the_header_amber_and_retry_brings_it_back(reading, header, qtbot):
    reading.session.open_case("SYN-016")
    journal = reading.case.journal
    journal.broken = "the disk is full; free some space"
    put(reading.case, "lesion", "L1", lesion())

    qtbot.waitUntil(lambda: "NOT SAVED" in header.saved.text())
    assert header.saved.text() == (
        "▲ NOT SAVED: the disk is full; free some space; your last action is kept in memory"
    )
    assert header.property("look") == "alarm"
    assert header.retry.isVisible()

    journal.broken = ""
    qtbot.mouseClick(header.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: header.saved.text().startswith("saved "))
    assert header.property("look") == ""
    assert not header.retry.isVisible()


@pytest.mark.parametrize("width", [1050, 1280])
def test_a_long_reason_is_shown_in_full(reading, header, qtbot, width):
    header.resize(width, 32)
    reading.session.open_case("SYN-016")
    reason = (
        "the study's disk is full; free some space, " + "what you do is kept until there is room again, " * 4
    )
    header.session.saved_changed.emit(SaveStatus(SaveState.NOT_SAVED, 3, "", 3, reason))

    assert reason.rstrip(", ") in header.saved.text()
    assert header.saved.height() >= header.saved.heightForWidth(header.saved.width())
    header.session.saved_changed.emit(SaveStatus(SaveState.SAVED, 6, "2026-11-26T12:03:41.123Z"))
    assert header.height() == 32


def test_saving_is_said_only_when_it_takes_long():
    assert saved_words(SaveStatus(SaveState.SAVING, 3, "", 2)) == "nothing to save yet"
    assert saved_words(SaveStatus(SaveState.SAVING, 3, "", 2), slow=True) == "saving…"


def test_back_to_the_worklist_leaves_the_case_as_a_draft(reading, header, qtbot):
    reading.session.open_case("SYN-016")

    qtbot.mouseClick(header.back, Qt.MouseButton.LeftButton)

    assert reading.case is None
    assert reading.toasts[-1] == Toast("Case SYN-016 left as draft.")
    assert header.reader.isVisible()
    assert not header.case_label.isVisible()


def test_sign_asks_for_the_last_page(reading, header, qtbot):
    reading.session.open_case("SYN-016")

    qtbot.mouseClick(header.report, Qt.MouseButton.LeftButton)

    assert reading.pages == ["report"]


def test_activity_is_asked_of_the_window(reading, header, qtbot):
    with qtbot.waitSignal(header.activity_wanted):
        qtbot.mouseClick(header.activity, Qt.MouseButton.LeftButton)


def test_nothing_is_cut_at_the_smallest_width(reading, header):
    reading.session.open_case("SYN-016")
    put(reading.case, "commit", {"revision": 2, "sha256": "0" * 64})
    header.resize(1180, 32)

    assert header.minimumSizeHint().width() <= 1180
