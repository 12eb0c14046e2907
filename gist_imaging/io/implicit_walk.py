"""The walk of `element_walk` for Implicit VR Little Endian; for use in the decoding process."""

from __future__ import annotations

import struct
from collections.abc import Container

from gist_imaging.io.element_walk import (
    ITEM,
    ITEM_END,
    NESTED_AT_MOST,
    PIXEL_DATA,
    SEQUENCE_END,
    Walk,
    in_order,
    is_vendors,
)

__all__ = ["MARK_OF_IMPLICIT", "implicit_elements_before_pixels"]

MARK_OF_IMPLICIT = b"\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\x00"
"""Transfer Syntax UID as it stands in the file meta."""

_HEAD = struct.Struct("<II").unpack_from
_HEAD_BYTES = 8
_UNDEFINED = 0xFFFFFFFF


def implicit_elements_before_pixels(
    buffer: bytes, start: int, wanted: Container[int], unwanted: frozenset[int]
) -> tuple[dict[int, bytes], int, int] | Walk:
    """Return the wanted elements that stand before Pixel Data, and where its value begins and its length.

    Parameters
    ----------
    buffer : the first bytes of the file
    start : where the data set begins, behind the file meta
    wanted, unwanted : as in `elements_before_pixels`; the VRs are those of the dictionary
    """
    found: dict[int, bytes] = {}
    at, last = start, 0
    try:
        while True:
            tag, length = _HEAD(buffer, at)
            at += _HEAD_BYTES
            if in_order(tag) <= last or tag in unwanted or (tag & 1 and is_vendors(tag)):
                return Walk.GAVE_UP
            last = in_order(tag)
            if tag == PIXEL_DATA:
                return found, at, length
            if length == _UNDEFINED:
                at = -1 if tag in wanted else _after_sequence(buffer, at)
                if at < 0:
                    return Walk.GAVE_UP
                continue
            if tag in wanted:
                found[tag] = buffer[at : at + length]
            at += length
    except struct.error:
        return Walk.NEEDS_MORE


def _after_sequence(buffer: bytes, at: int) -> int:
    """Return where a sequence of undefined length ends, or -1 when it is not plainly well formed."""
    open_levels = [True]
    while open_levels:
        if len(open_levels) > 2 * NESTED_AT_MOST:
            return -1
        tag, length = _HEAD(buffer, at)
        at += _HEAD_BYTES
        in_sequence = open_levels[-1]
        if tag == (SEQUENCE_END if in_sequence else ITEM_END):
            if length:
                return -1
            open_levels.pop()
        elif in_sequence and tag != ITEM:
            return -1
        elif length == _UNDEFINED:
            open_levels.append(not in_sequence)
        else:
            at += length
    return at
