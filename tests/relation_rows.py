"""Rows of a manifest whose tumour is a ball between two slabs, the levator ani of either side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from batch_cases import ball, write_nifti
from strategies import oblique_geometry

GRID = oblique_geometry(shape=(12, 40, 64), spacing_mm=(3.3, 0.9, 0.8))
CENTRE = (5.5, 19.5, 30.0)
THICKNESS_MM = 4.0
LEFT_MM, RIGHT_MM = 9.0, 16.0
"""From the ball's centre to the near face of each slab."""


def slab(from_mm: float, sign: int) -> np.ndarray:
    """Voxels whose centre lies `from_mm` to 4 mm farther from the ball's centre, along the rows (i)."""
    across = sign * (np.arange(GRID.shape[2]) - CENTRE[2]) * GRID.spacing_mm[2]
    inside = (across >= from_mm) & (across < from_mm + THICKNESS_MM)
    return np.broadcast_to(inside, GRID.shape)


def face_mm(from_mm: float) -> float:
    """Where such a slab's near face lies: halfway between its first voxels and those before them."""
    pixel_mm = GRID.spacing_mm[2]
    return float((np.ceil(from_mm / pixel_mm) - 0.5) * pixel_mm)


def labels(radius_mm: float, left_mm: float = LEFT_MM, right_mm: float = RIGHT_MM) -> np.ndarray:
    """1 the ball, 2 the left and 3 the right slab. Index i grows to the left."""
    voxels = np.zeros(GRID.shape, dtype=np.uint8)
    voxels[slab(left_mm, 1)] = 2
    voxels[slab(right_mm, -1)] = 3
    if radius_mm > 0:
        voxels[ball(radius_mm, GRID, CENTRE)] = 1
    return voxels


def masks_of(name: str, left: int = 2, right: int = 3) -> dict[str, Any]:
    return {side: {"path": f"{name}_labels.nii.gz", "label": n} for side, n in (("L", left), ("R", right))}


def relation_row(
    folder: Path,
    patient: str,
    visit: str,
    radius_mm: float,
    relation: dict[str, Any] | None = None,
    **given: Any,
) -> dict[str, str]:
    """Write one scan and its relation file; return the row that names them."""
    name = f"{patient}_{visit}"
    rng = np.random.default_rng(sum(map(ord, name)))
    write_nifti(folder / f"{name}.nii.gz", rng.integers(-100, 100, GRID.shape).astype(np.int16), GRID)
    write_nifti(folder / f"{name}_labels.nii.gz", labels(radius_mm, **given), GRID)
    held = {"levator_masks": masks_of(name)} if relation is None else relation
    (folder / f"{name}.json").write_text(json.dumps(held), encoding="utf-8")
    return {
        "patient_id": patient,
        "timepoint_label": visit,
        "image": f"{name}.nii.gz",
        "mask": f"{name}_labels.nii.gz",
        "label": "1",
        "modality": "MR",
        "relation": f"{name}.json",
    }


def relation_rows(folder: Path) -> list[dict[str, str]]:
    """Two patients, each before and after; the ball shrinks from 6 to 4 mm."""
    return [
        relation_row(folder, patient, visit, radius_mm)
        for patient in ("P001", "P002")
        for visit, radius_mm in (("baseline", 6.0), ("presurgery", 4.0))
    ]
