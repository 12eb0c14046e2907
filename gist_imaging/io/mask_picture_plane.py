"""One slice of an image with its mask and strokes, hung as radiologists do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.segment.prompts import PromptLog
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = [
    "HU_SHOWN",
    "LESION_WHITE",
    "MASK_COLOUR",
    "STROKE_COLOURS",
    "Plane",
    "View",
    "hung",
    "shown_range",
]

# Soft tissue of the pelvis, level 40 and width 400.
HU_SHOWN = (-160.0, 240.0)
_SHOWN_PERCENT = (1.0, 99.0)
# Fat must not crush the greys of a dark lesion: its median is shown at 40 % white or brighter.
LESION_WHITE = 0.4

# Colours that a colour-blind reader tells apart and from grey (Okabe and Ito 2008).
MASK_COLOUR = "#e69f00"
STROKE_COLOURS = {"drawn tumour": "#56b4e9", "drawn background": "#cc79a7"}

_BARS_MM = (5.0, 10.0, 20.0, 50.0, 100.0)
# Which end of each patient axis grows: x to the left, y to the back, z to the head.
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
# (left, right, top, bottom) in mm from the picture's upper left corner.
Window = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class View:
    """How a slice is shown.

    Parameters
    ----------
    shown : values that are black and white
    window : left, right, top, bottom in mm; None shows the whole slice
    strokes : whether what was drawn on the slice is shown
    small : finer letters and lines
    """

    shown: tuple[float, float]
    window: Window | None = None
    strokes: bool = False
    small: bool = False


def hung(geometry: Geometry, axis: int) -> tuple[int, int, int]:
    """Return the array axes that run through the slices of a picture, down it and across it."""
    one, other = (n for n in range(3) if n != axis)
    directions = np.abs(geometry.axes)
    is_sagittal = int(np.argmax(directions[:, axis])) == 0
    # Across runs right to left, or front to back where the slice is sagittal.
    across = 1 if is_sagittal else 0
    return (axis, one, other) if directions[across, other] >= directions[across, one] else (axis, other, one)


def shown_range(
    quantity: Quantity,
    values: npt.NDArray[Any],
    inside: npt.NDArray[np.bool_],
    lesion_white: float = LESION_WHITE,
) -> tuple[float, float]:
    """Return the values that are black and white on a slice.

    Parameters
    ----------
    values, inside : one slice of the image and of the mask
    lesion_white : share of white at which the lesion's median is shown, or brighter; not for HU
    """
    if quantity is Quantity.HU:
        return HU_SHOWN
    grey = values.astype(np.float64)
    known = grey[np.isfinite(grey)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, _SHOWN_PERCENT).tolist()
    lesion = grey[inside]
    lesion = lesion[np.isfinite(lesion)]
    if lesion.size:
        middle = float(np.median(lesion))
        if middle > low:
            high = min(high, low + (middle - low) / lesion_white)
    return low, high if high > low else low + 1.0


class Plane:
    """One slice, turned for display: rows run back or down, columns to the left or back."""

    def __init__(
        self,
        volume: Volume,
        mask: Mask,
        order: tuple[int, int, int],
        at: int,
        prompts: PromptLog | None = None,
    ) -> None:
        axes = volume.geometry.axes
        self._order, self._at, self._geometry = order, at, volume.geometry
        self._prompts = prompts.prompts if prompts is not None else ()
        flips = []
        for direction, is_row in ((axes[:, order[1]], True), (axes[:, order[2]], False)):
            main = int(np.argmax(np.abs(direction)))
            # The head is up, everything else grows down or to the right.
            wanted = -1.0 if main == 2 and is_row else 1.0
            flips.append(int(np.sign(direction[main]) * wanted))
        self._flips = flips
        turn = tuple(slice(None, None, flip) for flip in flips)
        self._values: npt.NDArray[Any] = volume.voxels.transpose(order)[at][turn].astype(np.float64)
        self._inside = mask.voxels.transpose(order)[at][turn]
        self._spacing = np.array([volume.geometry.spacing_mm[n] for n in order[1:]])
        self._letters = [_ends(axes[:, n] * flip) for n, flip in zip(order[1:], flips, strict=True)]

    def window(self, around_mm: float) -> Window | None:
        """Return the square around the mask on this slice; None where there is none."""
        if not self._inside.any():
            return None
        at = np.argwhere(self._inside)
        low, high = at.min(axis=0) * self._spacing, (at.max(axis=0) + 1) * self._spacing
        return _square((low + high) / 2, float((high - low).max()) / 2 + around_mm)

    def square(self, side_mm: float, box: npt.NDArray[np.int64]) -> Window:
        """Return the square of that side about the middle of `box`: first voxel and shape, (k, j, i)."""
        middle = self._turned((box[0] + (box[1] - 1) / 2)[None, list(self._order[1:])])[0]
        return _square(middle, side_mm / 2)

    def draw(self, axes: Any, view: View) -> None:
        """Draw the slice, the mask's outline, and what was drawn."""
        height, width = (np.array(self._values.shape) * self._spacing).tolist()
        axes.imshow(
            self._values,
            cmap="gray",
            vmin=view.shown[0],
            vmax=view.shown[1],
            extent=(0.0, width, height, 0.0),
            interpolation="bilinear",
        )
        if self._inside.any():
            rows, columns = (
                (np.arange(-1, n + 1) + 0.5) * mm
                for n, mm in zip(self._inside.shape, self._spacing.tolist(), strict=True)
            )
            padded = np.pad(self._inside.astype(float), 1)
            axes.contour(
                columns, rows, padded, [0.5], colors=MASK_COLOUR, linewidths=0.9 if view.small else 1.2
            )
        if view.strokes:
            self._draw_strokes(axes, 2.2 if view.small else 5.5)
        left, right, top, bottom = view.window or (0.0, width, 0.0, height)
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        axes.set_facecolor("black")
        axes.set_axis_off()
        self._annotate(axes, right - left, 9 if view.small else 13)

    def _turned(self, indices: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return (n, 2) mm down and across of (n, 2) indices along the picture's two axes."""
        last = np.array(self._values.shape) - 1
        turned = np.where(np.array(self._flips) > 0, indices, last - indices)
        return np.asarray((turned + 0.5) * self._spacing, dtype=np.float64)

    def _draw_strokes(self, axes: Any, size: float) -> None:
        for prompt in self._prompts:
            if prompt.kind == "box":
                continue
            indices = self._geometry.to_index(prompt.points_mm)
            on = np.abs(indices[:, self._order[0]] - self._at) <= 0.5
            down, across = self._turned(indices[on][:, list(self._order[1:])]).T
            is_tumour = prompt.include and prompt.kind != "loop"
            colour = STROKE_COLOURS["drawn tumour" if is_tumour else "drawn background"]
            axes.plot(across, down, ".", ms=size, color=colour, mew=0)

    def _annotate(self, axes: Any, width_mm: float, size: float) -> None:
        from matplotlib.patheffects import withStroke

        # A dark rim keeps letters readable on bright tissue.
        rim = [withStroke(linewidth=3, foreground="black")]
        style = {"color": "white", "transform": axes.transAxes, "path_effects": rim}
        (top, bottom), (left, right) = self._letters
        axes.text(0.01, 0.5, left, ha="left", va="center", fontsize=size, **style)
        axes.text(0.99, 0.5, right, ha="right", va="center", fontsize=size, **style)
        axes.text(0.5, 0.99, top, ha="center", va="top", fontsize=size, **style)
        axes.text(0.5, 0.01, bottom, ha="center", va="bottom", fontsize=size, **style)
        bar_mm = max((bar for bar in _BARS_MM if bar <= width_mm / 3), default=_BARS_MM[0])
        bar_rim = [withStroke(linewidth=size / 4 + 2, foreground="black")]
        bar_style = style | {"path_effects": bar_rim}
        axes.plot([0.03, 0.03 + bar_mm / width_mm], [0.05, 0.05], "-", lw=size / 4, **bar_style)
        axes.text(0.03, 0.065, f"{bar_mm:g} mm", fontsize=min(size, 9) - 1, **style)


def _square(middle: npt.NDArray[np.float64], half_mm: float) -> Window:
    down, across = middle.tolist()
    return across - half_mm, across + half_mm, down - half_mm, down + half_mm


def _ends(direction: npt.NDArray[np.float64]) -> tuple[str, str]:
    """Return the letters at the beginning and at the end of a direction, LPS."""
    main = int(np.argmax(np.abs(direction)))
    low, high = _LETTERS[main]
    return (low, high) if direction[main] > 0 else (high, low)
