"""Region growing from include strokes, by SimpleITK: simple and well known; it leaks where tissues are alike.

The voxels joined to the strokes whose value lies in the strokes' own range are taken, within a box around
everything drawn. It is here to compare with, and for lesions that differ clearly from what surrounds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.seeded_strokes import Stroke, stroke_of
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume
from gist_imaging.watched import watched

__all__ = ["grow_region"]

# How far the region may reach beyond the seeds on a side where nothing else is drawn: half of a 30 mm lesion.
REACH_MM = 15.0
# The range is the median of the voxels under and next to the seeds and so many of their standard
# deviations to each side; 2.5 is the usual multiplier of confidence-connected growing, and 3 leaves fewer
# pits in even tissue.
RANGE_SDS = 3.0
# Values are read from, and grown on, an image smoothed by this Gaussian: a tenth of a 10 mm lesion.
SMOOTH_MM = 1.0
# The median absolute deviation of a normal distribution is this part of its standard deviation.
_MAD_PER_SD = 0.6745

Tick = Callable[[int, int], None]


def grow_region(
    volume: Volume,
    prompts: PromptLog,
    *,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Return what grows from the include strokes (without any, from the middle of loops and boxes).

    What exclude strokes and loops cover is a barrier and never taken; holes are filled. Voxels that are not
    a number are never taken.

    Raises
    ------
    PromptError
        If nothing says where the tumour is, or its place has no values.
    Cancelled
        If `cancelled` answers true.
    """
    return watched(lambda tick, stop: _grown(volume, prompts, tick, stop), progress, cancelled)


def _grown(
    volume: Volume, prompts: PromptLog, progress: Tick | None, cancelled: Callable[[], bool] | None
) -> Mask:
    import SimpleITK

    strokes = [stroke_of(prompt, volume.geometry) for prompt in prompts.prompts]
    seeds = _seeds(strokes)
    if not len(seeds):
        raise PromptError(
            "region growing starts from a stroke, point, loop, outline or box on the tumour",
            f"{len(strokes)} prompt(s) that include nothing",
            "draw one stroke inside the tumour",
        )
    part = _reach(strokes, seeds, volume)
    first = np.array([piece.start for piece in part])
    values = _smoothed(volume.voxels[part], volume.geometry.spacing_mm)
    _step(1, progress, cancelled)
    allowed = np.isfinite(values)
    for stroke in strokes:
        if stroke.is_line_of_background:
            at = stroke.voxels - first
            allowed[tuple(at[((at >= 0) & (at < allowed.shape)).all(axis=1)].T)] = False
    start = np.zeros(allowed.shape, dtype=np.bool_)
    start[tuple((seeds - first).T)] = True
    low, high = _range(values[ndimage.binary_dilation(start, np.ones((3, 3, 3), dtype=np.bool_)) & allowed])
    raw = volume.voxels[part]
    # A voxel at the edge is blurred out of the range by what lies beside it; its own value decides then.
    candidates = allowed & (((values >= low) & (values <= high)) | ((raw >= low) & (raw <= high)))
    candidates |= start
    image = SimpleITK.GetImageFromArray(candidates.astype(np.uint8))
    grown = SimpleITK.ConnectedThreshold(  # type: ignore[no-untyped-call]
        image, (seeds - first)[:, ::-1].tolist(), lower=1, upper=1
    )
    _step(2, progress, cancelled)
    inside = SimpleITK.GetArrayFromImage(grown).astype(np.bool_)
    voxels = np.zeros(volume.geometry.shape, dtype=np.bool_)
    voxels[part] = ndimage.binary_fill_holes(inside) & (allowed | inside)
    parameters = {
        "reach_mm": REACH_MM,
        "range_sds": RANGE_SDS,
        "smooth_mm": SMOOTH_MM,
        "low": low,
        "high": high,
    }
    inputs = (volume.series_uid or f"sha256:{volume.sha256()}", f"sha256:{prompts.sha256()}")
    return Mask(voxels, volume.geometry, provenance=Provenance("segment:region_growing", parameters, inputs))


def _step(done: int, progress: Tick | None, cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled
    if progress is not None:
        progress(done, 2)


def _seeds(strokes: Sequence[Stroke]) -> npt.NDArray[np.int64]:
    """(n, 3) voxels of the include strokes; without any, the middle of each loop, outline and box."""
    drawn = [stroke.voxels for stroke in strokes if stroke.is_line_of_tumour]
    if not drawn:
        drawn = [
            np.floor(stroke.points.min(axis=0) / 2 + stroke.points.max(axis=0) / 2 + 0.5)[None]
            for stroke in strokes
            if stroke.kind == "loop" or (stroke.kind in ("box", "outline") and stroke.include)
        ]
    if not drawn:
        return np.zeros((0, 3), dtype=np.int64)
    return np.unique(np.concatenate(drawn).astype(np.int64), axis=0)


def _reach(
    strokes: Sequence[Stroke], seeds: npt.NDArray[np.int64], volume: Volume
) -> tuple[slice, slice, slice]:
    """Return the part of the image that may be taken.

    Include boxes say it. Otherwise, on each side along each axis, the box around loops and exclude strokes
    where these lie beyond the seeds, and a margin around the seeds where they do not.
    """
    boxes = [stroke.points for stroke in strokes if stroke.kind == "box" and stroke.include]
    inner = np.concatenate([*boxes, seeds])
    low, high = inner.min(axis=0), inner.max(axis=0)
    if not boxes:
        margin = REACH_MM / np.asarray(volume.geometry.spacing_mm)
        outer = np.concatenate([inner, *(s.points for s in strokes if s.is_line_of_background)])
        low = np.where(outer.min(axis=0) < low, outer.min(axis=0), low - margin)
        high = np.where(outer.max(axis=0) > high, outer.max(axis=0), high + margin)
    last = np.subtract(volume.geometry.shape, 1)
    starts = np.clip(np.floor(low + 0.5), 0, last).astype(int).tolist()
    ends = np.clip(np.floor(high + 0.5), 0, last).astype(int).tolist()
    k, j, i = (slice(start, end + 1) for start, end in zip(starts, ends, strict=True))
    return k, j, i


def _smoothed(
    values: npt.NDArray[np.generic], spacing_mm: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """Return the values smoothed where they are numbers, NaN elsewhere."""
    known = np.isfinite(values)
    sd = [SMOOTH_MM / length for length in spacing_mm]
    total = ndimage.gaussian_filter(np.where(known, values, 0.0).astype(np.float64), sd, truncate=3.0)
    weight = ndimage.gaussian_filter(known.astype(np.float64), sd, truncate=3.0)
    return np.where(known, total / np.maximum(weight, 1e-6), np.nan)


def _range(seen: npt.NDArray[np.float64]) -> tuple[float, float]:
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        raise PromptError(
            "the image has values under the strokes", "it has none there", "draw where the image has values"
        )
    middle = float(np.median(seen))
    # The larger of two estimates: a few strokes on even tissue must not leave a range of nothing.
    sd = max(float(np.median(np.abs(seen - middle))) / _MAD_PER_SD, float(seen.std()))
    return middle - RANGE_SDS * sd, middle + RANGE_SDS * sd
