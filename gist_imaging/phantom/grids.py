"""Grids on which the phantom is scanned: axial CT, and T2 MR across the anal canal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.phantom.distances import Point
from gist_imaging.phantom.pelvis import ANAL_VERGE, ANORECTAL_JUNCTION, PelvisPhantom
from gist_imaging.spatial import Geometry
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["axial_grid", "canal_grid", "coronal_grid", "read_backwards"]


def axial_grid(
    phantom: PelvisPhantom,
    *,
    matrix: tuple[int, int],
    slices: int,
    pixel_mm: float,
    slice_mm: float,
    frame_uid: str,
    centre_body: Point = (0.0, 2.0, 6.0),
) -> Geometry:
    """Return an axial grid of the scanner, slices from the feet to the head, centred on a point of the body.

    Parameters
    ----------
    matrix : rows and columns
    pixel_mm, slice_mm : between rows and columns; between slices
    frame_uid : Frame of Reference UID
    centre_body : body frame; comes to lie in the middle of the grid
    """
    axes = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    return _centred(phantom.to_patient(centre_body), axes, matrix, slices, (slice_mm, pixel_mm), frame_uid)


def canal_grid(
    phantom: PelvisPhantom,
    *,
    matrix: tuple[int, int],
    slices: int,
    pixel_mm: float,
    slice_mm: float,
    frame_uid: str,
    centre_body: Point = (0.0, 14.0, 12.0),
) -> Geometry:
    """Return an oblique grid at right angles to the anal canal, slices from the head to the feet.

    Its rows run to the patient's left; seen from the front of the first slice it is a left-handed stack, as
    scanners write when they number from the head. Parameters are those of `axial_grid`.
    """
    upward = phantom.axes @ np.subtract(ANORECTAL_JUNCTION, ANAL_VERGE)
    upward /= np.linalg.norm(upward)
    to_left = phantom.axes[:, 0]
    axes = np.stack([-upward, np.cross(upward, to_left), to_left], axis=1)
    return _centred(phantom.to_patient(centre_body), axes, matrix, slices, (slice_mm, pixel_mm), frame_uid)


def coronal_grid(
    phantom: PelvisPhantom,
    *,
    matrix: tuple[int, int],
    slices: int,
    pixel_mm: float,
    slice_mm: float,
    frame_uid: str,
    centre_body: Point = (0.0, 14.0, 8.0),
) -> Geometry:
    """Return a coronal grid parallel to the anal canal, slices from the front to the back.

    Its rows run to the patient's left, its columns down along the canal. Parameters are those of
    `axial_grid`.
    """
    upward = phantom.axes @ np.subtract(ANORECTAL_JUNCTION, ANAL_VERGE)
    upward /= np.linalg.norm(upward)
    to_left = phantom.axes[:, 0]
    axes = np.stack([np.cross(upward, to_left), -upward, to_left], axis=1)
    return _centred(phantom.to_patient(centre_body), axes, matrix, slices, (slice_mm, pixel_mm), frame_uid)


def read_backwards(geometry: Geometry) -> Geometry:
    """Return the same voxels with the slices numbered from the other end."""
    slices = geometry.shape[0]
    x, y, z = geometry.to_patient((slices - 1.0, 0.0, 0.0)).tolist()
    axes = geometry.axes * (-1.0, 1.0, 1.0)
    return Geometry.from_spacing(geometry.shape, geometry.spacing_mm, (x, y, z), axes, geometry.frame_uid)


def _centred(
    centre_mm: npt.ArrayLike,
    axes: FloatArray,
    matrix: tuple[int, int],
    slices: int,
    spacing_mm: tuple[float, float],
    frame_uid: str,
) -> Geometry:
    (rows, columns), (slice_mm, pixel_mm) = matrix, spacing_mm
    spacing = (slice_mm, pixel_mm, pixel_mm)
    middle = (np.array([slices, rows, columns]) - 1.0) / 2.0 * spacing
    x, y, z = (np.asarray(centre_mm) - axes @ middle).tolist()
    return Geometry.from_spacing((slices, rows, columns), spacing, (x, y, z), axes, frame_uid)
