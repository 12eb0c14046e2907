"""Opening one DICOM file with pydicom, within limits; for use in the decoding process."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from gist_imaging.errors import GistImagingError, IntakeError
from gist_imaging.io.archive import member_bytes
from gist_imaging.io.limits import Limits
from gist_imaging.io.regular_file import open_regular
from gist_imaging.io.transfer_syntax import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    SUPPORTED,
)
from gist_imaging.problems import Code, Problem

__all__ = ["UNDEFINED_LENGTH", "Header", "open_dataset", "open_stream", "read_header"]

UNDEFINED_LENGTH = 0xFFFFFFFF
_PREAMBLE_BYTES = 128
_MARK = b"DICM"
# Float Pixel Data, Double Float Pixel Data, Pixel Data.
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What stands before the pixels of one file.

    Parameters
    ----------
    dataset : elements as pydicom gives them; its `file_meta` always names the transfer syntax
    stream, size : where it was read from, and the bytes in there (inflated, if it was deflated)
    pixel_tag : the element that holds the pixels, or None where there is none
    pixel_offset : where its value begins in `stream`
    pixel_length : bytes of its value; `UNDEFINED_LENGTH` when encapsulated
    """

    dataset: Dataset
    stream: BinaryIO
    size: int
    transfer_syntax_uid: str
    pixel_tag: int | None
    pixel_offset: int
    pixel_length: int


def open_dataset(
    path: Path, member: int | None = None, *, name: str = "", limits: Limits | None = None
) -> Dataset:
    """Return the whole dataset of a file, pixels included, its transfer syntax known and supported.

    Parameters
    ----------
    path : file, or the archive when `member` is given
    member : position of the member in its archive
    name : what messages call it; by default the file name

    Raises
    ------
    IntakeError
        With the frozen code of the refusal.
    """
    shown, allowed = name or path.name, limits or Limits()
    with open_stream(path, member, shown, allowed) as (stream, size):
        return read_header(stream, size, name=shown, limits=allowed, pixels=True).dataset


