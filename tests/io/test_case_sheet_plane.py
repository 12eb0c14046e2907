"""Planes of a case sheet: hung the same way whatever the grid, outlines where diameters are measured."""

from __future__ import annotations

import numpy as np
import pytest
from case_sheets import POST_GRID, PRE_GRID, image, lopsided
from hypothesis import given
from hypothesis import strategies as st
from strategies import geometries

from gist_imaging.io.case_sheet_plane import letters_of, planes_through
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.measure.outline import contour_segments
from gist_imaging.spatial import Mask, Volume

STEPS = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}


@given(geometries(), st.integers(0, 2))
def test_a_step_towards_a_letter_moves_the_point_to_that_side(geometry, which):
    nothing = np.zeros(geometry.shape)
    volume = Volume(nothing.astype(np.int16), geometry, series_uid="1.2.3")
    middle = geometry.to_patient((np.array(geometry.shape) - 1) / 2)
    plane = planes_through(volume, Mask(nothing.astype(bool), geometry), middle)[which]

    left, right, top, bottom = plane.letters
    start = plane.to_picture(middle[None])[0]
    for letter, side in ((left, (-1, 0)), (right, (1, 0)), (top, (0, -1)), (bottom, (0, 1))):
        moved = plane.to_picture((middle + 10.0 * np.array(STEPS[letter[0]]))[None])[0] - start
        assert moved @ side > 5.0


def test_the_patients_right_is_on_the_left_side_and_the_head_is_up():
    for grid in (PRE_GRID, POST_GRID):
        axial, coronal, sagittal = planes_through(
            image(grid), lopsided(grid, 7.0), grid.to_patient((5, 20, 25))
        )

        assert [plane.name for plane in (axial, coronal, sagittal)] == ["axial", "coronal", "sagittal"]
        assert axial.letters[0].startswith("R")
        assert axial.letters[2].startswith("A")
        assert coronal.letters[0].startswith("R")
        assert coronal.letters[2].startswith("S")
        assert sagittal.letters[0].startswith("A")
        assert sagittal.letters[2].startswith("S")


def test_a_lean_of_twenty_degrees_brings_a_second_letter():
    def leaning(degrees):
        return letters_of((np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0))

    assert [leaning(degrees) for degrees in (19.9, 20.1, 69.9, 70.1)] == ["L", "LP", "PL", "P"]


@pytest.mark.parametrize("grid", [PRE_GRID, POST_GRID], ids=["oblique", "flipped"])
def test_outlines_are_the_contour_that_diameters_are_measured_on(grid):
    mask = lopsided(grid, 7.0)
    measured = measure_lesion(image(grid), mask)
    ends = np.array(measured.end_points_mm["longest_axial_diameter_mm"])
    plane = planes_through(image(grid), mask, ends.mean(axis=0), measured.ld_slice)[0]

    steps = np.unique(contour_segments(mask.voxels[measured.ld_slice]).reshape(-1, 2), axis=0)
    vertices = grid.to_patient(np.column_stack([np.full(len(steps), measured.ld_slice), steps / 2.0]))
    wanted = plane.to_picture(vertices)
    found = np.unique(np.concatenate(plane.outlines()).round(6), axis=0)
    assert len(found) == len(wanted)
    apart = np.linalg.norm(wanted[:, None] - found[None], axis=-1)
    assert apart.min(axis=1).max() < 1e-5


@pytest.mark.parametrize("name", ["longest_axial_diameter_mm", "short_axis_mm"])
@pytest.mark.parametrize("grid", [PRE_GRID, POST_GRID], ids=["oblique", "flipped"])
def test_a_caliper_is_as_long_in_the_picture_as_it_measures(grid, name):
    mask = lopsided(grid, 7.0)
    measured = measure_lesion(image(grid), mask)
    ends = np.array(measured.end_points_mm[name])
    plane = planes_through(image(grid), mask, ends.mean(axis=0), measured.ld_slice)[0]

    drawn = plane.to_picture(ends)
    assert plane.lies_on(ends).all()
    assert np.linalg.norm(drawn[1] - drawn[0]) == pytest.approx(getattr(measured, name), abs=1e-6)


def test_the_value_of_a_pixel_is_that_of_its_place_in_the_patient():
    rng = np.random.default_rng(5)
    volume = Volume(rng.integers(0, 900, POST_GRID.shape).astype(np.int16), POST_GRID)
    mask = lopsided(POST_GRID, 7.0)

    for plane in planes_through(volume, mask, POST_GRID.to_patient((5, 20, 25))):
        index = np.array([3, 4, 7])
        index[plane.order[0]] = plane.at
        across, down = plane.to_picture(POST_GRID.to_patient(index)[None])[0]
        row, column = int(down // plane.spacing_mm[0]), int(across // plane.spacing_mm[1])
        assert plane.values[row, column] == volume.voxels[tuple(index)]
        assert plane.inside[row, column] == mask.voxels[tuple(index)]


def test_reformats_go_through_the_mask_even_where_the_point_does_not():
    mask = lopsided(PRE_GRID, 7.0)
    far = PRE_GRID.to_patient((0, 0, 0))

    assert all(plane.inside.any() for plane in planes_through(image(PRE_GRID), mask, far))
