"""The names of the long table: what of each is measured, in which unit, from which field."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "HEIGHT_FIELDS",
    "LESION_MEASUREMENTS",
    "LINE_FIELDS",
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
    above_0 : whether it is above 0 (exclusive) wherever it is measured
    at_least, at_most : bounds of what the definition can give, inclusive
    of_side : whether it is measured for each side of the levator ani
    """

    field: str
    unit: str | None
    description: str
    scale: float = 1.0
    physical: bool = True
    of_voxel_values: bool = False
    signed: bool = False
    above_0: bool = False
    at_least: float | None = None
    at_most: float | None = None
    of_side: bool = False

    def range_in_words(self) -> str:
        """Return what the definition can give, in `unit`.

        >>> PELVIC_MEASUREMENTS["levator_contact_arc"].range_in_words()
        'at least 0 and at most 360'
        """
        lowest = self.at_least if self.signed else 0.0
        ends = ["above 0"] if self.above_0 else [] if lowest is None else [f"at least {lowest:g}"]
        ends += [] if self.at_most is None else [f"at most {self.at_most:g}"]
        return " and ".join(ends) or "any number"

    def excludes(self, value: float) -> bool:
        """Return whether the definition cannot give `value`, in `unit`.

        >>> ratio = PELVIC_MEASUREMENTS["hemi_hiatus_ratio"]
        >>> ratio.excludes(0.0), ratio.excludes(0.9)
        (True, False)
        """
        lowest = self.at_least if self.signed else 0.0
        return (
            (self.above_0 and not value > 0)
            or (lowest is not None and value < lowest)
            or (self.at_most is not None and value > self.at_most)
        )


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
    above_0: bool = False,
    at_least: float | None = None,
    at_most: float | None = None,
    of_side: bool = True,
) -> MeasurementName:
    return MeasurementName(
        field,
        unit,
        description,
        scale,
        physical=unit != "1",
        signed=signed,
        above_0=above_0,
        at_least=at_least,
        at_most=at_most,
        of_side=of_side,
    )


