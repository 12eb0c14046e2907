"""Volume and surface of the iso-0.5 mesh of a mask.

The mesh is that of marching cubes on the voxels as 0 and 1 with level 0.5, outside the image 0: its
vertices lie halfway between neighbouring voxel centres of which one is in the mask. There are only 256 kinds
of cell, so their volume and triangles stand in a table (`mesh_table`) and a mask is measured by counting its
cells. Turning, flipping or re-ordering the grid changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.measure.mesh_table import N_CELLS, cell_table
from gist_imaging.measure.region import Region

__all__ = ["MeshSize", "cell_numbers", "mesh_size"]


@dataclass(frozen=True, slots=True)
class MeshSize:
    """Size of the iso-0.5 mesh.

    Parameters
    ----------
    volume_mm3, surface_mm2 : enclosed volume and area of the triangles
    half_voxel_shell_mm3 : volume that the surface sweeps when every triangle moves by half a voxel edge
        along its unit normal n; the voxel edge along n is the length of (n_k s_k, n_j s_j, n_i s_i) for
        spacings s, which is the spacing itself along an axis and for cubes
    """

    volume_mm3: float
    surface_mm2: float
    half_voxel_shell_mm3: float


def mesh_size(region: Region) -> MeshSize:
    """Return volume and surface of the iso-0.5 mesh of a lesion; zeros where nothing is outlined."""
    table = cell_table()
    counts = _cell_counts(region.voxels)
    voxel_mm3 = region.geometry.voxel_volume_mm3
    # Area vectors go with the cofactors of the affine.
    area_vectors = voxel_mm3 * table.area_vectors @ np.linalg.inv(region.geometry.affine[:3, :3])
    swept = area_vectors @ region.geometry.axes * region.geometry.spacing_mm
    times = counts[table.cell_of]
    return MeshSize(
        volume_mm3=voxel_mm3 * float(counts @ table.inside),
        surface_mm2=float(times @ np.linalg.norm(area_vectors, axis=1)),
        half_voxel_shell_mm3=float(times @ np.linalg.norm(swept, axis=1)) / 2.0,
    )


def _cell_counts(voxels: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(256,) how often each cell occurs."""
    if voxels.size == 0:
        return np.zeros(N_CELLS, dtype=np.int64)
    return np.bincount(cell_numbers(voxels).ravel(), minlength=N_CELLS)


def cell_numbers(voxels: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return which of the 256 kinds each cell is, outside the array being outside the mask.

    Returns
    -------
    (k + 1, j + 1, i + 1) for voxels (k, j, i); the first cell's last corner is voxel 0
    """
    padded = np.pad(voxels, 1).view(np.uint8)
    pairs = padded[:, :, :-1] | padded[:, :, 1:] << 1
    squares = pairs[:, :-1] | pairs[:, 1:] << 2
    return np.asarray(squares[:-1] | squares[1:] << 4)
