"""The Look page: facts stated by digits and never beforehand, the hanging, and the impression."""

from __future__ import annotations

import panel_cases
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from gist_imaging.session.open_case import SeriesFacts, VisitFacts
from gist_napari.widgets.look_page import Stage, stages

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case("SYN-001"))
    yield panel
    panel.session.close()


def fact(panel, visit, name):
    return panel.session.case.state.plain("fact", visit, name)


def press(qtbot, keys):
    for key in keys:
        qtbot.keyClick(QApplication.focusWidget(), key)


def test_what_dicom_says_is_shown_and_nothing_is_stated_by_it(panel):
    assert panel.look.facts["PRE"].text().startswith("PRE by DICOM: CT axial 3.0 mm")
    assert {field.word for field in panel.look.fields.values()} == {None}


def test_quality_phase_and_filling_of_both_scans_take_six_digits_and_the_impression_one(panel, qtbot):
    panel.session.new_lesion()
    panel.look.begin()
    press(qtbot, "1212231")

    stated = [fact(panel, visit, name) for visit in (PRE, POST) for name in ("quality", "phase", "filling")]
    assert stated == ["adequate", "portal_venous", "none", "suboptimal", "portal_venous", "other"]
    assert panel.session.case.state.plain("impression", "L1") == "much_smaller"


def test_a_mouse_click_answers_as_a_digit_does(panel, qtbot):
    qtbot.mouseClick(panel.look.fields[("POST", "phase")], Qt.MouseButton.LeftButton)
    buttons = [panel.look.question.grid.itemAt(at).widget() for at in range(panel.look.question.grid.count())]
    qtbot.mouseClick(next(one for one in buttons if "arterial" in one.text()), Qt.MouseButton.LeftButton)

    assert fact(panel, POST, "phase") == "arterial"
    assert fact(panel, PRE, "phase") is None


def test_an_impression_needs_a_lesion(panel, qtbot):
    panel.look.impression.setFocus()
    press(qtbot, "3")

    assert "The impression is of a lesion" in panel.look.message.text()


def test_ct_is_hung_in_three_planes_of_the_measured_series(panel, qtbot):
    wanted = []
    panel.stage_wanted.connect(wanted.append)
    panel.look.next_stage()
    panel.look.next_stage()
    panel.look.next_stage()

    assert [stage.plane for stage in wanted] == ["coronal", "sagittal", "axial"]
    assert {(stage.pre, stage.post) for stage in wanted} == {("ax", "ax")}


def series(key, plane, mm=3.0, name="T2"):
    return SeriesFacts(key, f"{name} {plane}", "MR", plane, (mm, 0.6, 0.6), (30, 320, 320))


def test_mr_is_hung_by_acquired_planes_and_says_where_one_is_missing():
    pre = VisitFacts(
        PRE, "baseline", -7, (series("s", "sagittal"), series("a", "axial"), series("c", "coronal")), "a"
    )
    post = VisitFacts(POST, "follow_up", 90, (series("b", "axial"), series("d", "sagittal")), "b")

    assert stages(pre, post) == (
        Stage("Overview", "sagittal", "s", "d"),
        Stage("Tumour", "axial", "a", "b"),
        Stage("Floor", "coronal", "c", None, "only PRE"),
    )


def test_the_finest_t2_of_a_plane_is_hung():
    found = (
        series("a", "axial"),
        series("x", "sagittal", 2.0, "T1"),
        series("y", "sagittal", 4.0),
        series("z", "sagittal"),
    )
    pre = VisitFacts(PRE, "baseline", -7, found, "a")

    assert stages(pre, None)[0].pre == "z"


def test_presets_and_switches_are_told_and_remembered(panel, qtbot):
    told = []
    panel.preset_wanted.connect(told.append)
    panel.mouse_style_wanted.connect(told.append)
    panel.interpolation_wanted.connect(told.append)
    panel.one_window_wanted.connect(lambda on: told.append(("one window", on)))
    panel.look.set_presets({1: "soft tissue", 4: "bone"})
    panel.look.more.open()
    panel.look._presets.itemAt(1).widget().click()
    panel.look.mouse.buttons["napari"].click()
    smooth = not panel.look.interpolation.isChecked()
    panel.look.interpolation.click()
    one_window = not panel.look.one_window.isChecked()
    panel.look.one_window.click()

    assert told == [4, "napari", smooth, ("one window", one_window)]
    from gist_napari.widgets.look_page import LookPage

    again = LookPage(panel.session)
    qtbot.addWidget(again)
    assert again.mouse.name == "napari"
    assert again.interpolation.isChecked() == smooth
    assert again.one_window.isChecked() == one_window
