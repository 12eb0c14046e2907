"""Registration of two visits: near the truth, honest about its error, and loud when it fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from registration_pairs import (
    BASELINE_FRAME,
    FOLLOWUP_FRAME,
    Pair,
    other_index_order,
    phantom_pair,
)
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging.errors import Cancelled, GeometryError, RegistrationError
from gist_imaging.spatial import Geometry, Quantity, Volume
from gist_imaging.spatial.register import PointPairs, RigidTransform, register
from gist_imaging.spatial.register_picture import fit_picture


def bone_errors_mm(transform: RigidTransform, pair: Pair) -> np.ndarray:
    return np.linalg.norm(transform.apply(pair.bony_baseline_mm) - pair.bony_followup_mm, axis=1)


@pytest.fixture(scope="module")
def ct() -> Pair:
    return phantom_pair("CT")


@pytest.fixture(scope="module")
def mr() -> Pair:
    return phantom_pair("MR")


@pytest.fixture(scope="module")
def ct_found(ct: Pair) -> RigidTransform:
    return register(ct.baseline, ct.followup)


@pytest.fixture(scope="module")
def mr_found(mr: Pair) -> RigidTransform:
    return register(mr.baseline, mr.followup)


def textured(seed: int, frame_uid: str, origin_mm: tuple[float, float, float]) -> Volume:
    """A scan of smooth random texture, unlike any other seed's."""
    from scipy.ndimage import gaussian_filter

    grid = oblique_geometry((24, 48, 44), (3.3, 1.7, 1.9), origin_mm, frame_uid=frame_uid)
    rng = np.random.default_rng(seed)
    voxels = 600.0 + 4000.0 * gaussian_filter(rng.standard_normal(grid.shape), 2.0)
    return Volume(voxels.astype(np.float32), grid, modality="MR")


def test_two_ct_visits_meet_at_the_bone_within_2_mm(ct: Pair, ct_found: RigidTransform) -> None:
    errors = bone_errors_mm(ct_found, ct)

    assert errors.max() <= 2.0
    assert (ct_found.fixed_frame_uid, ct_found.moving_frame_uid) == (BASELINE_FRAME, FOLLOWUP_FRAME)
    assert ct_found.method == "image:bone"


def test_two_mr_visits_meet_at_the_bone_within_2_mm(mr: Pair, mr_found: RigidTransform) -> None:
    assert bone_errors_mm(mr_found, mr).max() <= 2.0
    assert mr_found.method == "image:whole"


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_the_stated_bound_covers_the_true_error_and_says_something(
    modality: str, request: pytest.FixtureRequest
) -> None:
    pair = request.getfixturevalue(modality.lower())
    found = request.getfixturevalue(f"{modality.lower()}_found")
    rms_mm = np.sqrt(np.square(bone_errors_mm(found, pair)).mean())

    assert rms_mm <= found.error_95_mm < 2.5
    assert found.error_mm < found.error_95_mm


def test_the_order_and_direction_of_a_grids_axes_do_not_matter(mr: Pair, mr_found: RigidTransform) -> None:
    turned = register(mr.baseline, other_index_order(mr.followup))

    apart = turned.apply(mr.bony_baseline_mm) - mr_found.apply(mr.bony_baseline_mm)
    assert np.linalg.norm(apart, axis=1).max() < 0.2


def test_the_same_scans_give_the_same_transform(mr: Pair, mr_found: RigidTransform) -> None:
    again = register(mr.baseline, mr.followup)

    np.testing.assert_array_equal(again.matrix, mr_found.matrix)
    assert again.to_json() == mr_found.to_json()


def test_scans_of_different_things_are_refused_and_not_laid_on_one_another() -> None:
    one, other = textured(1, "1.2.3", (0.0, 0.0, 0.0)), textured(2, "1.2.4", (10.0, -4.0, 7.0))

    with pytest.raises(RegistrationError):
        register(one, other)


def test_a_ct_without_bone_is_refused_with_advice(ct: Pair) -> None:
    soft = replace(ct.followup, voxels=np.minimum(ct.followup.voxels, 120))

    with pytest.raises(RegistrationError, match=r"bone in the moving scan.*whole"):
        register(ct.baseline, soft)


def test_a_scan_of_one_grey_is_refused(mr: Pair) -> None:
    flat = replace(mr.followup, voxels=np.full_like(mr.followup.voxels, 7))

    with pytest.raises(RegistrationError, match="one value"):
        register(mr.baseline, flat)


def test_voxels_that_are_not_numbers_count_as_not_scanned(mr: Pair, mr_found: RigidTransform) -> None:
    voxels = mr.followup.voxels.astype(np.float32)
    voxels[:, :20] = np.nan

    found = register(mr.baseline, replace(mr.followup, voxels=voxels))

    apart = found.apply(mr.bony_baseline_mm) - mr_found.apply(mr.bony_baseline_mm)
    assert np.linalg.norm(apart, axis=1).max() < 1.0


