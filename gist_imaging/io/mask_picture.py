"""A picture to check a mask by: the slice with most of it, whole and near, hung as radiologists do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.io.mask_write import check_writable, write_bytes_once
from gist_imaging.measure.region import slice_axis
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["mask_picture", "write_mask_picture"]

# Soft tissue of the pelvis, level 40 and width 400.
_HU_SHOWN = (-160.0, 240.0)
_SHOWN_PERCENT = (1.0, 99.0)
# Orange that a colour-blind reader tells from grey (Okabe and Ito 2008).
_OUTLINE = "#e69f00"
# Tissue shown around the lesion in the near view.
_AROUND_MM = 20.0
_BARS_MM = (5.0, 10.0, 20.0, 50.0, 100.0)
# Which end of each patient axis grows: x to the left, y to the back, z to the head.
_LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))


def write_mask_picture(path: str | Path, volume: Volume, mask: Mask, *, overwrite: bool = False) -> Path:
    """Write `mask_picture` as a PNG; the file appears whole, and another is replaced only when told."""
    path = Path(path)
    check_writable(path, ".png", overwrite=overwrite)
    write_bytes_once(path, mask_picture(volume, mask), overwrite=overwrite)
    return path


def mask_picture(volume: Volume, mask: Mask) -> bytes:
    """Return a PNG of the slice with most of the mask, its outline drawn, with letters and a scale bar.

    The patient's right is on the left side of an axial or coronal slice, the front on the left of a sagittal
    one. CT is shown from -160 to 240 HU, anything else from its 1st to its 99th percentile in the slice. An
    empty mask shows the middle slice and says so. The same input gives the same picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    axis = slice_axis(volume.geometry, from_dicom=bool(volume.series_uid))
    order = (axis, *_hung(volume.geometry, axis))
    sizes = mask.voxels.sum(axis=tuple(other for other in range(3) if other != axis))
    n_slices = volume.geometry.shape[axis]
    at = int(np.argmax(sizes)) if sizes.any() else n_slices // 2
    plane = _Plane(volume, mask, order, at)
    figure = Figure(figsize=(11.0, 5.8), dpi=110, facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    whole, near = figure.subplots(1, 2)
    plane.draw(whole, None)
    plane.draw(near, _AROUND_MM)
    size = (
        f"{mask.n_voxels * volume.geometry.voxel_volume_mm3 / 1000:.2f} mL" if sizes.any() else "empty mask"
    )
    figure.suptitle(f"{mask.structure}: {size}, slice {at + 1} of {n_slices}", color="white", fontsize=11)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor="black", metadata={"Software": None})
    return stream.getvalue()


def _hung(geometry: Geometry, axis: int) -> tuple[int, int]:
    """Return which array axes run down and across the picture of a slice."""
    one, other = (n for n in range(3) if n != axis)
    directions = np.abs(geometry.axes)
    is_sagittal = int(np.argmax(directions[:, axis])) == 0
    # Across runs right to left, or front to back where the slice is sagittal.
    across = 1 if is_sagittal else 0
    return (one, other) if directions[across, other] >= directions[across, one] else (other, one)


class _Plane:
    """One slice, turned for display: rows run back or down, columns to the left or back."""

    def __init__(self, volume: Volume, mask: Mask, order: tuple[int, int, int], at: int) -> None:
        _, down, across = order
        axes = volume.geometry.axes
        flips = []
        for direction, is_row in ((axes[:, down], True), (axes[:, across], False)):
            main = int(np.argmax(np.abs(direction)))
            # The head is up, everything else grows down or to the right.
            wanted = -1.0 if main == 2 and is_row else 1.0
            flips.append(int(np.sign(direction[main]) * wanted))
        turn = tuple(slice(None, None, flip) for flip in flips)
        self.values: npt.NDArray[Any] = volume.voxels.transpose(order)[at][turn].astype(np.float64)
        self.inside = mask.voxels.transpose(order)[at][turn]
        self.spacing = (volume.geometry.spacing_mm[down], volume.geometry.spacing_mm[across])
        self.letters = [_ends(axes[:, n] * flip) for n, flip in zip((down, across), flips, strict=True)]
        known = self.values[np.isfinite(self.values)]
        if volume.quantity is Quantity.HU:
            self.shown = _HU_SHOWN
        elif known.size:
            low, high = np.percentile(known, _SHOWN_PERCENT).tolist()
            self.shown = (low, high if high > low else low + 1.0)
        else:
            self.shown = (0.0, 1.0)

    def draw(self, axes: Any, around_mm: float | None) -> None:
        """Draw the slice, or only the lesion and `around_mm` of what surrounds it."""
        height, width = (n * mm for n, mm in zip(self.values.shape, self.spacing, strict=True))
        axes.imshow(
            self.values,
            cmap="gray",
            vmin=self.shown[0],
            vmax=self.shown[1],
            extent=(0.0, width, height, 0.0),
            interpolation="nearest",
        )
        left, right, top, bottom = 0.0, width, 0.0, height
        if self.inside.any():
            rows, columns = (
                (np.arange(n) + 0.5) * mm for n, mm in zip(self.inside.shape, self.spacing, strict=True)
            )
            padded = np.pad(self.inside.astype(float), 1)
            rows = np.r_[rows[0] - self.spacing[0], rows, rows[-1] + self.spacing[0]]
            columns = np.r_[columns[0] - self.spacing[1], columns, columns[-1] + self.spacing[1]]
            axes.contour(columns, rows, padded, [0.5], colors=_OUTLINE, linewidths=1.2)
            if around_mm is not None:
                at_rows, at_columns = np.nonzero(self.inside)
                top, bottom = (at_rows.min() * self.spacing[0], (at_rows.max() + 1) * self.spacing[0])
                left, right = (at_columns.min() * self.spacing[1], (at_columns.max() + 1) * self.spacing[1])
                side = max(bottom - top, right - left) / 2 + around_mm
                middle = ((left + right) / 2, (top + bottom) / 2)
                left, right, top, bottom = (
                    middle[0] - side,
                    middle[0] + side,
                    middle[1] - side,
                    middle[1] + side,
                )
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        axes.set_axis_off()
        self._annotate(axes, right - left)

    def _annotate(self, axes: Any, width_mm: float) -> None:
        from matplotlib.patheffects import withStroke

        # A dark rim keeps letters readable on bright tissue.
        rim = [withStroke(linewidth=3, foreground="black")]
        style = {"color": "white", "transform": axes.transAxes, "path_effects": rim}
        (top, bottom), (left, right) = self.letters
        axes.text(0.01, 0.5, left, ha="left", va="center", fontsize=13, **style)
        axes.text(0.99, 0.5, right, ha="right", va="center", fontsize=13, **style)
        axes.text(0.5, 0.99, top, ha="center", va="top", fontsize=13, **style)
        axes.text(0.5, 0.01, bottom, ha="center", va="bottom", fontsize=13, **style)
        bar_mm = max((bar for bar in _BARS_MM if bar <= width_mm / 3), default=_BARS_MM[0])
        axes.plot([0.03, 0.03 + bar_mm / width_mm], [0.05, 0.05], "-", lw=3, **style)
        axes.text(0.03, 0.065, f"{bar_mm:g} mm", fontsize=9, **style)


def _ends(direction: npt.NDArray[np.float64]) -> tuple[str, str]:
    """Return the letters at the beginning and at the end of a direction, LPS."""
    main = int(np.argmax(np.abs(direction)))
    low, high = _LETTERS[main]
    return (low, high) if direction[main] > 0 else (high, low)
