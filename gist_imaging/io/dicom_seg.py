"""DICOM Segmentations placed by geometry: every frame lies where its position and orientation say.

Frame order, frame numbers and omitted empty frames play no part. A frame must fall on voxel centres of the
grid: within 0.05 mm in the plane, and within max(0.05 mm, 2 % of the gap) across slices, the tolerance that
the geometry gate has for the image itself. It may be flipped or transposed against the grid.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError, MaskError
from gist_imaging.io.dicom_mask import read_dicom_mask
from gist_imaging.io.limits import Limits
from gist_imaging.io.seg_document import SegDocument, SegFrame, Segment
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.difference import POSITION_WITHIN_MM, in_one_frame
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["read_seg", "seg_geometry", "segment_mask"]

# The gate's tolerance for slice positions, as a part of the gap.
_POSITION_WITHIN_GAP = 0.02
# Frames of one grid state equal orientations and spacings up to the rounding of decimal strings.
_EQUAL_WITHIN = 1e-5
_TILTED_BEYOND_DEG = 0.1


def read_seg(path: str | Path) -> SegDocument:
    """Return the DICOM Segmentation at `path`: BINARY, FRACTIONAL or LABELMAP.

    Raises
    ------
    IntakeError
        If the file is refused; UNSUPPORTED_TRANSFER_SYNTAX for compressed frames of one bit.
    MaskError
        If it is no Segmentation, or lies on a microscope slide.
    """
    path = Path(path)
    document = read_dicom_mask(path)
    if not isinstance(document, SegDocument):
        raise MaskError(
            f"{path.name}: a DICOM Segmentation", "it is an RT Structure Set", "read it with read_rtstruct"
        )
    return document


def segment_mask(
    document: SegDocument,
    like: Volume | Geometry,
    *,
    number: int | None = None,
    label: str | None = None,
    tracking_uid: str | None = None,
) -> Mask:
    """Return one segment on the grid of `like`.

    Parameters
    ----------
    number, label, tracking_uid : which segment; may be left out when there is only one

    Raises
    ------
    MaskError
        If no or several segments fit, the frame of reference is another, a frame does not fall on the
        grid's voxels, or a voxel of the structure lies outside the grid.
    """
    segment = document.segment(number=number, label=label, tracking_uid=tracking_uid)
    geometry = like.geometry if isinstance(like, Volume) else like
    if not in_one_frame(document.frame_uid, geometry.frame_uid):
        raise MaskError(
            f"{document.name}: a segmentation in the image's frame of reference",
            "it lies in another frame of reference",
            "give the image that it was drawn on",
        )
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    n_outside = 0
    for frame in document.frames_of(segment.number):
        inside = np.argwhere(document.voxels_of(frame, segment.number))
        origin, steps = _lattice_steps(document, document.frames[frame], geometry)
        indices = origin + inside @ steps
        is_within = ((indices >= 0) & (indices < geometry.shape)).all(axis=1)
        n_outside += int((~is_within).sum())
        voxels[tuple(indices[is_within].T)] = True
    if n_outside:
        raise MaskError(
            f"{document.name}: a structure inside the image",
            f"{n_outside} of its voxels lie outside",
            "give the image that it was drawn on, whole",
        )
    return Mask(voxels, geometry, provenance=_provenance(document, segment))


def seg_geometry(document: SegDocument) -> Geometry:
    """Return the grid that the frames themselves span, so that a segment can be measured without its image.

    Slices are as far apart as Spacing Between Slices says; where it does not say, as the smallest gap
    between frames. Every gap must be a whole number of these (empty frames may be left out).

    Raises
    ------
    GeometryError
        If the frames are no even stack of one plane, or there is one slice without a spacing.
    """
    if not document.frames:
        raise GeometryError(f"{document.name}: a segmentation has frames", "it has none", "give its image")
    first = document.frames[0]
    positions = np.array([frame.position_mm for frame in document.frames])
    planes = np.array([(*frame.orientation, *frame.pixel_spacing_mm) for frame in document.frames])
    column, row = np.array(first.orientation).reshape(2, 3)
    normal = np.cross(column, row)
    along = positions @ normal
    drift = np.linalg.norm(positions - positions[0] - np.outer(along - along[0], normal), axis=1)
    if not np.allclose(planes, planes[0], atol=_EQUAL_WITHIN) or drift.max() > POSITION_WITHIN_MM:
        raise GeometryError(
            f"{document.name}: frames of one upright stack",
            "they differ in orientation or pixel spacing, or drift sideways",
            "give the image that it was drawn on",
        )
    gap = _gap_mm(document, along)
    n_slices = round((along.max() - along.min()) / gap) + 1
    if n_slices * document.rows * document.columns > Limits().decoded_bytes_at_most:
        raise GeometryError(
            f"{document.name}: slices of one organ",
            f"they would span {n_slices} slices",
            "give the image that it was drawn on",
        )
    return Geometry.from_spacing(
        (n_slices, document.rows, document.columns),
        (gap, *first.pixel_spacing_mm),
        _triple(positions[along.argmin()]),
        np.column_stack([normal / np.linalg.norm(normal), row, column]),
        document.frame_uid,
    )


def _gap_mm(document: SegDocument, along: npt.NDArray[np.float64]) -> float:
    gaps = np.diff(np.sort(along))
    gaps = gaps[gaps > POSITION_WITHIN_MM]
    gap = document.spacing_between_slices_mm or (float(gaps.min()) if gaps.size else None)
    if gap is None:
        raise GeometryError(
            f"{document.name}: the spacing of its slices",
            "one slice without Spacing Between Slices",
            "give the image that it was drawn on",
        )
    off_mm = np.abs(gaps - np.rint(gaps / gap) * gap)
    if gaps.size and off_mm.max() > max(POSITION_WITHIN_MM, _POSITION_WITHIN_GAP * gap):
        raise GeometryError(
            f"{document.name}: slices a whole number of {gap:g} mm apart",
            f"found gaps from {gaps.min():g} to {gaps.max():g} mm",
            "give the image that it was drawn on",
        )
    return gap


def _lattice_steps(
    document: SegDocument, frame: SegFrame, grid: Geometry
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the voxel of the frame's first pixel, and the (2, 3) steps for one row and one column.

    Raises
    ------
    MaskError
        If pixels do not fall on voxel centres.
    """
    column, row = np.array(frame.orientation).reshape(2, 3)
    between_rows, between_columns = frame.pixel_spacing_mm
    edges_mm = np.array([row * between_rows, column * between_columns])
    corners = np.array([(r, c) for r in (0, document.rows - 1) for c in (0, document.columns - 1)])
    found = grid.to_index(np.asarray(frame.position_mm) + corners @ edges_mm)
    steps = np.rint(edges_mm @ np.linalg.inv(grid.affine[:3, :3]).T)
    origin = np.rint(found[0])
    spacing = np.asarray(grid.spacing_mm)
    off_mm = np.abs(found - (origin + corners @ steps)).max(axis=0) * spacing
    allowed_mm = np.full(3, POSITION_WITHIN_MM)
    allowed_mm[0] = max(POSITION_WITHIN_MM, _POSITION_WITHIN_GAP * spacing[0])
    is_lattice = np.array_equal(np.abs(steps).sum(axis=1), (1, 1)) and np.abs(steps).sum(axis=0).max() == 1
    if not (is_lattice and (off_mm <= allowed_mm).all()):
        raise MaskError(
            f"{document.name}: frames on the slices and pixels of the image",
            _mismatch(document, frame, grid, off_mm),
            "give the image that it was drawn on, or ask for resampling",
        )
    return origin.astype(np.intp), steps.astype(np.intp)


