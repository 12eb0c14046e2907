"""Jobs run anywhere, can be stopped, and come too late when what they were made from has changed."""

import numpy as np
import pytest
import seeded_cases
from reading_cases import draw_first_strokes, open_memory_case, small_volume
from registration_pairs import phantom_pair
from scipy.spatial.transform import Rotation
from strategies import oblique_geometry

from gist_imaging import workflow
from gist_imaging.errors import Cancelled, MaskError, PromptError, ReadingError, RegistrationError
from gist_imaging.io.mask_write import write_mask
from gist_imaging.measure.overlap import dice
from gist_imaging.segment.between_slices import mask_between_outlines
from gist_imaging.segment.prompts import Prompt
from gist_imaging.spatial import Mask, Volume
from gist_imaging.spatial.register_transform import RigidTransform


@pytest.fixture
def case():
    opened = open_memory_case()
    workflow.add_lesion(opened)
    yield opened
    opened.close()


def at(case, *index, visit="baseline"):
    return case.measured_volume(visit).geometry.to_patient([index])


def test_a_job_changes_nothing_until_it_is_proposed(case):
    draw_first_strokes(case, workflow)
    before = case.state.sha256
    proposal = workflow.grow_job(case, "L1", "baseline").run()
    assert case.state.sha256 == before
    workflow.propose(case, proposal)

    assert case.state.proposal("L1", "baseline").sha256() == proposal.mask.sha256()
    assert case.state.mask("L1", "baseline") is None


def test_a_job_tells_its_progress_to_the_end_and_stops_when_asked(case):
    draw_first_strokes(case, workflow)
    told = []
    workflow.grow_job(case, "L1", "baseline").run(lambda done, total: told.append(done / total))

    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        workflow.grow_job(case, "L1", "baseline").run(None, lambda: True)
    answers = iter([False] * 2 + [True] * 10_000)
    case.memory.engine("L1", "baseline", small_volume())  # another image: nothing is remembered
    with pytest.raises(Cancelled):
        workflow.grow_job(case, "L1", "baseline").run(None, lambda: next(answers))
    assert case.state.proposal("L1", "baseline") is None


def test_a_proposal_that_comes_after_another_stroke_is_refused_and_says_so(case):
    draw_first_strokes(case, workflow)
    proposal = workflow.grow_job(case, "L1", "baseline").run()
    grid = case.measured_volume("baseline").geometry
    workflow.add_stroke(case, "L1", "baseline", seeded_cases.correction(grid).points_mm, True)
    with pytest.raises(ReadingError, match="the strokes changed while it was made; ask for it again"):
        workflow.propose(case, proposal)
    case.undo()

    assert workflow.propose(case, proposal).name == "propose"


def test_a_smoothed_mask_is_refused_once_the_mask_was_brushed(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 8.0, ball=True)
    proposal = workflow.smooth_job(case, "L1", "baseline", 2.0).run()
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 35), 4.0)

    with pytest.raises(ReadingError, match="the mask changed while it was made"):
        workflow.propose(case, proposal)


def test_rules_work_on_what_is_seen_the_proposal_before_the_mask(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 8.0, ball=True)
    workflow.brush(case, "L1", "baseline", at(case, 2, 6, 6), 1.0)
    large = case.state.mask("L1", "baseline").n_voxels
    workflow.propose(case, workflow.keep_largest_job(case, "L1", "baseline").run())
    kept = case.state.proposal("L1", "baseline")
    assert 0 < kept.n_voxels < large
    assert not kept.voxels[2, 6, 6]

    again = workflow.islands_job(case, "L1", "baseline", 1.0).run()
    assert again.mask.sha256() == kept.sha256()
    workflow.propose(case, again)
    workflow.accept(case, "L1", "baseline")
    facts = case.state.plain("mask_facts", "L1", "baseline")
    assert (facts["method"], facts["edited"]) == ("mixed", True)
    with pytest.raises(ReadingError, match="a proposal or mask of L1 at presurgery; there is none"):
        workflow.smooth_job(case, "L1", "presurgery")


def test_filling_between_outlines_is_that_of_the_package(case):
    volume = case.measured_volume("baseline")
    for level, outside_mm in ((6, -3.0), (9, 0.0), (12, -3.0)):
        ring = volume.geometry.to_patient(seeded_cases.ring(level, outside_mm))
        workflow.add_outline(case, "L1", "baseline", ring)
    proposal = workflow.between_job(case, "L1", "baseline").run()

    log = [
        Prompt("outline", volume.geometry.to_patient(seeded_cases.ring(level, outside_mm)), True)
        for level, outside_mm in ((6, -3.0), (9, 0.0), (12, -3.0))
    ]
    expected = mask_between_outlines(volume, log)
    np.testing.assert_array_equal(proposal.mask.voxels, expected.voxels)
    assert proposal.method == "interpolation"


