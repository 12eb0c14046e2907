"""Which voxels of a lesion its intensities are taken from."""

from __future__ import annotations

from enum import StrEnum
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.errors import MeasurementError
from gist_imaging.measure.region import Region

__all__ = ["HuRoi", "roi_voxels"]

# Depth of the rim that `eroded_1mm` leaves out.
ERODED_MM = 1.0


class HuRoi(StrEnum):
    """The part of a lesion that its intensities are taken from; part of the study protocol."""

    WHOLE = "whole"
    """Every voxel of the mask."""
    ERODED_1MM = "eroded_1mm"
    """Voxels whose centre lies at least 1 mm from every voxel outside the mask (from its box, inclusive)."""
    LARGEST_SLICE = "largest_slice"
    """The slice with most voxels; of several with equally many, all of them."""

    @classmethod
    def named(cls, name: str) -> HuRoi:
        """Return the member called `name`.

        Raises
        ------
        MeasurementError
            If there is none.
        """
        try:
            return cls(name)
        except ValueError:
            raise MeasurementError(
                f"hu_roi is one of {', '.join(cls)}", f"got {name!r}", "leave it out for the whole lesion"
            ) from None


def roi_voxels(region: Region, hu_roi: HuRoi) -> npt.NDArray[np.bool_]:
    """Return the voxels of `region` that belong to the ROI.

    Outside the image counts as outside the mask.

    Returns
    -------
    (slice, row, column) bool; may be empty for `eroded_1mm`
    """
    if region.is_empty or hu_roi is HuRoi.WHOLE:
        return region.voxels
    if hu_roi is HuRoi.LARGEST_SLICE:
        sizes = np.count_nonzero(region.voxels, axis=(1, 2))
        return np.asarray(region.voxels & (sizes == sizes.max())[:, None, None])
    near = _offsets_nearer_than(ERODED_MM, region.geometry.spacing_mm)
    return np.asarray(ndimage.binary_erosion(region.voxels, near))


def _offsets_nearer_than(depth_mm: float, spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.bool_]:
    """Neighbours whose box comes nearer to a voxel's centre than `depth_mm`, as a structuring element."""
    reach = [int(np.ceil(depth_mm / spacing + 0.5)) for spacing in spacing_mm]
    element = np.zeros([2 * n + 1 for n in reach], dtype=np.bool_)
    for offset in product(*(range(-n, n + 1) for n in reach)):
        gaps = [max(0.0, abs(n) - 0.5) * spacing for n, spacing in zip(offset, spacing_mm, strict=True)]
        element[tuple(n + centre for n, centre in zip(offset, reach, strict=True))] = (
            float(np.linalg.norm(gaps)) < depth_mm - 1e-9
        )
    return element
