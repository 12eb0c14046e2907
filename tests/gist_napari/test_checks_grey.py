"""The picture without its colours, as a colour-blind reader or a printer has it: shapes alone tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from reading_screen import ReadingScreen, reading_screen
from screen_reading import grey_of
from window_driver import picture

pytestmark = [pytest.mark.journey, pytest.mark.gui]

SIZES = [(1280, 800), (1920, 1080)]
CASE = "SYN-001"
GreyImage = npt.NDArray[np.float64]


@pytest.fixture(scope="module", params=SIZES, ids=["1280", "1920"])
def screen(request: Any, tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen(request.param, tmp_path_factory.mktemp("grey") / "study") as shown:
        shown.open(CASE)
        yield shown


def seen_grey(screen: ReadingScreen, pane: Any, name: str = "") -> GreyImage:
    return grey_of(screen.seen(pane, picture(screen.main, name)))


def share_bright(grey: GreyImage, places: npt.NDArray[np.float64]) -> float:
    """Share of places on the picture that are bright, or have a bright pixel beside them."""
    middle_mm = mask.geometry.to_patient(np.argwhere(mask.voxels).mean(axis=0))
    x, y = np.rint(pane.to_canvas(middle_mm)).astype(int)
    return slice(y + 2, y + 26), slice(x + 6, x + 30)


def contrast(grey: GreyImage) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(grey, axis=1)).mean())
