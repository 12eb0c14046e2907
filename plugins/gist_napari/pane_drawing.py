"""Everything that is drawn over the grey image of a pane, and the words beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Signal

from gist_napari.facts import PaneFacts
from gist_napari.furniture import Corners
from gist_napari.layers import FloatArray
from gist_napari.orientation import EdgeLetters, edge_letters, tilt_text, turned_letters
from gist_napari.overlay import BrushCursor, Overlay, OverlayPicture, SlicePicture
from gist_napari.pane_image import PaneImage
from gist_napari.planes import PlaneMap, acquired_plane
from gist_napari.scene import STYLES, Scene

__all__ = ["PaneDrawing"]


class PaneDrawing(PaneImage):
    """An image with a scene, letters and texts over it.

    Parameters
    ----------
    tag : "PRE" or "POST"
    """

    scene_changed = Signal()

    def __init__(self, model: Any, qt_viewer: Any, tag: str) -> None:
        super().__init__(model, qt_viewer)
        self.tag = tag
        self._facts, self._caption = PaneFacts(), ""
        self._scene, self._active, self._message = Scene(), False, ""
        self._crosshair_mm: FloatArray | None = None
        self._brush: tuple[float, str, str] | None = None
        self._mouse_at: tuple[float, float] | None = None
        self._over: SlicePicture | None = None
        self._over_words = ""
        self.overlay = Overlay(self.widget)

    def _step_taken(self) -> None:
        self._over = None

    def set_scene(self, scene: Scene) -> None:
        """Draw `scene` over the image."""
        self._scene = scene
        self.refresh()
        self.scene_changed.emit()

    @property
    def scene(self) -> Scene:
        """What is drawn over the image."""
        return self._scene

    def set_crosshair(self, point_mm: npt.ArrayLike | None) -> None:
        """Mark an LPS position, dropped onto the slice; None takes the mark away."""
        self._crosshair_mm = None if point_mm is None else np.asarray(point_mm, dtype=np.float64)
        self.refresh()

    def set_cursor(self, radius_mm: float | None, tag: str = "", style: str = "tumour") -> None:
        """Draw the brush at the mouse, with the words of what it draws on; None takes it away."""
        self._brush = None if radius_mm is None else (radius_mm, tag, STYLES[style])
        self.refresh()

    def set_active(self, active: bool) -> None:
        """Draw the frame of the pane that keys go to."""
        self._active = active
        self.refresh()

    def set_over(self, over: SlicePicture | None, words: str = "") -> None:
        """Lay another picture over the image until the next step, named by `words`; None shows the image."""
        self._over, self._over_words = over, words
        self.refresh()

    def refresh(self) -> None:
        """Draw everything over the image anew."""
        view = self.view
        if view is None:
            picture = OverlayPicture(
                letters=self._turned_letters(),
                corners=Corners() if self._flat else Corners((self.title, "3D, not for measuring")),
                message=self._message,
                active=self._active,
                dashed=self.tag == "POST",
            )
        else:
            crosshair = None if self._crosshair_mm is None else _pair(view.to_canvas(self._crosshair_mm))
            picture = OverlayPicture(
                view,
                edge_letters(view.grid, view.plane),
                self._corners(view),
                self._scene,
                crosshair,
                self._cursor(view),
                self._over,
                active=self._active,
                dashed=self.tag == "POST",
            )
        self.overlay.show_picture(picture)

    def _turned_letters(self) -> EdgeLetters | None:
        if self._flat or self.grid is None:
            return None
        camera = self.model.scene.camera
        return turned_letters(self.grid, camera.view_direction, camera.up_direction)

    @property
    def title(self) -> str:
        """Case, visit and day in one line, as written at the top left."""
        return self._facts.first_line(self.tag)

    def _corners(self, view: PlaneMap) -> Corners:
        first = self.title if self._over is None else self._over_words
        # Thick slices cut across are not an acquired picture, and the reader must know.
        plane = view.plane.value + ("" if view.plane is acquired_plane(view.grid) else " reformat")
        tilt = tilt_text(view.grid, view.plane)
        window = str(self._window) + (" inverted" if self._inverted else "")
        return Corners(
            tuple(text for text in (first, self._caption) if text),
            (self._facts.note,) if self._facts.note else (),
            (window, f"{plane} {self.slice_index + 1}/{self.n_slices}"),
            (tilt,) if tilt else (),
        )

    def _cursor(self, view: PlaneMap) -> BrushCursor | None:
        if self._brush is None or self._mouse_at is None:
            return None
        radius_mm, tag, colour = self._brush
        return BrushCursor(self._mouse_at, radius_mm * view.px_per_mm, tag, colour)


def _pair(values: FloatArray) -> tuple[float, float]:
    x, y = values.tolist()
    return x, y
