"""The smooth surface that a voxel mask was sampled from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import cg
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes

from gist_imaging.anatomy.mesh_topology import enclosed_volume_mm3, triangle_areas_mm2, vertex_normals
from gist_imaging.anatomy.surface import FloatArray, TriangleMesh
from gist_imaging.errors import MaskError
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask

__all__ = ["smooth_mesh"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Waves of the surface shorter than this are taken for voxel steps. With 0.6 mm pixels the steps then average
# to about 0.1 mm, and a ball of 15 mm shrinks by 0.02 mm (4 / (R³ q⁴) with q = 2 pi over the wavelength).
_STEPS_BELOW_MM = 6.0

# Over this distance the steps between slices are one and the same step, not independent evidence.
_SAME_STEP_WITHIN_MM = 10.0

# Edge lengths of the mesh: half of the structure's thickness, within these.
_EDGE_MM = (0.8, 2.0)

# Each pass moves the vertices along the normals of the mesh before; the last one settles it.
_TOLERANCES = (1e-2, 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Grid edges with one end in the structure: where the surface crosses them, and how surely.

    Parameters
    ----------
    middles_mm : (n, 3) middle of the grid edge, along k, j, i in mm from the box's first voxel
    axis : (n,) 0, 1, 2 for k, j, i
    outward : (n,) +1 or -1; the direction along `axis` that leaves the structure
    """

    middles_mm: FloatArray = field(repr=False)
    axis: IntArray = field(repr=False)
    outward: FloatArray = field(repr=False)


def smooth_mesh(mask: Mask) -> TriangleMesh:
    """Return the closed surface in the patient that a mask was sampled from, to a fraction of a voxel.

    A voxel belongs to a mask when its centre lies in the structure, so the surface crosses every grid edge
    with one end inside; the crossings within slices are known to half a pixel, those between slices to half
    a slice gap. The mesh is the smoothest one (least squared mean curvature) that agrees with the crossings
    within slices, each weighted by its own uncertainty along the normal, and that stays between the slices
    where the mask ends. Squared mean curvature has no taste for small spheres, so nothing shrinks, and
    between slices and over the poles the surface goes on with the curvature that it has.

    The structure may lie at the edge of the image; the surface is then closed half a voxel beyond it.

    Parameters
    ----------
    mask : not empty

    Raises
    ------
    MaskError
        If the mask is empty.

    Notes
    -----
    A face that runs parallel to the slices over more than a few cm leaves no mark within slices; there the
    surface lies midway between the two slices and is known to half a slice gap only.
    """
    box = mask.bounding_box
    if box is None:
        raise MaskError(
            "a surface needs an outlined structure", f"the {mask.structure} mask is empty", "outline it first"
        )
    (k, j, i), (depth, height, width) = box
    spacing = np.asarray(mask.geometry.spacing_mm)
    inside = mask.voxels[k : k + depth, j : j + height, i : i + width]
    # Every stride of the first mesh must meet a voxel outside.
    pads = np.ceil(_EDGE_MM[1] / spacing).astype(np.int64) + 1
    inside = np.pad(inside, [(n, n) for n in pads.tolist()])
    steps = _steps(inside, spacing)
    mesh = _first_mesh(inside, spacing)
    for tolerance in _TOLERANCES:
        mesh = _fitted(mesh, steps, spacing, tolerance)
    return _in_patient(mesh, mask.geometry, np.array(box[0]) - pads)


def _in_patient(mesh: TriangleMesh, geometry: Geometry, first: IntArray) -> TriangleMesh:
    indices = mesh.vertices_mm / np.asarray(geometry.spacing_mm) + first
    moved = TriangleMesh(geometry.to_patient(indices), mesh.triangles, geometry.frame_uid)
    if enclosed_volume_mm3(moved) >= 0:
        return moved
    return TriangleMesh(moved.vertices_mm, moved.triangles[:, ::-1], geometry.frame_uid)


def _steps(inside: BoolArray, spacing: FloatArray) -> _Steps:
    middles, axes, outward = [], [], []
    for axis in range(3):
        change = np.diff(inside.astype(np.int8), axis=axis)
        at = np.argwhere(change)
        middle = at.astype(np.float64)
        middle[:, axis] += 0.5
        middles.append(middle * spacing)
        axes.append(np.full(len(at), axis))
        outward.append(-change[tuple(at.T)].astype(np.float64))
    return _Steps(np.concatenate(middles), np.concatenate(axes), np.concatenate(outward))


def _first_mesh(inside: BoolArray, spacing: FloatArray) -> TriangleMesh:
    """Return a mesh of even triangles near the surface, of the mask's topology."""
    edge = float(np.clip(_thickness_mm(inside, spacing) / 2.0, *_EDGE_MM))
    strides = np.maximum(np.round(edge / spacing), 1).astype(np.int64)
    parts = np.maximum(np.round(spacing / edge), 1).astype(np.int64)
    fine = _signed_distance(inside, spacing)[tuple(slice(None, None, stride) for stride in strides.tolist())]
    for axis in range(3):
        if parts[axis] > 1:
            fine = _between(fine, axis, int(parts[axis]))
    steps = spacing * strides / parts
    # Vertices that nearly meet a grid point would make slivers; where exactly they lie does not matter yet.
    least = 0.2 * float(steps.min())
    fine = np.where(np.abs(fine) < least, np.where(fine > 0, least, -least), fine)
    vertices, triangles, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        fine, 0.0, spacing=tuple(steps.tolist())
    )
    mesh = TriangleMesh(vertices.astype(np.float64), triangles.astype(np.int64))
    if enclosed_volume_mm3(mesh) < 0:
        mesh = TriangleMesh(mesh.vertices_mm, mesh.triangles[:, ::-1])
    return mesh


