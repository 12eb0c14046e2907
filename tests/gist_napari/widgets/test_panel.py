"""The panel as a whole: five pages by their keys, no text cut at either width, folds that are remembered."""

from __future__ import annotations

import panel_cases
import pytest
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget

from gist_imaging import workflow
from gist_imaging.session.proposals import ProposalWarning
from gist_napari.tools.names import Tool
from gist_napari.widgets.fields import Field
from gist_napari.widgets.panel import NARROW_PX, WIDE_PX, TaskPanel
from gist_napari.widgets.parts import Fold

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"
WINDOWS = pytest.mark.parametrize("window_width", [1280, 1920])


@pytest.fixture
def make(monkeypatch, qtbot, tmp_path):
    made = []

    def panel(window_width: int = 1280, patient: str = "SYN-002", **changes) -> TaskPanel:
        case = panel_cases.sample_case(patient, **changes)
        made.append(panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, case, window_width))
        return made[-1]

    yield panel
    for one in made:
        one.session.close()


def settle():
    for _ in range(4):
        QApplication.processEvents()


def open_folds(panel):
    for fold in panel.findChildren(Fold):
        fold.open()


def cut_texts(panel) -> list[str]:
    """Visible texts that do not fit into their widgets, or stick out of the panel."""
    cut = []
    for one in panel.findChildren(QWidget):
        if not one.isVisible() or not isinstance(one, QLabel | QAbstractButton) or not one.text():
            continue
        inside = one.contentsRect()
        metrics = one.fontMetrics()
        if isinstance(one, QLabel) and one.wordWrap():
            needed = metrics.boundingRect(
                QRect(0, 0, inside.width(), 10000), Qt.TextFlag.TextWordWrap, one.text()
            )
        elif isinstance(one, QLabel) and one.textFormat() == Qt.TextFormat.RichText:
            needed = QRect(0, 0, one.sizeHint().width(), 0)
        else:
            needed = QRect(0, 0, metrics.horizontalAdvance(one.text()), metrics.height())
        left = one.mapTo(panel, inside.topLeft()).x()
        if needed.width() > inside.width() or needed.height() > inside.height() + 1:
            cut.append(f"{panel.current}: {one.text()!r} needs {needed.size()} has {inside.size()}")
        if left < 0 or left + inside.width() > panel.width():
            cut.append(f"{panel.current}: {one.text()!r} sticks out")
    return cut


def every_page(panel, look) -> list[str]:
    found = []
    for name in panel.pages:
        panel.show_page(name)
        settle()
        found += look(panel)
    return found


@WINDOWS
@pytest.mark.parametrize("folded", [True, False])
def test_no_text_is_cut_before_anything_is_given(make, window_width, folded):
    panel = make(window_width)
    if not folded:
        open_folds(panel)

    assert every_page(panel, cut_texts) == []


@WINDOWS
@pytest.mark.parametrize("patient", ["SYN-001", "SYN-002"])
def test_no_text_is_cut_in_a_whole_reading(make, qtbot, window_width, patient):
    panel = make(window_width, patient)
    session, case = panel.session, panel.session.case
    session.new_lesion()
    warning = ProposalWarning("Grow may have left the tumour through the lumen on slices 11 to 13.", (10, 12))
    panel_cases.outline(case, "L1", PRE, warning, accept=False)
    session.choose_visit(PRE)
    assert every_page(panel, cut_texts) == []
    workflow.accept(case, "L1", PRE)
    panel_cases.outline(case, "L1", POST)
    for visit in (PRE, POST):
        panel_cases.mark(case, visit)
        workflow.state_fact(case, visit, "quality", "non_diagnostic")
        workflow.state_fact(case, visit, "phase", "portal_venous")
        workflow.state_fact(case, visit, "coronal_plane", "along_anal_canal")
    workflow.state_impression(case, "L1", "much_smaller")
    open_folds(panel)
    qtbot.waitUntil(lambda: panel.live.of("L1", POST) is not None, timeout=20000)
    panel_cases.answer_everything(case, contact="not_assessable", displacement="not_assessable")
    assert every_page(panel, cut_texts) == []
    assert panel.commit()
    panel.show_page("metrics")
    panel.metrics.start()
    qtbot.waitUntil(lambda: not session.jobs.busy, timeout=60000)
    workflow.revise_call(case, PRE, "L1", "relation", "R", "contact", "close", "seen on slice 31")

    assert every_page(panel, cut_texts) == []


