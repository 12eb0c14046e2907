"""One file, or one member of an archive: its facts, or the reason why it is refused.

These functions run in the decoding process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.uid import UID

from gist_imaging.errors import IntakeError
from gist_imaging.io.dataset_facts import facts_of
from gist_imaging.io.dicom_header import Header, open_stream, read_header
from gist_imaging.io.dicomdir import DICOMDIR_CLASS, directory_entries
from gist_imaging.io.element_values import element_text
from gist_imaging.io.file_records import FileFacts, Request
from gist_imaging.io.header_walk import IN_WORKER, walk
from gist_imaging.io.limits import Limits
from gist_imaging.io.pixel_checks import check_pixels
from gist_imaging.io.transfer_syntax import UNCOMPRESSED
from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import FrameFacts

__all__ = ["read_facts", "read_many", "read_with_pydicom"]

_REQUIRED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality")
_PIXEL_DATA = 0x7FE00010
# Enough for the headers of nearly all single slices.
_HEAD_BYTES = 32 * 1024


def read_many(requests: Sequence[Request], limits: Limits) -> tuple[FileFacts, ...]:
    """Return what each file gave, in the order of the requests."""
    return tuple(_guarded(request, limits) for request in requests)


def _guarded(request: Request, limits: Limits) -> FileFacts:
    try:
        return read_facts(request, limits)
    except IntakeError as refused:
        return FileFacts(request.name, problem=refused.problem)
    except RecursionError:
        message = "its sequences are nested deeper than can be read"
        return FileFacts(request.name, problem=Problem(Code.LIMIT_DEPTH, message, request.name))
    except MemoryError:
        message = "reading it asked for more memory than is allowed"
        return FileFacts(request.name, problem=Problem(Code.LIMIT_MEMORY, message, request.name))
    except Exception as error:  # noqa: BLE001 - pydicom raises anything; its texts may hold patient values
        message = f"a value in its header cannot be read ({type(error).__name__})"
        return FileFacts(request.name, problem=Problem(Code.BAD_VALUE, message, request.name))


def read_facts(request: Request, limits: Limits) -> FileFacts:
    """Return what one file gave: plain images by a walk over their header, all others by pydicom.

    Raises
    ------
    IntakeError
        With the frozen code of the refusal; so may pydicom's own errors come through.
    """
    path = Path(request.path)
    modified_ns = path.stat().st_mtime_ns
    with open_stream(path, request.member, request.name, limits) as (stream, size):
        walked = walk(stream.read(_HEAD_BYTES), size, path, request.name, IN_WORKER, modified_ns)
        stream.seek(0)
        if not isinstance(walked, FrameFacts) or size > limits.file_at_most_bytes:
            facts = read_with_pydicom(stream, size, request, limits)
            return replace(
                facts, frames=tuple(replace(frame, modified_ns=modified_ns) for frame in facts.frames)
            )
    if request.member is not None:
        walked = replace(walked, member=request.member, pixel_offset=None, pixel_length=None)
    return FileFacts(request.name, frames=(walked,))


def read_with_pydicom(stream: BinaryIO, size: int, request: Request, limits: Limits) -> FileFacts:
    """Return what the file in `stream` gave; see `read_facts`."""
    header = read_header(stream, size, name=request.name, limits=limits)
    dataset = header.dataset
    if element_text(dataset.file_meta, "MediaStorageSOPClassUID") == DICOMDIR_CLASS:
        return FileFacts(request.name, entries=directory_entries(dataset))
    missing = [keyword for keyword in _REQUIRED if not element_text(dataset, keyword)]
    if missing:
        message = f"it should have {', '.join(missing)}, but has not"
        raise IntakeError(Problem(Code.MISSING_REQUIRED_TAGS, message, request.name))
    if _is_image(dataset, header):
        if "Rows" not in dataset or "Columns" not in dataset:
            message = "an image should have Rows and Columns, this has not"
            raise IntakeError(Problem(Code.MISSING_REQUIRED_TAGS, message, request.name))
        check_pixels(header, request.name, limits)
    frames = facts_of(dataset, Path(request.path), request.name, request.member)
    return FileFacts(request.name, frames=_with_place_of_pixels(frames, header, request))


def _is_image(dataset: Dataset, header: Header) -> bool:
    kind = UID(element_text(dataset, "SOPClassUID")).name
    return header.pixel_tag is not None or "Rows" in dataset or kind.endswith("Image Storage")


def _with_place_of_pixels(
    frames: tuple[FrameFacts, ...], header: Header, request: Request
) -> tuple[FrameFacts, ...]:
    in_the_file = header.transfer_syntax_uid in UNCOMPRESSED and request.member is None
    if not in_the_file or header.pixel_tag != _PIXEL_DATA:
        return frames
    return tuple(
        replace(frame, pixel_offset=header.pixel_offset, pixel_length=header.pixel_length) for frame in frames
    )
