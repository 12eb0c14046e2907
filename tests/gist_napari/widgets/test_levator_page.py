"""The levator strokes: the side as on the screen, where strokes are, what surface they make."""

from __future__ import annotations

import numpy as np
import panel_cases
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from gist_napari.tools.names import Tool

pytestmark = pytest.mark.gui

PRE = "baseline"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case())
    panel.show_page("levator")
    settle()
    yield panel
    panel.session.close()


def settle():
    for _ in range(4):
        QApplication.processEvents()


def test_an_empty_page_says_what_to_trace_and_that_no_coronal_series_is_there(panel):
    text = panel.levator.empty.text()

    assert text.startswith("Trace the levator from its origin to the puborectalis on 3–8 coronal slices")
    assert text.endswith("this study has none at PRE.")


def test_the_patients_right_is_chosen_on_the_left(panel, qtbot):
    right, left = panel.levator.side.buttons["R"], panel.levator.side.buttons["L"]
    assert right.mapToGlobal(QPoint(0, 0)).x() < left.mapToGlobal(QPoint(0, 0)).x()
    qtbot.mouseClick(left, Qt.MouseButton.LeftButton)

    assert panel.session.levator_side == "L"
    qtbot.mouseClick(panel.levator.trace, Qt.MouseButton.LeftButton)
    assert panel.session.tool is Tool.LEVATOR


def test_ticks_stand_at_the_slices_of_the_strokes(panel):
    case = panel.session.case
    panel_cases.mark(case, PRE, landmarks=False)
    settle()
    geometry = case.measured_volume(PRE).geometry
    for side in ("R", "L"):
        drawn = [value["points_mm"] for _, value in case.state.under("levator", PRE, side)]
        slices = {round(float(geometry.to_index(np.mean(points, axis=0))[0])) for points in drawn}
        assert set(panel.levator.ticks.slices[side]) == slices
    assert panel.levator.ticks.n_slices == geometry.shape[0]
    assert f"{len(drawn)} strokes" in panel.levator.sides["L"].text()


def test_the_surface_tells_its_left_out_error(panel, qtbot):
    panel_cases.mark(panel.session.case, PRE)
    settle()
    assert "not made" in panel.levator.surface.text()
    qtbot.mouseClick(panel.levator.make, Qt.MouseButton.LeftButton)

    assert panel.levator.surface.text().startswith("Surface of patient R: made. Left-out error ")
    assert " mm; thickness from " in panel.levator.surface.text()
    qtbot.mouseClick(panel.levator.delete, Qt.MouseButton.LeftButton)
    settle()
    assert "not made" in panel.levator.surface.text()


def test_delete_takes_the_last_stroke_of_the_chosen_side_alone(panel, qtbot):
    case = panel.session.case
    panel_cases.mark(case, PRE)
    settle()
    before = {side: len(list(case.state.under("levator", PRE, side))) for side in "RL"}
    qtbot.mouseClick(panel.levator.delete, Qt.MouseButton.LeftButton)

    after = {side: len(list(case.state.under("levator", PRE, side))) for side in "RL"}
    assert after == {"R": before["R"] - 1, "L": before["L"]}
    numbers = {int(key[3]) for key, _ in case.state.under("levator", PRE, "R")}
    assert max(numbers) == before["R"] - 1


def test_fewer_than_three_strokes_are_told_to_be_too_few(panel, qtbot):
    qtbot.mouseClick(panel.levator.make, Qt.MouseButton.LeftButton)

    assert any("at least 3 strokes" in text for text in panel.said)
