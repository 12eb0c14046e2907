"""What a DICOM RT Structure Set says: structures and their contours in patient millimetres."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import LabelError

__all__ = ["Contour", "RtStructDocument", "Structure"]


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One outline.

    Parameters
    ----------
    geometric_type : Contour Geometric Type (3006,0042), such as "CLOSED_PLANAR" or "POINT"
    points_mm : (n, 3) LPS
    """

    geometric_type: str
    points_mm: npt.NDArray[np.float64] = field(repr=False)

    @property
    def area_mm2(self) -> float:
        """Area of the polygon (shoelace formula), whatever plane it lies in."""
        around = np.cross(self.points_mm, np.roll(self.points_mm, -1, axis=0)).sum(axis=0)
        return float(np.linalg.norm(around) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One item of the Structure Set ROI Sequence, with its contours.

    Parameters
    ----------
    number, name : ROI Number, ROI Name
    frame_uid : Referenced Frame of Reference UID, or None
    contours : in the order of the file; may be none
    """

    number: int
    name: str
    frame_uid: str | None
    contours: tuple[Contour, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class RtStructDocument:
    """A DICOM RT Structure Set.

    Parameters
    ----------
    name : the file, for messages
    sop_uid, series_uid : of the object
    structures : in the order of the file
    """

    name: str
    sop_uid: str
    series_uid: str
    structures: tuple[Structure, ...]

    def structure(self, *, number: int | None = None, name: str | None = None) -> Structure:
        """Return the structure that fits; the only one there is when nothing is given.

        Raises
        ------
        MaskError
            If none or several fit.
        """
        fitting = [
            structure
            for structure in self.structures
            if (number is None or structure.number == number)
            and (name is None or structure.name.casefold() == name.casefold())
        ]
        if len(fitting) == 1:
            return fitting[0]
        choices = {s.number: f"{s.number} ({s.name})" for s in self.structures}
        held = ", ".join(choices.values()) or "no structure"
        asked = next((f" {value!r}" for value in (number, name) if value is not None), "")
        raise LabelError(
            f"{self.name}: one structure{asked}",
            f"{len(fitting)} fit; it holds {held}",
            "choose one of these",
            choices,
        )
