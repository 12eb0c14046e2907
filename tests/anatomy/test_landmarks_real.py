"""Landmarks on a real pelvic MR (TCIA PROSTATEx, real_landmarks/README.md): numbers a pelvis can have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import read_volume
from gist_imaging.anatomy.height import tumour_height
from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.pelvic_frame import pelvic_frame
from gist_imaging.anatomy.pelvic_lines import pelvic_lines

TESTS = Path(__file__).resolve().parent.parent
STUDY = REAL_SCANS / "ingest" / "pelvis_mr_prostatex0000"

pytestmark = [pytest.mark.real, needs_real_scans]


@pytest.fixture(scope="module")
def sagittal():
    return read_volume(STUDY / "3_t2_tse_sag").geometry


@pytest.fixture(scope="module")
def axial():
    return read_volume(STUDY / "4_t2_tse_tra").geometry


@pytest.fixture(scope="module")
def marks():
    return Landmarks.from_json((TESTS / "real_landmarks" / "prostatex0000.json").read_text())


def test_lines_and_angles_lie_in_the_published_ranges(marks, sagittal, axial):
    lines = pelvic_lines(marks.within(sagittal, axial))
    assert 95.0 <= lines.pubococcygeal_line.value <= 115.0
    assert 40.0 <= lines.h_line.value <= 80.0
    # At rest the anorectal junction lies within about 3 cm of the PCL.
    assert abs(lines.m_line.value) <= 30.0
    assert 70.0 <= lines.anorectal_angle.value <= 134.0
    assert abs(lines.levator_plate_to_pcl.value) <= 20.0


def test_the_femoral_heads_confirm_the_midsagittal_plane(marks, sagittal, axial):
    (check,) = pelvic_frame(marks.within(sagittal, axial)).checks
    assert check.pair == "femoral heads"
    assert abs(check.offset_mm) <= 5.0
    assert check.tilt_deg <= 6.0


def test_the_axial_stack_alone_holds_neither_pubis_nor_verge_so_their_numbers_are_none(marks, axial):
    alone = marks.within(axial)
    lines = pelvic_lines(alone)
    for metric in (lines.pubococcygeal_line, lines.h_line, lines.m_line, lines.levator_plate_to_pcl):
        assert metric.value is None
        assert "the inferior pubic point was placed outside the field of view" in metric.reason
    assert "anal verge" in lines.anorectal_angle.reason
    height = tumour_height(np.array([[45.0, 40.0, -20.0]]), alone)
    assert "the anal verge was placed outside the field of view" in height.straight.reason
    assert height.nearest_to_junction.value is not None


def test_femoral_heads_outside_the_sagittal_stack_leave_the_frame_unchecked(marks, sagittal):
    frame = pelvic_frame(marks.within(sagittal))
    assert frame.checks == ()
    assert "was not checked" in frame.notes[0]


def test_what_no_image_shows_was_not_marked(marks, sagittal, axial):
    usable = marks.within(sagittal, axial)
    assert usable.why_not(LandmarkName.SACRAL_PROMONTORY) == "the sacral promontory was not marked"
    assert pelvic_lines(usable).hiatus_area.value is None