@WINDOWS
def test_the_panel_has_one_width_for_each_window_and_never_scrolls_sideways(make, window_width):
    panel = make(window_width)
    panel.session.new_lesion()
    open_folds(panel)

    def wider_than_its_place(panel):
        return [
            panel.current
            for area in panel.findChildren(QScrollArea)
            if area.isVisible() and area.widget().width() > area.viewport().width()
        ]

    assert panel.width() == (NARROW_PX if window_width == 1280 else WIDE_PX)
    assert every_page(panel, wider_than_its_place) == []


def test_f2_to_f6_choose_the_five_pages(make, qtbot):
    panel = make()
    shown = []
    for key in (Qt.Key.Key_F6, Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F5):
        qtbot.keyClick(panel, key)
        shown.append(panel.current)

    assert shown == ["report", "look", "segment", "measure", "levator"]
    assert [head.text() for head in panel.heads.values()] == [
        "Look",
        "Segment",
        "Measure",
        "Levator",
        "Report",
    ]


def test_a_page_comes_back_to_the_part_that_was_left(make):
    panel = make()
    panel.show_page("landmarks")
    panel.show_page("look")
    panel.show_page("measure")
    assert panel.current == "landmarks"
    panel.show_page("measure")

    assert panel.current == "measure"


def test_a_page_takes_its_tool_and_another_page_puts_it_away(make):
    panel = make()
    panel.show_page("landmarks")
    assert panel.session.tool is Tool.LANDMARK
    assert panel.session.landmark == "inferior_pubic_point"
    panel.show_page("segment")
    assert panel.session.tool is Tool.PAN
    panel.session.choose_tool(Tool.RULER)
    panel.show_page("report")

    assert panel.session.tool is Tool.RULER


def test_a_page_of_questions_is_ready_for_digits(make, qtbot):
    panel = make()
    panel.show_page("segment")
    panel.show_page("look")
    assert QApplication.focusWidget() is panel.look.fields[("PRE", "quality")]
    panel.session.new_lesion()
    panel.show_page("call")

    assert QApplication.focusWidget().title == "Contact on patient R"


def test_the_session_can_ask_for_a_page(make):
    panel = make()
    panel.session.page_wanted.emit("report")

    assert panel.current == "report"


def test_a_fold_is_as_it_was_left(make):
    first = make()
    fold = first.segment.more
    assert not fold.inside.isVisibleTo(fold)
    fold.open()
    second = make()

    assert second.segment.more.inside.isVisibleTo(second.segment.more)


def test_no_page_asks_more_than_eight_questions_outside_its_folds(make):
    panel = make()
    panel.session.new_lesion()
    panel.show_page("look")
    settle()
    asked = [field for field in panel.look.findChildren(Field) if field.isVisible()]

    assert len(asked) == 7


def test_what_can_be_clicked_is_high_enough(make):
    panel = make()
    panel.session.new_lesion()
    low = every_page(
        panel,
        lambda panel: [
            f"{panel.current}: {one.text() if isinstance(one, QAbstractButton) else one.title} {one.height()}"
            for one in panel.findChildren(QWidget)
            if one.isVisible()
            and (
                (isinstance(one, QAbstractButton) and one.height() < 28 and one.text())
                or (isinstance(one, Field) and one.height() < 24)
            )
        ],
    )

    assert [text for text in low if "Brush only" not in text and "3D brush" not in text] == []


def test_pages_come_to_rest_and_do_not_follow_themselves(make, qtbot):
    panel = make()
    panel.session.new_lesion()
    panel_cases.mark(panel.session.case, PRE)
    qtbot.wait(300)
    for name, page in panel.pages.items():
        panel.show_page(name)
        qtbot.wait(300)
        times = []
        page.refresh = lambda times=times, refresh=page.refresh: (times.append(1), refresh())
        qtbot.wait(300)
        assert times == [], name
        panel.session.active_changed.emit()
        qtbot.wait(300)
        assert len(times) == 1, name
