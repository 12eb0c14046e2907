"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

import zlib
from enum import StrEnum
from pathlib import Path

from gist_imaging.errors import GistImagingError, IntakeError
from gist_imaging.io.nifti import is_nifti
from gist_imaging.io.nrrd import NRRD_MARK
from gist_imaging.io.regular_file import open_regular
from gist_imaging.problems import Code, Problem

__all__ = ["Content", "content_of", "given_path"]

_HEAD_BYTES = 8192
_NIFTI_HEAD_BYTES = 540


class Content(StrEnum):
    """What was found."""

    FOLDER = "folder"
    ZIP = "zip"
    NIFTI = "nifti"
    NRRD = "nrrd"
    DICOM = "dicom"
    """A DICOM file, or something that only the DICOM reader can judge."""


def given_path(path: str | Path) -> Path:
    """Return the path that was given; an empty one would mean the working folder, so it is refused.

    Raises
    ------
    GistImagingError
        If `path` is "".
    """
    if path == "":
        raise GistImagingError(
            "a file or folder to read", "an empty path was given", "give a path; the working folder is ."
        )
    return Path(path)


def content_of(path: Path) -> Content:
    """Return what lies at `path`.

    Raises
    ------
    IntakeError
        NOT_A_REGULAR_FILE when nothing can be read there; BAD_VALUE for formats that are known and not read.
    """
    if path.is_dir():
        return Content.FOLDER
    stream, _ = open_regular(str(path), path.name)
    with stream:
        head = stream.read(_HEAD_BYTES)
    if head[128:132] == b"DICM":
        return Content.DICOM
    if is_nifti(_unpacked(head)):
        return Content.NIFTI
    if head.startswith(NRRD_MARK):
        return Content.NRRD
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Content.ZIP
    if head.startswith((b"ObjectType", b"NDims")):
        raise IntakeError(
            Problem(Code.BAD_VALUE, "MetaImage (.mha, .mhd) is not read: save it as NIfTI or NRRD", path.name)
        )
    return Content.DICOM


def _unpacked(head: bytes) -> bytes:
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _NIFTI_HEAD_BYTES)
    except zlib.error:
        return b""
