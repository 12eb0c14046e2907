"""A voxel grid placed in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError

__all__ = ["SAME_SPACING_WITHIN", "Geometry", "plane_of", "same_spacing"]

FloatArray = npt.NDArray[np.float64]

# Scanners round direction cosines to six digits or fewer; 1e-4 is the loosest that the gate lets through.
_RIGHT_ANGLE_TOLERANCE = 1e-4

# Files round spacings to six digits; two spacings nearer than this, relatively (inclusive), are one.
SAME_SPACING_WITHIN = 1e-3

# A slice normal within 20 degrees of a body axis is called by that plane's name; beyond it is oblique.
PLANE_NAME_WITHIN_DEG = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A voxel grid placed in the patient.

    Array axes are always (slice, row, column), written (k, j, i). Patient axes are DICOM's LPS: x grows
    to the patient's left, y to the back, z to the head.

    Parameters
    ----------
    shape : (3,) voxels along k, j, i; each at least 1
    affine : (4, 4) mm, LPS
        Takes the index (k, j, i, 1) to the centre of that voxel. Copied, and read-only afterwards.
    frame_uid : DICOM Frame of Reference UID (0020,0052), or None where the file format has none
    physical : False when somebody states that the spacing is not the patient's (voxel ratios only)

    Raises
    ------
    GeometryError
        If a voxel has no size, or its edges are not at right angles.
    """

    shape: tuple[int, int, int]
    affine: FloatArray = field(repr=False)
    frame_uid: str | None = None
    physical: bool = True

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise GeometryError(
                "a grid needs at least one voxel along each of three axes", f"got shape {shape}"
            )
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4):
            raise GeometryError("an affine is 4 x 4", f"got {affine.shape}")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if not (np.isfinite(affine).all() and spacing.min() > 0):
            raise GeometryError(
                "voxel spacing must be above 0 mm and finite",
                f"got {spacing.tolist()}",
                "export the series again with its spacing and positions",
            )
        if not np.array_equal(affine[3], (0.0, 0.0, 0.0, 1.0)):
            raise GeometryError("the last row of an affine is 0 0 0 1", f"got {affine[3].tolist()}")
        axes = affine[:3, :3] / spacing
        if not np.allclose(axes.T @ axes, np.eye(3), atol=_RIGHT_ANGLE_TOLERANCE):
            raise GeometryError(
                "voxel edges must stand at right angles",
                "this grid is sheared (tilted gantry?)",
                "resample the series before measuring",
            )
        affine.flags.writeable = False
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    @classmethod
    def from_spacing(
        cls,
        shape: tuple[int, int, int],
        spacing_mm: tuple[float, float, float],
        origin_mm: tuple[float, float, float],
        axes: npt.ArrayLike,
        frame_uid: str | None = None,
    ) -> Geometry:
        """Return the grid of `shape` whose first voxel's centre lies at `origin_mm`.

        Parameters
        ----------
        shape : (k, j, i)
        spacing_mm : between voxel centres along k, j, i
        origin_mm : (3,) LPS
        axes : (3, 3); the columns are the unit directions of k, j and i in LPS
        frame_uid : Frame of Reference UID
        """
        affine = np.eye(4)
        affine[:3, :3] = np.asarray(axes, dtype=np.float64) * np.asarray(spacing_mm, dtype=np.float64)
        affine[:3, 3] = origin_mm
        return cls(shape, affine, frame_uid)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along k, j, i."""
        k, j, i = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return (k, j, i)

    @property
    def origin_mm(self) -> tuple[float, float, float]:
        """Centre of the first voxel, LPS."""
        x, y, z = self.affine[:3, 3].tolist()
        return (x, y, z)

    @property
    def axes(self) -> FloatArray:
        """(3, 3) unit directions of k, j and i as columns, LPS."""
        matrix = self.affine[:3, :3]
        return np.asarray(matrix / np.linalg.norm(matrix, axis=0))

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def corners_mm(self) -> FloatArray:
        """(8, 3) centres of the eight corner voxels, LPS, in index order."""
        last = np.asarray(self.shape) - 1
        return self.to_patient(np.array(list(np.ndindex(2, 2, 2))) * last)

    def to_patient(self, indices: npt.ArrayLike) -> FloatArray:
        """Return the patient positions of voxel `indices`.

        Parameters
        ----------
        indices : (..., 3) as (k, j, i); fractions lie between voxel centres

        Returns
        -------
        (..., 3) mm, LPS
        """
        points = np.asarray(indices, dtype=np.float64)
        return np.asarray(points @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return the (k, j, i) indices of patient positions, with fractions.

        Parameters
        ----------
        points_mm : (..., 3) LPS
        """
        points = np.asarray(points_mm, dtype=np.float64) - self.affine[:3, 3]
        return np.asarray(points @ np.linalg.inv(self.affine[:3, :3]).T)

    def crop(self, start: tuple[int, int, int], shape: tuple[int, int, int]) -> Geometry:
        """Return the part of this grid that begins at voxel `start` and has `shape`."""
        affine = self.affine.copy()
        affine[:3, 3] = self.to_patient(start)
        return replace(self, shape=shape, affine=affine)

    def matches(self, other: Geometry, tol_mm: float = 0.01) -> bool:
        """Return whether both grids are the same voxels of the same patient space.

        The frames of reference are compared by name; where one of the two formats has no name for its
        frame (NIfTI, NRRD), position alone decides. All eight corners must agree within `tol_mm`
        (inclusive) and in index order, so a flipped grid does not match.
        """
        if self.shape != other.shape:
            return False
        if self.frame_uid and other.frame_uid and self.frame_uid != other.frame_uid:
            return False
        distance = np.linalg.norm(self.corners_mm - other.corners_mm, axis=1)
        return bool(distance.max() <= tol_mm)

    def to_json(self) -> dict[str, Any]:
        """Return the grid as plain values for `json.dumps`."""
        return {
            "shape": list(self.shape),
            "affine": self.affine.tolist(),
            "frame_uid": self.frame_uid,
            "physical": self.physical,
        }


def plane_of(geometry: Geometry) -> tuple[str, float]:
    """Return the name of the slice plane and how far it is tilted from it.

    Returns
    -------
    name : "axial", "coronal" or "sagittal", or "oblique" beyond 20 degrees (20 itself still has the name)
    tilt_deg : angle between the slice normal and the nearest body axis, 0 to 54.7

    >>> plane_of(Geometry((4, 5, 6), np.diag([3.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]], "1.2.3"))
    ('axial', 0.0)
    """
    row, column = geometry.axes[:, 1], geometry.axes[:, 2]
    normal = np.abs(np.cross(row, column))
    nearest = int(np.argmax(normal))
    # atan2 keeps small angles exact, where arccos of a rounded cosine does not.
    tilt_deg = float(np.degrees(np.arctan2(np.linalg.norm(np.delete(normal, nearest)), normal[nearest])))
    name = ("sagittal", "coronal", "axial")[nearest]
    return (name if tilt_deg <= PLANE_NAME_WITHIN_DEG else "oblique", tilt_deg)


def same_spacing(one_mm: Sequence[float], other_mm: Sequence[float]) -> bool:
    """Return whether two spacings are one but for the rounding of file formats.

    >>> same_spacing((3.27, 0.976562, 0.976562), (3.27, 0.9765625, 0.9765625))
    True
    """
    return all(
        abs(one - other) <= SAME_SPACING_WITHIN * max(one, other)
        for one, other in zip(one_mm, other_mm, strict=True)
    )
