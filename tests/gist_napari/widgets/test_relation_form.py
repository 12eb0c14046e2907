"""The reader's call by keyboard: nothing chosen beforehand, focus that moves on, and a frozen commit."""

from __future__ import annotations

import panel_cases
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from gist_imaging import workflow

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    case = panel_cases.sample_case()
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, case)
    panel.session.new_lesion()
    for visit in (PRE, POST):
        panel_cases.outline(case, "L1", visit)
    panel.show_page("call")
    QApplication.processEvents()
    yield panel
    panel.session.close()


def said(panel, visit, side, field, form="relation"):
    return panel.session.case.state.plain("call", visit, "L1", form, side, field)


def focused(panel):
    return panel.call.form.current


def press(qtbot, keys):
    for key in keys:
        qtbot.keyClick(QApplication.focusWidget(), key)


def is_seen(panel, field) -> bool:
    """Whether all of a field lies inside what is not scrolled away."""
    viewport = panel.call.area.viewport()
    top = field.mapTo(viewport, QPoint(0, 0)).y()
    return top >= 0 and top + field.height() <= viewport.height()


def test_nothing_is_chosen_beforehand(panel):
    fields = [field for form in panel.call.forms.values() for field in form.fields]

    assert {field.word for field in fields} == {None}
    assert {field.answer.text() for field in fields} == {"–"}


def test_twenty_four_answers_and_the_commit_need_no_mouse(panel, qtbot):
    panel.call.begin()
    seen = []
    # Contact close, abuts, none; displacement mild, marked, none; no invasion; the internal sphincter, its
    # middle third, confidence 4.
    for digit in "120120000124" * 2:
        seen.append(is_seen(panel, focused(panel)))
        press(qtbot, digit)

    assert seen == [True] * 24
    assert workflow.open_questions(panel.session.case) == ()
    words = [said(panel, POST, side, "contact") for side in ("R", "midline", "L")]
    assert words == ["close", "abutment", "none"]
    assert said(panel, PRE, "none", "sphincter_lowest_third", "findings") == "middle"
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert panel.session.committed


def test_the_left_column_is_the_patients_right(panel, qtbot):
    panel.call.begin()
    press(qtbot, "1")

    first = panel.call.forms["PRE"].fields[0]
    assert said(panel, PRE, "R", "contact") == "close"
    assert said(panel, PRE, "L", "contact") is None
    assert first.title == "Contact on patient R"
    others = panel.call.forms["PRE"].fields[1:3]
    assert all(first.mapToGlobal(QPoint(0, 0)).x() < one.mapToGlobal(QPoint(0, 0)).x() for one in others)


def test_shift_and_0_answer_the_rest_of_one_axis_and_say_so(panel, qtbot):
    panel.call.begin()
    press(qtbot, "2")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_ParenRight, Qt.KeyboardModifier.ShiftModifier)

    assert [said(panel, PRE, side, "contact") for side in ("R", "midline", "L")] == [
        "abutment",
        "none",
        "none",
    ]
    assert said(panel, PRE, "R", "displacement") is None
    assert said(panel, POST, "R", "contact") is None
    assert "Filled in bulk" in panel.call.message.text()
    assert "2 field(s)" in panel.call.message.text()
    assert focused(panel).name == "displacement"


def test_a_digit_that_is_no_answer_is_told_with_those_that_are(panel, qtbot):
    panel.call.begin()
    press(qtbot, "7")

    assert said(panel, PRE, "R", "contact") is None
    assert "7 is no answer to contact on patient R" in panel.call.message.text()
    assert "0 none · 1 close · 2 abuts · 9 cannot be judged" in panel.call.message.text()


def test_shortcuts_of_the_window_do_not_take_what_answers(panel, qtbot):
    from qtpy.QtGui import QKeySequence, QShortcut

    taken = []
    for keys in ("1", "9", "Shift+)", "Backspace", "Down", "Ctrl+Return"):
        QShortcut(QKeySequence(keys), panel).activated.connect(lambda keys=keys: taken.append(keys))
    panel.call.begin()
    press(qtbot, "19")
    for key, held in (
        (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_ParenRight, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier),
    ):
        qtbot.keyClick(QApplication.focusWidget(), key, held)

    assert taken == []
    assert [said(panel, PRE, side, "contact") for side in ("R", "midline")] == ["close", "not_assessable"]
    assert said(panel, PRE, "R", "displacement") == "none"


