"""Two visits of a synthetic patient, each in its own frame and pose, with the true transform."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from gist_imaging.phantom import random_patient
from gist_imaging.phantom.grids import axial_grid, canal_grid
from gist_imaging.spatial import Geometry, Mask, Volume

# Body frame: ischial spines, symphysis, coccyx, sacrum, femoral heads, tuberosities.
BONY_POINTS = np.array(
    [
        (52.0, 40.0, 22.0),
        (-52.0, 40.0, 22.0),
        (0.0, -56.0, 6.0),
        (0.0, 57.0, 21.0),
        (0.0, 79.0, 62.0),
        (92.0, -10.0, 36.0),
        (-92.0, -10.0, 36.0),
        (60.0, 22.0, -38.0),
        (-60.0, 22.0, -38.0),
    ]
)
BASELINE_FRAME, FOLLOWUP_FRAME = "1.2.826.0.1.3680043.8.498.71", "1.2.826.0.1.3680043.8.498.72"
_POSES = (((-63.0, 141.5, -318.2), (4.0, -3.0, 5.0)), ((112.0, -88.0, 420.0), (-3.0, 4.0, -2.0)))
_CENTRES = ((12.0, -9.0, 5.0), (-8.0, 11.0, -4.0))


@dataclass(frozen=True)
class Pair:
    """Both scans, both tumour masks, and the bony points in each frame (LPS mm)."""

    baseline: Volume
    followup: Volume
    baseline_mask: Mask
    followup_mask: Mask
    bony_baseline_mm: np.ndarray
    bony_followup_mm: np.ndarray


@cache
def phantom_pair(modality: Literal["CT", "MR"], seed: int = 3) -> Pair:
    matrix, slices = (128, 30) if modality == "CT" else (112, 24)
    lay, middle = (axial_grid, (0.0, 2.0, 6.0)) if modality == "CT" else (canal_grid, (0.0, 14.0, 12.0))
    volumes, masks, points = [], [], []
    patient = random_patient(seed, modality, matrix, slices)
    for visit, pose, centre, frame in zip(
        patient.visits, _POSES, _CENTRES, (BASELINE_FRAME, FOLLOWUP_FRAME), strict=True
    ):
        phantom = replace(visit.phantom, origin_mm=pose[0], turn_deg=pose[1])
        grid = lay(
            phantom,
            matrix=(matrix, matrix),
            slices=slices,
            pixel_mm=visit.scanner.pixel_mm,
            slice_mm=visit.scanner.slice_mm,
            frame_uid=frame,
            centre_body=tuple(np.add(middle, centre).tolist()),
        )
        moved = replace(visit, phantom=phantom)
        volumes.append(moved.volume(grid))
        masks.append(moved.masks(grid)["tumour"])
        points.append(phantom.to_patient(BONY_POINTS))
    return Pair(*volumes, *masks, *points)


def other_index_order(volume: Volume) -> Volume:
    """The same scan with its axes swapped and two of them flipped; every voxel stays in place."""
    grid = volume.geometry
    affine = grid.affine[:, [2, 0, 1, 3]].copy()
    shape = (grid.shape[2], grid.shape[0], grid.shape[1])
    voxels = volume.voxels.transpose(2, 0, 1)[::-1, :, ::-1]
    for axis in (0, 2):
        affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
        affine[:3, axis] *= -1
    return replace(volume, voxels=voxels, geometry=Geometry(shape, affine, grid.frame_uid))
