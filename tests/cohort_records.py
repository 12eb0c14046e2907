"""Made-up records of scans: no patient stands behind them."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from gist_imaging.cohort.pelvic_numbers import PelvicNumber
from gist_imaging.cohort.records import FailureRecord, ScanRecord, SeriesFacts
from gist_imaging.study.reading import LevatorRelation, PelvicFindings, Reading

SPACING_MM = (3.3, 0.7, 0.9)
VOXEL_MM3 = math.prod(SPACING_MM)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def series(name: str, **facts: Any) -> SeriesFacts:
    given: dict[str, Any] = {
        "image_sha256": sha256(name),
        "modality": "CT",
        "slices": 40,
        "rows": 512,
        "columns": 384,
        "spacing_mm": SPACING_MM,
        "series_uid": f"1.2.840.{int(sha256(name)[:8], 16)}.1",
        "study_uid": f"1.2.840.{int(sha256(name)[:8], 16)}",
        "frame_uid": f"1.2.840.{int(sha256(name)[:8], 16)}.9",
        "phase": "portal_venous",
        "quantity": "HU",
        "slice_thickness_mm": 3.0,
    }
    return SeriesFacts(**(given | facts))


def ball(diameter_mm: float, mean_hu: float | None = 70.0, *, physical: bool = True) -> dict[str, Any]:
    """The numbers of a ball, in the form of `LesionMeasurement.to_json`."""
    n_voxels = round(math.pi / 6 * diameter_mm**3 / VOXEL_MM3)
    volume = n_voxels * VOXEL_MM3
    sizes = {
        "volume_mm3": volume,
        "mesh_volume_mm3": 0.99 * math.pi / 6 * diameter_mm**3,
        "surface_mm2": math.pi * diameter_mm**2,
        "longest_axial_diameter_mm": diameter_mm,
        "short_axis_mm": 0.98 * diameter_mm,
        "longest_3d_diameter_mm": diameter_mm,
        "craniocaudal_length_mm": diameter_mm,
        "largest_slice_area_mm2": math.pi / 4 * diameter_mm**2,
    }
    measured: dict[str, Any] = dict(sizes)
    not_measured: dict[str, str] = {}
    ends = {"longest_axial_diameter_mm": [[1.0, 2.0, 3.0], [1.0 + diameter_mm, 2.0, 3.0]]}
    uncertainty = {"longest_axial_diameter_mm": 0.9, "volume_mm3": 120.0}
    if n_voxels == 0:
        ends, uncertainty = {}, {}
    if not physical:
        measured = dict.fromkeys(sizes)
        not_measured = dict.fromkeys(sizes, "geometry_not_physical")
        ends, uncertainty = {}, {}
    statistics = {
        "mean": mean_hu,
        "sd": 12.5,
        "median": mean_hu,
        "p10": None if mean_hu is None else mean_hu - 19.0,
        "p90": None if mean_hu is None else mean_hu + 18.25,
        "minimum": None if mean_hu is None else mean_hu - 59.0,
        "maximum": None if mean_hu is None else mean_hu + 70.0,
    }
    if n_voxels == 0 or mean_hu is None:
        statistics = dict.fromkeys(statistics)
        not_measured |= dict.fromkeys(statistics, "empty_mask" if n_voxels == 0 else "empty_roi")
    in_hu = {"mean_hu": statistics["mean"], "sd_hu": statistics["sd"], "median_hu": statistics["median"]}
    not_measured |= {name: not_measured["mean"] for name in in_hu if "mean" in not_measured}
    return (
        measured
        | statistics
        | in_hu
        | {
            "voxel_volume_mm3": VOXEL_MM3 if physical else None,
            "n_voxels": n_voxels,
            "n_components": 1 if n_voxels else 0,
            "n_voxels_roi": n_voxels,
            "quantity": "HU",
            "hu_roi": "whole",
            "ld_plane": "axial" if ends else None,
            "ld_tilt_deg": 2.5 if ends else None,
            "end_points_mm": ends,
            "uncertainty": uncertainty,
            "uncertainty_method": "half_voxel_edge",
            "not_measured": not_measured,
        }
    )


def scan(
    patient: str = "SYN-001",
    label: str = "baseline",
    lesion: str = "L1",
    diameter_mm: float = 68.0,
    mean_hu: float = 70.0,
    **given: Any,
) -> ScanRecord:
    """One measured record; what is given wins."""
    physical = given.pop("physical", True)
    measurement = ball(diameter_mm, mean_hu, physical=physical)
    image = f"{patient} {label} {given.get('modality', 'CT')}"
    facts: dict[str, Any] = {
        "patient_id": patient,
        "timepoint_label": label,
        "lesion": lesion,
        "lesion_number": int(lesion.lstrip("L")),
        "tracking_uid": f"1.2.840.77.{int(sha256(patient + lesion)[:8], 16)}",
        "arm": "neoadjuvant",
        "sex": "F",
        "age_years": 61.0,
        "imatinib_start_date": "2020-02-10",
        "scan_date": {"baseline": "2020-02-03", "presurgery": "2020-08-10"}.get(label, "2020-05-04"),
        "series": series(image, geometry_physical=physical),
        "mask_sha256": sha256(f"{image} {lesion} {diameter_mm} {given.get('reader_id', 'R1')}"),
        "mask_empty": measurement["n_voxels"] == 0,
        "mask_touches_edge": False,
        "n_voxels": measurement["n_voxels"],
        "measurement": measurement,
        "params_sha256": sha256("parameters"),
    }
    return ScanRecord(**(facts | given))


def failed(patient: str = "SYN-009", label: str = "baseline", **given: Any) -> ScanRecord:
    facts: dict[str, Any] = {
        "patient_id": patient,
        "timepoint_label": label,
        "lesion": "L1",
        "scan_date": "2020-02-03",
        "failure": FailureRecord("geometry", "MISSING_SLICES", "even gaps expected; found one of 6.0 mm"),
    }
    return ScanRecord(**(facts | given))


def small_cohort() -> list[ScanRecord]:
    """Three measured patients and one that failed: two lesions, two readers, an empty mask, an override."""
    return [
        scan("SYN-001", "baseline"),
        scan("SYN-001", "presurgery", diameter_mm=47.0, mean_hu=50.0),
        scan("SYN-001", "baseline", reader_id="R2", diameter_mm=67.0),
        scan("SYN-001", "presurgery", reader_id="R2", diameter_mm=48.0, mean_hu=51.0),
        scan("SYN-002", "baseline", "L1", 40.0),
        scan("SYN-002", "baseline", "L2", 25.0),
        scan("SYN-002", "presurgery", "L1", 30.0, overrides=(("TILT", "sheared stack was resampled"),)),
        scan("SYN-002", "presurgery", "L2", 0.0),
        scan("001", "baseline", diameter_mm=60.0, physical=False, sex=None, arm="not_recorded"),
        scan("001", "presurgery", diameter_mm=50.0, physical=False, sex=None, arm="not_recorded"),
        failed(),
    ]


def relations(
    lesion: str, timepoint: str, reader: str, **displacement: str | None
) -> tuple[LevatorRelation, ...]:
    """A call of displacement for each named side, such as L="mild"; contact goes with it."""
    return tuple(
        LevatorRelation(
            lesion,
            timepoint,
            reader,
            side,
            contact="abutment" if said in ("mild", "marked") else "none",
            displacement=said,
        )
        for side, said in displacement.items()
    )


def some_readings() -> list[Reading]:
    """What two readers said of the patients of `small_cohort`."""
    return [
        Reading(
            "R1",
            "SYN-001",
            blinded=True,
            relations=(
                *relations("L1", "baseline", "R1", L="marked", R="none", midline="not_assessable"),
                LevatorRelation(
                    "L1",
                    "presurgery",
                    "R1",
                    "L",
                    contact="close",
                    displacement="none",
                    invasion="equivocal",
                    components=frozenset({"puborectalis", "iliococcygeus"}),
                ),
            ),
            findings=(
                PelvicFindings(
                    "L1",
                    "baseline",
                    "R1",
                    sphincter_depth="internal",
                    sphincter_lowest_third="upper",
                    organs=(("prostate", "equivocal"), ("coccyx", "no")),
                    distance_anal_verge_mm=31.5,
                    dav_method="two_segment",
                    height_class="low",
                    height_rule="cco",
                    confidence="high",
                ),
            ),
        ),
        Reading(
            "R2",
            "SYN-001",
            blinded=False,
            findings=(PelvicFindings("L1", "baseline", "R2", sphincter_depth="none"),),
        ),
        Reading(
            "R1",
            "SYN-002",
            blinded=True,
            relations=relations("L1", "presurgery", "R1", L="none", R="none", midline="none"),
            findings=(PelvicFindings("L1", "baseline", "R1", sphincter_depth="not_assessable"),),
        ),
    ]


def pelvic_numbers() -> tuple[PelvicNumber, ...]:
    """Numbers of both sides, one of no side, and one that is not there."""
    return (
        PelvicNumber("distance_to_levator_min", 3.0, "L", end_points_mm=((0.0, 0.0, 0.0), (1.0, 2.0, 2.0))),
        PelvicNumber("distance_to_levator_min", -0.5, "R", low=-1.1, high=0.2),
        PelvicNumber("levator_displaced_volume", 5496.0, "L"),
        PelvicNumber("levator_displacement_p95", None, "R", reason="both_sides_affected"),
        PelvicNumber("h_line", 50.99),
    )
