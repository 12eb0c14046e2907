"""Grey pixels for Qt from values and a window, without napari."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtGui import QImage

from gist_napari.window_level import Window

__all__ = ["grey_image"]


def grey_image(values: npt.NDArray[Any], window: Window, inverted: bool = False) -> QImage:
    """Return `values`, (row, column), as napari would show them; NaN is black.

    Parameters
    ----------
    window : which values are black and white
    inverted : high values dark
    """
    low, high = window.limits
    # float32 is what the graphics card computes with.
    shades = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    shades = np.clip(shades, 0.0, 255.0)
    if inverted:
        shades = 255.0 - shades
    pixels = np.ascontiguousarray(np.nan_to_num(shades + 0.5, nan=0.0).astype(np.uint8))
    height, width = pixels.shape
    # The image keeps no hold on the array, so it gets a copy of its own.
    return QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
