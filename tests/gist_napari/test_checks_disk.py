"""The disk is full while a reader works: the header says so, nothing is lost, nothing stops the work."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDialog, QMessageBox
from reading_screen import ReadingScreen, reading_screen
from window_driver import picture, settle, wait_for

from gist_imaging.session.journal import SaveState
from gist_imaging.session.state import replayed
from gist_imaging.store.database import Database
from gist_imaging.store.study_store import StudyStore

pytestmark = [pytest.mark.journey, pytest.mark.gui]

SIZES = [(1280, 800), (1920, 1080)]
CASE = "SYN-001"


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen(request.param, tmp_path_factory.mktemp("disk") / "study") as shown:
        shown.open(CASE)
        yield shown


class Disk:
    """Takes what is written to a study, or has no room for it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.n_refused = 0
        original, disk = Database._transaction, self

        @contextmanager
        def transaction(database: Database, begin: str, kept: str) -> Iterator[Any]:
            with original(database, begin, kept) as connection:
                yield connection
                if disk.full and begin == "BEGIN IMMEDIATE":
                    disk.n_refused += 1
                    raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(Database, "_transaction", transaction)


def test_a_full_disk_turns_the_header_amber_and_the_work_goes_on(screen: ReadingScreen, monkeypatch):
    hands, header, pane = screen.hands, screen.dock.header, screen.pre
    screen.press(pane, Qt.Key.Key_2)
    hands.drag_px(pane.widget, [(150, 200), (180, 200), (200, 205)])
    wait_for(lambda: screen.session.save_status.state is SaveState.SAVED, "the first stroke is saved")
    settle(0.5)
    assert header.saved.text().startswith("saved")
    calm = amber(screen)
    disk = Disk(monkeypatch)

    disk.full = True
    hands.drag_px(pane.widget, [(150, 230), (180, 230), (200, 235)])
    wait_for(lambda: "NOT SAVED" in header.saved.text(), "the header says that it is not saved", 10)
    settle(0.2)
    assert "the disk is full" in header.saved.text()
    assert "free space" in header.saved.text()
    assert header.retry.isVisible()
    screen.shot("c19_full")
    assert amber(screen) > calm + 0.2
    assert disk.n_refused > 0

    # Work goes on: strokes, undo, slices, W/L, all at once; nothing modal, no error that has to be put away.
    held = screen.case.state.mask("L1", "baseline").n_voxels
    hands.drag_px(pane.widget, [(150, 260), (180, 260), (200, 265)])
    assert screen.case.state.mask("L1", "baseline").n_voxels > held
    hands.drag_px(pane.widget, [(150, 290), (180, 290), (200, 295)])
    screen.press(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    at = pane.slice_index
    hands.wheel(pane.widget, -2)
    assert pane.slice_index == at + 2
    settle(1.3)  # tried again meanwhile
    assert "NOT SAVED" in header.saved.text()
    assert QApplication.activeModalWidget() is None
    windows = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
    assert not [one for one in windows if isinstance(one, QDialog | QMessageBox)]
    assert "kept in memory" in header.saved.text()

    # Space is freed: it is saved by itself, all of it.
    disk.full = False
    wait_for(lambda: screen.session.save_status.state is SaveState.SAVED, "it is saved by itself", 10)
    settle(0.3)
    assert header.saved.text().startswith("saved")
    assert not header.retry.isVisible()
    assert amber(screen) < calm + 0.05
    screen.shot("c19_free_again")
    assert screen.case.writer.flush(5)
    with StudyStore.open(screen.study, read_only=True) as store:
        events = store.events(CASE, "R1")
    assert replayed(events).sha256 == screen.case.state.sha256
    with closing(sqlite3.connect(screen.study / "study.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def amber(screen: ReadingScreen) -> float:
    """Share of the header that is amber on the picture."""
    image = picture(screen.main)
    header = screen.dock.header
    top = header.mapTo(screen.main, header.rect().topLeft()).y()
    strip = image[top : top + header.height()].astype(int)
    return float(((strip[..., 0] - strip[..., 2] > 60) & (np.abs(strip[..., 0] - 240) < 60)).mean())
