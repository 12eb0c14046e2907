"""The first minute of a newcomer: one sentence says what to do, and one click opens the sample."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QStandardPaths
from qtpy.QtWidgets import QAbstractButton, QDialog
from reading_screen import SAMPLES, ReadingScreen, bare_screen
from screen_reading import cut_words, sideways_bars
from window_driver import settle, wait_for

pytestmark = [pytest.mark.journey, pytest.mark.gui]


def sample_folder() -> Path:
    """Where the program keeps the sample scans for this user."""
    from gist_imaging import __version__

    cache = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)
    return Path(cache) / "gist-imaging" / f"sample_scans_{__version__}"


SIZES = [(1280, 800), (1920, 1080)]


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    """A window of somebody who has never used it: a home of its own, nothing of the user is touched."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in (
            ("HOME", home),
            ("XDG_CACHE_HOME", home / "cache"),
            ("XDG_DATA_HOME", home / "data"),
            ("XDG_CONFIG_HOME", home / "config"),
        ):
            patch.setenv(name, os.fspath(folder))
        place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
        assert place.startswith(os.fspath(home))
        with bare_screen(request.param) as shown:
            yield shown


def test_the_screen_says_in_one_sentence_what_to_do_and_one_click_opens_the_sample(screen: ReadingScreen):
    page = screen.dock.worklist
    screen.shot("c01_first_start")
    assert page.empty.words.isVisible()
    words = page.empty.words.text()
    assert "folder of scans" in words
    assert "open the sample case" in words
    assert words.count(".") <= 2
    offered = [one for one in page.findChildren(QAbstractButton) if one.isVisible()]
    assert [one.text() for one in offered] == ["Open a study…", "Open the sample case"]
    assert not cut_words(screen.dock)
    assert not sideways_bars(screen.dock)

    # Making the scans takes half a minute of computing: they lie there already, as after the first time.
    shutil.copytree(SAMPLES, sample_folder())
    screen.hands.click(page.empty.sample)
    wait_for(
        lambda: not screen.session.jobs.busy and screen.session.folder is not None, "the sample is made", 90
    )
    settle(0.3)
    assert not screen.errors(), screen.errors()
    assert not [one for one in screen.main.findChildren(QDialog) if one.isVisible()]
    assert [row.case for row in page.model.rows] == ["SYN-001", "SYN-002", "SYN-003"]
    assert screen.session.folder.is_relative_to(os.environ["HOME"])
    screen.shot("c01_worklist")
    assert "R1" in screen.dock.header.reader.text()
    assert not cut_words(screen.dock)
    assert not sideways_bars(screen.dock)

    # The first case is chosen already: Enter shows its pair of scans, Enter again both images.
    screen.open("SYN-001")
    for pane in (screen.pre, screen.post):
        assert pane.volume is not None
        assert screen.seen(pane).std() > 20
    screen.shot("c01_first_image")
