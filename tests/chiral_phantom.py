"""A patient without symmetry: six balls that are told apart by brightness, on any scanner's grid.

Every ball lies at one side of the patient, so a picture that is mirrored or upside down shows one of them at
the wrong place. A seventh ball lies off all axes at the right front top, as the serif of an F would.
"""

from __future__ import annotations

from itertools import cycle, product

import numpy as np
from scipy.spatial.transform import Rotation

from gist_imaging.spatial import Geometry, Volume

# A value for each side of the patient; far enough apart to be found in a screenshot.
BALLS = {
    "R": ((-40.0, 0.0, 0.0), 70),
    "L": ((40.0, 0.0, 0.0), 100),
    "A": ((0.0, -40.0, 0.0), 130),
    "P": ((0.0, 40.0, 0.0), 160),
    "I": ((0.0, 0.0, -40.0), 190),
    "S": ((0.0, 0.0, 40.0), 220),
    "RAS": ((-24.0, -24.0, 24.0), 250),
}
RADIUS_MM = 9.0
MIDDLE_MM = np.array([12.5, -160.0, -420.0])
TILTED = Rotation.from_euler("xyz", (11.0, -7.0, 5.0), degrees=True).as_matrix()

# Slice normal, column direction and row direction in LPS, as a scanner would write them.
ACQUISITIONS = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}


# Ball and the side of the picture where it must be seen: (right, down).
SEEN = {
    "axial": {"R": (-1, 0), "L": (1, 0), "A": (0, -1), "P": (0, 1)},
    "coronal": {"R": (-1, 0), "L": (1, 0), "S": (0, -1), "I": (0, 1)},
    "sagittal": {"A": (-1, 0), "P": (1, 0), "S": (0, -1), "I": (0, 1)},
}


def acquisition(
    plane: str, *, flips: tuple[int, int, int] = (1, 1, 1), oblique: bool = False, half: int = 29
) -> Geometry:
    """Return a grid of slices in `plane` about the phantom's middle.

    Parameters
    ----------
    flips : signs of the directions of k, j and i: every patient position (head or feet first, prone or
        supine) and every slice order is one of the eight
    oblique : turned by 11, -7 and 5 degrees
    half : voxels from the middle to each side, in plane
    """
    axes = np.eye(3)[:, ACQUISITIONS[plane]] * np.asarray(flips)
    if oblique:
        axes = TILTED @ axes
    # Odd shapes of three lengths, so that a wrong order of axes cannot pass.
    spacing = np.array([3.4, 1.9, 1.7])
    shape = (2 * (half // 2) + 3, 2 * half + 1, 2 * half + 5)
    origin = MIDDLE_MM - axes @ (spacing * (np.asarray(shape) - 1) / 2)
    return Geometry.from_spacing(shape, tuple(spacing), tuple(origin), axes, "1.2.826.0.1.99")


def every_position() -> list[tuple[str, tuple[int, int, int], bool]]:
    """Return each acquisition plane in each of the eight positions, straight; and oblique ones in turn."""
    flips = list(product((1, -1), repeat=3))
    straight = [(plane, flip, False) for plane in ACQUISITIONS for flip in flips]
    planes = cycle(ACQUISITIONS)
    return straight + [(plane, flip, True) for plane, flip in zip(planes, flips, strict=False)]


def chiral_volume(geometry: Geometry) -> Volume:
    """Return the phantom on `geometry`, drawn from patient positions alone."""
    points = geometry.to_patient(np.moveaxis(np.indices(geometry.shape), 0, -1)) - MIDDLE_MM
    voxels = np.full(geometry.shape, 20, dtype=np.int16)
    for at, value in BALLS.values():
        voxels[np.linalg.norm(points - at, axis=-1) <= RADIUS_MM] = value
    return Volume(voxels, geometry)


def ball_on(picture: np.ndarray, value: int) -> np.ndarray | None:
    """Return the middle (x, y) of what is exactly as bright as a ball; None where nothing is."""
    grey = picture.astype(int)
    is_grey = (np.ptp(grey, axis=2) == 0) & (np.abs(grey[..., 0] - value) <= 1)
    if is_grey.sum() < 60:
        return None
    return np.argwhere(is_grey).mean(axis=0)[::-1]
