"""Axes that belong to the pelvis, so that how the patient lies changes no number.

::

    origin  P, the inferior pubic point
    x'      normal of the midsagittal plane, to the patient's left
    y'      along the pubococcygeal line (PCL), from the pubis to the coccyx
    z'      in the midsagittal plane, at right angles to the PCL, to the head

The midsagittal plane is the least-squares plane through P, the coccyx point and the sacral promontory, the
S3 midpoint or both. Ischial spines and femoral heads do not make it; they check it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.errors import MeasurementError
from gist_imaging.spatial.geometry import FloatArray

__all__ = [
    "PCL_MM",
    "FrameCheck",
    "PelvicFrame",
    "coccyx_point",
    "on_the_wrong_side",
    "pelvic_frame",
    "pubococcygeal_ends_mm",
]

# Lengths outside these bounds (both inclusive) mean a misplaced landmark, not an unusual patient. The bounds
# are ours and wide: published P to coccyx 95 to 115 mm, interspinous distance about 100 mm.
PCL_MM = (60.0, 160.0)
_PUBIS_TO_SACRUM_MM = (60.0, 200.0)
_PAIR_MM = {"ischial spines": (60.0, 160.0), "femoral heads": (120.0, 260.0)}

# Three points nearer to one line than this (mm, exclusive) do not fix a plane. Ours.
_OFF_THE_LINE_MM = 20.0
# Root mean square distance of four midline points to their plane, above which one of them is wrong. Ours.
_RESIDUAL_AT_MOST_MM = 5.0
# A pair whose middle or direction is farther off than this (inclusive bounds) contradicts the plane. Ours.
_OFFSET_AT_MOST_MM = 10.0
_TILT_AT_MOST_DEG = 10.0
# The left of a patient who lies in the scanner is within this of DICOM's x axis. Ours.
_LEFT_WITHIN_DEG = 45.0

_PAIRS = (
    ("ischial spines", LandmarkName.ISCHIAL_SPINE_LEFT, LandmarkName.ISCHIAL_SPINE_RIGHT),
    ("femoral heads", LandmarkName.FEMORAL_HEAD_LEFT, LandmarkName.FEMORAL_HEAD_RIGHT),
)
_SACRUM = (LandmarkName.SACRAL_PROMONTORY, LandmarkName.S3_MIDPOINT)


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """How far the perpendicular bisector of a left and a right bone point lies from the midsagittal plane.

    Parameters
    ----------
    pair : "ischial spines" or "femoral heads"
    offset_mm : of the middle between both from the plane; above 0 to the patient's left
    tilt_deg : between the line from right to left and the plane's normal
    """

    pair: str
    offset_mm: float
    tilt_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class PelvicFrame:
    """Origin and axes of the pelvis; `pelvic_frame` makes it from landmarks.

    Parameters
    ----------
    origin_mm : (3,) LPS
    axes : (3, 3) unit directions of x', y' and z' as columns, LPS; right-handed
    coccyx : which landmark ends the PCL: the last coccygeal joint or the coccyx tip
    residual_mm : root mean square distance of the midline points to the plane; 0 when there are three
    checks : what the ischial spines and femoral heads say; empty when neither pair was placed
    frame_uid : DICOM Frame of Reference UID, or None where the source has none
    """

    origin_mm: FloatArray = field(repr=False)
    axes: FloatArray = field(repr=False)
    coccyx: LandmarkName
    residual_mm: float = 0.0
    checks: tuple[FrameCheck, ...] = ()
    frame_uid: str | None = None

    def __post_init__(self) -> None:
        origin = np.array(self.origin_mm, dtype=np.float64)
        axes = np.array(self.axes, dtype=np.float64)
        if origin.shape != (3,) or axes.shape != (3, 3) or not np.isfinite(origin).all():
            raise MeasurementError("a frame has an origin (3,) and axes (3, 3)", "got other shapes")
        if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-9) or np.linalg.det(axes) < 0:
            raise MeasurementError("a frame's axes stand at right angles, right-handed", "these do not")
        origin.flags.writeable = False
        axes.flags.writeable = False
        object.__setattr__(self, "origin_mm", origin)
        object.__setattr__(self, "axes", axes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the frame was made."""
        notes = []
        if self.coccyx is LandmarkName.COCCYX_TIP:
            notes.append("the coccyx tip stands in for the last coccygeal joint")
        if not self.checks:
            notes.append(
                "the midsagittal plane was not checked: no pair of ischial spines or femoral heads is marked"
            )
        return tuple(notes)

    def to_frame(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) LPS as x', y', z' in mm."""
        return np.asarray((np.asarray(points_mm, dtype=np.float64) - self.origin_mm) @ self.axes)

    def from_frame(self, points: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) given as x', y', z' in LPS mm."""
        return np.asarray(np.asarray(points, dtype=np.float64) @ self.axes.T + self.origin_mm)

    def reflect(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return points (..., 3) LPS mirrored through the midsagittal plane, LPS."""
        return self.from_frame(self.to_frame(points_mm) * (-1.0, 1.0, 1.0))


def coccyx_point(landmarks: Landmarks) -> LandmarkName:
    """Return the landmark that ends the pubococcygeal line.

    The last coccygeal joint, or the coccyx tip in its place, which readers agree on better; never the
    sacrococcygeal joint, which over-grades (PubMed 31193423).

    Raises
    ------
    MeasurementError
        If neither can be used.
    """
    for name in (LandmarkName.LAST_COCCYGEAL_JOINT, LandmarkName.COCCYX_TIP):
        if landmarks.usable(name):
            return name
    reason = landmarks.why_not(LandmarkName.LAST_COCCYGEAL_JOINT) or ""
    if LandmarkName.COCCYX_TIP in landmarks:
        reason = f"{reason}; {landmarks.why_not(LandmarkName.COCCYX_TIP)}"
    if LandmarkName.SACROCOCCYGEAL_JOINT in landmarks:
        reason = f"{reason}, and the sacrococcygeal joint must not stand in for it"
    raise MeasurementError(
        "the pubococcygeal line ends at the last coccygeal joint, or else at the coccyx tip",
        reason,
        "place one of them",
    )


def pubococcygeal_ends_mm(landmarks: Landmarks) -> tuple[FloatArray, FloatArray]:
    """Return P and the coccyx point, each (3,) LPS.

    Raises
    ------
    MeasurementError
        If one of them cannot be used, or they are not 60 to 160 mm apart (inclusive).
    """
    pubis = landmarks.point_mm(LandmarkName.INFERIOR_PUBIC_POINT)
    coccyx = landmarks.point_mm(coccyx_point(landmarks))
    _plausible("P and the coccyx point", pubis, coccyx, PCL_MM)
    return pubis, coccyx


def pelvic_frame(landmarks: Landmarks) -> PelvicFrame:
    """Return the frame of the pelvis; a wrong landmark is refused, never worked around.

    Raises
    ------
    MeasurementError
        If a landmark is missing or out of the field, distances are impossible, the midline points lie on one
        line or not on one plane, or the plane contradicts the ischial spines, the femoral heads or the
        patient's left.
    """
    pubis, coccyx = pubococcygeal_ends_mm(landmarks)
    sacrum = _sacral_points(landmarks)
    for name, point in sacrum:
        _plausible(f"P and the {name.words}", pubis, point, _PUBIS_TO_SACRUM_MM)
    along = (coccyx - pubis) / np.linalg.norm(coccyx - pubis)
    upward = np.mean([point for _, point in sacrum], axis=0) - pubis
    upward -= (upward @ along) * along
    if np.linalg.norm(upward) < _OFF_THE_LINE_MM:
        raise MeasurementError(
            f"a sacral landmark stands at least {_OFF_THE_LINE_MM:g} mm off the pubococcygeal line",
            f"{' and '.join(name.words for name, _ in sacrum)}: {np.linalg.norm(upward):.1f} mm",
            "place it again",
        )
    midline = np.array([pubis, coccyx, *(point for _, point in sacrum)])
    centre = midline.mean(axis=0)
    normal = np.linalg.svd(midline - centre)[2][2]
    residual = float(np.sqrt(np.mean(np.square((midline - centre) @ normal))))
    if residual > _RESIDUAL_AT_MOST_MM:
        raise MeasurementError(
            f"midline landmarks lie within {_RESIDUAL_AT_MOST_MM:g} mm (root mean square) of one plane",
            f"{residual:.1f} mm",
            "one of P, coccyx, promontory and S3 is off the midline: place it again",
        )
    y = along - (along @ normal) * normal
    y /= np.linalg.norm(y)
    z = np.cross(normal, y)
    z *= np.sign(z @ upward)
    x = np.cross(y, z)
    _faces_left(x)
    origin = pubis - ((pubis - centre) @ normal) * normal
    axes = np.stack([x, y, z], axis=1)
    frame = PelvicFrame(origin, axes, coccyx_point(landmarks), residual, frame_uid=landmarks.frame_uid)
    return replace(frame, checks=_checks(frame, landmarks))


def on_the_wrong_side(frame: PelvicFrame, landmarks: Landmarks) -> tuple[LandmarkName, ...]:
    """Return the left landmarks that lie to the right of the midsagittal plane, and the reverse."""
    wrong = []
    for mark in landmarks.placed:
        side = {"left": 1.0, "right": -1.0}.get(mark.name.rpartition("_")[2])
        if side is not None and side * frame.to_frame(mark.point_mm)[0] <= 0:
            wrong.append(mark.name)
    return tuple(wrong)


def _sacral_points(landmarks: Landmarks) -> list[tuple[LandmarkName, FloatArray]]:
    points = [(name, landmarks.point_mm(name)) for name in _SACRUM if landmarks.usable(name)]
    if not points:
        reasons = [landmarks.why_not(name) or "" for name in _SACRUM]
        raise MeasurementError(
            "the midsagittal plane needs the sacral promontory or the S3 midpoint",
            "; ".join(reasons),
            "place one of them",
        )
    return points


def _plausible(what: str, one: FloatArray, other: FloatArray, bounds_mm: tuple[float, float]) -> None:
    distance = float(np.linalg.norm(one - other))
    if not bounds_mm[0] <= distance <= bounds_mm[1]:
        raise MeasurementError(
            f"{what} are {bounds_mm[0]:g} to {bounds_mm[1]:g} mm apart",
            f"{distance:.1f} mm",
            "one of them is misplaced: place it again",
        )


def _faces_left(x: FloatArray) -> None:
    off_deg = float(np.degrees(np.arccos(np.clip(x[0], -1.0, 1.0))))
    if off_deg > _LEFT_WITHIN_DEG:
        raise MeasurementError(
            f"the midsagittal plane faces the patient's left (LPS x) within {_LEFT_WITHIN_DEG:g} degrees",
            f"{off_deg:.0f} degrees away",
            "P, coccyx or sacrum are swapped or misplaced: place them again",
        )


def _checks(frame: PelvicFrame, landmarks: Landmarks) -> tuple[FrameCheck, ...]:
    checks = []
    for pair, left_name, right_name in _PAIRS:
        if not (landmarks.usable(left_name) and landmarks.usable(right_name)):
            continue
        left_mm, right_mm = landmarks.point_mm(left_name), landmarks.point_mm(right_name)
        _plausible(f"the {pair}", left_mm, right_mm, _PAIR_MM[pair])
        left, right = frame.to_frame(left_mm), frame.to_frame(right_mm)
        across = left - right
        if across[0] <= 0:
            raise MeasurementError(
                f"the left of the {pair} lies to the patient's left",
                "left and right are swapped",
                "swap them",
            )
        tilt = float(np.degrees(np.arctan2(np.hypot(across[1], across[2]), across[0])))
        check = FrameCheck(pair, float((left[0] + right[0]) / 2.0), tilt)
        if abs(check.offset_mm) > _OFFSET_AT_MOST_MM or tilt > _TILT_AT_MOST_DEG:
            raise MeasurementError(
                f"the middle of the {pair} lies within {_OFFSET_AT_MOST_MM:g} mm of the midsagittal plane, "
                f"and they face it within {_TILT_AT_MOST_DEG:g} degrees",
                f"{check.offset_mm:+.1f} mm and {tilt:.1f} degrees",
                f"a midline landmark or one of the {pair} is misplaced: place it again",
            )
        checks.append(check)
    return tuple(checks)
