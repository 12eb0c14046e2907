"""The two calls that most scripts need: an image, and the mask that lies on it, whatever their format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gist_imaging.errors import GistImagingError, MaskError
from gist_imaging.io.content import Content, content_of, given_path
from gist_imaging.io.dicom_mask import read_dicom_mask
from gist_imaging.io.dicom_rtstruct import structure_mask
from gist_imaging.io.dicom_seg import seg_geometry, segment_mask
from gist_imaging.io.labels import LabelImage, choose_label
from gist_imaging.io.nifti import read_nifti_labels, read_nifti_volume
from gist_imaging.io.nrrd import read_nrrd_labels, read_nrrd_volume
from gist_imaging.io.regular_file import open_regular
from gist_imaging.io.rtstruct_document import RtStructDocument
from gist_imaging.io.seg_document import SegDocument
from gist_imaging.io.series_choice import read_dicom_volume
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.difference import POSITION_WITHIN_MM, how_grids_differ, in_one_frame
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.resample import reorient_mask, resample_mask
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["read_mask", "read_volume"]

_HASHED_AT_ONCE = 1024 * 1024


def read_volume(
    path: str | Path,
    *,
    series_uid: str | None = None,
    split: Mapping[str, str | float] | None = None,
    quantity: Quantity | str | None = None,
    override_reason: str | None = None,
) -> Volume:
    """Return the image at `path`: NIfTI, NRRD, or DICOM as a file, a folder or a zip.

    Parameters
    ----------
    path : what it holds is told by its content, not by its name
    series_uid, split : which DICOM series, where there are several; `split` such as {"b_value": 50}
    quantity : what the values mean, stated by you where the format does not say ("HU")
    override_reason : why a DICOM series may be measured in spite of the geometry gate's errors

    Raises
    ------
    GistImagingError
        If no series or several can be measured; the message lists them.
    SeriesError
        If the only series is refused by the geometry gate, or holds no image.
    IntakeError
        If the file is refused.
    """
    path = given_path(path)
    stated = None if quantity is None else _quantity(quantity)
    content = content_of(path)
    if content is Content.NIFTI:
        volume = read_nifti_volume(path)
    elif content is Content.NRRD:
        volume = read_nrrd_volume(path)
    else:
        volume = read_dicom_volume(path, series_uid, split or {}, override_reason)
    return volume if stated is None else volume.stating(stated)


def read_mask(
    path: str | Path,
    *,
    like: Volume | Geometry | None = None,
    label: int | str | None = None,
    resample: bool = False,
    structure: str = "tumour",
    lesion_id: str | None = None,
) -> Mask:
    """Return the mask at `path`, on the grid of `like`: NIfTI, NRRD, DICOM SEG or RTSTRUCT.

    A mask lies where its file says. Voxel centres that coincide with the image's are taken over exactly,
    also when the file stores them in another order of axes; anything else is refused, or resampled when
    asked. A file whose voxels are all 0 is the empty mask.

    Parameters
    ----------
    like : the image that it was drawn on; None keeps the file's own grid (an RTSTRUCT has none)
    label : which structure: label value, segment number or ROI number; or its name or tracking UID.
        May be left out when there is only one
    resample : put a mask of another grid, in the same frame of reference, on the image's grid
        (linear in the occupancy, 0.5 and more is inside)
    structure, lesion_id : what it outlines

    Raises
    ------
    MaskError
        If it does not lie on its image, or several structures or none fit the label.
    IntakeError
        If the file is refused.
    """
    path = given_path(path)
    grid = like.geometry if isinstance(like, Volume) else like
    content = content_of(path)
    if content is Content.FOLDER:
        path = _only_file(path)
        content = content_of(path)
    if content in (Content.ZIP, Content.FOLDER):
        raise MaskError(f"{path.name}: a mask file", f"found a {content}", "unpack it and give the file")
    if content is Content.DICOM:
        document = read_dicom_mask(path)
        if isinstance(document, SegDocument):
            mask = _from_seg(document, grid, label, resample)
        else:
            mask = _from_rtstruct(document, grid, label)
    else:
        image = read_nifti_labels(path) if content is Content.NIFTI else read_nrrd_labels(path)
        mask = _from_labels(image, path, content, grid, label, resample)
    return replace(mask, structure=structure, lesion_id=lesion_id)


def _quantity(quantity: Quantity | str) -> Quantity:
    try:
        return Quantity(quantity)
    except ValueError:
        known = ", ".join(Quantity)
        raise GistImagingError(f"a quantity is one of {known}", "found another", "choose one") from None


def _from_labels(
    image: LabelImage,
    path: Path,
    content: Content,
    grid: Geometry | None,
    label: int | str | None,
    resample: bool,
) -> Mask:
    voxels, chosen = choose_label(image, label, path.name)
    provenance = Provenance(
        f"file:{content}", {"label": chosen, "resampled": False}, (f"sha256:{_file_sha256(path)}",)
    )
    mask = Mask(voxels, image.geometry, provenance=provenance)
    return mask if grid is None else _on_grid(mask, grid, resample, path.name)


def _from_seg(document: SegDocument, grid: Geometry | None, label: int | str | None, resample: bool) -> Mask:
    number = _segment_number(document, label)
    if grid is None:
        return segment_mask(document, seg_geometry(document), number=number)
    try:
        return segment_mask(document, grid, number=number)
    except MaskError:
        if not (resample and in_one_frame(document.frame_uid, grid.frame_uid)):
            raise
    own = segment_mask(document, seg_geometry(document), number=number)
    return _on_grid(own, grid, resample, document.name)


def _segment_number(document: SegDocument, label: int | str | None) -> int:
    """Return the number of the segment of that number, label or tracking UID."""
    if not isinstance(label, str):
        return document.segment(number=label).number
    if any(segment.tracking_uid == label for segment in document.segments):
        return document.segment(tracking_uid=label).number
    if label.isdecimal() and not any(segment.label == label for segment in document.segments):
        return document.segment(number=int(label)).number
    return document.segment(label=label).number


def _from_rtstruct(document: RtStructDocument, grid: Geometry | None, label: int | str | None) -> Mask:
    if grid is None:
        raise MaskError(
            f"{document.name}: contours need a grid",
            "no image was given",
            "give the image that they were drawn on",
        )
    if not isinstance(label, str):
        return structure_mask(document, grid, number=label)
    if label.isdecimal() and not any(structure.name == label for structure in document.structures):
        return structure_mask(document, grid, number=int(label))
    return structure_mask(document, grid, name=label)


def _on_grid(mask: Mask, grid: Geometry, resample: bool, name: str) -> Mask:
    if mask.geometry.matches(grid, POSITION_WITHIN_MM):
        return replace(mask, geometry=grid)
    reoriented = reorient_mask(mask, grid)
    if reoriented is not None:
        return reoriented
    if resample and in_one_frame(mask.geometry.frame_uid, grid.frame_uid):
        parameters = {**mask.provenance.parameters, "resampled": True}
        try:
            resampled = resample_mask(mask, grid)
        except MaskError as error:
            raise MaskError(f"{name}: {error.expected}", error.found, error.advice) from error
        return replace(resampled, provenance=replace(mask.provenance, parameters=parameters))
    raise MaskError(
        f"{name}: a mask on the grid of its image",
        how_grids_differ(mask.geometry, grid) or "it lies elsewhere",
        "give the image that it was drawn on, or ask for resampling",
    )


def _only_file(folder: Path) -> Path:
    files = [entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith(".")]
    if len(files) != 1:
        raise MaskError(
            f"{folder.name}: a mask file",
            f"found a folder of {len(files)} files",
            "give the one file of the mask",
        )
    return files[0]


def _file_sha256(path: Path) -> str:
    stream, _ = open_regular(str(path), path.name)
    with stream:
        digest = hashlib.sha256()
        while part := stream.read(_HASHED_AT_ONCE):
            digest.update(part)
    return digest.hexdigest()
