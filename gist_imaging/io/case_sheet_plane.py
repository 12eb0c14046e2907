"""One plane of an image with its mask, hung as radiologists do, in mm of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.io.mask_picture_plane import hung
from gist_imaging.measure.region import slice_axis
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["SheetPlane", "letters_of", "planes_through"]

FloatArray = npt.NDArray[np.float64]

# A side of the picture that leans this much towards a second body axis gets its letter too.
_SECOND_LETTER_FROM = float(np.sin(np.radians(20.0)))
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
_BODY_PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, slots=True, eq=False)
class SheetPlane:
    """One plane of voxels, turned for display.

    Rows run to the back or down, columns to the patient's left or to the back. A position in the picture is
    (across, down) in mm from the picture's upper left corner; pixel n reaches from n to n + 1 pixel sizes.

    Parameters
    ----------
    name : body plane that it is nearest to
    order : array axes that run through, down and across
    at : index of the plane along the first of them
    flips : 1 or -1, down and across
    values, inside : (rows, columns)
    spacing_mm : down, across
    letters : left, right, top, bottom
    """

    name: str
    geometry: Geometry
    order: tuple[int, int, int]
    at: int
    flips: tuple[int, int]
    values: FloatArray
    inside: npt.NDArray[np.bool_]
    spacing_mm: tuple[float, float]
    letters: tuple[str, str, str, str]

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the picture."""
        rows, columns = self.inside.shape
        return columns * self.spacing_mm[1], rows * self.spacing_mm[0]

    def to_picture(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return (n, 2) positions in the picture of (n, 3) patient positions, seen along its normal."""
        indices = self.geometry.to_index(points_mm)[..., list(self.order[1:])]
        last = np.array(self.inside.shape) - 1
        turned = np.where(np.array(self.flips) > 0, indices, last - indices)
        return np.asarray(((turned + 0.5) * self.spacing_mm)[..., ::-1])

    def lies_on(self, points_mm: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which of (n, 3) patient positions lie within half a slice of the plane."""
        through = self.geometry.to_index(points_mm)[..., self.order[0]]
        return np.asarray(np.abs(through - self.at) <= 0.5 + 1e-6)

    def outlines(self) -> list[FloatArray]:
        """Return the iso-0.5 contour of the mask as closed lines, (n, 2) positions each."""
        from skimage import measure

        if not self.inside.any():
            return []
        # Diagonal pixels are joined, as where diameters are measured.
        lines: Any = measure
        found = lines.find_contours(np.pad(self.inside, 1).astype(np.float64), 0.5, fully_connected="high")
        down, across = self.spacing_mm
        return [np.column_stack([(line[:, 1] - 0.5) * across, (line[:, 0] - 0.5) * down]) for line in found]

    @property
    def middle(self) -> FloatArray:
        """Middle of the mask in the picture, (across, down); that of the picture where there is none."""
        if not self.inside.any():
            return np.asarray(self.size_mm) / 2
        at = np.argwhere(self.inside)
        box = (at.min(axis=0) + at.max(axis=0) + 1) / 2 * self.spacing_mm
        return np.asarray(box[::-1])


def planes_through(
    volume: Volume, mask: Mask, point_mm: npt.ArrayLike, slice_at: int | None = None
) -> list[SheetPlane]:
    """Return the acquired slice and the two planes of voxels that stand on it, through a point.

    The planes are those of the image's own grid, so that a pixel and the mask's edge are what was measured;
    the two reformats come in the order coronal, sagittal, axial, without the acquired one. Each goes through
    the point, or through the nearest plane that holds a part of the mask.

    Parameters
    ----------
    slice_at : which acquired slice; None takes that of the point
    """
    through = slice_axis(volume.geometry, from_dicom=bool(volume.series_uid))
    indices = volume.geometry.to_index(point_mm)
    others = [axis for axis in range(3) if axis != through]
    main = _plane(volume, mask, through, float(indices[through]) if slice_at is None else slice_at)
    reformats = [_plane(volume, mask, axis, float(indices[axis])) for axis in others]
    rank = {"coronal": 0, "sagittal": 1, "axial": 2}
    return [main, *sorted(reformats, key=lambda plane: rank[plane.name])]


def _plane(volume: Volume, mask: Mask, axis: int, wanted: float) -> SheetPlane:
    geometry = volume.geometry
    at = _nearest_with_mask(mask, axis, wanted)
    order = hung(geometry, axis)
    flips, ends = [], []
    for n, is_row in ((order[1], True), (order[2], False)):
        direction = geometry.axes[:, n]
        main = int(np.argmax(np.abs(direction)))
        # The head is up, everything else grows down or to the right.
        flip = int(np.sign(direction[main]) * (-1.0 if main == 2 and is_row else 1.0))
        flips.append(flip)
        ends.append((letters_of(-direction * flip), letters_of(direction * flip)))
    turn = tuple(slice(None, None, flip) for flip in flips)
    (top, bottom), (left, right) = ends
    return SheetPlane(
        name=_BODY_PLANES[int(np.argmax(np.abs(geometry.axes[:, axis])))],
        geometry=geometry,
        order=order,
        at=at,
        flips=(flips[0], flips[1]),
        values=volume.voxels.transpose(order)[at][turn].astype(np.float64),
        inside=mask.voxels.transpose(order)[at][turn],
        spacing_mm=(geometry.spacing_mm[order[1]], geometry.spacing_mm[order[2]]),
        letters=(left, right, top, bottom),
    )


def _nearest_with_mask(mask: Mask, axis: int, wanted: float) -> int:
    held = np.flatnonzero(mask.voxels.any(axis=tuple(n for n in range(3) if n != axis)))
    if held.size:
        return int(held[np.argmin(np.abs(held - wanted))])
    return int(np.clip(round(wanted), 0, mask.geometry.shape[axis] - 1))


def letters_of(direction: npt.ArrayLike) -> str:
    """Return the letters of the body's ends that a direction points to, the nearest first.

    >>> letters_of((1.0, 0.0, 0.0)), letters_of((0.0, -0.9, 0.44))
    ('L', 'AS')
    """
    parts = np.asarray(direction, dtype=np.float64)
    parts = parts / np.linalg.norm(parts)
    main = int(np.argmax(np.abs(parts)))
    named = [
        axis
        for axis in np.argsort(-np.abs(parts), kind="stable").tolist()
        if axis == main or abs(parts[axis]) >= _SECOND_LETTER_FROM
    ]
    return "".join(_LETTERS[axis][int(parts[axis] > 0)] for axis in named)
