"""What one call answers: edge cases, reasons, and what travels with the numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from measure_shapes import blob, volume_on
from strategies import oblique_geometry

from gist_imaging import measure_lesion
from gist_imaging.errors import MaskError, MeasurementError
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.measure.region import slice_axis
from gist_imaging.problems import Code, Override, Problem
from gist_imaging.spatial import Geometry, Mask, Quantity, Volume

SPACING = (3.3, 0.7, 0.9)
DIAMETERS = (
    "longest_axial_diameter_mm",
    "short_axis_mm",
    "longest_3d_diameter_mm",
    "craniocaudal_length_mm",
)
MILLIMETRES = (*DIAMETERS, "volume_mm3", "mesh_volume_mm3", "surface_mm2", "largest_slice_area_mm2")
STATISTICS = ("mean", "sd", "median", "p10", "p90", "minimum", "maximum")


def mask_of(*voxels, grid=None):
    grid = grid or oblique_geometry()
    inside = np.zeros(grid.shape, dtype=bool)
    for voxel in voxels:
        inside[voxel] = True
    return Mask(inside, grid)


def test_one_voxel_has_the_sizes_of_its_octahedron():
    mask = mask_of((4, 11, 13))

    measured = measure_lesion(volume_on(mask.geometry, series_uid="1.2"), mask)

    k, j, i = SPACING
    assert measured.n_voxels == 1
    assert measured.volume_mm3 == pytest.approx(k * j * i)
    assert measured.mesh_volume_mm3 == pytest.approx(k * j * i / 6)
    assert measured.longest_axial_diameter_mm == pytest.approx(i)
    assert measured.short_axis_mm == pytest.approx(j)
    assert measured.longest_3d_diameter_mm == pytest.approx(k)
    assert measured.sd == 0.0
    assert measured.mean == measured.median == measured.p10 == measured.p90


def test_an_empty_mask_has_sizes_of_zero_and_no_intensities():
    mask = mask_of()

    measured = measure_lesion(volume_on(mask.geometry), mask)

    assert (measured.n_voxels, measured.n_components) == (0, 0)
    assert [getattr(measured, name) for name in MILLIMETRES] == [0.0] * len(MILLIMETRES)
    assert [getattr(measured, name) for name in (*STATISTICS, "mean_hu")] == [None] * 8
    assert measured.not_measured["mean"] == "empty_mask"
    assert measured.not_measured["ld_slice"] == "empty_mask"
    assert measured.end_points_mm == {}
    assert not measured.touches_image_edge


def test_one_slice_of_a_stack_has_a_volume():
    mask = mask_of((4, slice(5, 20), slice(6, 18)))

    measured = measure_lesion(volume_on(mask.geometry, series_uid="1.2"), mask)

    assert measured.volume_mm3 == pytest.approx(15 * 12 * np.prod(SPACING))
    assert measured.largest_slice_area_mm2 == pytest.approx(15 * 12 * 0.7 * 0.9)


@pytest.mark.parametrize("said", ["by the shape", "by a problem", "by an override"])
def test_an_image_of_one_slice_gives_diameters_and_area_but_no_volume(said):
    grid = oblique_geometry((1, 31, 27) if said == "by the shape" else (2, 31, 27))
    image = volume_on(grid, series_uid="1.2")
    if said == "by a problem":
        image = replace(image, problems=(Problem(Code.SINGLE_SLICE, "one slice"),))
    if said == "by an override":
        image = replace(image, overrides=(Override(Code.SINGLE_SLICE, "all there is"),))

    measured = measure_lesion(image, mask_of((0, slice(5, 20), slice(6, 18)), grid=grid))

    assert measured.longest_axial_diameter_mm == pytest.approx(np.hypot(15 * 0.7, 11 * 0.9), abs=0.6)
    assert measured.largest_slice_area_mm2 == pytest.approx(15 * 12 * 0.7 * 0.9)
    for name in ("volume_mm3", "mesh_volume_mm3", "surface_mm2", "longest_3d_diameter_mm"):
        assert getattr(measured, name) is None
        assert measured.not_measured[name] == "single_slice"
    assert measured.mean is not None


def test_a_single_slice_does_not_touch_the_edge_by_being_the_only_one():
    grid = oblique_geometry((1, 31, 27))

    measured = measure_lesion(volume_on(grid), mask_of((0, slice(5, 20), slice(6, 18)), grid=grid))

    assert not measured.touches_image_edge


def test_several_pieces_count_together_and_are_told():
    mask = mask_of((4, 5, 3), (4, 5, 20), (7, 20, 20))

    measured = measure_lesion(volume_on(mask.geometry, series_uid="1.2"), mask)

    assert measured.n_components == 3
    assert measured.longest_axial_diameter_mm == pytest.approx(18 * 0.9)
    assert measured.ld_slice == 4
    assert measured.short_axis_mm == pytest.approx(0.7)


def test_a_mask_at_the_border_is_told():
    mask = mask_of((0, 5, 5))

    measured = measure_lesion(volume_on(mask.geometry), mask)

    assert measured.touches_image_edge
    assert [problem.code for problem in measured.problems] == [Code.MASK_TOUCHES_EDGE]


def test_a_grid_that_is_not_physical_gives_counts_and_intensities_only():
    grid = replace(oblique_geometry(), physical=False)
    mask = mask_of((slice(2, 6), slice(5, 20), slice(6, 18)), grid=grid)

    measured = measure_lesion(volume_on(grid), mask)

    assert measured.n_voxels == 4 * 15 * 12
    assert measured.mean is not None
    for name in (*MILLIMETRES, "spacing_mm", "voxel_volume_mm3", "ld_slice"):
        assert getattr(measured, name) is None
        assert measured.not_measured[name] == "geometry_not_physical"
    assert measured.end_points_mm == {}
    assert measured.uncertainty == {}


@pytest.mark.parametrize("quantity", [Quantity.ARBITRARY, Quantity.ADC])
def test_only_hounsfield_units_give_a_mean_in_hounsfield_units(quantity):
    mask = mask_of((slice(2, 6), slice(5, 20), slice(6, 18)))

    measured = measure_lesion(volume_on(mask.geometry, quantity=quantity), mask)

    assert measured.mean is not None
    assert measured.mean_hu is None
    assert measured.not_measured["mean_hu"] == "quantity_not_hu"


def test_hounsfield_units_are_the_same_numbers_by_name():
    mask = mask_of((slice(2, 6), slice(5, 20), slice(6, 18)))

    measured = measure_lesion(volume_on(mask.geometry), mask)

    assert (measured.mean_hu, measured.sd_hu, measured.median_hu) == (
        measured.mean,
        measured.sd,
        measured.median,
    )


def test_other_series_on_the_grid_are_measured_too():
    mask = mask_of((slice(2, 6), slice(5, 20), slice(6, 18)))
    adc = Volume(np.full(mask.geometry.shape, 1.25), mask.geometry, Quantity.ADC, "9.9")

    measured = measure_lesion(volume_on(mask.geometry), mask, also=(adc,))

    (other,) = measured.also
    assert (other.mean, other.sd, other.quantity, other.series_uid) == (1.25, 0.0, "ADC", "9.9")


def test_a_mask_of_another_grid_is_refused_and_told_how_it_differs():
    mask = mask_of((4, 11, 13))
    elsewhere = oblique_geometry(origin_mm=(-63.0, 41.5, -318.2 + 5.0))

    with pytest.raises(MaskError, match=r"shifted by 5\.00 mm.*resample"):
        measure_lesion(volume_on(elsewhere), mask)


def test_another_series_of_another_grid_is_refused():
    mask = mask_of((4, 11, 13))

    with pytest.raises(MaskError, match="the other series"):
        measure_lesion(
            volume_on(mask.geometry), mask, also=(volume_on(oblique_geometry(spacing_mm=(3.3, 0.8, 0.9))),)
        )


def test_an_unknown_roi_is_refused_with_the_list():
    mask = mask_of((4, 11, 13))

    with pytest.raises(MeasurementError, match=r"whole, eroded_1mm, largest_slice.*'edge'"):
        measure_lesion(volume_on(mask.geometry), mask, hu_roi="edge")


def test_overrides_and_problems_travel_with_the_numbers():
    mask = mask_of((4, 11, 13))
    image = replace(
        volume_on(mask.geometry),
        problems=(Problem(Code.THICK_SLICES, "slices of 7 mm"),),
        overrides=(Override(Code.TILT, "the tilt is 0.1 degrees"),),
    )

    said = measure_lesion(image, mask).to_json()

    assert said["problems"] == [{"code": "THICK_SLICES", "message": "slices of 7 mm"}]
    assert said["overrides"] == [{"code": "TILT", "reason": "the tilt is 0.1 degrees"}]


def test_the_numbers_are_plain_json_by_name():
    voxels = blob(2)
    grid = oblique_geometry(voxels.shape)

    said = json.loads(
        json.dumps(measure_lesion(volume_on(grid, series_uid="1.2"), Mask(voxels, grid)).to_json())
    )

    assert set(said["end_points_mm"]) == set(DIAMETERS)
    assert all(np.shape(ends) == (2, 3) for ends in said["end_points_mm"].values())
    assert said["mean_hu"] == said["mean"]
    assert (said["ld_plane"], round(said["ld_tilt_deg"], 1)) == ("axial", 19.2)
    assert said["hu_roi"] == "whole"
    assert said["provenance"]["inputs"][0] == "1.2"
    assert set(said["uncertainty"]) <= set(said)


def test_inputs_are_never_changed():
    mask = mask_of((4, 11, 13))
    image = volume_on(mask.geometry)
    before = (image.sha256(), mask.sha256())

    measure_lesion(image, mask, hu_roi="eroded_1mm")

    assert (image.sha256(), mask.sha256()) == before


def test_a_measurement_that_contradicts_itself_cannot_be_made():
    mask = mask_of((4, 11, 13))
    measured = measure_lesion(volume_on(mask.geometry), mask)

    with pytest.raises(MeasurementError, match="no longer than"):
        replace(measured, short_axis_mm=99.0)
    with pytest.raises(MeasurementError, match="0 together"):
        replace(measured, volume_mm3=0.0)
    assert isinstance(measured, LesionMeasurement)


@pytest.mark.parametrize(
    ("spacing_mm", "axis"),
    [
        ((3.3, 0.7, 0.9), 0),
        ((0.7, 3.3, 0.9), 1),
        ((0.7, 0.9, 3.3), 2),
        ((0.5, 0.9, 0.9), 0),
        ((0.9, 0.9, 0.5), 2),
        ((0.9, 3.0, 0.9), 1),
    ],
)
def test_a_file_that_does_not_say_is_sliced_along_its_odd_spacing(spacing_mm, axis):
    grid = oblique_geometry(spacing_mm=spacing_mm)

    assert slice_axis(grid, from_dicom=False) == axis
    assert slice_axis(grid, from_dicom=True) == 0


def test_cubes_are_sliced_across_the_patients_long_axis():
    sagittal = Geometry((4, 5, 6), np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]))

    assert slice_axis(sagittal, from_dicom=False) == 1
