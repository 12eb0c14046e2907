"""A bounded walk over the elements of an Explicit VR Little Endian header; values are left as bytes.

It reads nothing but the buffer it is given, follows no offset that it has not checked, and gives up on
anything that is not plainly well formed. Giving up is no refusal: pydicom then reads the file in the
decoding process.
"""

from __future__ import annotations

import struct
from enum import Enum

from gist_imaging.io.header_layout import Layouts, Stretch

__all__ = [
    "ITEM",
    "ITEM_END",
    "NESTED_AT_MOST",
    "PIXEL_DATA",
    "SEQUENCE_END",
    "STRETCH_ENDS",
    "Odd",
    "Walk",
    "after_file_meta",
    "elements_before_pixels",
    "in_order",
    "is_vendors",
    "tag_key",
    "vr_key",
]

_HEAD = struct.Struct("<IHH").unpack_from
_LONG_LENGTH = struct.Struct("<I").unpack_from
_UNDEFINED = 0xFFFFFFFF
_HEAD_BYTES = 8
_LONG_HEAD_BYTES = 12

_SHORT_VRS = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US"
_LONG_VRS = "OB OD OF OL OV OW SV UC UR UT UV UN SQ"


def vr_key(vr: str) -> int:
    """Return a VR as it lies in the file when two bytes are read at once."""
    return int.from_bytes(vr.encode("ascii"), "little")


_LONG = {vr_key(vr): True for vr in _LONG_VRS.split()} | {vr_key(vr): False for vr in _SHORT_VRS.split()}
_SEQUENCE = vr_key("SQ")


def tag_key(group: int, element: int) -> int:
    """Return a tag as it lies in the file when four bytes are read at once: the element above the group."""
    return element << 16 | group


PIXEL_DATA = tag_key(0x7FE0, 0x0010)
ITEM = tag_key(0xFFFE, 0xE000)
ITEM_END = tag_key(0xFFFE, 0xE00D)
SEQUENCE_END = tag_key(0xFFFE, 0xE0DD)
# Real headers nest a handful deep.
NESTED_AT_MOST = 16

# United Imaging keeps mosaics and b-values here; that is left to the vendors' rules.
_UNITED_IMAGING = 0x0065
# Groups in which a private creator beyond block 1F could hide a b-value from the rules of this walk.
_DIFFUSION_GROUPS = frozenset({0x0019, 0x0029, 0x0043, 0x2001})


# A stretch ends after elements whose length often differs between the slices of a series; neighbours that
# change together share a stretch.
STRETCH_ENDS = frozenset(
    {
        tag_key(0x0008, 0x0018),  # SOP Instance UID, after its copy in the file meta
        tag_key(0x0018, 0x1152),  # Exposure
        tag_key(0x0020, 0x1041),  # Slice Location, after Instance Number and Image Position (Patient)
        tag_key(0x0028, 0x0107),  # Largest Image Pixel Value
    }
)
_layouts = Layouts()


class Walk(Enum):
    """Why a walk gave nothing."""

    GAVE_UP = "gave up"
    NEEDS_MORE = "needs more bytes"


