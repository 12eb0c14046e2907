"""The formulas of the tumour, against brute force and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom import TumourShape

_TURNED = TumourShape((20.0, -5.0, 11.0), (31.0, 24.0, 18.0), (10.0, -16.0, 38.0))


def _surface(shape: TumourShape, n: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(1)
    ball = rng.standard_normal((n, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    turn = Rotation.from_euler("xyz", shape.turn_deg, degrees=True)
    return turn.apply(ball * shape.semi_axes_mm) + shape.centre_mm


def test_the_volume_is_four_thirds_pi_abc():
    assert _TURNED.volume_mm3 == pytest.approx(4 / 3 * np.pi * 31 * 24 * 18)


def test_the_extent_along_a_direction_is_that_of_its_surface():
    direction = np.array([0.3, -0.5, 0.81])
    heights = _surface(_TURNED, 200_000) @ direction / np.linalg.norm(direction)

    assert _TURNED.length_along(direction) == pytest.approx(np.ptp(heights), abs=0.05)


def test_points_on_the_surface_are_at_distance_zero():
    np.testing.assert_allclose(_TURNED.distance(_surface(_TURNED)), 0.0, atol=1e-9)


def test_just_outside_the_surface_the_distance_is_that_to_the_surface():
    points = np.asarray(_TURNED.centre_mm) + 1.01 * (_surface(_TURNED) - _TURNED.centre_mm)
    dense = _surface(_TURNED, 100_000)
    nearest = np.array([np.linalg.norm(dense - point, axis=1).min() for point in points[:40]])

    np.testing.assert_allclose(_TURNED.distance(points[:40]), nearest, atol=0.25)


@pytest.mark.parametrize("offset_mm", [0.0, 7.5, -11.0])
def test_a_section_lies_in_its_plane_and_on_the_surface(offset_mm):
    normal = np.array([0.1, -0.42, 0.9]) / np.linalg.norm([0.1, -0.42, 0.9])
    outline = _TURNED.section(normal, offset_mm).outline()

    np.testing.assert_allclose((outline - _TURNED.centre_mm) @ normal, offset_mm, atol=1e-9)
    np.testing.assert_allclose(_TURNED.distance(outline), 0.0, atol=1e-9)


def test_the_longest_diameter_of_a_section_is_the_widest_pair_on_its_outline():
    section = _TURNED.section((0.0, -0.42, 0.9), 5.0)

    assert section.longest_diameter_mm == pytest.approx(pdist(section.outline(720)).max(), abs=0.01)
    assert section.short_axis_mm <= section.longest_diameter_mm
    assert section.long_half @ section.short_half == pytest.approx(0.0, abs=1e-9)


def test_the_section_through_the_centre_is_the_largest():
    normal = (0.2, 0.3, 1.0)
    central = _TURNED.central_section(normal).longest_diameter_mm

    assert _TURNED.section(normal, 3.0).longest_diameter_mm < central
    assert _TURNED.section(normal, 0.0).longest_diameter_mm == pytest.approx(central)


def test_a_plane_that_misses_the_tumour_cuts_nothing():
    assert _TURNED.section((0.0, 0.0, 1.0), 40.0) is None


def test_a_necrotic_core_lowers_the_mean_by_its_volume():
    shape = TumourShape((0, 0, 0), (20, 15, 10), core_fraction=0.5)

    assert shape.necrotic_fraction == 0.125
    assert shape.mean_hu == pytest.approx(0.875 * 76.0 + 0.125 * 18.0)


def test_a_tumour_without_size_is_refused_with_advice():
    with pytest.raises(GistImagingError, match="leave the tumour out"):
        TumourShape((0, 0, 0), (20, 15, 0))
