"""The family's levator ani against plain geometry: nearest points, closed surfaces and counting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from gist_imaging.phantom.family_drape import draped, gap_mm, resting_sheet, weighted_percentile
from gist_imaging.phantom.family_funnel import Funnel
from gist_imaging.phantom.family_sheet import LevatorPair
from gist_imaging.phantom.family_truth import volume_between_mm3
from gist_imaging.phantom.family_tumour import LobedTumour

_FUNNEL = Funnel(heights_mm=(-10.0, 28.0), half_widths_mm=(18.0, 49.0), bow_mm=6.0)
_REST = resting_sheet(_FUNNEL, 3.5, 0.2, (0.5, 0.5))
_TUMOUR = LobedTumour((15.0, 6.0, 22.0), (24.0, 18.0, 16.0), (10.0, 30.0, 20.0), lobe=0.1)


@pytest.fixture(scope="module")
def bent():
    return draped(_REST, _TUMOUR)


def _enclosed_mm3(sheet, n_u=160, n_v=90) -> float:
    """Volume between resting and displaced sheet: the closed surface of both grids and their rims."""
    u, v = np.meshgrid(np.linspace(0, 1, n_u), np.linspace(0, 1, n_v), indexing="ij")
    layers = [sheet.funnel.points(u, v), sheet.points(u, v)]
    pieces = []
    for grid, order in zip(layers, (1, -1), strict=True):
        a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
        pieces += [np.stack(each[::order], axis=-2).reshape(-1, 3, 3) for each in ((a, b, c), (a, c, d))]
    rest, moved = layers
    rims = [
        (rest[:, 0], moved[:, 0]),
        (rest[-1], moved[-1]),
        (rest[::-1, -1], moved[::-1, -1]),
        (rest[0, ::-1], moved[0, ::-1]),
    ]
    for low, high in rims:
        halves = ((low[:-1], high[:-1], high[1:]), (low[:-1], high[1:], low[1:]))
        pieces += [np.stack(each, axis=-2) for each in halves]
    corners = np.concatenate(pieces) - rest.mean(axis=(0, 1))
    return abs(float(np.einsum("nc,nc->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])))) / 6.0


def test_the_field_is_the_distance_to_the_nearest_resting_point(bent):
    moved = bent.parts((60, 40))
    resting = _REST.parts((700, 400)).points
    field = bent.displacement_mm(moved.u, moved.v)
    far = field > 1.0

    nearest = cKDTree(resting).query(moved.points[far])[0]

    assert far.sum() > 200
    assert field.max() > 5.0
    np.testing.assert_allclose(nearest, field[far], atol=0.02)


def test_the_displaced_volume_is_that_of_the_closed_surface_between_both_sheets(bent):
    assert volume_between_mm3(bent) > 1000.0
    assert volume_between_mm3(bent) == pytest.approx(_enclosed_mm3(bent), rel=0.005)


def test_a_sheet_pushed_evenly_outwards_has_the_volume_of_a_shell():
    even = replace(_REST, field_mm=np.full_like(_REST.field_mm, 2.0))
    inward = replace(_REST, field_mm=np.full_like(_REST.field_mm, -2.0))
    # Steiner's formula: the curvature terms of first order cancel between both ways.
    area = _REST.parts().weights.sum()

    assert volume_between_mm3(even) - volume_between_mm3(inward) == pytest.approx(4.0 * area, rel=0.002)


def test_the_draped_muscle_leaves_the_tumour_its_room(bent):
    assert gap_mm(_REST, _TUMOUR) < -5.0
    assert gap_mm(bent, _TUMOUR) == pytest.approx(0.0, abs=0.25)
    assert (bent.field_mm >= 0.0).all()
    for edge in (bent.field_mm[:, 0], bent.field_mm[:, -1], bent.field_mm[-1]):
        np.testing.assert_allclose(edge, 0.0, atol=1e-9)


def test_a_tumour_that_does_not_reach_the_muscle_moves_nothing():
    assert draped(_REST, _TUMOUR.moved((-20.0, 0.0, 25.0))) is _REST


def test_the_muscle_is_as_thick_as_it_says_on_every_normal(bent):
    rng = np.random.default_rng(2)
    u, v = rng.uniform(0.05, 0.9, 400), rng.uniform(0.1, 0.9, 400)
    half = bent.thickness(u, v)[:, None] / 2.0
    middle, normal = bent.points(u, v), bent.normals(u, v)

    assert bent.distance(middle + 0.95 * half * normal).max() < 0.0
    assert bent.distance(middle - 0.95 * half * normal).max() < 0.0
    assert bent.distance(middle + 1.05 * half * normal).min() > 0.0
    assert bent.distance(middle - 1.05 * half * normal).min() > 0.0
    np.testing.assert_allclose(bent.offset_mm(middle + 1.2 * normal), 1.2, atol=0.03)
    assert bent.thickness(0.5, 0.5) == pytest.approx(0.8 * 3.5, rel=0.01)


def test_the_bricks_of_the_muscle_add_up_to_what_a_lattice_counts(bent):
    step = 0.8
    points = bent.parts((24, 16)).points
    axes = [
        np.arange(low - 4, high + 4, step) for low, high in zip(points.min(0), points.max(0), strict=True)
    ]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    counted = float(((bent.distance(lattice) <= 0.0) & (lattice[:, 0] > 0.0)).sum()) * step**3

    assert bent.muscle_parts((120, 70, 8)).weights.sum() == pytest.approx(counted, rel=0.012)


def test_normals_lead_out_of_the_cavity_on_both_sides(bent):
    pair = LevatorPair(bent, replace(_REST, sign=-1.0))
    u, v = np.meshgrid(np.linspace(0.05, 0.95, 9), np.linspace(0.05, 0.95, 9), indexing="ij")

    for sheet in (pair.left, pair.right):
        rest = sheet.funnel.points(u, v) * (sheet.sign, 1, 1)
        out = rest + 3.0 * sheet.funnel.normals(u, v) * (sheet.sign, 1, 1)
        into = rest - 3.0 * sheet.funnel.normals(u, v) * (sheet.sign, 1, 1)
        assert (sheet.funnel.distance(out) > 0.0).all()
        assert (sheet.funnel.distance(into) < 0.0).all()
    assert (pair.left.normals(u, v)[..., 2] < 0.0).mean() > 0.9


def test_the_right_sheet_is_the_mirror_image_of_the_left():
    u, v = np.meshgrid(np.linspace(0, 1, 7), np.linspace(0, 1, 5), indexing="ij")

    np.testing.assert_array_equal(replace(_REST, sign=-1.0).points(u, v), _REST.points(u, v) * (-1, 1, 1))


def test_a_percentile_by_weight_is_that_of_repeated_values():
    values, times = np.array([3.0, 1.0, 7.0, 4.0]), np.array([40, 300, 10, 50])
    repeated = np.repeat(values, times)

    found = weighted_percentile(values, times.astype(float), 50.0)

    assert found == pytest.approx(np.percentile(repeated, 50.0), abs=0.6)
    assert weighted_percentile(values, np.ones(4), 100.0) == 7.0
