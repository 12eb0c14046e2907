"""The truth of the phantom against its own voxels, measured by simple independent means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from strategies import oblique_geometry

from gist_imaging.phantom import (
    Appearance,
    PelvisPhantom,
    Scanner,
    TumourShape,
    ct_volume,
    expected_change,
    levator_mask,
    patient_truth,
    random_patient,
    sample_patients,
    t2_volume,
    truth,
    tumour_mask,
)
from gist_imaging.spatial import Geometry, Quantity

_VISITS = [
    pytest.param(visit, id=f"{patient.patient_id} {visit.label}")
    for patient in sample_patients()
    for visit in patient.visits
]
_TUMOUR = TumourShape((20.0, 20.0, 24.0), (24.0, 18.0, 21.0), (10.0, -16.0, 38.0))


def _in_plane_diameters(mask, geometry: Geometry) -> tuple[float, float]:
    """Farthest voxel corners within any one slice, and the extent of that slice at right angles to them."""
    best = (0.0, 0.0)
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        rows, columns = np.nonzero(mask[k])
        corners = [
            np.stack([np.full(rows.size, k), rows + dj, columns + di], 1)
            for dj in (-0.5, 0.5)
            for di in (-0.5, 0.5)
        ]
        points = geometry.to_patient(np.concatenate(corners))
        plane = np.stack([points @ geometry.axes[:, 1], points @ geometry.axes[:, 2]], 1)
        hull = plane[ConvexHull(plane).vertices]
        longest = pdist(hull).max()
        if longest > best[0]:
            gaps = hull[:, None] - hull[None]
            a, b = np.unravel_index(np.argmax((gaps**2).sum(-1)), gaps.shape[:2])
            along = gaps[a, b] / longest
            best = (longest, float(np.ptp(hull @ np.array([-along[1], along[0]]))))
    return best


@pytest.mark.parametrize("visit", _VISITS)
def test_the_masks_measure_what_the_formulas_say(visit):
    geometry = visit.scanner.grid(visit.phantom, "1.2.3")
    known = visit.truth(geometry)
    mask = tumour_mask(visit.phantom, geometry).voxels
    pixel_mm = visit.scanner.pixel_mm

    longest, short = _in_plane_diameters(mask, geometry)
    points = geometry.to_patient(np.argwhere(mask))
    height = np.ptp(points[:, 2])

    assert mask.sum() * geometry.voxel_volume_mm3 == pytest.approx(known["volume_mm3"], rel=0.01)
    # Between voxel corners a length is too long by up to a pixel's diagonal.
    assert longest - pixel_mm * 0.7 == pytest.approx(known["longest_axial_diameter_mm"], abs=pixel_mm)
    assert short - pixel_mm * 0.7 == pytest.approx(known["short_axis_mm"], abs=pixel_mm)
    hull = points[ConvexHull(points).vertices]
    # Between voxel centres a length is too short by up to a voxel at either end.
    slice_mm = visit.scanner.slice_mm
    assert pdist(hull).max() == pytest.approx(known["longest_3d_diameter_mm"], abs=slice_mm)
    assert height + slice_mm == pytest.approx(known["craniocaudal_length_mm"], abs=slice_mm)
    np.testing.assert_allclose(points.mean(axis=0), known["centre_mm"], atol=0.3)


@pytest.mark.parametrize("visit", [case for case in _VISITS if "SYN-002" not in case.id])
def test_the_mean_density_within_the_mask_is_the_truth_within_one_hu(visit):
    whole = visit.scanner.grid(visit.phantom, "1.2.3")
    inside = np.argwhere(tumour_mask(visit.phantom, whole).voxels)
    start = np.maximum(inside.min(axis=0) - 2, 0)
    shape = np.minimum(inside.max(axis=0) + 3, whole.shape) - start
    geometry = whole.crop(tuple(start.tolist()), tuple(shape.tolist()))
    mask = tumour_mask(visit.phantom, geometry).voxels

    mean = visit.volume(geometry).voxels[mask].mean()

    assert mask.sum() == len(inside)
    assert mean == pytest.approx(visit.truth(geometry)["mean_hu"], abs=1.0)


def test_a_noiseless_tumour_is_pure_up_to_its_rim_even_on_thick_oblique_slices():
    phantom = PelvisPhantom(_TUMOUR, (31.0, -120.0, 540.0), (4.0, -7.0, 12.0))
    geometry = _around(phantom, (14, 61, 55), (4.4, 1.1, 1.3))
    mask = tumour_mask(phantom, geometry).voxels

    volume = ct_volume(phantom, geometry, 0.0, np.random.default_rng(0))

    assert mask.sum() > 1000
    assert set(volume.voxels[mask].tolist()) == {76}
    assert volume.quantity is Quantity.HU


def test_the_truth_does_not_change_when_the_patient_is_moved_with_the_grid():
    still = PelvisPhantom(_TUMOUR)
    moved = replace(still, origin_mm=(31.0, -120.0, 540.0), turn_deg=(8.0, -7.0, 12.0))
    scanner = Scanner("MR", (90, 80), 20, 1.5, 4.0, 0.0)
    before = truth(still, scanner.grid(still, "1.2.3"), "MR")
    after = truth(moved, scanner.grid(moved, "1.2.3"), "MR")

    for name in ("volume_mm3", "longest_axial_diameter_mm", "short_axis_mm", "longest_3d_diameter_mm"):
        assert after[name] == pytest.approx(before[name])


def test_the_mr_grid_is_tilted_to_the_anal_canal_and_left_handed():
    phantom = PelvisPhantom(_TUMOUR)
    geometry = Scanner("MR", (90, 80), 20, 1.5, 4.0, 0.0).grid(phantom, "1.2.3")
    k, j, i = geometry.axes.T

    assert np.degrees(np.arccos(abs(k[2]))) == pytest.approx(24.7, abs=0.1)
    assert np.linalg.det(np.stack([i, j, k])) == pytest.approx(-1.0)


def _around(phantom: PelvisPhantom, shape, spacing_mm, centre_body=(2.0, 10.0, 14.0)) -> Geometry:
    turned = oblique_geometry(shape, spacing_mm)
    middle = turned.to_patient((np.asarray(shape) - 1) / 2)
    shift = phantom.to_patient(centre_body) - middle
    return Geometry.from_spacing(
        shape, spacing_mm, tuple(np.add(turned.origin_mm, shift)), turned.axes, "1.2.3"
    )


def test_the_levator_of_a_pelvis_without_tumour_is_its_own_mirror_image():
    phantom = PelvisPhantom(None)
    geometry = Scanner("CT", (80, 96), 16, 1.5, 3.0, 0.0).grid(phantom, "1.2.3")
    left = levator_mask(phantom, geometry, "L").voxels
    right = levator_mask(phantom, geometry, "R").voxels

    assert left.sum() * geometry.voxel_volume_mm3 > 15_000
    np.testing.assert_array_equal(left[..., ::-1], right)
    assert geometry.to_patient(np.argwhere(left))[:, 0].min() > 0
    assert geometry.to_patient(np.argwhere(right))[:, 0].max() < 0


def test_the_tumour_lies_on_one_side_and_pushes_that_levator_outwards():
    phantom = PelvisPhantom(_TUMOUR)
    geometry = Scanner("CT", (80, 96), 28, 1.5, 3.0, 0.0).grid(phantom, "1.2.3")
    tumour = geometry.to_patient(np.argwhere(tumour_mask(phantom, geometry).voxels))
    left, right = (levator_mask(phantom, geometry, side) for side in ("L", "R"))
    resting = levator_mask(replace(phantom, tumour=None), geometry, "L")
    moved = left.voxels & ~resting.voxels

    assert tumour[:, 0].mean() == pytest.approx(20.0, abs=0.3)
    assert moved.sum() > 100
    assert right.n_voxels == levator_mask(replace(phantom, tumour=None), geometry, "R").n_voxels
    assert not (left.voxels & tumour_mask(phantom, geometry).voxels).any()


def test_mr_noise_keeps_the_signal_positive_and_without_unit():
    phantom = PelvisPhantom(_TUMOUR)
    geometry = Scanner("MR", (40, 44), 5, 3.0, 12.0, 0.0).grid(phantom, "1.2.3")

    volume = t2_volume(phantom, geometry, 20.0, np.random.default_rng(3))

    assert volume.voxels.min() >= 0
    assert volume.quantity is Quantity.ARBITRARY
    assert truth(phantom, geometry, "MR")["mean_hu"] is None


def test_ct_noise_has_the_standard_deviation_that_was_asked_for():
    phantom = PelvisPhantom(replace(_TUMOUR, viable=Appearance(60.0, 2.5)))
    geometry = Scanner("CT", (120, 120), 6, 0.5, 4.0, 0.0).grid(phantom, "1.2.3")
    mask = tumour_mask(phantom, geometry).voxels

    volume = ct_volume(phantom, geometry, 15.0, np.random.default_rng(3))

    assert volume.voxels[mask].std() == pytest.approx(15.0, rel=0.05)


def test_the_sample_patients_cover_the_categories_that_they_promise():
    categories = {}
    for patient in sample_patients():
        grids = tuple(visit.scanner.grid(visit.phantom, "1.2.3") for visit in patient.visits)
        categories[patient.patient_id] = patient_truth(patient, grids)["change"]["expected"]

    assert categories == {
        "SYN-001": {"recist11": "PR", "choi": "PR", "volume_sphere_recist": "PR"},
        "SYN-002": {"recist11": "SD", "choi": "NE", "volume_sphere_recist": "PR"},
        "SYN-003": {"recist11": "SD", "choi": "PR", "volume_sphere_recist": "SD"},
    }


def _known(size_mm: float, volume_mm3: float, mean_hu: float | None) -> dict:
    return {"longest_axial_diameter_mm": size_mm, "volume_mm3": volume_mm3, "mean_hu": mean_hu}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((100.0, 164.6, 72.8), (70.0, 54.4, 72.8), ("PR", "PR", "PR")),
        ((100.0, 164.6, 72.8), (70.1, 57.0, 72.8), ("SD", "PR", "SD")),
        ((53.0, 54.4, 72.8), (60.0, 93.0, 66.0), ("SD", "PD", "SD")),
        ((53.0, 54.4, 72.8), (60.0, 94.1, 58.0), ("SD", "PR", "PD")),
        ((53.0, 54.4, 72.8), (53.0, 54.4, 62.0), ("SD", "SD", "SD")),
        ((20.0, 4.2, 72.8), (24.0, 7.0, 72.8), ("SD", "PD", "SD")),
        ((20.0, 4.2, None), (25.0, 8.2, None), ("PD", "NE", "PD")),
        ((20.0, 4.2, 72.8), (0.0, 0.0, None), ("CR", "CR", "CR")),
    ],
)
def test_expected_categories_follow_the_published_cut_offs(before, after, expected):
    found = expected_change(_known(*before), _known(*after))["expected"]

    assert (found["recist11"], found["choi"], found["volume_sphere_recist"]) == expected


def test_a_random_patient_depends_on_the_seed_alone_and_lies_inside_its_grid():
    sides = set()
    for seed in range(6):
        fine, coarse = random_patient(seed, "CT", 128, 40), random_patient(seed, "CT", 64, 20)
        assert fine.baseline.phantom == coarse.baseline.phantom
        visit = coarse.baseline
        mask = tumour_mask(visit.phantom, visit.scanner.grid(visit.phantom, "1.2.3")).voxels
        inside = mask[1:-1, 1:-1, 1:-1]
        assert inside.sum() == mask.sum() > 0
        sides.add(np.sign(visit.phantom.tumour.centre_mm[0]))

    assert sides == {-1.0, 1.0}


def test_after_complete_response_the_mask_is_empty_and_the_sizes_are_zero():
    phantom = PelvisPhantom(None)
    geometry = Scanner("CT", (40, 40), 6, 4.0, 12.0, 0.0).grid(phantom, "1.2.3")

    known = truth(phantom, geometry, "CT")

    assert tumour_mask(phantom, geometry).is_empty
    assert known["volume_mm3"] == 0.0
    assert known["mean_hu"] is None
