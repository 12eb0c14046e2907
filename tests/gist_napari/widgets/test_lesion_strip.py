"""One chip a lesion: what it says, where a click goes, and what the menu sets."""

from __future__ import annotations

import re
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from opened_cases import lesion, put, put_mask
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit, QMenu

from gist_imaging import workflow
from gist_imaging.errors import ReadingError
from gist_imaging.session.event import Event
from gist_napari.widgets.lesion_strip import LesionStrip

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


def sizes(diameter_mm: float, volume_mm3: float, ends=()) -> SimpleNamespace:
    named = {"longest_axial_diameter_mm": ends} if ends else {}
    return SimpleNamespace(longest_axial_diameter_mm=diameter_mm, volume_mm3=volume_mm3, end_points_mm=named)


def said(chip) -> str:
    plain = re.sub(r"<[^>]*>", "", chip.label.text()).replace("&nbsp;", " ")
    return re.sub(r"\s+", " ", plain)


@pytest.fixture
def strip(reading, qtbot, monkeypatch):
    made = LesionStrip(reading.session)
    made.resize(1280, 36)
    qtbot.addWidget(made)
    made.show()
    reading.session.open_case("SYN-016")
    monkeypatch.setattr(reading.session, "measured", lambda *_: True)
    return made


def actions(menu: QMenu, *path: str):
    for title in path[:-1]:
        menu = next(one for one in menu.findChildren(QMenu) if one.title() == title)
    return menu, next(action for action in menu.actions() if action.text() == path[-1])


def test_an_empty_strip_says_how_to_begin_and_plus_adds(reading, strip, qtbot):
    assert strip.empty.isVisible()
    assert "choose Stroke or Brush" in strip.empty.text()

    qtbot.mouseClick(strip.add, LEFT)

    assert reading.calls == [("add_lesion", "rectum", "target")]
    assert list(strip.chips) == ["L1"]
    assert strip.chips["L1"].isChecked()
    assert not strip.empty.isVisible()


def test_sizes_of_a_mask_that_has_changed_since_are_called_stale(reading, strip, qtbot, monkeypatch):
    reading.numbers["L1", "baseline"] = sizes(61.249, 48_310.0)
    put(reading.case, "lesion", "L1", lesion())
    put_mask(reading.case, "mask", "L1", "baseline")
    qtbot.waitUntil(lambda: "61.2" in said(strip.chips["L1"]))

    monkeypatch.setattr(reading.session, "measured", lambda *_: False)
    strip.refresh()

    assert "PRE 61.2 48.3 ◔ stale ● accepted" in said(strip.chips["L1"])


def test_a_chip_shows_diameter_and_volume_of_both_time_points(reading, strip, qtbot):
    reading.numbers["L1", "baseline"] = sizes(61.249, 48_310.0)
    reading.numbers["L1", "presurgery"] = sizes(44.0, 21_940.0)
    put(reading.case, "lesion", "L1", lesion())
    put_mask(reading.case, "mask", "L1", "baseline")
    put_mask(reading.case, "mask", "L1", "presurgery", "unverified")

    qtbot.waitUntil(lambda: "61.2" in said(strip.chips["L1"]))

    assert said(strip.chips["L1"]) == (
        "L1 rectum TARGET PRE 61.2 mm 48.3 mL ● accepted POST 44.0 mm 21.9 mL ◐ unverified"
    )


def test_numbers_are_measured_beside_the_window_thread_and_once_for_several_strokes(
    reading, strip, qtbot, monkeypatch
):
    threads = []

    def measured(_case, _lesion, visit):
        threads.append((visit, threading.current_thread() is threading.main_thread()))

    monkeypatch.setattr(workflow, "live_numbers", measured)
    put(reading.case, "lesion", "L1", lesion())
    for _ in range(3):
        put_mask(reading.case, "mask", "L1", "baseline")
        reading.session.undo()

    with qtbot.waitSignal(strip.numbers.changed):
        pass
    assert threads == [("baseline", False), ("presurgery", False)]


