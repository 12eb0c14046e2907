"""After the commit: the response with its rule, and what was said beside what was measured."""

from __future__ import annotations

import panel_cases
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel, QToolButton

from gist_imaging import workflow
from gist_imaging.anatomy.metric import Metric
from gist_imaging.response.change import Category, Reason, Response
from gist_napari.widgets.metric_rows import metric_told
from gist_napari.widgets.response_page import headline

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"


@pytest.fixture
def make(monkeypatch, qtbot, tmp_path):
    made = []

    def committed(patient, post=True, **words):
        panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case(patient))
        made.append(panel)
        case = panel.session.case
        panel.session.new_lesion()
        panel_cases.outline(case, "L1", PRE)
        if post:
            panel_cases.outline(case, "L1", POST)
        workflow.state_impression(case, "L1", "smaller")
        for visit in (PRE, POST):
            workflow.state_fact(case, visit, "phase", "portal_venous")
        panel_cases.answer_everything(case, **words)
        return panel

    yield committed
    for panel in made:
        panel.session.close()


def texts(page):
    for _ in range(4):
        QApplication.processEvents()
    return [label.text() for label in page.findChildren(QLabel)]


def response(category, change=None, reason=None, **more):
    return Response(
        criterion="recist11",
        rule_version="1",
        category=category,
        category_persistent=category,
        change_pct_baseline=change,
        reason=reason,
        **more,
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (response(Category.PR, -28.06), "PR partial response ↓ −28.1\u00a0%"),
        (response(Category.SD, 4.0), "SD stable disease ↑ +4.0\u00a0%"),
        (response(Category.SD, 0.0), "SD stable disease → 0.0\u00a0%"),
        (response(Category.PD, -40.0, change_pct_nadir=25.0), "PD progressive disease ↑ +25.0\u00a0%"),
        (
            response(Category.NE, -30.0, Reason.PHASE_NOT_PORTAL_VENOUS),
            "NE: the scans are not both portal venous: density cannot be compared.",
        ),
    ],
)
def test_a_category_is_a_word_an_arrow_and_a_number_and_ne_says_its_reason(said, told):
    assert headline(said) == told


def test_every_reason_for_ne_is_told_in_words():
    assert all("_" not in headline(response(Category.NE, reason=reason)) for reason in Reason)


def test_the_sample_that_responds_by_every_criterion_is_told_so(make):
    panel = make("SYN-001")
    assert panel.commit()
    panel.show_page("response")
    told = texts(panel.response)

    assert told[0] == "Your impression of L1: smaller"
    assert sum(text.startswith("PR partial response ↓") for text in told) == 8
    assert "The sum of diameters fell by 30 % or more from baseline." in told


def test_on_mr_choi_is_ne_and_says_that_density_has_no_unit(make):
    panel = make("SYN-002")
    assert panel.commit()
    panel.show_page("response")

    assert texts(panel.response).count("NE: density has no unit on these scans (not CT).") == 2
    lines = [line for text in texts(panel.response) for line in text.split("\n")]
    (mean,) = [line for line in lines if line.startswith("Mean")]
    assert mean.startswith("Mean signal: ")
    assert mean.endswith(", without a unit: not compared")


def test_a_scan_without_a_mask_is_ne_with_the_reason_and_no_toast(make):
    panel = make("SYN-002", post=False)
    assert panel.commit()
    panel.show_page("response")

    assert any(text.startswith("NE: a mask of L1 at both visits") for text in texts(panel.response))
    assert panel.said == []


def test_the_readers_word_stands_beside_the_number_and_show_me_leads_there(make, qtbot):
    panel = make("SYN-002", contact="close", displacement="none")
    case = panel.session.case
    panel_cases.mark(case, PRE)
    assert panel.commit()
    panel.show_page("metrics")
    shown = []
    panel.points_wanted.connect(lambda visit, points: shown.append((visit, points)))
    qtbot.mouseClick(panel.metrics.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.metrics.measure.isVisible(), timeout=60000)

    told = [text for text in texts(panel.metrics) if text.startswith("You: close. Measured")]
    metric = next(one for one in panel.metrics._made[("L1", PRE)].relations if one.side == "R").min_distance
    assert told[0].endswith(", limit of this scan 3.3 mm")
    assert f"{abs(metric.value):.1f} mm" in told[0]
    show = next(one for one in panel.metrics.findChildren(QToolButton) if one.text() == "Show me")
    qtbot.mouseClick(show, Qt.MouseButton.LeftButton)
    assert shown == [(PRE, metric.points_mm)]
    assert panel.went[0][0] == PRE


