"""The names of what is measured between tumour, levator ani and landmarks, and their fields in `anatomy`."""

from __future__ import annotations

from gist_imaging.cohort.measurement_name import ML_PER_MM3, MeasurementName

__all__ = ["HEIGHT_FIELDS", "LINE_FIELDS", "PELVIC_MEASUREMENTS", "RELATION_FIELDS"]


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
