"""What the screen shows is what the patient is: proved on pictures of the real window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from chiral_phantom import (
    BALLS,
    MIDDLE_MM,
    RADIUS_MM,
    SEEN,
    acquisition,
    ball_on,
    chiral_volume,
    every_position,
)
from pane_window import TwoPanes, two_panes
from scipy.spatial.transform import Rotation

from gist_imaging.spatial import Geometry, Quantity, Volume
from gist_napari.pane import Pane, PaneFacts
from gist_napari.planes import Plane
from gist_napari.window_level import Window

pytestmark = pytest.mark.gui

FULL_RANGE = Window.between(0, 255)


@pytest.fixture(scope="module")
def window() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        yield opened


def random_volume(seed: int) -> Volume:
    """Return voxels of 256 values on an oblique, uneven grid with a reversed axis."""
    generator = np.random.default_rng(seed)
    axes = Rotation.from_rotvec((0.3, -0.2, 0.25)).as_matrix() @ np.eye(3)[:, [2, 1, 0]]
    geometry = Geometry.from_spacing(
        (21, 44, 37), (4.4, 0.9, 0.7), (-30.0, 12.0, 500.0), axes * [1, -1, 1], "1.2.3"
    )
    return Volume(generator.integers(0, 256, geometry.shape).astype(np.int16), geometry)


@pytest.mark.parametrize(("acquired", "flips", "oblique"), every_position())
def test_no_acquisition_is_shown_mirrored_or_upside_down(window, acquired, flips, oblique):
    pane = window.post if oblique else window.pre
    pane.show_volume(chiral_volume(acquisition(acquired, flips=flips, oblique=oblique)), caption="phantom")
    pane.set_window(FULL_RANGE)
    for plane in Plane:
        pane.set_plane(plane)
        pane.go_to(MIDDLE_MM)
        picture = window.picture_of(pane)
        middle = np.array([picture.shape[1], picture.shape[0]]) / 2
        far = 40.0 * pane.px_per_mm

        for name, side in SEEN[plane.value].items():
            found = ball_on(picture, BALLS[name][1])
            assert found is not None, f"{plane.value}: {name} is not seen"
            # 15 degrees of tilt move a ball by a quarter of its distance at most.
            assert np.linalg.norm((found - middle) / far - side) < 0.3, f"{plane.value}: {name}"

        pane.go_to(MIDDLE_MM + BALLS["RAS"][0])
        found = ball_on(window.picture_of(pane), BALLS["RAS"][1])
        assert found is not None
        assert (found < middle).all(), f"{plane.value}: the ball at the right front top is not top left"


@pytest.mark.parametrize("plane", Plane)
def test_every_pixel_shows_the_native_voxel_that_a_click_on_it_means(window, plane):
    generator = np.random.default_rng(5)
    pane, volume = window.pre, random_volume(3)
    pane.show_volume(volume, caption="noise")
    pane.set_window(FULL_RANGE)
    pane.set_plane(plane)
    pane.set_px_per_mm(7.217)
    pane.step(2)
    pane.overlay.hide()
    picture = window.picture_of(pane)
    pane.overlay.show()
    clicked = []
    pane.tool_active = True
    pane.pressed.connect(lambda point_mm, _: clicked.append(point_mm))

    # On the slice and a little around it.
    left, top, right, bottom = (round(edge) for edge in pane.view.slice_box_px)
    limits = ((left - 8, right + 8, picture.shape[1]), (top - 8, bottom + 8, picture.shape[0]))
    pixels = np.column_stack([generator.integers(max(low, 0), min(high, n), 200) for low, high, n in limits])
    for x, y in pixels:
        window.mouse(pane, "press", (x, y))
        window.mouse(pane, "release", (x, y))
    pane.pressed.disconnect()
    pane.tool_active = False

    assert len(clicked) == 200
    n_inside = 0
    for (x, y), point_mm in zip(pixels, clicked, strict=True):
        # The answer from Geometry and the native array alone.
        index = np.rint(volume.geometry.to_index(point_mm)).astype(int)
        is_inside = ((index >= 0) & (index < volume.geometry.shape)).all()
        n_inside += is_inside
        expected = int(volume.voxels[tuple(index)]) if is_inside else 0
        assert abs(int(picture[y, x, 0]) - expected) <= 1
        assert pane.value_at(point_mm) == (expected if is_inside else None)
        assert pane.voxel_at(point_mm) == (tuple(index) if is_inside else None)
    assert n_inside > 120


@pytest.mark.parametrize("plane", Plane)
def test_the_map_is_the_one_of_napari(window, plane):
    pane = window.post
    pane.show_volume(random_volume(4), caption="noise")
    pane.set_plane(plane)
    pane.set_px_per_mm(3.1)
    pane.set_centre(pane.at_mm + np.array((3.1, -7.3, 2.2)))
    window.pump(0.2)
    positions: list[np.ndarray] = []

    def note(_: object, event: object) -> None:
        positions.append(np.array(event.position))  # type: ignore[attr-defined]

    # Left to itself, napari gets the mouse.
    pane.mouse.sleeps = True
    pane.model.mouse_move_callbacks.append(note)
    sent = [(17, 31), (300, 240), (611, 3), (402, 577)]
    for at in sent:
        # It drops moves that follow one another within 10 ms.
        window.pump(0.02)
        window.mouse(pane, "move", at, "none")
    pane.model.mouse_move_callbacks.remove(note)
    pane.mouse.sleeps = False

    np.testing.assert_allclose(pane.view.to_world(sent), positions, atol=1e-4)


_ON_A_DENSE_SCREEN = """
import numpy as np
from gist_napari.planes import Plane
from gist_napari.window_level import Window
from pane_window import two_panes
from chiral_phantom import acquisition
from gist_imaging.spatial import Volume

