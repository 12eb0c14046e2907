"""Which voxels of a grid belong to one structure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import MaskError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import Geometry

__all__ = ["Box", "Mask", "PackedMask"]

Box = tuple[tuple[int, int, int], tuple[int, int, int]]
"""First voxel and shape (k, j, i)."""

_NOWHERE: Box = ((0, 0, 0), (0, 0, 0))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mask:
    """Which voxels of a grid belong to one structure.

    A structure fills a small part of its grid. Where it lies is worked out once, so that measuring, comparing
    and storing it cost as much as the structure is large.

    Parameters
    ----------
    voxels : (k, j, i) bool; becomes read-only, is not copied, and must not be changed afterwards
    geometry : the grid; its shape is that of `voxels`
    structure : what is outlined, for example "tumour"
    lesion_id : which lesion of the patient, where known
    provenance : how the mask came about
    """

    voxels: npt.NDArray[np.bool_] = field(repr=False)
    geometry: Geometry
    structure: str = "tumour"
    lesion_id: str | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("unknown"))
    _box: Box | None = field(default=None, init=False, repr=False)  # None until it is asked for

    def __post_init__(self) -> None:
        if self.voxels.dtype != np.bool_:
            raise MaskError(
                "a mask holds true and false", f"got {self.voxels.dtype}", "compare with a label value first"
            )
        if self.voxels.shape != self.geometry.shape:
            raise MaskError(
                "mask and grid have one shape", f"got {self.voxels.shape} on a grid of {self.geometry.shape}"
            )
        voxels = self.voxels.view()
        voxels.flags.writeable = False
        object.__setattr__(self, "voxels", voxels)

    @classmethod
    def of_part(
        cls,
        inside: npt.NDArray[np.bool_],
        start: tuple[int, int, int],
        geometry: Geometry,
        structure: str = "tumour",
        lesion_id: str | None = None,
        provenance: Provenance | None = None,
    ) -> Mask:
        """Return the mask of a structure that lies in one part of the grid; the rest is never touched.

        Parameters
        ----------
        inside : (k, j, i) bool of the part; copied
        start : first voxel of the part

        Raises
        ------
        MaskError
            If the part leaves the grid.
        """
        start = (int(start[0]), int(start[1]), int(start[2]))  # a hash is made of their text
        ends = tuple(first + n for first, n in zip(start, inside.shape, strict=True))
        if min(start) < 0 or any(end > n for end, n in zip(ends, geometry.shape, strict=True)):
            raise MaskError(
                f"a part of a grid of {geometry.shape}",
                f"got voxels {start} to {ends}",
                "crop it to the grid",
            )
        voxels = np.zeros(geometry.shape, dtype=np.bool_)
        voxels[tuple(slice(first, end) for first, end in zip(start, ends, strict=True))] = inside
        mask = cls(voxels, geometry, structure, lesion_id, provenance or Provenance("unknown"))
        found, shape = _box_of(inside)
        here = _NOWHERE if 0 in shape else (_moved(found, start), shape)
        object.__setattr__(mask, "_box", here)
        return mask

    @classmethod
    def empty(
        cls,
        geometry: Geometry,
        structure: str = "tumour",
        lesion_id: str | None = None,
        provenance: Provenance | None = None,
    ) -> Mask:
        """Return the mask without a voxel."""
        nothing = np.zeros((0, 0, 0), dtype=np.bool_)
        return cls.of_part(nothing, (0, 0, 0), geometry, structure, lesion_id, provenance)

    def described(
        self,
        *,
        structure: str | None = None,
        lesion_id: str | None = None,
        provenance: Provenance | None = None,
    ) -> Mask:
        """Return the same voxels as another structure, of another lesion, or with another provenance."""
        mask = Mask(
            self.voxels,
            self.geometry,
            self.structure if structure is None else structure,
            self.lesion_id if lesion_id is None else lesion_id,
            self.provenance if provenance is None else provenance,
        )
        object.__setattr__(mask, "_box", self._box)
        return mask

    @property
    def _where(self) -> Box:
        """The bounding box; without extent when empty."""
        box = self._box
        if box is None:
            box = _box_of(self.voxels)
            object.__setattr__(self, "_box", box)
        return box

    @property
    def n_voxels(self) -> int:
        """How many voxels belong to the structure."""
        return int(np.count_nonzero(self.voxels[self.slices]))

    @property
    def is_empty(self) -> bool:
        """Whether no voxel belongs to the structure (complete response, or nothing drawn)."""
        return 0 in self._where[1]

    @property
    def bounding_box(self) -> Box | None:
        """First voxel and shape (k, j, i) of the smallest box around the structure; None when empty."""
        return None if self.is_empty else self._where

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The bounding box as an index of `voxels`; without extent when empty."""
        (k, j, i), (depth, height, width) = self._where
        return slice(k, k + depth), slice(j, j + height), slice(i, i + width)

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """(n, 3) k, j, i of the structure's voxels, in the order of the grid."""
        return np.asarray(np.argwhere(self.voxels[self.slices]) + np.asarray(self._where[0]))

    def occupied(self, axis: int) -> npt.NDArray[np.int64]:
        """Return the rising indices along an array axis at which the structure has a voxel."""
        others = tuple(one for one in range(3) if one != axis)
        return np.asarray(np.flatnonzero(self.voxels[self.slices].any(axis=others)) + self._where[0][axis])

    def packed(self) -> PackedMask:
        """Return the cropped, one-bit-a-voxel form for storage."""
        start, shape = self._where
        bits = np.packbits(self.voxels[self.slices]).tobytes()
        return PackedMask(bits, start, shape, self.geometry, self.structure, self.lesion_id, self.provenance)

    def sha256(self) -> str:
        """Return the SHA-256 of the structure's voxels with their grid (affine rounded to 1e-6 mm)."""
        return self.packed().sha256()


