"""Every number of one lesion on one scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from gist_imaging.errors import MaskError, MeasurementError
from gist_imaging.measure.intensity import EMPTY_MASK, EMPTY_ROI, Intensity, intensity_of
from gist_imaging.measure.region import Region, lesion_region
from gist_imaging.measure.roi import HuRoi, roi_voxels
from gist_imaging.measure.size import NOT_PHYSICAL, LesionSize, lesion_size
from gist_imaging.measure.uncertainty import METHOD
from gist_imaging.problems import Code, Override, Problem
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.difference import POSITION_WITHIN_MM, how_grids_differ
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["DEFINITIONS_VERSION", "LesionMeasurement", "measure_lesion"]

DEFINITIONS_VERSION = "1"
"""Version of the definitions in docs/measurements.md; a change that can move a number raises it."""

NOT_HU = "quantity_not_hu"
EndPoints = tuple[tuple[float, float, float], ...]

_STATISTICS = ("mean", "sd", "median", "p10", "p90", "minimum", "maximum")
_IN_HU = {"mean_hu": "mean", "sd_hu": "sd", "median_hu": "median"}
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionMeasurement:
    """Every number of one lesion on one scan; None means not measured, `not_measured` says why.

    docs/measurements.md defines each number. Always true: no number is negative, the longest axial diameter
    is at least the short axis, and the volume is 0 exactly when the diameter is.

    Parameters
    ----------
    volume_mm3 : voxels times voxel volume
    mesh_volume_mm3, surface_mm2 : of the iso-0.5 mesh
    longest_axial_diameter_mm : two farthest points of the iso-0.5 contour in one acquired slice
    short_axis_mm : longest perpendicular to it inside the contour, in that slice
    longest_3d_diameter_mm : two farthest vertices of the iso-0.5 mesh
    craniocaudal_length_mm : reach of the iso-0.5 mesh along the patient's z axis
    largest_slice_area_mm2 : pixels of the largest slice times pixel area
    ld_plane, ld_tilt_deg, ld_slice : the slice of the longest axial diameter: name of its plane, tilt from
        it, index along the slice axis
    end_points_mm : name of a diameter to its two end points, LPS
    n_voxels, n_components : voxels, and pieces by 26-connectivity
    spacing_mm : along the axes as stored (k, j, i)
    slice_spacing_mm : between the slices that diameters are measured in
    nominal_spacing_mm : what the file states, whether it is the patient's or not
    modality, kvp : of the series, where known: DICOM modality, tube voltage
    quantity : what the intensities mean
    hu_roi, n_voxels_roi : which voxels the intensities are taken from
    mean, sd, median, p10, p90, minimum, maximum : of the image's values in the ROI
    mean_hu, sd_hu, median_hu : the same numbers, where the quantity is HU
    also : statistics of other series on the same grid, in the order given
    touches_image_edge : whether the mask reaches the border of the image
    uncertainty : name to half-width; `uncertainty_method` says what it means
    not_measured : name to reason
    problems, overrides : what the geometry gate noted, and what a reader took the responsibility for
    """

    volume_mm3: float | None
    mesh_volume_mm3: float | None
    surface_mm2: float | None
    longest_axial_diameter_mm: float | None
    short_axis_mm: float | None
    longest_3d_diameter_mm: float | None
    craniocaudal_length_mm: float | None
    largest_slice_area_mm2: float | None
    voxel_volume_mm3: float | None
    ld_plane: str | None
    ld_tilt_deg: float | None
    ld_slice: int | None
    end_points_mm: Mapping[str, EndPoints] = field(hash=False)
    n_voxels: int
    n_components: int
    spacing_mm: tuple[float, float, float] | None
    slice_spacing_mm: float | None
    nominal_spacing_mm: tuple[float, float, float]
    slice_thickness_mm: float | None
    modality: str | None
    kvp: float | None
    quantity: Quantity
    hu_roi: HuRoi
    n_voxels_roi: int
    mean: float | None
    sd: float | None
    median: float | None
    p10: float | None
    p90: float | None
    minimum: float | None
    maximum: float | None
    mean_hu: float | None
    sd_hu: float | None
    median_hu: float | None
    also: tuple[Intensity, ...]
    touches_image_edge: bool
    uncertainty: Mapping[str, float] = field(hash=False)
    uncertainty_method: str = METHOD
    not_measured: Mapping[str, str] = field(hash=False)
    problems: tuple[Problem, ...]
    overrides: tuple[Override, ...]
    series_uid: str
    mask_sha256: str
    lesion_id: str | None
    provenance: Provenance

    def __post_init__(self) -> None:
        longest, short, volume = self.longest_axial_diameter_mm, self.short_axis_mm, self.volume_mm3
        if longest is not None and short is not None and not 0.0 <= short <= longest + _ROUNDING:
            raise MeasurementError(
                "a short axis is no longer than the longest diameter", f"got {short} and {longest} mm"
            )
        if longest is not None and volume is not None and (longest > 0.0) != (volume > 0.0):
            raise MeasurementError("volume and diameter are 0 together", f"got {volume} mm³ and {longest} mm")

    def to_json(self) -> dict[str, Any]:
        """Return every number by name as plain values for `json.dumps`."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {
            "quantity": str(self.quantity),
            "hu_roi": str(self.hu_roi),
            "spacing_mm": None if self.spacing_mm is None else list(self.spacing_mm),
            "nominal_spacing_mm": list(self.nominal_spacing_mm),
            "end_points_mm": {
                name: [list(point) for point in points] for name, points in self.end_points_mm.items()
            },
            "also": [other.to_json() for other in self.also],
            "uncertainty": dict(self.uncertainty),
            "not_measured": dict(self.not_measured),
            "problems": [{"code": str(held.code), "message": held.message} for held in self.problems],
            "overrides": [{"code": str(held.code), "reason": held.reason} for held in self.overrides],
            "provenance": self.provenance.to_json(),
        }


