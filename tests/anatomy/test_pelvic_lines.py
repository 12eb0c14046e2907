"""PCL, H and M line and the angles: from arithmetic, on patients who lie in any way."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from pelvis_landmarks import BODY, phantom, placed

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.pelvic_lines import hiatus_area, pelvic_lines

TURNS = [(0.0, 0.0, 0.0), (9.0, -7.0, 14.0), (-25.0, 12.0, -30.0)]
# Front and back end of a plate that dips 30 degrees forward in the body frame.
PLATE = {
    "levator_plate_anterior": (0.0, 14.0, -8.0),
    "levator_plate_posterior": (0.0, 14.0 + 15.0 * np.sqrt(3.0), 7.0),
}
METRICS = [
    "pubococcygeal_line",
    "h_line",
    "m_line",
    "levator_plate_to_pcl",
    "levator_plate_to_horizontal",
    "anorectal_angle",
]


def ellipse_at_pubis(n: int = 400) -> np.ndarray:
    """An outline with half axes 25 and 17.5 mm around a centre 25 mm behind P, level with P, body frame."""
    angle = np.linspace(0.0, 2 * np.pi, n, endpoint=False)
    return np.c_[17.5 * np.cos(angle), -45.0 + 25.0 + 25.0 * np.sin(angle), np.full(n, -8.0)]


@pytest.mark.parametrize("turn", TURNS)
def test_the_published_vector_gives_its_h_and_m_line_however_the_patient_lies(turn):
    # P (0, 0), coccyx (100, 20), back wall (50, -10): H = sqrt(2600), M = 2000 / sqrt(10400), below the PCL.
    patient = phantom(turn)
    points = {
        "inferior_pubic_point": (0, 0, 0),
        "last_coccygeal_joint": (0, 100, 20),
        "rectal_wall_posterior": (0, 50, -10),
    }
    lines = pelvic_lines(Landmarks.of({n: tuple(patient.to_patient(p)) for n, p in points.items()}))
    assert lines.pubococcygeal_line.value == pytest.approx(101.980, abs=5e-4)
    assert lines.h_line.value == pytest.approx(50.990, abs=5e-4)
    assert lines.m_line.value == pytest.approx(19.612, abs=5e-4)


def test_a_back_wall_above_the_line_has_an_m_line_below_zero():
    patient = phantom()
    above = placed(patient, rectal_wall_posterior=(0.0, 5.0, 30.0))
    below = placed(patient)
    assert pelvic_lines(above).m_line.value < 0 < pelvic_lines(below).m_line.value


@pytest.mark.parametrize("turn", TURNS)
def test_the_foot_of_the_m_line_stands_at_right_angles_on_the_pcl(turn):
    patient = phantom(turn)
    lines = pelvic_lines(placed(patient))
    wall, foot = np.array(lines.m_line.points_mm)
    pubis, coccyx = np.array(lines.pubococcygeal_line.points_mm)
    assert (wall - foot) @ (coccyx - pubis) == pytest.approx(0.0, abs=1e-9)
    assert np.linalg.norm(np.cross(foot - pubis, coccyx - pubis)) == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(patient.to_body(pubis), BODY[LandmarkName.INFERIOR_PUBIC_POINT], atol=1e-9)


@pytest.mark.parametrize("turn", TURNS)
def test_the_levator_plate_angle_to_the_pcl_moves_with_the_patient(turn):
    # The plate dips 30 degrees; the phantom's PCL itself rises atan(30 / 98) towards the coccyx.
    lines = pelvic_lines(placed(phantom(turn), **PLATE))
    assert lines.levator_plate_to_pcl.value == pytest.approx(30.0 - np.degrees(np.arctan(30 / 98)))
    assert "pubococcygeal line" in lines.levator_plate_to_pcl.notes[0]


@pytest.mark.parametrize("nod", [0.0, 12.0, -20.0])
def test_the_levator_plate_angle_to_the_horizontal_tells_how_the_patient_lies(nod):
    lines = pelvic_lines(placed(phantom((nod, 0.0, 25.0)), **PLATE))
    assert lines.levator_plate_to_horizontal.value == pytest.approx(30.0 + nod)
    assert "axial plane" in lines.levator_plate_to_horizontal.notes[0]


def test_a_chord_from_0_0_to_60_25_stands_at_22_62_degrees():
    chord = {"levator_plate_posterior": (0.0, 60.0, 25.0), "levator_plate_anterior": (0.0, 0.0, 0.0)}
    assert pelvic_lines(Landmarks.of(chord)).levator_plate_to_horizontal.value == pytest.approx(
        22.62, abs=5e-3
    )


def test_a_plate_whose_ends_are_swapped_has_no_angle_but_the_reason():
    swapped = {name: PLATE[other] for name, other in zip(PLATE, reversed(PLATE), strict=True)}
    lines = pelvic_lines(placed(phantom(), **swapped))
    assert "nearer the coccyx" in lines.levator_plate_to_pcl.reason
    assert "lies behind it" in lines.levator_plate_to_horizontal.reason


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("angle", [75.0, 90.0, 100.0, 134.0])
def test_the_anorectal_angle_is_that_between_canal_and_back_wall(turn, angle):
    canal = np.array([0.0, np.sin(np.radians(20.0)), -np.cos(np.radians(20.0))])
    turned = np.radians(20.0 + angle)
    wall = np.array([0.0, np.sin(turned), -np.cos(turned)])
    junction, back = np.array([0.0, -4.0, -8.0]), (0.0, 5.0, -8.0)
    patient = phantom(turn)
    lines = pelvic_lines(
        placed(
            patient,
            anal_verge=tuple(junction + 40.0 * canal),
            rectal_wall_posterior=back,
            rectal_wall_posterior_upper=tuple(back + 30.0 * wall),
        )
    )
    assert lines.anorectal_angle.value == pytest.approx(angle)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_hiatus_area_is_that_of_its_outline_whichever_way_it_was_drawn(turn, backwards):
    patient = phantom(turn)
    outline = ellipse_at_pubis()[:: -1 if backwards else 1]
    area = hiatus_area(placed(patient), patient.to_patient(outline))
    assert area.value == pytest.approx(np.pi * 25.0 * 17.5, rel=1e-3)
    assert area.unit == "mm2"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda o: o[:5], "at least 8 points"),
        (lambda o: o + np.array([0.0, 0.0, 14.0]), "level of P"),
        (lambda o: o + np.c_[0 * o[:, :2], 9.0 * np.sign(o[:, 0])] * (o[:, 1:2] > -20), "of one plane"),
        (lambda o: np.r_[o[:100], o[200:300], o[100:200], o[300:]], "crosses itself"),
        (lambda o: np.full_like(o, np.nan), "rows of x, y, z"),
    ],
)
def test_an_outline_that_cannot_be_the_hiatus_gives_no_area_but_the_reason(change, said):
    patient = phantom()
    area = hiatus_area(placed(patient), patient.to_patient(change(ellipse_at_pubis())))
    assert area.value is None
    assert said in area.reason


def test_without_an_outline_there_is_no_area_and_landmarks_do_not_make_one_up():
    assert (
        pelvic_lines(placed(phantom())).hiatus_area.reason
        == "the outline of the levator hiatus was not drawn"
    )


NEEDS = {
    "pubococcygeal_line": {"inferior_pubic_point", "last_coccygeal_joint"},
    "h_line": {"inferior_pubic_point", "rectal_wall_posterior"},
    "m_line": {"inferior_pubic_point", "last_coccygeal_joint", "rectal_wall_posterior"},
    "levator_plate_to_pcl": {"inferior_pubic_point", "last_coccygeal_joint", *PLATE},
    "levator_plate_to_horizontal": set(PLATE),
    "anorectal_angle": {
        "anorectal_junction",
        "anal_verge",
        "rectal_wall_posterior",
        "rectal_wall_posterior_upper",
    },
}


@pytest.mark.parametrize("out_of_field", [False, True])
@pytest.mark.parametrize("gone", [*map(str, BODY), *PLATE])
def test_a_missing_landmark_takes_away_exactly_the_metrics_that_need_it(gone, out_of_field):
    name = LandmarkName(gone)
    if out_of_field:
        marks = placed(phantom(), **PLATE)
        marks = Landmarks(marks.placed, marks.frame_uid, frozenset({name}))
    else:
        marks = placed(phantom(), **PLATE | {gone: None})
    lines = pelvic_lines(marks)
    lost = {metric for metric in METRICS if getattr(lines, metric).value is None}
    assert lost == {metric for metric in METRICS if gone in NEEDS[metric]}
    said = "was placed outside the field of view" if out_of_field else "was not marked"
    assert all(f"the {name.words} {said}" in getattr(lines, metric).reason for metric in lost)


@pytest.mark.parametrize(
    ("wrong", "lost"),
    [
        # P on the wrong side of the body: its distances are impossible; what does not use it stays.
        ({"inferior_pubic_point": (0.0, -250.0, -8.0)},
         {"pubococcygeal_line", "h_line", "m_line", "levator_plate_to_pcl"}),
        ({"rectal_wall_posterior": (0.0, 5.0, 180.0)}, {"h_line", "m_line"}),
        ({"last_coccygeal_joint": (0.0, 5.0, -8.0)},
         {"pubococcygeal_line", "m_line", "levator_plate_to_pcl"}),
        ({"anal_verge": BODY[LandmarkName.ANORECTAL_JUNCTION]}, {"anorectal_angle"}),
    ],
)  # fmt: skip
def test_a_misplaced_landmark_takes_away_exactly_the_metrics_that_need_it(wrong, lost):
    lines = pelvic_lines(placed(phantom(), **PLATE | wrong))
    assert {metric for metric in METRICS if getattr(lines, metric).value is None} == lost


def test_the_sacrococcygeal_joint_never_ends_the_line():
    marks = placed(phantom(), last_coccygeal_joint=None, sacrococcygeal_joint=(0.0, 62.0, 33.0))
    assert "must not stand in" in pelvic_lines(marks).pubococcygeal_line.reason


def test_every_line_is_tested_here():
    assert {entry.name for entry in fields(pelvic_lines(Landmarks()))} == {*METRICS, "hiatus_area"}
