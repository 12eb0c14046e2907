"""Letters at the edges of a picture, and the tilt in words."""

from __future__ import annotations

import numpy as np
import pytest
from chiral_phantom import acquisition, every_position
from scipy.spatial.transform import Rotation

from gist_imaging.spatial import Geometry
from gist_napari.layers import DisplayGrid
from gist_napari.orientation import (
    EdgeLetters,
    direction_letters,
    edge_letters,
    position_words,
    tilt_deg,
    tilt_text,
    turned_letters,
)
from gist_napari.planes import Plane

LETTERS = {
    Plane.AXIAL: EdgeLetters("R", "L", "A", "P"),
    Plane.CORONAL: EdgeLetters("R", "L", "S", "I"),
    Plane.SAGITTAL: EdgeLetters("A", "P", "S", "I"),
}


def turned_grid(axis: str, degrees: float) -> DisplayGrid:
    axes = Rotation.from_euler(axis, degrees, degrees=True).as_matrix() @ np.eye(3)[:, [2, 1, 0]]
    return DisplayGrid(Geometry.from_spacing((5, 6, 7), (3.0, 0.8, 0.9), (10.0, -20.0, 30.0), axes))


@pytest.mark.parametrize(("acquired", "flips", "oblique"), every_position())
@pytest.mark.parametrize("plane", Plane)
def test_the_main_letters_are_radiological_for_every_acquisition(acquired, flips, oblique, plane):
    letters = edge_letters(DisplayGrid(acquisition(acquired, flips=flips, oblique=oblique)), plane)

    assert tuple(text[0] for text in letters) == tuple(LETTERS[plane])


def test_a_straight_picture_has_single_letters():
    assert (
        edge_letters(DisplayGrid(acquisition("sagittal", flips=(-1, -1, 1))), Plane.AXIAL)
        == (LETTERS[Plane.AXIAL])
    )


def test_a_tilt_beyond_15_degrees_is_written_as_a_second_letter():
    # Turned about the left-right axis, head end towards the back: the top of an axial picture moves up.
    tilted = edge_letters(turned_grid("x", -25.0), Plane.AXIAL)

    assert tilted == EdgeLetters("R", "L", "AS", "PI")
    assert edge_letters(turned_grid("x", -14.0), Plane.AXIAL) == LETTERS[Plane.AXIAL]


@pytest.mark.parametrize(
    ("direction", "letters"),
    [((-1, 0, 0), "R"), ((0, 0, 5), "S"), ((0.5, -0.8, 0.0), "AL"), ((0.6, 0.58, 0.55), "LPS")],
)
def test_letters_name_the_side_that_a_direction_points_to(direction, letters):
    assert direction_letters(direction) == letters


@pytest.mark.parametrize("degrees", [0.7, 12.0, 26.0, 44.0])
def test_the_tilt_is_the_angle_that_the_slices_were_turned_by(degrees):
    assert tilt_deg(turned_grid("x", degrees), Plane.AXIAL) == pytest.approx(degrees)
    assert tilt_deg(turned_grid("x", degrees), Plane.CORONAL) == pytest.approx(degrees)
    assert tilt_deg(turned_grid("x", degrees), Plane.SAGITTAL) == pytest.approx(0.0, abs=1e-9)


def test_the_badge_says_tilt_or_turn_or_nothing():
    assert tilt_text(turned_grid("x", 12.0), Plane.AXIAL) == "tilt 12°"
    assert tilt_text(turned_grid("z", 9.0), Plane.AXIAL) == "turned 9°"
    assert tilt_text(turned_grid("z", 0.0), Plane.AXIAL) == ""


def test_a_position_is_written_with_the_letters_of_its_sides():
    assert position_words((-17.62, 35.3, -12.1)) == "R 17.6 P 35.3 I 12.1 mm"
    assert position_words((17.62, -35.3, 12.1)) == "L 17.6 A 35.3 S 12.1 mm"


def test_letters_of_a_3d_view_follow_the_camera():
    grid = DisplayGrid(acquisition("axial", flips=(-1, 1, -1)))

    # Away from the reader, and up, in the display world (S, P, L).
    assert turned_letters(grid, (0, 1, 0), (1, 0, 0)) == EdgeLetters("R", "L", "S", "I")
    assert turned_letters(grid, (0, -1, 0), (1, 0, 0)) == EdgeLetters("L", "R", "S", "I")
    assert turned_letters(grid, (0, 0, 1), (1, 0, 0)) == EdgeLetters("P", "A", "S", "I")
