"""Tumour and levator ani as surfaces that distances can be taken from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gist_imaging.anatomy.mesh_distance import MeshDistance
from gist_imaging.anatomy.mesh_from_mask import smooth_mesh
from gist_imaging.anatomy.mesh_from_sheet import faces_of_sheet, shell_of_sheet
from gist_imaging.anatomy.mesh_topology import (
    MeshShape,
    enclosed_volume_mm3,
    is_closed,
    part_of,
    refined,
    triangle_areas_mm2,
)
from gist_imaging.anatomy.pelvic_frame import PelvicFrame
from gist_imaging.anatomy.surface import FloatArray, LevatorSurface, Side, TriangleMesh
from gist_imaging.errors import MeasurementError
from gist_imaging.spatial.mask import Mask

__all__ = ["LevatorInput", "LevatorSide", "TumourInput", "TumourSurface", "outward", "sideways"]

TumourInput = Mask | TriangleMesh
LevatorInput = Mask | TriangleMesh | LevatorSurface

_LONGEST_EDGE_MM = 4.0


@dataclass(frozen=True, eq=False)
class TumourSurface:
    """The closed surface of the tumour.

    Parameters
    ----------
    mesh : closed, counter-clockwise from outside
    """

    mesh: TriangleMesh = field(repr=False)

    @classmethod
    def of(cls, tumour: TumourInput) -> TumourSurface:
        """Return the surface of a mask that is not empty, or of a closed mesh."""
        if isinstance(tumour, Mask):
            return cls(smooth_mesh(tumour))
        # Small triangles make distances quick to find.
        return cls(refined(_outside_first(tumour, "tumour"), _LONGEST_EDGE_MM))

    @cached_property
    def distance(self) -> MeshDistance:
        """Distances to the surface; below 0 inside the tumour."""
        return MeshDistance(self.mesh)

    @cached_property
    def centroid_mm(self) -> FloatArray:
        """(3,) LPS centre of the enclosed volume."""
        reference = self.mesh.vertices_mm.mean(axis=0)
        a, b, c = np.moveaxis(self.mesh.vertices_mm[self.mesh.triangles] - reference, 1, 0)
        volumes = np.einsum("mx,mx->m", a, np.cross(b, c)) / 6.0
        return np.asarray(reference + volumes @ (a + b + c) / 4.0 / volumes.sum())


@dataclass(frozen=True, eq=False)
class LevatorSide:
    """The levator ani of one side.

    Parameters
    ----------
    side : the patient's left or right
    surface : all of it: a closed surface around the muscle, or an open sheet
    inner, outer : the faces towards the pelvic cavity (medial and cranial) and away from it, triangles
        counter-clockwise as seen from the cavity and from the fossa; without a frame, or of an open sheet,
        `outer` is None; without a frame `inner` is None, too
    closed : whether `surface` encloses the muscle
    """

    side: Side
    surface: TriangleMesh = field(repr=False)
    inner: TriangleMesh | None = field(repr=False)
    outer: TriangleMesh | None = field(repr=False)
    closed: bool

    @classmethod
    def of(cls, levator: LevatorInput, side: Side, frame: PelvicFrame | None) -> LevatorSide:
        """Return the surfaces of an outlined levator.

        The two faces are told apart by their normals: the inner face of a closed surface is where the
        outward normal points medially and cranially more than laterally and caudally. An open sheet is its
        own inner face.
        """
        if isinstance(levator, LevatorSurface):
            return cls._of_sheet(levator, side, frame)
        if isinstance(levator, Mask):
            surface = smooth_mesh(levator)
        else:
            surface = _outside_first(levator, "levator ani") if is_closed(levator) else levator
        closed = isinstance(levator, Mask) or is_closed(levator)
        if frame is None:
            return cls(side, surface, None, None, closed)
        towards = sideways(frame, side)
        if not closed:
            return cls(side, surface, _turned(surface, -towards), None, closed)
        away = MeshShape.of(surface).face_normals @ towards > 0
        return cls(side, surface, part_of(surface, ~away), part_of(surface, away), closed)

    @classmethod
    def _of_sheet(cls, sheet: LevatorSurface, side: Side, frame: PelvicFrame | None) -> LevatorSide:
        surface = _outside_first(shell_of_sheet(sheet), "levator ani")
        if frame is None:
            return cls(side, surface, None, None, True)
        faces = faces_of_sheet(sheet)
        towards = sideways(frame, side)
        apart = (faces[0].vertices_mm - faces[1].vertices_mm).mean(axis=0) @ towards
        inner, outer = faces if apart < 0 else faces[::-1]
        return cls(side, surface, _turned(inner, -towards), _turned(outer, towards), True)

    @cached_property
    def distance(self) -> MeshDistance:
        """Distances to `surface`."""
        return MeshDistance(self.surface)

    @cached_property
    def outer_distance(self) -> MeshDistance | None:
        """Distances to `outer`, where there is one."""
        return None if self.outer is None else MeshDistance(self.outer)


def sideways(frame: PelvicFrame, side: Side) -> FloatArray:
    """Return the unit direction (3,) LPS halfway between lateral of this side and caudal."""
    lateral = frame.axes[:, 0] if side == "L" else -frame.axes[:, 0]
    return np.asarray((lateral - frame.axes[:, 2]) / np.sqrt(2.0))


def outward(mesh: TriangleMesh) -> FloatArray:
    """Return (3,) the sum of the triangles' area vectors."""
    a, b, c = np.moveaxis(mesh.vertices_mm[mesh.triangles], 1, 0)
    return np.asarray(np.cross(b - a, c - a).sum(axis=0) / 2.0)


def _turned(mesh: TriangleMesh, towards: FloatArray) -> TriangleMesh:
    """Return an open mesh with its triangles counter-clockwise as seen from `towards`."""
    if outward(mesh) @ towards >= 0:
        return mesh
    return TriangleMesh(mesh.vertices_mm, mesh.triangles[:, ::-1], mesh.frame_uid)


def _outside_first(mesh: TriangleMesh, what: str) -> TriangleMesh:
    if not is_closed(mesh) or not triangle_areas_mm2(mesh).sum() > 0:
        raise MeasurementError(
            f"the surface of the {what} is closed",
            "some edges belong to one triangle only",
            "give the mask, or a mesh without holes",
        )
    if enclosed_volume_mm3(mesh) >= 0:
        return mesh
    return TriangleMesh(mesh.vertices_mm, mesh.triangles[:, ::-1], mesh.frame_uid)