def elements_before_pixels(
    buffer: bytes, start: int, wanted: dict[int, tuple[int, ...]], unwanted: frozenset[int]
) -> tuple[dict[int, bytes], int, int] | Walk:
    """Return the wanted elements that stand before Pixel Data, and where its value begins and its length.

    Parameters
    ----------
    buffer : the first bytes of the file
    start : where the first element begins
    wanted : `tag_key` of what is looked for, to the VRs that it may have (see `vr_key`)
    unwanted : `tag_key` of what makes the walk give up
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
            tag, vr, _ = _HEAD(buffer, at)
            if in_order(tag) <= last:
                return Walk.GAVE_UP
            last = in_order(tag)
            if tag == PIXEL_DATA:
                return found, at + _LONG_HEAD_BYTES, _LONG_LENGTH(buffer, at + _HEAD_BYTES)[0]
            # The other element that no stretch holds is one of undefined length.
            at = _after_sequence(buffer, at + _LONG_HEAD_BYTES) if vr == _SEQUENCE else -1
            if at < 0 or tag in unwanted:
                return Walk.GAVE_UP
    except struct.error:
        return Walk.NEEDS_MORE
    except (KeyError, Odd):  # no VR, or none that is known
        return Walk.GAVE_UP


class Odd(Exception):  # noqa: N818 - never seen outside
    """The header is not one for this walk."""


def _new_stretch(
    buffer: bytes,
    start: int,
    wanted: dict[int, tuple[int, ...]],
    unwanted: frozenset[int],
    found: dict[int, bytes],
) -> Stretch | None:
    """Walk to the end of a stretch and keep it; None before Pixel Data or an element of undefined length."""
    elements: list[tuple[int, int, int | None]] = []
    at, first, last = start, 0, 0
    while True:
        tag, vr, length = _HEAD(buffer, at)
        head_bytes = _HEAD_BYTES
        if _LONG[vr]:
            length = _LONG_LENGTH(buffer, at + _HEAD_BYTES)[0]
            head_bytes = _LONG_HEAD_BYTES
            if tag == PIXEL_DATA or length == _UNDEFINED:
                break
        # Tags grow through a header; pydicom shall sort out the others.
        if in_order(tag) <= last or tag in unwanted or (tag & 1 and is_vendors(tag)):
            raise Odd
        last = in_order(tag)
        first = first or last
        value_at = at + head_bytes
        at = value_at + length
        if at > len(buffer):
            raise struct.error
        if tag in wanted:
            if vr not in wanted[tag]:
                raise Odd
            found[tag] = buffer[value_at:at]
        elements.append((head_bytes, length, tag if tag in wanted else None))
        if tag in STRETCH_ENDS:
            break
    if not elements:
        return None
    stretch = Stretch(elements, first, last, buffer, start)
    _layouts.learn(stretch, buffer, start)
    return stretch


def after_file_meta(buffer: bytes, start: int) -> int:
    """Return where the data set begins, or -1 when the file meta is not plainly well formed."""
    at = start
    try:
        while True:
            tag, vr, length = _HEAD(buffer, at)
            if tag & 0xFFFF != 0x0002:
                return at
            if _LONG[vr]:
                length = _LONG_LENGTH(buffer, at + _HEAD_BYTES)[0]
                at += _LONG_HEAD_BYTES - _HEAD_BYTES
            at += _HEAD_BYTES + length
    except (struct.error, KeyError):
        return -1


def in_order(tag: int) -> int:
    """Return a tag as a number that grows through a header: the group above the element."""
    return (tag & 0xFFFF) << 16 | tag >> 16


def is_vendors(tag: int) -> bool:
    """Return whether a private element is left to the vendors' rules."""
    group, element = tag & 0xFFFF, tag >> 16
    return group == _UNITED_IMAGING or (group in _DIFFUSION_GROUPS and 0x20 <= element < 0x100)


def _after_sequence(buffer: bytes, at: int) -> int:
    """Return where a sequence of undefined length ends, or -1 when it is not plainly well formed.

    `open_levels` holds True for a sequence and False for an item of undefined length.
    """
    open_levels = [True]
    while open_levels:
        if len(open_levels) > 2 * NESTED_AT_MOST:
            return -1
        tag, vr, length = _HEAD(buffer, at)
        in_sequence = open_levels[-1]
        if in_sequence or tag == ITEM_END:
            # Items and delimiters have no VR: their length fills all four bytes.
            length = _LONG_LENGTH(buffer, at + 4)[0]
            at += _HEAD_BYTES
            if in_sequence and tag == ITEM:
                if length == _UNDEFINED:
                    open_levels.append(False)
                else:
                    at += length
            elif length == 0 and tag == (SEQUENCE_END if in_sequence else ITEM_END):
                open_levels.pop()
            else:
                return -1
            continue
        at += _HEAD_BYTES
        if _LONG[vr]:
            length = _LONG_LENGTH(buffer, at)[0]
            at += _LONG_HEAD_BYTES - _HEAD_BYTES
            if length == _UNDEFINED:
                if vr != _SEQUENCE:
                    return -1
                open_levels.append(True)
                continue
        at += length
    return at
