"""How long a reader waits from starting the program to the first image of a case, and for what.

    xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX" python benchmarks/window/first_image.py

Each round is a fresh process that opens a case of a study which is there already; files are warm.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
SCANS = HERE.parents[2] / "sample_scans"
ROUNDS = 3
MARKS = ("Python", "napari imported", "window made", "study open", "case open", "image drawn")


def child(study: Path, started: float) -> None:
    marks = [time.time() - started]
    import napari

    from gist_napari.window import ReadingDock

    marks.append(time.time() - started)
    viewer = napari.Viewer(title="GIST reading")
    dock = ReadingDock.in_viewer(viewer)
    dock.window().resize(1280, 800)
    marks.append(time.time() - started)
    dock.session.open_study(study, "R1")
    marks.append(time.time() - started)
    from qtpy.QtCore import QEvent, QObject
    from qtpy.QtWidgets import QApplication

    drawn: list[str] = []

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            """Note the first picture of a canvas that has a volume."""
            if event.type() == QEvent.Type.Paint and dock.pre.volume is not None:
                drawn.append("image")
            return False

    eyes = Painted()
    dock.pre.widget.installEventFilter(eyes)
    dock.session.open_case("SYN-001")
    marks.append(time.time() - started)
    while not drawn:
        QApplication.processEvents()
    QApplication.processEvents()
    marks.append(time.time() - started)
    print("MARKS", *marks, flush=True)
    dock.session.close()
    os._exit(0)


def main() -> None:
    from gist_imaging import workflow

    rounds: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        workflow.init_study(study, "FIRST")
        workflow.import_scans(study, SCANS)
        for _ in range(ROUNDS):
            command = [sys.executable, str(HERE), str(study), str(time.time())]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            line = next(line for line in told.splitlines() if line.startswith("MARKS"))
            rounds.append([float(word) for word in line.split()[1:]])
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    print(f"{'until':18} {'s':>6} {'of it':>6}")
    for name, at, before in zip(MARKS, medians, [0.0, *medians], strict=False):
        print(f"{name:18} {at:6.2f} {at - before:6.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(Path(sys.argv[1]), float(sys.argv[2]))
    else:
        main()
