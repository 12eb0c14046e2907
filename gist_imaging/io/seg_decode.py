"""DICOM Segmentation datasets into SegDocuments; runs in the decoding process."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from gist_imaging.errors import GistImagingError, IntakeError, MaskError
from gist_imaging.io.element_values import BadNumber, element_numbers, element_text, first_number, value_at
from gist_imaging.io.limits import Limits
from gist_imaging.io.plane_facts import orientation_fault
from gist_imaging.io.seg_document import SegDocument, SegFrame, SegKind, Segment
from gist_imaging.io.transfer_syntax import BIG_ENDIAN, DEFLATED, UNCOMPRESSED
from gist_imaging.problems import Code, Problem

__all__ = ["seg_of"]

_NOTHING = Dataset()


def seg_of(dataset: Dataset, name: str) -> SegDocument:
    """Return what a Segmentation holds.

    Raises
    ------
    IntakeError
        With the frozen code of the refusal.
    MaskError
        If it lies on a microscope slide.
    """
    stated = element_text(dataset, "SegmentationType")
    if stated not in set(SegKind):
        raise _refused(Code.BAD_VALUE, "Segmentation Type should be BINARY, FRACTIONAL or LABELMAP", name)
    kind = SegKind(stated)
    frames, between = _frames(dataset, kind, name)
    rows, columns = _whole(dataset, "Rows", name), _whole(dataset, "Columns", name)
    return SegDocument(
        name=name,
        sop_uid=element_text(dataset, "SOPInstanceUID"),
        series_uid=element_text(dataset, "SeriesInstanceUID"),
        frame_uid=element_text(dataset, "FrameOfReferenceUID") or None,
        kind=kind,
        segments=_segments(dataset, kind, name),
        frames=frames,
        rows=rows,
        columns=columns,
        stored=_stored(dataset, kind, (len(frames), rows, columns), name),
        maximum_fractional_value=(
            _whole(dataset, "MaximumFractionalValue", name) if kind is SegKind.FRACTIONAL else 1
        ),
        spacing_between_slices_mm=between,
    )


def _segments(dataset: Dataset, kind: SegKind, name: str) -> tuple[Segment, ...]:
    segments = tuple(
        Segment(
            number=_whole(item, "SegmentNumber", name),
            label=element_text(item, "SegmentLabel"),
            category=_code(item, "SegmentedPropertyCategoryCodeSequence"),
            kind=_code(item, "SegmentedPropertyTypeCodeSequence"),
            tracking_uid=element_text(item, "TrackingUID"),
            tracking_identifier=element_text(item, "TrackingID"),
            algorithm_type=element_text(item, "SegmentAlgorithmType"),
        )
        for item in value_at(dataset, "SegmentSequence") or ()
    )
    if kind is SegKind.LABELMAP:
        return tuple(segment for segment in segments if segment.number != 0)
    return segments


def _code(item: Dataset, keyword: str) -> tuple[str, str, str] | None:
    codes = value_at(item, keyword)
    if not codes:
        return None
    words = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
    value, scheme, meaning = (element_text(codes[0], word) for word in words)
    return value, scheme, meaning


def _frames(dataset: Dataset, kind: SegKind, name: str) -> tuple[tuple[SegFrame, ...], float | None]:
    """Return where every frame lies, and the spacing between slices where all frames state one."""
    n_frames = _whole(dataset, "NumberOfFrames", name) if "NumberOfFrames" in dataset else 1
    shared = value_at(dataset, "SharedFunctionalGroupsSequence")
    each = list(value_at(dataset, "PerFrameFunctionalGroupsSequence") or ())
    if len(each) != n_frames:
        raise _refused(
            Code.BAD_VALUE, f"{n_frames} frames should have as many positions, found {len(each)}", name
        )
    common = shared[0] if shared else _NOTHING
    if "ImageOrientationSlide" in dataset or any("PlanePositionSlideSequence" in frame for frame in each):
        raise MaskError(
            f"{name}: a segmentation in patient coordinates",
            "this one lies on a microscope slide (slide coordinates)",
            "give a segmentation of CT or MR",
        )
    between = {
        first_number(_group(frame, common, "PixelMeasuresSequence"), "SpacingBetweenSlices") for frame in each
    }
    stated = abs(between.pop() or 0.0) if len(between) == 1 else 0.0
    return tuple(_frame(frame, common, kind, name) for frame in each), stated or None


def _group(frame: Dataset, shared: Dataset, keyword: str) -> Dataset:
    """Return a functional group: the frame's own, else the shared one (PS3.3 C.7.6.16)."""
    for holder in (frame, shared):
        items = value_at(holder, keyword)
        if items:
            item: Dataset = items[0]
            return item
    return _NOTHING


