"""The true middle of the phantom's levator ani, and strokes along it as a reader would draw them."""

from functools import cache

import numpy as np
from scipy.spatial import cKDTree
from skimage.measure import find_contours, marching_cubes

from gist_imaging.anatomy.levator_stroke import LevatorStroke
from gist_imaging.phantom import PelvisPhantom
from gist_imaging.phantom.levator import ORIGIN_Z_MM, RING_Z_MM, levator_middle

FRONT_Y_MM = -31.0


def within(body, side, margin_mm=0.0):
    """Whether places lie between the ends of the muscle of one side."""
    x, y, z = np.moveaxis(body, -1, 0)
    lateral = x if side == "L" else -x
    inside = (z > RING_Z_MM - 2.0 + margin_mm) & (z < ORIGIN_Z_MM - margin_mm)
    return inside & (y > FRONT_Y_MM + margin_mm) & (lateral > margin_mm)


@cache
def true_surface(phantom: PelvisPhantom, side, step_mm=1.0):
    """Points (n, 3), LPS mm, densely on the true middle of one side."""
    low, high = np.array([-70.0, -50.0, -16.0]), np.array([70.0, 70.0, 33.0])
    axes = [np.arange(a, b, step_mm) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    vertices, faces, *_ = marching_cubes(levator_middle(phantom, grid), 0.0, spacing=(step_mm,) * 3)
    corners = (vertices + low)[faces]
    points = np.concatenate([corners.mean(axis=1), *(corners[:, n] for n in range(3))])
    return phantom.to_patient(points[within(points, side)])


def line_on(phantom: PelvisPhantom, side, centre_mm, down, across, half_mm=90.0):
    """The longest piece (n, 3) of the true middle in one plane, LPS mm."""
    step = 0.5
    at = np.arange(-half_mm, half_mm, step)
    plane = centre_mm + at[:, None, None] * down + at[None, :, None] * across
    pieces = []
    for contour in find_contours(levator_middle(phantom, phantom.to_body(plane)), 0.0):
        points = (
            centre_mm + (contour[:, :1] * step - half_mm) * down + (contour[:, 1:] * step - half_mm) * across
        )
        keep = within(phantom.to_body(points), side, 0.3)
        cuts = np.flatnonzero(np.diff(keep.astype(int)))
        pieces += [
            piece for piece in np.split(points, cuts + 1) if within(phantom.to_body(piece), side, 0.3).all()
        ]
    return max(pieces, key=len)


def coronal_strokes(
    phantom, side, rng=None, at=(-26.0, -10.0, 6.0, 20.0, 34.0, 46.0), voxel_mm=0.8, tilt_deg=0.0
):
    """Strokes on planes across the scanner's y (tilted about x), each point off by 0.7 voxel in its slice."""
    tilt = np.radians(tilt_deg)
    down = np.array([0.0, -np.sin(tilt), -np.cos(tilt)])
    return strokes_on(
        phantom, side, [(0.0, y, 5.0) for y in at], down, np.array([1.0, 0.0, 0.0]), rng, voxel_mm
    )


def axial_strokes(phantom, side, rng=None, at=(-9.0, -2.0, 5.0, 12.0, 19.0, 26.0), voxel_mm=0.8):
    """Strokes on planes across the scanner's z."""
    down, across = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    return strokes_on(phantom, side, [(0.0, 5.0, z) for z in at], down, across, rng, voxel_mm)


def strokes_on(phantom, side, centres_body, down, across, rng, voxel_mm):
    strokes = []
    for centre in centres_body:
        points = line_on(phantom, side, phantom.to_patient(centre), down, across)
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        at = np.arange(0.0, length[-1], 1.5)
        points = np.stack([np.interp(at, length, points[:, axis]) for axis in range(3)], axis=1)
        if rng is not None:
            noise = rng.normal(0.0, 0.7 * voxel_mm, (len(points), 2))
            points = points + noise[:, :1] * down + noise[:, 1:] * across
        strokes.append(LevatorStroke(points, side))
    return strokes


def distances_to(truth, points):
    return cKDTree(truth).query(points)[0]
