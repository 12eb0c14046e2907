"""Surfaces in patient mm: triangle meshes, and the levator ani of one side as a sheet with a thickness."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError

__all__ = ["FloatArray", "LevatorSurface", "Side", "TriangleMesh"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

Side = Literal["L", "R"]


@dataclass(frozen=True, slots=True, eq=False)
class TriangleMesh:
    """Triangles in the patient.

    Parameters
    ----------
    vertices_mm : (n, 3) LPS
    triangles : (m, 3) numbers of vertices; of a closed mesh, counter-clockwise as seen from outside
    frame_uid : DICOM Frame of Reference UID, or None where the source has none

    Raises
    ------
    GeometryError
        If vertices are not finite positions, or a triangle names a vertex that is not there.
    """

    vertices_mm: FloatArray = field(repr=False)
    triangles: IndexArray = field(repr=False)
    frame_uid: str | None = None

    def __post_init__(self) -> None:
        vertices = np.array(self.vertices_mm, dtype=np.float64)
        triangles = np.array(self.triangles, dtype=np.int64)
        if vertices.ndim != 2 or vertices.shape[1] != 3 or not np.isfinite(vertices).all():
            raise GeometryError("vertices are finite rows of x, y, z in mm", f"got shape {vertices.shape}")
        if triangles.ndim != 2 or triangles.shape[1] != 3:
            raise GeometryError("triangles are rows of three vertex numbers", f"got shape {triangles.shape}")
        if triangles.size and (triangles.min() < 0 or triangles.max() >= len(vertices)):
            raise GeometryError(
                f"triangles name vertices 0 to {len(vertices) - 1}",
                f"got {int(triangles.min())} to {int(triangles.max())}",
            )
        vertices.flags.writeable = False
        triangles.flags.writeable = False
        object.__setattr__(self, "vertices_mm", vertices)
        object.__setattr__(self, "triangles", triangles)

    @property
    def area_mm2(self) -> float:
        """Area of all triangles together."""
        a, b, c = (self.vertices_mm[self.triangles[:, corner]] for corner in range(3))
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class LevatorSurface:
    """The levator ani of one side: the middle of the muscle as a smooth sheet, and how thick it is there.

    The sheet is a grid of points: rows run from front to back, and along a row the points run from the
    muscle's origin on the side wall to its insertion at the puborectalis, as on one coronal slice.

    Parameters
    ----------
    side : the patient's left or right
    points_mm : (rows, columns, 3) LPS; at least 2 × 2
    thickness_mm : (rows, columns); above 0
    error_mm : expected distance between sheet and muscle (root mean square), or None when not known
    frame_uid : DICOM Frame of Reference UID, or None where the source has none

    Raises
    ------
    GeometryError
        If the arrays do not fit, are not finite, or a thickness is not above 0.
    """

    side: Side
    points_mm: FloatArray = field(repr=False)
    thickness_mm: FloatArray = field(repr=False)
    error_mm: float | None = None
    frame_uid: str | None = None

    def __post_init__(self) -> None:
        points = np.array(self.points_mm, dtype=np.float64)
        thickness = np.array(self.thickness_mm, dtype=np.float64)
        if self.side not in ("L", "R"):
            raise GeometryError("a side is L or R", f"got {self.side!r}")
        if points.ndim != 3 or points.shape[2] != 3 or min(points.shape[:2]) < 2:
            raise GeometryError("a sheet is a grid of at least 2 × 2 points", f"got shape {points.shape}")
        if thickness.shape != points.shape[:2]:
            raise GeometryError("one thickness a point", f"got {thickness.shape} for {points.shape[:2]}")
        if not (np.isfinite(points).all() and np.isfinite(thickness).all() and thickness.min() > 0):
            raise GeometryError("positions are finite and thicknesses above 0 mm", "some are not")
        points.flags.writeable = False
        thickness.flags.writeable = False
        object.__setattr__(self, "points_mm", points)
        object.__setattr__(self, "thickness_mm", thickness)

    @property
    def inward(self) -> FloatArray:
        """(rows, columns, 3) unit normals of the sheet that point into the pelvis (medially and to the head).

        They follow from the order of rows and columns, so no centre has to be guessed.
        """
        backward = np.gradient(self.points_mm, axis=0)
        downward = np.gradient(self.points_mm, axis=1)
        normals = np.cross(backward, downward) * (1.0 if self.side == "L" else -1.0)
        length = np.linalg.norm(normals, axis=2, keepdims=True)
        # Where a row shrinks to a point the sheet has no normal of its own; the mean one serves.
        mean = normals.sum(axis=(0, 1))
        mean /= max(float(np.linalg.norm(mean)), 1e-12)
        return np.asarray(np.where(length > 1e-9, normals / np.maximum(length, 1e-9), mean))

    @property
    def area_mm2(self) -> float:
        """Area of the middle of the muscle (one face)."""
        return self.middle_mesh().area_mm2

    def middle_mesh(self) -> TriangleMesh:
        """Return the middle of the muscle; vertex = row × columns + column, normals into the pelvis."""
        return self._mesh(0.0)

    def inner_mesh(self) -> TriangleMesh:
        """Return the pelvic face of the muscle, normals into the pelvis; vertices as in the middle mesh."""
        return self._mesh(0.5)

    def outer_mesh(self) -> TriangleMesh:
        """Return the face towards the ischioanal fossa, normals into the fossa, not the pelvis."""
        return self._mesh(-0.5)

    def _mesh(self, share: float) -> TriangleMesh:
        """Return the sheet moved by `share` of its thickness into the pelvis, normals out of the muscle."""
        points = self.points_mm
        if share:
            points = points + share * self.thickness_mm[..., None] * self.inward
        rows, columns = self.thickness_mm.shape
        number = np.arange(rows * columns).reshape(rows, columns)
        here, behind, below, both = number[:-1, :-1], number[1:, :-1], number[:-1, 1:], number[1:, 1:]
        cells = np.stack([here, behind, both, here, both, below], axis=-1).reshape(-1, 3)
        if (self.side == "L") != (share >= 0.0):
            cells = cells[:, ::-1]
        return TriangleMesh(points.reshape(-1, 3), cells, self.frame_uid)
