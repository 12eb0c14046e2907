"""Many brush strokes do not make the process grow: histories hold what has changed, not whole masks."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from reading_screen import ReadingScreen, reading_screen

from gist_imaging.spatial import Mask

pytestmark = [pytest.mark.journey, pytest.mark.gui, pytest.mark.slow]

WARM_UP, STROKES = 50, 70
GROWS_AT_MOST = 0.10
MASKS_MORE = 12
"""Those of the state, of what is drawn, and of the events on their way to the disk."""


@pytest.fixture(scope="module")
def screen(tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen((1280, 800), tmp_path_factory.mktemp("memory") / "study") as shown:
        shown.open("SYN-001")
        yield shown


def resident_mb() -> float:
    """Memory that this process holds now, MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def masks_alive() -> int:
    """Masks that anything in this process still holds."""
    gc.collect()
    return sum(isinstance(held, Mask) for held in gc.get_objects())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see its own memory")
def test_strokes_after_the_first_fifty_grow_the_process_by_less_than_a_tenth(screen: ReadingScreen):
    hands, pane = screen.hands, screen.pre
    screen.press(pane, Qt.Key.Key_2)
    random = np.random.default_rng(7)

    def stroke() -> None:
        start = random.uniform((60, 60), (pane.widget.width() - 120, pane.widget.height() - 120))
        points = start + np.cumsum(random.uniform(-8, 12, (6, 2)), axis=0)
        hands.drag_px(pane.widget, points)

    for _ in range(WARM_UP):
        stroke()
    before, masks_before = resident_mb(), masks_alive()
    for _ in range(STROKES):
        stroke()
    after = resident_mb()
    assert masks_alive() <= masks_before + MASKS_MORE
    assert len(screen.case.state.done) >= WARM_UP + STROKES
    assert after < before * (1 + GROWS_AT_MOST), f"{before:.0f} MB, then {after:.0f} MB"
