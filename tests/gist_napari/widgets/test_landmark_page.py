"""The landmark wizard: seven points in order, one back, not visible, copied ones hollow, sides questioned."""

from __future__ import annotations

import numpy as np
import panel_cases
import pytest
from pelvis_landmarks import BODY
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel

from gist_imaging import workflow
from gist_imaging.anatomy.landmark_names import LandmarkName
from gist_imaging.phantom import sample_patients
from gist_napari.widgets.landmark_page import ORDER
from gist_napari.widgets.pelvis_drawing import FRONT, SIDE

pytestmark = pytest.mark.gui

PRE = "baseline"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case())
    panel.show_page("landmarks")
    panel.landmarks.begin()
    settle()
    yield panel
    panel.session.close()


def settle():
    for _ in range(4):
        QApplication.processEvents()


def place(panel, name, off_mm=(0.0, 0.0, 0.0)):
    phantom = next(one for one in sample_patients() if one.patient_id == "SYN-002").baseline.phantom
    body = next(point for key, point in BODY.items() if str(key) == str(name))
    workflow.place_landmark(panel.session.case, PRE, str(name), phantom.to_patient(np.add(body, off_mm)))
    settle()


def held(panel, name):
    return panel.session.case.state.plain("landmark", PRE, str(name))


def test_points_are_asked_for_in_their_order_one_after_the_other(panel):
    asked = []
    for name in ORDER:
        asked.append(panel.session.landmark)
        assert panel.landmarks.drawing.wanted == name
        place(panel, name)

    assert asked == [
        "inferior_pubic_point",
        "last_coccygeal_joint",
        "sacral_promontory",
        "anorectal_junction",
        "anal_verge",
        "ischial_spine_right",
        "ischial_spine_left",
    ]
    assert panel.session.landmark == ""
    assert panel.landmarks.what.text() == "PRE: all seven points are answered"


def test_the_next_point_is_named_and_said_where_it_lies(panel):
    assert panel.landmarks.what.text() == "PRE · 1 of 7 · Inferior pubic point"
    assert panel.landmarks.where.text() == "Click: lower back border of the pubic symphysis, mid-sagittal."


def test_9_says_not_visible_and_backspace_goes_one_back(panel, qtbot):
    place(panel, ORDER[0])
    qtbot.keyClick(panel.landmarks, "9")
    settle()
    assert held(panel, ORDER[1]) == {"point_mm": None, "status": "placed"}
    assert panel.session.landmark == ORDER[2].value
    qtbot.keyClick(panel.landmarks, Qt.Key.Key_Backspace)

    assert panel.session.landmark == ORDER[1].value
    assert held(panel, ORDER[1]) is not None


def test_a_point_placed_again_leads_on_to_the_first_that_is_missing(panel, qtbot):
    place(panel, ORDER[0])
    place(panel, ORDER[1])
    panel.landmarks.one_back()
    place(panel, ORDER[1], (0.0, 1.0, 0.0))

    assert panel.session.landmark == ORDER[2].value


def test_a_spine_on_the_other_side_is_questioned_with_its_mm(panel):
    for name in ORDER[:5]:
        place(panel, name)
    place(panel, LandmarkName.ISCHIAL_SPINE_RIGHT)
    right = next(point for key, point in BODY.items() if str(key) == "ischial_spine_right")
    # 4 mm to the left of the midline: x of the body is 0 there, and grows to the patient's left.
    place(panel, LandmarkName.ISCHIAL_SPINE_RIGHT, (4.0 - right[0], 0.0, 0.0))

    texts = [label.text() for label in panel.landmarks.findChildren(QLabel)]
    assert any("ight ischial spine lies 4 mm to the left of the midline" in text for text in texts)


def test_copied_points_are_hollow_until_the_reader_stands_behind_them(panel):
    from gist_imaging.session.event import Event, changed

    key = ("landmark", PRE, "anal_verge")
    new = {"point_mm": [1.0, 2.0, 3.0], "status": "copied"}
    panel.session.case.act(Event("act", "copy", "copy", (changed(key, None, new),)))
    settle()
    assert panel.landmarks.drawing.hollow == {LandmarkName.ANAL_VERGE}
    assert panel.landmarks.verify.isVisible()
    panel.landmarks.verify.click()
    settle()

    assert panel.landmarks.drawing.hollow == frozenset()
    assert held(panel, "anal_verge")["status"] == "verified"


def test_every_landmark_has_its_place_on_one_of_the_drawings():
    assert set(SIDE) | set(FRONT) == set(LandmarkName)
    assert not set(SIDE) & set(FRONT)


def test_on_the_drawing_from_the_front_the_patients_right_lies_left():
    pairs = [name for name in FRONT if name.value.endswith("_right")]

    assert all(
        FRONT[name][0] < FRONT[LandmarkName(name.value.replace("_right", "_left"))][0] for name in pairs
    )
