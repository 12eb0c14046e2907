"""A baseline mask on the follow-up scan: in the right place, marked unverified, never silently cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from registration_pairs import phantom_pair
from scipy.spatial.transform import Rotation
from strategies import oblique_geometry

from gist_imaging.errors import Cancelled, GeometryError, MaskError
from gist_imaging.segment.propagate import is_verified, propagate, verified
from gist_imaging.spatial import Geometry, Mask
from gist_imaging.spatial.register import RigidTransform, register

BEFORE, AFTER = "1.2.826.0.1.71", "1.2.826.0.1.72"


def ball(radius_mm: float = 14.0, centre_part: tuple[float, float, float] = (0.5, 0.5, 0.5)) -> Mask:
    grid = oblique_geometry((22, 50, 46), (2.5, 1.1, 1.3), frame_uid=BEFORE)
    centre = grid.to_patient(np.asarray(centre_part) * (np.asarray(grid.shape) - 1))
    points = grid.to_patient(np.stack(np.indices(grid.shape), axis=-1))
    return Mask(np.linalg.norm(points - centre, axis=-1) <= radius_mm, grid, lesion_id="L1")


def transform(shift_mm: tuple[float, float, float] = (31.0, -12.0, 540.0)) -> RigidTransform:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", (6.0, -4.0, 9.0), degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return RigidTransform(matrix, BEFORE, AFTER, 0.4, 1.1)


def followup_grid(mask: Mask, carry: RigidTransform) -> Geometry:
    """An uneven, turned grid about where the mask goes."""
    grid = oblique_geometry((30, 60, 60), (3.0, 1.0, 1.2), angles_deg=(-8.0, 15.0, 4.0), frame_uid=AFTER)
    middle = carry.apply(mask.geometry.to_patient(np.argwhere(mask.voxels).mean(axis=0)))
    affine = grid.affine.copy()
    affine[:3, 3] += middle - grid.to_patient((np.asarray(grid.shape) - 1) / 2.0)
    return Geometry(grid.shape, affine, AFTER)


def test_a_proposal_lies_where_the_transform_says_and_keeps_its_size():
    mask, carry = ball(), transform()
    grid = followup_grid(mask, carry)

    proposal = propagate(mask, carry, grid)

    centre = grid.to_patient(np.argwhere(proposal.voxels).mean(axis=0))
    expected = carry.apply(mask.geometry.to_patient(np.argwhere(mask.voxels).mean(axis=0)))
    np.testing.assert_allclose(centre, expected, atol=0.2)
    volume_mm3 = proposal.n_voxels * grid.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(4.0 / 3.0 * np.pi * 14.0**3, rel=0.03)
    assert proposal.lesion_id == "L1"


def test_a_proposal_can_be_stopped_and_watching_does_not_change_it():
    mask, carry = ball(), transform()
    grid = followup_grid(mask, carry)

    with pytest.raises(Cancelled):
        propagate(mask, carry, grid, cancelled=lambda: True)

    watched = propagate(mask, carry, grid, cancelled=lambda: False)
    assert watched.sha256() == propagate(mask, carry, grid).sha256()


def test_a_proposal_is_unverified_until_a_reader_accepts_it():
    mask, carry = ball(), transform()
    proposal = propagate(mask, carry, followup_grid(mask, carry))

    accepted = verified(proposal, "reader-1")

    assert is_verified(mask)
    assert not is_verified(proposal)
    assert is_verified(accepted)
    assert accepted.provenance.author == "reader-1"
    np.testing.assert_array_equal(accepted.voxels, proposal.voxels)


def test_a_proposal_says_which_mask_and_transform_made_it():
    mask, carry = ball(), transform()

    provenance = propagate(mask, carry, followup_grid(mask, carry)).provenance

    assert provenance.inputs == (f"sha256:{mask.sha256()}",)
    assert provenance.parameters["transform"] == carry.to_json()
    assert provenance.parameters["voxels_beyond_followup"] == 0


def test_what_lies_beyond_the_followup_scan_is_cut_and_counted():
    mask, carry = ball(), transform()
    whole = followup_grid(mask, carry)
    half = whole.crop((0, 0, 0), (15, 60, 60))

    proposal = propagate(mask, carry, half)

    beyond = proposal.provenance.parameters["voxels_beyond_followup"]
    assert 0.3 < beyond / mask.n_voxels < 0.7
    assert not proposal.is_empty


def test_a_structure_wholly_beyond_the_followup_scan_is_refused():
    mask, carry = ball(), transform()
    grid = followup_grid(mask, carry)
    elsewhere = Geometry(grid.shape, transform((400.0, 0.0, 0.0)).matrix @ grid.affine, AFTER)

    with pytest.raises(MaskError, match="beyond"):
        propagate(mask, carry, elsewhere)


def test_an_empty_mask_gives_an_empty_proposal():
    mask, carry = ball(), transform()
    empty = replace(mask, voxels=np.zeros_like(mask.voxels))

    proposal = propagate(empty, carry, followup_grid(mask, carry))

    assert proposal.is_empty
    assert not is_verified(proposal)


def test_a_transform_between_other_scans_is_refused():
    mask, carry = ball(), transform()
    grid = followup_grid(mask, carry)

    with pytest.raises(GeometryError):
        propagate(mask, carry.inverse(), grid)
    with pytest.raises(GeometryError):
        propagate(mask, carry, mask.geometry)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_a_registered_proposal_is_at_least_as_good_as_the_unregistered_copy(modality):
    pair = phantom_pair(modality)
    found = register(pair.baseline, pair.followup)

    proposal = propagate(pair.baseline_mask, found, pair.followup.geometry)

    def dice(voxels: np.ndarray) -> float:
        truth = pair.followup_mask.voxels
        return 2.0 * np.count_nonzero(voxels & truth) / (np.count_nonzero(voxels) + np.count_nonzero(truth))

    assert dice(proposal.voxels) >= dice(pair.baseline_mask.voxels)
    assert dice(proposal.voxels) > 0.7
