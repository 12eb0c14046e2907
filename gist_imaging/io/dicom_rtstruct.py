"""DICOM RT structures as masks: a voxel belongs to the structure when its centre lies inside the contours.

Each closed planar contour counts on the slice whose plane contains it: all its points within 0.05 mm, or
2 % of the slice gap where that is more. Within a slice contours combine by the even-odd rule, so that a
contour inside another is a hole, and a keyhole (one outline that runs in and out along the same line)
is one too. A centre exactly on an outline belongs to the structure on its lower row and column side only.
Contours between slices, off the image, open ones and points are refused, with their number; so is a
structure drawn on every second slice only, whose voxels would be half of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import MaskError
from gist_imaging.io.dicom_mask import read_dicom_mask
from gist_imaging.io.rtstruct_document import RtStructDocument, Structure
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.difference import POSITION_WITHIN_MM, in_one_frame
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["read_rtstruct", "structure_mask"]

# The gate's tolerance for slice positions, as a part of the gap.
_POSITION_WITHIN_GAP = 0.02
# Two pieces may lie slices apart; three or more contours without one neighbour were drawn sparsely.
_SKIPPING_FROM = 2
# Bounds the memory of a scan through an outline of very many points.
_EDGES_AT_ONCE = 4096
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


def read_rtstruct(path: str | Path) -> RtStructDocument:
    """Return the structures of the RT Structure Set at `path`, with their contours in mm (LPS).

    Raises
    ------
    IntakeError
        If the file is refused.
    MaskError
        If it is no RT Structure Set.
    """
    path = Path(path)
    document = read_dicom_mask(path)
    if not isinstance(document, RtStructDocument):
        raise MaskError(
            f"{path.name}: a DICOM RT Structure Set", "it is a Segmentation", "read it with read_seg"
        )
    return document


def structure_mask(
    document: RtStructDocument,
    like: Volume | Geometry,
    *,
    number: int | None = None,
    name: str | None = None,
) -> Mask:
    """Return one structure on the grid of `like`; a structure without contours is an empty mask.

    Parameters
    ----------
    number, name : which structure; may be left out when there is only one

    Raises
    ------
    MaskError
        If no or several structures fit, the frame of reference is another, or a contour is open, lies
        between the slices or outside the image; the message says how many.
    """
    structure = document.structure(number=number, name=name)
    geometry = like.geometry if isinstance(like, Volume) else like
    title = f"{document.name}, ROI {structure.number}"
    if not in_one_frame(structure.frame_uid, geometry.frame_uid):
        raise MaskError(
            f"{title}: a structure in the image's frame of reference",
            "it lies in another frame of reference",
            "give the image that it was drawn on",
        )
    outlines = _placed(structure, geometry, title)
    _check_no_slices_skipped([slice_index for slice_index, _ in outlines], title)
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    for slice_index, outline in outlines:
        voxels[slice_index] ^= _inside(outline, geometry.shape[1:])
    provenance = Provenance(
        "file:rtstruct",
        {"label": structure.number, "resampled": False},
        (document.sop_uid,),
    )
    return Mask(voxels, geometry, provenance=provenance)


def _placed(
    structure: Structure, geometry: Geometry, title: str
) -> list[tuple[int, npt.NDArray[np.float64]]]:
    """Return for each contour its slice and its points as (row, column) indices, (n, 2)."""
    gap = geometry.spacing_mm[0]
    allowed = max(POSITION_WITHIN_MM, _POSITION_WITHIN_GAP * gap) / gap
    # An outline may run along the outer rim of the outermost voxels.
    rim = 0.5 + POSITION_WITHIN_MM / np.asarray(geometry.spacing_mm)
    outlines: list[tuple[int, npt.NDArray[np.float64]]] = []
    n_open = n_between = n_outside = 0
    farthest_mm = 0.0
    for contour in structure.contours:
        indices = geometry.to_index(contour.points_mm)
        slice_index = float(np.rint(np.median(indices[:, 0])))
        off_slice = float(np.abs(indices[:, 0] - slice_index).max())
        if contour.geometric_type not in _CLOSED or len(contour.points_mm) < 3:
            n_open += 1
        elif not ((indices >= -rim) & (indices <= np.asarray(geometry.shape) - 1 + rim)).all():
            n_outside += 1
        elif off_slice > allowed:
            n_between += 1
            farthest_mm = max(farthest_mm, off_slice * gap)
        else:
            outlines.append((int(slice_index), indices[:, 1:]))
    found = [
        f"{count} {what}"
        for count, what in (
            (n_open, "are open or points"),
            (n_outside, "lie outside the image"),
            (n_between, f"lie between its slices (up to {farthest_mm:.2f} mm away)"),
        )
        if count
    ]
    if found:
        raise MaskError(
            f"{title}: closed contours on the slices of the image",
            f"of {len(structure.contours)} contours {', '.join(found)}",
            "give the whole image that it was drawn on",
        )
    return outlines


def _check_no_slices_skipped(slices: list[int], title: str) -> None:
    steps = np.diff(np.unique(slices))
    if steps.size >= _SKIPPING_FROM and steps.min() > 1:
        raise MaskError(
            f"{title}: contours on neighbouring slices",
            "none of their slices is next to another",
            "fill in the contours between in the program that drew them",
        )


def _inside(outline: npt.NDArray[np.float64], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return (rows, columns) whether the centre of each pixel lies inside a polygon, by the even-odd rule.

    Scan lines through the pixel centres: a centre is inside when an odd number of edges cross its row at
    or before its column.
    """
    n_rows, n_columns = shape
    following = np.roll(outline, -1, axis=0)
    flips = np.zeros((n_rows, n_columns + 1), dtype=np.int64)
    for first in range(0, len(outline), _EDGES_AT_ONCE):
        edges = slice(first, first + _EDGES_AT_ONCE)
        (row, column), (next_row, next_column) = outline[edges].T, following[edges].T
        lowest = max(0.0, np.ceil(min(row.min(), next_row.min())))
        highest = min(n_rows - 1.0, np.floor(max(row.max(), next_row.max())))
        centres = np.arange(lowest, highest + 1)[:, np.newaxis]
        line, edge = np.nonzero((row <= centres) != (next_row <= centres))
        centre = centres[line, 0]
        part = (centre - row[edge]) / (next_row[edge] - row[edge])
        crossing = column[edge] + part * (next_column[edge] - column[edge])
        begins = np.clip(np.ceil(crossing), 0, n_columns).astype(np.intp)
        np.add.at(flips, (centre.astype(np.intp), begins), 1)
    return np.asarray(np.cumsum(flips, axis=1)[:, :-1] % 2 == 1)
