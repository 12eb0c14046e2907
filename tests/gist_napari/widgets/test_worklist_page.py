"""The worklist: the reader's order, what opens which case, and how to begin with nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened_cases import put, row
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QPushButton

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_napari.widgets.worklist_page import WorklistPage
from gist_napari.widgets.worklist_table import COLUMNS, STATUS_WORDS, last_touched

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(reading, qtbot):
    made = WorklistPage(reading.session)
    made.resize(1280, 760)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def shown(page, column: str) -> list[str]:
    at = COLUMNS.index(column)
    return [page.model.data(page.model.index(n, at)) for n in range(page.model.rowCount())]


def test_cases_stand_in_the_reader_s_order_with_symbol_and_word(page):
    assert shown(page, "Case") == ["SYN-015", "SYN-016", "SYN-017", "SYN-018"]
    assert shown(page, "Status") == ["◑ call committed", "◐ draft", "○ not started", "⊘ blocked"]
    assert len({words[0] for words in STATUS_WORDS.values()}) == len(STATUS_WORDS)
    assert page.progress.text() == "1 of 4 committed"


def test_no_column_can_be_sorted_by(page):
    assert not page.table.isSortingEnabled()
    page.table.horizontalHeader().sectionClicked.emit(1)
    assert shown(page, "Case") == ["SYN-015", "SYN-016", "SYN-017", "SYN-018"]


def test_the_first_case_to_do_is_chosen_and_enter_opens_it(reading, page, qtbot):
    assert page.chosen().case == "SYN-016"

    qtbot.keyClick(page.table, Qt.Key.Key_Return)

    assert reading.case.case == "SYN-016"


def test_arrows_choose_and_a_double_click_opens(reading, page, qtbot):
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    assert page.chosen().case == "SYN-017"

    where = page.table.visualRect(page.model.index(0, 1)).center()
    qtbot.mouseClick(page.table.viewport(), LEFT, pos=where)
    qtbot.mouseDClick(page.table.viewport(), LEFT, pos=where)
    assert reading.case.case == "SYN-015"


def test_n_opens_the_next_that_is_not_committed(reading, page, qtbot):
    page.choose("SYN-017")

    qtbot.keyClick(page.table, Qt.Key.Key_N)
    assert reading.case.case == "SYN-017"
    reading.session.leave_case()

    page.choose("SYN-018")  # blocked, the last: begins again at the top
    qtbot.mouseClick(page.next_button, LEFT)
    assert reading.case.case == "SYN-016"


def test_when_all_is_done_n_says_so(reading, page, qtbot):
    reading.rows = [row("SYN-015", 1, "committed"), row("SYN-016", 2, "blocked")]
    page.refresh()

    qtbot.keyClick(page.table, Qt.Key.Key_N)

    assert reading.case is None
    assert reading.said == ["1 of 2 committed: nothing is left to do. 1 blocked."]


def test_a_blocked_case_says_why_and_shows_its_scans(reading, page, qtbot, monkeypatch):
    reading.rows[-1].flags = ("presurgery has no series that can be measured: MISSING_SLICES",)
    page.refresh()
    page.choose("SYN-018")
    assert page.details.text().startswith("▲ Case SYN-018 is blocked: presurgery has no series")

    shown_cases = []
    monkeypatch.setattr(page.pair, "show_case", shown_cases.append)
    qtbot.mouseClick(page.open_button, LEFT)

    assert shown_cases == ["SYN-018"]
    assert reading.case is None
    assert "MISSING_SLICES" in reading.said[-1]


def test_scans_of_any_case_can_be_looked_at(page, qtbot, monkeypatch):
    shown_cases = []
    monkeypatch.setattr(page.pair, "show_case", shown_cases.append)
    page.choose("SYN-017")

    qtbot.mouseClick(page.pair_button, LEFT)

    assert shown_cases == ["SYN-017"]


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("All", ["SYN-015", "SYN-016", "SYN-017", "SYN-018"]),
        ("To do", ["SYN-016", "SYN-017"]),
        ("Drafts", ["SYN-016"]),
        ("Committed", ["SYN-015"]),
        ("Flagged", ["SYN-018"]),
    ],
)
def test_filters_show_some_of_the_rows_and_how_many(page, qtbot, name, cases):
    made = next(one for one in page.findChildren(QPushButton) if one.text() == f"{name}  {len(cases)}")

    qtbot.mouseClick(made, LEFT)

    assert shown(page, "Case") == cases


def test_leaving_a_case_comes_back_to_its_row_with_its_new_status(reading, page):
    page.choose("SYN-017")
    page.open_chosen()
    put(reading.case, "lesion", "L1", {"organ": "rectum", "role": "target"})
    reading.rows[2].status = "draft"

    reading.session.leave_case()

    assert page.chosen().case == "SYN-017"
    assert shown(page, "Status")[2] == "◐ draft"


def test_the_last_touch_is_shown_on_the_clock_of_this_computer(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert last_touched("2026-11-26T20:03:41.123Z") == "2026-11-27 01:33"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert last_touched("") == ""


def test_a_case_that_was_open_when_the_program_stopped_is_offered_on_top(reading, page, qtbot):
    reading.rows[1].interrupted, reading.rows[1].n_events = True, 3
    page.refresh()
    assert page.banner.isVisible()

    shows = next(one for one in page.banner.findChildren(QPushButton) if one.text().startswith("Show"))
    qtbot.mouseClick(shows, LEFT)

    assert reading.case.case == "SYN-016"
    assert "Back in case SYN-016" in reading.said[-1]


def test_another_reader_sees_another_list(reading, page, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(workflow, "study_worklist", lambda folder, reader: asked.append(reader) or ())

    page.reader.selectAll()
    qtbot.keyClicks(page.reader, "R2")
    qtbot.keyClick(page.reader, Qt.Key.Key_Return)

    assert reading.session.reader == "R2"
    assert set(asked) == {"R2"}


def test_a_reader_s_name_that_cannot_be_is_told_and_the_old_one_stays(reading, page, qtbot, monkeypatch):
    def refused(_folder, reader):
        if reader != "R1":
            raise GistImagingError("a reader's pseudonym such as R1", "got another form")
        return tuple(reading.rows)

    monkeypatch.setattr(workflow, "study_worklist", refused)
    page.reader.setText("Dr. Example")
    qtbot.keyClick(page.reader, Qt.Key.Key_Return)

    assert reading.session.reader == "R1"
    assert page.reader.text() == "R1"
    assert "pseudonym" in reading.said[-1]


# ---------------------------------------------------------------- with nothing


@pytest.fixture
def empty(reading, page):
    reading.session.folder, reading.session.reader = None, ""
    page.refresh()
    return page


def test_with_nothing_open_one_sentence_and_two_buttons_say_what_to_do(reading, empty, qtbot, monkeypatch):
    assert empty.empty.isVisible()
    assert not empty.table.isVisible()
    assert "Drop a folder of scans here" in empty.empty.words.text()
    opened = []
    monkeypatch.setattr(workflow, "init_study", lambda folder, *_, **__: opened.append(folder), raising=False)
    monkeypatch.setattr(workflow, "import_scans", lambda *_, **__: None, raising=False)

    assert empty.empty.sample.isVisible()
    assert empty.empty.study.isVisible()


def test_the_folder_dialog_opens_a_study(reading, empty, qtbot, monkeypatch, tmp_path):
    (tmp_path / "study.sqlite").touch()
    monkeypatch.setattr(
        "gist_napari.widgets.worklist_page.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path)
    )

    qtbot.mouseClick(empty.empty.study, LEFT)

    assert reading.session.folder == tmp_path
    assert reading.session.reader == "R1"
    assert not empty.empty.isVisible()


def test_a_dropped_folder_of_scans_becomes_a_study_beside_it(reading, empty, qtbot, monkeypatch, tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    calls = []
    monkeypatch.setattr(
        workflow,
        "init_study",
        lambda folder, **told: calls.append(("init", folder, told)),
        raising=False,
    )
    monkeypatch.setattr(
        workflow,
        "import_scans",
        lambda study, where, **_: calls.append(("import", study, where)),
        raising=False,
    )
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(scans))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    empty.dropEvent(QDropEvent(QPointF(10, 10), copy, data, LEFT, none))

    study = tmp_path / "scans_study"
    qtbot.waitUntil(lambda: reading.session.folder == study)
    # The folder may be called by a name: nothing of it is kept as a title.
    assert calls == [("init", study, {"study_id": "READING"}), ("import", study, scans)]


def test_a_study_without_cases_says_how_to_bring_scans(reading, page):
    reading.rows = []
    page.refresh()

    assert page.empty.isVisible()
    assert "holds no case yet" in page.empty.words.text()


@pytest.mark.parametrize("width", [1180, 1280, 1920])
def test_no_column_is_cut_and_nothing_scrolls_sideways(reading, page, qtbot, width):
    page.resize(width, 760)
    qtbot.wait(20)

    assert page.table.horizontalHeader().length() <= page.table.viewport().width()
    for at, name in enumerate(COLUMNS):
        assert page.table.columnWidth(at) >= page.table.sizeHintForColumn(at), name
    for made in page.findChildren(QPushButton):
        if made.isVisible():
            assert made.width() >= made.sizeHint().width()
            assert made.height() >= 28


def test_the_folder_of_a_path_that_is_no_folder_is_not_taken(empty):
    from qtpy.QtGui import QDragEnterEvent

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(Path(__file__)))])
    none = Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPointF(10, 10).toPoint(), Qt.DropAction.CopyAction, data, LEFT, none)
    event.ignore()
    empty.dragEnterEvent(event)

    assert not event.isAccepted()