def _frame(frame: Dataset, shared: Dataset, kind: SegKind, name: str) -> SegFrame:
    identification = _group(frame, shared, "SegmentIdentificationSequence")
    segment = None if kind is SegKind.LABELMAP else _whole(identification, "ReferencedSegmentNumber", name)
    position = _numbers(_group(frame, shared, "PlanePositionSequence"), "ImagePositionPatient", 3, name)
    orientation = _numbers(
        _group(frame, shared, "PlaneOrientationSequence"), "ImageOrientationPatient", 6, name
    )
    spacing = _numbers(_group(frame, shared, "PixelMeasuresSequence"), "PixelSpacing", 2, name)
    if not min(spacing) > 0:
        raise _refused(Code.BAD_VALUE, "Pixel Spacing should be above 0", name)
    fault = orientation_fault(orientation)
    if fault:
        raise _refused(Code.BAD_VALUE, f"orientations should be two unit vectors, found {fault}", name)
    return SegFrame(
        segment,
        (position[0], position[1], position[2]),
        (orientation[0], orientation[1], orientation[2], orientation[3], orientation[4], orientation[5]),
        (spacing[0], spacing[1]),
    )


def _stored(
    dataset: Dataset, kind: SegKind, shape: tuple[int, int, int], name: str
) -> npt.NDArray[np.integer[Any]]:
    """Return the pixel data: packed bits of a BINARY, else whole numbers (frames, rows, columns)."""
    bits = _whole(dataset, "BitsAllocated", name)
    if bits not in (1, 8, 16) or (kind is SegKind.BINARY) != (bits == 1):
        raise _refused(Code.BAD_VALUE, f"Bits Allocated of {bits} does not go with {kind}", name)
    n_bytes = -(-int(np.prod(shape, dtype=np.int64)) * bits // 8)
    if n_bytes > Limits().decoded_bytes_at_most:
        raise _refused(Code.LIMIT_MEMORY, f"its {n_bytes} bytes of pixels are more than are decoded", name)
    if "PixelData" not in dataset:
        raise _refused(Code.MISSING_REQUIRED_TAGS, "it should have PixelData, but has not", name)
    syntax = element_text(dataset.file_meta, "TransferSyntaxUID")
    if syntax not in UNCOMPRESSED | {DEFLATED}:
        if bits == 1:
            raise _refused(
                Code.UNSUPPORTED_TRANSFER_SYNTAX, "frames of one bit are read when uncompressed only", name
            )
        return _decompressed(dataset, shape, name)
    raw = dataset["PixelData"].value
    # Pixel Data is padded to an even length (PS3.5 section 8.1.1).
    if not n_bytes <= len(raw) <= n_bytes + n_bytes % 2:
        raise _refused(
            Code.PIXEL_LENGTH_MISMATCH, f"{n_bytes} bytes of pixels expected, found {len(raw)}", name
        )
    is_big = syntax == BIG_ENDIAN
    if bits == 16:
        return np.frombuffer(raw[:n_bytes], dtype=">u2" if is_big else "<u2").astype(np.uint16).reshape(shape)
    stored = np.frombuffer(raw, dtype=np.uint8)
    if is_big and dataset["PixelData"].VR == "OW":
        # Bytes are packed into 16-bit words, whose bytes stand swapped (PS3.5 section 8.1.1).
        stored = np.frombuffer(raw + b"\0" * (len(raw) % 2), dtype=">u2").astype("<u2").view(np.uint8)
    stored = stored[:n_bytes].copy()
    return stored if bits == 1 else stored.reshape(shape)


def _decompressed(dataset: Dataset, shape: tuple[int, int, int], name: str) -> npt.NDArray[np.integer[Any]]:
    from pydicom.pixels.utils import pixel_array

    try:
        pixels = np.asarray(pixel_array(dataset, raw=True))
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise anything
        kind = type(error).__name__
        raise _refused(Code.DECODE_FAILED, f"its pixels should decode, but do not ({kind})", name) from None
    if pixels.size != int(np.prod(shape)):
        raise _refused(Code.PIXEL_LENGTH_MISMATCH, "its pixels are not those of its matrix", name)
    return pixels.reshape(shape)


def _whole(dataset: Dataset, keyword: str, name: str) -> int:
    number = first_number(dataset, keyword)
    if number is None:
        raise _refused(Code.MISSING_REQUIRED_TAGS, f"it should have {keyword}, but has not", name)
    if number != int(number) or number < 0:
        raise _refused(Code.BAD_VALUE, f"{keyword} should be a whole number from 0 on", name)
    return int(number)


def _numbers(dataset: Dataset, keyword: str, count: int, name: str) -> tuple[float, ...]:
    try:
        numbers = element_numbers(dataset, keyword)
    except BadNumber as bad:
        raise _refused(Code.BAD_VALUE, f"{keyword} should be numbers, found {bad.found}", name) from None
    if numbers is None:
        raise _refused(Code.MISSING_REQUIRED_TAGS, f"each frame should have {keyword}", name)
    if len(numbers) != count:
        raise _refused(Code.BAD_VALUE, f"{keyword} should be {count} numbers, found {len(numbers)}", name)
    return numbers


def _refused(code: Code, message: str, name: str) -> GistImagingError:
    return IntakeError(Problem(code, message, name))