def _thickness_mm(inside: BoolArray, spacing: FloatArray) -> float:
    """Return twice the volume over the surface: the thickness of a sheet, two thirds of a ball's radius."""
    faces = [int(np.count_nonzero(np.diff(inside, axis=axis))) for axis in range(3)]
    # Steps have 1.5 times the area of the surface that they follow, on average over its directions.
    surface = float(sum(count / spacing[axis] for axis, count in enumerate(faces))) / 1.5
    return 2.0 * int(np.count_nonzero(inside)) / surface


def _signed_distance(inside: BoolArray, spacing: FloatArray) -> FloatArray:
    """Return the distance to the nearest voxel of the other kind, above 0 inside."""
    import SimpleITK as sitk  # noqa: N813 - its own documentation's name

    away = []
    for held in (inside, ~inside):
        image = sitk.GetImageFromArray(held.astype(np.uint8))
        image.SetSpacing(spacing[::-1].tolist())  # type: ignore[no-untyped-call]
        distance = sitk.SignedMaurerDistanceMap(  # type: ignore[no-untyped-call]
            image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
        away.append(sitk.GetArrayFromImage(distance))
    return np.where(inside, away[1], -away[0]).astype(np.float64)


def _between(values: FloatArray, axis: int, parts: int) -> FloatArray:
    """Return values with `parts` - 1 linearly interpolated ones between each pair along an axis."""
    count = (values.shape[axis] - 1) * parts + 1
    at = np.arange(count)
    low = np.minimum(at // parts, values.shape[axis] - 2)
    share = (at - low * parts) / parts
    share = share.reshape([-1 if a == axis else 1 for a in range(3)])
    return np.asarray(
        np.take(values, low, axis=axis) * (1.0 - share) + np.take(values, low + 1, axis=axis) * share
    )


def _fitted(mesh: TriangleMesh, steps: _Steps, spacing: FloatArray, tolerance: float) -> TriangleMesh:
    """Return the mesh with every vertex moved along its normal to fit the steps smoothly."""
    normals = vertex_normals(mesh)
    vertex = cKDTree(mesh.vertices_mm).query(steps.middles_mm)[1]
    leaving = steps.outward * normals[vertex, steps.axis]
    offset = np.einsum("nx,nx->n", steps.middles_mm - mesh.vertices_mm[vertex], normals[vertex])
    # The crossing lies anywhere on its grid edge (variance of an even spread: length squared / 12); 0.05 mm
    # stands for the distance between a vertex and the crossing beside it.
    length = spacing[steps.axis]
    weight = 1.0 / ((length * leaving) ** 2 / 12.0 + 0.05**2)
    coarse = length > 2.0 * spacing.min()
    in_slice = spacing.min() ** 2
    weight[coarse] *= in_slice / _SAME_STEP_WITHIN_MM**2
    weight[leaving < -0.2] = 0.0
    count = len(mesh.vertices_mm)
    held = np.bincount(vertex, weight, count)
    pulled = np.bincount(vertex, weight * offset, count)
    bending, area = _bending(mesh)
    stiffness = weight[~coarse].sum() / area * (_STEPS_BELOW_MM / (2.0 * np.pi)) ** 4
    rows = np.repeat(np.arange(count), np.diff(bending.indptr))
    along = np.einsum("nx,nx->n", normals[rows], normals[bending.indices])
    entries = stiffness * bending.data * along
    entries[rows == bending.indices] += held
    target = pulled - stiffness * np.einsum("nx,nx->n", normals, bending @ mesh.vertices_mm)
    # Scaled to a diagonal of ones, which is all the preconditioning that is needed.
    scale = 1.0 / np.sqrt(entries[rows == bending.indices])
    entries *= scale[rows] * scale[bending.indices]
    matrix = sparse.csr_array((entries, bending.indices, bending.indptr), bending.shape)
    moved = scale * cg(matrix, scale * target, rtol=tolerance, maxiter=300)[0]
    return TriangleMesh(mesh.vertices_mm + moved[:, None] * normals, mesh.triangles)


def _bending(mesh: TriangleMesh) -> tuple[sparse.csr_array, float]:
    """Return the matrix of squared mean curvature (cotangent Laplacian squared over areas) and the area."""
    a, b, c = np.moveaxis(mesh.triangles, 1, 0)
    corners = mesh.vertices_mm[mesh.triangles]
    areas = triangle_areas_mm2(mesh)
    rows, columns, values = [], [], []
    for corner, (p, q) in enumerate(((b, c), (c, a), (a, b))):
        to_p = mesh.vertices_mm[p] - corners[:, corner]
        to_q = mesh.vertices_mm[q] - corners[:, corner]
        # Slivers have no curvature of their own: their cotangents are held within bounds.
        cotangent = np.clip(np.einsum("mx,mx->m", to_p, to_q) / np.maximum(2.0 * areas, 1e-9), 0.05, 5.0)
        rows += [p, q]
        columns += [q, p]
        values += [cotangent / 2.0] * 2
    count = len(mesh.vertices_mm)
    off = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count)
    )
    laplacian = off - sparse.diags_array(off.sum(axis=1))
    share = np.bincount(mesh.triangles.ravel(), np.repeat(areas / 3.0, 3), count)
    share = np.maximum(share, 0.05 * np.median(share))
    bending = (laplacian @ sparse.diags_array(1.0 / share) @ laplacian).tocsr()
    bending.sort_indices()
    return bending, float(areas.sum())