def _mismatch(document: SegDocument, frame: SegFrame, grid: Geometry, off_mm: npt.NDArray[np.float64]) -> str:
    column, row = np.array(frame.orientation).reshape(2, 3)
    normal = np.cross(column, row)
    tilt_deg = np.degrees(
        np.arctan2(np.linalg.norm(np.cross(normal, grid.axes[:, 0])), abs(normal @ grid.axes[:, 0]))
    )
    pixels = np.array(frame.pixel_spacing_mm)
    if tilt_deg > _TILTED_BEYOND_DEG:
        return f"their planes are turned by {tilt_deg:.1f} degrees against the slices"
    if not np.allclose(np.sort(pixels), np.sort(grid.spacing_mm[1:]), rtol=1e-4):
        return (
            f"their pixels are {pixels[0]:.4g} x {pixels[1]:.4g} mm against "
            f"{grid.spacing_mm[1]:.4g} x {grid.spacing_mm[2]:.4g} mm"
        )
    return (
        f"a frame of {document.rows} x {document.columns} pixels lies {off_mm[0]:.2f} mm off the slices and "
        f"{max(off_mm[1], off_mm[2]):.2f} mm off the pixels"
    )


def _triple(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return (x, y, z)


def _provenance(document: SegDocument, segment: Segment) -> Provenance:
    return Provenance(
        "file:dicom_seg",
        {
            "label": segment.number,
            "kind": str(document.kind),
            "tracking_uid": segment.tracking_uid or None,
            "resampled": False,
        },
        (document.sop_uid,),
    )
