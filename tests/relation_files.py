"""What a reader would give about the levator ani of a sample patient, written as files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from levator_truth import coronal_strokes
from pelvis_landmarks import BODY

from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.samples import sample_patients

SAMPLES = Path(__file__).resolve().parents[1] / "sample_scans"


def phantom_of(patient: str, visit: str) -> PelvisPhantom:
    found = next(held for held in sample_patients() if held.patient_id == patient)
    return next(held.phantom for held in found.visits if held.label == visit)


def landmarks_of(phantom: PelvisPhantom) -> list[dict[str, Any]]:
    return [
        {"name": str(name), "point_mm": phantom.to_patient(point).tolist()} for name, point in BODY.items()
    ]


def strokes_of(phantom: PelvisPhantom, sides: str = "LR") -> list[dict[str, Any]]:
    return [stroke.to_json() for side in sides for stroke in _drawn(phantom, side)]


@cache
def _drawn(phantom: PelvisPhantom, side: str) -> list[LevatorStroke]:
    return coronal_strokes(phantom, side)


def call(side: str = "R", timepoint: str = "baseline", **words: Any) -> dict[str, Any]:
    said = {"contact": "abutment", "displacement": "marked", "invasion": "no"} | words
    return {"lesion": "L1", "timepoint": timepoint, "reader": "R1", "side": side, **said}


def written(path: Path, **parts: Any) -> Path:
    path.write_text(json.dumps(parts), "utf-8")
    return path


def whole_pelvis(path: Path, phantom: PelvisPhantom) -> Path:
    """A coarse, turned and flipped image of the whole pelvis, such as a localiser, for its field of view."""
    shape, spacing = (40, 30, 50), (6.0, 7.0, 6.5)
    turn = phantom.axes @ np.diag([-1.0, 1.0, -1.0])
    matrix = np.eye(4)
    matrix[:3, :3] = turn * spacing
    matrix[:3, 3] = phantom.to_patient((0.0, 0.0, 45.0)) - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    values = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    nibabel.save(nibabel.Nifti1Image(values, to_ras @ matrix), path)
    return path
