"""Two panes: always equally large, and together through the slices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from chiral_phantom import BALLS, MIDDLE_MM, acquisition, chiral_volume
from pane_window import TwoPanes, two_panes
from scipy.spatial.transform import Rotation

from gist_imaging.spatial import Geometry, Volume
from gist_imaging.spatial.register_transform import RigidTransform
from gist_napari.link import PaneLink
from gist_napari.planes import Plane
from gist_napari.window_level import Window

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        opened.link = PaneLink(opened.pre, opened.post)
        yield opened


@pytest.fixture
def link(window) -> PaneLink:
    """The same patient on two grids of one frame of reference, with other spacings and slice orders."""
    pre = chiral_volume(acquisition("axial"))
    post_grid = acquisition("axial", flips=(-1, 1, -1), half=37)
    window.pre.show_volume(pre, caption="pre")
    window.post.show_volume(chiral_volume(post_grid), caption="post")
    window.link.set_transform(None)
    window.link.set_enabled(True)
    window.link.set_plane(Plane.AXIAL)
    return window.link


def magnifications(window) -> tuple[float, float]:
    return window.pre.px_per_mm, window.post.px_per_mm


def smaller_fit(window) -> float:
    return min(window.pre.fit_px_per_mm(), window.post.fit_px_per_mm())


def registered_elsewhere(volume: Volume, turn_deg: float = 5.0) -> tuple[Volume, RigidTransform]:
    """Return the same patient in another frame of reference, and the registration to it."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix()
    matrix[:3, 3] = (31.0, -12.0, 210.0)
    geometry = Geometry(volume.geometry.shape, matrix @ volume.geometry.affine, "1.2.3.9")
    return Volume(volume.voxels, geometry), RigidTransform(matrix, volume.geometry.frame_uid, "1.2.3.9")


def test_both_panes_are_equally_large_after_twenty_random_resizes(window, link):
    generator = np.random.default_rng(11)

    for _ in range(20):
        window.window.resize(int(generator.integers(880, 1800)), int(generator.integers(560, 1100)))
        window.pump(0.05)

        pre, post = magnifications(window)
        assert pre == post == pytest.approx(smaller_fit(window))
    window.window.resize(1280, 800)
    window.pump(0.2)


def test_a_bar_of_50_mm_is_equally_long_in_both_pictures(window, link):
    for pane in (window.pre, window.post):
        pane.set_window(Window.between(0, 255))
        pane.go_to(MIDDLE_MM)
    # The distance between the balls at the right and at the left is 80 mm in the patient.
    lengths = []
    for pane in (window.pre, window.post):
        grey = window.picture_of(pane)[..., 0].astype(int)
        ends = [np.argwhere(np.abs(grey - BALLS[side][1]) <= 1).mean(axis=0) for side in "RL"]
        lengths.append(np.linalg.norm(ends[1] - ends[0]) / 80.0)

    assert lengths[0] == pytest.approx(lengths[1], rel=0.01)
    assert lengths[0] == pytest.approx(window.pre.px_per_mm, rel=0.01)


@pytest.mark.parametrize("plane", Plane)
def test_both_panes_are_equally_large_in_every_plane(window, link, plane):
    link.set_plane(plane)

    pre, post = magnifications(window)
    assert pre == post == pytest.approx(smaller_fit(window))


def test_both_panes_are_equally_large_when_one_alone_shows_another_plane_or_series(window, link):
    window.post.set_plane(Plane.SAGITTAL)
    assert magnifications(window)[0] == magnifications(window)[1] == pytest.approx(smaller_fit(window))

    window.pre.show_volume(chiral_volume(acquisition("coronal", half=60)), caption="larger")
    assert magnifications(window)[0] == magnifications(window)[1] == pytest.approx(smaller_fit(window))


def test_the_zoom_commands_of_napari_move_both_panes(window, link):
    camera = window.pre.model.scene.camera

    camera.zoom = 1.5 * camera.zoom
    assert magnifications(window)[0] == magnifications(window)[1] == pytest.approx(1.5 * smaller_fit(window))

    window.pre.model.reset_view()
    assert magnifications(window)[0] == magnifications(window)[1] == pytest.approx(smaller_fit(window))

    window.post.model.scene.camera.zoom = 7.0
    assert magnifications(window) == (7.0, 7.0)


def test_a_zoom_is_kept_through_a_resize(window, link):
    window.wheel(window.post, 4, "ctrl")
    share = window.post.px_per_mm / smaller_fit(window)

    window.window.resize(1500, 900)
    window.pump(0.1)

    assert magnifications(window)[0] == magnifications(window)[1]
    assert window.pre.px_per_mm / smaller_fit(window) == pytest.approx(share)
    window.window.resize(1280, 800)
    window.pump(0.1)


@pytest.mark.parametrize("plane", Plane)
def test_the_wheel_goes_through_both_scans_at_the_same_place(window, link, plane):
    link.set_plane(plane)
    window.pre.visit(MIDDLE_MM)
    start = window.pre.slice_index, window.post.slice_index

    window.wheel(window.pre, -5)
    thickness = window.post.view.thickness_mm
    assert abs(window.post.view.height_mm(window.pre.at_mm)) <= thickness / 2 + 1e-6
    assert window.pre.slice_index == start[0] + 5
    window.wheel(window.pre, 5)

    assert (window.pre.slice_index, window.post.slice_index) == start


def test_the_middle_follows_too(window, link):
    window.wheel(window.pre, 6, "ctrl")

    window.mouse(window.pre, "press", (300, 300), "middle")
    window.mouse(window.pre, "move", (390, 260), "middle")
    window.mouse(window.pre, "release", (390, 260), "middle")

    in_post = window.post.to_canvas(window.pre.at_mm)
    size = window.post.widget.width(), window.post.widget.height()
    np.testing.assert_allclose(in_post, np.divide(size, 2), atol=1e-6)


