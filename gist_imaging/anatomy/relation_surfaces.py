"""Tumour and levator ani as surfaces that distances can be taken from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from gist_imaging.anatomy.mesh_distance import MeshDistance
from gist_imaging.anatomy.mesh_from_mask import smooth_mesh
from gist_imaging.anatomy.mesh_from_sheet import shell_of_sheet
from gist_imaging.anatomy.mesh_topology import (
    enclosed_volume_mm3,
    face_normals,
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

# The direction of the sheet is taken from the surface within about this distance: more than half of a
# muscle's thickness, so that its faces outweigh the rim.
_NEARBY_MM = 4.0
# A triangle belongs to a face when its normal is within about 50 degrees of the direction across the sheet.
_FACE_COSINE = 0.65


@dataclass(frozen=True, eq=False)
class TumourSurface:
    """The closed surface of the tumour.

    Parameters
    ----------
    mesh : closed, counter-clockwise from outside
    smooth : whether it was made from a mask
    """

    mesh: TriangleMesh = field(repr=False)
    smooth: bool = False

    @classmethod
    def of(cls, tumour: TumourInput) -> TumourSurface:
        """Return the surface of a mask that is not empty, or of a closed mesh."""
        if isinstance(tumour, Mask):
            return cls(smooth_mesh(tumour), smooth=True)
        # Small triangles make distances quick to find.
        return cls(refined(_outside_first(tumour, "tumour"), _LONGEST_EDGE_MM))

    @cached_property
    def distance(self) -> MeshDistance:
        """Distances to the surface; below 0 inside the tumour."""
        return MeshDistance(self.mesh, self.smooth)

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
    smooth : whether it was made from a mask
    sheet : the middle of the muscle, where it was outlined as a sheet
    """

    side: Side
    surface: TriangleMesh = field(repr=False)
    inner: TriangleMesh | None = field(repr=False)
    outer: TriangleMesh | None = field(repr=False)
    closed: bool
    smooth: bool = False
    sheet: TriangleMesh | None = field(default=None, repr=False)

    @classmethod
    def of(cls, levator: LevatorInput, side: Side, frame: PelvicFrame | None) -> LevatorSide:
        """Return the surfaces of an outlined levator.

        Of a closed surface the two faces are told apart by their outward normals: the inner one points
        medially and cranially more than laterally and caudally. The rim, which runs square to the sheet,
        belongs to neither. An open sheet is its own inner face.
        """
        if isinstance(levator, LevatorSurface):
            return cls._of_sheet(levator, side, frame)
        if isinstance(levator, Mask):
            surface = smooth_mesh(levator)
        else:
            surface = _outside_first(levator, "levator ani") if is_closed(levator) else levator
        smooth = isinstance(levator, Mask)
        closed = isinstance(levator, Mask) or is_closed(levator)
        if frame is None:
            return cls(side, surface, None, None, closed, smooth)
        towards = sideways(frame, side)
        if not closed:
            return cls(side, surface, _turned(surface, -towards), None, closed, sheet=surface)
        normals = face_normals(surface)
        across = _across_sheet(surface, normals)
        across *= np.where(across @ towards > 0, 1.0, -1.0)[:, None]
        facing = np.einsum("mx,mx->m", across, normals)
        inner, outer = facing < -_FACE_COSINE, facing > _FACE_COSINE
        if not (inner.any() and outer.any()):
            raise MeasurementError(
                f"the {side} levator ani has a face towards the pelvic cavity and one away from it",
                "the outlined shape has none",
                "outline it again",
            )
        return cls(side, surface, part_of(surface, inner), part_of(surface, outer), closed, smooth)

    @classmethod
    def _of_sheet(cls, sheet: LevatorSurface, side: Side, frame: PelvicFrame | None) -> LevatorSide:
        surface = _outside_first(shell_of_sheet(sheet), "levator ani")
        if frame is None:
            return cls(side, surface, None, None, True)
        faces = sheet.inner_mesh(), sheet.outer_mesh()
        towards = sideways(frame, side)
        apart = (faces[0].vertices_mm - faces[1].vertices_mm).mean(axis=0) @ towards
        inner, outer = faces if apart < 0 else faces[::-1]
        middle = TriangleMesh(sheet.points_mm.reshape(-1, 3), inner.triangles, sheet.frame_uid)
        return cls(side, surface, _turned(inner, -towards), _turned(outer, towards), True, sheet=middle)

    @cached_property
    def middle(self) -> TriangleMesh | None:
        """The middle of the muscle: the sheet, or halfway between the faces; None without a frame."""
        if self.sheet is not None or self.inner is None or self.outer_distance is None:
            return self.sheet
        feet = self.outer_distance.feet(self.inner.vertices_mm)
        halfway = TriangleMesh((self.inner.vertices_mm + feet.points_mm) / 2.0, self.inner.triangles)
        # Beside the rim nothing lies opposite.
        return part_of(halfway, np.logical_not(feet.on_border[self.inner.triangles].any(axis=1)))

    @cached_property
    def distance(self) -> MeshDistance:
        """Distances to `surface`, in triangles small enough that they are quick to find.

        A sheet from strokes that contradict one another has triangles of several centimetres.
        """
        return MeshDistance(refined(self.surface, _LONGEST_EDGE_MM), self.smooth)

    @cached_property
    def outer_distance(self) -> MeshDistance | None:
        """Distances to `outer`, where there is one."""
        if self.outer is None:
            return None
        return MeshDistance(refined(self.outer, _LONGEST_EDGE_MM), self.smooth)


def _across_sheet(mesh: TriangleMesh, normals: FloatArray) -> FloatArray:
    """Return (m, 3) the direction across the sheet at each triangle, without a sign.

    It is the direction that most of the surface nearby faces to or from: the two faces of a muscle outweigh
    its rim.
    """
    areas = triangle_areas_mm2(mesh)
    first, second = np.triu_indices(3)
    tensor = areas[:, None] * normals[:, first] * normals[:, second]
    triangles, count = mesh.triangles, len(mesh.vertices_mm)
    corner_of = sparse.csr_array(
        (np.ones(triangles.size), (triangles.ravel(), np.repeat(np.arange(len(triangles)), 3))),
        shape=(count, len(triangles)),
    )
    # Each round spreads a triangle's vote by about its own edge; faces and rim meet through the rim alone.
    edge = float(np.sqrt(2.0 * areas.mean()))
    for _ in range(max(2, round((_NEARBY_MM / edge) ** 2))):
        tensor = np.asarray(corner_of.T @ (corner_of @ tensor)) / 18.0
    full = np.zeros((len(triangles), 3, 3))
    full[:, first, second] = full[:, second, first] = tensor
    return np.asarray(np.linalg.eigh(full)[1][:, :, 2])


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
