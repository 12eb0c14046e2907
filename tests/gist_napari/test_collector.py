"""Python's search for unused objects does not look through napari and the window while somebody reads."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from reading_screen import reading_screen
from window_driver import settle

pytestmark = pytest.mark.gui


def test_the_window_is_spared_while_a_study_is_open_and_what_a_case_leaves_is_still_found(tmp_path: Path):
    gc.unfreeze()
    with reading_screen((1280, 800), tmp_path / "study") as screen:
        assert gc.get_freeze_count() > 100_000

        screen.open("SYN-001")
        opened = weakref.ref(screen.case)
        screen.session.leave_case()
        settle(0.3)
        gc.collect()

        assert opened() is None
        # A second study, or a case that is left, spares nothing more.
        spared = gc.get_freeze_count()
        screen.session.open_study(screen.study, "R2")
        assert gc.get_freeze_count() == spared

    assert gc.get_freeze_count() == 0
