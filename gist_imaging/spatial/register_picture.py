"""A picture that shows whether two registered scans fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError, RegistrationError
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["fit_picture"]

GreyImage = npt.NDArray[np.float32]

# Orange that a colour-blind reader tells from grey (Okabe and Ito 2008).
_EDGE_RGB = (230, 159, 0)
# Wide enough for muscle against fat and for bone.
_HU_SHOWN = (-200.0, 500.0)
_EDGE_SIGMA_MM = 1.5
_STRONGEST_EDGES_PCT = 88.0
_GAP_PIXELS = 6
# Right, down and into the plane, as a radiologist hangs them: patient's left on the right-hand side.
_PLANES = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


def fit_picture(
    fixed: Volume,
    moving: Volume,
    transform: RigidTransform,
    *,
    centre_mm: npt.ArrayLike | None = None,
    half_width_mm: float = 120.0,
    tile_mm: float = 24.0,
    pixel_mm: float = 1.0,
) -> npt.NDArray[np.uint8]:
    """Return axial, coronal and sagittal cuts of the fixed scan with the moving scan laid over.

    Upper row: a checkerboard of both scans; edges run on from tile to tile where they fit. Lower row: the
    fixed scan with the edges of the moving scan in orange; they lie on its edges where they fit.

    Parameters
    ----------
    centre_mm : (3,) LPS, fixed frame, where the cuts cross; default the middle of what both scans show
    half_width_mm : from the centre to the sides of a cut
    tile_mm, pixel_mm : edges of a tile and of a pixel

    Returns
    -------
    (rows, columns, 3) RGB

    Raises
    ------
    GeometryError
        If the transform is not between the frames of these scans.
    RegistrationError
        If the scans do not overlap.
    """
    if not (
        in_one_frame(fixed.geometry.frame_uid, transform.fixed_frame_uid)
        and in_one_frame(moving.geometry.frame_uid, transform.moving_frame_uid)
    ):
        raise GeometryError(
            "a transform from the fixed to the moving scan",
            "it belongs to other frames of reference",
            "register these two scans, or swap them",
        )
    centre = _middle(fixed, moving, transform) if centre_mm is None else np.asarray(centre_mm, dtype=float)
    half = int(np.ceil(half_width_mm / pixel_mm))
    steps = np.arange(-half, half + 1) * pixel_mm
    tiles = np.floor((steps + half_width_mm) / tile_mm).astype(int)
    is_moving_tile = (tiles[:, None] + tiles[None, :]) % 2 == 1
    upper, lower = [], []
    for right, down in _PLANES.values():
        points = centre + steps[None, :, None] * np.asarray(right) + steps[:, None, None] * np.asarray(down)
        one, in_one = _shown(fixed, points)
        other, in_other = _shown(moving, transform.apply(points))
        both = in_one & in_other
        mixed = np.where((is_moving_tile & in_other) | ~in_one, other, one)
        upper.append(np.repeat((mixed * 255.0).astype(np.uint8)[..., None], 3, axis=2))
        plain = np.repeat((one * 255.0).astype(np.uint8)[..., None], 3, axis=2)
        plain[_edges(other, _EDGE_SIGMA_MM / pixel_mm) & both] = _EDGE_RGB
        lower.append(plain)
    return _pasted([upper, lower])


def _middle(fixed: Volume, moving: Volume, transform: RigidTransform) -> FloatArray:
    steps = [np.linspace(0.0, length - 1, min(length, 24)) for length in fixed.geometry.shape]
    points = fixed.geometry.to_patient(np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3))
    index = moving.geometry.to_index(transform.apply(points))
    both = ((index >= 0) & (index <= np.asarray(moving.geometry.shape) - 1)).all(axis=1)
    if not both.any():
        raise RegistrationError(
            "scans that overlap", "no part of one lies in the other", "register them again"
        )
    return np.asarray(points[both].mean(axis=0))


def _shown(volume: Volume, points_mm: FloatArray) -> tuple[GreyImage, npt.NDArray[np.bool_]]:
    """Return grey values 0 to 1 at the points, and where the scan has values."""
    from scipy.ndimage import map_coordinates

    index = volume.geometry.to_index(points_mm)
    last = np.asarray(volume.geometry.shape) - 0.5
    inside = np.asarray(((index >= -0.5) & (index <= last)).all(axis=-1))
    values = map_coordinates(
        volume.voxels, np.moveaxis(index, -1, 0), output=np.float32, order=1, mode="nearest", prefilter=False
    )
    inside &= np.isfinite(values)
    low, high = _HU_SHOWN
    if volume.quantity is not Quantity.HU:
        low, high = np.percentile(values[inside], (1.0, 99.0)).tolist() if inside.any() else (0.0, 1.0)
    grey = np.clip((np.where(inside, values, low) - low) / max(high - low, 1e-6), 0.0, 1.0)
    return np.asarray(grey * inside, dtype=np.float32), inside


def _edges(grey: GreyImage, sigma: float) -> npt.NDArray[np.bool_]:
    """Return where the smoothed image is steepest: zero crossings of its Laplacian on strong slopes."""
    from scipy.ndimage import gaussian_gradient_magnitude, gaussian_laplace

    steep = gaussian_gradient_magnitude(grey, sigma)
    bent = gaussian_laplace(grey, sigma) > 0.0
    crossing = np.zeros(grey.shape, dtype=np.bool_)
    crossing[:-1] |= bent[:-1] != bent[1:]
    crossing[:, :-1] |= bent[:, :-1] != bent[:, 1:]
    return np.asarray(crossing & (steep > max(float(np.percentile(steep, _STRONGEST_EDGES_PCT)), 1e-3)))


def _pasted(rows: list[list[npt.NDArray[np.uint8]]]) -> npt.NDArray[np.uint8]:
    side = rows[0][0].shape[0]
    step = side + _GAP_PIXELS
    picture = np.full((len(rows) * step - _GAP_PIXELS, len(rows[0]) * step - _GAP_PIXELS, 3), 255, np.uint8)
    for row, tiles in enumerate(rows):
        for column, tile in enumerate(tiles):
            picture[row * step : row * step + side, column * step : column * step + side] = tile
    return picture