def test_without_outlines_painted_slices_are_filled_between_and_kept(case):
    for k in (5, 9, 12):
        workflow.brush(case, "L1", "baseline", at(case, k, 27, 25), 7.0)
    painted = case.state.mask("L1", "baseline").voxels
    proposal = workflow.between_job(case, "L1", "baseline").run()

    filled = proposal.mask.voxels
    np.testing.assert_array_equal(filled[[5, 9, 12]], painted[[5, 9, 12]])
    assert filled[5:13].any(axis=(1, 2)).all()
    assert not filled[:5].any()
    assert not filled[13:].any()


def test_filling_between_needs_two_slices(case):
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 7.0)

    with pytest.raises(PromptError, match="outlines, or painted slices, on two slices or more; got 1"):
        workflow.between_job(case, "L1", "baseline").run()


def test_an_imported_mask_is_a_proposal_on_the_image_and_one_of_another_grid_is_refused(case, tmp_path):
    volume = case.measured_volume("presurgery")
    voxels = np.zeros(volume.geometry.shape, bool)
    voxels[4:9, 20:33, 11:30] = True
    mask = Mask(voxels, volume.geometry)
    write_mask(tmp_path / "tumour.nii.gz", mask)
    workflow.propose(case, workflow.import_job(case, "L1", "presurgery", tmp_path / "tumour.nii.gz").run())

    np.testing.assert_array_equal(case.state.proposal("L1", "presurgery").voxels, voxels)
    assert case.state.plain("proposal_facts", "L1", "presurgery")["method"] == "imported"
    with pytest.raises(MaskError):
        workflow.import_job(case, "L1", "baseline", tmp_path / "tumour.nii.gz").run()


def test_a_tumour_at_the_edge_of_the_image_is_told_with_its_slices():
    grid = oblique_geometry(shape=(8, 30, 28), spacing_mm=(3.3, 0.9, 1.1), flips=(1, -1, 1))
    k, j, i = np.indices(grid.shape)
    inside = ((k - 2) * 3.3) ** 2 + ((j - 15) * 0.9) ** 2 + ((i - 2) * 1.1) ** 2 < 9.0**2
    noise = np.random.default_rng(0).normal(0, 5, grid.shape)
    opened = open_memory_case({"baseline": Volume((noise + 80 * inside).astype(np.float32), grid)})
    workflow.add_lesion(opened)
    inner = grid.to_patient([[2, 15, step] for step in range(1, 7)])
    outer = grid.to_patient([[2, step, 20] for step in range(5, 26)])
    workflow.add_stroke(opened, "L1", "baseline", inner, True)
    workflow.add_stroke(opened, "L1", "baseline", outer, False)
    event = workflow.propose(opened, workflow.grow_job(opened, "L1", "baseline").run())

    told = opened.state.plain("proposal_facts", "L1", "baseline")["warnings"]
    edge = [warning for warning in told if warning["text"].startswith("it reaches the edge of the image")]
    touching = np.flatnonzero(opened.state.proposal("L1", "baseline").voxels[:, :, 0].any(axis=1))
    assert edge[0]["slices"][0] <= touching[0]
    assert edge[0]["slices"][1] >= touching[-1]
    assert event.details["n_voxels"] > 0
    opened.close()


@pytest.fixture(scope="module")
def pair():
    return phantom_pair("CT")


def opened_pair(pair):
    opened = open_memory_case({"baseline": pair.baseline, "presurgery": pair.followup})
    workflow.add_lesion(opened)
    return opened


@pytest.fixture
def copied(pair, tmp_path):
    opened = opened_pair(pair)
    write_mask(tmp_path / "pre.nii.gz", pair.baseline_mask)
    workflow.propose(opened, workflow.import_job(opened, "L1", "baseline", tmp_path / "pre.nii.gz").run())
    workflow.accept(opened, "L1", "baseline")
    workflow.propose(opened, workflow.copy_job(opened, "L1", "baseline", "presurgery").run())
    yield opened
    opened.close()


