"""Before the reader's own call no change, category or metric is anywhere in the application."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from reading_screen import ReadingScreen, bare_screen
from widget_texts import all_texts
from window_driver import settle, wait_for

from gist_imaging import workflow

pytestmark = [pytest.mark.journey, pytest.mark.gui]

# A signed number with a unit of change, a category with its arrow, a metric with its number.
REVEALING = re.compile(
    r"[−+-]\d+(\.\d+)?\s*%|\b(CR|PR|SD|PD)\b\s*[↓↑→−+\d]|\bM([1-9]|1[01])\b[^0-9]*\d+\.\d|partial response|"
    r"progressive disease|stable disease|Δ\s*[↓↑→−+\d]",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def screen(tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    from reading_screen import SAMPLES

    study = tmp_path_factory.mktemp("before") / "study"
    workflow.init_study(study, "BEFORE", blinded=True)
    workflow.import_scans(study, SAMPLES)
    with bare_screen((1280, 800)) as shown:
        shown.study = study
        shown.session.open_study(study, "R1")
        yield shown


def revealed(screen: ReadingScreen) -> list[tuple[str, str]]:
    texts = all_texts(without=(screen.dock.progress,))
    texts += [("activity", line) for line in screen.dock.activity.lines()]
    return [(where, text) for where, text in texts if REVEALING.search(text)]


def test_nothing_reveals_the_change_before_the_call(
    screen: ReadingScreen, capfd: Any, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    session, dock = screen.session, screen.dock
    session.open_case("SYN-001")
    for visit in ("baseline", "presurgery"):
        screen.give_truth("L1", visit)
    for question in workflow.open_questions(screen.case):
        word = {"invasion": "no", "confidence": "high"}.get(question.field, "none")
        place = (question.visit, question.lesion, question.form, question.side, question.field)
        session.do(workflow.answer, *place, word)
    menu = dock.lesions.menu_for("L1")
    dock.activity.toggle()
    for page in dock.panel.pages:
        session.page_wanted.emit(page)
        settle(0.1)
        assert revealed(screen) == []
    # What only the call opens is refused, and its refusal tells nothing either.
    assert session.do(workflow.change_numbers, "L1") is None
    assert session.do(workflow.metrics, "L1", "baseline") is None
    dock.panel.metrics.start()
    assert not session.jobs.busy
    settle(0.2)
    assert revealed(screen) == []
    assert menu.actions()
    dock.header.leave()
    settle(0.2)
    dock.worklist.show_pair("SYN-001")
    settle(0.1)
    assert revealed(screen) == []
    assert not REVEALING.search("".join(capfd.readouterr()) + caplog.text)

    # And the search finds them once they may be seen: it is no empty one.
    session.open_case("SYN-001")
    workflow.commit_call(screen.case)
    session.page_wanted.emit("response")
    settle(0.8)
    assert revealed(screen)

    # Edited afterwards, the change in the strip is said to be old until it is measured anew.
    before = dock.lesions.chips["L1"].label.text()
    assert "%" in before
    mask = screen.case.state.mask("L1", "presurgery")
    middle = mask.geometry.to_patient([sum(pair) / 2 for pair in zip(*_ends(mask), strict=True)])
    session.do(workflow.brush, "L1", "presurgery", [middle], 8.0, erase=True)
    dock.lesions.refresh()
    assert "stale" in dock.lesions.chips["L1"].label.text()
    assert not REVEALING.search(re.sub("<[^>]*>", "", dock.lesions.chips["L1"].label.text()))
    screen.wait_for_numbers("L1", "presurgery")
    settle(0.6)
    assert "stale" not in dock.lesions.chips["L1"].label.text()
    assert dock.lesions.chips["L1"].label.text() != before

    # What is on the screen is not what was committed: that is said, and kept as a revision with a reason.
    session.page_wanted.emit("report")
    dock.panel.show_page("report")
    report = dock.panel.report
    wait_for(lambda: report.edited.isVisible(), "the page says that outlines were changed")
    report.keep.click()
    report.reason.given.emit("Edge seen elsewhere")
    wait_for(lambda: not report.edited.isVisible(), "it is kept")
    assert screen.case.state.plain("commit")["revision"] == 2
    assert not workflow.edited_since_commit(screen.case)


def _ends(mask: Any) -> tuple[Any, Any]:
    start, shape = mask.bounding_box
    return start, tuple(first + n - 1 for first, n in zip(start, shape, strict=True))
