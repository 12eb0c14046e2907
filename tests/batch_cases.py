"""Small scans with balls of known size, and manifests of them, for tests of the batch."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
from strategies import oblique_geometry

from gist_imaging.spatial import Geometry

GRID = oblique_geometry()
CENTRE = (4.0, 15.0, 13.0)
COLUMNS = ("patient_id", "timepoint_label", "image", "mask", "modality", "quantity")


def ball(radius_mm: float, geometry: Geometry = GRID, centre=CENTRE) -> np.ndarray:
    """Voxels whose centre is at most `radius_mm` from the voxel `centre`."""
    points = geometry.to_patient(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return np.linalg.norm(points - geometry.to_patient(centre), axis=-1) <= radius_mm


def write_nifti(path: Path, voxels: np.ndarray, geometry: Geometry = GRID) -> Path:
    """Write voxels (k, j, i) as NIfTI, whose axes are (i, j, k) and whose frame is RAS."""
    affine = geometry.affine[:, [2, 1, 0, 3]].copy()
    affine[:2] *= -1.0
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(voxels.T), affine), path)
    return path


def write_scan(folder: Path, name: str, radius_mm: float) -> dict[str, str]:
    """Write an image and the mask of one ball; return their columns of a manifest."""
    rng = np.random.default_rng(round(radius_mm * 100))
    image = rng.integers(-100, 100, GRID.shape).astype(np.int16)
    write_nifti(folder / f"{name}.nii.gz", image)
    write_nifti(folder / f"{name}_mask.nii.gz", ball(radius_mm).astype(np.uint8))
    return {
        "image": f"{name}.nii.gz",
        "mask": f"{name}_mask.nii.gz",
        "modality": "CT",
        "quantity": "HU",
    }


def some_rows(folder: Path, n_patients: int = 3) -> list[dict[str, str]]:
    """A pre/post pair of each patient; the ball shrinks by a quarter."""
    rows = []
    for number in range(1, n_patients + 1):
        for label, share in (("baseline", 1.0), ("presurgery", 0.75)):
            scan = write_scan(folder, f"scan_{number}_{label}", (6.0 + number) * share)
            rows.append({"patient_id": f"P{number:03d}", "timepoint_label": label, **scan})
    return rows


def write_manifest(folder: Path, rows: list[dict[str, str]], name: str = "manifest.csv") -> Path:
    columns = list(dict.fromkeys([*COLUMNS, *(column for row in rows for column in row)]))
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def table(cohort: Path, name: str) -> list[dict[str, str]]:
    """The rows of one table of a cohort folder, as text."""
    with (cohort / "tables" / "csv" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measured(cohort: Path, name: str) -> dict[str, float]:
    """The values of one measurement, by lesion and visit."""
    return {
        f"{row['lesion_id']} {row['timepoint_id'].partition('/')[2]}": float(row["value"])
        for row in table(cohort, "measurements")
        if row["name"] == name and row["value"]
    }


def contents(cohort: Path) -> dict[str, bytes]:
    """Every file of a cohort folder but the record of runs."""
    return {
        str(path.relative_to(cohort)): path.read_bytes()
        for path in sorted(cohort.rglob("*"))
        if path.is_file() and path.name != "runs.jsonl"
    }