def test_numbers_measured_before_a_change_are_not_shown_after_it(make, qtbot):
    panel = make("SYN-002")
    assert panel.commit()
    panel.show_page("metrics")
    panel.metrics.start()
    qtbot.waitUntil(lambda: not panel.metrics.measure.isVisible(), timeout=60000)
    workflow.revise_call(panel.session.case, PRE, "L1", "relation", "R", "contact", "none", "slip of a key")
    texts(panel.metrics)

    assert panel.metrics.measure.isVisible()
    assert not any("Measured" in text for text in texts(panel.metrics))


def test_the_change_tells_how_far_each_muscle_moved_once_the_scans_are_registered(make, qtbot):
    panel = make("SYN-002")
    case = panel.session.case
    panel_cases.mark(case, PRE)
    panel_cases.mark(case, POST)
    for visit in (PRE, POST):
        for axis in ("contact", "displacement"):
            workflow.answer(case, visit, "L1", "relation", "L", axis, "none")
    assert panel.commit()
    panel.show_page("metrics")
    page = panel.metrics

    def measured():
        qtbot.mouseClick(page.visits.buttons["CHANGE"], Qt.MouseButton.LeftButton)
        qtbot.mouseClick(page.measure, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not page.measure.isVisible(), timeout=60000)
        return texts(page)

    told = measured()
    assert any("Whether the muscle moved is not known: both scans are not registered" in one for one in told)
    assert not any(one.startswith("M10") for one in told)

    transform = workflow.register_job(case).run()
    workflow.set_registration(case, transform)
    told = measured()
    found = page._made[("L1", "CHANGE")].muscle_shifts["R"].in_contact

    assert any("Nobody has confirmed the registration" in one for one in told)
    assert "Levator ani, patient R" in told
    assert "Levator ani, patient L, not affected: a control" in told
    at = told.index("M10 moved, mean where the tumour touched")
    assert told[at + 1] == metric_told(found)
    assert f"−{abs(found.value):.1f} mm" in told[at + 1]
    workflow.check_registration(case, True)
    assert not any("Nobody has confirmed" in one for one in measured())


def test_what_takes_away_every_movement_is_told_once(make, qtbot):
    panel = make("SYN-002")
    case = panel.session.case
    for visit in (PRE, POST):
        panel_cases.mark(case, visit, landmarks=False)
    workflow.set_registration(case, workflow.register_job(case).run())
    assert panel.commit()
    panel.show_page("metrics")
    qtbot.mouseClick(panel.metrics.visits.buttons["CHANGE"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.metrics.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.metrics.measure.isVisible(), timeout=60000)
    told = texts(panel.metrics)

    assert told.count("M10 movement of the levator ani") == 1
    assert "no pelvic frame" in told[told.index("M10 movement of the levator ani") + 1]
    assert not any(one.startswith("M10 moved") for one in told)


def test_a_metric_without_a_value_says_why():
    assert metric_told(Metric.missing("mm", "no levator ani was outlined")) == (
        "Not measured: no levator ani was outlined."
    )


def test_an_impression_that_is_missing_is_asked_for_before_the_commit_and_frozen_by_it(make, qtbot):
    panel = make("SYN-002")
    case = panel.session.case
    workflow.state_impression(case, "L1", None)
    panel.show_page("report")
    assert any("L1: no impression yet" in text for text in texts(panel.report))
    workflow.state_impression(case, "L1", "same")
    assert not any("no impression" in text for text in texts(panel.report))
    assert panel.commit()
    panel.show_page("look")
    panel.look.impression.setFocus()
    qtbot.keyClick(QApplication.focusWidget(), "1")

    assert case.state.plain("impression", "L1") == "same"
    assert any("an impression is given before any number is seen" in text for text in panel.said)


def test_the_report_lists_what_is_open_then_what_was_committed(make, qtbot):
    panel = make("SYN-002")
    panel.session.case.undo()
    panel.show_page("report")
    assert "1 to answer" in texts(panel.report)
    panel.report.question_wanted.emit(workflow.open_questions(panel.session.case)[0])
    assert panel.current == "call"
    assert panel.call.form.current.name == "confidence"
    qtbot.keyClick(QApplication.focusWidget(), "4")
    assert panel.commit()

    assert panel.current == "report"
    assert "Call committed · R1 · rev 1" in texts(panel.report)
    assert panel.report.export.isVisible()
