"""How much memory 500 brush strokes take in the reading screen.

    xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" python benchmarks/window/strokes_memory.py

The first 50 strokes warm caches up; what is printed is the process afterwards and every 50 strokes on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from qtpy.QtCore import Qt
from reading_screen import reading_screen

WARM_UP, STROKES, EVERY = 50, 500, 50


def resident_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        reading_screen((1280, 800), Path(folder) / "study") as screen,
    ):
        screen.open("SYN-001")
        pane, hands = screen.pre, screen.hands
        hands.key(Qt.Key.Key_2, on=pane.widget)
        random = np.random.default_rng(7)
        first = 0.0
        for number in range(WARM_UP + STROKES + 1):
            if number >= WARM_UP and (number - WARM_UP) % EVERY == 0:
                now = resident_mb()
                first = first or now
                print(
                    f"{number - WARM_UP:4} strokes: {now:7.1f} MB, {100 * (now / first - 1):+5.1f} %",
                    flush=True,
                )
            start = random.uniform((60, 60), (pane.widget.width() - 120, pane.widget.height() - 120))
            hands.drag_px(pane.widget, start + np.cumsum(random.uniform(-8, 12, (6, 2)), axis=0))


if __name__ == "__main__":
    main()
