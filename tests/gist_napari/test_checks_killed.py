"""The program is killed in the middle of a stroke, as a power cut would; opened again, everything is back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reading_screen import SAMPLES

from gist_imaging import workflow
from gist_imaging.session.state import replayed
from gist_imaging.store.study_store import StudyStore

pytestmark = [
    pytest.mark.journey,
    pytest.mark.gui,
    pytest.mark.skipif(shutil.which("xdotool") is None, reason="needs xdotool: a mouse from outside"),
]

CASE = "SYN-001"
CHILD = Path(__file__).parents[1] / "annotate_child.py"


class Program:
    """The reading screen in another process, driven by the mouse and keys of its display."""

    def __init__(self, folder: Path, study: Path, *case: str) -> None:
        self.file = folder / "state.json"
        self.file.unlink(missing_ok=True)
        self.log = (folder / "log.txt").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), str(self.file), str(study), *case],
            stdout=self.log,
            stderr=self.log,
        )

    def state(self) -> dict[str, Any]:
        return json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}

    def wait(self, is_true: Callable[[dict[str, Any]], bool], what: str, seconds: float = 60.0) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.state()
            if state and is_true(state):
                return state
            assert self.process.poll() is None, f"the program ended before: {what}"
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what}; at last: {self.state()}")

    def steady(self) -> dict[str, Any]:
        """Return the state once the window stands still: the mouse is aimed by it."""
        held: list[Any] = []
        end = time.monotonic() + 60
        while time.monotonic() < end and (len(held) < 5 or any(place != held[-1] for place in held[-5:])):
            time.sleep(0.4)
            held.append(self.state().get("canvas"))
        return self.state()

    def hands(self, *words: str | int) -> None:
        subprocess.run(["xdotool", *map(str, words)], check=True, timeout=20)
        time.sleep(0.15)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(20)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    workflow.init_study(folder, "KILLED")
    workflow.import_scans(folder, SAMPLES)
    return folder


@pytest.fixture
def start(tmp_path: Path, study: Path) -> Iterator[Callable[..., Program]]:
    running: list[Program] = []

    def begin(*case: str) -> Program:
        running.append(Program(tmp_path, study, *case))
        return running[-1]

    yield begin
    for program in running:
        if program.process.poll() is None:
            program.kill()
        program.log.close()


def across(program: Program, x: int, y: int, *, release: bool) -> None:
    """Draw a line of 60 px to the right on the first image, and let go or not."""
    program.hands("mousemove", x, y)
    program.hands("mousedown", 1)
    for step in range(1, 7):
        program.hands("mousemove", x + 10 * step, y)
    if release:
        program.hands("mouseup", 1)


def test_killed_in_mid_stroke_at_most_that_stroke_is_lost(study: Path, start: Callable[..., Program]):
    program = start(CASE)
    program.wait(lambda state: state["case"] == CASE and "canvas" in state, "the case is open")
    state = program.steady()
    assert state["fills"]
    left, top, width, height = state["canvas"]
    x, y = left + width // 3, top + height // 2
    program.hands("mousemove", x, y - 60, "click", 1)
    program.hands("key", "Page_Down")
    program.wait(lambda state: state["stage"] == 1, "the second stage is shown")
    program.hands("key", "Page_Up")
    program.wait(lambda state: state["stage"] == 0, "the first stage is shown again")
    for _ in range(3):
        program.hands("click", 5)  # wheel towards the reader
    program.hands("key", "2")
    program.wait(lambda state: state["tool"] == "brush", "the brush is in hand")
    for number in range(3):
        across(program, x, y + 15 * number, release=True)
    done = program.wait(
        lambda state: sum("rush" in label for label in state["undo"]) == 3 and state["saved"] == "saved",
        "three strokes are on disk",
    )
    time.sleep(0.8)  # the place of the reader is kept when the wheel has rested
    program.hands("key", "2")
    across(program, x, y + 60, release=False)
    program.wait(lambda state: state["drawing"] > 0, "the fourth stroke is on its way")
    program.kill()
    subprocess.run(["xdotool", "mouseup", "1"], check=True, timeout=20)

    # On disk: what was done, whole.
    with StudyStore.open(study, read_only=True) as store:
        events = store.events(CASE, "R1")
        (row,) = [row for row in store.worklist("R1") if row.case == CASE]
    held = replayed(events)
    assert [event.label for event in held.done] == done["undo"]
    assert row.interrupted

    # Opened again: the banner says so, and one click on its button goes on where it stopped.
    again = start()
    state = again.wait(lambda state: bool(state["banner"]), "the banner is shown")
    assert any(CASE in words and "program stopped" in words for words in state["banner"])
    assert any(f"All {len(events)} actions are back" in words for words in state["banner"])
    again.hands("mousemove", *state["open_at"], "click", 1)
    state = again.wait(lambda state: state["case"] == CASE and "slice" in state, "the case is open again")
    assert state["undo"] == done["undo"]
    assert state["n_voxels"] == done["n_voxels"]
    assert state["slice"] == done["slice"]
    assert state["stage"] == done["stage"]
    assert state["drawing"] == 0

    # And it goes on: undo takes the third stroke back.
    left, top, width, height = again.steady()["canvas"]
    x, y = left + width // 3, top + height // 2
    again.hands("mousemove", x, y - 60, "click", 1)
    again.hands("key", "ctrl+z")
    again.wait(lambda state: state["undo"] == done["undo"][:-1], "the third stroke is taken back")
