"""The longest time that the reading screen does not answer, on a CT of 200 x 512 x 512, action by action.

    xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" python benchmarks/window/stalls.py

A timer of the event loop notes when it is asked; a stall is the longest time between two answers. Mouse and
keys are real events; the time that a call of Qt's test tools takes belongs to the action that it plays.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from qtpy.QtCore import QObject, Qt, QTimer
from reading_screen import ReadingScreen, reading_screen
from window_driver import settle

from gist_imaging.io.dicom_write import SeriesHeader, derived_uid, write_series
from gist_imaging.spatial import Geometry, Quantity, Volume

FloatArray = npt.NDArray[np.float64]

SHAPE, SPACING_MM = (200, 512, 512), (1.5, 0.7, 0.7)
RADIUS_MM = 32.0
MIDDLE = (100, 250, 270)
AT_MOST_MS = 200.0


class Watch(QObject):
    """Notes the longest gap between two answers of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.longest = time.perf_counter(), 0.0
        self.timer = QTimer(self, interval=5)
        self.timer.timeout.connect(self._tick)
        self.timer.start()
        self.places: Counter[str] = Counter()
        self._main = threading.main_thread().ident
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        """While the event loop is silent for too long, note where it is."""
        while True:
            time.sleep(0.02)
            if 1000 * (time.perf_counter() - self.last) > AT_MOST_MS / 2:
                frame = sys._current_frames().get(self._main)
                if frame is None:  # the program has ended
                    return
                stack = traceback.extract_stack(frame)
                ours = [one for one in stack if "/gist_" in one.filename][-3:]
                self.places[
                    " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(ours))
                ] += 1

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self.last)
        self.last = now

    def of(self, action: Callable[[], None], rest_s: float) -> float:
        """Return the longest gap while `action` and what follows from it happen, ms."""
        settle(0.2)
        self.places.clear()
        self.last, self.longest = time.perf_counter(), 0.0
        action()
        settle(rest_s)
        return 1000 * self.longest


def scans(folder: Path) -> Path:
    """Write two CT scans of one patient with a round tumour, smaller at the second."""
    for number, (visit, radius_mm) in enumerate((("baseline", RADIUS_MM), ("followup", 0.7 * RADIUS_MM))):
        header = SeriesHeader(
            "BIG-001", derived_uid(visit), derived_uid(visit + "s"), "CT", f"2020010{number + 1}"
        )
        write_series(volume(radius_mm, number), folder / visit, header)
    return folder


def volume(radius_mm: float, number: int) -> Volume:
    random = np.random.default_rng(number)
    voxels = random.normal(-100, 12, SHAPE).astype(np.int16)
    from_middle = distance_mm()
    voxels[from_middle < 1.6 * RADIUS_MM] += 30
    voxels[from_middle < radius_mm] += 120
    axes, corner = np.eye(3)[:, [2, 1, 0]], (-180.0, -180.0, -150.0)
    grid = Geometry.from_spacing(SHAPE, SPACING_MM, corner, axes, f"1.2.{number + 3}")
    return Volume(voxels, grid, quantity=Quantity.HU, modality="CT")


def distance_mm() -> FloatArray:
    """(k, j, i) distance from the middle of the tumour."""
    places = zip(SPACING_MM, np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]], MIDDLE, strict=True)
    dk, dj, di = (spacing * (axis - middle) for spacing, axis, middle in places)
    return np.sqrt(dk**2 + dj**2 + di**2)


def actions(screen: ReadingScreen) -> Iterator[tuple[str, Callable[[], None], float]]:
    """Yield what a reader does: its name, doing it, and how long what follows takes, s."""
    hands, pane = screen.hands, screen.pre
    grid = pane.volume.geometry
    middle = grid.to_patient(MIDDLE)
    along, down, through = grid.axes[:, 2], grid.axes[:, 1], grid.axes[:, 0]
    line = np.linspace(-15, 15, 12)[:, None] * along
    turn = np.linspace(0, 2 * np.pi, 40)[:, None]
    circle = (RADIUS_MM + 5) * (np.cos(turn) * along + np.sin(turn) * down)

    def outside() -> None:
        for way in (-1, 1):
            place = middle + way * (RADIUS_MM + 4.5) * through
            pane.go_to(place)
            hands.drag(pane, place + line, held=Qt.KeyboardModifier.ControlModifier)
        pane.go_to(middle)

    def grow() -> None:
        hands.key(Qt.Key.Key_G, on=pane.widget)
        screen.wait_for_job()

    pane.go_to(middle)
    yield "slice steps (40)", lambda: hands.wheel(pane.widget, -40), 0.3
    pane.go_to(middle)
    hands.key(Qt.Key.Key_S, on=pane.widget)
    yield "stroke inside", lambda: hands.drag(pane, middle + line), 0.5
    hands.key(Qt.Key.Key_A, on=pane.widget)
    yield "loop around", lambda: hands.drag(pane, middle + circle), 0.5
    hands.key(Qt.Key.Key_S, on=pane.widget)
    yield "two strokes outside", outside, 0.5
    yield "grow", grow, 0.5
    yield "accept, and measuring after it", lambda: hands.key(Qt.Key.Key_Return, on=pane.widget), 3.0
    hands.key(Qt.Key.Key_2, on=pane.widget)
    edge = middle + (RADIUS_MM - 1) * along
    for number in range(3):
        reach = edge + np.linspace(-4, 4, 8)[:, None] * down + number * down
        yield f"brush {number + 1}, and measuring", lambda reach=reach: hands.drag(pane, reach), 3.0
    pane.go_to(middle)
    yield "slice steps with a mask (40)", lambda: hands.wheel(pane.widget, -40), 0.3
    yield "undo", lambda: hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, on=pane.widget), 3.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = scans(Path(folder) / "scans")
        with reading_screen((1280, 800), Path(folder) / "study", made) as screen:
            (row,) = screen.session.worklist()
            screen.open(row.case)
            settle(1.0)
            watch = Watch()
            print(f"{'longest gap, ms':34} {'':>7}")
            for name, action, rest_s in actions(screen):
                gap = watch.of(action, rest_s)
                print(f"{name:34} {gap:7.0f}{'  MORE THAN 200' if gap > AT_MOST_MS else ''}", flush=True)
                if gap > AT_MOST_MS:
                    for place, times in watch.places.most_common(3):
                        print(f"{'':8}{times:4} x  {place}", flush=True)
            if screen.errors():
                print(screen.errors())


if __name__ == "__main__":
    main()