def measure_lesion(
    volume: Volume,
    mask: Mask,
    *,
    hu_roi: HuRoi | str = HuRoi.WHOLE,
    also: Sequence[Volume] = (),
) -> LesionMeasurement:
    """Return every number of the lesion outlined by `mask` on `volume`.

    An empty mask has volume and diameters of 0, and no intensities. An image of a single slice gives
    diameters and area, no volume. A grid whose spacing is not the patient's gives voxel counts and
    intensities only.

    Parameters
    ----------
    hu_roi : which voxels of the lesion the intensities are taken from
    also : other series that lie on the same grid (an ADC map, another phase)

    Raises
    ------
    MaskError
        If the mask, or a series of `also`, does not lie on the volume's grid.
    MeasurementError
        If `hu_roi` is none of its values.
    """
    chosen = HuRoi.named(str(hu_roi))
    _check_it_lies_on(volume, mask.geometry, "the mask")
    for other in also:
        _check_it_lies_on(volume, other.geometry, "the other series")
    packed = mask.packed()
    region = lesion_region(mask, from_dicom=bool(volume.series_uid), box=(packed.start, packed.box))
    physical = volume.geometry.physical and mask.geometry.physical
    size = lesion_size(region, physical=physical, single_slice=_is_single_slice(volume, region))
    intensity, *others = (_intensity(held, region, chosen, physical) for held in (volume, *also))
    mask_sha256 = packed.sha256()
    numbers: dict[str, Any] = {**size.values}
    numbers |= {name: getattr(intensity, name) for name in _STATISTICS}
    in_hu = volume.quantity is Quantity.HU
    numbers |= {name: numbers[source] if in_hu else None for name, source in _IN_HU.items()}
    return LesionMeasurement(
        **numbers,
        ld_plane=size.ld_plane,
        ld_tilt_deg=size.ld_tilt_deg,
        ld_slice=size.ld_slice,
        end_points_mm=size.end_points_mm,
        n_voxels=region.n_voxels,
        n_components=_n_components(region),
        spacing_mm=volume.geometry.spacing_mm if physical else None,
        slice_spacing_mm=volume.geometry.spacing_mm[region.axis] if physical else None,
        nominal_spacing_mm=volume.geometry.spacing_mm,
        slice_thickness_mm=volume.slice_thickness_mm,
        modality=volume.modality,
        kvp=volume.kvp,
        quantity=volume.quantity,
        hu_roi=chosen,
        n_voxels_roi=intensity.n_voxels,
        also=tuple(others),
        touches_image_edge=region.touches_edge,
        uncertainty=size.uncertainty,
        not_measured=_not_measured(size, intensity, physical),
        problems=(*volume.problems, *_edge_problem(region)),
        overrides=volume.overrides,
        series_uid=volume.series_uid,
        mask_sha256=mask_sha256,
        lesion_id=mask.lesion_id,
        provenance=Provenance(
            "measure",
            {"hu_roi": str(chosen), "definitions": DEFINITIONS_VERSION, "slice_axis": region.axis},
            tuple(uid for uid in (volume.series_uid, f"sha256:{mask_sha256}") if uid),
        ),
    )


def _check_it_lies_on(volume: Volume, other: Geometry, what: str) -> None:
    if (difference := how_grids_differ(other, volume.geometry, POSITION_WITHIN_MM)) is not None:
        raise MaskError(
            f"{what} lies on the grid of the image",
            difference,
            "give the one made on this series, or resample it onto the image first",
        )


def _is_single_slice(volume: Volume, region: Region) -> bool:
    noted = {problem.code for problem in volume.problems} | {held.code for held in volume.overrides}
    return region.n_slices == 1 or Code.SINGLE_SLICE in noted


def _intensity(volume: Volume, region: Region, hu_roi: HuRoi, physical: bool) -> Intensity:
    if hu_roi is HuRoi.ERODED_1MM and not physical:
        return Intensity(volume.quantity, volume.series_uid, 0, reason=NOT_PHYSICAL)
    inside = roi_voxels(region, hu_roi)
    values = region.cropped(volume.voxels)[inside]
    why_empty = EMPTY_MASK if region.is_empty else EMPTY_ROI
    return intensity_of(values, volume.quantity, volume.series_uid, why_empty)


def _n_components(region: Region) -> int:
    if region.is_empty:
        return 0
    _, n_found = ndimage.label(region.voxels, structure=np.ones((3, 3, 3)))
    return int(n_found)


def _not_measured(size: LesionSize, intensity: Intensity, physical: bool) -> dict[str, str]:
    reasons = dict(size.not_measured)
    if not physical:
        reasons |= dict.fromkeys(("spacing_mm", "slice_spacing_mm"), NOT_PHYSICAL)
    if intensity.reason is not None:
        reasons |= dict.fromkeys((*_STATISTICS, *_IN_HU), intensity.reason)
    if intensity.quantity is not Quantity.HU:
        reasons |= dict.fromkeys(_IN_HU, NOT_HU)
    return reasons


def _edge_problem(region: Region) -> tuple[Problem, ...]:
    if not region.touches_edge:
        return ()
    message = "a lesion inside the image was expected, but the mask reaches its border"
    return (Problem(Code.MASK_TOUCHES_EDGE, message),)
