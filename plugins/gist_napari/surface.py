"""Tumour and levator ani as surfaces that can be turned; for orientation, never for measuring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.spatial import Mask
from gist_napari.layers import AXIS_LABELS, UNITS
from gist_napari.pane import Pane
from gist_napari.scene import STYLES

__all__ = ["SurfaceDrawing", "SurfaceView", "surface_of"]

# With world axes (S, P, L) this is the patient as he stands before the reader; napari's default mirrors him.
_ORIENTATION = ("away", "down", "right")

# Seen from the front, head up.
_FROM_THE_FRONT, _HEAD_UP = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)

_MARGIN = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceDrawing:
    """A surface in the patient.

    Parameters
    ----------
    mesh : vertices in LPS mm, in the frame of the volume that the pane shows
    style : a key of `STYLES`
    opacity : 0 to 1
    """

    mesh: TriangleMesh
    style: str = "tumour"
    opacity: float = 1.0


def surface_of(mask: Mask) -> TriangleMesh | None:
    """Return the iso-0.5 surface of a mask, in LPS mm; None where nothing is outlined."""
    box = mask.bounding_box
    if box is None:
        return None
    from skimage.measure import marching_cubes

    (k, j, i), (depth, height, width) = box
    inside = np.pad(mask.voxels[k : k + depth, j : j + height, i : i + width].astype(np.float32), 1)
    found, triangles, _, _ = marching_cubes(inside, 0.5)  # type: ignore[no-untyped-call]
    vertices_mm = mask.geometry.to_patient(found - 1 + (k, j, i))
    return TriangleMesh(vertices_mm, triangles.astype(np.int64), mask.geometry.frame_uid)


class SurfaceView:
    """Turns a pane into a 3D view of surfaces, and back."""

    def __init__(self, pane: Pane) -> None:
        self.pane = pane
        self._layers: list[Any] = []

    @property
    def is_shown(self) -> bool:
        """Whether the pane shows surfaces."""
        return not self.pane.flat

    def show(self, surfaces: Sequence[SurfaceDrawing]) -> None:
        """Show `surfaces` from the front, head up, patient's right at the left; nothing for no surfaces."""
        grid = self.pane.grid
        if grid is None or not surfaces:
            return
        self._remove()
        model = self.pane.model
        corners = []
        with self.pane.unheard():
            self.pane.set_flat(False)
            for surface in surfaces:
                vertices = grid.to_world(surface.mesh.vertices_mm)
                corners += [vertices.min(axis=0), vertices.max(axis=0)]
                self._layers.append(
                    model.add_surface(
                        (vertices, surface.mesh.triangles),
                        name=f"surface {surface.style}",
                        colormap=[STYLES[surface.style], STYLES[surface.style]],
                        opacity=surface.opacity,
                        shading="smooth",
                        units=UNITS,
                        axis_labels=AXIS_LABELS,
                    )
                )
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
            camera = model.scene.camera
            camera.orientation = _ORIENTATION
            camera.set_view_direction(view_direction=_FROM_THE_FRONT, up_direction=_HEAD_UP)
            camera.center = tuple((low + high) / 2)
            size = (self.pane.widget.width(), self.pane.widget.height())
            camera.zoom = min(size) / (float(np.linalg.norm(high - low)) * _MARGIN)

    def hide(self) -> None:
        """Show the slices again."""
        self._remove()
        self.pane.set_flat(True)

    def _remove(self) -> None:
        with self.pane.unheard():
            for layer in self._layers:
                if layer in self.pane.model.layers:
                    self.pane.model.layers.remove(layer)
        self._layers = []
