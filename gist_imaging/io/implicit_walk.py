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
    STRETCH_ENDS,
    Odd,
    Walk,
    in_order,
    is_vendors,
)
from gist_imaging.io.header_layout import Layouts, Stretch

__all__ = ["MARK_OF_IMPLICIT", "implicit_elements_before_pixels"]

MARK_OF_IMPLICIT = b"\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\x00"
"""Transfer Syntax UID as it stands in the file meta."""

_HEAD = struct.Struct("<II").unpack_from
_HEAD_BYTES = 8
_UNDEFINED = 0xFFFFFFFF
_layouts = Layouts()


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
            stretch = _layouts.met(buffer, at, found) or _new_stretch(buffer, at, wanted, unwanted, found)
            if stretch is not None:
                if stretch.first <= last:
                    return Walk.GAVE_UP
                last = stretch.last
                at += stretch.size
                continue
            tag, length = _HEAD(buffer, at)
            if in_order(tag) <= last:
                return Walk.GAVE_UP
            last = in_order(tag)
            if tag == PIXEL_DATA:
                return found, at + _HEAD_BYTES, length
            # The other element that no stretch holds is one of undefined length.
            at = -1 if tag in wanted or tag in unwanted else _after_sequence(buffer, at + _HEAD_BYTES)
            if at < 0:
                return Walk.GAVE_UP
    except struct.error:
        return Walk.NEEDS_MORE
    except Odd:
        return Walk.GAVE_UP


def _new_stretch(
    buffer: bytes, start: int, wanted: Container[int], unwanted: frozenset[int], found: dict[int, bytes]
) -> Stretch | None:
    """Walk to the end of a stretch and keep it; None before Pixel Data or an element of undefined length."""
    elements: list[tuple[int, int, int | None]] = []
    at, first, last = start, 0, 0
    while True:
        tag, length = _HEAD(buffer, at)
        if tag == PIXEL_DATA or length == _UNDEFINED:
            break
        order = in_order(tag)
        if order <= last or tag in unwanted or (tag & 1 and is_vendors(tag)):
            raise Odd
        last = order
        first = first or order
        value_at = at + _HEAD_BYTES
        at = value_at + length
        if at > len(buffer):
            raise struct.error
        if tag in wanted:
            found[tag] = buffer[value_at:at]
        elements.append((_HEAD_BYTES, length, tag if tag in wanted else None))
        if tag in STRETCH_ENDS:
            break
    if not elements:
        return None
    stretch = Stretch(elements, first, last, buffer, start)
    _layouts.learn(stretch, buffer, start)
    return stretch


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
