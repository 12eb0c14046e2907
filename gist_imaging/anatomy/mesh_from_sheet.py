"""The two faces of a levator sheet with a thickness, and the shell that they close."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, TriangleMesh
from gist_imaging.errors import GeometryError

__all__ = ["faces_of_sheet", "shell_of_sheet"]

IntArray = npt.NDArray[np.int64]


def faces_of_sheet(sheet: LevatorSurface) -> tuple[TriangleMesh, TriangleMesh]:
    """Return the two faces of the muscle, half its thickness to either side of the sheet.

    Returns
    -------
    front, back : meshes whose triangles turn counter-clockwise as seen from outside the muscle; both have the
        sheet's points in its own order
    """
    normals = _normals(sheet.points_mm)
    half = sheet.thickness_mm[..., None] / 2.0 * normals
    triangles = _grid_triangles(*sheet.thickness_mm.shape)
    front = TriangleMesh((sheet.points_mm + half).reshape(-1, 3), triangles, sheet.frame_uid)
    back = TriangleMesh((sheet.points_mm - half).reshape(-1, 3), triangles[:, ::-1], sheet.frame_uid)
    return front, back


def shell_of_sheet(sheet: LevatorSurface) -> TriangleMesh:
    """Return the closed surface of the muscle: both faces, and a strip around the rim."""
    front, back = faces_of_sheet(sheet)
    rows, columns = sheet.thickness_mm.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    rim = np.concatenate([number[0, :-1], number[:-1, -1], number[-1, :0:-1], number[:0:-1, 0]])
    after = np.roll(rim, -1)
    other = rows * columns
    # The front face runs along the rim one way, so the strip runs the other way.
    strip = np.concatenate(
        [np.stack([after, rim, rim + other], -1), np.stack([after, rim + other, after + other], -1)]
    )
    if _runs_along(front.triangles, int(after[0]), int(rim[0])):
        strip = strip[:, ::-1]
    return TriangleMesh(
        np.concatenate([front.vertices_mm, back.vertices_mm]),
        np.concatenate([front.triangles, back.triangles + other, strip]),
        sheet.frame_uid,
    )


def _runs_along(triangles: IntArray, start: int, end: int) -> bool:
    """Return whether a triangle has the edge from `start` to `end` in this direction."""
    after = np.roll(triangles, -1, axis=1)
    return bool(((triangles == start) & (after == end)).any())


def _normals(points: FloatArray) -> FloatArray:
    """Return (rows, columns, 3) unit normals of a grid of points."""
    normals = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    if not length.min() > 0:
        raise GeometryError(
            "neighbouring points of a levator sheet lie apart", "some coincide", "outline it again"
        )
    return np.asarray(normals / length)


def _grid_triangles(rows: int, columns: int) -> IntArray:
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b = number[:-1, :-1].ravel(), number[1:, :-1].ravel()
    c, d = number[1:, 1:].ravel(), number[:-1, 1:].ravel()
    return np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)])
