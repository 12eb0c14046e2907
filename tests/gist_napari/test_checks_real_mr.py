"""A real pelvic MR (TCIA PROSTATEx, CC BY) in the window: sides, tilt, and a mask to the voxel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from qtpy.QtCore import Qt
from reading_screen import ReadingScreen, reading_screen
from strategies import REAL_SCANS, needs_real_scans
from window_driver import settle

import gist_imaging
from gist_imaging.segment.prompts import PromptLog
from gist_napari.planes import Plane

pytestmark = [pytest.mark.journey, pytest.mark.gui, pytest.mark.real, needs_real_scans]

SCANS = REAL_SCANS / "ingest" / "pelvis_mr_prostatex0000"
AXIAL = SCANS / "4_t2_tse_tra"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def screen(tmp_path_factory: Any) -> Iterator[ReadingScreen]:
    with reading_screen((1280, 800), tmp_path_factory.mktemp("real") / "study", SCANS) as shown:
        (row,) = shown.session.worklist()
        shown.open(row.case)
        yield shown


def header_of(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of rows, columns and slices of a series, (3,) LPS each, from its first file alone."""
    first = pydicom.dcmread(sorted(folder.glob("*.dcm"))[0], stop_before_pixels=True)
    along, down = np.reshape([float(one) for one in first.ImageOrientationPatient], (2, 3))
    return along, down, np.cross(along, down)


def side(direction: np.ndarray) -> str:
    """The letter of the patient's side that a direction mostly points to."""
    axis = int(np.argmax(np.abs(direction)))
    return ("RL", "AP", "IS")[axis][int(direction[axis] > 0)]


def hang_axial(screen: ReadingScreen) -> None:
    """Page through the stages until the axial T2 hangs."""
    for _ in range(6):
        volume = screen.pre.volume
        if volume.geometry.shape[1:] == (384, 384) and screen.pre.plane is Plane.AXIAL:
            return
        screen.press(screen.pre, Qt.Key.Key_PageDown)
        settle(0.3)
    raise AssertionError("no stage shows the axial T2")


def test_one_visit_opens_with_the_sides_and_the_tilt_of_its_headers(screen: ReadingScreen):
    assert len(screen.case.visits) == 1
    assert screen.post.volume is None
    assert "No follow-up" in screen.post.overlay.picture.message
    # The message is broken into lines: nothing of it reaches the edges of the pane.
    words = screen.seen(screen.post).max(axis=2) > 100
    assert words[5:-5].any()
    assert not words[5:-5, 5:15].any()
    assert not words[5:-5, -15:-5].any()
    assert not screen.errors(), screen.errors()
    for number in range(len(screen.reading.stages)):
        screen.reading.hang(number)
        settle(0.3)
        screen.shot(f"real_stage_{number + 1}")
        assert screen.seen(screen.pre).std() > 20
    screen.reading.hang(0)
    hang_axial(screen)
    along, down, normal = header_of(AXIAL)
    letters = screen.pre.overlay.picture.letters
    assert letters.left[0] == side(-along) == "R"
    assert letters.right[0] == side(along) == "L"
    assert letters.top[0] == side(-down) == "A"
    assert letters.bottom[0] == side(down) == "P"
    tilt = np.degrees(np.arccos(abs(normal[2]) / np.linalg.norm(normal)))
    assert screen.pre.overlay.picture.corners.bottom_right == (f"tilt {tilt:.0f}°",)


def test_strokes_become_the_mask_that_the_library_makes_of_the_same_prompts(screen: ReadingScreen):
    hands, pane, session = screen.hands, screen.pre, screen.session
    hang_axial(screen)
    volume = screen.case.measured_volume(session.active_visit)
    assert pane.volume is volume
    # In the middle of the prostate of this scan, which lies in the middle of its images.
    middle = volume.geometry.to_patient((np.asarray(volume.geometry.shape) - 1) / 2)
    axes = volume.geometry.axes
    pane.go_to(middle)
    settle(0.2)
    screen.focus(pane)
    hands.key(Qt.Key.Key_S)
    hands.drag(pane, middle + np.linspace(-6, 6, 10)[:, None] * axes[:, 2])
    assert session.lesions == ["L1"]
    screen.press(pane, Qt.Key.Key_A)
    turn = np.linspace(0, 2 * np.pi, 40)[:, None]
    hands.drag(pane, middle + 22 * (np.cos(turn) * axes[:, 2] + np.sin(turn) * axes[:, 1]))
    screen.press(pane, Qt.Key.Key_S)
    hands.drag(pane, middle + np.linspace(-8, 8, 10)[:, None] * axes[:, 2] + 28 * axes[:, 1], held=CONTROL)
    screen.press(pane, Qt.Key.Key_G)
    screen.wait_for_job()
    assert not screen.errors(), screen.errors()
    screen.shot("real_proposal")
    proposal = screen.case.state.proposal("L1", session.active_visit)
    assert proposal is not None
    screen.press(pane, Qt.Key.Key_Return)
    mask = screen.case.state.mask("L1", session.active_visit)
    assert mask.sha256() == proposal.sha256()
    assert mask.n_voxels > 100
    prompts = PromptLog.from_json(screen.case.state.plain("prompts", "L1", session.active_visit))
    assert len(prompts) == 3
    same = gist_imaging.segment(volume, prompts)
    assert np.array_equal(same.voxels, mask.voxels)
    # The stroke lies in the mask where the mouse went.
    k, j, i = np.rint(volume.geometry.to_index(middle)).astype(int)
    assert mask.voxels[k, j, i]
    screen.wait_for_numbers("L1", session.active_visit)
    settle(0.3)
    screen.shot("real_accepted")
