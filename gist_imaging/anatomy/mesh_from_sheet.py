"""The shell that the two faces of a levator sheet with a thickness close."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.anatomy.surface import LevatorSurface, TriangleMesh

__all__ = ["shell_of_sheet"]

IntArray = npt.NDArray[np.int64]


def shell_of_sheet(sheet: LevatorSurface) -> TriangleMesh:
    """Return the closed surface of the muscle: both faces, and a strip around the rim."""
    front, back = sheet.inner_mesh(), sheet.outer_mesh()
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
