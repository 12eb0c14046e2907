"""The closed word lists of the cohort format, each word with its meaning, and the measured names."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CODELISTS", "MEASUREMENTS", "QUANTITY_UNITS", "MeasurementName"]

CODELISTS: dict[str, dict[str, str]] = {
    "arm": {
        "neoadjuvant": "imatinib before surgery",
        "upfront_surgery": "surgery first",
        "imatinib_only": "imatinib without surgery",
        "observation": "neither imatinib nor surgery",
        "not_recorded": "the source does not say",
    },
    "sex": {"M": "male", "F": "female", "U": "unknown or not stated"},
    "t0_event": {
        "imatinib_start": "day 0 is the first dose of imatinib",
        "surgery": "day 0 is the operation (no imatinib start recorded)",
        "first_scan": "day 0 is the first scan (neither imatinib start nor surgery recorded)",
    },
    "exclusion": {"no_measurement": "no lesion of the patient could be measured"},
    "modality": {
        "CT": "computed tomography",
        "MR": "magnetic resonance",
        "PT": "positron emission tomography",
        "US": "ultrasound",
        "OT": "another or unknown modality",
    },
    "contrast_phase": {
        "none": "no contrast medium",
        "arterial": "arterial phase",
        "portal_venous": "portal venous phase",
        "delayed": "delayed phase",
        "unknown": "not stated",
    },
    "quantity": {
        "HU": "Hounsfield units",
        "ADC": "apparent diffusion coefficient",
        "SUV": "standardised uptake value",
        "ARBITRARY": "a number without a unit, such as MR signal",
    },
    "reader_kind": {
        "human": "a person",
        "algorithm": "a program",
        "consensus": "the agreed read of several",
    },
    "mask_method": {
        "manual": "drawn by hand",
        "threshold": "by a threshold",
        "region_grow": "grown from seeds",
        "random_walker": "random walker",
        "interpolation": "interpolated between drawn slices",
        "model": "by a trained model",
        "model_edited": "by a trained model, edited",
        "mixed": "by several methods",
        "imported": "from another tool, which does not say how",
    },
    "unit": {
        "mm": "millimetre",
        "mm2": "square millimetre",
        "mL": "millilitre",
        "HU": "Hounsfield unit",
        "1e-3 mm2/s": "10⁻³ square millimetres per second",
        "g/mL": "gram per millilitre (SUV)",
        "1": "a number without a unit",
    },
    "measurement_status": {
        "measured": "a value was measured",
        "absent": "the reader found no lesion (empty mask): sizes are 0",
        "not_evaluable": "the definition gives no value; see reason",
        "not_done": "not measured",
        "failed": "measuring was tried and failed; see the table failures",
    },
    "density_reason": {
        "no_density": "attenuation is missing at a visit: other images than CT, or an empty mask",
        "phase_unknown": "the contrast phase of a visit is not stated",
        "phase_differs": "the contrast phases of the two visits differ",
        "baseline_not_above_0": "attenuation at baseline is 0 HU or below: it has no change in percent",
    },
    "plane": {
        "axial": "transverse slices",
        "sagittal": "sagittal slices",
        "coronal": "coronal slices",
        "oblique": "slices tilted out of the standard planes; see plane_tilt_deg",
        "3d": "not bound to a slice",
    },
    "uncertainty_kind": {
        "half_voxel_edge": "half-width that the outline gives by lying anywhere within half a voxel edge",
    },
    "response": {
        "CR": "complete response",
        "PR": "partial response",
        "SD": "stable disease",
        "PD": "progressive disease",
        "NE": "not evaluable; see reason",
        "NON_CR_NON_PD": "neither complete response nor progression of non-target disease",
        "NED": "no evidence of disease",
    },
    "criterion": {
        "recist11": "RECIST 1.1 (Eur J Cancer 2009;45:228)",
        "choi": "Choi (J Clin Oncol 2007;25:1753)",
        "mchoi": "modified Choi: size and density must both fall",
        "who": "WHO: sum of products of two diameters",
        "volume_sphere_recist": "volume, cut-offs of spheres equivalent to RECIST: 0.7³ and 1.2³",
        "volume_sphere_who": "volume, cut-offs of spheres equivalent to WHO",
        "volume_ellipsoid": "volume, −30 % and +20 %",
        "volume_reliability": "volume, −35 % and +55 %",
    },
    "stage": {
        "manifest": "reading the list of scans",
        "intake": "reading files",
        "geometry": "placing the series in the patient",
        "mask": "reading the mask and placing it on its image",
        "identity": "checking that scans belong to one patient",
        "measure": "measuring",
        "worker": "the process that did the work",
    },
    "hu_roi": {
        "whole": "all voxels of the mask",
        "eroded_1mm": "voxels at least 1 mm inside the mask",
        "largest_slice": "voxels of the slice with the largest area",
    },
    "reader_rule": {
        "consensus": "the consensus read",
        "primary_reader": "the accepted read of the primary reader",
        "first_reader": "the accepted read of the first reader: the primary reader did not read this patient",
    },
}


@dataclass(frozen=True, slots=True)
class MeasurementName:
    """One name of the long table.

    Parameters
    ----------
    field : the field of `LesionMeasurement.to_json()` that it is filled from
    unit : the one unit of the name; None: that of the series' quantity
    scale : factor from the field's unit to `unit`, applied once
    physical : whether it needs the spacing of the patient
    of_voxel_values : whether it is a statistic of voxel values, rather than a size or a count
    """

    field: str
    unit: str | None
    description: str
    scale: float = 1.0
    physical: bool = True
    of_voxel_values: bool = False


ML_PER_MM3 = 0.001
"""Millilitres per cubic millimetre."""


def _statistic(field: str, description: str, unit: str | None = None) -> MeasurementName:
    return MeasurementName(field, unit, description, physical=False, of_voxel_values=True)


def _count(field: str, description: str) -> MeasurementName:
    return MeasurementName(field, "1", description, physical=False)


MEASUREMENTS: dict[str, MeasurementName] = {
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

QUANTITY_UNITS = {"HU": "HU", "ADC": "1e-3 mm2/s", "SUV": "g/mL", "ARBITRARY": "1"}
"""Unit of mean, sd, median, p10 and p90 by the quantity of the series."""

CODELISTS["measurement"] = {name: entry.description for name, entry in MEASUREMENTS.items()}
