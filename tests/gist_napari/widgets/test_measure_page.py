"""The Measure page: proposed and own diameters side by side, with the reader's reason, rulers and regions."""

from __future__ import annotations

import numpy as np
import panel_cases
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel, QPushButton

from gist_imaging import workflow

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"
LONGEST = "longest_axial_diameter"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case())
    panel.session.new_lesion()
    panel_cases.outline(panel.session.case, "L1", PRE)
    panel.show_page("measure")
    qtbot.waitUntil(lambda: panel.live.of("L1", PRE) is not None, timeout=20000)
    settle()
    yield panel
    panel.session.close()


def settle():
    for _ in range(4):
        QApplication.processEvents()


def cell(panel, name, whose, tag="PRE"):
    return panel.measure.visits[tag].cells[(name, whose)].text()


def button(widget, word):
    return next(one for one in widget.findChildren(QPushButton) if one.text() == word)


def ends_of(panel):
    return np.array(panel.live.of("L1", PRE).end_points_mm["longest_axial_diameter_mm"])


def test_the_proposed_diameter_is_the_distance_of_its_ends(panel):
    length = np.linalg.norm(np.diff(ends_of(panel), axis=0))

    assert cell(panel, LONGEST, "proposed") == f"{length:.1f} mm"
    assert cell(panel, LONGEST, "yours") == "–"


def test_a_scan_without_a_mask_says_what_to_do(panel):
    assert panel.measure.visits["POST"].empty.text() == (
        "No mask on POST yet. F3 to segment, or None visible there if it is gone."
    )


def test_an_own_diameter_stands_beside_the_proposed_one_with_its_reason(panel, qtbot):
    ends = ends_of(panel)
    shorter = ends + 0.1 * (ends[::-1] - ends)
    before = cell(panel, LONGEST, "proposed")
    workflow.set_caliper(panel.session.case, "L1", PRE, LONGEST, shorter, "other")
    settle()

    length = 0.8 * np.linalg.norm(np.diff(ends, axis=0))
    assert cell(panel, LONGEST, "proposed") == before
    assert cell(panel, LONGEST, "yours") == f"{length:.1f} mm"
    qtbot.mouseClick(panel.measure.visits["PRE"].why.buttons["vessel"], Qt.MouseButton.LeftButton)
    held = panel.session.case.state.plain("caliper", "L1", PRE, LONGEST)
    assert held["why"] == "vessel"
    np.testing.assert_allclose(held["points_mm"], shorter)
    settle()
    qtbot.mouseClick(panel.measure.visits["PRE"].back, Qt.MouseButton.LeftButton)
    settle()
    assert cell(panel, LONGEST, "yours") == "–"


def test_jump_goes_to_the_middle_of_the_longest_diameter(panel, qtbot):
    qtbot.mouseClick(panel.measure.visits["PRE"].jump, Qt.MouseButton.LeftButton)

    ((visit, point),) = panel.went
    assert visit == PRE
    np.testing.assert_allclose(point, ends_of(panel).mean(axis=0))


@pytest.mark.parametrize(("length_mm", "word"), [(10.0, "yes"), (9.9, "no")])
def test_a_lesion_is_measurable_from_10_mm_on_thin_slices(panel, length_mm, word):
    # RECIST 1.1, Eur J Cancer 2009;45:228: 10 mm (inclusive) on slices of 5 mm or less; these have 3.3 mm.
    ends = ends_of(panel)
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    points = ends.mean(axis=0) + np.outer([-0.5, 0.5], along) * length_mm
    workflow.set_caliper(panel.session.case, "L1", PRE, LONGEST, points, "other")
    settle()

    assert panel.measure.visits["PRE"].measurable.text().startswith(f"Measurable: {word}")


def test_a_ruler_is_listed_with_its_length_and_can_be_deleted(panel, qtbot):
    case = panel.session.case
    workflow.add_ruler(case, PRE, [(1.0, 2.0, 3.0), (4.0, 6.0, 15.0)])
    settle()
    assert any(label.text() == "PRE ruler 13.0 mm" for label in panel.measure.findChildren(QLabel))
    qtbot.mouseClick(button(panel.measure, "Go"), Qt.MouseButton.LeftButton)
    assert panel.went == [(PRE, [1.0, 2.0, 3.0])]
    qtbot.mouseClick(button(panel.measure, "✕"), Qt.MouseButton.LeftButton)
    settle()

    assert list(case.state.under("ruler")) == []
    assert not any("ruler 13" in label.text() for label in panel.measure.findChildren(QLabel))


def test_none_visible_is_told_as_sizes_of_0(panel, qtbot):
    workflow.mark_none_visible(panel.session.case, "L1", POST, "complete response")
    qtbot.waitUntil(lambda: panel.live.of("L1", POST) is not None, timeout=20000)
    settle()

    assert panel.measure.visits["POST"].empty.text() == "None visible: every size is 0."
