"""What a reader would mark of levator ani and landmarks of a phantom, and the image to mark them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gist_imaging.phantom.family_landmarks import landmarks_body, rectal_wall_body
from gist_imaging.phantom.levator_line import levator_lines
from gist_imaging.phantom.patients import PhantomVisit
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.render import t2_volume
from gist_imaging.spatial import Geometry, Volume

__all__ = ["localiser", "reader_marks"]

# Sagittal slices from hip to hip: slices, rows and columns; mm between them; its middle in the body frame.
_SHAPE = (28, 80, 56)
_SPACING_MM = (8.0, 3.0, 3.0)
_CENTRE_BODY = (0.0, 5.0, 48.0)
_NOISE_SD = 9.0
# A synthetic reader's words. The muscle keeps 0.8 mm from the tumour, which the lists call "close".
_WORDS = {
    "baseline": {"contact": "close", "displacement": "marked", "invasion": "no"},
    "presurgery": {"contact": "close", "displacement": "mild", "invasion": "no"},
}


def localiser(phantom: PelvisPhantom, noise_seed: int) -> Volume:
    """Return a coarse sagittal T2 image that holds every landmark, from the patient's right to the left."""
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    middle = (np.array(_SHAPE) - 1.0) / 2.0 * _SPACING_MM
    x, y, z = (phantom.to_patient(_CENTRE_BODY) - axes @ middle).tolist()
    grid = Geometry.from_spacing(_SHAPE, _SPACING_MM, (x, y, z), axes, None)
    return t2_volume(phantom, grid, _NOISE_SD, np.random.default_rng((noise_seed, 1)))


def reader_marks(visit: PhantomVisit, geometry: Geometry, landmark_image: str) -> dict[str, Any]:
    """Return landmarks, strokes and words of a sample patient's visit, in the form of `io.relation_file`.

    Parameters
    ----------
    geometry : the scan's grid, on whose slices the strokes are drawn
    landmark_image : path of the localiser, relative to the file
    """
    phantom = visit.phantom
    landmarks = {**landmarks_body(), **rectal_wall_body(phantom)}
    return {
        "frame_uid": geometry.frame_uid,
        "landmarks": [
            {"name": name, "point_mm": _point(phantom.to_patient(at))} for name, at in landmarks.items()
        ],
        "landmark_images": [landmark_image],
        "levator_strokes": [
            {"side": side, "points_mm": [_point(point) for point in line]}
            for side in ("L", "R")
            for line in levator_lines(phantom, geometry, side)
        ],
        "calls": [
            {"lesion": "L1", "timepoint": visit.label, "reader": "R1", "side": "R", **_WORDS[visit.label]}
        ],
    }


def _point(values: Sequence[float] | np.typing.NDArray[np.float64]) -> list[float]:
    """Return x, y, z to 0.01 mm, far finer than a click."""
    return [round(float(value), 2) for value in values]
