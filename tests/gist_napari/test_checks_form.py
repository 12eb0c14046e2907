"""The whole form by its digits: no mouse, the images stand still, and the focus stays in sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QScrollArea, QWidget
from reading_screen import ReadingScreen, reading_screen
from window_driver import settle

from gist_imaging import workflow

pytestmark = [pytest.mark.journey, pytest.mark.gui]

SIZES = [(1280, 800), (1920, 1080)]
CASE = "SYN-002"
ANSWERS = {"contact": "2", "displacement": "1", "invasion": "0", "sphincter_depth": "1"}
"""A digit for each field; of the others the first that is offered."""


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen(request.param, tmp_path_factory.mktemp("form") / "study") as shown:
        shown.open(CASE)
        for visit in ("baseline", "presurgery"):
            shown.give_truth("L1", visit)
        yield shown


def scroll_of(field: QWidget) -> QScrollArea:
    """The scroll area that a field stands in."""
    widget = field.parentWidget()
    while not isinstance(widget, QScrollArea):
        widget = widget.parentWidget()
    return widget


def is_in_sight(field: QWidget) -> bool:
    """Whether all of a field can be seen in its scroll area."""
    seen = scroll_of(field).viewport()
    top = field.mapTo(seen, QPoint(0, 0)).y()
    return top >= 0 and top + field.height() <= seen.height()


def test_24_answers_by_keys_alone_and_the_slice_never_moves(screen: ReadingScreen):
    hands = screen.hands
    screen.focus(screen.pre)
    slices = [pane.slice_index for pane in (screen.pre, screen.post)]
    images = [screen.seen(pane).copy() for pane in (screen.pre, screen.post)]
    # Ctrl+Enter with open questions goes to the first of them, from wherever the reader is.
    hands.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(0.2)
    assert not workflow.is_committed(screen.case)
    form = screen.dock.panel.call
    assert form.isVisible()
    screen.shot("c13_first_field")
    answered, scrolled = [], []
    page_px = scroll_of(QApplication.focusWidget()).viewport().height()
    while form.open and len(answered) < 40:
        field = QApplication.focusWidget()
        name = getattr(field, "name", None)
        assert name is not None, (field, answered)
        assert is_in_sight(field), (name, answered)
        assert field.property("here") in (True, "true") or field.hasFocus()
        digit = ANSWERS.get(name) or next(one.key for one in field.options if one.key)
        tag = form.visits.name
        where = (tag, name, field.property("side"))
        assert where not in answered, where
        hands.type(digit, on=field)
        answered.append(where)
        scrolled.append((tag, scroll_of(field).verticalScrollBar().value()))
        assert [pane.slice_index for pane in (screen.pre, screen.post)] == slices
    screen.shot("c13_answered")
    assert not [one for one in workflow.open_questions(screen.case) if one.form != "facts"], answered
    assert len(answered) == 24, answered
    assert [tag for tag, *_ in answered] == ["PRE"] * 12 + ["POST"] * 12
    held = workflow.open_questions(screen.case)
    assert held == ()
    state = screen.case.state
    for visit in ("baseline", "presurgery"):
        for side in ("R", "midline", "L"):
            assert state.plain("call", visit, "L1", "relation", side, "contact") == "abutment"
            assert state.plain("call", visit, "L1", "relation", side, "displacement") == "mild"
            assert state.plain("call", visit, "L1", "relation", side, "invasion") == "no"
    for tag in ("PRE", "POST"):
        places = [value for one, value in scrolled if one == tag]
        assert max(places) - min(places) <= page_px
    # Nothing was drawn, stepped or moved by a digit.
    for pane, image in zip((screen.pre, screen.post), images, strict=True):
        assert (screen.seen(pane) == image).mean() > 0.98
    assert not screen.errors(), screen.errors()

    # The same key commits now.
    hands.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(0.5)
    assert workflow.is_committed(screen.case)
    assert "COMMITTED" in screen.dock.header.call.text()
    screen.shot("c13_committed")
