"""The names of the long table: what of each is measured, in which unit, from which field."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "LESION_MEASUREMENTS",
    "MEASURED_NAMES",
    "ML_PER_MM3",
    "PELVIC_MEASUREMENTS",
    "QUANTITY_UNITS",
    "RELATION_FIELDS",
    "MeasurementName",
]


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
    signed : whether a size may be below 0
    of_side : whether it is measured for each side of the levator ani
    """

    field: str
    unit: str | None
    description: str
    scale: float = 1.0
    physical: bool = True
    of_voxel_values: bool = False
    signed: bool = False
    of_side: bool = False


ML_PER_MM3 = 0.001
"""Millilitres per cubic millimetre."""


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


def _of_pelvis(
    field: str,
    unit: str,
    description: str,
    scale: float = 1.0,
    *,
    signed: bool = False,
    of_side: bool = True,
) -> MeasurementName:
    physical = unit != "1"
    return MeasurementName(field, unit, description, scale, physical=physical, signed=signed, of_side=of_side)


PELVIC_MEASUREMENTS: dict[str, MeasurementName] = {
    "distance_to_levator_min": _of_pelvis(
        "distance_to_levator_min_mm",
        "mm",
        "smallest distance from tumour surface to levator ani of that side; below 0: overlap",
        signed=True,
    ),
    "distance_to_levator_p5": _of_pelvis(
        "distance_to_levator_p5_mm", "mm", "5th percentile of that distance over the muscle", signed=True
    ),
    "levator_overlap_volume": _of_pelvis(
        "levator_overlap_volume_mm3", "mL", "volume that tumour and muscle share", ML_PER_MM3
    ),
    "levator_contact_area": _of_pelvis(
        "levator_contact_area_mm2", "mm2", "area of the muscle's inner surface in contact with the tumour"
    ),
    "levator_contact_length": _of_pelvis(
        "levator_contact_length_mm", "mm", "length of the muscle's line in contact with the tumour"
    ),
    "levator_contact_arc": _of_pelvis(
        "levator_contact_arc_deg", "deg", "angle that the contact takes at the tumour's centroid"
    ),
    "levator_displacement_mean": _of_pelvis(
        "levator_displacement_mean_mm",
        "mm",
        "mean distance from the mirrored other side, over the contact; above 0: lateral or caudal",
        signed=True,
    ),
    "levator_displacement_p95": _of_pelvis(
        "levator_displacement_p95_mm", "mm", "95th percentile of that distance", signed=True
    ),
    "levator_displacement_max": _of_pelvis(
        "levator_displacement_max_mm", "mm", "largest of that distance", signed=True
    ),
    "levator_displaced_volume": _of_pelvis(
        "levator_displaced_volume_mm3", "mL", "volume between muscle and mirrored other side", ML_PER_MM3
    ),
    "levator_bow": _of_pelvis(
        "levator_bow_mm",
        "mm",
        "largest deviation from the chord between origin and insertion, coronal; above 0: lateral or caudal",
        signed=True,
    ),
    "levator_bow_difference": _of_pelvis(
        "levator_bow_difference_mm", "mm", "levator_bow − that of the other side, same section", signed=True
    ),
    "levator_bow_ratio": _of_pelvis("levator_bow_ratio", "1", "levator_bow ÷ chord", signed=True),
    "levator_angle": _of_pelvis(
        "levator_angle_deg", "deg", "angle of that chord with the horizontal axis, coronal", signed=True
    ),
    "levator_angle_difference": _of_pelvis(
        "levator_angle_difference_deg", "deg", "levator_angle − that of the other side", signed=True
    ),
    "hemi_hiatus_ratio": _of_pelvis(
        "hemi_hiatus_ratio", "1", "half-width of the levator hiatus of that side ÷ the other side"
    ),
    "levator_thickness_ratio": _of_pelvis(
        "levator_thickness_ratio", "1", "median thickness of the muscle in contact ÷ the other side"
    ),
    "ischioanal_fossa_loss": _of_pelvis(
        "ischioanal_fossa_loss", "1", "1 − fat below the levator ÷ that of the other side", signed=True
    ),
    "levator_signal_ratio": _of_pelvis(
        "levator_signal_ratio", "1", "T2 signal of the muscle in contact ÷ the other side"
    ),
    "pubococcygeal_line": _of_pelvis(
        "pubococcygeal_line_mm", "mm", "inferior pubic point to last coccygeal joint", of_side=False
    ),
    "h_line": _of_pelvis(
        "h_line_mm", "mm", "inferior pubic point to posterior rectal wall at the junction", of_side=False
    ),
    "m_line": _of_pelvis(
        "m_line_mm",
        "mm",
        "posterior end of the H line to the pubococcygeal line; above 0: below that line",
        signed=True,
        of_side=False,
    ),
    "levator_plate_to_pcl": _of_pelvis(
        "levator_plate_to_pcl_deg",
        "deg",
        "levator plate against the pubococcygeal line; never compared with the angle to the horizontal",
        signed=True,
        of_side=False,
    ),
    "levator_plate_to_horizontal": _of_pelvis(
        "levator_plate_to_horizontal_deg",
        "deg",
        "levator plate against the axial plane of the scanner",
        signed=True,
        of_side=False,
    ),
    "anorectal_angle": _of_pelvis(
        "anorectal_angle_deg", "deg", "anal canal against posterior rectal wall", of_side=False
    ),
    "hiatus_area": _of_pelvis("hiatus_area_mm2", "mm2", "area inside the puborectal sling", of_side=False),
    **{
        f"distance_anal_verge_{method}": _of_pelvis(
            f"distance_anal_verge_{method}_mm",
            "mm",
            f"anal verge to lower tumour edge, {words}; the three ways differ by more than a centimetre",
            signed=True,
            of_side=False,
        )
        for method, words in (
            ("straight", "in a straight line"),
            ("two_segment", "in two straight segments by the top of the anal canal"),
            ("curved", "along the wall"),
        )
    },
    "distance_anorectal_junction": _of_pelvis(
        "distance_anorectal_junction_mm",
        "mm",
        "lower tumour edge above the anorectal junction; below 0: below it",
        signed=True,
        of_side=False,
    ),
}
"""What is measured between tumour, levator ani and landmarks; those of a muscle have a side."""