def test_alt_moves_one_pane_alone_and_says_by_how_much(window, link):
    window.pre.visit(MIDDLE_MM)
    before = window.pre.slice_index

    window.wheel(window.post, -2, "alt")

    assert window.pre.slice_index == before
    # Two slices of 3.4 mm.
    assert link.words == "linked by position, +6.8 mm"
    window.wheel(window.pre, -1)
    gone = window.post.view.height_mm(window.pre.at_mm)
    assert gone == pytest.approx(-6.8, abs=window.post.view.thickness_mm / 2)
    window.wheel(window.pre, -2, "alt")
    assert link.words == "linked by position"


def test_what_was_moved_while_the_link_was_off_stays_when_it_is_on_again(window, link):
    window.pre.visit(MIDDLE_MM)
    link.set_enabled(False)

    window.wheel(window.post, 1)
    link.set_enabled(True)

    assert link.words == "linked by position, −3.4 mm"
    assert window.post.view.height_mm(window.pre.at_mm) == pytest.approx(3.4, abs=0.1)


def test_planes_that_differ_by_more_than_15_degrees_are_not_linked(window, link):
    window.post.show_volume(chiral_volume(acquisition("sagittal")), caption="another plane")
    before = window.post.slice_index

    window.wheel(window.pre, -3)

    assert link.words == "not linked: the planes differ by 90°"
    assert window.post.slice_index == before
    assert magnifications(window)[0] == magnifications(window)[1]


def test_a_registration_carries_slices_middle_and_crosshair(window, link):
    post, transform = registered_elsewhere(window.pre.volume)
    window.post.show_volume(post, caption="registered")
    link.set_transform(transform, checked=True)
    at_mm = MIDDLE_MM + BALLS["S"][0]

    window.pre.visit(at_mm)
    window.mouse(window.pre, "move", window.pre.to_canvas(at_mm), "none")
    window.pump(0.1)

    assert link.words == "linked by registration"
    there = window.post.at_mm
    assert abs(window.post.view.height_mm(transform.apply(at_mm))) < 1.7
    np.testing.assert_allclose(there, transform.apply(window.pre.at_mm), atol=1.7)
    crosshair = window.post.overlay.picture.crosshair
    np.testing.assert_allclose(crosshair, window.post.to_canvas(transform.apply(at_mm)), atol=1.5)
    assert window.pre.overlay.picture.crosshair is None


def test_the_crosshair_stands_still_while_a_tool_draws(window, link):
    window.pre.tool_active = True
    first, further = (window.pre.to_canvas(np.add(MIDDLE_MM, (shift, 0.0, 0.0))) for shift in (0.0, 25.0))
    window.mouse(window.pre, "move", first, "none")
    window.pump(0.1)
    before = window.post.overlay.picture.crosshair

    window.mouse(window.pre, "press", first)
    window.mouse(window.pre, "move", further)
    window.pump(0.1)
    during = window.post.overlay.picture.crosshair
    window.mouse(window.pre, "release", further)
    window.mouse(window.pre, "move", further, "none")
    window.pump(0.1)
    after = window.post.overlay.picture.crosshair
    window.pre.tool_active = False

    assert before is not None
    assert during == before
    assert after[0] - before[0] == pytest.approx(25.0 * window.pre.px_per_mm, abs=2.0)


def test_blinking_puts_the_other_visit_at_the_same_place(window, link):
    post, transform = registered_elsewhere(window.pre.volume)
    window.post.show_volume(post, caption="registered")
    link.set_transform(transform, checked=True)
    window.pre.set_window(Window.between(0, 255))
    window.post.set_window(Window.between(0, 255))
    at_mm = MIDDLE_MM + BALLS["L"][0]
    window.pre.visit(at_mm)
    own = window.picture_of(window.pre)

    assert link.set_blink(window.pre, True)
    other = window.picture_of(window.pre)
    assert not link.set_blink(window.pre, False)

    for picture in (own, other):
        found = np.argwhere(np.abs(picture[..., 0].astype(int) - BALLS["L"][1]) <= 1).mean(axis=0)
        np.testing.assert_allclose(found[::-1], window.pre.to_canvas(at_mm), atol=2.0 * window.pre.px_per_mm)
    assert not np.array_equal(own, other)
    np.testing.assert_array_equal(window.picture_of(window.pre), own)


def test_blinking_goes_on_through_the_slices(window, link):
    assert link.set_blink(window.post, True)

    window.wheel(window.pre, -1)

    assert window.post.overlay.picture.over is not None
    assert "PRE" in window.post.overlay.picture.corners.top_left[0]
    link.set_blink(window.post, False)
    assert window.post.overlay.picture.over is None


def test_blinking_is_refused_with_the_reason(window, link):
    post, transform = registered_elsewhere(window.pre.volume)
    window.post.show_volume(post, caption="elsewhere")
    assert link.blink_refused.startswith("blink needs registered scans")
    assert not link.set_blink(window.pre, True)

    link.set_transform(transform)
    assert link.blink_refused.startswith("blink needs a checked registration")

    window.post.clear("no scan")
    assert link.blink_refused.startswith("blink needs both scans")


def test_one_scan_alone_is_no_error(window, link):
    window.post.clear("No follow-up scan.")

    window.wheel(window.pre, -2)
    window.wheel(window.pre, 2, "ctrl")
    window.pre.set_plane(Plane.CORONAL)
    window.window.resize(1200, 780)
    window.pump(0.1)

    assert window.pre.px_per_mm == pytest.approx(window.pre.fit_px_per_mm())
    assert link.words == "only one scan is shown"
    window.window.resize(1280, 800)
    window.pump(0.1)
