"""Jobs that are dropped: nobody waits for them in the window, and nobody hears of their results."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from qtpy.QtWidgets import QApplication

from gist_napari.workers import Jobs

pytestmark = pytest.mark.gui


@dataclass
class Slow:
    """Ends only when it is let go, whatever it is asked."""

    label: str = "Slow"
    let_go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    asked: list[bool] = field(default_factory=list)

    def run(self, _progress: Any, cancelled: Any) -> str:
        self.begun.set()
        assert self.let_go.wait(30)
        self.asked.append(cancelled())
        return "result"


def started(jobs: Jobs, told: list[Any]) -> Slow:
    slow = Slow()
    jobs.start(slow, told.append, told.append)
    assert slow.begun.wait(10)
    return slow


def pumped() -> None:
    for _ in range(5):
        QApplication.processEvents()


def test_a_job_is_dropped_without_waiting_and_the_next_one_may_begin(qtbot):
    jobs, told = Jobs(), []
    slow = started(jobs, told)

    assert jobs.drop() == "Slow"  # it has not ended: waiting for it would never return
    assert not jobs.busy
    other = started(jobs, told)
    slow.let_go.set()
    pumped()
    assert told == []
    other.let_go.set()
    qtbot.waitUntil(lambda: told == ["result"], timeout=5000)
    assert (slow.asked, other.asked) == ([True], [False])


def test_closing_waits_for_what_was_dropped(qtbot):
    jobs, told = Jobs(), []
    slow = started(jobs, told)
    jobs.drop()
    threading.Timer(0.2, slow.let_go.set).start()

    jobs.close()

    assert slow.asked == [True]
    pumped()
    assert told == []


def test_closing_gives_up_on_a_job_that_does_not_end():
    jobs, told = Jobs(), []
    slow = started(jobs, told)

    jobs.close(timeout_s=0.05)

    assert slow.asked == []
    slow.let_go.set()
    jobs.close()
    assert slow.asked == [True]


def test_with_nothing_running_dropping_and_closing_say_so():
    jobs = Jobs()
    assert jobs.drop() == ""
    jobs.close()
