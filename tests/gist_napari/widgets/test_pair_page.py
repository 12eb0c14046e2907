"""The scans of a case are accepted with one key; another choice asks for a reason beside it."""

from __future__ import annotations

import pytest
from opened_cases import row
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel
from store_cases import made_study, one_case, series, visit

from gist_imaging.store import StudyStore
from gist_napari.widgets.worklist_page import WorklistPage

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def study(tmp_path):
    """A real study: a CT before; after, one with thicker slices, one of the same, and one with gaps."""
    after = (
        series("2.25.21", name="CT axial 5.0 mm", spacing_mm=(5.0, 0.8, 0.8)),
        series("2.25.22", name="CT axial 3.0 mm", spacing_mm=(3.0, 0.8, 0.8)),
        series("2.25.23", name="CT coronal 3.0 mm", problems=("MISSING_SLICES",), measurable=False),
    )
    before = series("2.25.11", name="CT axial 3.0 mm", spacing_mm=(3.0, 0.8, 0.8))
    visits = (visit("baseline", "baseline", -12, before), visit("presurgery", "follow_up", 182, *after))
    with made_study(tmp_path / "s") as store:
        store.take_in(one_case("SYN-016", visits=visits, problems=("one scan is of another hospital",)))
    return tmp_path / "s"


@pytest.fixture
def page(reading, study, qtbot):
    reading.session.folder = study
    reading.rows = [row("SYN-016", 1), row("SYN-017", 2, "blocked")]
    made = WorklistPage(reading.session)
    made.resize(1280, 760)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def said(page) -> list[str]:
    QApplication.processEvents()  # labels that came just now are shown by the next event
    return [label.text() for label in page.pair.findChildren(QLabel) if label.isVisible()]


def laid_down(study) -> dict[str, tuple]:
    with StudyStore.open(study) as store:
        return {v.label: (v.role, v.measured, v.measured_state) for v in store.case_record("SYN-016").visits}


def test_two_enters_open_a_new_case_and_lay_its_scans_down(reading, page, study, qtbot):
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert reading.case is None
    assert page.pair.isVisible()
    qtbot.waitUntil(page.pair.hasFocus)

    qtbot.keyClick(page.pair, Qt.Key.Key_Return)

    assert reading.case.case == "SYN-016"
    assert laid_down(study) == {
        "baseline": ("baseline", "2.25.11", "confirmed"),
        "presurgery": ("follow_up", "2.25.21", "confirmed"),
    }
    reading.session.leave_case()
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert reading.case.case == "SYN-016"  # settled: one Enter is enough


def test_what_is_comparable_is_told_by_symbol_and_words(page):
    page.show_pair("SYN-016")

    words = said(page)
    assert [one for one in words if one.startswith("≠")] == ["≠ thickness  3 | 5 mm"]
    assert "✓ plane  axial" in words
    assert "? not stated: phase, tube voltage" in words
    assert "▲ one scan is of another hospital" in words
    assert "−12" in words
    assert words.count("○ proposed") == 2


def test_another_series_asks_for_a_reason_beside_it(reading, page, study, qtbot):
    page.show_pair("SYN-016")
    assert not page.pair.reason_row.isVisible()
    field = page.pair.series["presurgery"]
    field.setCurrentIndex(field.findData("2.25.22"))
    assert page.pair.reason_row.isVisible()
    assert "✓ thickness  3 mm" in said(page)

    qtbot.mouseClick(page.pair.accept_button, LEFT)
    assert "why" in reading.said[-1]
    assert reading.case is None
    assert laid_down(study)["presurgery"][2] == "proposed"

    qtbot.keyClicks(page.pair.reason, "same slice distance")
    qtbot.keyClick(page.pair.reason, Qt.Key.Key_Return)
    assert laid_down(study)["presurgery"] == ("follow_up", "2.25.22", "changed")
    assert reading.case.case == "SYN-016"


def test_another_role_asks_for_a_reason_too_and_going_back_changes_nothing(reading, page, study, qtbot):
    page.show_pair("SYN-016")
    page.pair.roles["presurgery"].setCurrentIndex(page.pair.roles["presurgery"].findData("other"))
    assert page.pair.reason_row.isVisible()
    assert not [words for words in said(page) if "thickness" in words]

    page.pair.setFocus()
    qtbot.keyClick(page.pair, Qt.Key.Key_Escape)

    assert page.table.isVisible()
    assert laid_down(study)["presurgery"][0] == "follow_up"


def test_a_reason_that_may_name_a_person_is_refused_and_told(reading, page, study, qtbot):
    page.show_pair("SYN-016")
    field = page.pair.series["presurgery"]
    field.setCurrentIndex(field.findData("2.25.22"))
    page.pair.reason.setText("DOE^JANE said so")

    qtbot.keyClick(page.pair.reason, Qt.Key.Key_Return)

    assert reading.toasts[-1].kind == "error"
    assert reading.case is None
    assert laid_down(study)["presurgery"][1] == "2.25.21"


def test_a_series_that_cannot_be_measured_says_so_and_is_refused(reading, page, study, qtbot):
    page.show_pair("SYN-016")
    field = page.pair.series["presurgery"]
    at = field.findData("2.25.23")
    assert field.itemText(at) == "⊘ CT coronal 3.0 mm: cannot be measured  ▲ MISSING_SLICES"
    field.setCurrentIndex(at)
    page.pair.reason.setText("all there is")

    qtbot.mouseClick(page.pair.accept_button, LEFT)

    assert "MISSING_SLICES" in reading.said[-1]
    assert laid_down(study)["presurgery"][1] == "2.25.21"


def test_a_case_can_be_opened_without_laying_anything_down(reading, page, study, qtbot):
    page.show_pair("SYN-016")

    qtbot.mouseClick(page.pair.look_button, LEFT)

    assert reading.case.case == "SYN-016"
    assert laid_down(study)["presurgery"][2] == "proposed"


def test_a_case_that_is_not_there_is_told_and_the_list_stays(reading, page):
    page.show_pair("SYN-099")

    assert page.table.isVisible()
    assert reading.toasts[-1].kind == "error"


def test_nothing_of_the_case_before_is_left_on_the_page(page, study):
    with StudyStore.open(study) as store:
        visits = (visit("first", "baseline", 0, series("2.25.41", name="CT axial 1.0 mm")),)
        store.take_in(one_case("SYN-020", visits=visits))
    page.show_pair("SYN-016")

    page.show_pair("SYN-020")

    assert not [words for words in said(page) if "hospital" in words or "presurgery" in words or "≠" in words]
    assert list(page.pair.series) == ["first"]


@pytest.mark.parametrize("width", [1180, 1920])
def test_nothing_is_cut_on_the_page(page, qtbot, width):
    page.resize(width, 760)
    page.show_pair("SYN-016")
    qtbot.wait(30)

    assert page.pair.body.width() <= page.pair.width()
    for label in page.pair.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap():
            assert label.width() >= label.sizeHint().width(), label.text()