def test_backspace_goes_one_back_and_arrows_move(panel, qtbot):
    panel.call.begin()
    press(qtbot, "1")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backspace)
    assert focused(panel).title == "Contact on patient R"
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)

    assert focused(panel).title == "Displacement on posterior midline"


def test_a_commit_with_a_question_open_names_it_and_goes_there(panel, qtbot):
    panel.call.begin()
    press(qtbot, "11")

    assert not panel.commit()
    assert panel.call.message.text() == (
        "▲ PRE: Contact on patient L is missing. 0 none · 1 close · 2 abuts · 9 cannot be judged."
    )
    assert focused(panel).title == "Contact on patient L"
    assert not panel.session.committed


def test_words_that_contradict_are_refused_and_the_answer_stays_open(panel):
    form = panel.call.forms["PRE"]
    contact = form.fields[0]
    invasion = next(one for one in form.fields if one.title == "Invasion on patient R")
    panel.call.answer(form, contact, "none")

    assert not panel.call.answer(form, invasion, "yes")
    assert said(panel, PRE, "R", "invasion") is None
    assert any("an invaded muscle is touched" in text for text in panel.said)


def test_a_rare_call_is_asked_about_and_kept(panel):
    form = panel.call.forms["PRE"]
    displacement = next(one for one in form.fields if one.title == "Displacement on patient R")
    panel.call.answer(form, form.fields[0], "none")
    panel.call.answer(form, displacement, "marked")

    assert said(panel, PRE, "R", "displacement") == "marked"
    assert "does the tumour push through fat" in panel.call.message.text()


def test_several_muscles_can_be_named_and_taken_back(panel):
    form = panel.call.forms["PRE"]
    muscles = next(one for one in form.fields if one.name == "components")
    panel.call.answer(form, form.fields[0], "abutment")
    for word in ("puborectalis", "iliococcygeus"):
        panel.call.answer(form, muscles, word)
    assert said(panel, PRE, "R", "components") == ["puborectalis", "iliococcygeus"]
    panel.call.answer(form, muscles, "puborectalis")

    assert said(panel, PRE, "R", "components") == ["iliococcygeus"]
    assert muscles.answer.text() == "IliC"


def test_a_height_takes_its_method_and_text_is_no_number(panel, qtbot):
    entry = panel.call.forms["PRE"].numbers["distance_anal_verge_mm"]
    entry.setText("thirty")
    entry.editingFinished.emit()
    assert "expected a number of mm" in panel.call.message.text()
    entry.setText("31,5")
    entry.editingFinished.emit()

    assert said(panel, PRE, "none", "distance_anal_verge_mm", "findings") == 31.5


@pytest.fixture
def committed(panel):
    panel_cases.answer_everything(panel.session.case)
    assert panel.commit()
    panel.show_page("call")
    return panel


def test_a_committed_answer_changes_only_with_a_reason_and_both_are_shown(committed, qtbot):
    form = committed.call.forms["PRE"]
    form.fields[0].setFocus()
    press(qtbot, "2")
    assert said(committed, PRE, "R", "contact") == "close"
    assert committed.call.reason.isVisible()
    committed.call.reason.line.setText("   ")
    qtbot.keyClick(committed.call.reason.line, Qt.Key.Key_Return)
    assert said(committed, PRE, "R", "contact") == "close"
    committed.call.reason.line.setText("seen on slice 31")
    qtbot.keyClick(committed.call.reason.line, Qt.Key.Key_Return)

    assert said(committed, PRE, "R", "contact") == "abutment"
    expected = "PRE Contact on patient R: close → abuts, reason: seen on slice 31"
    assert committed.call.changes.text() == expected
    assert [reading.revision for reading in committed.session.case.archive.kept] == [1, 2]


def test_esc_leaves_a_committed_answer_as_it_is(committed, qtbot):
    committed.call.forms["PRE"].fields[0].setFocus()
    press(qtbot, "0")
    qtbot.keyClick(committed.call.reason.line, Qt.Key.Key_Escape)

    assert not committed.call.reason.isVisible()
    assert committed.call.question.isVisible()
    assert said(committed, PRE, "R", "contact") == "close"
    assert len(committed.session.case.archive.kept) == 1


def test_a_committed_call_is_not_filled_in_bulk(committed, qtbot):
    committed.call.answer_rest(committed.call.forms["PRE"], "contact")

    assert "each with its reason" in committed.call.message.text()
    assert len(committed.session.case.archive.kept) == 1
