"""Shapes on turned, flipped and uneven grids for tests of measuring."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial.transform import Rotation
from strategies import oblique_geometry

from gist_imaging.spatial import Geometry, Mask, Quantity, Volume


def blob(seed: int, shape: tuple[int, int, int] = (7, 15, 13), smooth: float = 1.0) -> npt.NDArray[np.bool_]:
    """A lopsided random shape with holes, pieces and diagonal contacts, off the border."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), smooth)
    inside = np.zeros(shape, dtype=bool)
    core = (slice(1, -1),) * 3
    inside[core] = noise[core] > np.quantile(noise, 0.6)
    return inside


def volume_on(
    grid: Geometry, seed: int = 0, series_uid: str = "", quantity: Quantity = Quantity.HU
) -> Volume:
    """Random whole numbers on a grid."""
    values = np.random.default_rng(seed).integers(-200, 400, grid.shape).astype(np.int16)
    return Volume(values, grid, quantity, series_uid, "CT")


def ball(
    diameter_mm: float,
    spacing_mm: tuple[float, float, float],
    offset: tuple[float, float, float] = (0.21, -0.37, 0.44),
    angles_deg: tuple[float, float, float] = (17.0, -9.0, 28.0),
) -> Mask:
    """A ball by counting voxel centres, its centre off the grid by `offset` voxels."""
    shape = [2 * int(np.ceil(diameter_mm / 2 / s) + 2) + 1 for s in spacing_mm]
    grid = oblique_geometry((shape[0], shape[1], shape[2]), spacing_mm, angles_deg=angles_deg)
    axes = [
        (np.arange(n) - n // 2 - shift) * s for n, s, shift in zip(shape, spacing_mm, offset, strict=True)
    ]
    k, j, i = np.meshgrid(*axes, indexing="ij", sparse=True)
    return Mask(k**2 + j**2 + i**2 <= (diameter_mm / 2) ** 2, grid)


def storage_orders(
    voxels: npt.NDArray[np.generic], grid: Geometry
) -> Iterator[tuple[npt.NDArray[np.generic], Geometry]]:
    """The same voxels in the same patient, stored in each of the 48 axis orders and directions."""
    for order, flips in product(permutations(range(3)), product((False, True), repeat=3)):
        matrix = grid.affine[:, [*order, 3]].copy()
        stored = voxels.transpose(order)
        for axis, flipped in enumerate(flips):
            if flipped:
                matrix[:3, 3] += matrix[:3, axis] * (stored.shape[axis] - 1)
                matrix[:3, axis] *= -1
                stored = np.flip(stored, axis)
        yield stored, Geometry((stored.shape[0], stored.shape[1], stored.shape[2]), matrix)


def tilted(grid: Geometry, angles_deg: tuple[float, float, float], shift_mm: float = 0.0) -> Geometry:
    """The grid with the patient turned about the scanner's origin and moved."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()
    turn[:3, 3] = shift_mm
    return Geometry(grid.shape, turn @ grid.affine, grid.frame_uid)
