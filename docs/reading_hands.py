"""The hands of a reader at the window, and a camera, for `make_reading_pictures.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QPushButton
from reading_screen import SAMPLES, ReadingScreen, Tumour
from window_driver import picture, settle

from gist_imaging import workflow
from gist_napari.scene import STYLES
from gist_napari.widgets import style
from gist_napari.widgets.toast import ToastCard

__all__ = ["CASE", "CTRL", "VISITS", "ReaderHands"]

CASE = "SYN-002"
VISITS = ("baseline", "presurgery")
IMAGES = Path(__file__).resolve().parent / "images"
CTRL = Qt.KeyboardModifier.ControlModifier
ANSWERS = {
    ("baseline", "R", "contact"): "1",
    ("baseline", "R", "displacement"): "2",
    ("presurgery", "R", "contact"): "1",
    ("presurgery", "R", "displacement"): "1",
    "confidence": "4",
}
"""Digits of what the reader says; 0, nothing, of everything else."""


class ReaderHands:
    """What a reader's hands do at the window, and a camera."""

    def __init__(self, screen: ReadingScreen, folder: Path) -> None:
        self.screen, self.folder = screen, folder
        self.session, self.hands, self.panel = screen.session, screen.hands, screen.dock.panel
        self.panes = dict(zip(VISITS, (screen.pre, screen.post), strict=True))
        self.drawn = {
            visit: json.loads((SAMPLES / CASE / visit / "relation.json").read_text(encoding="utf-8"))
            for visit in VISITS
        }

    def tumour(self, visit: str) -> Tumour:
        """Return where the truth of a visit lies."""
        return Tumour(CASE, visit, self.panes[visit].volume)

    def strokes(self, pane: Any, tumour: Tumour) -> None:
        """Draw what Grow needs: inside and around on one slice, above and below outside."""
        hands, across = self.hands, tumour.geometry.axes[:, 2]
        pane.go_to(tumour.at(tumour.largest))
        hands.key(Qt.Key.Key_S)
        hands.drag(pane, tumour.line(tumour.largest))
        for level in (tumour.levels[0] - 2, tumour.levels[-1] + 2):
            middle = tumour.geometry.to_patient([level, *tumour.middle(tumour.largest)[1:]])
            pane.go_to(middle)
            hands.drag(pane, middle + np.linspace(-10, 10, 8)[:, None] * across, held=CTRL)
        pane.go_to(tumour.at(tumour.largest))
        hands.key(Qt.Key.Key_A)
        hands.drag(pane, tumour.circle(tumour.largest, 5.0))
        settle(0.2)

    def answer_all(self) -> None:
        """Answer every question that is open."""
        for _ in range(80):
            questions = workflow.open_questions(self.screen.case)
            if not questions:
                return
            one = questions[0]
            self.panel.go_to_question(one)
            settle(0.02)
            digit = ANSWERS.get((one.visit, one.side, one.field)) or ANSWERS.get(one.field, "0")
            self.type(digit)

    def type(self, digit: str) -> None:
        """Press a digit in the field that has the focus."""
        self.hands.type(digit, on=QApplication.focusWidget())

    def hover(self, pane: Any, point_mm: Any) -> None:
        """Let the pointer rest at a place, so that the brush is seen."""
        x, y = pane.to_canvas(np.asarray(point_mm)[None])[0]
        QTest.mouseMove(pane.widget, QPoint(round(x), round(y)))
        settle(0.2)

    def keep(self, name: str, *, messages: bool = False) -> None:
        """Keep what the screen shows, in the colours of the palette; messages of before are dismissed."""
        for card in () if messages else self.screen.dock.toasts.findChildren(ToastCard):
            next(one for one in card.findChildren(QPushButton) if one.text() == "Dismiss").click()
        settle(0.4)
        seen = Image.fromarray(picture(self.screen.main)).quantize(
            palette=palette(), dither=Image.Dither.NONE
        )
        path = IMAGES / f"reading_{name}.png"
        seen.save(path, optimize=True)
        print(f"{path.name} {path.stat().st_size / 1000:.0f} kB")


def palette() -> Image.Image:
    """Return greys, the colours of the screen, and each of its hues over black and over greys."""
    greys = [(level, level, level) for level in range(0, 256, 5)]
    panel = [style.PANEL, style.BUTTON, style.RAISED, style.LINE, style.TEXT, style.QUIET]
    hues = [np.array(ImageColor.getrgb(colour)) for colour in STYLES.values()]
    over = [
        tuple(round(float(part)) for part in share * hue + (1 - share) * grey)
        for hue in hues
        for share, grey in ((1.0, 0), (0.75, 0), (0.5, 0), (0.3, 0), *((0.3, g) for g in range(40, 256, 24)))
    ]
    colours = [*greys, *(ImageColor.getrgb(colour) for colour in panel), *over]
    made = Image.new("P", (1, 1))
    made.putpalette([part for colour in colours for part in colour[:3]])
    return made
