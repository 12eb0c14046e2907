"""Two visits side by side: what cannot be registered or was measured differently is not subtracted."""

from dataclasses import replace

import numpy as np
import pytest
from pelvis_landmarks import FRAME_UID, phantom, placed

from gist_imaging.anatomy.visit_change import visit_change
from gist_imaging.anatomy.visit_relation import VisitScene, side_of_tumour, visit_relation
from gist_imaging.errors import MeasurementError, PromptError
from gist_imaging.phantom.grids import axial_grid
from gist_imaging.phantom.render import levator_mask, tumour_mask
from gist_imaging.phantom.tumour import TumourShape
from gist_imaging.spatial import Mask, Volume

LEFT = TumourShape((22.0, 20.0, 26.0), (15.0, 14.0, 16.0))


@pytest.fixture(scope="module")
def scene():
    patient = phantom(tumour=LEFT)
    grid = axial_grid(patient, matrix=(110, 110), slices=24, pixel_mm=1.4, slice_mm=3.5, frame_uid=FRAME_UID)
    # Nothing to see, so nothing to register.
    volume = Volume(np.zeros(grid.shape, dtype=np.int16), grid, modality="MR")
    levator = {side: levator_mask(patient, grid, side) for side in ("L", "R")}
    return VisitScene(volume, tumour_mask(patient, grid), levator, placed(patient))


def test_scans_that_cannot_be_registered_still_tell_what_needs_no_registration(scene):
    change = visit_change(scene, scene)
    assert change.registration is None
    assert change.no_registration
    assert change.shifts == {}
    assert change.changes["L"]["contact_area"].value == 0.0
    assert change.lines["h_line"].value == 0.0
    assert "signal_ratio" not in change.changes["L"]


def test_lines_to_different_coccyx_points_are_not_subtracted(scene):
    tip = placed(phantom(), last_coccygeal_joint=None, coccyx_tip=(0.0, 50.0, 12.0))
    change = visit_change(scene, replace(scene, landmarks=tip))
    assert "the coccyx tip stands in" in change.lines["m_line"].reason
    assert change.lines["h_line"].value == 0.0


def test_a_frame_that_nobody_checked_is_still_compared(scene):
    unchecked = placed(
        phantom(),
        **dict.fromkeys(
            ("ischial_spine_left", "ischial_spine_right", "femoral_head_left", "femoral_head_right")
        ),
    )
    change = visit_change(scene, replace(scene, landmarks=unchecked))
    assert change.height["lower_edge_above_pcl"].value == pytest.approx(0.0, abs=1e-9)


def test_a_tumour_that_is_gone_is_measured_on_its_side_with_the_reason(scene):
    gone = replace(scene, tumour=Mask(np.zeros_like(scene.tumour.voxels), scene.tumour.geometry))
    change = visit_change(scene, gone)
    (after,) = change.after.relations
    assert after.side == "L"
    assert "no tumour is outlined" in change.changes["L"]["min_distance"].reason
    assert change.after.height.straight.reason == "no tumour is outlined"


def test_the_side_is_that_of_the_clearly_nearer_levator(scene):
    side, note = side_of_tumour(scene.tumour, scene.levator)
    assert side == "L"
    assert "lies nearer by" in note
    with pytest.raises(MeasurementError, match="say which side"):
        side_of_tumour(scene.tumour, {"L": scene.levator["L"], "R": scene.levator["L"]})


def test_masks_filed_under_the_wrong_side_are_refused_with_and_without_a_frame(scene):
    swapped = replace(scene, levator={"L": scene.levator["R"], "R": scene.levator["L"]})
    for marks in (scene.landmarks, placed(phantom(), sacral_promontory=None)):
        with pytest.raises(PromptError, match="swap the sides"):
            visit_relation(replace(swapped, landmarks=marks), "L")