def test_a_number_of_the_case_before_never_reaches_the_next(reading, strip, qtbot, monkeypatch):
    hold, asked = threading.Event(), threading.Event()

    def slow(case, _lesion, _visit):
        asked.set()
        hold.wait(5)
        return sizes(99.9, 1.0)

    monkeypatch.setattr(workflow, "live_numbers", slow)
    put(reading.case, "lesion", "L1", lesion())
    put_mask(reading.case, "mask", "L1", "baseline")
    qtbot.waitUntil(asked.is_set)
    reading.session.open_case("SYN-017")
    put(reading.case, "lesion", "L1", lesion())
    monkeypatch.setattr(workflow, "live_numbers", lambda *_: None)
    hold.set()

    qtbot.wait(400)

    assert strip.numbers.of("L1", "baseline") is None
    assert "99.9" not in said(strip.chips["L1"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_measurement_that_fails_unexpectedly_does_not_end_measuring(reading, strip, qtbot, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(workflow, "live_numbers", broken)
    put(reading.case, "lesion", "L1", lesion())
    with qtbot.waitSignal(strip.numbers.changed):
        put_mask(reading.case, "mask", "L1", "baseline")
    monkeypatch.setattr(workflow, "live_numbers", lambda *_: sizes(12.3, 900.0))

    put_mask(reading.case, "mask", "L1", "presurgery")

    qtbot.waitUntil(lambda: "12.3" in said(strip.chips["L1"]))


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("accepted", "● accepted"),
        ("unverified", "◐ unverified"),
        ("verified", "✓ verified"),
        ("none_visible", "∅ none visible"),
    ],
)
def test_the_state_of_a_mask_is_a_symbol_and_a_word(reading, strip, state, shown):
    put(reading.case, "lesion", "L1", lesion())
    put_mask(reading.case, "mask", "L1", "baseline", state)

    assert shown in said(strip.chips["L1"])


def test_a_waiting_proposal_a_sketch_and_a_mask_on_another_series_are_told(reading, strip):
    put(reading.case, "lesion", "L1", lesion())
    put(reading.case, "prompts", "L1", "baseline", {"prompts": [{"kind": "scribble"}]})
    assert "PRE ∿ sketched" in said(strip.chips["L1"])

    put_mask(reading.case, "proposal", "L1", "baseline")
    assert "PRE ▨ proposal" in said(strip.chips["L1"])

    put_mask(reading.case, "mask", "L1", "presurgery")
    put(reading.case, "mask_facts", "L1", "presurgery", {"state": "verified", "series": "t2sag"})
    assert "POST ▲ stale" in said(strip.chips["L1"])


def test_change_stands_nowhere_before_the_call_is_committed(reading, strip, qtbot, monkeypatch):
    asked = []
    compared = SimpleNamespace(change_pct={"longest_axial_diameter_mm": -28.14})
    monkeypatch.setattr(workflow, "change_numbers", lambda case, name: asked.append(name) or compared)
    put(reading.case, "lesion", "L1", lesion())
    put_mask(reading.case, "mask", "L1", "baseline")
    qtbot.wait(400)
    assert asked == []
    assert "%" not in said(strip.chips["L1"]) + strip.chips["L1"].toolTip()
    assert strip.change.text() == "Δ after call"

    put(reading.case, "commit", {"revision": 1, "sha256": "0" * 64})
    reading.case.act(Event("barrier", "commit_call", "commit"))

    qtbot.waitUntil(lambda: "Δ ↓ −28.1 %" in said(strip.chips["L1"]))
    assert strip.change.text() == ""


def test_a_click_makes_it_active_and_jumps_both_panes_to_its_diameter(reading, strip, qtbot):
    ends = ((10.0, 20.0, 30.0), (30.0, 20.0, 10.0))
    reading.numbers["L1", "baseline"] = sizes(28.3, 5000.0, ends)
    put(reading.case, "lesion", "L1", lesion())
    put(reading.case, "lesion", "L2", lesion())
    put_mask(reading.case, "mask", "L1", "baseline")
    put_mask(reading.case, "mask", "L1", "presurgery")
    qtbot.waitUntil(lambda: strip.numbers.of("L1", "baseline") is not None)
    reading.session.choose_lesion("L2")

    qtbot.mouseClick(strip.chips["L1"], LEFT)

    assert reading.session.active_lesion == "L1"
    assert [visit for visit, _ in reading.went] == ["presurgery", "baseline"]  # the active pane leads
    np.testing.assert_allclose(reading.went[1][1], (20.0, 20.0, 20.0))
    mask = reading.case.state.mask("L1", "presurgery")
    np.testing.assert_allclose(
        reading.went[0][1], mask.geometry.to_patient(np.array([4.0, 11.0, 9.0])), atol=1e-9
    )


def test_a_click_on_a_lesion_drawn_nowhere_says_what_to_do(reading, strip, qtbot):
    put(reading.case, "lesion", "L1", lesion())

    qtbot.mouseClick(strip.chips["L1"], LEFT)

    assert reading.went == []
    assert reading.said == ["L1 is drawn on no scan yet: choose Stroke or Brush and draw."]


def test_the_menu_sets_role_and_organ(reading, strip):
    put(reading.case, "lesion", "L1", lesion())
    menu = strip.menu_for("L1")
    held = [actions(menu, "Role", "non-target"), actions(menu, "Organ", "liver")]
    for _, action in held:
        action.trigger()
    organ = held[1][0].findChild(QLineEdit)
    organ.setText("Lymph node")
    organ.returnPressed.emit()

    assert reading.calls == [
        ("set_lesion", "L1", None, "non_target"),
        ("set_lesion", "L1", "liver", None),
        ("set_lesion", "L1", "lymph_node", None),
    ]


def test_the_menu_states_what_became_of_a_lesion_with_a_reason(reading, strip):
    put(reading.case, "lesion", "L1", lesion())
    fates, not_evaluable = actions(strip.menu_for("L1"), "POST: what became of it", "not evaluable")
    fates.findChild(QLineEdit).setText("motion")
    not_evaluable.trigger()

    assert reading.calls == [("set_fate", "L1", "presurgery", "not_evaluable", "motion")]


def test_a_refusal_of_the_menu_is_told(reading, strip, monkeypatch):
    def refused(*_):
        raise ReadingError("not_evaluable with a reason", "got none", "say why it cannot be judged")

    monkeypatch.setattr(workflow, "set_fate", refused)
    put(reading.case, "lesion", "L1", lesion())
    _menu, action = actions(strip.menu_for("L1"), "PRE: what became of it", "not evaluable")
    action.trigger()

    assert reading.toasts[-1].kind == "error"
    assert "say why" in reading.said[-1]


def test_removing_offers_undo(reading, strip):
    put(reading.case, "lesion", "L1", lesion())
    put_mask(reading.case, "mask", "L1", "baseline")
    _menu, action = actions(strip.menu_for("L1"), "Remove L1 (can be undone)")
    action.trigger()

    assert strip.chips == {}
    assert reading.toasts[-1].undo
    reading.session.undo()
    assert list(strip.chips) == ["L1"]


def test_a_right_click_opens_the_menu(reading, strip, qtbot, monkeypatch):
    put(reading.case, "lesion", "L1", lesion())
    opened = []
    monkeypatch.setattr(strip, "menu_for", lambda name: opened.append(name) or QMenu(strip))

    chip = strip.chips["L1"]
    chip.customContextMenuRequested.emit(chip.rect().center())

    assert opened == ["L1"]


@pytest.mark.parametrize("n_lesions", [1, 2, 3, 6, 9])
def test_nothing_is_cut_however_many_lesions_there_are(reading, strip, n_lesions):
    for number in range(1, n_lesions + 1):
        put(reading.case, "lesion", f"L{number}", lesion("peritoneum", "non_target"))
    reading.session.choose_lesion("L1")

    assert strip.add.geometry().right() <= strip.width()
    for chip in strip.chips.values():
        assert chip.width() >= chip.label.sizeHint().width()
        assert chip.height() >= 28
