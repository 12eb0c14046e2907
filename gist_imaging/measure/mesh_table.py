"""The triangles of marching cubes for a mask, one entry for each kind of cell.

A cell is a cube of eight voxel centres; bit 4 k + 2 j + i of its number says whether corner (k, j, i) is in
the mask. Turning and mirroring leave 22 kinds, of which the empty and the full have no triangle. The
triangles are those that scikit-image's `marching_cubes` (Lewiner et al., J Graph Tools 2003;8:1-15) gives for
the values 0 and 1 at level 0.5; where two voxels of the mask touch at opposite corners of a face, they are
joined, which agrees with counting pieces by 26-connectivity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

__all__ = ["N_CELLS", "CellTable", "cell_table"]

N_CELLS = 256

# A point of a cell is a letter: a, b, ... in C order over (k, j, i) in 0, 1/2, 1; mesh vertices lie on edges.
_LETTERS = "abcdefghijklmnopqrstuvwxyz*"
# Kind of cell: part of the cell inside the mesh in 48ths, and the triangles.
_KINDS: dict[int, tuple[int, str]] = {
    0b00000001: (1, "djb"),
    0b00000011: (6, "djf fjl"),
    0b00000110: (10, "dbp blp fhp fpl"),
    0b00000111: (17, "hpf plf pjl"),
    0b00001111: (24, "rjl pjr"),
    0b00010110: (3, "pvj tjv jtl jlb fbl bfd hdf dhp dpj"),
    0b00010111: (24, "pvt ptl hpl fhl"),
    0b00011000: (2, "rhf vtj"),
    0b00011001: (27, "bft rtf trv hvr vhd"),
    0b00011011: (24, "lrh vlh dvh tlv"),
    0b00011110: (30, "jdb vtp lpt plr"),
    0b00011111: (31, "pvt lpt rpl"),
    0b00111100: (36, "xrv pvr jfl fjd"),
    0b00111101: (29, "xnv nlv bvl vbp fpb pfn nrp xrn nfl"),
    0b00111111: (42, "xrp xpv"),
    0b01101001: (44, "jtv hdp lbf rzx"),
    0b01101011: (45, "hdp tvj zxr"),
    0b01101111: (46, "xrz tvj"),
    0b01111110: (46, "bjd xrz"),
    0b01111111: (47, "zxr"),
}
_FULL = N_CELLS - 1


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """For each cell: the part of it inside the mesh, and its triangles in cell units.

    Parameters
    ----------
    inside : (256,) 0 to 1
    cell_of : (n,) the cell that a triangle belongs to
    area_vectors : (n, 3) along k, j, i; the side they point to is of no account
    centroids : (n, 3) along k, j, i from the cell's first corner, 0 to 1
    """

    inside: npt.NDArray[np.float64]
    cell_of: npt.NDArray[np.int64]
    area_vectors: npt.NDArray[np.float64]
    centroids: npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def cell_table() -> CellTable:
    """Return the table of all 256 cells: the kinds, turned and mirrored into every place."""
    inside = np.zeros(N_CELLS)
    inside[_FULL] = 1.0
    area_vectors: dict[int, npt.NDArray[np.float64]] = {}
    centroids: dict[int, npt.NDArray[np.float64]] = {}
    for kind, (parts_of_48, words) in _KINDS.items():
        corners = np.array(
            [[kind >> (4 * k + 2 * j + i) & 1 for i in (0, 1)] for k, j in product((0, 1), repeat=2)]
        )
        corners = corners.reshape(2, 2, 2)
        triangles = _triangles(words)
        a, b, c = np.moveaxis(triangles, 1, 0)
        areas, middles = np.cross(b - a, c - a) / 2.0, triangles.mean(axis=1) - 0.5
        for order, flips in product(permutations(range(3)), product((1, -1), repeat=3)):
            turned = corners.transpose(order)[:: flips[0], :: flips[1], :: flips[2]]
            cell = int(turned.ravel() @ (1 << np.arange(8)))
            if cell not in area_vectors:
                inside[cell] = parts_of_48 / 48.0
                area_vectors[cell] = areas[:, order] * flips
                centroids[cell] = middles[:, order] * flips + 0.5
    cell_of = np.concatenate([np.full(len(areas), cell) for cell, areas in area_vectors.items()])
    return CellTable(
        inside,
        cell_of,
        np.concatenate(list(area_vectors.values())),
        np.concatenate(list(centroids.values())),
    )


def _triangles(words: str) -> npt.NDArray[np.float64]:
    """(n, 3, 3) corners of each triangle along k, j, i."""
    points = np.array(
        [[np.unravel_index(_LETTERS.index(letter), (3, 3, 3)) for letter in word] for word in words.split()]
    )
    return np.asarray(points / 2.0)
