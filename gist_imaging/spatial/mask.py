"""Which voxels of a grid belong to one structure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import MaskError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import Geometry

__all__ = ["Mask", "PackedMask"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mask:
    """Which voxels of a grid belong to one structure.

    Parameters
    ----------
    voxels : (k, j, i) bool; becomes read-only, and is not copied
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

    @property
    def n_voxels(self) -> int:
        """How many voxels belong to the structure."""
        return int(np.count_nonzero(self.voxels))

    @property
    def is_empty(self) -> bool:
        """Whether no voxel belongs to the structure (complete response, or nothing drawn)."""
        return not self.voxels.any()

    @property
    def bounding_box(self) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
        """First voxel and shape (k, j, i) of the smallest box around the structure; None when empty."""
        # Along the axis with the longest stride a slice is one piece of memory, and scanning from both
        # ends stops at the structure: most of a large grid is read once, the middle not at all.
        order = np.argsort([-abs(stride) for stride in self.voxels.strides], kind="stable")
        turned = self.voxels.transpose(order)
        n_slices = turned.shape[0]
        first = next((at for at in range(n_slices) if turned[at].any()), None)
        if first is None:
            return None
        last = next(at for at in range(n_slices - 1, -1, -1) if turned[at].any())
        footprint = np.asarray(turned[first : last + 1].any(axis=0))
        start, size = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
        start[order[0]], size[order[0]] = first, last + 1 - first
        for axis, other in ((order[1], 1), (order[2], 0)):
            occupied = np.flatnonzero(np.any(footprint, axis=other))
            start[axis], size[axis] = occupied[0], occupied[-1] + 1 - occupied[0]
        (k, j, i), (depth, height, width) = start.tolist(), size.tolist()
        return (k, j, i), (depth, height, width)

    def packed(self) -> PackedMask:
        """Return the cropped, one-bit-a-voxel form for storage."""
        box = self.bounding_box
        if box is None:
            return PackedMask(
                b"", (0, 0, 0), (0, 0, 0), self.geometry, self.structure, self.lesion_id, self.provenance
            )
        (k, j, i), (depth, height, width) = box
        inside = self.voxels[k : k + depth, j : j + height, i : i + width]
        bits = np.packbits(inside).tobytes()
        return PackedMask(
            bits, box[0], box[1], self.geometry, self.structure, self.lesion_id, self.provenance
        )

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
        voxels: npt.NDArray[Any] = np.zeros(self.geometry.shape, dtype=np.bool_)
        count = int(np.prod(self.box))
        if count:
            (k, j, i), (depth, height, width) = self.start, self.box
            inside = np.unpackbits(np.frombuffer(self.bits, dtype=np.uint8), count=count).astype(np.bool_)
            voxels[k : k + depth, j : j + height, i : i + width] = inside.reshape(self.box)
        return Mask(voxels, self.geometry, self.structure, self.lesion_id, self.provenance)
