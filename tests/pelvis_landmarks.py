"""Landmarks of the phantom's pelvis, for patients who lie in any way."""

from __future__ import annotations

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.phantom.family_landmarks import landmarks_body, rectal_wall_body
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.tumour import TumourShape

FRAME_UID = "1.2.826.0.1.3680043.8.498.7"

# Where the phantom's body frame has what its solids draw; the rectum is that of a pelvis without a tumour.
BODY: dict[LandmarkName, tuple[float, float, float]] = {
    LandmarkName(name): point
    for name, point in {**landmarks_body(), **rectal_wall_body(PelvisPhantom(None))}.items()
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
