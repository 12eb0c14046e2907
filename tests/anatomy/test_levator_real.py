"""The levator ani of a real pelvic MR, from strokes placed by eye on six axial slices of each side."""

import json
from pathlib import Path

import numpy as np
import pytest
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import load_series, scan_folder
from gist_imaging.anatomy.levator import levator_surface
from gist_imaging.anatomy.levator_distance import levator_mask
from gist_imaging.anatomy.levator_profile import signal_across
from gist_imaging.anatomy.levator_stroke import strokes_from_json

pytestmark = [pytest.mark.real, needs_real_scans]

STUDY = REAL_SCANS / "ingest" / "pelvis_mr_prostatex0000"
DRAWN = json.loads(Path(__file__).with_name("levator_prostatex0000.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def volume():
    return load_series(scan_folder(STUDY / "4_t2_tse_tra").volumes[0])


@pytest.fixture(scope="module", params=["L", "R"])
def made(request, volume):
    strokes = strokes_from_json({"levator_strokes": DRAWN["levator_strokes"]})
    return levator_surface(strokes, side=request.param, volume=volume)


def test_the_muscle_is_2_to_9_mm_thick_and_the_image_says_so_for_a_part_of_it(made):
    surface, report = made

    assert surface.thickness_mm.min() >= 2.0
    assert surface.thickness_mm.max() <= 9.0
    assert report.thickness_source == "image"
    assert report.measured_share > 0.2


def test_strokes_agree_with_the_sheet_made_without_them(made):
    _, report = made

    assert report.residual_mm < 0.7
    assert report.error_rms.value < 1.5
    assert report.error_max.value < 3.0


def test_the_sheet_is_darker_than_what_lies_beside_it(made, volume):
    surface, _ = made
    rows = surface.points_mm.shape[0]

    # The back half, where the muscle runs free between mesorectal and ischioanal fat.
    signal = signal_across(volume, surface.points_mm, surface.inward, np.array([-7.0, 0.0, 7.0]))[rows // 2 :]
    outer, middle, inner = np.nanmean(signal, axis=(0, 1))

    assert outer > 1.5 * middle
    assert inner > 1.2 * middle


def test_the_muscle_lies_on_its_side_and_its_mask_holds_its_volume(made, volume):
    surface, _ = made

    mask = levator_mask(surface, volume.geometry)

    # The patient's midline lies near x = 38.5 mm on this scan (column 192).
    left_of_midline = (surface.points_mm[..., 0] - 38.5) * (1.0 if surface.side == "L" else -1.0)
    assert left_of_midline.min() > 2.0
    volume_mm3 = mask.n_voxels * volume.geometry.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(surface.area_mm2 * surface.thickness_mm.mean(), rel=0.3)
