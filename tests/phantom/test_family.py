"""Members of the family: their truth against their own voxels and points, by simple independent means."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import cKDTree

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.family import pelvis_family
from gist_imaging.phantom.family_landmarks import rectal_wall_body
from gist_imaging.phantom.family_strokes import reader_strokes, true_line
from gist_imaging.phantom.family_truth import known, true_surface
from gist_imaging.phantom.frame import bones
from gist_imaging.phantom.organs import organs
from gist_imaging.spatial import Geometry

_DISPLACED = {"seed": 2, "modality": "MR", "relation": "displaced", "displacement_mm": 9.0}
_INVADED = {"seed": 3, "modality": "CT", "relation": "invaded", "invasion_mm": 3.0}


@lru_cache(maxsize=16)
def _drawn(items):
    member = pelvis_family(**dict(items))
    return member, known(member)


def member_and_truth(**arguments):
    return _drawn(tuple(sorted(arguments.items())))


def _reflected(points, truth):
    """Points reflected through the plane of three midline landmarks."""
    names = ("inferior_pubic_point", "last_coccygeal_joint", "sacral_promontory")
    a, b, c = (np.array(truth.landmarks_mm[name]) for name in names)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal)
    return points - 2.0 * ((points - a) @ normal)[..., None] * normal


@pytest.mark.parametrize(
    ("arguments", "gap_mm", "words"),
    [
        ({"seed": 5, "modality": "MR", "relation": "clear", "gap_mm": 4.0}, 4.0, ("none", "none", "no")),
        ({"seed": 5, "modality": "CT", "relation": "clear", "gap_mm": 0.6}, 0.6, ("close", "none", "no")),
        ({"seed": 6, "modality": "MR", "relation": "abutted"}, 0.0, ("abutment", "none", "no")),
        (_DISPLACED, 0.0, ("abutment", "mild", "no")),
        ({"seed": 6, "modality": "CT", "displacement_mm": 12.0}, 0.0, ("abutment", "marked", "no")),
        (_INVADED, -3.0, ("abutment", "none", "yes")),
    ],
    ids=["clear", "close", "abutted", "displaced", "displaced far", "invaded"],
)
def test_a_member_is_what_was_asked_for(arguments, gap_mm, words):
    _, truth = member_and_truth(**arguments)

    assert truth.min_distance_mm == pytest.approx(gap_mm, abs=0.03)
    assert (truth.contact_word, truth.displacement_word, truth.invasion_word) == words
    assert (truth.contact is None) == (gap_mm > 1.0)
    assert (truth.overlap_volume_mm3 > 10.0) == (gap_mm < 0.0)
    asked = arguments.get("displacement_mm")
    if asked is None:
        assert truth.whole.max_mm == 0.0
        assert truth.displaced_volume_mm3 == 0.0
    else:
        assert truth.contact.p95_mm == pytest.approx(asked, abs=0.3)
        assert truth.contact.mean_mm < truth.contact.p95_mm < truth.contact.max_mm <= truth.whole.max_mm


def test_the_displacement_is_the_distance_to_the_healthy_side_mirrored_through_the_landmarks():
    member, truth = member_and_truth(**_DISPLACED)
    other = "R" if member.side == "L" else "L"
    affected = true_surface(member, member.side, (60, 40)).points_mm.reshape(-1, 3)
    healthy = true_surface(member, other, (700, 400)).points_mm.reshape(-1, 3)

    nearest = cKDTree(_reflected(healthy, truth)).query(affected)[0]

    assert np.abs(member.phantom.turn_deg).max() > 3.0
    assert nearest.max() == pytest.approx(truth.whole.max_mm, abs=0.05)
    assert truth.displaced_volume_mm3 == pytest.approx(nearest.mean() * truth.whole.area_mm2, rel=0.15)


def test_without_a_tumour_in_the_way_both_sides_are_exact_mirror_images():
    member, truth = member_and_truth(seed=6, modality="MR", relation="abutted")
    left, right = (true_surface(member, side).points_mm for side in ("L", "R"))

    np.testing.assert_allclose(_reflected(left, truth), right, atol=1e-8)
    assert truth.symmetric


def test_asymmetry_bends_one_side_by_as_much_as_was_asked_and_no_more():
    _, truth = member_and_truth(seed=6, modality="MR", relation="clear", asymmetry_mm=2.0)

    assert not truth.symmetric
    assert 0.3 < max(truth.whole.max_mm, -truth.displaced_volume_mm3 / truth.whole.area_mm2) <= 2.05
    assert truth.displacement_word == "none"


def test_the_point_of_least_distance_touches_tumour_and_muscle_in_the_scanner():
    member, truth = member_and_truth(**_DISPLACED)
    sheet = member.sheet(member.side)
    inner = sheet.parts((200, 120), share=-1.0).points
    distance = member.phantom.tumour.distance(inner)

    assert distance.min() == pytest.approx(truth.min_distance_mm, abs=0.05)
    assert (distance < 0.05).sum() > 20


@pytest.mark.parametrize("plane", ["axial", "oblique", "coronal"])
def test_the_masks_have_the_volumes_and_places_of_the_truth(plane):
    member, truth = member_and_truth(**_DISPLACED)
    geometry = member.grid(plane, matrix=150, slices=42, pixel_mm=1.1, slice_mm=2.5)

    masks = member.masks(geometry)

    tumour = geometry.to_patient(np.argwhere(masks["tumour"].voxels))
    assert masks["tumour"].n_voxels * geometry.voxel_volume_mm3 == pytest.approx(
        truth.tumour_volume_mm3, rel=0.02
    )
    np.testing.assert_allclose(tumour.mean(axis=0), truth.tumour_centre_mm, atol=0.3)
    for side, name in (("L", "levator_ani_left"), ("R", "levator_ani_right")):
        bricks = member.sheet(side).muscle_parts((100, 60, 6)).weights.sum()
        counted = masks[name].n_voxels * geometry.voxel_volume_mm3
        assert counted == pytest.approx(bricks, rel=0.03)
    assert not (masks["tumour"].voxels & masks["levator_ani_left"].voxels).sum() > 5
    assert not (masks["levator_ani_left"].voxels & masks["levator_ani_right"].voxels).any()
    # A ring between radii of 5 and 7.5 mm along a canal of 40.7 mm, with half a hollow ball on top.
    ring = masks["internal_sphincter"].n_voxels * geometry.voxel_volume_mm3
    hollow = np.pi * ((7.5**2 - 5.0**2) * 40.7 + 2.0 / 3.0 * (7.5**3 - 5.0**3))
    assert ring == pytest.approx(hollow, rel=0.12)


def test_left_and_right_are_those_of_the_patient():
    drawn = member_and_truth(**_DISPLACED)
    other_side = "R" if drawn[0].side == "L" else "L"
    for member, truth in (drawn, member_and_truth(**_DISPLACED, side=other_side)):
        side = member.side
        geometry = member.grid(matrix=64, slices=24, pixel_mm=2.5, slice_mm=5.0)
        masks = member.masks(geometry)
        left, right = (
            geometry.to_patient(np.argwhere(masks[f"levator_ani_{word}"].voxels)).mean(axis=0)
            for word in ("left", "right")
        )
        assert left[0] - right[0] > 20.0
        moved = true_surface(member, side).points_mm.mean(axis=0)
        other = "R" if side == "L" else "L"
        still = _reflected(true_surface(member, other).points_mm, truth).mean(axis=(0, 1))
        assert (moved.mean(axis=0) - still)[0] * (1 if side == "L" else -1) > 0.3


def test_an_invaded_muscle_shares_as_much_with_the_tumour_as_the_masks_do():
    member, truth = member_and_truth(**_INVADED)
    centre = member.phantom.tumour.centre_mm
    geometry = member.grid(matrix=150, slices=70, pixel_mm=0.6, slice_mm=0.9, centre_body=centre)
    masks = member.masks(geometry)
    name = "levator_ani_left" if member.side == "L" else "levator_ani_right"

    shared = (masks["tumour"].voxels & masks[name].voxels).sum() * geometry.voxel_volume_mm3

    assert shared == pytest.approx(truth.overlap_volume_mm3, rel=0.04)


def test_the_scan_shows_tumour_and_muscle_where_the_masks_are():
    member, truth = member_and_truth(**_INVADED)
    geometry = member.grid(matrix=110, slices=12, pixel_mm=0.8, slice_mm=3.3, centre_body=(0.0, 10.0, 10.0))
    volume, masks = member.volume(geometry), member.masks(geometry)
    name = "levator_ani_right" if member.side == "L" else "levator_ani_left"
    tumour = masks["tumour"].voxels

    assert volume.voxels[tumour].mean() == pytest.approx(truth.mean_hu, abs=4.0)
    # The healthy muscle is mixed with fat at its rims; its brightest half is muscle alone.
    muscle = np.median(volume.voxels[masks[name].voxels & ~tumour])
    assert 20.0 < muscle < 75.0


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not():
    arguments = {"modality": "MR", "relation": "clear"}
    scans = []
    for seed in (0, 0, 1):
        member = pelvis_family(seed, **arguments)
        geometry = member.grid("coronal", matrix=40, slices=3, pixel_mm=4.0)
        scans.append(
            (member.volume(geometry).voxels.tobytes(), geometry.affine.tobytes(), known(member).as_plain())
        )

    assert scans[0] == scans[1]
    assert scans[0][0] != scans[2][0]
    assert scans[0][2]["tumour_volume_mm3"] != scans[2][2]["tumour_volume_mm3"]


def test_ct_and_mr_of_one_seed_show_the_same_patient():
    ct, mr = (member_and_truth(seed=5, modality=each, relation="clear", gap_mm=4.0) for each in ("CT", "MR"))

    assert ct[0].phantom.tumour == mr[0].phantom.tumour
    assert ct[1].mean_hu is not None
    assert mr[1].mean_hu is None
    assert ct[1].landmarks_mm == mr[1].landmarks_mm


def test_treatment_makes_the_tumour_smaller_and_paler_and_gives_the_muscle_room():
    before, known_before = member_and_truth(**_DISPLACED)
    after, known_after = member_and_truth(**_DISPLACED, visit="presurgery")
    factor = known_after.longest_3d_diameter_mm / known_before.longest_3d_diameter_mm

    assert 0.54 <= factor <= 0.77
    assert after.side == before.side
    assert after.phantom.tumour.viable.hu < before.phantom.tumour.viable.hu - 10.0
    assert known_after.whole.max_mm < known_before.whole.max_mm
    assert after.phantom.origin_mm != before.phantom.origin_mm


def test_strokes_without_noise_lie_on_the_true_sheet_and_on_their_slices():
    member, _ = member_and_truth(**_DISPLACED)
    geometry = member.grid("coronal", matrix=90, slices=34, pixel_mm=2.0)

    for side in ("L", "R"):
        strokes = reader_strokes(member, geometry, side, n=6)
        assert len(strokes) == 6
        for k, clicks in strokes:
            body = member.phantom.to_body(clicks)
            np.testing.assert_allclose(geometry.to_index(clicks)[:, 0], k, atol=0.02)
            assert np.nanmax(np.abs(member.sheet(side).offset_mm(body))) < 0.05
            assert body[0, 2] > body[-1, 2]
            assert (body[:, 0] * (1 if side == "L" else -1)).min() > -0.1


def test_noise_on_strokes_stays_in_the_slice_and_has_the_size_that_was_asked_for():
    member, _ = member_and_truth(**_DISPLACED)
    geometry = member.grid("oblique", matrix=90, slices=34, pixel_mm=2.0)
    noisy = reader_strokes(member, geometry, "L", noise_mm=0.8, rng=np.random.default_rng(0))
    clean = reader_strokes(member, geometry, "L")

    moved = np.concatenate([a - b for (_, a), (_, b) in zip(noisy, clean, strict=True)])
    assert np.abs(moved @ geometry.axes[:, 0]).max() < 1e-9
    assert (moved @ geometry.axes[:, 1:]).std() == pytest.approx(0.8, rel=0.2)
    with pytest.raises(GistImagingError, match="generator"):
        reader_strokes(member, geometry, "L", noise_mm=0.8)


def test_a_slice_that_misses_the_muscle_has_no_line():
    member, _ = member_and_truth(**_DISPLACED)
    geometry = member.grid("axial", matrix=20, slices=60, pixel_mm=9.0)
    ends = [true_line(member, geometry, "L", k) for k in (0, 59)]

    assert all(line.shape == (0, 3) for line in ends)


def test_coronal_slices_run_along_the_anal_canal_and_oblique_ones_across_it():
    member, truth = member_and_truth(**_DISPLACED)
    canal = np.subtract(truth.landmarks_mm["anorectal_junction"], truth.landmarks_mm["anal_verge"])
    canal /= np.linalg.norm(canal)
    grids: dict[str, Geometry] = {
        plane: member.grid(plane, matrix=20, slices=4, pixel_mm=5.0) for plane in ("coronal", "oblique")
    }

    assert abs(grids["coronal"].axes[:, 0] @ canal) < 1e-9
    assert abs(grids["oblique"].axes[:, 0] @ canal) == pytest.approx(1.0)


def test_slices_are_numbered_from_either_end():
    upward = set()
    for seed in range(5):
        member = pelvis_family(seed, modality="CT", relation="clear")
        geometry = member.grid(matrix=8, slices=4, pixel_mm=10.0)
        upward.add(bool(geometry.axes[2, 0] > 0))
        assert member.from_head == (geometry.axes[2, 0] < 0)

    assert upward == {True, False}


def test_landmarks_lie_on_what_is_painted():
    member, truth = member_and_truth(**_DISPLACED)
    body = {name: member.phantom.to_body(point) for name, point in truth.landmarks_mm.items()}
    solids = {solid.name: solid for solid in reversed(bones())}
    sling = [solid for solid in organs(member.phantom) if solid.name == "puborectalis"]
    joint = body["last_coccygeal_joint"]

    for side in ("left", "right"):
        spine = min(s.distance(body[f"ischial_spine_{side}"]) for s in bones() if s.name == "ischial spine")
        assert abs(spine) < 0.01
        edge = min(float(solid.distance(body[f"puborectalis_{side}"])) for solid in sling)
        assert abs(edge) < 1e-6
    assert abs(min(float(solid.distance(body["puborectalis_posterior"])) for solid in sling)) < 1e-6
    rectum = next(s for s in organs(member.phantom) if s.name == "rectum, muscularis propria")
    for place, point in rectal_wall_body(member.phantom).items():
        behind, before = (np.add(point, (0.0, way, 0.0)) for way in (0.1, -0.1))
        assert rectum.distance(before) < 0.0 < rectum.distance(behind), place
    assert abs(solids["sacrum"].distance(body["sacral_promontory"])) < 0.05
    assert abs(solids["coccyx"].distance(joint)) < 1.5
    assert np.linalg.norm(joint - body["inferior_pubic_point"]) == pytest.approx(102.4, abs=0.1)


def test_the_truth_can_be_written_as_json():
    _, truth = member_and_truth(**_DISPLACED)

    plain = json.loads(json.dumps(truth.as_plain()))

    assert plain["contact"]["p95_mm"] == truth.contact.p95_mm
    assert plain["landmarks_mm"]["anal_verge"] == list(truth.landmarks_mm["anal_verge"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"modality": "PET"},
        {"modality": "CT", "relation": "abutted", "displacement_mm": 5.0},
        {"modality": "CT", "relation": "displaced", "displacement_mm": 0.0},
        {"modality": "CT", "relation": "displaced", "displacement_mm": 70.0},
    ],
    ids=["another modality", "abutted yet displaced", "displaced by nothing", "displaced beyond the pelvis"],
)
def test_what_cannot_be_is_refused(arguments):
    with pytest.raises(GistImagingError):
        pelvis_family(0, **arguments)
