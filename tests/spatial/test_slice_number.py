"""Slices are counted as readers do, whatever the order in the file."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gist_imaging.spatial import Geometry, slice_number

SPACING_MM = (3.3, 0.7, 0.9)
TURN = np.radians(17.0)


def grid(order: tuple[int, int, int], flips: tuple[int, int, int]) -> Geometry:
    """Return a grid whose array axes run along patient axes `order`, some backwards, all of it tilted."""
    tilt = np.array(
        [[1, 0, 0], [0, np.cos(TURN), -np.sin(TURN)], [0, np.sin(TURN), np.cos(TURN)]], dtype=float
    )
    axes = np.eye(3)[:, list(order)] * np.array(flips)
    affine = np.eye(4)
    affine[:3, :3] = tilt @ axes * np.array(SPACING_MM)
    affine[:3, 3] = (-31.0, 57.0, -612.0)
    return Geometry((9, 11, 13), affine, None)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=3)))
def test_axial_slices_count_from_the_head_coronal_from_the_front_sagittal_from_the_right(order, flips):
    geometry = grid(order, flips)

    for axis, (patient, sign) in {
        order.index(2): (2, -1),
        order.index(1): (1, 1),
        order.index(0): (0, 1),
    }.items():
        n = geometry.shape[axis]
        centres = np.zeros((n, 3))
        centres[:, axis] = np.arange(n)
        along = geometry.to_patient(centres)[:, patient] * sign
        expected = np.argsort(np.argsort(along)) + 1
        assert [slice_number(geometry, axis, index) for index in range(n)] == expected.tolist()
