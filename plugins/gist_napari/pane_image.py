"""The grey image on a canvas: the volume, and which of its values are black and white."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Signal

from gist_imaging.spatial import Volume
from gist_napari.layers import AXIS_LABELS, UNITS, DisplayGrid
from gist_napari.pane_places import PanePlaces
from gist_napari.planes import Plane, acquired_plane
from gist_napari.window_level import Window, default_window, presets_of

__all__ = ["PaneImage"]

_LAYER = "image"


class PaneImage(PanePlaces):
    """A canvas that shows one volume, voxel by voxel as it was acquired."""

    window_changed = Signal()

    def __init__(self, model: Any, qt_viewer: Any) -> None:
        super().__init__(model, qt_viewer)
        self.volume: Volume | None = None
        self._layer: Any = None
        self._window, self._inverted, self._smooth = Window(0.0, 1.0), False, False

    def _show(self, volume: Volume) -> None:
        """Show a volume in the plane that it was acquired in, its middle slice, as large as fits."""
        self._remove_layer()
        grid = DisplayGrid(volume.geometry)
        self.volume, self.grid, self._window = volume, grid, default_window(volume)
        with self.unheard():
            self._layer = self.model.add_image(
                grid.displayed(volume.voxels),
                # Three or four sagittal slices are not colours, though napari would guess so.
                rgb=False,
                multiscale=False,
                name=_LAYER,
                scale=grid.scale_mm,
                translate=grid.translate_mm,
                units=UNITS,
                axis_labels=AXIS_LABELS,
                contrast_limits=self._window.limits,
                colormap=self._colormap(),
                interpolation2d=self._interpolation(),
                metadata={"series_uid": volume.series_uid},
            )
            self.model.dims.axis_labels = AXIS_LABELS
            self._focus = grid.translate_mm + (np.asarray(grid.shape) - 1) // 2 * grid.scale_mm
            self._hang(acquired_plane(grid))
        self.window_changed.emit()
        self._changed(fit=True)

    def _show_nothing(self) -> None:
        self._remove_layer()
        self.volume = self.grid = None
        self._changed()

    def _remove_layer(self) -> None:
        if self._layer is not None and self._layer in self.model.layers:
            with self.unheard():
                self.model.layers.remove(self._layer)
        self._layer = None

    def _show_image(self, shown: bool) -> None:
        if self._layer is not None:
            self._layer.visible = shown

    # Values

    def value_at(self, point_mm: npt.ArrayLike) -> float | None:
        """Return the native value at an LPS position, whatever the window; None outside the volume."""
        voxel = self.voxel_at(point_mm)
        return None if voxel is None or self.volume is None else float(self.volume.voxels[voxel])

    def slice_values(self, plane: Plane, depth: int) -> npt.NDArray[Any]:
        """Return the native values of one displayed slice, (down, across) as `plane` hangs."""
        if self.volume is None:
            raise LookupError("a pane that shows a volume, but it shows none; show one first")
        voxels = self._shown_grid().displayed(self.volume.voxels)
        values: npt.NDArray[Any] = np.take(voxels, depth, axis=plane.axis)
        return values if plane.down_sign > 0 else values[::-1]

    # Grey levels

    @property
    def window(self) -> Window:
        """Which values are black and white."""
        return self._window

    def set_window(self, window: Window) -> None:
        """Show other values as black and white."""
        self._window = window
        if self._layer is not None:
            self._layer.contrast_limits = window.limits
        self.window_changed.emit()
        self.refresh()

    def set_preset(self, key: int) -> str:
        """Choose the window on key 1 to 5 and return its name; "" where there is none."""
        if self.volume is None or key not in presets_of(self.volume):
            return ""
        preset = presets_of(self.volume)[key]
        self.set_window(preset.of(self.volume))
        return preset.name

    def reset_window(self) -> None:
        """Go back to the window that the volume opened with."""
        if self.volume is not None:
            self.set_window(default_window(self.volume))

    @property
    def inverted(self) -> bool:
        """Whether high values are dark."""
        return self._inverted

    def set_inverted(self, inverted: bool) -> None:
        """Show high values dark, or bright again."""
        self._inverted = inverted
        if self._layer is not None:
            self._layer.colormap = self._colormap()
        self.window_changed.emit()
        self.refresh()

    @property
    def smooth(self) -> bool:
        """Whether neighbouring voxels are blended on the screen."""
        return self._smooth

    def set_smooth(self, smooth: bool) -> None:
        """Blend neighbouring voxels on the screen; off, every voxel shows its own value."""
        self._smooth = smooth
        if self._layer is not None:
            self._layer.interpolation2d = self._interpolation()

    def _colormap(self) -> str:
        return "gray_r" if self._inverted else "gray"

    def _interpolation(self) -> str:
        return "linear" if self._smooth else "nearest"
