"""The names of the long table: what of each is measured, in which unit, from which field."""

from __future__ import annotations

from gist_imaging.cohort.measurement_name import ML_PER_MM3, MeasurementName
from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS

__all__ = ["LESION_MEASUREMENTS", "MEASURED_NAMES", "QUANTITY_UNITS"]


def _statistic(field: str, description: str, unit: str | None = None) -> MeasurementName:
    return MeasurementName(field, unit, description, physical=False, of_voxel_values=True)


def _count(field: str, description: str) -> MeasurementName:
    return MeasurementName(field, "1", description, physical=False)


LESION_MEASUREMENTS: dict[str, MeasurementName] = {
    "longest_axial_diameter": MeasurementName(
        "longest_axial_diameter_mm", "mm", "two farthest points of the outline in one acquired slice"
    ),
    "short_axis": MeasurementName(
        "short_axis_mm", "mm", "longest chord at right angles to the longest diameter in that slice"
    ),
    "longest_3d_diameter": MeasurementName(
        "longest_3d_diameter_mm", "mm", "two farthest points of the surface, in any direction"
    ),
    "craniocaudal_length": MeasurementName(
        "craniocaudal_length_mm", "mm", "reach along the patient's long axis"
    ),
    "largest_slice_area": MeasurementName("largest_slice_area_mm2", "mm2", "area in the largest slice"),
    "volume": MeasurementName("volume_mm3", "mL", "voxel count times voxel volume", ML_PER_MM3),
    "mesh_volume": MeasurementName("mesh_volume_mm3", "mL", "volume inside the surface", ML_PER_MM3),
    "surface": MeasurementName("surface_mm2", "mm2", "area of the surface"),
    "mean": _statistic("mean", "mean of the voxel values"),
    "sd": _statistic("sd", "standard deviation of the voxel values"),
    "median": _statistic("median", "median of the voxel values"),
    "p10": _statistic("p10", "10th percentile of the voxel values"),
    "p90": _statistic("p90", "90th percentile of the voxel values"),
    "minimum": _statistic("minimum", "lowest voxel value"),
    "maximum": _statistic("maximum", "highest voxel value"),
    "mean_hu": _statistic("mean_hu", "mean attenuation", "HU"),
    "sd_hu": _statistic("sd_hu", "standard deviation of attenuation", "HU"),
    "median_hu": _statistic("median_hu", "median attenuation", "HU"),
    "n_voxels": _count("n_voxels", "voxels of the mask"),
    "n_components": _count("n_components", "pieces of the mask"),
    "n_voxels_roi": _count("n_voxels_roi", "voxels that the statistics are taken from"),
}
"""What `LesionMeasurement` gives for every mask."""

MEASURED_NAMES: dict[str, MeasurementName] = LESION_MEASUREMENTS | PELVIC_MEASUREMENTS
"""Every name of the long table."""

QUANTITY_UNITS = {"HU": "HU", "ADC": "1e-3 mm2/s", "SUV": "g/mL", "ARBITRARY": "1"}
"""Unit of mean, sd, median, p10 and p90 by the quantity of the series."""
