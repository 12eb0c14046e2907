"""The lobed tumour's formulas, against counting and against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom import TumourShape
from gist_imaging.phantom.family_drape import tumour_distance
from gist_imaging.phantom.family_tumour import LobedTumour, surface_of

_LOBED = LobedTumour(
    (11.0, -6.0, 4.0), (27.0, 19.0, 14.0), (10.0, -20.0, 33.0), lobe=0.17, lobe_turn_deg=(25.0, 40.0, -10.0)
)


def _counted_mm3(shape, distance, step_mm=0.75, reach_mm=34.0) -> float:
    """Volume by counting the points of a lattice."""
    axes = [np.arange(c - reach_mm, c + reach_mm, step_mm) for c in shape.centre_mm]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return float((distance(lattice) < 0.0).sum()) * step_mm**3


def test_the_volume_of_a_lobed_tumour_is_that_of_a_lattice():
    assert _counted_mm3(_LOBED, _LOBED.distance) == pytest.approx(_LOBED.volume_mm3, rel=0.002)
    assert _LOBED.volume_mm3 > 1.02 * 4 / 3 * np.pi * 27 * 19 * 14


def test_the_core_of_a_lobed_tumour_has_the_volume_that_its_fraction_says():
    cored = replace(_LOBED, core_fraction=0.6)

    assert _counted_mm3(cored, cored.core_distance, 0.5, 20.0) == pytest.approx(
        cored.necrotic_fraction * cored.volume_mm3, rel=0.003
    )


def test_points_on_the_surface_are_at_distance_zero_and_the_normals_lead_away():
    points, normals = surface_of(_LOBED, 900)
    step = 1e-4
    slope = [(_LOBED.distance(points + step * e) - _LOBED.distance(points - step * e)) for e in np.eye(3)]

    np.testing.assert_allclose(_LOBED.distance(points), 0.0, atol=1e-9)
    np.testing.assert_allclose(np.stack(slope, axis=1) / (2 * step), normals, atol=1e-6)


def test_beside_the_surface_the_distance_is_the_length_of_the_way_along_the_normal():
    points, normals = surface_of(_LOBED, 700)

    for way_mm in (-1.5, 0.0, 1.5, 6.0):
        # Within the hollows two ways from farther out may meet, so only points with one nearest place count.
        found = tumour_distance(_LOBED, points + way_mm * normals)
        assert np.abs(found - way_mm).max() < 0.03


def test_a_ball_touching_a_plane_has_the_contact_area_of_the_formula():
    ball = LobedTumour((3.0, -2.0, 30.5), (30.0, 30.0, 30.0))
    step = 0.1
    x, y = np.meshgrid(np.arange(-12, 18, step), np.arange(-17, 13, step), indexing="ij")
    plane = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)

    area = float((tumour_distance(ball, plane) <= 1.0).sum()) * step**2

    # pi ((R + tau)^2 - (R + gap)^2) with R 30, tau 1, gap 0.5
    assert area == pytest.approx(96.6, abs=2.0)


def test_without_lobes_it_is_the_ellipsoid():
    plain = LobedTumour(_LOBED.centre_mm, _LOBED.semi_axes_mm, _LOBED.turn_deg)
    ellipsoid = TumourShape(_LOBED.centre_mm, _LOBED.semi_axes_mm, _LOBED.turn_deg)
    points = np.random.default_rng(0).uniform(-40, 40, (500, 3))

    np.testing.assert_allclose(plain.distance(points), ellipsoid.distance(points), atol=1e-9)
    assert plain.volume_mm3 == pytest.approx(ellipsoid.volume_mm3)
    assert plain.longest_3d_diameter_mm == ellipsoid.longest_3d_diameter_mm
    assert plain.length_along((1, 2, 3)) == pytest.approx(ellipsoid.length_along((1, 2, 3)), rel=1e-3)


def test_the_longest_diameter_is_that_of_the_farthest_points():
    points = surface_of(_LOBED, 3000)[0]

    assert _LOBED.longest_3d_diameter_mm == pytest.approx(pdist(points).max(), abs=0.1)


def test_the_mirror_image_lies_where_mirrored_points_lie():
    points = np.random.default_rng(1).uniform(-40, 40, (500, 3))

    np.testing.assert_allclose(
        _LOBED.mirrored().distance(points * (-1, 1, 1)), _LOBED.distance(points), atol=1e-9
    )


def test_the_box_holds_the_surface():
    points = surface_of(_LOBED)[0] - _LOBED.centre_mm

    assert (np.abs(points).max(axis=0) <= _LOBED.half_box_mm).all()


def test_sections_of_a_lobed_tumour_are_refused_and_so_are_lobes_that_are_too_high():
    with pytest.raises(GistImagingError, match="without lobes"):
        _LOBED.central_section((0, 0, 1))
    with pytest.raises(GistImagingError, match="smaller lobe"):
        replace(_LOBED, lobe=0.3)
