"""Landmarks of the phantom's pelvis, for patients who lie in any way."""

from __future__ import annotations

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.phantom.pelvis import (
    ANAL_VERGE,
    ANORECTAL_JUNCTION,
    COCCYX,
    PUBIC_POINT,
    PelvisPhantom,
)
from gist_imaging.phantom.tumour import TumourShape

FRAME_UID = "1.2.826.0.1.3680043.8.498.7"

# Where the phantom's body frame has what organs.py and bones draw; the promontory is the sacrum's upper end.
BODY: dict[LandmarkName, tuple[float, float, float]] = {
    LandmarkName.INFERIOR_PUBIC_POINT: PUBIC_POINT,
    LandmarkName.LAST_COCCYGEAL_JOINT: COCCYX,
    LandmarkName.ANORECTAL_JUNCTION: ANORECTAL_JUNCTION,
    LandmarkName.ANAL_VERGE: ANAL_VERGE,
    LandmarkName.RECTAL_WALL_POSTERIOR: (0.0, 5.0, -8.0),
    LandmarkName.RECTAL_WALL_POSTERIOR_UPPER: (0.0, 26.0, 12.0),
    LandmarkName.PUBORECTALIS_POSTERIOR: (0.0, 7.5, -11.5),
    LandmarkName.PUBORECTALIS_LEFT: (13.0, -22.0, -8.0),
    LandmarkName.PUBORECTALIS_RIGHT: (-13.0, -22.0, -8.0),
    LandmarkName.SACRAL_PROMONTORY: (0.0, 40.0, 140.0),
    LandmarkName.ISCHIAL_SPINE_LEFT: (50.0, 40.0, 22.0),
    LandmarkName.ISCHIAL_SPINE_RIGHT: (-50.0, 40.0, 22.0),
    LandmarkName.FEMORAL_HEAD_LEFT: (92.0, -10.0, 36.0),
    LandmarkName.FEMORAL_HEAD_RIGHT: (-92.0, -10.0, 36.0),
}


def phantom(
    turn_deg: tuple[float, float, float] = (9.0, -7.0, 14.0),
    origin_mm: tuple[float, float, float] = (31.0, -12.0, -240.0),
    tumour: TumourShape | None = None,
) -> PelvisPhantom:
    return PelvisPhantom(tumour, origin_mm=origin_mm, turn_deg=turn_deg)


def placed(patient: PelvisPhantom, **changed_body: tuple[float, float, float] | None) -> Landmarks:
    """Return the landmarks of `patient`; keywords move one of them (body frame), None leaves it out."""
    body = {str(name): point for name, point in BODY.items()} | changed_body
    return Landmarks.of(
        {name: tuple(patient.to_patient(point)) for name, point in body.items() if point is not None},
        FRAME_UID,
    )
