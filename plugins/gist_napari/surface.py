"""Tumour and levator ani as surfaces that can be turned; for orientation, never for measuring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gist_imaging.anatomy.mesh_topology import enclosed_volume_mm3, vertex_normals
from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.spatial import Mask
from gist_napari.layers import AXIS_LABELS, UNITS, FloatArray
from gist_napari.pane import Pane
from gist_napari.scene import STYLES

__all__ = ["SurfaceDrawing", "SurfaceView", "surface_of"]

# With world axes (S, P, L) this is the patient as he stands before the reader; napari's default mirrors him.
_ORIENTATION = ("away", "down", "right")

# Seen from the front, head up.
_FROM_THE_FRONT, _HEAD_UP = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)

_MARGIN = 1.3

_FINER_AT_MOST = 8

# LPS: left, front, head.
_LIGHT_FROM = np.array([0.5, -1.0, 0.7])
_DARKEST = 0.2


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
    """Return a smooth surface around a mask, in LPS mm, for the eye; None where nothing is outlined.

    The occupancy is blurred by half of the largest spacing, so that thick slices do not look like steps, and
    cut at the level that encloses as much as the mask. Triangles are counter-clockwise as seen from outside.
    """
    box = mask.bounding_box
    if box is None:
        return None
    from scipy import ndimage
    from skimage.measure import marching_cubes

    start = np.asarray(box[0])
    spacing = np.asarray(mask.geometry.spacing_mm)
    blur_mm = spacing.max() / 2
    margin = np.ceil(2 * blur_mm / spacing).astype(int) + 1
    inside = np.pad(mask.voxels[mask.slices].astype(np.float32), [(n, n) for n in margin])
    finer = np.maximum(1, np.minimum(np.rint(spacing / spacing.min()), _FINER_AT_MOST)).astype(int)
    size = (np.asarray(inside.shape) - 1) * finer + 1
    fine = ndimage.zoom(inside, size / inside.shape, order=1)
    fine = ndimage.gaussian_filter(fine, blur_mm / (spacing / finer))
    n_inside = min(int(mask.n_voxels * finer.prod()), fine.size - 1)
    level = float(np.partition(fine, -n_inside, axis=None)[-n_inside])
    found, triangles, _, _ = marching_cubes(fine, level)  # type: ignore[no-untyped-call]
    vertices_mm = mask.geometry.to_patient(found / finer - margin + start)
    mesh = TriangleMesh(vertices_mm, triangles.astype(np.int64), mask.geometry.frame_uid)
    if enclosed_volume_mm3(mesh) > 0:
        return mesh
    return TriangleMesh(mesh.vertices_mm, mesh.triangles[:, ::-1], mesh.frame_uid)


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
                        vertex_colors=_shaded(surface),
                        opacity=surface.opacity,
                        shading="none",
                        units=UNITS,
                        axis_labels=AXIS_LABELS,
                    )
                )
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
            camera = model.scene.camera
            # Directions of the camera are those of the world axes only in their own order.
            model.dims.order = (0, 1, 2)
            camera.orientation = _ORIENTATION
            # What is drawn still has the angles as they were meant before the axes turned; equal angles are
            # not passed on, so others come first.
            camera.angles = (10.0, 20.0, 30.0)
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


def _shaded(surface: SurfaceDrawing) -> FloatArray:
    """Return a colour for each vertex, lit from the front, above and the patient's left.

    The light is painted on: napari's own comes from behind once a camera axis is turned round.
    """
    colour = STYLES[surface.style]
    rgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    towards = vertex_normals(surface.mesh) @ (_LIGHT_FROM / np.linalg.norm(_LIGHT_FROM))
    # Never black: the side away from the light shows its shape too.
    shade = _DARKEST + (1 - _DARKEST) * (1 + towards) / 2
    return np.asarray(np.clip(np.column_stack([shade[:, None] * rgb, np.ones(len(shade))]), 0.0, 1.0))
