"""Before the commit the panel holds no change, category or metric, not even in a tooltip."""

from __future__ import annotations

import re

import panel_cases
import pytest
from qtpy.QtWidgets import QApplication

from gist_imaging import workflow

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"
_OPINION = re.compile(
    r"Δ|%|\b(CR|PR|SD|PD|NE)\b|\bM(1|2|3|4|5|6|7|8|9|10|11)\b|\b(complete|partial) response\b|"
    r"stable disease|progress|evaluable|RECIST|Choi|Measured \d|[↓↑]"
)
# Reasons that a reader may choose are no opinion of the program.
_READERS_OWN = {"Complete response", "Reason: Complete response"}


def opinions(panel) -> list[str]:
    texts = [text for text in panel_cases.texts_of(panel) if text not in _READERS_OWN]
    return [text for text in texts if _OPINION.search(text)]


def visit_every_page(panel):
    for name in panel.pages:
        panel.show_page(name)
        for _ in range(3):
            QApplication.processEvents()


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    case = panel_cases.sample_case("SYN-002", blinded=True)
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, case)
    panel.session.new_lesion()
    for visit in (PRE, POST):
        panel_cases.outline(case, "L1", visit)
        panel_cases.mark(case, visit)
    workflow.state_impression(case, "L1", "much_smaller")
    qtbot.waitUntil(lambda: panel.live.of("L1", POST) is not None, timeout=20000)
    yield panel
    panel.session.close()


def test_no_opinion_of_the_program_is_anywhere_before_the_commit(panel):
    visit_every_page(panel)
    assert opinions(panel) == []
    panel_cases.answer_everything(panel.session.case)
    panel.response.refresh()
    panel.metrics.start()
    visit_every_page(panel)

    assert opinions(panel) == []
    assert not panel.session.jobs.busy


def test_the_same_search_finds_them_after_the_commit(panel):
    panel_cases.answer_everything(panel.session.case)
    assert panel.commit()
    visit_every_page(panel)

    found = " ".join(opinions(panel))
    assert "RECIST 1.1" in found
    assert "SD stable disease ↓ −25.8\u00a0%" in found


def test_nothing_of_a_case_stays_when_it_is_left(panel, monkeypatch):
    panel_cases.answer_everything(panel.session.case)
    assert panel.commit()
    visit_every_page(panel)
    monkeypatch.setattr(workflow, "close_case", lambda case: case.close(), raising=False)
    panel.session.leave_case()

    texts = panel_cases.texts_of(panel)
    assert opinions(panel) == []
    # A hint says that the first stroke makes L1.
    assert [text for text in texts if re.search(r"\bL1 |\d mL|52\.3|38\.8|much|R1", text)] == []


def test_a_study_that_reveals_always_shows_the_change_at_once(monkeypatch, qtbot, tmp_path):
    case = panel_cases.sample_case("SYN-002", reveal="always")
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, case)
    panel.session.new_lesion()
    for visit in (PRE, POST):
        panel_cases.outline(case, "L1", visit)
    panel.show_page("response")
    QApplication.processEvents()

    assert any("SD stable disease" in text for text in opinions(panel))
    panel.session.close()
