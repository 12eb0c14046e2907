"""The intensities of one series on its grid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError, GistImagingError
from gist_imaging.problems import Code, Override, Problem
from gist_imaging.spatial.geometry import Geometry

__all__ = ["Quantity", "Volume"]


class Quantity(StrEnum):
    """What a voxel value means."""

    HU = "HU"
    """Hounsfield units; only from DICOM CT that says so, or stated by the user."""
    ADC = "ADC"
    """Apparent diffusion coefficient in 10⁻³ mm²/s; only where the scale is stated."""
    SUV = "SUV"
    """Standardised uptake value, g/mL."""
    ARBITRARY = "ARBITRARY"
    """A number without a unit, such as MR signal."""


_HOME_OF = {Quantity.HU: "CT", Quantity.ADC: "MR", Quantity.SUV: "PT"}


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """The intensities of one series on its grid.

    Parameters
    ----------
    voxels : (k, j, i) integers or floats, rescale applied; becomes read-only, and is not copied
    geometry : the grid; its shape is that of `voxels`
    quantity : what a value means
    series_uid : Series Instance UID, or "" where the file format has none
    modality : DICOM Modality such as "CT" or "MR", or None where unknown
    slice_thickness_mm : nominal thickness (0018,0050), or None where unknown
    problems : what the geometry gate noted and let through
    overrides : gate errors that a reader overrode, with the reason
    sop_uids : SOP Instance UIDs of the images, in slice order where there is one for each slice
    kvp : peak kilovoltage of the X-ray tube that all slices share, or None where unknown or several
    window : level and width that the files suggest for display, in the values held; no number comes from it
    """

    voxels: npt.NDArray[Any] = field(repr=False)
    geometry: Geometry
    quantity: Quantity = Quantity.ARBITRARY
    series_uid: str = ""
    modality: str | None = None
    slice_thickness_mm: float | None = None
    problems: tuple[Problem, ...] = ()
    overrides: tuple[Override, ...] = ()
    sop_uids: tuple[str, ...] = field(default=(), repr=False)
    kvp: float | None = None
    window: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.voxels.shape != self.geometry.shape:
            raise GeometryError(
                "voxels and grid have one shape",
                f"got {self.voxels.shape} on a grid of {self.geometry.shape}",
            )
        if self.voxels.dtype.kind not in "iuf":
            raise GeometryError("intensities are integers or floats", f"got {self.voxels.dtype}")
        voxels = self.voxels.view()
        voxels.flags.writeable = False
        object.__setattr__(self, "voxels", voxels)

    def stating(self, quantity: Quantity) -> Volume:
        """Return the same volume with the meaning of its values stated by the user.

        Raises
        ------
        GistImagingError
            If it cannot be so: HU exist on CT alone and need a valid rescale, ADC on MR alone.
        """
        home = _HOME_OF.get(quantity)
        if home is not None and self.modality is not None and self.modality != home:
            raise GistImagingError(
                f"{quantity} on {home}",
                f"the image says that it is {self.modality}",
                "leave out the quantity; the values are then reported without a unit",
            )
        if quantity is Quantity.HU and any(held.code is Code.BAD_RESCALE for held in self.overrides):
            raise GistImagingError(
                "HU from a valid rescale slope and intercept",
                "the series has none, so its values are stored numbers",
                "leave out the quantity, or export the series again",
            )
        return replace(self, quantity=quantity)

    def sha256(self) -> str:
        """Return the SHA-256 of the voxel values with their grid.

        The values are hashed as little-endian numbers in C order, together with dtype, shape and the
        affine rounded to 1e-6 mm, so the same image read from two formats of one writer is one image.
        """
        digest = hashlib.sha256()
        values = np.ascontiguousarray(self.voxels, dtype=self.voxels.dtype.newbyteorder("<"))
        affine = np.round(self.geometry.affine, 6) + 0.0
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(affine.astype("<f8").tobytes())
        digest.update(values.data)
        return digest.hexdigest()
