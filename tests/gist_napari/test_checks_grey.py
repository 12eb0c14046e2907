"""The picture without its colours, as a colour-blind reader or a printer has it: shapes alone tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qtpy.QtCore import Qt
from reading_screen import ReadingScreen, reading_screen
from screen_reading import grey_of
from window_driver import picture, settle

from gist_imaging import workflow
from gist_imaging.session.proposals import Proposal

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
    x, y = np.rint(places).astype(int).T
    bright = np.stack(
        [grey[y + dy, x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)],
    ).max(axis=0)
    return float((bright > 140).mean())


def share_of_frame(grey: GreyImage) -> float:
    """Share of the pane's edge that is a bright line: its left edge, clear of texts and letters."""
    middle = grey.shape[0] // 2
    column = grey[60 : middle - 30, :4].max(axis=1)
    return float((column > 150).mean())


def test_without_colour_pre_post_proposal_and_the_active_pane_are_told_apart(screen: ReadingScreen):
    session = screen.session
    for visit in ("baseline", "presurgery"):
        tumour = screen.give_truth("L1", visit)
        pane = screen.pre if visit == "baseline" else screen.post
        pane.go_to(tumour.at(tumour.largest))
    screen.press(screen.pre, Qt.Key.Key_O)  # outlines alone
    screen.press(screen.pre, Qt.Key.Key_4, Qt.KeyboardModifier.ShiftModifier)  # bone: tumours are dark
    settle(0.3)
    solid = {}
    for pane, tag in ((screen.pre, "PRE"), (screen.post, "POST")):
        (drawn,) = pane.scene.masks
        (line,) = pane.overlay.outlines.of(drawn.mask, pane.grid, pane.plane, pane.depth)
        places = canvas_of(pane, line)
        solid[tag] = share_bright(seen_grey(screen, pane, f"c12_outlines_{screen.size[0]}"), places)
    assert solid["PRE"] > 0.9, solid
    assert 0.35 < solid["POST"] < 0.85, solid

    # The active pane has the frame; a dashed one where POST is active.
    frames = {}
    for at, visit in enumerate(session.pair):
        session.choose_visit(visit.label)
        settle(0.2)
        frames[at] = [share_of_frame(seen_grey(screen, one)) for one in (screen.pre, screen.post)]
    assert frames[0][0] > 0.95, frames
    assert frames[0][1] < 0.1, frames
    assert frames[1][0] < 0.1, frames
    assert 0.4 < frames[1][1] < 0.9, frames

    # A proposal is hatched: light and dark in turn; an accepted mask is one even veil.
    screen.press(screen.pre, Qt.Key.Key_O)
    session.choose_visit("baseline")
    settle(0.2)
    tumour_mask = screen.case.state.mask("L1", "baseline")
    screen.pre.step(2)  # beside the slice that the diameters lie on
    settle(0.2)
    inside = middle_box(screen.pre, tumour_mask)
    veil = seen_grey(screen, screen.pre, f"c12_filled_{screen.size[0]}")[inside]
    workflow.propose(screen.case, Proposal("L1", "baseline", tumour_mask, "region_grow", "Grow", {}, ()))
    settle(0.3)
    hatched = seen_grey(screen, screen.pre, f"c12_proposal_{screen.size[0]}")[inside]
    assert contrast(hatched) > 2 * contrast(veil), (contrast(hatched), contrast(veil))

    # Warnings carry a sign and a word, not only a colour.
    flag = screen.dock.header.flags.text()
    assert flag.startswith("⚑ 1")
    assert "proposal" in screen.dock.header.flags.toolTip()
    session.reject()


def canvas_of(pane: Any, line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Canvas positions of an outline, every half pixel."""
    places = pane.view.world_to_canvas(line)
    closed = np.concatenate([places, places[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.arange(0.0, along[-1], 0.5)
    return np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def middle_box(pane: Any, mask: Any) -> tuple[slice, slice]:
    """A square of 24 px in the tumour, beside the crossing of its diameters."""
    middle_mm = mask.geometry.to_patient(np.argwhere(mask.voxels).mean(axis=0))
    x, y = np.rint(pane.to_canvas(middle_mm)).astype(int)
    return slice(y + 2, y + 26), slice(x + 6, x + 30)


def contrast(grey: GreyImage) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(grey, axis=1)).mean())
