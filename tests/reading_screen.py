"""The whole reading screen on a study of the sample scans, for tests that behave like a reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from window_driver import Hands, picture, settle, wait_for

SAMPLES = Path(__file__).parents[1] / "sample_scans"


class ReadingScreen:
    """A shown window, its panes, and a reader's hands."""

    study: Path

    def __init__(self, dock: Any, size: tuple[int, int]) -> None:
        self.dock, self.size = dock, size
        self.session, self.reading = dock.session, dock.reading
        self.pre, self.post = dock.pre, dock.post
        self.main = dock.window()
        self.hands = Hands(self.main)
        self.said: list[Any] = []
        self.session.said.connect(self.said.append)

    @property
    def case(self) -> Any:
        return self.session.case

    def shot(self, name: str) -> npt.NDArray[np.uint8]:
        return picture(self.main, f"{name}_{self.size[0]}")

    def focus(self, pane: Any) -> None:
        """Give a pane the keys without drawing: as a look at its slice slider does."""
        pane.widget.setFocus()
        settle()

    def press(self, pane: Any, key: Qt.Key, held: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key while a pane has the focus."""
        pane.widget.setFocus()
        self.hands.key(key, held, on=pane.widget)

    def hover(self, pane: Any, point: tuple[float, float]) -> None:
        """Move the mouse over a pane; it leaves the other."""
        other = self.post if pane is self.pre else self.pre
        QApplication.sendEvent(other.widget, QEvent(QEvent.Type.Leave))
        self.hands.hover(pane.widget, point)

    def wait_for_job(self) -> None:
        wait_for(lambda: not self.session.jobs.busy, "the job ends", 60)
        settle(0.2)

    def wait_for_numbers(self, lesion: str, visit: str) -> None:
        wait_for(lambda: self.session.measured(lesion, visit), "the mask is measured")
        settle(0.2)

    def seen(self, pane: Any, window: npt.NDArray[np.uint8] | None = None) -> npt.NDArray[np.uint8]:
        """What the screen shows of a pane's canvas: (rows, columns, 3)."""
        image = picture(self.main) if window is None else window
        corner = pane.widget.mapTo(self.main, QPoint(0, 0))
        width, height = pane.widget.width(), pane.widget.height()
        return image[corner.y() : corner.y() + height, corner.x() : corner.x() + width]

    def open(self, case: str) -> None:
        """Open a case by its row and Enter; where nobody has checked the pair of scans yet, Enter again."""
        self.dock.worklist.choose(case)
        self.dock.worklist.table.setFocus()
        self.hands.key(Qt.Key.Key_Return)
        settle(0.3)
        if self.case is None:
            self.shot("pair")
            self.hands.key(Qt.Key.Key_Return)
        wait_for(lambda: self.case is not None and self.case.case == case, f"{case} opens")
        settle(0.3)

    def give_truth(self, lesion: str, visit: str) -> Tumour:
        """Let a lesion have the true mask of a sample scan, for checks that begin after outlining."""
        from gist_imaging import workflow
        from gist_imaging.session.proposals import Proposal

        if lesion not in self.session.lesions:
            self.session.new_lesion()
        tumour = Tumour(self.case.case, visit, self.case.measured_volume(visit))
        workflow.propose(self.case, Proposal(lesion, visit, tumour.mask, "region_grow", "Grow", {}, ()))
        workflow.accept(self.case, lesion, visit)
        self.wait_for_numbers(lesion, visit)
        return tumour

    def errors(self) -> list[str]:
        return [toast.text for toast in self.said if toast.kind == "error"]


@contextmanager
def bare_screen(size: tuple[int, int]) -> Iterator[ReadingScreen]:
    """Open the reading screen in a real window without a study, and close it at the end."""
    import napari

    from gist_napari.window import ReadingDock

    viewer = napari.Viewer(title="GIST reading")
    dock = ReadingDock.in_viewer(viewer)
    screen = ReadingScreen(dock, size)
    screen.main.resize(*size)
    screen.main.move(0, 0)
    screen.main.raise_()
    screen.main.activateWindow()
    settle(0.3)
    screen.main.activateWindow()
    QTest.qWaitForWindowActive(screen.main, 10_000)
    settle(0.2)
    try:
        yield screen
    finally:
        dock.session.close()
        viewer.close()
        settle(0.3)


@contextmanager
def reading_screen(size: tuple[int, int], study: Path, scans: Path = SAMPLES) -> Iterator[ReadingScreen]:
    """Make a study of `scans` unless it is there, open it in a real window, and close it at the end."""
    from gist_imaging import workflow

    if not (study / "study.sqlite").exists():
        workflow.init_study(study, "JOURNEY")
        workflow.import_scans(study, scans)
    with bare_screen(size) as screen:
        screen.study = study
        screen.session.open_study(study, "R1")
        settle(0.3)
        yield screen


class Tumour:
    """Where the truth of a sample scan lies, to aim the mouse at."""

    def __init__(self, case: str, visit: str, volume: Any, label: int = 1) -> None:
        from gist_imaging.io.read import read_mask

        self.mask = read_mask(SAMPLES / case / visit / "labels.nii.gz", like=volume, label=label)
        self.geometry = self.mask.geometry
        voxels = self.mask.voxels
        self.levels = np.flatnonzero(voxels.any(axis=(1, 2)))
        self.largest = int(np.argmax(voxels.sum(axis=(1, 2))))

    def middle(self, level: int) -> npt.NDArray[np.float64]:
        j, i = np.nonzero(self.mask.voxels[level])
        return np.array([level, j.mean(), i.mean()])

    def at(self, level: int) -> npt.NDArray[np.float64]:
        return self.geometry.to_patient(self.middle(level))

    def line(self, level: int, share: float = 0.6) -> npt.NDArray[np.float64]:
        """A stroke through the middle of a slice, as long as a share of the tumour's width there."""
        i = np.nonzero(self.mask.voxels[level])[1]
        half = share * (i.max() - i.min()) / 2
        steps = np.linspace(-half, half, 12)[:, None] * [0, 0, 1]
        return self.geometry.to_patient(self.middle(level) + steps)

    def circle(self, level: int, beyond_mm: float) -> npt.NDArray[np.float64]:
        """A closed line around the tumour on a slice, so far outside its farthest edge."""
        j, i = np.nonzero(self.mask.voxels[level])
        middle = self.at(level)
        edge = self.geometry.to_patient(np.stack([np.full(len(j), level), j, i], axis=1))
        radius = float(np.linalg.norm(edge - middle, axis=1).max()) + beyond_mm
        turn = np.linspace(0, 2 * np.pi, 40)[:, None]
        along, down = self.geometry.axes[:, 2], self.geometry.axes[:, 1]
        return middle + radius * (np.cos(turn) * along + np.sin(turn) * down)

    def dice(self, mask: Any) -> float:
        both = int((mask.voxels & self.mask.voxels).sum())
        return 2 * both / (mask.n_voxels + self.mask.n_voxels)