PELVIC_MEASUREMENTS: dict[str, MeasurementName] = {
    "distance_to_levator_min": _of_pelvis(
        "distance_to_levator_min_mm",
        "mm",
        "M1: smallest distance from tumour surface to levator ani of that side; below 0: overlap",
        signed=True,
    ),
    "distance_to_levator_p5": _of_pelvis(
        "distance_to_levator_p5_mm",
        "mm",
        "M1: 5th percentile of that distance over the muscle; below 0: overlap",
        signed=True,
    ),
    "levator_overlap_volume": _of_pelvis(
        "levator_overlap_volume_mm3", "mL", "M1: volume that tumour and muscle share", ML_PER_MM3
    ),
    "levator_contact_area": _of_pelvis(
        "levator_contact_area_mm2", "mm2", "M2: area of the muscle's inner surface in contact with the tumour"
    ),
    "levator_contact_length": _of_pelvis(
        "levator_contact_length_mm", "mm", "M2: longest line of contact in one slice"
    ),
    "levator_contact_arc": _of_pelvis(
        "levator_contact_arc_deg",
        "deg",
        "M2: angle that this line takes at the tumour's centroid",
        at_most=360.0,
    ),
    "levator_displacement_mean": _of_pelvis(
        "levator_displacement_mean_mm",
        "mm",
        "M3: mean distance from the mirrored other side, over the contact; above 0: lateral or caudal",
        signed=True,
    ),
    "levator_displacement_p95": _of_pelvis(
        "levator_displacement_p95_mm", "mm", "M3: 95th percentile of that distance", signed=True
    ),
    "levator_displacement_max": _of_pelvis(
        "levator_displacement_max_mm", "mm", "M3: largest of that distance", signed=True
    ),
    "levator_displaced_volume": _of_pelvis(
        "levator_displaced_volume_mm3", "mL", "M3: volume between muscle and mirrored other side", ML_PER_MM3
    ),
    "levator_bow": _of_pelvis(
        "levator_bow_mm",
        "mm",
        "M4: largest deviation from the chord between origin and insertion, coronal; above 0: lateral or "
        "caudal",
        signed=True,
    ),
    "levator_bow_difference": _of_pelvis(
        "levator_bow_difference_mm",
        "mm",
        "M4: levator_bow − that of the other side, same section",
        signed=True,
    ),
    "levator_bow_ratio": _of_pelvis("levator_bow_ratio", "1", "M4: levator_bow ÷ chord", signed=True),
    "levator_angle": _of_pelvis(
        "levator_angle_deg",
        "deg",
        "M5: angle of that chord with the horizontal axis, coronal; above 0: rises laterally",
        signed=True,
        at_least=-180.0,
        at_most=180.0,
    ),
    "levator_angle_difference": _of_pelvis(
        "levator_angle_difference_deg",
        "deg",
        "M5: levator_angle − that of the other side",
        signed=True,
        at_least=-360.0,
        at_most=360.0,
    ),
    "hemi_hiatus_ratio": _of_pelvis(
        "hemi_hiatus_ratio",
        "1",
        "M6: half-width of the levator hiatus of that side ÷ the other side",
        above_0=True,
    ),
    "levator_thickness_ratio": _of_pelvis(
        "levator_thickness_ratio",
        "1",
        "M7: median thickness of the muscle in contact ÷ the other side",
        above_0=True,
    ),
    "ischioanal_fossa_loss": _of_pelvis(
        "ischioanal_fossa_loss",
        "1",
        "M8: 1 − fat below the levator ÷ that of the other side",
        signed=True,
        at_most=1.0,
    ),
    "levator_signal_ratio": _of_pelvis(
        "levator_signal_ratio",
        "1",
        "M9: T2 signal of the muscle in contact ÷ the other side",
        above_0=True,
    ),
    "pubococcygeal_line": _of_pelvis(
        "pubococcygeal_line_mm",
        "mm",
        "M11: inferior pubic point to last coccygeal joint",
        above_0=True,
        of_side=False,
    ),
    "h_line": _of_pelvis(
        "h_line_mm",
        "mm",
        "M11: inferior pubic point to posterior rectal wall at the junction",
        above_0=True,
        of_side=False,
    ),
    "m_line": _of_pelvis(
        "m_line_mm",
        "mm",
        "M11: posterior end of the H line to the pubococcygeal line; above 0: below that line",
        signed=True,
        of_side=False,
    ),
    "levator_plate_to_pcl": _of_pelvis(
        "levator_plate_to_pcl_deg",
        "deg",
        "M11: levator plate against the pubococcygeal line; never compared with the angle to the horizontal",
        signed=True,
        at_least=-180.0,
        at_most=180.0,
        of_side=False,
    ),
    "levator_plate_to_horizontal": _of_pelvis(
        "levator_plate_to_horizontal_deg",
        "deg",
        "M11: levator plate against the axial plane of the scanner",
        signed=True,
        at_least=-90.0,
        at_most=90.0,
        of_side=False,
    ),
    "anorectal_angle": _of_pelvis(
        "anorectal_angle_deg",
        "deg",
        "M11: anal canal against posterior rectal wall",
        at_most=180.0,
        of_side=False,
    ),
    "hiatus_area": _of_pelvis(
        "hiatus_area_mm2", "mm2", "M11: area inside the puborectal sling", above_0=True, of_side=False
    ),
    **{
        f"distance_anal_verge_{method}": _of_pelvis(
            f"distance_anal_verge_{method}_mm",
            "mm",
            f"anal verge to lower tumour edge, {words}; the three ways differ by more than a centimetre",
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
        "lower tumour edge above the anorectal junction, along the anal canal; below 0: below it",
        signed=True,
        of_side=False,
    ),
    "distance_anorectal_junction_nearest": _of_pelvis(
        "distance_anorectal_junction_nearest_mm",
        "mm",
        "anorectal junction to the nearest point of the tumour, in a straight line",
        of_side=False,
    ),
    "lower_edge_above_pcl": _of_pelvis(
        "lower_edge_above_pcl_mm",
        "mm",
        "lower tumour edge above the pubococcygeal line, at right angles to it; below 0: below it",
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

LINE_FIELDS: dict[str, str] = {
    name: name
    for name in (
        "pubococcygeal_line",
        "h_line",
        "m_line",
        "levator_plate_to_pcl",
        "levator_plate_to_horizontal",
        "anorectal_angle",
        "hiatus_area",
    )
}
"""Name in the long table of each line and angle of the pelvic floor (M11), by the name in `anatomy`."""

HEIGHT_FIELDS: dict[str, str] = {
    "straight": "distance_anal_verge_straight",
    "two_segment": "distance_anal_verge_two_segment",
    "curved": "distance_anal_verge_curved",
    "lower_edge_above_junction": "distance_anorectal_junction",
    "nearest_to_junction": "distance_anorectal_junction_nearest",
    "lower_edge_above_pcl": "lower_edge_above_pcl",
}
"""Name in the long table of each height of the tumour, by the name in `anatomy`."""

MEASURED_NAMES: dict[str, MeasurementName] = LESION_MEASUREMENTS | PELVIC_MEASUREMENTS
"""Every name of the long table."""

QUANTITY_UNITS = {"HU": "HU", "ADC": "1e-3 mm2/s", "SUV": "g/mL", "ARBITRARY": "1"}
"""Unit of mean, sd, median, p10 and p90 by the quantity of the series."""
