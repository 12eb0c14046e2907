"""A line between clicks clings to the edge of what is outlined."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import oblique_geometry

from gist_imaging.errors import PromptError
from gist_imaging.segment.between_slices import mask_between_outlines
from gist_imaging.segment.live_wire import live_wire
from gist_imaging.segment.prompts import Prompt
from gist_imaging.spatial import Geometry, Volume

RADIUS_MM = 16.0


def cylinder(geometry: Geometry, axis: int) -> Volume:
    """A round rod along one array axis, through the middle of the other two, with noise."""
    flat = [one for one in range(3) if one != axis]
    indices = np.indices(geometry.shape)
    middle_mm = [(indices[one] - (geometry.shape[one] - 1) / 2) * geometry.spacing_mm[one] for one in flat]
    inside = np.hypot(*middle_mm) <= RADIUS_MM
    noise = np.random.default_rng(5).normal(0, 6, geometry.shape)
    return Volume((80.0 * inside + noise).astype(np.float32), geometry)


def on_the_rim(geometry: Geometry, axis: int, at: int, angles_deg: tuple[float, ...]) -> np.ndarray:
    flat = [one for one in range(3) if one != axis]
    indices = np.empty((len(angles_deg), 3))
    indices[:, axis] = at
    for one, way in zip(flat, (np.cos, np.sin), strict=True):
        middle = (geometry.shape[one] - 1) / 2
        indices[:, one] = middle + RADIUS_MM * way(np.radians(angles_deg)) / geometry.spacing_mm[one]
    return geometry.to_patient(indices)


def off_the_rim_mm(geometry: Geometry, axis: int, points_mm: np.ndarray) -> np.ndarray:
    flat = [one for one in range(3) if one != axis]
    centred = geometry.to_index(points_mm) - (np.array(geometry.shape) - 1) / 2
    return np.abs(np.linalg.norm((centred * geometry.spacing_mm)[:, flat], axis=1) - RADIUS_MM)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("spacing_mm", [(1.5, 0.7, 0.9), (0.8, 1.4, 0.6)])
def test_the_line_follows_a_round_edge_on_any_slice(
    axis: int, spacing_mm: tuple[float, float, float]
) -> None:
    shape = tuple(9 if one == axis else int(60 / spacing_mm[one]) for one in range(3))
    geometry = oblique_geometry(shape, spacing_mm, flips=(1, -1, 1))  # type: ignore[arg-type]
    clicks = on_the_rim(geometry, axis, 4, (10.0, 130.0, 250.0))

    line = live_wire(cylinder(geometry, axis), clicks, slice_axis=axis, closed=True)  # type: ignore[arg-type]

    along = geometry.to_index(line)[:, axis]
    np.testing.assert_allclose(along, 4.0, atol=1e-6)
    pixel = max(spacing for one, spacing in enumerate(spacing_mm) if one != axis)
    assert off_the_rim_mm(geometry, axis, line).max() <= 1.5 * pixel
    steps = np.abs(np.diff(geometry.to_index(line), axis=0)).max(axis=1)
    np.testing.assert_allclose(steps, 1.0, atol=1e-6)


def test_a_closed_line_is_an_outline_that_can_be_filled() -> None:
    geometry = oblique_geometry((9, 80, 66))
    volume = cylinder(geometry, 0)
    outlines = [
        Prompt(
            "outline", live_wire(volume, on_the_rim(geometry, 0, k, (0.0, 100.0, 230.0)), closed=True), True
        )
        for k in (1, 7)
    ]

    mask = mask_between_outlines(volume, outlines)

    truth_mm3 = np.pi * RADIUS_MM**2 * 7 * geometry.spacing_mm[0]
    assert mask.n_voxels * geometry.voxel_volume_mm3 == pytest.approx(truth_mm3, rel=0.06)


def test_a_slice_without_edges_gives_the_shortest_line() -> None:
    geometry = oblique_geometry((3, 40, 40))
    clicks = geometry.to_patient([[1, 5, 8], [1, 30, 8]])

    line = live_wire(Volume(np.full((3, 40, 40), 7, np.int16), geometry), clicks)

    np.testing.assert_allclose(line, geometry.to_patient([[1, j, 8] for j in range(5, 31)]), atol=1e-9)


def test_lost_voxels_do_not_stop_the_line() -> None:
    geometry = oblique_geometry((3, 40, 40))
    clicks = geometry.to_patient([[1, 5, 8], [1, 30, 8]])

    line = live_wire(Volume(np.full((3, 40, 40), np.nan, np.float32), geometry), clicks)

    assert len(line) == 26


@pytest.mark.parametrize(
    ("indices", "found"),
    [
        ([[1, 5, 5]], "shape"),
        ([[1, 5, 5], [1, 9, np.nan]], "not"),
        ([[0, 5, 5], [2, 9, 9]], "slices 0 to 2"),
        ([[1, 5, 5], [1, 900, 9]], "outside"),
    ],
)
def test_clicks_that_cannot_be_joined_are_refused_with_advice(indices: list[list[float]], found: str) -> None:
    geometry = oblique_geometry((3, 40, 40))
    volume = Volume(np.zeros((3, 40, 40), np.int16), geometry)

    with pytest.raises(PromptError) as caught:
        live_wire(volume, geometry.to_patient(np.array(indices, dtype=float)))

    assert found in caught.value.found
    assert caught.value.advice
