"""The program as a reader starts it, in a process of its own that may be killed; it writes down its state.

    python tests/annotate_child.py STATE.json STUDY [CASE]

STATE.json is written anew five times a second: what stands on the screen, and where the mouse has to aim.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QPoint, QTimer
from qtpy.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from gist_imaging.cli.main import run

EVERY_MS = 200
SIZE = (1280, 800)


def state_of(dock: Any) -> dict[str, Any]:
    """What the reading screen shows."""
    session = dock.session
    told = {
        "pid": os.getpid(),
        "case": None if session.case is None else session.case.case,
        "saved": session.save_status.state,
        "banner": [one.text() for one in dock.worklist.banner.findChildren(QLabel) if one.isVisible()],
        "open_at": middle_of_button(dock.worklist.banner, "Open"),
        "tool": session.tool,
        "fills": fills_the_window(dock),
    }
    if session.case is None:
        return told
    pane = dock.pre
    corner = pane.widget.mapToGlobal(QPoint(0, 0))
    state = session.case.state
    return told | {
        "slice": pane.slice_index,
        "stage": dock.reading.stage,
        "undo": [event.label for event in state.done],
        "n_voxels": {str(key[1:]): int(mask.n_voxels) for key, mask in masks_of(state)},
        "canvas": [corner.x(), corner.y(), pane.widget.width(), pane.widget.height()],
        "drawing": len(pane.scene.lines),
    }


def fills_the_window(dock: Any) -> bool:
    """Whether the reading screen is all that the window shows, and the window lies on the display."""
    main = dock.window()
    screen = main.screen().availableGeometry()
    is_alone = not main.centralWidget().isVisible() and dock.width() >= main.width() - 20
    return is_alone and main.width() <= screen.width() and main.x() >= screen.x() - 1


def middle_of_button(inside: QWidget, words: str) -> list[int] | None:
    """Where on the display a button has to be clicked; None where it is not shown."""
    for button in inside.findChildren(QPushButton):
        if button.text() == words and button.isVisible():
            at = button.mapToGlobal(button.rect().center())
            return [at.x(), at.y()]
    return None


def masks_of(state: Any) -> list[tuple[Any, Any]]:
    """Every accepted mask with its key."""
    return [(key, state.mask(key[1], key[2])) for key, _ in state.under("mask")]


def watched_run(file: Path) -> Any:
    """Return napari's own `run` that also writes the state down."""
    original = napari.run

    def run_and_tell() -> None:
        dock = next(one for one in QApplication.allWidgets() if one.objectName() == "gistReading")
        main = dock.window()
        main.resize(*SIZE)
        main.move(0, 0)
        beside = file.with_suffix(".new")

        def tell() -> None:
            beside.write_text(json.dumps(state_of(dock), default=_plain), encoding="utf-8")
            beside.replace(file)

        timer = QTimer(dock, interval=EVERY_MS)
        timer.timeout.connect(tell)
        timer.start()
        original()

    return run_and_tell


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else str(value)


if __name__ == "__main__":
    napari.run = watched_run(Path(sys.argv[1]))
    more = ["--case", sys.argv[3]] if len(sys.argv) > 3 else []
    sys.argv = ["gist-imaging", "annotate", sys.argv[2], *more]
    run()