@contextlib.contextmanager
def open_stream(path: Path, member: int | None, name: str, limits: Limits) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file, or a member of an archive, with its size in bytes."""
    if member is None:
        stream, size = open_regular(str(path), name)
    else:
        unpacked = member_bytes(path, member, name=name, limits=limits)
        stream, size = io.BytesIO(unpacked), len(unpacked)
    with stream:
        yield stream, size


def read_header(stream: BinaryIO, size: int, *, name: str, limits: Limits, pixels: bool = False) -> Header:
    """Return what stands in `stream` before the pixels, or with them when `pixels` is true.

    Raises
    ------
    IntakeError
        NOT_DICOM, LIMIT_SIZE, LIMIT_DEFLATE, TRUNCATED, BAD_VALUE, MISSING_REQUIRED_TAGS or
        UNSUPPORTED_TRANSFER_SYNTAX.
    """
    if size < limits.file_at_least_bytes:
        at_least = limits.file_at_least_bytes
        raise _refusal(Code.NOT_DICOM, f"a DICOM file has {at_least} bytes or more, this has {size}", name)
    if size > limits.file_at_most_bytes:
        raise _refusal(
            Code.LIMIT_SIZE, f"at most {limits.file_at_most_bytes} bytes are read, this has {size}", name
        )
    try:
        return _read(stream, size, name, limits, pixels)
    except (GistImagingError, MemoryError, RecursionError):
        raise
    except (EOFError, OSError, struct.error):
        raise _refusal(Code.TRUNCATED, "its header ends in the middle of an element", name) from None
    except Exception as error:  # noqa: BLE001 - pydicom raises anything; its texts may hold patient values
        kind = type(error).__name__
        raise _refusal(Code.BAD_VALUE, f"its header breaks the standard ({kind})", name) from None


def _read(stream: BinaryIO, size: int, name: str, limits: Limits, pixels: bool) -> Header:
    has_mark = stream.read(_PREAMBLE_BYTES + 4)[_PREAMBLE_BYTES:] == _MARK
    if has_mark and size == _PREAMBLE_BYTES + 4:
        raise _refusal(Code.NOT_DICOM, "it holds a DICOM preamble and nothing else", name)
    stream.seek(_PREAMBLE_BYTES + 4 if has_mark else 0)
    # File meta is always explicit little endian (PS3.10 section 7.1).
    meta = FileMetaDataset(read_dataset(stream, False, True, stop_when=_after_file_meta))
    transfer_syntax = _text(meta.get("TransferSyntaxUID"))
    if not transfer_syntax:
        if has_mark or len(meta):
            raise _refusal(
                Code.MISSING_REQUIRED_TAGS, "its file meta must name TransferSyntaxUID, and does not", name
            )
        transfer_syntax = _guessed_transfer_syntax(stream, name)
        meta.TransferSyntaxUID = UID(transfer_syntax)
    if transfer_syntax not in SUPPORTED:
        raise _refusal(
            Code.UNSUPPORTED_TRANSFER_SYNTAX, f"no decoder for {_shown_uid(transfer_syntax)}", name
        )
    if transfer_syntax == DEFLATED:
        stream, size = _inflated(stream, name, limits)
    implicit, little = transfer_syntax == IMPLICIT_LITTLE, transfer_syntax != BIG_ENDIAN
    at_pixels = _StopAtPixels(stream, size, name, pixels)
    elements = read_dataset(stream, implicit, little, stop_when=at_pixels)
    # The dataset must not hold on to the file, nor know its name.
    dataset = FileDataset(io.BytesIO(), elements, _MARK, meta, implicit, little)
    dataset.set_original_encoding(implicit, little, elements._character_set)
    return Header(dataset, stream, size, transfer_syntax, at_pixels.tag, at_pixels.offset, at_pixels.length)


def _after_file_meta(tag: int, vr: str | None, length: int) -> bool:  # noqa: ARG001 - pydicom's signature
    return tag >> 16 != 2


class _StopAtPixels:
    """Told by pydicom of every element; notes where the pixels begin, and that every value is whole."""

    def __init__(self, stream: BinaryIO, size: int, name: str, pixels: bool) -> None:
        self.tag: int | None = None
        self.offset = 0
        self.length = 0
        self._tell = stream.tell
        self._size = size
        self._name = name
        self._go_on = pixels

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:  # noqa: ARG002 - pydicom's
        if tag in _PIXELS:
            self.tag, self.offset, self.length = int(tag), self._tell(), length
            if not self._go_on:
                return True
        if length != UNDEFINED_LENGTH and self._tell() + length > self._size:
            raise _refusal(
                Code.TRUNCATED,
                f"element ({tag >> 16:04X},{tag & 0xFFFF:04X}) ends after the file",
                self._name,
            )
        return False


def _guessed_transfer_syntax(stream: BinaryIO, name: str) -> str:
    """Return how a dataset without file meta is written, seen from its first element of group 0008."""
    start = stream.tell()
    first = stream.read(6)
    stream.seek(start)
    explicit = first[4:6].isalpha() and first[4:6].isupper()
    if first[:2] == b"\x08\x00":
        return EXPLICIT_LITTLE if explicit else IMPLICIT_LITTLE
    if first[:2] == b"\x00\x08" and explicit:
        return BIG_ENDIAN
    raise _refusal(Code.NOT_DICOM, "it has no DICOM mark and does not begin like a DICOM data set", name)


def _inflated(stream: BinaryIO, name: str, limits: Limits) -> tuple[BinaryIO, int]:
    """Return the deflated rest of `stream`, inflated under the cap, behind the bytes that came before."""
    start = stream.tell()
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(stream.read(), limits.inflated_bytes_at_most + 1)
    except zlib.error:
        raise _refusal(Code.TRUNCATED, "its deflated part cannot be inflated", name) from None
    if len(inflated) > limits.inflated_bytes_at_most:
        raise _refusal(
            Code.LIMIT_DEFLATE, f"it inflates to more than {limits.inflated_bytes_at_most} bytes", name
        )
    if not inflater.eof:
        raise _refusal(Code.TRUNCATED, f"its deflated part, from byte {start}, ends too early", name)
    return io.BytesIO(inflated), len(inflated)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip("\0 ")


def _shown_uid(uid: str) -> str:
    # A hostile file may hold anything where a UID belongs.
    return uid if set(uid) <= set("0123456789.") and len(uid) <= 64 else "what is no UID"


def _refusal(code: Code, message: str, name: str) -> IntakeError:
    return IntakeError(Problem(code, message, name))
