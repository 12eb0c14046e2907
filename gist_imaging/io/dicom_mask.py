"""DICOM objects that hold masks: a Segmentation or an RT Structure Set, told apart by what they say."""

from __future__ import annotations

from pathlib import Path

from gist_imaging.errors import MaskError
from gist_imaging.io.rtstruct_document import RtStructDocument
from gist_imaging.io.seg_document import SegDocument
from gist_imaging.io.worker import shared_worker

__all__ = ["decode_dicom_mask", "read_dicom_mask"]

# A structure set of a whole body holds a million numbers as text.
_CALL_SECONDS = 120.0


def read_dicom_mask(path: Path) -> SegDocument | RtStructDocument:
    """Return the Segmentation or RT Structure Set at `path`.

    Raises
    ------
    IntakeError
        If the file is refused.
    MaskError
        If it is an image, a report or something else.
    """
    document: SegDocument | RtStructDocument = shared_worker().call(
        "gist_imaging.io.dicom_mask:decode_dicom_mask", str(path), timeout_s=_CALL_SECONDS, file=path.name
    )
    return document


def decode_dicom_mask(path: str) -> SegDocument | RtStructDocument:
    """Return what the file holds; runs in the decoding process, which alone loads pydicom."""
    from gist_imaging.io.dicom_header import open_dataset
    from gist_imaging.io.element_values import element_text
    from gist_imaging.io.rtstruct_decode import rtstruct_of
    from gist_imaging.io.seg_decode import seg_of

    name = Path(path).name
    dataset = open_dataset(Path(path), name=name)
    modality = element_text(dataset, "Modality")
    if modality == "SEG":
        return seg_of(dataset, name)
    if modality == "RTSTRUCT":
        return rtstruct_of(dataset, name)
    raise MaskError(
        f"{name}: a mask (DICOM SEG or RTSTRUCT)",
        f"found modality {modality if modality.isalnum() else 'unknown'}",
        "give the mask here and the image as the image",
    )
