"""A grid of whole numbers, each naming a structure, as NIfTI and NRRD files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import LabelError, MaskError
from gist_imaging.spatial.geometry import Geometry

__all__ = ["LabelImage", "choose_label", "labels_from"]

# Parcellations of the whole body name about 120 structures; an image has thousands of values.
LABELS_AT_MOST = 255


@dataclass(frozen=True, slots=True, eq=False)
class LabelImage:
    """Structures numbered on a grid; 0 is background.

    Parameters
    ----------
    voxels : (k, j, i) uint16
    geometry : the grid
    names : what the file calls its labels, where it says so
    """

    voxels: npt.NDArray[np.uint16] = field(repr=False)
    geometry: Geometry
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def present(self) -> dict[int, int]:
        """Labels above 0 that occur, with their voxel counts."""
        counts = np.zeros(int(self.voxels.max()) + 1, dtype=np.int64)
        # Slice by slice: counting needs eight bytes a voxel.
        for plane in self.voxels:
            counts += np.bincount(plane.reshape(-1), minlength=counts.size)
        return {int(label): int(counts[label]) for label in np.flatnonzero(counts) if label > 0}


def labels_from(values: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint16]:
    """Return stored `values` as labels.

    Raises
    ------
    MaskError
        If they are not whole numbers from 0 on, or so many that this must be the image.
    """
    if values.dtype.kind not in "iuf":
        raise MaskError(f"{name}: labels are numbers", f"found {values.dtype}", "export the mask again")
    if values.dtype.kind == "f" and not all(_is_whole(plane) for plane in values):
        raise MaskError(
            f"{name}: labels are whole numbers",
            "found fractions",
            "is this the image, or a probability map? Export the mask as labels",
        )
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise MaskError(
            f"{name}: labels run from 0 to 65535", f"found {low:g} to {high:g}", "is this the image?"
        )
    labels = np.ascontiguousarray(values, dtype=np.uint16)
    if high > LABELS_AT_MOST:
        n_distinct = np.unique(labels).size
        if n_distinct > LABELS_AT_MOST + 1:
            raise MaskError(
                f"{name}: a mask has at most {LABELS_AT_MOST} labels",
                f"found {n_distinct} different values",
                "is this the image? Give the mask here and the image as the image",
            )
    return labels


def _is_whole(values: npt.NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all() and np.array_equal(values, np.rint(values)))


def choose_label(image: LabelImage, label: int | str | None, name: str) -> tuple[npt.NDArray[np.bool_], int]:
    """Return the voxels of one label, and which it is (0 when the file holds none at all).

    Parameters
    ----------
    label : number, name or None for the only one there is
    name : what messages call the file

    Raises
    ------
    MaskError
        If there are several and none was chosen, or the chosen one is absent. A file of zeros is the empty
        mask whatever was asked for: nothing in it could be confused with another structure.
    """
    present = image.present
    if not present:
        return np.zeros(image.voxels.shape, dtype=np.bool_), 0
    chosen = _number(image, label, present)
    if chosen is None:
        choices = {number: _described(number, image.names, count) for number, count in present.items()}
        asked, advice = "one structure", "choose one with its label"
        if label is not None:
            asked, advice = f"label {label!r}", "choose one of these"
        raise LabelError(f"{name}: {asked}", f"it holds {', '.join(choices.values())}", advice, choices)
    return image.voxels == chosen, chosen


def _number(image: LabelImage, label: int | str | None, present: Mapping[int, int]) -> int | None:
    if label is None:
        return next(iter(present)) if len(present) == 1 else None
    if isinstance(label, str):
        named = [number for number, text in image.names.items() if text.casefold() == label.casefold()]
        if len(named) == 1:
            return named[0] if named[0] in present else None
        if not label.isdecimal():
            return None
    number = int(label)
    return number if number in present else None


def _described(number: int, names: Mapping[int, str], count: int) -> str:
    title = f" ({names[number]})" if names.get(number) else ""
    return f"{number}{title}: {count} voxels"
