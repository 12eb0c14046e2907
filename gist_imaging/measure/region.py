"""The part of a grid that holds a lesion, turned so that its first axis runs from slice to slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial.geometry import SAME_SPACING_WITHIN, Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["Region", "lesion_region", "slice_axis"]

Box = tuple[tuple[int, int, int], tuple[int, int, int]]
FloatArray = npt.NDArray[np.float64]

# The file does not say how the image was acquired and its voxels are cubes: the axis nearest to the
# patient's long axis is taken, and the first of those that are equally near within this cosine.
_SAME_DIRECTION = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The voxels of a lesion's bounding box, first axis from slice to slice.

    Parameters
    ----------
    voxels : (slice, row, column) bool, C order; empty (0, 0, 0) when nothing is outlined
    geometry : the grid of the box (of the first voxel where the box is empty); its first axis is the
        slice direction
    first_slice : index of the box's first slice along the slice axis of the image
    n_slices : slices of the whole image
    axis : which array axis of the image runs from slice to slice (0 for DICOM)
    start : first voxel of the box in the image, (k, j, i)
    touches_edge : whether the mask reaches the border of the image (first and last slice are no border
        where there is only one slice)
    """

    voxels: npt.NDArray[np.bool_] = field(repr=False)
    geometry: Geometry
    first_slice: int
    n_slices: int
    axis: int
    start: tuple[int, int, int] = (0, 0, 0)
    touches_edge: bool = False

    @property
    def n_voxels(self) -> int:
        """How many voxels are outlined."""
        return int(np.count_nonzero(self.voxels))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is outlined."""
        return self.voxels.size == 0

    def cropped(self, voxels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the part of another array on the image's grid that lies in the box, sliced alike."""
        order = (self.axis, *(other for other in range(3) if other != self.axis))
        turned = voxels.transpose(order)
        (k, j, i), (depth, height, width) = (self.start[axis] for axis in order), self.voxels.shape
        return turned[k : k + depth, j : j + height, i : i + width]

    @property
    def frame(self) -> FloatArray:
        """(3, 3) steps along slice, row and column as columns, mm, in axes that turn with the grid.

        Lengths and angles are those of the patient; the numbers do not depend on how the patient lies.
        """
        return np.asarray(np.linalg.qr(self.geometry.affine[:3, :3], mode="r"))


def slice_axis(geometry: Geometry, from_dicom: bool) -> int:
    """Return which array axis runs from slice to slice.

    A DICOM series is stacked along its first axis. A NIfTI or NRRD file does not say how it was acquired
    and may store its axes in any order, so its voxels decide: where two spacings are equal (within 0.1 %)
    and the third is not, the third is that between slices; where all three differ, the largest; where all
    are equal, the axis nearest to the patient's long axis, which makes the slices axial.

    >>> thin = Geometry((4, 4, 4), np.diag([0.8, 3.0, 0.8, 1.0]))
    >>> slice_axis(thin, from_dicom=False), slice_axis(thin, from_dicom=True)
    (1, 0)
    """
    if from_dicom:
        return 0
    spacing = np.asarray(geometry.spacing_mm)
    alike = np.abs(spacing[:, None] - spacing[None, :]) <= SAME_SPACING_WITHIN * spacing.max()
    n_like = alike.sum(axis=1)
    if n_like.max() == 3:
        along_patient = np.abs(geometry.axes[2])
        return int(np.flatnonzero(along_patient >= along_patient.max() - _SAME_DIRECTION)[0])
    if n_like.max() == 2:
        return int(np.argmin(n_like))
    return int(np.argmax(spacing))


def lesion_region(mask: Mask, from_dicom: bool, box: Box | None = None) -> Region:
    """Return the bounding box of `mask`, sliced as the image was (see `slice_axis`).

    Parameters
    ----------
    box : first voxel and shape of the bounding box, where already known
    """
    axis = slice_axis(mask.geometry, from_dicom)
    order = (axis, *(other for other in range(3) if other != axis))
    n_slices = mask.geometry.shape[axis]
    box = mask.bounding_box if box is None else box
    if box is None or 0 in box[1]:
        nothing = np.zeros((0, 0, 0), dtype=np.bool_)
        return Region(nothing, _reordered(mask.geometry.crop((0, 0, 0), (1, 1, 1)), order), 0, n_slices, axis)
    (k, j, i), (depth, height, width) = start, size = box
    inside = mask.voxels[k : k + depth, j : j + height, i : i + width].transpose(order)
    geometry = _reordered(mask.geometry.crop(start, size), order)
    touches = any(
        start[side] == 0 or start[side] + size[side] == mask.geometry.shape[side]
        for side in range(3)
        if side != axis or n_slices > 1
    )
    return Region(np.ascontiguousarray(inside), geometry, start[axis], n_slices, axis, start, touches)


def _reordered(geometry: Geometry, order: tuple[int, ...]) -> Geometry:
    a, b, c = (geometry.shape[axis] for axis in order)
    return replace(geometry, shape=(a, b, c), affine=geometry.affine[:, [*order, 3]])
