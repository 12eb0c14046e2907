"""The Segment page: one word for the state of a mask, live numbers, and buttons that act or say why not."""

from __future__ import annotations

import numpy as np
import panel_cases
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QPushButton

from gist_imaging import workflow
from gist_imaging.session.proposals import ProposalWarning

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case())
    panel.show_page("segment")
    yield panel
    panel.session.close()


@pytest.fixture
def page(panel):
    panel.session.new_lesion()
    panel.session.choose_visit(PRE)
    QApplication.processEvents()
    return panel.segment


def settle():
    for _ in range(4):
        QApplication.processEvents()


def stroke(case, include=True, n=1):
    mask = next(mask for label, _, _, mask in panel_cases.scans_of("SYN-002") if label == PRE)
    inside = mask.geometry.to_patient((mask.voxels.nonzero()[0].mean(), 80.0, 100.0))
    for at in range(n):
        workflow.add_stroke(
            case, "L1", PRE, [np.add(inside, (0.0, 0.0, 0.5 * at)), np.add(inside, (3.0, 0.0, 0.0))], include
        )
    settle()


def test_without_a_lesion_it_says_how_to_begin(panel):
    settle()
    assert "the first stroke makes L1" in panel.segment.state.text()


def test_lesion_and_scan_stand_in_large_letters(page):
    assert page.what.text() == "L1 · PRE"
    assert page.what.fontInfo().pixelSize() == 18
    page.session.choose_visit(POST)
    settle()

    assert page.what.text() == "L1 · POST"


def test_the_step_that_comes_next_is_marked(page):
    def marked():
        return [step.text()[0] for step in page.steps]

    assert marked() == ["▸", "○", "○", "○"]
    stroke(page.session.case, n=3)
    assert marked() == ["✓", "▸", "○", "○"]
    assert page.state.text() == "◌ sketched, not grown"
    stroke(page.session.case, include=False)

    assert marked() == ["✓", "✓", "▸", "○"]


def test_steps_that_nobody_took_are_not_ticked_for_a_copied_proposal(page):
    case = page.session.case
    panel_cases.outline(case, "L1", PRE)
    workflow.propose(case, workflow.copy_job(case, "L1", PRE, POST).run())
    page.session.choose_visit(POST)
    settle()

    assert [(step.isHidden(), step.text()[0]) for step in page.steps][:3] == [(True, "○")] * 3
    assert page.steps[3].text().startswith("▸ Look at it")


def test_grow_ticks_its_own_step(page):
    case = page.session.case
    stroke(case, n=3)
    stroke(case, include=False)
    workflow.propose(case, workflow.grow_job(case, "L1", PRE).run())
    settle()

    assert [step.text()[0] for step in page.steps] == ["✓", "✓", "✓", "▸"]
    assert not any(step.isHidden() for step in page.steps)


def test_accept_makes_the_proposal_the_mask(page, qtbot):
    case = page.session.case
    panel_cases.outline(case, "L1", PRE, accept=False)
    settle()
    assert page.state.text().startswith("▨ proposal")
    proposal = case.state.proposal("L1", PRE)
    qtbot.mouseClick(page.buttons["accept"], Qt.MouseButton.LeftButton)
    settle()

    assert case.state.mask("L1", PRE).sha256() == proposal.sha256()
    assert page.state.text() == "● accepted"


def test_the_volume_is_voxels_times_voxel_volume_in_ml(page, qtbot):
    case = page.session.case
    panel_cases.outline(case, "L1", PRE)
    qtbot.waitUntil(lambda: page.fresh.text().startswith("✓ fresh"), timeout=20000)

    mask = case.state.mask("L1", PRE)
    ml = mask.n_voxels * mask.geometry.voxel_volume_mm3 / 1000.0
    heights = mask.geometry.to_patient([[k, 0, 0] for k in range(mask.geometry.shape[0])])[:, 2]
    from_the_head = np.argsort(np.argsort(-heights)) + 1
    slices = sorted(from_the_head[sorted(set(mask.voxels.nonzero()[0].tolist()))].tolist())
    assert page.numbers["volume"].text() == f"{ml:.1f} mL"
    assert page.numbers["slices"].text() == f"{len(slices)} ({slices[0]}–{slices[-1]})"


def test_numbers_of_a_mask_that_changed_are_called_stale_at_once(page, qtbot):
    case = page.session.case
    panel_cases.outline(case, "L1", PRE)
    qtbot.waitUntil(lambda: page.fresh.text().startswith("✓ fresh"), timeout=20000)
    mask = case.state.mask("L1", PRE)
    inside = mask.geometry.to_patient((8.0, 2.0, 2.0))
    workflow.brush(case, "L1", PRE, [inside], 3.0)
    page.refresh()

    assert page.fresh.text().startswith("◔ stale")
    qtbot.waitUntil(lambda: page.fresh.text().startswith("✓ fresh"), timeout=20000)


def test_strokes_drawn_after_the_result_ask_for_another_grow(page):
    case = page.session.case
    panel_cases.outline(case, "L1", PRE)
    stroke(case)

    assert page.state.text() == "◔ strokes are newer: grow again"


def test_a_warning_leads_to_its_slice(page, qtbot, panel):
    case = page.session.case
    panel_cases.outline(
        case, "L1", PRE, ProposalWarning("It left the tumour on slices 8 to 9.", (7, 8)), accept=False
    )
    settle()
    (go,) = [one for one in page.findChildren(QPushButton) if one.text() == "Go"]
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)

    ((visit, point),) = panel.went
    index = case.state.proposal("L1", PRE).geometry.to_index(point)
    assert visit == PRE
    assert round(float(index[0])) == 7


def test_none_visible_needs_a_reason_and_makes_an_empty_mask(page, qtbot):
    case = page.session.case
    qtbot.mouseClick(page.buttons["none"], Qt.MouseButton.LeftButton)
    assert case.state.mask("L1", PRE) is None
    (complete,) = [one for one in page.reason.findChildren(QPushButton) if one.text() == "Complete response"]
    qtbot.mouseClick(complete, Qt.MouseButton.LeftButton)
    settle()

    assert case.state.mask("L1", PRE).is_empty
    assert page.state.text() == "∅ none visible: Complete response"


def test_a_button_that_cannot_act_stays_clickable_and_says_why(page, qtbot, panel):
    accept = page.buttons["accept"]
    assert accept.isEnabled()
    assert "No proposal waits" in accept.toolTip()
    qtbot.mouseClick(accept, Qt.MouseButton.LeftButton)

    assert panel.said == ["No proposal is waiting. Draw strokes and press Grow first."]


def test_the_brush_takes_the_range_and_the_ball_of_this_page(page):
    page.more.low.setValue(300)
    page.more.high.setValue(120)
    page.more.in_range.setChecked(True)
    page.more.ball.setChecked(True)

    assert page.session.value_range == (120.0, 300.0)
    assert page.session.ball
    page.more.in_range.setChecked(False)
    assert page.session.value_range is None
