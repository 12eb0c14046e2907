"""Each button of the tool strip does one thing, or says why it cannot."""

from __future__ import annotations

import pytest
from opened_cases import lesion, put, put_mask
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton

from gist_napari.keys import BINDINGS, rebound
from gist_napari.tools.names import Tool
from gist_napari.widgets.tool_strip import ToolStrip

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def strip(reading, qtbot):
    made = ToolStrip(reading.session)
    made.resize(1280, 34)
    qtbot.addWidget(made)
    made.show()
    reading.session.open_case("SYN-016")
    return made


def with_lesion(reading, **drawn):
    put(reading.case, "lesion", "L1", lesion())
    reading.session.choose_lesion("L1")
    if drawn:
        put(reading.case, "prompts", "L1", "baseline", {"prompts": [drawn]})


@pytest.mark.parametrize(
    "tool", [Tool.PAN, Tool.WINDOW, Tool.RULER, Tool.BIDIMENSIONAL, Tool.ELLIPSE, Tool.LEVATOR]
)
def test_a_click_takes_the_tool_and_marks_it_alone(reading, strip, qtbot, tool):
    qtbot.mouseClick(strip.buttons[tool.value], LEFT)

    assert reading.session.tool is tool
    assert [one for one in Tool if strip.buttons[one.value].isChecked()] == [tool]


@pytest.mark.parametrize("tool", [Tool.BRUSH, Tool.STROKE, Tool.OUTLINE, Tool.LOOP, Tool.ERASE])
def test_drawing_without_a_lesion_makes_the_first(reading, strip, qtbot, tool):
    qtbot.mouseClick(strip.buttons[tool.value], LEFT)

    assert reading.calls == [("add_lesion", "rectum", "target")]
    assert reading.session.active_lesion == "L1"
    assert reading.session.tool is tool


def test_without_a_case_a_tool_says_what_to_do(reading, strip, qtbot):
    reading.session.leave_case()

    qtbot.mouseClick(strip.buttons["brush"], LEFT)

    assert reading.said == ["Open a case first: choose one in the worklist and press Enter."]
    assert not strip.buttons["brush"].isChecked()


def test_a_read_only_case_can_be_looked_at_and_not_drawn_on(reading, strip, qtbot):
    reading.case.read_only = "the study folder is read-only"

    qtbot.mouseClick(strip.buttons["brush"], LEFT)
    assert reading.said == ["Nothing can be drawn: the study folder is read-only."]
    qtbot.mouseClick(strip.buttons["window"], LEFT)
    assert reading.session.tool is Tool.WINDOW


def test_grow_without_strokes_says_so_and_with_them_starts(reading, strip, qtbot):
    with_lesion(reading)
    qtbot.mouseClick(strip.buttons["grow"], LEFT)
    assert reading.said == ["Draw a stroke inside the tumour first (L1 on PRE), then Grow."]
    assert strip.buttons["grow"].property("look") == "off"

    with_lesion_drawn = {"kind": "scribble"}
    put(reading.case, "prompts", "L1", "baseline", {"prompts": [with_lesion_drawn]})
    assert strip.buttons["grow"].property("look") == ""
    qtbot.mouseClick(strip.buttons["grow"], LEFT)
    assert reading.calls[-1] == ("grow_job", "L1", "baseline")


def test_between_needs_outlines_and_largest_a_mask(reading, strip, qtbot):
    with_lesion(reading, kind="scribble")
    qtbot.mouseClick(strip.buttons["between"], LEFT)
    qtbot.mouseClick(strip.buttons["keep_largest"], LEFT)
    assert len(reading.said) == 2
    assert reading.calls == []

    put(reading.case, "prompts", "L1", "baseline", {"prompts": [{"kind": "outline"}]})
    put_mask(reading.case, "mask", "L1", "baseline")
    qtbot.mouseClick(strip.buttons["between"], LEFT)
    qtbot.mouseClick(strip.buttons["keep_largest"], LEFT)
    assert [call[0] for call in reading.calls] == ["between_job", "keep_largest_job"]


def test_the_caliper_needs_a_mask_of_this_time_point(reading, strip, qtbot):
    with_lesion(reading)
    put_mask(reading.case, "mask", "L1", "presurgery")

    qtbot.mouseClick(strip.buttons["caliper"], LEFT)
    assert "There is no mask of L1 on PRE yet" in reading.said[-1]
    assert reading.session.tool is Tool.PAN

    reading.session.choose_visit("presurgery")
    qtbot.mouseClick(strip.buttons["caliper"], LEFT)
    assert reading.session.tool is Tool.CALIPER