@dataclass(frozen=True, slots=True)
class PackedMask:
    """A mask cropped to its structure, one bit a voxel.

    Parameters
    ----------
    bits : `numpy.packbits` of the box in C order; empty when the mask is
    start, box : first voxel and shape of the box, (k, j, i)
    geometry, structure, lesion_id, provenance : those of the mask
    """

    bits: bytes = field(repr=False)
    start: tuple[int, int, int]
    box: tuple[int, int, int]
    geometry: Geometry
    structure: str
    lesion_id: str | None
    provenance: Provenance

    def sha256(self) -> str:
        """Return the SHA-256 of the structure's voxels with their grid (affine rounded to 1e-6 mm)."""
        digest = hashlib.sha256(f"{self.geometry.shape}{self.start}{self.box}".encode())
        digest.update((np.round(self.geometry.affine, 6) + 0.0).astype("<f8").tobytes())
        digest.update(self.bits)
        return digest.hexdigest()

    def unpacked(self) -> Mask:
        """Return the mask on its whole grid again."""
        count = int(np.prod(self.box))
        bits = np.unpackbits(np.frombuffer(self.bits, dtype=np.uint8), count=count)
        inside = bits.astype(np.bool_).reshape(self.box)
        return Mask.of_part(
            inside, self.start, self.geometry, self.structure, self.lesion_id, self.provenance
        )


def _moved(place: tuple[int, int, int], by: tuple[int, int, int]) -> tuple[int, int, int]:
    return place[0] + by[0], place[1] + by[1], place[2] + by[2]


def _box_of(voxels: npt.NDArray[np.bool_]) -> Box:
    """Return the smallest box around what is true; without extent where nothing is."""
    # Along the axis with the longest stride a slice is one piece of memory, and scanning from both
    # ends stops at the structure: most of a large grid is read once, the middle not at all.
    order = np.argsort([-abs(stride) for stride in voxels.strides], kind="stable")
    turned = voxels.transpose(order)
    n_slices = turned.shape[0]
    first = next((at for at in range(n_slices) if turned[at].any()), None)
    if first is None:
        return _NOWHERE
    last = next(at for at in range(n_slices - 1, -1, -1) if turned[at].any())
    footprint = np.asarray(turned[first : last + 1].any(axis=0))
    start, size = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    start[order[0]], size[order[0]] = first, last + 1 - first
    for axis, other in ((order[1], 1), (order[2], 0)):
        occupied = np.flatnonzero(np.any(footprint, axis=other))
        start[axis], size[axis] = occupied[0], occupied[-1] + 1 - occupied[0]
    (k, j, i), (depth, height, width) = start.tolist(), size.tolist()
    return (k, j, i), (depth, height, width)
