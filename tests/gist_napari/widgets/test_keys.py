"""The table of keys: no collisions inside, none with napari but those that are meant, and the user's own."""

from __future__ import annotations

import json

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence, QShortcut
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QLineEdit, QListWidget, QPushButton, QVBoxLayout, QWidget

from gist_imaging.errors import GistImagingError
from gist_napari.key_ring import KeyRing, chord
from gist_napari.keys import (
    BINDINGS,
    MEANT_TO_WIN,
    Binding,
    Context,
    bindings_of_user,
    collisions,
    key_words,
    normal,
    rebound,
    save_keys,
    tips,
)

pytestmark = pytest.mark.gui
TAKEN = {
    key: one for one in BINDINGS if one.context in (Context.READING, Context.EVERYWHERE) for key in one.keys
}
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


# ---------------------------------------------------------------- the table


def test_no_key_means_two_things():
    assert collisions(BINDINGS) == []
    assert collisions([*BINDINGS, Binding("other", ("G",), "", "")]) == ["G means both grow and other"]


def test_every_key_is_spelled_as_qt_spells_it():
    assert [key for one in BINDINGS for key in one.keys if normal(key) != key] == []


def test_the_keys_that_the_conventions_ask_for_are_there():
    wanted = {
        "Up": "slice_up", "Home": "slice_first", "Shift+1": "preset_1", "Shift+5": "preset_5", "H": "hide",
        "O": "outline", "I": "between", "K": "keep_largest", "D": "tool_caliper", "T": "other_pane",
        "N": "next_case", "F1": "key_sheet", "Esc": "escape", "Ctrl+Z": "undo", "Ctrl+Y": "redo",
        "Ctrl+Shift+Z": "redo", "Ctrl+I": "invert", "F2": "page_look", "F6": "page_report",
        "Shift+A": "plane_axial", "Shift+C": "plane_coronal", "Shift+S": "plane_sagittal",
        "J": "jump_longest", "Shift+J": "jump_unverified", "Shift+T": "blink", "W": "window_hold",
        "Return": "accept", "Ctrl+Return": "commit", "Ctrl+S": "save", "Shift+R": "reference",
        "Ctrl+L": "link", "[": "brush_smaller", "]": "brush_larger",
    }  # fmt: skip

    assert {key: TAKEN[key].action for key in wanted} == wanted
    assert {one.action for one in BINDINGS if one.hold} == {"hide", "blink", "window_hold"}


def test_what_closes_the_program_stays_napari_s():
    assert not {"Ctrl+W", "Ctrl+Q", "Ctrl+Shift+P", "Space"} & set(TAKEN)


def test_text_fields_lose_no_key_that_writes():
    for one in BINDINGS:
        for key in one.keys if one.context is Context.EVERYWHERE else ():
            assert key.startswith(("F", "Ctrl+")), one.action


@pytest.fixture(scope="module")
def keys_of_napari(qapp):
    """Every key of napari's public tables: shortcuts, keys of layers, and menus of a real window."""
    import napari
    from napari.layers import Image, Labels, Points, Shapes
    from napari.utils.shortcuts import default_shortcuts

    keys = {normal(str(key)) for keys in default_shortcuts.values() for key in keys}
    for kind in (Image, Labels, Points, Shapes):
        keys |= {normal(str(key)) for key in kind.class_keymap}
    viewer = napari.Viewer()
    window = viewer.window
    menus = [window.file_menu, window.view_menu, window.layers_menu, window.window_menu, window.help_menu]
    for menu in menus:
        menu.aboutToShow.emit()
        keys |= {normal(key.toString()) for action in menu.actions() for key in action.shortcuts()}
    viewer.close()
    assert {"Ctrl+Y", "Ctrl+S", "Shift+A"} <= keys  # shortcuts, menus and layers are all there
    return keys


def test_collisions_with_napari_are_only_those_that_are_meant(keys_of_napari):
    assert (keys_of_napari & set(TAKEN)) - set(MEANT_TO_WIN) == set()


def test_every_collision_that_is_meant_is_one(keys_of_napari):
    assert set(MEANT_TO_WIN) - keys_of_napari == set()
    assert all(MEANT_TO_WIN.values())


# ---------------------------------------------------------------- the user's own keys


def test_an_own_key_is_kept_over_a_restart(tmp_path):
    file = tmp_path / "deep" / "keys.json"
    save_keys(rebound(BINDINGS, "grow", ["shift+g"]), file)

    table, problems = bindings_of_user(file)

    assert problems == ()
    assert next(one for one in table if one.action == "grow").keys == ("Shift+G",)
    assert json.loads(file.read_text())["keys"] == {"grow": ["Shift+G"]}
    assert [one for one in table if one.action != "grow"] == [one for one in BINDINGS if one.action != "grow"]