with two_panes() as window:
    pane, generator = window.pre, np.random.default_rng(8)
    ratio = pane.widget.devicePixelRatioF()
    assert ratio == 1.5, ratio
    geometry = acquisition("coronal", oblique=True)
    voxels = generator.integers(0, 256, geometry.shape).astype(np.int16)
    pane.show_volume(Volume(voxels, geometry), caption="x")
    pane.set_window(Window.between(0, 255))
    pane.set_plane(Plane.SAGITTAL)
    pane.overlay.hide()
    picture = window.picture_of(pane)
    rows, columns = (generator.integers(0, n, 1500) for n in picture.shape[:2])
    points_mm = pane.to_patient(np.column_stack([columns + 0.5, rows + 0.5]) / ratio)
    values = np.array([pane.value_at(point) or 0 for point in points_mm])
    # Voxels are 5 screen pixels wide; an edge may fall on either side of a pixel.
    agree = np.abs(picture[rows, columns, 0].astype(int) - values) <= 1
    assert agree.mean() > 0.9, agree.mean()
    pane.mouse.sleeps, seen = True, []
    pane.model.mouse_move_callbacks.append(lambda _, event: seen.append(event.position))
    for at in ((20, 30), (333, 444)):
        window.pump(0.02)
        window.mouse(pane, "move", at, "none")
    assert np.allclose(pane.view.to_world([(20, 30), (333, 444)]), seen, atol=1e-4)
    print("the map holds")
