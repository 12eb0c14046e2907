"""A picture to check a mask by: its largest slice, its ends and two other planes, hung as radiologists do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from gist_imaging.io.mask_picture_plane import (
    HU_SHOWN,
    MASK_COLOUR,
    STROKE_COLOURS,
    Plane,
    View,
    hung,
    shown_range,
)
from gist_imaging.io.mask_write import check_writable, write_bytes_once
from gist_imaging.measure.region import slice_axis
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["mask_picture", "write_mask_picture"]

# Tissue shown around the lesion in the near view.
_AROUND_MM = 20.0
# Slices shown small: the mask's first and last one, and these shares of the way between.
_SHARES = (0.0, 0.25, 0.75, 1.0)


def write_mask_picture(
    path: str | Path,
    volume: Volume,
    mask: Mask,
    prompts: PromptLog | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write `mask_picture` as a PNG; the file appears whole, and another is replaced only when told."""
    path = Path(path)
    check_writable(path, ".png", overwrite=overwrite)
    write_bytes_once(path, mask_picture(volume, mask, prompts), overwrite=overwrite)
    return path


def mask_picture(volume: Volume, mask: Mask, prompts: PromptLog | None = None) -> bytes:
    """Return a PNG of a mask's outline on its image, with letters and scale bars.

    Above, the slice with most of the mask, whole and near; what was drawn on it is shown in the near view.
    Below, where errors hide: the mask's first and last slice and two between, and the two other planes
    through its middle. The patient's right is on the left side of an axial or coronal picture, the front
    on the left of a sagittal one, the head up. CT is shown from -160 to 240 HU, anything else from the 1st
    to the 99th percentile of the largest slice, brighter where the lesion would be dark. An empty mask shows
    the middle slice and says so. The same input gives the same picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    geometry = volume.geometry
    axis = slice_axis(geometry, from_dicom=bool(volume.series_uid))
    sizes = mask.voxels.sum(axis=tuple(other for other in range(3) if other != axis))
    at = int(np.argmax(sizes)) if sizes.any() else geometry.shape[axis] // 2
    order = hung(geometry, axis)
    shown = shown_range(
        volume.quantity, np.take(volume.voxels, at, axis=axis), np.take(mask.voxels, at, axis=axis)
    )
    figure = Figure(figsize=(13.0, 9.1), dpi=100, facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    halves: Any = figure.subfigures(2, 1, height_ratios=(2.4, 1.0))
    above, below = halves
    for part in halves:
        part.set_facecolor("black")
    whole, near = above.subplots(1, 2)
    largest = Plane(volume, mask, order, at, prompts)
    largest.draw(whole, View(shown))
    view = View(shown, largest.window(_AROUND_MM), strokes=True)
    largest.draw(near, view)
    small = below.subplots(1, len(_SHARES) + 2)
    for axes in small:
        axes.set_axis_off()
    if sizes.any():
        _draw_small(small, volume, mask, axis, shown, prompts)
    size = f"{mask.n_voxels * geometry.voxel_volume_mm3 / 1000:.2f} mL" if sizes.any() else "empty mask"
    title = f"{mask.structure}: {size}, slice {at + 1} of {geometry.shape[axis]}{_window_words(volume)}"
    figure.suptitle(title, color="white", fontsize=11)
    if prompts is not None and len(prompts):
        words = (("mask", MASK_COLOUR), *STROKE_COLOURS.items())
        for n, (word, colour) in enumerate(words):
            figure.text((0.005, 0.05, 0.13)[n], 0.995, word, color=colour, ha="left", va="top", fontsize=9)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor="black", metadata={"Software": None})
    return stream.getvalue()


def _draw_small(
    small: Any,
    volume: Volume,
    mask: Mask,
    axis: int,
    shown: tuple[float, float],
    prompts: PromptLog | None,
) -> None:
    """Draw the ends of the mask, slices between, and the two other planes, all in one scale."""
    geometry = volume.geometry
    box = np.array(mask.bounding_box)
    first, last = int(box[0, axis]), int(box[0, axis] + box[1, axis] - 1)
    levels = [round(first + share * (last - first)) for share in _SHARES]
    planes = [(f"slice {at + 1}", Plane(volume, mask, hung(geometry, axis), at, prompts)) for at in levels]
    middle = box[0] + box[1] // 2
    for other in (n for n in range(3) if n != axis):
        order = hung(geometry, other)
        name = ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(geometry.axes[:, other])))]
        planes.append((name, Plane(volume, mask, order, int(middle[other]), prompts)))
    # One scale for all: the side that holds the whole mask in any direction.
    side_mm = float((box[1] * geometry.spacing_mm).max()) + _AROUND_MM
    for axes, (name, plane) in zip(small, planes, strict=True):
        plane.draw(axes, View(shown, plane.square(side_mm, box), strokes=True, small=True))
        axes.set_title(name, color="white", fontsize=9)


def _window_words(volume: Volume) -> str:
    if volume.quantity is not Quantity.HU:
        return ""
    low, high = HU_SHOWN
    return f", level {(low + high) / 2:g} width {high - low:g} HU"
