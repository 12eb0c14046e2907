"""What a reader draws on: one lesion on the measured series of one visit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import PromptError, ReadingError
from gist_imaging.measure.region import slice_axis
from gist_imaging.segment.refine_edit import Part, with_part
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.difference import how_grids_differ
from gist_imaging.spatial.geometry import FloatArray, Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.slice_number import slice_number
from gist_imaging.spatial.volume import Volume

__all__ = [
    "Axis",
    "Canvas",
    "apart_from_others",
    "canvas_on",
    "checked_lesion",
    "drawn_points",
    "locked_by_others",
    "named_slices",
]

Axis = Literal[0, 1, 2]

OUTSIDE_BY_VOXELS = 0.5 + 1e-6
"""A point on the outer face of a voxel is on the image; rounding must not push it off."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """One lesion on the measured series of one visit.

    Parameters
    ----------
    lesion, visit : names within the case
    series : key of the measured series
    geometry : its grid
    slice_axis : the array axis that runs from slice to slice as acquired
    image_sha256 : hash of the image
    by : pseudonym of the reader
    """

    lesion: str
    visit: str
    series: str
    geometry: Geometry = field(repr=False)
    slice_axis: Axis
    image_sha256: str
    by: str

    @property
    def mask_key(self) -> tuple[str, str, str]:
        """Cell of the accepted mask."""
        return ("mask", self.lesion, self.visit)

    @property
    def facts_key(self) -> tuple[str, str, str]:
        """Cell of what is known of the accepted mask."""
        return ("mask_facts", self.lesion, self.visit)

    @property
    def proposal_key(self) -> tuple[str, str, str]:
        """Cell of the mask that waits."""
        return ("proposal", self.lesion, self.visit)

    @property
    def proposal_facts_key(self) -> tuple[str, str, str]:
        """Cell of what is known of the mask that waits."""
        return ("proposal_facts", self.lesion, self.visit)

    @property
    def prompts_key(self) -> tuple[str, str, str]:
        """Cell of what was drawn to grow from."""
        return ("prompts", self.lesion, self.visit)


def canvas_on(
    state: CaseState, lesion: str, visit: str, *, series: str, volume: Volume, image_sha256: str, by: str
) -> Canvas:
    """Return the canvas of a lesion on the image that is pinned for a visit.

    Raises
    ------
    ReadingError
        If there is no such lesion.
    """
    checked_lesion(state, lesion)
    axis = cast(Axis, slice_axis(volume.geometry, from_dicom=bool(volume.series_uid)))
    return Canvas(lesion, visit, series, volume.geometry, axis, image_sha256, by)


def checked_lesion(state: CaseState, lesion: str) -> None:
    """Refuse a lesion that was never added.

    Raises
    ------
    ReadingError
        Names those that there are.
    """
    if state.plain("lesion", lesion) is None:
        known = ", ".join(key[1] for key, _ in state.under("lesion")) or "none yet"
        raise ReadingError(
            f"a lesion of this case: {known}", f"got {lesion!r}", "add it first, or choose one"
        )


def drawn_points(points_mm: npt.ArrayLike, geometry: Geometry | None, what: str) -> FloatArray:
    """Return drawn points (n, 3) LPS that all lie on the image; without a grid they may lie anywhere.

    Raises
    ------
    PromptError
        If they are no points, or lie beyond the image; says how many.
    """
    try:
        points = np.atleast_2d(np.array(points_mm, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise PromptError(f"a {what} is points x, y, z in mm", "got something else", "draw again") from error
    if points.ndim != 2 or points.shape[1:] != (3,) or not len(points) or not np.isfinite(points).all():
        raise PromptError(
            f"a {what} is finite points x, y, z in mm", f"got shape {points.shape}", "draw again"
        )
    if geometry is None:
        return points
    at = geometry.to_index(points)
    beyond = ((at < -OUTSIDE_BY_VOXELS) | (at > np.asarray(geometry.shape) - 1 + OUTSIDE_BY_VOXELS)).any(
        axis=1
    )
    if beyond.any():
        raise PromptError(
            f"a {what} lies on the image that is measured",
            f"{int(beyond.sum())} of {len(points)} points lie beyond it",
            "draw where this series shows the patient, or pin another series",
        )
    return points


def locked_by_others(state: CaseState, canvas: Canvas, part: Part) -> npt.NDArray[np.bool_] | None:
    """Return which voxels of a part of the canvas belong to another lesion's accepted mask, or None."""
    locked: npt.NDArray[np.bool_] | None = None
    for key, _ in state.under("mask"):
        other = state.mask(key[1], key[2])
        if key[1] == canvas.lesion or key[2] != canvas.visit or other is None or other.is_empty:
            continue
        if how_grids_differ(other.geometry, canvas.geometry) is not None:
            continue
        here = other.voxels[part]
        locked = here if locked is None else locked | here
    return locked


def apart_from_others(state: CaseState, canvas: Canvas, mask: Mask) -> tuple[Mask, Mask]:
    """Return `mask` without the voxels of other lesions' accepted masks, and those voxels."""
    locked = locked_by_others(state, canvas, mask.slices)
    inside = mask.voxels[mask.slices]
    if locked is None or not (locked & inside).any():
        return mask, Mask.empty(mask.geometry, mask.structure, mask.lesion_id, mask.provenance)
    left, taken = (
        with_part(mask, mask.slices, inside & which, mask.provenance) for which in (~locked, locked)
    )
    return left, taken


def named_slices(mask: Mask, axis: int) -> str:
    """Return the slices that hold a voxel, for people, as `slice_number` counts; "" where there is none.

    >>> cube = np.ones((3, 2, 2), bool)
    >>> grid = Geometry((5, 2, 2), np.diag([-3.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])
    >>> named_slices(Mask.of_part(cube, (1, 0, 0), grid), 0)
    'slices 2-4'
    """
    box = mask.bounding_box
    if box is None:
        return ""
    ends = box[0][axis], box[0][axis] + box[1][axis] - 1
    first, last = sorted(slice_number(mask.geometry, axis, index) for index in ends)
    return f"slice {first}" if first == last else f"slices {first}-{last}"
