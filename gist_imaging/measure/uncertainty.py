"""How far a size may be off because voxels have a size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.measure.diameter import Diameter
from gist_imaging.spatial.geometry import Geometry

__all__ = ["METHOD", "diameter_half_width_mm"]

METHOD = "half_voxel_edge"
"""The outline lies anywhere within half a voxel edge: half-widths, not standard deviations.

A volume gains or loses what the surface sweeps when it moves by half a voxel edge along its normal
(`MeshSize.half_voxel_shell_mm3`). A diameter gains or loses half a voxel edge at each of its two ends, that
is one voxel edge along its direction.
"""


def diameter_half_width_mm(
    diameter: Diameter, geometry: Geometry, along: npt.ArrayLike | None = None
) -> float:
    """Return the half-width of a diameter: one voxel edge along its direction.

    The voxel edge along a unit vector d is the length of (d_k s_k, d_j s_j, d_i s_i) for spacings s: the
    spacing itself along an axis, and in every direction for cubes.

    Parameters
    ----------
    along : (3,) LPS direction in which the length is counted; None: from end to end
    """
    direction = diameter.direction if along is None else np.asarray(along, dtype=np.float64)
    return float(np.linalg.norm(direction @ geometry.axes * geometry.spacing_mm))