def test_bone_is_not_sought_on_mr(mr: Pair) -> None:
    with pytest.raises(RegistrationError, match="CT in HU"):
        register(mr.baseline, mr.followup, on="bone")


def test_ct_and_mr_are_not_matched_by_image(ct: Pair, mr: Pair) -> None:
    with pytest.raises(RegistrationError, match="point pairs"):
        register(ct.baseline, mr.followup)


def test_scans_without_a_physical_spacing_are_refused(mr: Pair) -> None:
    ratio_only = replace(mr.followup, geometry=replace(mr.followup.geometry, physical=False))

    with pytest.raises(RegistrationError, match="not to be physical"):
        register(mr.baseline, ratio_only)


def test_point_pairs_begin_the_search_and_the_images_finish_it(mr: Pair) -> None:
    pairs = PointPairs(mr.bony_baseline_mm[:4], mr.bony_followup_mm[:4] + 1.5)

    found = register(mr.baseline, mr.followup, point_pairs=pairs)

    assert found.method == "image:whole"
    assert found.provenance.parameters["start"] == "point_pairs"
    assert bone_errors_mm(found, mr).max() <= 2.0


def test_where_images_cannot_be_matched_the_point_pairs_answer_and_say_so(ct: Pair, mr: Pair) -> None:
    pairs = PointPairs(ct.bony_baseline_mm, mr.bony_followup_mm)

    found = register(ct.baseline, mr.followup, point_pairs=pairs)

    assert found.method == "point_pairs"
    assert "CT with CT" in found.provenance.parameters["image_not_used"]
    np.testing.assert_allclose(
        bone_errors_mm(found, replace(ct, bony_followup_mm=mr.bony_followup_mm)), 0.0, atol=1e-6
    )


def test_images_that_contradict_the_point_pairs_give_way_to_them(mr: Pair) -> None:
    pairs = PointPairs(mr.bony_baseline_mm, np.add(mr.bony_followup_mm, (9.0, 0.0, 0.0)))

    found = register(mr.baseline, mr.followup, point_pairs=pairs)

    assert found.method == "point_pairs"
    assert "differ by" in found.provenance.parameters["image_not_used"]


def test_progress_counts_to_the_end_and_stopping_is_obeyed(mr: Pair) -> None:
    told: list[tuple[int, int]] = []
    register(mr.baseline, mr.followup, progress=lambda done, total: told.append((done, total)))

    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
    with pytest.raises(Cancelled):
        register(mr.baseline, mr.followup, cancelled=lambda: True)


def test_the_picture_shows_three_cuts_twice_in_colour(mr: Pair, mr_found: RigidTransform) -> None:
    picture = fit_picture(mr.baseline, mr.followup, mr_found, half_width_mm=60.0)

    side = 121
    assert picture.shape == (2 * side + 6, 3 * side + 12, 3)
    is_orange = (picture == (230, 159, 0)).all(axis=2)
    assert not is_orange[:side].any()
    assert is_orange[side:].any()


def test_a_picture_of_a_misfit_differs_from_that_of_the_fit(mr: Pair, mr_found: RigidTransform) -> None:
    wrong = np.eye(4)
    wrong[:3, 3] = (12.0, 0.0, 0.0)
    shifted = replace(mr_found, matrix=wrong @ mr_found.matrix)
    centre = mr.bony_baseline_mm.mean(axis=0)

    right, off = (
        fit_picture(mr.baseline, mr.followup, each, centre_mm=centre) for each in (mr_found, shifted)
    )

    assert (right != off).any()


def test_a_picture_of_other_scans_is_refused(mr: Pair, mr_found: RigidTransform) -> None:
    with pytest.raises(GeometryError, match="other frames"):
        fit_picture(mr.followup, mr.baseline, mr_found)


@needs_real_scans
@pytest.mark.real
def test_real_t2_of_two_planes_of_one_session_lies_where_the_scanner_says() -> None:
    from gist_imaging import load_series, scan_folder

    study = REAL_SCANS / "ingest" / "pelvis_mr_prostatex0000"
    axial, sagittal = (
        load_series(scan_folder(study / name).series[0]) for name in ("4_t2_tse_tra", "3_t2_tse_sag")
    )
    elsewhere = np.eye(4)
    elsewhere[:3, 3] = (120.0, -75.0, 260.0)
    grid = Geometry(sagittal.geometry.shape, elsewhere @ sagittal.geometry.affine, "1.2.3")

    found = register(axial, replace(sagittal, geometry=grid))

    middle = axial.geometry.corners_mm.mean(axis=0)
    # Minutes lie between the two series: the prostate moves by 1 to 3 mm.
    assert np.linalg.norm(found.apply(middle) - elsewhere[:3, 3] - middle) < 3.5
    assert axial.quantity is Quantity.ARBITRARY