@pytest.mark.parametrize(
    ("action", "keys", "says"),
    [
        ("grow", ["K"], "K means both"),
        ("nothing", ["X"], "nothing"),
        ("grow", ["no key"], "such as"),
        ("answer", ["5"], "answer"),
    ],
)
def test_a_key_that_cannot_be_is_refused(action, keys, says):
    with pytest.raises(GistImagingError, match=says):
        rebound(BINDINGS, action, keys)


def test_own_keys_that_cannot_be_used_are_named_and_the_rest_is_used(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"format": 1, "keys": {"grow": ["K"], "between": ["Shift+I"], "accept": 3}}))

    table, problems = bindings_of_user(file)

    assert len(problems) == 2
    assert next(one for one in table if one.action == "between").keys == ("Shift+I",)
    assert next(one for one in table if one.action == "grow").keys == ("G",)


def test_a_damaged_file_of_own_keys_is_told_and_not_used(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text("{")

    table, problems = bindings_of_user(file)

    assert table == BINDINGS
    assert len(problems) == 1


def test_tooltips_show_the_first_key_as_people_write_it():
    assert tips()["accept"] == "Enter"
    assert tips(rebound(BINDINGS, "grow", ["Shift+G"]))["grow"] == "Shift+G"
    assert key_words("Ctrl++") == "Ctrl+" + "+"


# ---------------------------------------------------------------- what a key press is


@pytest.mark.parametrize(
    ("key", "modifiers", "written", "found"),
    [
        (Qt.Key.Key_T, SHIFT, "T", "Shift+T"),
        (Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier, "\r", "Return"),
        (Qt.Key.Key_Exclam, SHIFT, "!", "Shift+1"),
        (Qt.Key.Key_QuoteDbl, SHIFT, '"', "Shift+2"),  # German
        (Qt.Key.Key_At, SHIFT, "@", "Shift+2"),  # US
        (Qt.Key.Key_1, SHIFT, "1", "Shift+1"),  # French
        (Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.GroupSwitchModifier, "[", "["),
        (Qt.Key.Key_BracketRight, CTRL | Qt.KeyboardModifier.AltModifier, "]", "Ctrl+Alt+]"),
        (Qt.Key.Key_Plus, CTRL | SHIFT, "+", "Ctrl++"),
        (Qt.Key.Key_Z, CTRL | SHIFT, "\x1a", "Ctrl+Shift+Z"),
        (Qt.Key.Key_Return, CTRL, "\r", "Ctrl+Return"),
    ],
)
def test_a_key_press_is_found_on_any_keyboard(key, modifiers, written, found):
    assert chord(QKeyEvent(QEvent.Type.KeyPress, key, modifiers, written)) == found


# ---------------------------------------------------------------- taking keys


@pytest.fixture
def screen(qtbot):
    """A window like napari's, with the reading screen in it and a shortcut of its own on Ctrl+S and G."""
    window = QWidget()
    scope = QWidget()
    window.outside, window.scope = QWidget(), scope
    window.canvas, window.line, window.rows, window.push = (
        QWidget(),
        QLineEdit(),
        QListWidget(),
        QPushButton("x"),
    )
    column = QVBoxLayout(window)
    inner = QVBoxLayout(scope)
    for widget in (window.canvas, window.line, window.rows, window.push):
        inner.addWidget(widget)
    for widget in (window.outside, window.canvas):
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column.addWidget(window.outside)
    column.addWidget(scope)
    window.rows.addItems(["one", "two", "three"])
    window.theirs = []
    for key in ("Ctrl+S", "G"):
        QShortcut(QKeySequence(key), window).activated.connect(lambda key=key: window.theirs.append(key))
    window.done = []
    names = [one.action for one in BINDINGS]
    actions = {name: (lambda *on, name=name: window.done.append((name, *on))) for name in names}
    window.ring = KeyRing(scope, actions, BINDINGS)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    return window


def test_keys_act_inside_the_reading_screen_and_win_over_shortcuts_of_the_window(screen, qtbot):
    qtbot.keyClick(screen.canvas, Qt.Key.Key_S, CTRL)
    qtbot.keyClick(screen.canvas, Qt.Key.Key_G)

    assert screen.done == [("save",), ("grow",)]
    assert screen.theirs == []


def test_outside_the_reading_screen_nothing_is_taken(screen, qtbot):
    screen.outside.setFocus()
    qtbot.waitUntil(screen.outside.hasFocus)

    qtbot.keyClick(screen.outside, Qt.Key.Key_S, CTRL)
    qtbot.keyClick(screen.outside, Qt.Key.Key_G)
    qtbot.keyClick(screen.outside, Qt.Key.Key_K)

    assert screen.done == []
    assert screen.theirs == ["Ctrl+S", "G"]


def test_a_text_field_keeps_its_letters_and_its_undo(screen, qtbot):
    screen.line.setFocus()
    qtbot.waitUntil(screen.line.hasFocus)
    qtbot.keyClicks(screen.line, "Gk2[")
    assert screen.line.text() == "Gk2["
    qtbot.keyClick(screen.line, Qt.Key.Key_Return)
    qtbot.keyClick(screen.line, Qt.Key.Key_Z, CTRL)
    assert screen.line.text() == ""
    assert screen.done == []

    qtbot.keyClick(screen.line, Qt.Key.Key_F3)
    qtbot.keyClick(screen.line, Qt.Key.Key_Return, CTRL)
    assert screen.done == [("page_segment",), ("commit",)]


def test_a_list_keeps_its_arrows(screen, qtbot):
    screen.rows.setFocus()
    qtbot.waitUntil(screen.rows.hasFocus)
    screen.rows.setCurrentRow(0)

    qtbot.keyClick(screen.rows, Qt.Key.Key_Down)

    assert screen.rows.currentRow() == 1
    assert screen.done == []


def test_a_field_that_claims_a_digit_keeps_it_and_only_that(screen, qtbot):
    class Field(QWidget):
        def __init__(self):
            super().__init__()
            self.got = []
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

        def event(self, event):
            if event.type() == QEvent.Type.ShortcutOverride and event.text() == "2":
                event.accept()
                return True
            return super().event(event)

        def keyPressEvent(self, event):
            self.got.append(event.text())

    field = Field()
    screen.scope.layout().addWidget(field)
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)

    qtbot.keyClick(field, Qt.Key.Key_2)
    qtbot.keyClick(field, Qt.Key.Key_1)

    assert field.got == ["2"]
    assert screen.done == [("tool_erase",)]


