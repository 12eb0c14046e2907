"""Arithmetic on an image before any of its pixels are touched: matrix, bits, frames and bytes must agree."""

from __future__ import annotations

from gist_imaging.errors import IntakeError
from gist_imaging.io.dicom_header import UNDEFINED_LENGTH, Header
from gist_imaging.io.element_values import element_text, first_number
from gist_imaging.io.limits import Limits
from gist_imaging.io.transfer_syntax import COMPRESSED
from gist_imaging.problems import Code, Problem

__all__ = ["check_pixels", "pixel_bytes"]

# PS3.5 section 8.1.1: 1, or a multiple of 8; 64 is the largest that any IOD allows.
_BITS_ALLOCATED = frozenset({1, 8, 16, 32, 64})


def pixel_bytes(rows: int, columns: int, samples: int, frames: int, bits: int, photometric: str) -> int:
    """Return the bytes that uncompressed pixels take, without the padding to an even number.

    >>> pixel_bytes(512, 512, 1, 2, 16, "MONOCHROME2")
    1048576
    >>> pixel_bytes(5, 5, 1, 3, 1, "MONOCHROME2")  # 75 bits, packed
    10
    """
    values = rows * columns * samples * frames
    if photometric == "YBR_FULL_422":
        # Two pixels share their colour (PS3.3 C.7.6.3.1.2).
        values = values // 3 * 2
    return (values * bits + 7) // 8


def check_pixels(header: Header, name: str, limits: Limits) -> None:
    """Refuse an image whose Pixel Data cannot be what its matrix says.

    Zeros after the last pixel are taken for padding, as long as they are fewer bytes than the pixels.

    Raises
    ------
    IntakeError
        MISSING_REQUIRED_TAGS without Pixel Data; BAD_VALUE for impossible bits; LIMIT_MEMORY when the
        decoded pixels would be larger than allowed; PIXEL_LENGTH_MISMATCH; TRUNCATED.
    """
    dataset = header.dataset
    if header.pixel_tag is None:
        raise _refusal(Code.MISSING_REQUIRED_TAGS, "an image should have PixelData, this has none", name)
    sizes = [first_number(dataset, keyword) for keyword in ("Rows", "Columns", "BitsAllocated")]
    if any(size is None for size in sizes):
        return
    rows, columns, bits = (int(size) for size in sizes if size is not None)
    samples = int(first_number(dataset, "SamplesPerPixel") or 1)
    frames = int(first_number(dataset, "NumberOfFrames") or 1)
    if min(rows, columns, samples, frames) < 1:
        message = "Rows, Columns, SamplesPerPixel and NumberOfFrames should be whole numbers above 0"
        raise _refusal(Code.BAD_VALUE, message, name)
    if bits not in _BITS_ALLOCATED:
        raise _refusal(Code.BAD_VALUE, f"BitsAllocated should be 1, 8, 16, 32 or 64, not {bits}", name)
    if (first_number(dataset, "BitsStored") or 1) > bits:
        raise _refusal(Code.BAD_VALUE, f"BitsStored should be at most BitsAllocated ({bits})", name)
    photometric = element_text(dataset, "PhotometricInterpretation")
    expected = pixel_bytes(rows, columns, samples, frames, bits, photometric)
    if header.transfer_syntax_uid not in COMPRESSED:
        _check_length(header, expected, name)
    elif header.pixel_length != UNDEFINED_LENGTH:
        raise _refusal(Code.PIXEL_LENGTH_MISMATCH, "compressed pixels come in fragments, these do not", name)
    if expected > limits.decoded_bytes_at_most:
        at_most = limits.decoded_bytes_at_most
        raise _refusal(Code.LIMIT_MEMORY, f"at most {at_most} bytes of pixels, it says {expected}", name)


def _check_length(header: Header, expected: int, name: str) -> None:
    length = header.pixel_length
    if length == UNDEFINED_LENGTH:
        raise _refusal(Code.PIXEL_LENGTH_MISMATCH, "its pixels are in fragments but not compressed", name)
    if header.pixel_offset + length > header.size:
        there = max(header.size - header.pixel_offset, 0)
        raise _refusal(Code.TRUNCATED, f"{length} bytes of pixels announced, {there} are there", name)
    surplus = length - expected
    if 0 <= surplus <= 1:
        return
    if 0 < surplus < expected:
        header.stream.seek(header.pixel_offset + expected)
        if not any(header.stream.read(surplus)):
            return
    raise _refusal(
        Code.PIXEL_LENGTH_MISMATCH, f"its matrix needs {expected} bytes of pixels, it has {length}", name
    )


def _refusal(code: Code, message: str, name: str) -> IntakeError:
    return IntakeError(Problem(code, message, name))
