from dataclasses import replace

import numpy as np
import pytest
from seeded_cases import SHAPE, correction, grid, log_of, ring, tumour, volume
from strategies import oblique_geometry

from gist_imaging.segment.confidence import confidence_of, segment_with_confidence
from gist_imaging.segment.confidence_leak import leak_evidence
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import SeededResult, segment_seeded
from gist_imaging.segment.seeded_strokes import Box
from gist_imaging.spatial import Mask


@pytest.fixture(scope="module")
def sure():
    log = log_of(grid(), correction(grid()))
    result = segment_seeded(volume(), log)
    return result, confidence_of(result, log)


def test_the_mask_is_where_tumour_is_more_probable_than_not(sure):
    result, confidence = sure

    inside = result.mask.voxels[result.box.slices]
    assert (confidence.probability[inside] >= 0.5).all()
    assert (confidence.probability[~inside] <= 0.5).all()


def test_what_was_drawn_is_certain(sure):
    result, confidence = sure

    assert (confidence.probability[result.drawn > 0] == 1).all()
    assert (confidence.probability[result.drawn < 0] == 0).all()


def test_the_rim_is_the_volume_of_the_uncertain_voxels(sure):
    result, confidence = sure
    p = confidence.probability

    expected = np.count_nonzero((p >= 0.2) & (p <= 0.8)) * result.geometry.voxel_volume_mm3
    assert confidence.rim_mm3 == pytest.approx(expected)


def test_probabilities_near_the_surface_are_about_right(sure):
    result, confidence = sure
    truth = tumour(SHAPE)[result.box.slices]
    near = np.abs(result.signed_mm) <= 10

    assert abs(confidence.probability[near].mean() - truth[near].mean()) < 0.1


def test_a_guess_from_one_point_warns_of_a_leak_with_a_reason():
    log = PromptLog((Prompt("point", grid().to_patient([[9, 27, 25]]), True),))

    confidence = confidence_of(segment_seeded(volume(), log), log)

    assert confidence.warns_of_leak
    assert all(len(reason) > 20 for reason in confidence.leak_reasons)


def ball_result(radius_mm, stroke_half_mm, spacing=(1.0, 1.0, 1.0)):
    """A ball with a straight tumour stroke through its middle, as if an engine had made it."""
    n = 2 * int(radius_mm / min(spacing)) + 9
    geometry = oblique_geometry((n, n, n), spacing)
    k, j, i = (np.indices((n, n, n)) - n // 2) * np.reshape(spacing, (3, 1, 1, 1))
    signed = (radius_mm - np.sqrt(k**2 + j**2 + i**2)).astype(np.float32)
    drawn = np.zeros(signed.shape, np.int8)
    drawn[(k == 0) & (j == 0) & (np.abs(i) <= stroke_half_mm)] = 1
    return SeededResult(Mask(signed > 0, geometry), Box((0, 0, 0), signed.shape), signed, drawn, 0.0)


def test_a_point_in_a_ball_lies_three_quarters_of_its_radius_away():
    evidence = leak_evidence(ball_result(20.0, 0.0))

    assert evidence.stroke_distance_radii == pytest.approx(0.75, abs=0.01)
    assert evidence.skin_share == pytest.approx(1 - (18.5 / 20) ** 3, abs=0.02)
    assert evidence.last_change == 0


def test_a_longer_stroke_a_larger_tumour_and_a_removal_make_a_leak_less_likely():
    point, line = (leak_evidence(ball_result(20.0, half)) for half in (0.0, 15.0))
    small = leak_evidence(ball_result(10.0, 7.5))
    shrunk = leak_evidence(ball_result(20.0, 15.0), before=ball_result(21.0, 15.0))
    grown = leak_evidence(ball_result(20.0, 15.0), before=ball_result(19.0, 15.0))

    assert line.probability < point.probability
    assert line.probability < small.probability
    assert shrunk.last_change == pytest.approx((20 / 21) ** 3 - 1, abs=0.01)
    assert shrunk.probability < line.probability < grown.probability


def test_an_empty_mask_has_no_evidence_and_no_warning():
    log = log_of(grid())
    full = segment_seeded(volume(), log)
    empty = replace(
        full,
        mask=Mask(np.zeros_like(full.mask.voxels), full.mask.geometry),
        signed_mm=np.full_like(full.signed_mm, -20.0),
    )

    confidence = confidence_of(empty, log, before=full)

    assert confidence.leak is None
    assert not confidence.warns_of_leak
    assert confidence.expected_outside_share == 0


def test_a_loop_alone_is_judged_from_the_middle_of_its_mask():
    log = PromptLog((Prompt("loop", grid().to_patient(ring()), False),))
    result = segment_seeded(volume(), log)

    confidence = confidence_of(result, log)

    assert 0.5 < confidence.leak.stroke_distance_radii < 1.2


def test_a_mask_at_the_edge_of_what_was_worked_on_is_named():
    result = ball_result(20.0, 15.0)
    k, j, i = result.box.shape
    cut = replace(
        result,
        mask=Mask(
            result.mask.voxels[k // 2 :], result.mask.geometry.crop((k // 2, 0, 0), (k - k // 2, j, i))
        ),
        box=Box((0, 0, 0), (k - k // 2, j, i)),
        signed_mm=result.signed_mm[k // 2 :],
        drawn=result.drawn[k // 2 :],
    )

    assert any("reaches the edge" in reason for reason in confidence_of(cut, PromptLog()).leak_reasons)


def test_a_whole_session_is_judged_with_what_its_last_round_changed():
    log = log_of(grid(), correction(grid(), 1), correction(grid(), 4, False, (12, 14, 25)))
    results = [segment_seeded(volume(), log.up_to(n)) for n in (1, 4)]

    result, confidence = segment_with_confidence(volume(), log)

    assert result.mask.sha256() == results[1].mask.sha256()
    change = results[1].mask.n_voxels / results[0].mask.n_voxels - 1
    assert confidence.leak.last_change == pytest.approx(change)
    assert confidence.to_json()["leak_probability"] == confidence.leak.probability
