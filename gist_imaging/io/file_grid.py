"""The grid that a file states, with the file named when it is no grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError
from gist_imaging.spatial.geometry import Geometry

__all__ = ["grid_of"]


def grid_of(shape: tuple[int, ...], affine: npt.NDArray[np.float64], name: str) -> Geometry:
    """Return the grid of a file without a frame of reference.

    Parameters
    ----------
    shape : (k, j, i)
    affine : (4, 4) index to LPS mm
    name : what messages call the file

    Raises
    ------
    GeometryError
        If it is no grid (no voxel size, or sheared); the message begins with the file.
    """
    depth, height, width = shape
    try:
        return Geometry((depth, height, width), affine)
    except GeometryError as error:
        raise GeometryError(f"{name}: {error.expected}", error.found, error.advice) from error
