"""M8: fat of the ischioanal fossa that the displaced levator has taken."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from gist_imaging.anatomy.landmarks import LandmarkName, Landmarks
from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.pelvic_frame import PelvicFrame
from gist_imaging.anatomy.relation_surfaces import LevatorSide
from gist_imaging.anatomy.surface import FloatArray, Side, TriangleMesh
from gist_imaging.spatial.mask import Mask

__all__ = ["fossa_fat_mm3", "fossa_loss"]


def fossa_loss(
    sides: tuple[LevatorSide, LevatorSide], fat: Mask, frame: PelvicFrame, landmarks: Landmarks
) -> Metric:
    """M8: 1 - volume of fat below the affected levator over that below the other, down to the anal verge.

    Parameters
    ----------
    sides : the affected and the healthy levator
    fat : the fat of both ischioanal fossae; what lies above the levator or below the verge is left out
    """
    if reason := landmarks.why_not(LandmarkName.ANAL_VERGE):
        return Metric.missing("1", reason)
    verge_z = float(frame.to_frame(landmarks.point_mm(LandmarkName.ANAL_VERGE))[2])
    one, other = (fossa_fat_mm3(side, fat, frame, verge_z) for side in sides)
    if not other > 0:
        return Metric.missing("1", "no fat is outlined below the levator of the other side")
    return Metric(1.0 - one / other, "1", notes=(f"{one / 1000:.1f} mL and {other / 1000:.1f} mL of fat",))


def fossa_fat_mm3(levator: LevatorSide, fat: Mask, frame: PelvicFrame, verge_z: float) -> float:
    """Return the volume of fat on one side between the levator and the height z' of the anal verge.

    The muscle is seen along the direction halfway between lateral and caudal, in which it is a single
    sheet: fat that lies beyond its outer face in that direction is below it. Beside the sheet, its nearest
    edge decides.
    """
    face = levator.inner if levator.outer is None else levator.outer
    if face is None or fat.is_empty:
        return 0.0
    body = frame.to_frame(fat.geometry.to_patient(np.argwhere(fat.voxels)))
    sign = 1.0 if levator.side == "L" else -1.0
    body[:, 0] *= sign
    body = body[(body[:, 0] > 0) & (body[:, 2] >= verge_z)]
    if not len(body):
        return 0.0
    muscle = _depth_and_place(face, frame, levator.side)
    depth, place = _turned(body)
    nearest = cKDTree(muscle[1]).query(place)[1]
    return float(np.count_nonzero(depth > muscle[0][nearest]) * fat.geometry.voxel_volume_mm3)


def _depth_and_place(face: TriangleMesh, frame: PelvicFrame, side: Side) -> tuple[FloatArray, FloatArray]:
    body = frame.to_frame(face.vertices_mm)
    body[:, 0] *= 1.0 if side == "L" else -1.0
    return _turned(body)


def _turned(body: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return depth (n,) laterally and caudally, and place (n, 2) square to it."""
    lateral, back, cranial = np.moveaxis(body, 1, 0)
    across = (lateral + cranial) / np.sqrt(2.0)
    return np.asarray((lateral - cranial) / np.sqrt(2.0)), np.stack([across, back], axis=-1)
