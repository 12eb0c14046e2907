"""What an image shows across the levator ani: a dark line on T2-weighted MR, a bright line in fat on CT."""

from __future__ import annotations

import numpy as np

from gist_imaging.anatomy.surface import FloatArray
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["is_bright", "shows_muscle", "signal_across"]


def shows_muscle(volume: Volume) -> bool:
    """Return whether it is known how muscle looks on this image: MR (taken as T2-weighted) or CT."""
    return volume.modality == "MR" or is_bright(volume)


def is_bright(volume: Volume) -> bool:
    """Return whether muscle is brighter than fat: on CT, in Hounsfield units."""
    return volume.modality == "CT" or volume.quantity is Quantity.HU


def signal_across(
    volume: Volume, points_mm: FloatArray, directions: FloatArray, offsets_mm: FloatArray
) -> FloatArray:
    """Return the image along short lines, with the sign that makes muscle a valley on MR and CT alike.

    Parameters
    ----------
    volume : T2-weighted MR or CT
    points_mm, directions : (..., 3) LPS; where each line is centred, and its unit direction
    offsets_mm : (m,) places along the lines

    Returns
    -------
    (..., m); NaN outside the image
    """
    from scipy.ndimage import map_coordinates

    places = points_mm[..., None, :] + offsets_mm[:, None] * directions[..., None, :]
    index = volume.geometry.to_index(places)
    # A single slice has no neighbour to interpolate with; half a voxel around the grid belongs to it.
    last = np.asarray(volume.geometry.shape) - 1.0
    outside = ((index < -0.5) | (index > last + 0.5)).any(axis=-1)
    values = map_coordinates(
        volume.voxels,
        np.moveaxis(np.clip(index, 0.0, last), -1, 0).reshape(3, -1),
        output=np.float64,
        order=1,
    ).reshape(index.shape[:-1])
    return np.asarray(np.where(outside, np.nan, -values if is_bright(volume) else values))
