"""Read a sample patient in the real window and keep the pictures: `python docs/make_reading_pictures.py`.

Mouse and keys do what docs/reading.md says, on a screen of their own (Xvfb). The clock stands still and the
settings are those of a first start, so that a picture changes only where the screen does.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "tests"))
os.environ["TZ"] = "UTC"
time.tzset()

import numpy as np  # noqa: E402 - the folder of the hands and the clock come first
from qtpy.QtCore import QPoint, Qt  # noqa: E402
from qtpy.QtWidgets import QApplication, QMenu  # noqa: E402
from reading_hands import CASE, CTRL, VISITS, ReaderHands  # noqa: E402
from reading_screen import reading_screen  # noqa: E402
from virtual_screen import virtual_screen  # noqa: E402
from window_driver import settle, wait_for  # noqa: E402

from gist_imaging import workflow  # noqa: E402
from gist_imaging.session import open_case  # noqa: E402
from gist_imaging.store import audit, case_journal, readings, study_files  # noqa: E402

SIZE = (1280, 800)
NOON = "2026-01-05T12:00:00.000Z"


def main() -> None:
    """Read the patient once, from the worklist to the export, and keep a picture of each step."""
    for module in (open_case, audit, case_journal, readings, study_files):
        module.utc_now = lambda: NOON
    with tempfile.TemporaryDirectory() as name, virtual_screen():
        folder = Path(name)
        os.environ["NAPARI_CONFIG"] = str(folder / "napari.yaml")
        os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
        application = QApplication([])
        with reading_screen(SIZE, folder / "study") as screen:
            Reader(screen, folder).read()
        application.quit()


class Reader(ReaderHands):
    """A radiologist who reads the patient step by step."""

    def read(self) -> None:
        """Go through every step of docs/reading.md."""
        self.open()
        self.look()
        self.outline()
        self.brush()
        self.copy()
        self.measure()
        self.landmarks()
        self.levator()
        self.call()
        self.after_the_call()

    # ---------------------------------------------------------------- the steps

    def open(self) -> None:
        """Worklist, the scans of the case, the case."""
        page = self.screen.dock.worklist
        page.table.setFocus()
        page.choose(CASE)
        self.keep("worklist")
        self.hands.click(page.pair_button)
        settle(0.5)
        self.keep("pair")
        self.hands.key(Qt.Key.Key_Return)
        wait_for(lambda: self.screen.case is not None, "the case opens")
        settle(0.5)

    def look(self) -> None:
        """The registration, and what the reader says of the scans."""
        self.hands.click(self.panel.look.registration.register)
        self.screen.wait_for_job()
        self.panel.look.begin()
        for digit in "102102":
            self.type(digit)
        for visit, pane in self.panes.items():
            pane.go_to(self.tumour(visit).at(self.tumour(visit).largest))
        self.keep("look")
        self.hands.click(self.panel.look.registration.right)

    def outline(self) -> None:
        """Strokes, a loop, two strokes outside, Grow, Enter."""
        pane, tumour = self.panes["baseline"], self.tumour("baseline")
        self.hands.key(Qt.Key.Key_F3)
        self.strokes(pane, tumour)
        self.keep("strokes")
        self.hands.key(Qt.Key.Key_G)
        self.screen.wait_for_job()
        self.keep("proposal")
        self.hands.key(Qt.Key.Key_Return)
        self.screen.wait_for_numbers("L1", "baseline")

    def brush(self) -> None:
        """A little more at the edge by the brush."""
        pane, tumour = self.panes["baseline"], self.tumour("baseline")
        self.hands.key(Qt.Key.Key_2)
        self.hands.drag(pane, tumour.circle(tumour.largest, -4.0)[26:31])
        self.screen.wait_for_numbers("L1", "baseline")
        self.hover(pane, tumour.circle(tumour.largest, -4.0)[30])
        self.keep("brush")

    def copy(self) -> None:
        """The baseline's outline on the follow-up, mended there."""
        pane, tumour = self.panes["presurgery"], self.tumour("presurgery")
        self.hands.key(Qt.Key.Key_Z)
        pane.go_to(tumour.at(tumour.largest))
        self.hands.click(pane.widget)
        self.hands.click(self.panel.segment.buttons["copy"])
        self.screen.wait_for_job()
        pane.go_to(tumour.at(tumour.largest))
        settle(0.3)
        self.keep("copy")
        self.hands.key(Qt.Key.Key_Escape)
        self.strokes(pane, tumour)
        self.hands.key(Qt.Key.Key_G)
        self.screen.wait_for_job()
        self.hands.key(Qt.Key.Key_Return)
        self.screen.wait_for_numbers("L1", "presurgery")
        self.hands.key(Qt.Key.Key_F2)
        self.panel.look.impression.setFocus()
        self.type("2")

    def measure(self) -> None:
        """The proposed diameters, one end moved, and why."""
        pane = self.panes["baseline"]
        self.hands.key(Qt.Key.Key_Z)
        self.hands.click(pane.widget)
        self.hands.key(Qt.Key.Key_J)
        self.hands.key(Qt.Key.Key_F4)
        self.hands.key(Qt.Key.Key_D)
        longest = next(
            one
            for one in workflow.shown_calipers(self.screen.case, "L1", "baseline")
            if one.measure.startswith("longest")
        )
        start = np.asarray(longest.points_mm[0], dtype=float)
        inwards = start + 2.0 * (longest.points_mm[1] - start) / np.linalg.norm(longest.points_mm[1] - start)
        self.hands.drag(pane, [start, inwards])
        menu = next(
            widget
            for widget in QApplication.topLevelWidgets()
            if isinstance(widget, QMenu) and widget.isVisible()
        )
        at = pane.to_canvas(inwards[None])[0]
        menu.move(pane.widget.mapToGlobal(QPoint(round(at[0]) + 12, round(at[1]) + 12)))
        settle(0.3)
        self.keep("diameters")
        self.hands.key(Qt.Key.Key_1, on=menu)

    def landmarks(self) -> None:
        """The points that lie on these slices; the others are not visible."""
        for visit in VISITS:
            pane = self.panes[visit]
            self.hands.key(Qt.Key.Key_Z)
            self.hands.click(pane.widget)
            self.session.page_wanted.emit("landmarks")
            self.panel.landmarks.begin()
            placed = {one["name"]: one["point_mm"] for one in self.drawn[visit]["landmarks"]}
            for number in range(7):
                wanted = self.session.landmark
                if not wanted:
                    break
                if number == 5 and visit == "baseline":
                    self.keep("landmarks")
                point = np.asarray(placed[wanted])
                if pane.voxel_at(point) is None:
                    self.hands.click(self.panel.landmarks.hidden)
                    continue
                pane.go_to(point)
                self.hands.drag(pane, [point, point])
                settle(0.1)

    def levator(self) -> None:
        """Strokes along the levator ani of each side."""
        for visit in VISITS:
            pane = self.panes[visit]
            self.hands.click(pane.widget)
            self.session.page_wanted.emit("levator")
            self.hands.key(Qt.Key.Key_Q)
            for side in ("R", "L"):
                self.hands.click(self.panel.levator.side.buttons[side])
                for one in self.drawn[visit]["levator_strokes"]:
                    if one["side"] == side:
                        points = np.asarray(one["points_mm"])
                        pane.go_to(points.mean(axis=0))
                        self.hands.drag(pane, points)
            if visit == "baseline":
                tumour = self.tumour(visit)
                pane.go_to(tumour.geometry.to_patient([13, *tumour.middle(tumour.largest)[1:]]))
                self.hands.click(self.panel.levator.side.buttons["R"])
                self.hands.click(self.panel.levator.make)
                settle(0.3)
                self.keep("levator")

    def call(self) -> None:
        """Every answer by its digit; one refusal on the way."""
        self.hands.key(Qt.Key.Key_Z)
        self.session.page_wanted.emit("call")
        self.hands.click(self.panes["baseline"].widget)
        self.hands.key(Qt.Key.Key_J)
        self.panel.call.begin()
        for digit in "10020":
            self.type(digit)
        self.keep("call")
        self.panel.commit()
        settle(0.3)
        self.keep("refused")
        self.answer_all()

    def after_the_call(self) -> None:
        """Commit, metrics, response, export."""
        self.hands.key(Qt.Key.Key_Return, CTRL)
        wait_for(lambda: workflow.is_committed(self.screen.case), "the call is committed")
        settle(0.5)
        self.keep("committed")
        self.session.page_wanted.emit("metrics")
        settle(0.3)
        self.hands.click(self.panel.metrics.measure)
        self.screen.wait_for_job()
        self.keep("metrics")
        self.session.page_wanted.emit("response")
        settle(1.0)
        self.keep("response")
        self.hands.key(Qt.Key.Key_F6)
        self.panel.show_page("report")
        self.session.export_study(self.folder / "export")
        wait_for(lambda: not self.session.jobs.busy, "the export ends", 300)
        self.keep("export", messages=True)


if __name__ == "__main__":
    main()
