"""Two windows, an export and a backup beside the reader, and a study folder that goes away."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from reading_screen import ReadingScreen, Tumour, reading_screen
from window_driver import settle, wait_for

from gist_imaging import workflow
from gist_imaging.errors import GistImagingError
from gist_imaging.session.journal import SaveState
from gist_napari.session import Session

pytestmark = [pytest.mark.journey, pytest.mark.gui]


@pytest.fixture(scope="module")
def screen(tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen((1280, 800), tmp_path_factory.mktemp("together") / "study") as shown:
        yield shown


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, _: told.append(f"{kind.__name__}: {error}"))
    return told


def test_a_second_window_gets_no_case_that_is_open_and_harms_none(screen: ReadingScreen, wrong: list[str]):
    screen.session.open_case("SYN-001")
    other = Session()
    said: list[Any] = []
    other.said.connect(said.append)
    other.open_study(screen.study, "R1")
    assert not other.open_case("SYN-001")
    assert other.case is None
    assert [toast.kind for toast in said] == ["error"]
    # Another case is free; what both give stays apart.
    assert other.open_case("SYN-002")
    other.new_lesion()
    screen.session.new_lesion()
    other.leave_case()
    state = screen.case.state
    screen.session.leave_case()
    assert workflow.replay(screen.study, "SYN-001", "R1").sha256 == state.sha256
    assert workflow.replay(screen.study, "SYN-002", "R1").plain("lesion", "L1") is not None
    assert wrong == []


def test_export_and_backup_beside_drawing_hold_whole_steps(
    screen: ReadingScreen, wrong: list[str], tmp_path: Any
):
    session = screen.session
    session.open_case("SYN-003")
    tumour = screen.give_truth("L1", "baseline")
    for n in range(6):
        at = np.add(tumour.at(tumour.largest), (float(n), 0.0, 0.0))
        session.do(workflow.brush, "L1", "baseline", [at], 4.0, erase=bool(n % 2))
        workflow.back_up_study(screen.study, tmp_path / f"backup{n}")
    workflow.restore_study(tmp_path / "backup3", tmp_path / "restored")
    held = workflow.replay(tmp_path / "restored", "SYN-003", "R1")
    assert 0 < held.seq <= screen.case.state.seq
    assert workflow.verify_study(tmp_path / "restored").problems == ()
    with pytest.raises(GistImagingError):  # nothing is committed yet
        workflow.export_study(screen.study, tmp_path / "none")
    report = workflow.export_study(
        screen.study, tmp_path / "out", include_drafts=True, reader="R1", sheets=False
    )
    assert report.n_masks >= 1
    state = screen.case.state
    session.leave_case()
    assert workflow.replay(screen.study, "SYN-003", "R1").sha256 == state.sha256
    assert wrong == []


def test_a_study_that_goes_away_is_said_and_what_was_given_waits(screen: ReadingScreen, wrong: list[str]):
    session = screen.session
    session.open_case("SYN-002")
    away = screen.study.with_name("away")
    screen.study.rename(away)
    try:
        tumour = Tumour("SYN-002", "baseline", screen.case.measured_volume("baseline"))
        lesion = session.lesions[0] if session.lesions else session.new_lesion()
        line = np.asarray(tumour.line(tumour.largest))
        session.do(workflow.add_stroke, lesion, "baseline", line, True)
        session.do(workflow.add_stroke, lesion, "baseline", line + 1.0, True)
        wait_for(lambda: session.save_status.state is SaveState.NOT_SAVED, "the header says so", 10)
        assert "NOT SAVED" in screen.dock.header.saved.text()
        screen.dock.panel.show_page("report")
        settle(0.3)
        assert wrong == []
    finally:
        away.rename(screen.study)
    session.save_now()
    wait_for(lambda: session.save_status.state is SaveState.SAVED, "it is saved again", 10)
    state = screen.case.state
    session.leave_case()
    assert workflow.replay(screen.study, "SYN-002", "R1").sha256 == state.sha256
    assert wrong == []
