"""Outlines on a few slices to a whole mask, guided by the image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.between_slices_follow import slice_motion
from gist_imaging.segment.between_slices_image import image_moved, scaled_intensities
from gist_imaging.segment.between_slices_outlines import drawn_slices
from gist_imaging.segment.between_slices_shape import carried_shape, shape_between
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Mask, Volume
from gist_imaging.watched import watched

__all__ = ["fill_between", "mask_between_outlines"]

Tick = Callable[[int, int], None]
BoolArray = npt.NDArray[np.bool_]

# Work is done in the box of the outlines and this much around it, within their plane.
MARGIN_MM = 25.0

_N_STEPS = 4


def mask_between_outlines(
    volume: Volume,
    outlines: PromptLog | Iterable[Prompt],
    *,
    use_image: bool = True,
    structure: str = "tumour",
    lesion_id: str | None = None,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Return the mask that outlines on two or more slices stand for, on the grid of `volume`.

    The drawn slices are kept exactly: a pixel belongs to the mask where its centre lies inside the
    outline. Nothing lies beyond the first and the last outline, so these should be the ends of the tumour.

    Parameters
    ----------
    volume : the image that was drawn on; where it is constant or not a number, the shape alone decides
    outlines : prompts of kind "outline"
        All in slices of one array axis (k, j or i). Several on one slice are several parts, those with
        `include=False` are holes. Their order does not matter.
    use_image : False interpolates the shape alone
    structure, lesion_id : what is outlined
    progress : called with steps done and steps in all
    cancelled : asked first and then every 20 ms whether to stop

    Raises
    ------
    PromptError
        If the outlines cannot be used (`drawn_slices` says when), or lie on fewer than two slices.
    Cancelled
        If `cancelled` said so.
    """
    prompts = tuple(outlines.prompts if isinstance(outlines, PromptLog) else outlines)
    return watched(
        lambda tick, stop: _between(volume, prompts, use_image, structure, lesion_id, tick, stop),
        progress,
        cancelled,
    )


def _between(
    volume: Volume,
    prompts: tuple[Prompt, ...],
    use_image: bool,
    structure: str,
    lesion_id: str | None,
    progress: Tick | None,
    cancelled: Callable[[], bool] | None,
) -> Mask:
    drawn = drawn_slices(prompts, volume.geometry)
    if len(drawn.inside) < 2:
        raise PromptError(
            "outlines on at least 2 slices are expected",
            "found 1 slice",
            "outline the first and the last slice of the tumour too, or use strokes",
        )
    axis = drawn.axis
    spacing = volume.geometry.spacing_mm
    first, second = (one for one in range(3) if one != axis)
    turned = (spacing[axis], spacing[first], spacing[second])
    voxels = np.zeros(volume.geometry.shape, np.bool_)
    stack = np.moveaxis(volume.voxels, axis, 0)
    filled = np.moveaxis(voxels, axis, 0)
    filled[...] = fill_between(
        stack, turned, drawn.inside, use_image=use_image, progress=progress, cancelled=cancelled
    )
    parameters = {
        # Sorted, because their order does not change the mask.
        "outlines": sorted(PromptLog((prompt,)).sha256() for prompt in prompts),
        "use_image": use_image,
    }
    inputs = (volume.series_uid,) if volume.series_uid else ()
    return Mask(
        voxels, volume.geometry, structure, lesion_id, Provenance("between_slices", parameters, inputs)
    )


def fill_between(
    stack: npt.NDArray[np.generic],
    spacing_mm: tuple[float, float, float],
    drawn: Mapping[int, BoolArray],
    *,
    use_image: bool = True,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> BoolArray:
    """Return the voxels that belong to the structure drawn on some slices of `stack`.

    Parameters
    ----------
    stack : (k, j, i) intensities, k across the drawn slices
    spacing_mm : along k, j, i
    drawn : slice number to (j, i) bool, each with at least one pixel; on two slices or more
    use_image, progress : see `mask_between_outlines`
    cancelled : asked between steps whether to stop

    Returns
    -------
    (k, j, i) bool
    """

    def check() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled

    def step(done: int) -> None:
        check()
        if progress is not None:
            progress(done, _N_STEPS)

    step(0)
    numbers = sorted(drawn)
    box = _box(drawn, spacing_mm)
    slices = slice(numbers[0], numbers[-1] + 1)
    near = {k - numbers[0]: drawn[k][box] for k in numbers}
    at = list(near)
    shape = shape_between(near, spacing_mm[1:])
    step(1)
    voxels = np.asarray(stack[slices][(slice(None), *box)], dtype=np.float32)
    intensities = scaled_intensities(voxels, shape, spacing_mm) if use_image else None
    if intensities is not None and len(shape) > len(at):
        motion = slice_motion(intensities, spacing_mm[1:], check=check)
        step(2)
        shape = carried_shape(shape, at, motion, check)
        step(3)
        shape = image_moved(intensities, shape, at, spacing_mm, check)
    inside = shape > 0
    for k, outlined in near.items():
        inside[k] = outlined
    filled = np.zeros(stack.shape, np.bool_)
    filled[slices][(slice(None), *box)] = inside
    step(_N_STEPS)
    return filled


def _box(drawn: Mapping[int, BoolArray], spacing_mm: tuple[float, float, float]) -> tuple[slice, slice]:
    """Return the part of a slice that holds every outline and `MARGIN_MM` around it."""
    footprint = np.logical_or.reduce(list(drawn.values()))
    ranges = []
    for axis in (0, 1):
        occupied = np.flatnonzero(footprint.any(axis=1 - axis))
        margin = int(np.ceil(MARGIN_MM / spacing_mm[axis + 1]))
        ranges.append(slice(max(0, int(occupied[0]) - margin), int(occupied[-1]) + 1 + margin))
    return ranges[0], ranges[1]
