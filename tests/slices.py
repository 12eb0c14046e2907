"""Facts of made-up images, oblique and off centre, for tests of the gate and of splitting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from gist_imaging.study.series import FrameFacts

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"

OBLIQUE = Rotation.from_euler("xyz", (17.0, -9.0, 28.0), degrees=True)
ORIGIN_MM = np.array([-63.0, 41.5, -318.2])


def axes(turned: Rotation = OBLIQUE, flip: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row direction, column direction and normal of a turned axial plane; `flip` reverses the rows."""
    row, column = turned.apply([1.0, 0.0, 0.0]), flip * turned.apply([0.0, 1.0, 0.0])
    return row, column, np.cross(row, column)


def ct_stack(
    along_mm: Any = None,
    *,
    turned: Rotation = OBLIQUE,
    flip: int = 1,
    lean_deg: float = 0.0,
    **changes: Any,
) -> list[FrameFacts]:
    """A CT of slices 2.5 mm thick at the given places along the normal (40, 2.5 mm apart, by default)."""
    places = np.arange(40) * 2.5 if along_mm is None else np.asarray(along_mm, dtype=float)
    row, column, normal = axes(turned, flip)
    frames = []
    for number, place in enumerate(places, 1):
        position = ORIGIN_MM + place * normal + place * np.tan(np.radians(lean_deg)) * column
        frames.append(
            FrameFacts(
                path=Path(f"{number:04d}.dcm"),
                name=f"{number:04d}.dcm",
                sop_instance_uid=f"1.2.3.{number}",
                sop_class_uid=CT_IMAGE,
                series_uid="1.2.3",
                study_uid="1.2",
                modality="CT",
                transfer_syntax_uid=EXPLICIT,
                frame_uid="1.2.3.4.5",
                rows=128,
                columns=96,
                samples_per_pixel=1,
                photometric="MONOCHROME2",
                bits_allocated=16,
                bits_stored=12,
                pixel_representation=0,
                position_mm=tuple(position.tolist()),
                orientation=tuple(np.concatenate([row, column]).tolist()),
                pixel_spacing_mm=(0.9, 0.7),
                slice_thickness_mm=2.5,
                rescale_slope=1.0,
                rescale_intercept=-1024.0,
                rescale_type="HU",
                instance_number=number,
                acquisition_number=1,
                image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
            )
        )
    return [replace(frame, **changes) for frame in frames]


def mr_stack(along_mm: Any = None, **changes: Any) -> list[FrameFacts]:
    """An MR of the same shape, without rescale."""
    as_mr = {
        "modality": "MR",
        "sop_class_uid": MR_IMAGE,
        "rescale_slope": None,
        "rescale_intercept": None,
        "rescale_type": None,
        "image_type": ("ORIGINAL", "PRIMARY", "M", "ND"),
        "echo_time_ms": 90.0,
    }
    return ct_stack(along_mm, **{**as_mr, **changes})


def renumbered(frames: list[FrameFacts], first: int, **changes: Any) -> list[FrameFacts]:
    """The same slices as other images of the same series, numbered from `first`."""
    return [
        replace(
            frame,
            sop_instance_uid=f"1.2.3.{number}",
            name=f"{number:04d}.dcm",
            path=Path(f"{number:04d}.dcm"),
            instance_number=number,
            **changes,
        )
        for number, frame in enumerate(frames, first)
    ]
