"""Every size of a lesion in patient units: volume, surface, area and diameters, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gist_imaging.measure.diameter import (
    Diameter,
    craniocaudal_length,
    longest_3d_diameter,
    slice_diameters,
)
from gist_imaging.measure.mesh import mesh_size
from gist_imaging.measure.outline import outermost_vertices
from gist_imaging.measure.region import Region
from gist_imaging.measure.uncertainty import diameter_half_width_mm
from gist_imaging.spatial.geometry import plane_of

__all__ = ["EMPTY_MASK", "NOT_PHYSICAL", "SINGLE_SLICE", "SIZES", "LesionSize", "lesion_size"]

# Reasons why a size was not measured.
NOT_PHYSICAL = "geometry_not_physical"
SINGLE_SLICE = "single_slice"
EMPTY_MASK = "empty_mask"

_IN_SLICE = ("longest_axial_diameter_mm", "short_axis_mm", "largest_slice_area_mm2")
_IN_SPACE = (
    "volume_mm3",
    "mesh_volume_mm3",
    "surface_mm2",
    "longest_3d_diameter_mm",
    "craniocaudal_length_mm",
)
_OF_VOXELS = ("voxel_volume_mm3",)
_WHERE = ("ld_plane", "ld_tilt_deg", "ld_slice")
SIZES = (*_IN_SPACE, *_IN_SLICE)
"""Names of the sizes that a lesion may have."""

_TO_HEAD = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class LesionSize:
    """The sizes of one lesion; None where not measured, with the reason in `not_measured`.

    Parameters
    ----------
    values : name (see `SIZES`, also voxel_volume_mm3) to number
    ld_plane, ld_tilt_deg, ld_slice : plane of the slice that the longest axial diameter lies in, its tilt
        from that plane, and its index along the slice axis of the image
    end_points_mm : name of a diameter to its two end points, LPS
    uncertainty : name to half-width, same unit (see `gist_imaging.measure.uncertainty`)
    not_measured : name to reason
    """

    values: Mapping[str, float | None]
    ld_plane: str | None = None
    ld_tilt_deg: float | None = None
    ld_slice: int | None = None
    end_points_mm: Mapping[str, tuple[tuple[float, float, float], ...]] = field(default_factory=dict)
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    not_measured: Mapping[str, str] = field(default_factory=dict)


def lesion_size(region: Region, *, physical: bool = True, single_slice: bool = False) -> LesionSize:
    """Return every size of a lesion.

    Parameters
    ----------
    physical : False when the spacing is not the patient's: no size in mm exists
    single_slice : True when the image has one slice, whose thickness its positions do not give: diameters
        and area in the slice exist, a volume does not
    """
    if not physical:
        names = (*SIZES, *_OF_VOXELS, *_WHERE)
        return LesionSize(
            dict.fromkeys((*SIZES, *_OF_VOXELS)), not_measured=dict.fromkeys(names, NOT_PHYSICAL)
        )
    values: dict[str, float | None] = dict.fromkeys(SIZES, 0.0)
    values["voxel_volume_mm3"] = region.geometry.voxel_volume_mm3
    not_measured: dict[str, str] = {}
    if single_slice:
        absent = (*_IN_SPACE, *_OF_VOXELS)
        values |= dict.fromkeys(absent)
        not_measured |= dict.fromkeys(absent, SINGLE_SLICE)
    if region.is_empty:
        return LesionSize(values, not_measured=not_measured | dict.fromkeys(_WHERE, EMPTY_MASK))
    uncertainty: dict[str, float] = {}
    in_slice = slice_diameters(region)
    diameters = {
        "longest_axial_diameter_mm": in_slice.longest,
        "short_axis_mm": in_slice.short_axis,
    }
    values["largest_slice_area_mm2"] = _largest_slice_area_mm2(region)
    if not single_slice:
        mesh = mesh_size(region)
        values["volume_mm3"] = region.n_voxels * region.geometry.voxel_volume_mm3
        values["mesh_volume_mm3"] = mesh.volume_mm3
        values["surface_mm2"] = mesh.surface_mm2
        uncertainty |= dict.fromkeys(("volume_mm3", "mesh_volume_mm3"), mesh.half_voxel_shell_mm3)
        vertices = outermost_vertices(region.voxels)
        diameters["longest_3d_diameter_mm"] = longest_3d_diameter(region, vertices)
        diameters["craniocaudal_length_mm"] = craniocaudal_length(region, vertices)
    plane, tilt_deg = plane_of(region.geometry)
    return LesionSize(
        values | {name: diameter.length_mm for name, diameter in diameters.items()},
        plane,
        tilt_deg,
        region.first_slice + in_slice.slice_index,
        {name: diameter.end_points_mm for name, diameter in diameters.items()},
        uncertainty | {name: _half_width_mm(name, held, region) for name, held in diameters.items()},
        not_measured,
    )


def _half_width_mm(name: str, diameter: Diameter, region: Region) -> float:
    along = _TO_HEAD if name == "craniocaudal_length_mm" else None
    return diameter_half_width_mm(diameter, region.geometry, along)


def _largest_slice_area_mm2(region: Region) -> float:
    matrix = region.geometry.affine[:3, :3]
    pixel_mm2 = float(np.linalg.norm(np.cross(matrix[:, 1], matrix[:, 2])))
    return pixel_mm2 * int(np.count_nonzero(region.voxels, axis=(1, 2)).max())
