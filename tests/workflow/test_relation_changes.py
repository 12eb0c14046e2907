"""What became of tumour and levator ani between two visits of an open case."""

from __future__ import annotations

import numpy as np
import panel_cases
import pytest

from gist_imaging import workflow
from gist_imaging.anatomy.visit_change import visit_change
from gist_imaging.errors import GistImagingError, ReadingError
from gist_imaging.phantom import sample_patients
from gist_imaging.session.results import scene_at
from gist_imaging.spatial.register_transform import RigidTransform

VISITS = ("baseline", "presurgery")


@pytest.fixture
def committed():
    """SYN-002 as a reader leaves it: both outlines, landmarks, levator ani and words, side R affected."""
    case = panel_cases.sample_case("SYN-002")
    workflow.add_lesion(case)
    for visit in VISITS:
        panel_cases.outline(case, "L1", visit)
        panel_cases.mark(case, visit)
    with pytest.raises(GistImagingError, match="commit your call first"):
        workflow.relation_changes(case, "L1")
    panel_cases.answer_everything(case)
    for visit in VISITS:
        for axis, word in (("contact", "none"), ("displacement", "none")):
            workflow.answer(case, visit, "L1", "relation", "L", axis, word)
    workflow.commit_call(case)
    yield case
    case.close()


def true_transform(case) -> RigidTransform:
    """Return what carries the pelvis of the first visit onto that of the second: the phantom knows."""
    patient = next(one for one in sample_patients() if one.patient_id == case.case)
    corners = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
    placed = []
    for visit in patient.visits:
        at = np.array([visit.phantom.to_patient(corner) for corner in corners])
        placed.append(np.vstack([np.column_stack([*(at[1:] - at[0]), at[0]]), [0.0, 0.0, 0.0, 1.0]]))
    first, second = (case.measured_volume(visit).geometry.frame_uid for visit in VISITS)
    return RigidTransform(placed[1] @ np.linalg.inv(placed[0]), first, second, 0.2, 0.5)


def test_without_a_registration_everything_but_the_muscles_own_movement_is_told(committed):
    found = workflow.relation_changes(committed, "L1")

    assert found.no_registration == "both scans are not registered; register them on the Look page"
    assert found.shifts == {}
    assert found.registration is None
    assert list(found.changes) == ["R"]
    before, after = (workflow.metrics(committed, "L1", visit) for visit in VISITS)
    distance = [one.relations[0].metrics["min_distance"].value for one in (before, after)]
    assert found.changes["R"]["min_distance"].value == pytest.approx(distance[1] - distance[0])


def test_with_the_kept_registration_it_is_what_the_library_says_of_the_same_marks(committed):
    transform = true_transform(committed)
    workflow.set_registration(committed, transform)
    found = workflow.relation_changes(committed, "L1")

    scenes = [
        scene_at(
            committed.state,
            "L1",
            visit,
            volume=committed.measured_volume(visit),
            mask=committed.state.mask("L1", visit),
            reader="R1",
        )[0]
        for visit in VISITS
    ]
    expected = visit_change(*scenes, "R", registration=transform)
    assert found.to_json()["levator_shift"] == expected.to_json()["levator_shift"]
    assert found.to_json()["changes"] == expected.to_json()["changes"]
    moved = found.muscle_shifts
    assert list(moved) == ["R", "L"]
    assert moved["R"].in_contact.low == pytest.approx(moved["R"].in_contact.value - 0.5)


def test_the_muscle_that_was_pushed_aside_comes_back_and_the_other_one_stays(committed):
    """The phantom knows how far: its tumour pushes the right levator ani, and shrinks."""
    workflow.set_registration(committed, true_transform(committed))
    moved = workflow.relation_changes(committed, "L1").muscle_shifts

    assert moved["R"].in_contact.value < -3.0
    assert moved["R"].overall.value < -1.0
    assert abs(moved["L"].overall.value) < 0.5


def test_a_registration_that_the_reader_found_wrong_moves_nothing(committed):
    workflow.set_registration(committed, true_transform(committed))
    workflow.check_registration(committed, False, "femoral heads lie apart")
    found = workflow.relation_changes(committed, "L1")

    assert found.no_registration == "the reader found the registration of both scans wrong"
    assert found.shifts == {}
    assert found.changes["R"]["min_distance"].value is not None


def test_a_lesion_without_a_mask_at_a_visit_is_refused():
    case = panel_cases.sample_case("SYN-002", reveal="always")
    workflow.add_lesion(case)
    panel_cases.outline(case, "L1", "baseline")
    with pytest.raises(ReadingError, match="there is none at presurgery"):
        workflow.relation_changes(case, "L1")
    case.close()
