"""The patient of docs/levator.md's figures, and what several figures draw alike."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from levator_canvas import (
    ORANGE,
    SKY,
    decorate,
    draw_lines,
    grey,
)
from levator_scene import Read, read, section
from matplotlib.tri import Triangulation
from scipy import ndimage

from gist_imaging import Mask
from gist_imaging.anatomy.mesh_clip import line_in_plane
from gist_imaging.anatomy.relation_mirror import SurfaceShift, mirrored, surface_shift
from gist_imaging.anatomy.surface import TriangleMesh
from gist_imaging.phantom.family import FamilyMember, pelvis_family

SEED = 7
PICTURE = "Phantom, T2 MR. The patient's right is on the left of the picture."
MAP = "Map: the left levator ani laid flat, as on a sagittal slice: front left."

# Places that the family does not list, on what the phantom paints; body frame, mm.
WALL = {
    "rectal_wall_posterior": (0.0, 12.0, -6.5),
    "rectal_wall_posterior_upper": (0.0, 33.0, 13.0),
    "levator_plate_anterior": (0.0, 20.0, -4.0),
    "levator_plate_posterior": (0.0, 42.0, 14.0),
}


def member(relation: str = "displaced", visit: str = "baseline") -> FamilyMember:
    """Return the patient: tumour of 50 mm on the left that pushes by 9 mm, or is clear by 5 mm."""
    asked: dict[str, Any] = {"displacement_mm": 9.0} if relation == "displaced" else {"gap_mm": 5.0}
    return pelvis_family(
        SEED, modality="MR", relation=relation, longest_mm=50.0, side="L", visit=visit, **asked
    )


@cache
def displaced() -> Read:
    """Return the patient whose left levator ani is pushed aside."""
    return read(member(), **WALL)


@cache
def treated() -> Read:
    """Return the same patient after imatinib."""
    return read(member(visit="presurgery"), **WALL)


@cache
def clear() -> Read:
    """Return the same pelvis with a tumour clear of the muscle."""
    return read(member("clear"), **WALL)


def fat_of(held: Read) -> Mask:
    """Return the fat within 46 mm of the midline and 30 to 85 mm behind P: the fossae, and fat above them."""
    geometry = held.volume.geometry
    ratio = held.volume.voxels / held.fat_signal
    fat = ndimage.binary_opening((ratio > 0.65) & (ratio < 1.45), np.ones((1, 3, 3)))
    index = np.argwhere(fat)
    body = held.frame.to_frame(geometry.to_patient(index))
    near = (np.abs(body[:, 0]) < 46.0) & (body[:, 1] > 30.0) & (body[:, 1] < 85.0)
    fat[tuple(index[~near].T)] = False
    return Mask(fat, geometry, structure="ischioanal_fat")


def shift_of(held: Read) -> SurfaceShift:
    """Return what M3, M7 and M9 are taken from."""
    sides = held.scene.sides
    return surface_shift(
        sides["L"].inner, mirrored(sides["R"].inner, held.scene.mirror), held.scene.tumour_surface
    )


def laid_flat(held: Read, points_mm: np.ndarray) -> np.ndarray:
    """Return places (..., 2) on the left levator ani: to the back, and up along the side wall."""
    lateral, back, cranial = np.moveaxis(held.frame.to_frame(points_mm), -1, 0)
    return np.stack([back, (lateral + cranial) / np.sqrt(2.0)], axis=-1)


def laid_mesh(held: Read, mesh: TriangleMesh) -> Triangulation:
    """Return a face of the muscle laid flat."""
    places = laid_flat(held, mesh.vertices_mm)
    return Triangulation(places[:, 0], places[:, 1], mesh.triangles)


def draw_map(pane: Any, held: Read, mesh: TriangleMesh, values: np.ndarray, **colours: Any) -> Any:
    """Draw numbers on a face laid flat, over the whole levator in grey; return it for a colour bar."""
    whole = laid_mesh(held, held.scene.sides["L"].inner)
    pane.tripcolor(whole, np.zeros(len(whole.x)), cmap="gray", vmin=-1.0, vmax=3.0, shading="gouraud")
    drawn = pane.tripcolor(laid_mesh(held, mesh), values, shading="gouraud", **colours)
    pane.set_xlim(whole.x.min() - 9.0, whole.x.max() + 9.0)
    pane.set_ylim(whole.y.min() - 10.0, whole.y.max() + 10.0)
    pane.set_aspect("equal")
    decorate(pane, ("A", "P", "side wall", "midline"))
    return drawn


def outline(pane: Any, held: Read, mesh: TriangleMesh, colour: str) -> None:
    """Draw the border of a part of a face, laid flat."""
    edges = np.sort(mesh.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, count = np.unique(edges, axis=0, return_counts=True)
    draw_lines(pane, laid_flat(held, mesh.vertices_mm)[edges[count == 1]], colour, 1.8)


def draw_faces(pane: Any, held: Read, at_mm: float) -> None:
    """Draw tumour and both levators in a coronal plane of the pelvis."""
    draw_lines(pane, section(held.frame, held.scene.tumour_surface.mesh, "coronal", at_mm), ORANGE, 1.5)
    for side in held.scene.sides.values():
        for face in (side.inner, side.outer):
            draw_lines(pane, section(held.frame, face, "coronal", at_mm), SKY, 1.1)


def draw_acquired(pane: Any, held: Read, k: int, left_mm: float, right_mm: float, half_mm: float) -> None:
    """Draw an acquired slice with tumour and levator ani, so many mm to each side of the tumour's middle."""
    geometry = held.volume.geometry
    _, rows, columns = geometry.spacing_mm
    index = geometry.to_index(held.scene.tumour_surface.centroid_mm)
    image = held.volume.voxels[k].astype(float)
    edges = (-0.5 * columns, (image.shape[1] - 0.5) * columns, -0.5 * rows, (image.shape[0] - 0.5) * rows)
    grey(pane, image, edges, held.fat_signal)
    x, y = index[2] * columns, index[1] * rows
    pane.set_xlim(x - left_mm, x + right_mm)
    pane.set_ylim(y + half_mm, y - half_mm)
    decorate(pane, "RLAP")
    meshes = [(held.scene.tumour_surface.mesh, ORANGE)]
    meshes += [(face, SKY) for side in held.scene.sides.values() for face in (side.inner, side.outer)]
    for mesh, colour in meshes:
        height = geometry.to_index(mesh.vertices_mm)[:, 0] - k
        draw_lines(pane, in_slice(held, line_in_plane(mesh, height)[0]), colour, 1.2)


def in_slice(held: Read, points_mm: np.ndarray) -> np.ndarray:
    """Return points (..., 3) LPS as places (..., 2) in their acquired slice, mm."""
    geometry = held.volume.geometry
    return (geometry.to_index(points_mm) * geometry.spacing_mm)[..., [2, 1]]
