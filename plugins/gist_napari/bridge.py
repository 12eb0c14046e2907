"""How positions of one pane carry over to the other, and whether their slices can go together; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial import Volume
from gist_imaging.spatial.register_transform import RigidTransform
from gist_napari.layers import FloatArray
from gist_napari.planes import PlaneMap

__all__ = ["PLANES_AGREE_WITHIN_DEG", "Bridge", "bridge_between", "plane_angle_deg", "seen_through"]

# Beyond this, one step in one picture crosses many slices of the other, and linked scrolling misleads.
PLANES_AGREE_WITHIN_DEG = 15.0


@dataclass(frozen=True, slots=True)
class Bridge:
    """A rigid way from patient positions of PRE to those of POST.

    Parameters
    ----------
    matrix : (4, 4) mm; takes (x, y, z, 1) in LPS of PRE to LPS of POST
    how : "registration"; "one frame", where both scans share a frame of reference; "middle", where nothing
        is known and the middles of the scans are laid on one another
    """

    matrix: FloatArray
    how: Literal["registration", "one frame", "middle"]

    def to_post(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return where (..., 3) positions of PRE lie in POST, LPS."""
        points = np.asarray(points_mm, dtype=np.float64)
        return np.asarray(points @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    def to_pre(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return where (..., 3) positions of POST lie in PRE, LPS."""
        points = np.asarray(points_mm, dtype=np.float64) - self.matrix[:3, 3]
        return np.asarray(points @ self.matrix[:3, :3])

    def reversed(self) -> Bridge:
        """Return the way back."""
        return replace(self, matrix=np.asarray(np.linalg.inv(self.matrix), dtype=np.float64))


def bridge_between(pre: Volume, post: Volume, transform: RigidTransform | None) -> Bridge:
    """Return the best known way from PRE to POST.

    Parameters
    ----------
    transform : carries PRE to POST; None where the scans have not been registered
    """
    if transform is not None:
        return Bridge(transform.matrix, "registration")
    one, other = pre.geometry.frame_uid, post.geometry.frame_uid
    matrix = np.eye(4)
    if one and one == other:
        return Bridge(matrix, "one frame")
    matrix[:3, 3] = _middle(post) - _middle(pre)
    return Bridge(matrix, "middle")


def _middle(volume: Volume) -> FloatArray:
    return volume.geometry.to_patient((np.asarray(volume.geometry.shape) - 1) / 2)


def plane_angle_deg(pre: PlaneMap, post: PlaneMap, bridge: Bridge) -> float:
    """Return the angle between the slices of both pictures, 0 to 90."""
    normal = bridge.matrix[:3, :3] @ pre.normal
    other = post.normal
    # atan2 keeps small angles exact, where arccos of a rounded cosine does not.
    sine, cosine = np.linalg.norm(np.cross(normal, other)), abs(float(normal @ other))
    return float(np.degrees(np.arctan2(sine, cosine)))


def seen_through(view: PlaneMap, volume: Volume, bridge: Bridge) -> npt.NDArray[Any]:
    """Return what `volume` holds where the slice of `view` lies: a copy for the eye, linear between voxels.

    Parameters
    ----------
    bridge : carries positions of the picture to those of `volume`

    Returns
    -------
    (down, across) float32, hung as the picture is; NaN outside `volume`
    """
    from scipy import ndimage

    grid, plane = view.grid, view.plane
    shape = (grid.shape[plane.down], grid.shape[plane.across])
    corner = np.zeros((3, 3))
    corner[:, plane.axis] = view.depth
    corner[1, plane.down], corner[2, plane.across] = 1.0, 1.0
    # Everything on the way is affine, so three voxels tell where all of them lie.
    at = volume.geometry.to_index(bridge.to_post(grid.geometry.to_patient(grid.to_native(corner))))
    steps = np.stack([at[1] - at[0], at[2] - at[0]], axis=1)
    rows, columns = np.indices(shape)
    indices = at[0][:, None, None] + steps[:, :1, None] * rows + steps[:, 1:, None] * columns
    values = ndimage.map_coordinates(
        volume.voxels, indices, output=np.float32, order=1, mode="grid-constant", prefilter=False
    )
    beyond = np.asarray(volume.geometry.shape)[:, None, None] - 0.5
    values[((indices < -0.5) | (indices > beyond)).any(axis=0)] = np.nan
    return values if plane.down_sign > 0 else values[::-1]
