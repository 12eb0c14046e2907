"""F1 shows every key on one page; a key can be changed there."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from gist_napari.key_sheet import KeySheet
from gist_napari.keys import BINDINGS, MOUSE

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot):
    made = QWidget()
    made.resize(1280, 800)
    made.field = QPushButton("before", made)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.field.setFocus()
    qtbot.waitUntil(made.field.hasFocus)
    return made


@pytest.fixture
def sheet(window, qtbot):
    window.tables, window.saved = [], []
    made = KeySheet(window, BINDINGS, window.tables.append, window.saved.append)
    made.show()
    qtbot.waitUntil(made.hasFocus)
    return made


def test_every_key_and_gesture_is_on_one_page_and_none_is_cut(sheet, window):
    said = {label.text() for label in sheet.findChildren(QLabel)}
    missing = [one.action for one in BINDINGS if one.words not in said and one.action[:-1] != "preset_"]
    assert [name for name in missing if not next(one for one in BINDINGS if one.action == name).hold] == []
    assert {gesture for gesture, _ in MOUSE} <= said

    assert window.rect().contains(sheet.geometry())
    for shown in [*sheet.findChildren(QLabel), *sheet.findChildren(QPushButton)]:
        assert shown.width() >= shown.sizeHint().width(), shown.text()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F1])
def test_the_sheet_closes_by_key_and_gives_the_focus_back(sheet, window, qtbot, key):
    qtbot.keyClick(sheet, key)

    assert not sheet.isVisible()
    qtbot.waitUntil(window.field.hasFocus)


def test_a_click_beside_the_sheet_closes_it(sheet, window, qtbot):
    qtbot.mouseClick(window, Qt.MouseButton.LeftButton, pos=window.rect().bottomLeft())

    assert not sheet.isVisible()


def test_a_clicked_key_is_changed_by_the_next_one(sheet, window, qtbot):
    qtbot.mouseClick(sheet.buttons["grow"], Qt.MouseButton.LeftButton)
    assert sheet.buttons["grow"].text() == "press a key"
    qtbot.keyPress(sheet, Qt.Key.Key_Shift, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(sheet, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)

    assert sheet.buttons["grow"].text() == "Shift+G"
    (table,) = window.tables
    assert next(one for one in table if one.action == "grow").keys == ("Shift+G",)
    assert window.saved == [table]


def test_a_key_that_another_action_has_is_refused_with_its_name(sheet, window, qtbot):
    qtbot.mouseClick(sheet.buttons["grow"], Qt.MouseButton.LeftButton)
    qtbot.keyClick(sheet, Qt.Key.Key_K)

    assert "K means both grow and keep_largest" in sheet.hint.text()
    assert sheet.buttons["grow"].text() == "G"
    assert window.tables == []


def test_esc_keeps_the_old_key(sheet, window, qtbot):
    qtbot.mouseClick(sheet.buttons["grow"], Qt.MouseButton.LeftButton)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)

    assert sheet.isVisible()
    assert sheet.buttons["grow"].text() == "G"
    assert window.tables == []


def test_a_file_that_cannot_be_written_is_told(window, qtbot):
    def refuse(_table):
        raise PermissionError("no")

    sheet = KeySheet(window, BINDINGS, None, refuse)
    sheet.show()
    qtbot.mouseClick(sheet.buttons["grow"], Qt.MouseButton.LeftButton)
    qtbot.keyClick(sheet, Qt.Key.Key_G, Qt.KeyboardModifier.AltModifier)

    assert "cannot be written" in sheet.hint.text()
    assert sheet.buttons["grow"].text() == "Alt+G"
