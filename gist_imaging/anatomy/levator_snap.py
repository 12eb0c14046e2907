"""Strokes moved by a few millimetres onto the muscle's line in the image, for the reader to compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gist_imaging.anatomy.levator_profile import shows_muscle, signal_across
from gist_imaging.anatomy.levator_stroke import LevatorStroke, resampled
from gist_imaging.anatomy.surface import FloatArray
from gist_imaging.errors import PromptError
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.volume import Volume

__all__ = ["SNAP_AT_MOST_MM", "moved_mm", "snapped"]

SNAP_AT_MOST_MM = 3.0
"""No point of a stroke moves farther than this; a reader's stroke is nearer to the muscle than that."""

_STEP_MM = 0.25
_ALONG_MM = 1.0
_AVERAGED_OVER_MM = 2.0
# A line: dark within ± 1 mm (on CT bright), both neighbours from 2.25 to 4 mm brighter (on CT fat).
_CORE_MM, _FLANK_MM = 1.0, (2.25, 4.0)
# What moving costs, in units of a clear line's contrast: to the far end, and 1 mm from point to point.
_MOVE_COST, _BEND_COST = 0.3, 2.0
# Contrast below this share of the valley's own signal is noise, not a line.
_LEAST_CONTRAST = 0.3
_FLAT_MM = 0.05


def snapped(stroke: LevatorStroke, volume: Volume) -> LevatorStroke:
    """Return the stroke on the muscle's line, moved within its own slice; where there is no line, unmoved.

    Parameters
    ----------
    stroke : as drawn
    volume : T2-weighted MR (the muscle is a dark line) or CT (a bright line in fat)

    Raises
    ------
    PromptError
        If the image is neither MR nor CT.
    """
    from scipy.ndimage import gaussian_filter1d

    if not shows_muscle(volume):
        raise PromptError(
            "strokes are snapped on MR or CT, where it is known how muscle looks",
            f"the image is {volume.modality or 'of unknown modality'}",
            "state the modality, or do without snapping",
        )
    points = resampled(stroke.points_mm, _ALONG_MM)
    across = _across(points, volume.geometry)
    reach = SNAP_AT_MOST_MM + _FLANK_MM[1]
    offsets = np.arange(-reach, reach + _STEP_MM / 2, _STEP_MM)
    signal = signal_across(volume, points, across, offsets)
    seen = np.asarray(np.isfinite(signal).all(axis=1))
    if not seen.any():
        return LevatorStroke(points, stroke.side, stroke.thickness_mm)
    signal[~seen] = signal[seen].mean(axis=0)
    signal = gaussian_filter1d(signal, _AVERAGED_OVER_MM / _ALONG_MM, axis=0, mode="nearest")
    moves = np.arange(-SNAP_AT_MOST_MM, SNAP_AT_MOST_MM + _STEP_MM / 2, _STEP_MM)
    contrast = np.where(seen[:, None], _line_contrast(signal, offsets, moves), 0.0)
    core = np.abs(offsets) <= _CORE_MM
    noise = _LEAST_CONTRAST * abs(float(np.median(signal[seen][:, core])))
    clear = max(float(np.percentile(contrast.max(axis=1), 75)), noise, 1e-9)
    path = moves[_best_path(np.maximum(contrast, 0.0) / clear, moves)]
    smooth = gaussian_filter1d(path, _AVERAGED_OVER_MM / _ALONG_MM, mode="nearest")
    return LevatorStroke(points + smooth[:, None] * across, stroke.side, stroke.thickness_mm)


def moved_mm(stroke: LevatorStroke, onto: LevatorStroke) -> float:
    """Return how far the farthest point of the snapped stroke lies from the line that was drawn."""
    from scipy.spatial import cKDTree

    drawn = resampled(stroke.points_mm, _ALONG_MM / 10.0)
    return float(np.max(cKDTree(drawn).query(onto.points_mm)[0]))


def _across(points: FloatArray, geometry: Geometry) -> FloatArray:
    """Return the unit directions (n, 3) at right angles to the line, within the slice it was drawn on."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    index = geometry.to_index(points)
    flattest = int(np.argmin(np.ptp(index, axis=0) * geometry.spacing_mm))
    if np.ptp(index[:, 0]) < 1.0:
        normal = geometry.axes[:, 0]
    else:
        # Drawn on another series: its own plane, or for a straight line a plane of this grid.
        offset = points - points.mean(axis=0)
        _, sizes, axes = np.linalg.svd(offset, full_matrices=False)
        bent = sizes[1] / np.sqrt(len(points)) > _FLAT_MM * 10.0
        normal = axes[2] if bent else geometry.axes[:, flattest]
    across = np.cross(normal, along)
    return np.asarray(across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9))


def _line_contrast(signal: FloatArray, offsets: FloatArray, moves: FloatArray) -> FloatArray:
    """Return for each point and move (n, moves) by how much the duller flank is brighter than the core."""
    contrast = np.empty((len(signal), len(moves)))
    near, far = _FLANK_MM
    tiny = _STEP_MM / 4.0
    for number, move in enumerate(moves):
        place = offsets - move
        core = signal[:, np.abs(place) <= _CORE_MM + tiny].mean(axis=1)
        before = signal[:, (place >= -far - tiny) & (place <= -near + tiny)].mean(axis=1)
        after = signal[:, (place >= near - tiny) & (place <= far + tiny)].mean(axis=1)
        contrast[:, number] = np.minimum(before, after) - core
    return contrast


def _best_path(gain: FloatArray, moves: FloatArray) -> Sequence[int]:
    """Return the number of the move for each point that is best for the whole line (dynamic programming)."""
    own = gain - _MOVE_COST * (moves / SNAP_AT_MOST_MM) ** 2
    bend = _BEND_COST * (moves[:, None] - moves[None, :]) ** 2
    best, came_from = own[0], []
    for value in own[1:]:
        total = best[:, None] - bend
        before = np.argmax(total, axis=0)
        came_from.append(before)
        best = total[before, np.arange(len(moves))] + value
    path = [int(np.argmax(best))]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    return path[::-1]