def test_a_hold_begins_once_and_ends_with_its_key_even_after_shift(screen, qtbot):
    qtbot.keyPress(screen.canvas, Qt.Key.Key_T, SHIFT)
    repeated = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_T, SHIFT, "T", True)
    from qtpy.QtWidgets import QApplication

    QApplication.sendEvent(screen.canvas, repeated)
    qtbot.keyRelease(screen.canvas, Qt.Key.Key_Shift)
    qtbot.keyRelease(screen.canvas, Qt.Key.Key_T)

    assert screen.done == [("blink", True), ("blink", False)]


def test_a_hold_survives_a_click_on_another_part_and_ends_when_the_focus_leaves(screen, qtbot):
    qtbot.keyPress(screen.canvas, Qt.Key.Key_W)
    screen.push.setFocus()
    qtbot.waitUntil(screen.push.hasFocus)
    assert screen.done == [("window_hold", True)]

    screen.outside.setFocus()
    qtbot.waitUntil(screen.outside.hasFocus)
    assert screen.done == [("window_hold", True), ("window_hold", False)]


def test_holding_a_key_down_repeats_slices_and_nothing_that_changes_the_case(screen, qtbot):
    from qtpy.QtWidgets import QApplication

    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_N):
        for repeat in (False, True, True):
            QApplication.sendEvent(screen.canvas, QKeyEvent(QEvent.Type.KeyPress, key, NONE, "", repeat))

    assert screen.done == [("slice_down",)] * 3 + [("accept",), ("next_case",)]


def test_a_click_on_a_bar_leaves_the_focus_where_it_was(screen, qtbot):
    screen.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # as napari's window
    bar = QPushButton("Hide")
    bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    screen.scope.layout().addWidget(bar)
    qtbot.waitUntil(bar.isVisible)

    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)

    assert screen.canvas.hasFocus()
    qtbot.keyClick(screen.canvas, Qt.Key.Key_G)
    assert screen.done == [("grow",)]


@pytest.mark.parametrize(
    ("key", "modifiers"), [(Qt.Key.Key_V, NONE), (Qt.Key.Key_T, CTRL), (Qt.Key.Key_Delete, CTRL)]
)
def test_napari_s_keys_reach_no_image_and_so_hide_turn_and_delete_none(screen, key, modifiers):
    image = QOpenGLWidget(screen.scope)

    assert screen.ring.eventFilter(image, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, ""))
    assert not screen.ring.eventFilter(screen.push, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, ""))
    shift = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Shift, SHIFT, "")
    assert not screen.ring.eventFilter(image, shift)


def test_another_table_takes_effect_at_once(screen, qtbot):
    screen.ring.use(rebound(BINDINGS, "grow", ["Shift+G"]))

    qtbot.keyClick(screen.canvas, Qt.Key.Key_G, SHIFT)
    qtbot.keyClick(screen.canvas, Qt.Key.Key_G)

    assert screen.done == [("grow",)]
    assert screen.theirs == ["G"]


def test_a_widget_that_is_gone_does_no_harm(screen, qtbot):
    screen.line.setFocus()
    qtbot.waitUntil(screen.line.hasFocus)
    screen.line.setParent(None)
    screen.line.deleteLater()
    screen.canvas.setFocus()

    qtbot.keyClick(screen.canvas, Qt.Key.Key_G)

    assert screen.done == [("grow",)]
