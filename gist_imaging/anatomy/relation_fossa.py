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
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["FAT_HIGHEST_HU", "FAT_LOWEST_HU", "fossa_fat_mm3", "fossa_loss"]


# Fat on CT, HU (both inclusive): within the usual -190 to -30 HU (Mitsiopoulos et al., J Appl Physiol
# 1998;85:115). The lower end is raised to the usual one of visceral fat, so that the margin of gas is no fat.
FAT_LOWEST_HU, FAT_HIGHEST_HU = -150.0, -30.0
# Fat told by its HU goes on into the buttock: it counts to this depth below the healthy muscle, and below
# its mirror image on the affected side, in mm (inclusive). Ours.
_FOSSA_DEPTH_MM = 30.0
# So far beside the sheet fat told by its HU still lies below it, in mm (inclusive). Ours.
_BESIDE_MM = 3.0


def fossa_loss(
    sides: tuple[LevatorSide, LevatorSide],
    fat: Mask | None,
    frame: PelvicFrame,
    landmarks: Landmarks,
    volume: Volume | None = None,
) -> Metric:
    """M8: 1 - volume of fat below the affected levator over that below the other, down to the anal verge.

    Without an outline, fat on CT is what has -150 to -30 HU, to a depth of 30 mm below the healthy muscle and
    below its mirror image, so that both sides are taken from the same space.

    Parameters
    ----------
    sides : the affected and the healthy levator
    fat : the fat of both ischioanal fossae; what lies above the levator or below the verge is left out
    volume : the series; used without an outline
    """
    if fat is None and (volume is None or volume.quantity is not Quantity.HU):
        return Metric.missing(
            "1",
            "the fat of the ischioanal fossae was not outlined"
            + ("" if volume is None else ", and only CT in HU tells it without"),
        )
    if reason := landmarks.why_not(LandmarkName.ANAL_VERGE):
        return Metric.missing("1", reason)
    verge_z = float(frame.to_frame(landmarks.point_mm(LandmarkName.ANAL_VERGE))[2])
    if fat is not None:
        one, other = (fossa_fat_mm3(side, fat, frame, verge_z) for side in sides)
        notes: tuple[str, ...] = ()
    elif volume is not None:
        found = _fat_of(volume, sides, frame, verge_z)
        one, other = (fossa_fat_mm3(side, found, frame, verge_z, sides[1]) for side in sides)
        notes = (f"fat by its HU, to {_FOSSA_DEPTH_MM:g} mm below the healthy levator and its mirror image",)
    if not other > 0:
        return Metric.missing("1", "no fat is found below the levator of the other side")
    return Metric(
        1.0 - one / other, "1", notes=(f"{one / 1000:.1f} mL and {other / 1000:.1f} mL of fat", *notes)
    )


def _fat_of(
    volume: Volume, sides: tuple[LevatorSide, LevatorSide], frame: PelvicFrame, verge_z: float
) -> Mask:
    """Return the voxels of fat in a box around both fossae, on the volume's grid."""
    points = np.concatenate([side.surface.vertices_mm for side in sides])
    body = frame.to_frame(points)
    low, high = body.min(axis=0) - _FOSSA_DEPTH_MM, body.max(axis=0) + _FOSSA_DEPTH_MM
    low[2] = min(low[2], verge_z)
    corners = frame.from_frame(
        [[(low, high)[b][a] for a, b in enumerate(bits)] for bits in np.ndindex(2, 2, 2)]
    )
    index = volume.geometry.to_index(corners)
    first = np.clip(np.floor(index.min(axis=0)), 0, volume.geometry.shape).astype(np.int64)
    last = np.clip(np.ceil(index.max(axis=0)) + 1, 0, volume.geometry.shape).astype(np.int64)
    where = tuple(slice(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True))
    voxels = np.zeros(volume.geometry.shape, dtype=np.bool_)
    values = volume.voxels[where]
    voxels[where] = (values >= FAT_LOWEST_HU) & (values <= FAT_HIGHEST_HU)
    return Mask(voxels, volume.geometry, structure="fat")


def fossa_fat_mm3(
    levator: LevatorSide,
    fat: Mask,
    frame: PelvicFrame,
    verge_z: float,
    yardstick: LevatorSide | None = None,
) -> float:
    """Return the volume of fat on one side between the levator and the height z' of the anal verge.

    The muscle is seen along the direction halfway between lateral and caudal, in which it is a single
    sheet: fat that lies beyond its outer face in that direction is below it. Beside the sheet, its nearest
    edge decides.

    Parameters
    ----------
    yardstick : the healthy levator; where given, fat counts only right below it, or below its mirror image,
        and to a depth of 30 mm
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
    depth, place = _turned(body)
    beyond = _below(face, frame, levator.side, depth, place)
    below = beyond > 0
    if yardstick is not None:
        healthy = yardstick.inner if yardstick.outer is None else yardstick.outer
        if healthy is None:
            return 0.0
        within = _below(healthy, frame, yardstick.side, depth, place, _BESIDE_MM)
        below &= within <= _FOSSA_DEPTH_MM
    return float(np.count_nonzero(below) * fat.geometry.voxel_volume_mm3)


def _below(
    face: TriangleMesh,
    frame: PelvicFrame,
    side: Side,
    depth: FloatArray,
    place: FloatArray,
    beside_mm: float = np.inf,
) -> FloatArray:
    """Return how far (n,) below a face points lie; inf farther beside it than `beside_mm`."""
    muscle = _depth_and_place(face, frame, side)
    away, nearest = cKDTree(muscle[1]).query(place)
    return np.where(np.asarray(away) <= beside_mm, depth - muscle[0][np.asarray(nearest)], np.inf)


def _depth_and_place(face: TriangleMesh, frame: PelvicFrame, side: Side) -> tuple[FloatArray, FloatArray]:
    body = frame.to_frame(face.vertices_mm)
    body[:, 0] *= 1.0 if side == "L" else -1.0
    return _turned(body)


def _turned(body: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return depth (n,) laterally and caudally, and place (n, 2) square to it."""
    lateral, back, cranial = np.moveaxis(body, 1, 0)
    across = (lateral + cranial) / np.sqrt(2.0)
    return np.asarray((lateral - cranial) / np.sqrt(2.0)), np.stack([across, back], axis=-1)
