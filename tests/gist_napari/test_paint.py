"""What is drawn over an image: where it belongs, and legible on black and on white."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from chiral_phantom import BALLS, MIDDLE_MM, RADIUS_MM, acquisition, chiral_volume
from pane_window import TwoPanes, two_panes

from gist_imaging.spatial import Mask, Volume
from gist_napari.layers import DisplayGrid
from gist_napari.paint import near_slice
from gist_napari.pens import TEXT, text_size
from gist_napari.planes import Plane, PlaneMap
from gist_napari.scene import STYLES, LineDrawing, MaskDrawing, PointDrawing, Scene
from gist_napari.window_level import Window


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Return the contrast ratio of two sRGB colours after WCAG 2.2."""

    def luminance(colour: np.ndarray) -> float:
        share = np.asarray(colour, dtype=float) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def is_colour(picture: np.ndarray, colour: str, within: int = 12) -> np.ndarray:
    return (np.abs(picture.astype(int) - rgb(colour)) <= within).all(axis=2)


# Pure: what of a line lies on a slice


def slice_view() -> PlaneMap:
    grid = DisplayGrid(acquisition("axial", oblique=True))
    return PlaneMap(grid, Plane.AXIAL, 15, (0.0, 0.0), 2.0, (400.0, 300.0))


def at(view: PlaneMap, height_mm: float, x: float = 100.0) -> np.ndarray:
    """Return a position over the canvas position (x, 100), that far from the slice."""
    return view.to_patient((x, 100.0)) + height_mm * view.normal


def test_a_line_is_cut_where_it_leaves_the_slice():
    view = slice_view()
    line = np.array([at(view, -10.0), at(view, 10.0)])

    (piece,) = near_slice(line, view)

    # Half a slice of 3.4 mm to each side.
    np.testing.assert_allclose(np.sort(view.height_mm(piece)), (-1.7, 1.7), atol=0.01)


def test_a_line_on_the_slice_is_whole_and_one_beside_it_is_not_there():
    view = slice_view()

    (whole,) = near_slice(np.array([at(view, 0.5), at(view, -1.0, 200.0)]), view)

    assert len(whole) == 2
    assert near_slice(np.array([at(view, 4.0), at(view, 9.0, 200.0)]), view) == []
    assert near_slice(np.zeros((0, 3)), view) == []


def test_a_line_that_comes_back_is_in_two_pieces():
    view = slice_view()
    line = np.array([at(view, 0.0), at(view, 5.0, 150.0), at(view, 0.0, 200.0)])

    pieces = near_slice(line, view)

    assert [len(piece) for piece in pieces] == [2, 2]
    # Closed, the second piece goes on to where the first began.
    assert [len(piece) for piece in near_slice(line, view, closed=True)] == [2, 3]


def test_one_point_is_there_on_its_own_slice_only():
    view = slice_view()

    assert len(near_slice(at(view, 1.69)[None], view)) == 1
    assert near_slice(at(view, 1.71)[None], view) == []


# On the screen


@pytest.fixture(scope="module")
def window() -> Iterator[TwoPanes]:
    with two_panes() as opened:
        yield opened


def show(window: TwoPanes, level: int | None, tag: str = "pre") -> object:
    """Show an even image: black (0), white (255), or the phantom."""
    pane = getattr(window, tag)
    geometry = acquisition("axial", half=60)
    if level is None:
        volume = chiral_volume(geometry)
    else:
        volume = Volume(np.full(geometry.shape, level, dtype=np.int16), geometry)
    pane.show_volume(volume, caption="T2 ax")
    pane.set_window(Window.between(0, 255))
    # The image reaches beyond all four edges, so that letters stand on it.
    pane.set_px_per_mm(6.0)
    pane.go_to(MIDDLE_MM)
    return pane


