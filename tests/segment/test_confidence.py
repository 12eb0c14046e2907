import numpy as np
import pytest
from seeded_cases import SHAPE, correction, grid, log_of, tumour, volume

from gist_imaging.segment.confidence import confidence_of
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import segment_seeded


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