def test_a_copied_mask_lies_on_the_tumour_and_stays_unverified_until_somebody_looks(copied, pair):
    proposal = copied.state.proposal("L1", "presurgery")
    assert dice(proposal, pair.followup_mask) > 0.7
    facts = copied.state.plain("proposal_facts", "L1", "presurgery")
    assert any("nobody has looked at the registration" in held["text"] for held in facts["warnings"])
    workflow.accept(copied, "L1", "presurgery")
    assert copied.state.plain("mask_facts", "L1", "presurgery")["state"] == "unverified"
    workflow.verify_mask(copied, "L1", "presurgery")

    assert copied.state.plain("mask_facts", "L1", "presurgery")["state"] == "verified"
    assert copied.state.mask("L1", "presurgery").provenance.parameters["verified"] is True


def test_a_brushed_copy_is_no_longer_unverified(copied):
    grid = copied.measured_volume("presurgery").geometry
    inside = np.argwhere(copied.state.proposal("L1", "presurgery").voxels)
    workflow.brush(copied, "L1", "presurgery", grid.to_patient(inside[:1]), 4.0, ball=True)
    workflow.accept(copied, "L1", "presurgery")

    assert copied.state.plain("mask_facts", "L1", "presurgery")["state"] == "accepted"


def test_the_registration_is_kept_with_its_bound_and_used_again_both_ways(copied, pair):
    held = copied.state.plain("registration")
    assert (held["from"], held["to"], held["state"]) == ("baseline", "presurgery", "unchecked")
    assert 0.0 < held["error_95_mm"] < 3.0
    there = workflow.registration_between(copied, "baseline", "presurgery")
    away = np.linalg.norm(there.apply(pair.bony_baseline_mm) - pair.bony_followup_mm, axis=1)
    assert away.max() < 2.0
    back = workflow.registration_between(copied, "presurgery", "baseline")

    np.testing.assert_allclose(back.apply(there.apply([[1.0, 2.0, 3.0]])), [[1.0, 2.0, 3.0]], atol=1e-9)
    workflow.check_registration(copied, True)
    assert copied.state.plain("registration")["state"] == "ok"


def test_a_registration_that_the_reader_found_wrong_copies_nothing(copied):
    with pytest.raises(ReadingError, match="a rejected registration has a reason"):
        workflow.check_registration(copied, False)
    workflow.check_registration(copied, False, "sacrum 8 mm off")

    with pytest.raises(ReadingError, match="this one was: sacrum 8 mm off"):
        workflow.copy_job(copied, "L1", "baseline", "presurgery")


def test_copying_without_a_mask_and_between_scans_that_cannot_be_matched_is_refused(case):
    with pytest.raises(ReadingError, match="there is none at baseline; outline L1 at baseline"):
        workflow.copy_job(case, "L1", "baseline", "presurgery")
    with pytest.raises(ReadingError, match="a registration to check; there is none"):
        workflow.check_registration(case, True)
    workflow.brush(case, "L1", "baseline", at(case, 9, 27, 25), 8.0, ball=True)

    with pytest.raises(RegistrationError, match="nothing was copied: outline the tumour on this visit"):
        workflow.copy_job(case, "L1", "baseline", "presurgery").run()
    assert case.state.plain("registration") is None


def turned(shift_mm):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", (5.0, -3.0, 8.0), degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return RigidTransform(matrix, None, None, 0.5, 1.2)


def test_every_pair_of_visits_keeps_its_own_registration():
    volumes = {name: small_volume() for name in ("baseline", "week12", "presurgery")}
    opened = open_memory_case(volumes)
    first, second = turned((1.0, 2.0, 3.0)), turned((-40.0, 5.0, 9.0))
    workflow.set_registration(opened, first, "baseline", "week12")
    workflow.set_registration(opened, second, "baseline", "presurgery")
    workflow.check_registration(opened, True, None, "baseline", "week12")

    for name, transform, word in (("week12", first, "ok"), ("presurgery", second, "unchecked")):
        held = workflow.registration_between(opened, "baseline", name)
        np.testing.assert_array_equal(held.matrix, transform.matrix)
        back = workflow.registration_between(opened, name, "baseline")
        np.testing.assert_allclose(back.matrix @ transform.matrix, np.eye(4), atol=1e-12)
        assert workflow.registration_state(opened, "baseline", name) == word
    assert workflow.registration_state(opened, "week12", "presurgery") == "none"
    workflow.set_registration(opened, second, "baseline", "week12")
    assert workflow.registration_state(opened, "baseline", "week12") == "unchecked"
    opened.close()