@pytest.mark.gui
@pytest.mark.parametrize("level", [0, 128, 192, 255], ids=["black", "grey", "light grey", "white"])
def test_letters_are_legible_on_any_grey(window, level):
    pane = show(window, level)
    picture = window.picture_of(pane)
    height, width = picture.shape[:2]
    letter_width, letter_height = (round(extent) for extent in text_size("R", 18, bold=True))
    half = letter_height // 2
    places = {
        "R": picture[height // 2 - half : height // 2 + half, 4 : 8 + letter_width],
        "L": picture[height // 2 - half : height // 2 + half, width - 8 - letter_width : width - 4],
        "A": picture[: letter_height + 4, width // 2 - letter_width : width // 2 + letter_width],
        "P": picture[height - letter_height - 4 :, width // 2 - letter_width : width // 2 + letter_width],
    }

    assert letter_height >= 18
    for name, part in places.items():
        written = is_colour(part, TEXT)
        assert written.sum() > 20, f"{name} is not written"
        pixels = part.reshape(-1, 3)
        darkest = pixels[pixels.sum(axis=1).argmin()]
        # The letter itself against its own rim: AAA for text is 7 : 1.
        assert contrast(rgb(TEXT), darkest) >= 7, name
        # Whatever lies behind, one of the two stands out from it.
        behind = np.full(3, level)
        assert max(contrast(rgb(TEXT), behind), contrast(darkest, behind)) >= 4.5, name


@pytest.mark.gui
@pytest.mark.parametrize("style", ["tumour", "levator", "wall", "sphincter"])
@pytest.mark.parametrize("level", [0, 128, 255], ids=["black", "grey", "white"])
def test_a_contour_has_a_dark_casing_on_both_sides(window, style, level):
    pane = show(window, level)
    mask = ball_mask(pane)
    pane.set_scene(Scene((MaskDrawing(mask, style, filled=False),)))

    picture = window.picture_of(pane)

    # Along the row through the middle, to the right: casing, line, casing.
    x, y = pane.to_canvas(MIDDLE_MM)
    row = picture[round(y), round(x) : round(x) + round(2 * RADIUS_MM * 6.0)]
    on_line = np.flatnonzero(is_colour(row[None], STYLES[style], 40)[0])
    assert on_line.size >= 1
    before, after = row[on_line[0] - 3 : on_line[0]], row[on_line[-1] + 1 : on_line[-1] + 4]
    for side in (before, after):
        darkest = side[side.sum(axis=1).argmin()]
        assert contrast(rgb(STYLES[style]), darkest) >= 3
    # The line lies on the edge of the ball, within a voxel.
    assert abs(on_line.mean() / 6.0 - RADIUS_MM) < 1.9


def ball_mask(pane: object) -> Mask:
    geometry = pane.volume.geometry  # type: ignore[attr-defined]
    points = geometry.to_patient(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return Mask(np.linalg.norm(points - MIDDLE_MM, axis=-1) <= RADIUS_MM, geometry)


@pytest.mark.gui
def test_filled_dashed_and_hatched_are_told_apart_without_colour(window):
    pane = show(window, 128)
    mask = ball_mask(pane)
    x, y = (round(value) for value in pane.to_canvas(MIDDLE_MM))
    # Greys inside the ball, and along its outline.
    inside = (slice(y - 25, y + 25), slice(x - 25, x + 25))

    seen = {}
    for name, drawing in {
        "accepted": MaskDrawing(mask),
        "later": MaskDrawing(mask, dashed=True, filled=False),
        "proposal": MaskDrawing(mask, "proposal", hatched=True),
    }.items():
        pane.set_scene(Scene((drawing,)))
        grey = window.picture_of(pane).astype(float) @ (0.299, 0.587, 0.114)
        seen[name] = grey[inside]

    assert np.ptp(seen["accepted"]) < 2
    assert abs(seen["accepted"].mean() - 128) > 4
    assert np.ptp(seen["later"]) < 2
    assert seen["later"].mean() == pytest.approx(128, abs=1)
    assert np.ptp(seen["proposal"]) > 60


@pytest.mark.gui
def test_the_filling_is_30_percent_of_the_colour(window):
    pane = show(window, 100)
    pane.set_scene(Scene((MaskDrawing(ball_mask(pane)),)))
    x, y = (round(value) for value in pane.to_canvas(MIDDLE_MM))

    pixel = window.picture_of(pane)[y, x]

    np.testing.assert_allclose(pixel, 0.7 * 100 + 0.3 * rgb(STYLES["tumour"]), atol=2)


@pytest.mark.gui
def test_dashes_leave_gaps_and_solid_lines_do_not(window):
    pane = show(window, 128)
    mask = ball_mask(pane)
    shares = []
    for dashed in (False, True):
        pane.set_scene(Scene((MaskDrawing(mask, dashed=dashed, filled=False),)))
        shares.append(is_colour(window.picture_of(pane), STYLES["tumour"], 40).sum())

    assert 0.3 * shares[0] < shares[1] < 0.8 * shares[0]


@pytest.mark.gui
def test_a_caliper_ends_where_it_was_set(window):
    pane = show(window, None)
    ends = MIDDLE_MM + np.array([BALLS["R"][0], BALLS["L"][0]])
    pane.set_scene(Scene(lines=(LineDrawing(ends, "warning", handles=True, label="80.0 mm"),)))

    picture = window.picture_of(pane)

    for x, y in pane.to_canvas(ends):
        handle = picture[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2]
        assert is_colour(handle, TEXT).all()


@pytest.mark.gui
def test_a_landmark_is_drawn_on_its_own_slice_only(window):
    pane = show(window, 0)
    point = MIDDLE_MM + np.array((10.0, 5.0, 0.0))
    pane.set_scene(Scene(points=(PointDrawing(point, "levator", label="PR"),)))
    x, y = (round(value) for value in pane.to_canvas(point))

    here = is_colour(window.picture_of(pane), STYLES["levator"])[y - 2 : y + 3, x - 2 : x + 3].any()
    pane.step(1)
    beside = is_colour(window.picture_of(pane), STYLES["levator"]).any()

    assert here
    assert not beside


@pytest.mark.gui
def test_the_brush_is_as_large_as_it_says_and_follows_the_mouse(window):
    pane = show(window, 0, "post")
    pane.set_cursor(8.0, "POST · L1")

    window.mouse(pane, "move", (300, 250), "none")
    drawn = np.argwhere(is_colour(window.picture_of(pane), STYLES["tumour"], 60))
    pane.set_cursor(None)

    circle = drawn[np.abs(np.linalg.norm(drawn - (250, 300), axis=1) - 48) < 4]
    assert np.ptp(circle[:, 1]) == pytest.approx(2 * 8.0 * 6.0, abs=3)
    assert not is_colour(window.picture_of(pane), STYLES["tumour"], 60).any()


@pytest.mark.gui
def test_the_active_pane_is_framed(window):
    pane = show(window, 0)
    plain = window.picture_of(pane)

    pane.set_active(True)
    framed = window.picture_of(pane)
    pane.set_active(False)

    assert is_colour(framed, TEXT)[:, 1:3].any(axis=1).mean() > 0.95
    np.testing.assert_array_equal(window.picture_of(pane), plain)


@pytest.mark.gui
def test_the_scale_bar_is_as_long_as_it_says(window):
    pane = show(window, 0)
    height, width = pane.widget.height(), pane.widget.width()

    row = is_colour(window.picture_of(pane), TEXT, 60)[height - 8, width // 2 :]

    # At 6 px a millimetre a quarter of the picture holds 20 mm.
    assert np.ptp(np.flatnonzero(row)) == pytest.approx(20 * 6.0, abs=2)