def test_a_key_says_why_not_just_as_the_button_does(reading, strip):
    strip.press("caliper")
    strip.press("grow")
    assert reading.said[-1].startswith("Draw a stroke inside the tumour first")

    strip.press("brush")
    assert reading.session.tool is Tool.BRUSH


def test_undo_names_what_it_takes_back(reading, strip, qtbot):
    with_lesion(reading)
    put_mask(reading.case, "mask", "L1", "baseline")
    assert strip.buttons["undo"].toolTip() == "Undo: brush baseline slice 5  [Ctrl+Z]"

    qtbot.mouseClick(strip.buttons["undo"], LEFT)

    assert reading.case.state.mask("L1", "baseline") is None
    assert strip.buttons["redo"].toolTip() == "Redo: brush baseline slice 5  [Ctrl+Y]"
    qtbot.mouseClick(strip.buttons["redo"], LEFT)
    assert reading.case.state.mask("L1", "baseline") is not None


def test_the_brush_has_one_size_whoever_changes_it(reading, strip, qtbot):
    for _ in range(10):
        reading.session.larger_brush()
    assert strip.brush_size.value() == pytest.approx(reading.session.brush_mm, abs=0.05)

    strip.brush_size.selectAll()
    qtbot.keyClicks(strip.brush_size, "12.5")
    qtbot.keyClick(strip.brush_size, Qt.Key.Key_Return)
    assert reading.session.brush_mm == 12.5

    strip.brush_size.stepDown()
    assert reading.session.brush_mm == pytest.approx(12.5 / 1.2, abs=0.01)
    assert strip.brush_size.text() == "10.4 mm"


def test_planes_are_asked_for_and_marked_only_when_the_window_says_so(reading, strip, qtbot):
    strip.show_plane("axial")

    with qtbot.waitSignal(strip.plane_wanted) as asked:
        qtbot.mouseClick(strip.buttons["coronal"], LEFT)

    assert asked.args == ["coronal"]
    assert strip.buttons["axial"].isChecked()
    assert not strip.buttons["coronal"].isChecked()
    strip.show_plane("coronal")
    assert strip.buttons["coronal"].isChecked()
    assert not strip.buttons["axial"].isChecked()


def test_switches_change_the_view_of_the_session(reading, strip, qtbot):
    qtbot.mouseClick(strip.buttons["link"], LEFT)
    qtbot.mouseClick(strip.buttons["fill"], LEFT)
    qtbot.mouseClick(strip.buttons["hide"], LEFT)

    assert (reading.session.linked, reading.session.outline_only, reading.session.masks_hidden) == (
        False,
        True,
        True,
    )


def test_blink_is_asked_of_the_window_unless_it_said_why_not(reading, strip, qtbot):
    asked = []
    strip.blink_wanted.connect(asked.append)
    strip.set_blocked("blink", "The registration is not checked yet: Look page (F2).")
    qtbot.mouseClick(strip.buttons["blink"], LEFT)
    assert asked == []
    assert reading.said == ["The registration is not checked yet: Look page (F2)."]
    assert not strip.buttons["blink"].isChecked()

    strip.set_blocked("blink", "")
    qtbot.mouseClick(strip.buttons["blink"], LEFT)
    assert asked == [True]


@pytest.mark.parametrize("width", [1050, 1180, 1280, 1500, 1920])
def test_nothing_is_cut_at_any_width(reading, strip, width):
    strip.resize(width, 34)

    ends = [child.geometry().right() for child in strip.findChildren(QToolButton)]
    assert max(ends) < width
    for made in strip.buttons.values():
        assert made.width() >= max(made.sizeHint().width(), 28)
        assert made.height() >= 28
        assert "…" not in made.text()


def test_narrow_strips_show_icons_and_wide_ones_words(reading, strip):
    words = {}
    for width in (1100, 1280, 1920):
        strip.resize(width, 34)
        shown = [
            made
            for made in strip.buttons.values()
            if made.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextOnly
        ]
        words[width] = len(shown)

    assert words[1100] == 3  # the planes have no icon
    assert words[1100] < words[1280] < words[1920] == len(strip.buttons)


def test_every_button_says_what_it_does(reading, strip):
    strip.show_keys(rebound(BINDINGS, "tool_brush", ["B"]))

    assert all(made.toolTip() for made in strip.buttons.values())
    keys = {
        "brush": "[B]",
        "grow": "[G]",
        "axial": "[Shift+A]",
        "hide": "[H]",
        "fill": "[O]",
        "cube": "[Shift+D]",
    }
    for name, key in keys.items():
        assert key in strip.buttons[name].toolTip()