"""


def test_the_map_holds_on_a_screen_with_more_pixels_than_points():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ON_A_DENSE_SCREEN],
        env=os.environ | {"QT_SCALE_FACTOR": "1.5", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "the map holds" in run.stdout, run.stderr


def test_a_preference_cannot_mirror_the_picture(window):
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition("axial")), caption="phantom")
    pane.set_window(FULL_RANGE)

    for plane in Plane:
        pane.set_plane(plane)
        pane.model.scene.camera.orientation2d = ("up", "left")

        assert tuple(str(word) for word in pane.model.scene.camera.orientation2d) == plane.orientation2d


def test_napari_draws_nothing_but_the_image(window):
    pane = window.pre
    pane.show_volume(Volume(np.zeros((5, 9, 7), dtype=np.int16), acquisition_of((5, 9, 7))), caption="black")
    pane.set_window(FULL_RANGE)
    pane.overlay.hide()

    picture = window.picture_of(pane)

    pane.overlay.show()
    assert not picture.any()


def acquisition_of(shape: tuple[int, int, int]) -> Geometry:
    axes = np.eye(3)[:, [2, 1, 0]]
    return Geometry.from_spacing(shape, (3.0, 1.0, 1.2), (0.0, 10.0, -20.0), axes, "1.2")


def test_presets_are_chosen_by_key_and_named(window):
    pane = window.pre
    volume = chiral_volume(acquisition("axial"))
    pane.show_volume(volume.stating(Quantity.HU), caption="CT")

    assert pane.set_preset(4) == "bone"
    assert pane.window == Window(480, 2500)
    assert pane.set_preset(9) == ""
    pane.reset_window()
    assert pane.window == Window(40, 400)

    pane.show_volume(volume, caption="MR")
    assert pane.set_preset(2).endswith("not calibrated")


def test_a_closed_pane_gives_the_canvas_back(window):
    from napari.components import ViewerModel
    from napari.qt import QtViewer

    model = ViewerModel()
    canvas = QtViewer(model)
    canvas.show()
    pane = Pane(model, canvas, "PRE")
    pane.show_volume(chiral_volume(acquisition("coronal")), caption="phantom")

    pane.close()
    window.wheel(pane, -2)
    model.scene.camera.zoom = 3.0
    model.dims.ndisplay = 3
    window.pump(0.05)

    assert len(model.layers) == 0
    assert model.canvas.background_color_override is None
    canvas.close()


def test_slices_are_counted_from_the_head_and_one_step_is_one_slice(window):
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition("axial", flips=(-1, 1, 1))), caption="phantom")
    pane.set_slice_index(0)
    top = pane.at_mm[2]

    pane.step(1)

    assert pane.slice_index == 1
    assert pane.at_mm[2] == pytest.approx(top - 3.4)
    pane.step(10_000)
    assert pane.slice_index == pane.n_slices - 1
    pane.step(-10_000)
    assert pane.slice_index == 0


def test_another_plane_goes_through_the_place_that_was_pointed_at(window):
    pane = window.pre
    pane.show_volume(chiral_volume(acquisition("sagittal", oblique=True)), caption="phantom")
    pane.set_window(FULL_RANGE)
    pane.go_to(MIDDLE_MM + BALLS["RAS"][0])

    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        pane.set_plane(plane)

        assert np.linalg.norm(pane.focus_mm - MIDDLE_MM - BALLS["RAS"][0]) < 3.4
        assert ball_on(window.picture_of(pane), BALLS["RAS"][1]) is not None


@pytest.mark.parametrize("shape", [(3, 40, 50), (4, 33, 31), (1, 40, 35)])
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_few_sagittal_slices_are_not_taken_for_colours(window, shape, dtype):
    generator = np.random.default_rng(9)
    axes = np.eye(3)[:, [0, 2, 1]]
    geometry = Geometry.from_spacing(shape, (4.0, 1.1, 0.9), (5.0, -20.0, 30.0), axes, "1.2")
    volume = Volume(generator.integers(1, 256, shape).astype(dtype), geometry)
    pane = window.pre
    pane.show_volume(volume, caption="few slices")
    pane.set_window(FULL_RANGE)

    assert pane.plane is Plane.SAGITTAL
    assert pane.n_slices == shape[0]
    for plane in Plane:
        pane.set_plane(plane)
        at = pane.view.to_canvas(pane.focus_mm)
        pixel = window.picture_of(pane)[round(at[1]), round(at[0])]
        shown = pane.value_at(pane.to_patient(np.round(at) + 0.5))
        np.testing.assert_allclose(pixel, shown, atol=1)


def test_inversion_and_blending_change_the_picture_and_no_value(window):
    pane, volume = window.pre, chiral_volume(acquisition("axial"))
    before = volume.sha256()
    pane.show_volume(volume, caption="phantom")
    pane.set_window(FULL_RANGE)
    pane.go_to(MIDDLE_MM)
    at = MIDDLE_MM + BALLS["L"][0]

    pane.set_inverted(True)
    inverted = ball_on(window.picture_of(pane), 255 - BALLS["L"][1])
    pane.set_inverted(False)
    pane.overlay.hide()
    sharp = window.picture_of(pane)
    pane.set_smooth(True)
    blended = window.picture_of(pane)
    pane.set_smooth(False)
    pane.overlay.show()

    assert np.linalg.norm(inverted - pane.to_canvas(at)) < 0.2 * RADIUS_MM * pane.px_per_mm
    assert set(np.unique(sharp)) <= {0, *np.unique(volume.voxels)}
    assert len(np.unique(blended)) > 50
    assert volume.sha256() == before
    assert pane.value_at(at) == BALLS["L"][1]


def test_one_pane_alone_says_what_it_shows(window):
    pane = window.post
    facts = PaneFacts("CASE 017", 182, "5.0 vs 3.0 mm")
    pane.show_volume(
        chiral_volume(acquisition("axial", oblique=True)), caption="MR T2 ax · 3.4 mm", facts=facts
    )
    pane.set_window(Window(40, 400))

    corners, letters = pane.overlay.picture.corners, pane.overlay.picture.letters

    assert corners.top_left == ("CASE 017 · POST · day +182", "MR T2 ax · 3.4 mm")
    assert corners.top_right == ("5.0 vs 3.0 mm",)
    assert corners.bottom_left == ("WW 400  WL 40", f"axial {pane.slice_index + 1}/{pane.n_slices}")
    assert corners.bottom_right == ("tilt 13°",)
    assert tuple(letters) == ("R", "L", "A", "P")
    pane.set_plane(Plane.SAGITTAL)
    assert pane.overlay.picture.corners.bottom_left[1].startswith("sagittal reformat ")


def test_a_pane_without_a_volume_says_why(window):
    pane = window.post
    pane.show_volume(chiral_volume(acquisition("axial")), caption="phantom")

    pane.clear("No follow-up scan.\nImport one on the worklist.")

    assert pane.view is None
    assert pane.n_slices == 0
    assert pane.value_at(MIDDLE_MM) is None
    assert pane.overlay.picture.message.startswith("No follow-up scan")
    assert window.picture_of(pane).any()
    window.wheel(pane, -2)
    window.mouse(pane, "move", (20, 20), "none")
    pane.step(1)