RELATION_FIELDS: dict[str, str] = {
    "min_distance": "distance_to_levator_min",
    "distance_p5": "distance_to_levator_p5",
    "overlap_volume": "levator_overlap_volume",
    "contact_area": "levator_contact_area",
    "contact_length": "levator_contact_length",
    "contact_arc": "levator_contact_arc",
    "displacement_mean": "levator_displacement_mean",
    "displacement_p95": "levator_displacement_p95",
    "displacement_max": "levator_displacement_max",
    "displaced_volume": "levator_displaced_volume",
    "bow": "levator_bow",
    "bow_ratio": "levator_bow_ratio",
    "bow_difference": "levator_bow_difference",
    "levator_angle": "levator_angle",
    "levator_angle_difference": "levator_angle_difference",
    "hemi_hiatus_ratio": "hemi_hiatus_ratio",
    "thickness_ratio": "levator_thickness_ratio",
    "fossa_loss": "ischioanal_fossa_loss",
    "signal_ratio": "levator_signal_ratio",
}
"""Name in the long table of each metric of one side of the levator ani, by the name in `anatomy`."""

MEASURED_NAMES: dict[str, MeasurementName] = LESION_MEASUREMENTS | PELVIC_MEASUREMENTS
"""Every name of the long table."""

QUANTITY_UNITS = {"HU": "HU", "ADC": "1e-3 mm2/s", "SUV": "g/mL", "ARBITRARY": "1"}
"""Unit of mean, sd, median, p10 and p90 by the quantity of the series."""
