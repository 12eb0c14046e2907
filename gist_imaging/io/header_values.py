"""Values out of the bytes of a header; whatever is unusual is declined, so that pydicom reads it.

Most values of a series repeat from slice to slice, so those are kept.
"""

from __future__ import annotations

import math
import re
import struct
from functools import lru_cache

from gist_imaging.study.series import PatientIdentity

__all__ = [
    "Declined",
    "above_zero",
    "as_float",
    "check_character_set",
    "decimals",
    "first_number",
    "image_type",
    "kept_text",
    "kept_uid",
    "matrix",
    "orientation",
    "patient",
    "pixel_spacing",
    "plain_text",
    "position",
    "rescale",
    "uid",
    "whole_number",
    "word",
]

# Scanners round direction cosines; the geometry gate allows 1e-4 (inclusive), beyond is for pydicom.
_ORTHONORMAL_WITHIN = 1e-4

# What `plane_facts` believes of a slope (inclusive); larger ones are for pydicom.
_SLOPE_AT_MOST = 1e4

# Defined terms of Specific Character Set (PS3.3 C.12.1.1.2); ASCII means the same in each of them.
_CHARACTER_SET = re.compile(rb"ISO_IR \d{1,3}|ISO 2022 IR \d{1,3}|GB18030|GBK|")


class Declined(Exception):  # noqa: N818 - a decision, not a fault
    """The value is unusual; pydicom shall read the file."""


def plain_text(raw: bytes) -> str:
    """Return a text that means the same in every character set, and is one value."""
    text = raw.strip(b"\0 ")
    # Backslashes separate values; escapes switch character sets.
    if not text.isascii() or b"\\" in text or b"\x1b" in text:
        raise Declined
    return text.decode("ascii")


@lru_cache(maxsize=64)
def check_character_set(raw: bytes) -> None:
    """Decline a Specific Character Set that is none."""
    if not all(_CHARACTER_SET.fullmatch(part.strip()) for part in raw.split(b"\\")):
        raise Declined


kept_text = lru_cache(maxsize=4096)(plain_text)


def uid(raw: bytes) -> str:
    """Return a UID that has to be there."""
    text = raw.strip(b"\0 ")
    if not text or text.translate(None, b"0123456789."):
        raise Declined
    return text.decode("ascii")


kept_uid = lru_cache(maxsize=4096)(uid)


@lru_cache(maxsize=1024)
def word(raw: bytes) -> str:
    """Return a text that has to be there."""
    text = plain_text(raw)
    if not text:
        raise Declined
    return text


@lru_cache(maxsize=1024)
def patient(patient_id: bytes, birth_date: bytes, sex: bytes) -> PatientIdentity:
    """Return who was scanned."""
    return PatientIdentity(plain_text(patient_id), plain_text(birth_date), plain_text(sex))


@lru_cache(maxsize=1024)
def image_type(raw: bytes) -> tuple[str, ...]:
    """Return the values of Image Type; mosaics are declined."""
    if not raw.isascii() or b"MOSAIC" in raw or b"\x1b" in raw:
        raise Declined
    parts = [part.strip(" \0") for part in raw.decode("ascii").split("\\")]
    return tuple(part for part in parts if part)


def decimals(raw: bytes) -> tuple[float, ...]:
    """Return the numbers of a decimal string; () when it is empty."""
    text = raw.rstrip(b"\0 ")
    if not text:
        return ()
    if text.translate(None, b"0123456789+-.eE \\"):
        raise Declined
    try:
        numbers = tuple([float(part) for part in text.split(b"\\")])
    except ValueError:
        raise Declined from None
    if not math.isfinite(sum(numbers)):
        raise Declined
    return numbers


@lru_cache(maxsize=4096)
def first_number(raw: bytes) -> float | None:
    """Return the first number of a decimal string, or None when it is empty."""
    numbers = decimals(raw)
    return numbers[0] if numbers else None


def above_zero(raw: bytes) -> float | None:
    """Return the first number of a decimal string, or None when it is empty or not above 0."""
    number = first_number(raw)
    return number if number is not None and number > 0 else None


@lru_cache(maxsize=4096)
def whole_number(raw: bytes) -> int | None:
    """Return the number of an integer string, or None when it is empty."""
    text = raw.rstrip(b"\0 ").lstrip(b" ")
    if not text:
        return None
    # More than twelve characters are no integer string (PS3.5 section 6.2).
    if len(text) > 12 or not text.lstrip(b"+-").isdigit():
        raise Declined
    try:
        return int(text)
    except ValueError:
        raise Declined from None


def as_float(number: int | None) -> float | None:
    """Return the same number, as a float."""
    return None if number is None else float(number)


def position(raw: bytes) -> tuple[float, float, float]:
    """Return Image Position (Patient), mm, LPS."""
    numbers = decimals(raw)
    if len(numbers) != 3:
        raise Declined
    return numbers


@lru_cache(maxsize=1024)
def orientation(raw: bytes) -> tuple[float, float, float, float, float, float]:
    """Return Image Orientation (Patient): two unit vectors at right angles (within 1e-4, inclusive)."""
    numbers = decimals(raw)
    if len(numbers) != 6:
        raise Declined
    row, column = numbers[:3], numbers[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    dot = sum(a * b for a, b in zip(row, column, strict=True))
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(dot)) > _ORTHONORMAL_WITHIN:
        raise Declined
    return numbers


@lru_cache(maxsize=1024)
def pixel_spacing(raw: bytes) -> tuple[float, float]:
    """Return Pixel Spacing, mm, both above 0."""
    numbers = decimals(raw)
    if len(numbers) != 2 or min(numbers) <= 0:
        raise Declined
    return numbers


@lru_cache(maxsize=1024)
def matrix(*raw: bytes) -> tuple[int, int, int, int, int, int]:
    """Return Rows, columns, samples, bits allocated, bits stored and sign of a grey image."""
    if any(len(value) != 2 for value in raw):
        raise Declined
    rows, columns, samples, allocated, stored, signed = struct.unpack("<6H", b"".join(raw))
    if not rows or not columns or samples != 1 or allocated not in (8, 16, 32) or stored > allocated:
        raise Declined
    return rows, columns, samples, allocated, stored, signed


@lru_cache(maxsize=1024)
def rescale(slope: bytes, intercept: bytes, kind: bytes) -> tuple[float | None, float | None, str | None]:
    """Return Rescale slope, intercept and type: all stated, or none."""
    slopes, intercepts = decimals(slope), decimals(intercept)
    if not slopes and not intercepts:
        return None, None, None
    if len(slopes) != 1 or len(intercepts) != 1 or not 0 < slopes[0] <= _SLOPE_AT_MOST:
        raise Declined
    return slopes[0], intercepts[0], plain_text(kind) or None
