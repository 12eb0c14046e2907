"""Sizes against formulas, independent programs and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from measure_shapes import ball, blob, storage_orders, tilted, volume_on
from scipy.spatial.distance import cdist, pdist
from skimage.measure import find_contours, label, marching_cubes, mesh_surface_area
from strategies import oblique_geometry

from gist_imaging import measure_lesion
from gist_imaging.measure.diameter import craniocaudal_length, longest_3d_diameter, slice_diameters
from gist_imaging.measure.mesh import mesh_size
from gist_imaging.measure.region import lesion_region
from gist_imaging.spatial import Geometry, Mask

SEEDS = range(6)
SPACING = (3.3, 0.7, 0.9)
SIZES = (
    "volume_mm3",
    "mesh_volume_mm3",
    "surface_mm2",
    "longest_axial_diameter_mm",
    "short_axis_mm",
    "longest_3d_diameter_mm",
    "largest_slice_area_mm2",
)
STATISTICS = ("mean", "sd", "median", "p10", "p90", "minimum", "maximum")


def region_of(voxels, **grid):
    return lesion_region(Mask(voxels, oblique_geometry(voxels.shape, **grid)), from_dicom=True)


def contours_of(pixels):
    padded = np.pad(pixels, 1).astype(float)
    found = find_contours(padded, 0.5, fully_connected="high")
    return [(contour - 1) * SPACING[1:] for contour in found]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("smooth", [0.0, 0.7, 1.5])
def test_the_mesh_is_that_of_marching_cubes(seed, smooth):
    voxels = blob(seed, smooth=smooth)

    size = mesh_size(region_of(voxels))

    vertices, faces, _, _ = marching_cubes(np.pad(voxels, 1).astype(float), 0.5, spacing=SPACING)
    corners = vertices[faces].astype(float)
    assert size.volume_mm3 == pytest.approx(abs(np.linalg.det(corners).sum()) / 6, rel=1e-5)
    assert size.surface_mm2 == pytest.approx(mesh_surface_area(vertices, faces), rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_3d_diameter_is_that_of_all_pairs_of_mesh_vertices(seed):
    voxels = blob(seed)

    diameter = longest_3d_diameter(region_of(voxels))

    vertices, _, _, _ = marching_cubes(np.pad(voxels, 1).astype(float), 0.5)
    points = np.round(np.unique(vertices, axis=0) * 2) / 2 * SPACING
    assert diameter.length_mm == pytest.approx(pdist(points).max(), rel=0, abs=1e-9)
    assert np.linalg.norm(np.subtract(*diameter.end_points_mm)) == pytest.approx(diameter.length_mm, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_longest_diameter_is_that_of_all_pairs_on_the_contour_of_a_slice(seed):
    voxels = blob(seed)

    found = slice_diameters(region_of(voxels))

    by_slice = [
        pdist(np.concatenate(contours_of(pixels))).max() if pixels.any() else 0.0
        for pixels in voxels[voxels.any(axis=(1, 2))]
    ]
    assert found.longest.length_mm == pytest.approx(max(by_slice), rel=0, abs=1e-9)
    assert by_slice[found.slice_index] == pytest.approx(max(by_slice), abs=1e-9)


def longest_sampled_chord(contours, ends):
    """Chords at many offsets, by counting crossings: never longer than the longest one inside."""
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    normal = np.array([-along[1], along[0]])
    starts = np.concatenate([contour[:-1] for contour in contours])
    stops = np.concatenate([contour[1:] for contour in contours])
    corners = np.unique(np.concatenate([starts @ along, stops @ along]))
    longest = 0.0
    for at in np.concatenate([corners - 1e-5, corners + 1e-5, (corners[1:] + corners[:-1]) / 2]):
        low, high = starts @ along - at, stops @ along - at
        crossed = (low < 0) != (high < 0)
        part = low[crossed] / (low[crossed] - high[crossed])
        heights = np.sort((starts[crossed] @ normal) * (1 - part) + (stops[crossed] @ normal) * part).reshape(
            -1, 2
        )
        longest = max(longest, *(heights[:, 1] - heights[:, 0]), 0.0)
    return longest


@pytest.mark.parametrize("seed", range(12))
def test_the_short_axis_is_the_longest_perpendicular_that_stays_inside(seed):
    voxels = blob(seed, smooth=0.8)
    region = region_of(voxels)

    found = slice_diameters(region)

    grid = region.geometry
    ends = (grid.to_index(found.longest.end_points_mm)[:, 1:]) * SPACING[1:]
    oracle = longest_sampled_chord(contours_of(region.voxels[found.slice_index]), ends)
    assert found.short_axis.length_mm == pytest.approx(oracle, abs=1e-3)
    assert found.short_axis.length_mm >= oracle - 1e-4
    assert found.longest.direction @ found.short_axis.direction == pytest.approx(0.0, abs=1e-9)


def test_the_short_axis_is_one_segment_that_does_not_jump_a_gap():
    """Two bars side by side: a perpendicular across the gap would be 5 mm longer than the mask allows."""
    pixels = np.zeros((1, 9, 30), dtype=bool)
    pixels[0, 1:3, 2:28] = True
    pixels[0, 6:8, 10:20] = True
    grid = Geometry((3, 9, 30), np.diag([2.0, 1.0, 1.0, 1.0]))
    voxels = np.zeros(grid.shape, dtype=bool)
    voxels[1] = pixels[0]

    found = slice_diameters(lesion_region(Mask(voxels, grid), from_dicom=True))

    assert found.short_axis.length_mm < 3.0
    assert found.longest.length_mm == pytest.approx(np.hypot(26.0, 1.0))


@pytest.mark.parametrize("diameter_mm", [30.0, 47.0, 68.0])
@pytest.mark.parametrize("spacing_mm", [(3.0, 0.6, 0.6), (3.3, 0.7, 0.7), (1.0, 0.75, 0.75), (3.3, 0.7, 0.9)])
def test_a_ball_measures_what_the_formula_says(diameter_mm, spacing_mm):
    mask = ball(diameter_mm, spacing_mm)

    measured = measure_lesion(volume_on(mask.geometry, series_uid="1.2.3"), mask)

    truth = np.pi / 6 * diameter_mm**3
    pixel_mm = max(spacing_mm[1:])
    assert measured.volume_mm3 == pytest.approx(truth, rel=0.01)
    assert measured.mesh_volume_mm3 == pytest.approx(truth, rel=0.01)
    assert measured.longest_axial_diameter_mm == pytest.approx(diameter_mm, abs=pixel_mm)
    assert measured.short_axis_mm == pytest.approx(diameter_mm, abs=pixel_mm)
    assert measured.longest_3d_diameter_mm == pytest.approx(diameter_mm, abs=max(spacing_mm))
    assert abs(measured.volume_mm3 - truth) < measured.uncertainty["volume_mm3"]


def test_the_limits_for_thick_slices_and_small_lesions_hold():
    thick, small = ball(47.0, (5.0, 0.78, 0.78)), ball(15.0, (3.3, 0.7, 0.7))

    for mask, diameter_mm, within in ((thick, 47.0, 0.03), (small, 15.0, 0.10)):
        measured = measure_lesion(volume_on(mask.geometry, series_uid="1.2.3"), mask)

        assert measured.volume_mm3 == pytest.approx(np.pi / 6 * diameter_mm**3, rel=within)


@pytest.mark.parametrize("diameter_mm", [15.0, 30.0, 47.0])
def test_half_a_voxel_of_boundary_is_what_a_shifted_sphere_loses(diameter_mm):
    mask = ball(diameter_mm, (0.8, 0.8, 0.8))

    measured = measure_lesion(volume_on(mask.geometry), mask)

    shell = np.pi / 6 * ((diameter_mm + 0.8) ** 3 - (diameter_mm - 0.8) ** 3) / 2
    assert measured.uncertainty["volume_mm3"] == pytest.approx(shell, rel=0.12)
    assert measured.uncertainty["longest_3d_diameter_mm"] == pytest.approx(0.8)


def test_the_craniocaudal_length_of_a_turned_bar_follows_the_patient():
    voxels = np.zeros((5, 5, 25), dtype=bool)
    voxels[2, 2, 2:22] = True
    upright = Geometry.from_spacing(
        voxels.shape, (2.0, 2.0, 1.0), (5.0, -7.0, 11.0), np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    )

    standing = craniocaudal_length(lesion_region(Mask(voxels, upright), from_dicom=True))
    lying = craniocaudal_length(
        lesion_region(Mask(voxels, tilted(upright, (90.0, 0.0, 0.0))), from_dicom=True)
    )

    assert standing.length_mm == pytest.approx(20.0)
    assert standing.end_points_mm[1][2] - standing.end_points_mm[0][2] == pytest.approx(20.0)
    assert lying.length_mm == pytest.approx(2.0)


@pytest.mark.parametrize("angles_deg", [(0.0, 0.0, 0.0), (12.0, -31.0, 75.0), (-160.0, 40.0, 200.0)])
def test_axis_order_flips_and_tilt_change_no_number(angles_deg):
    voxels = blob(3)
    grid = oblique_geometry(voxels.shape)
    image = volume_on(grid)
    reference = measure_lesion(image, Mask(voxels, grid))
    moved = tilted(grid, angles_deg, shift_mm=31.0)
    upright = measure_lesion(volume_on(moved), Mask(voxels, moved))

    for (stored, there), (values, _) in zip(
        storage_orders(voxels, moved), storage_orders(image.voxels, moved), strict=True
    ):
        measured = measure_lesion(type(image)(values, there, image.quantity), Mask(stored, there))

        for name in (*SIZES, *STATISTICS):
            assert getattr(measured, name) == pytest.approx(getattr(reference, name), rel=1e-9), name
        assert measured.n_components == reference.n_components
        # The patient lies alike in every storage order: the height and the end points stay too.
        assert measured.craniocaudal_length_mm == pytest.approx(upright.craniocaudal_length_mm, rel=1e-9)
        for name, ends in upright.end_points_mm.items():
            np.testing.assert_allclose(measured.end_points_mm[name], ends, atol=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_flips_of_a_dicom_stack_change_no_number_though_its_slices_are_the_finest(seed):
    voxels = blob(seed)
    grid = oblique_geometry(voxels.shape, spacing_mm=(0.5, 0.9, 0.9))
    reference = measure_lesion(volume_on(grid, series_uid="1.2.3"), Mask(voxels, grid))

    for stored, there in storage_orders(voxels, grid):
        if there.spacing_mm[0] == pytest.approx(0.5):
            measured = measure_lesion(volume_on(there, series_uid="1.2.3"), Mask(stored, there))

            for name in SIZES:
                assert getattr(measured, name) == pytest.approx(getattr(reference, name), rel=1e-9)


def test_every_end_point_lies_on_the_outline_at_its_distance():
    voxels = blob(5)
    grid = oblique_geometry(voxels.shape)

    measured = measure_lesion(volume_on(grid, series_uid="1.2.3"), Mask(voxels, grid))

    for name, (one, other) in measured.end_points_mm.items():
        apart = np.subtract(other, one)
        length = abs(apart[2]) if name == "craniocaudal_length_mm" else np.linalg.norm(apart)
        assert length == pytest.approx(getattr(measured, name), abs=1e-9)
    for name in ("longest_axial_diameter_mm", "short_axis_mm"):
        slices = grid.to_index(measured.end_points_mm[name])[:, 0]
        np.testing.assert_allclose(slices, measured.ld_slice, atol=1e-9)


def test_pieces_are_counted_by_26_connectivity():
    voxels = blob(4, smooth=0.4)

    measured = measure_lesion(
        volume_on(oblique_geometry(voxels.shape)), Mask(voxels, oblique_geometry(voxels.shape))
    )

    assert measured.n_components == label(voxels, connectivity=3).max()


def test_the_3d_diameter_lies_within_half_a_voxel_at_each_end_of_simpleitk():
    mask = ball(30.0, SPACING)
    image = SimpleITK.GetImageFromArray(mask.voxels.astype(np.uint8))
    image.SetSpacing(SPACING[::-1])
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(image)

    ours = longest_3d_diameter(lesion_region(mask, from_dicom=True)).length_mm

    # SimpleITK measures between voxel centres of the border.
    assert shape.GetFeretDiameter(1) < ours <= shape.GetFeretDiameter(1) + np.linalg.norm(SPACING)
    centres = np.argwhere(mask.voxels) * SPACING
    hull = centres[:: max(1, len(centres) // 3000)]
    assert cdist(hull, hull).max() <= ours
