"""Diffusion b-values of plain images out of the bytes of their headers, by the rules of `vendor`.

Siemens, GE and Philips keep them in private elements, which are believed only under their own private
creator. What would need more than one plain number is declined, and pydicom reads the file.
"""

from __future__ import annotations

import struct

from gist_imaging.io.element_walk import tag_key, vr_key
from gist_imaging.io.header_values import Declined, decimals, plain_text

__all__ = ["B_VALUE", "DIFFUSION_TAGS", "SEQUENCE_NAME", "b_value"]

B_VALUE = tag_key(0x0018, 0x9087)
SEQUENCE_NAME = tag_key(0x0018, 0x0024)

# Private blocks that are looked at; the walk gives up on images with creators beyond them.
_BLOCKS = range(0x10, 0x20)
_SIEMENS, _CSA, _GE, _PHILIPS = 0x0019, 0x0029, 0x0043, 0x2001
_LOW_BYTE = {_SIEMENS: 0x0C, _CSA: 0x10, _GE: 0x39, _PHILIPS: 0x03}
# Archives that do not know an element of a vendor write its text as OB.
_NUMBER = (vr_key("IS"), vr_key("OB"))
_VR = {_SIEMENS: _NUMBER, _CSA: (vr_key("OB"),), _GE: _NUMBER, _PHILIPS: (vr_key("FL"),)}
_CREATOR = {
    _SIEMENS: "SIEMENS MR HEADER",
    _CSA: "SIEMENS CSA HEADER",
    _GE: "GEMS_PARM_01",
    _PHILIPS: "PHILIPS IMAGING DD 001",
}
_CREATOR_TAGS = {group: [tag_key(group, block) for block in _BLOCKS] for group in _VR}
_VALUE_TAGS = {
    group: [tag_key(group, (block << 8) + low) for block in _BLOCKS] for group, low in _LOW_BYTE.items()
}

_ALL_VALUE_TAGS = frozenset(tag for tags in _VALUE_TAGS.values() for tag in tags)

DIFFUSION_TAGS = {
    B_VALUE: (vr_key("FD"),),
    SEQUENCE_NAME: (vr_key("SH"),),
    **{tag: (vr_key("LO"),) for tags in _CREATOR_TAGS.values() for tag in tags},
    **{tag: _VR[group] for group, tags in _VALUE_TAGS.items() for tag in tags},
}
"""The elements that `b_value` needs, as `tag_key`, with the VRs that they may have."""

# No scanner reaches 100,000 s/mm²; GE adds 1e9 as a mark.
_BELOW = 1e5
# Siemens writes b-values into the name of the sequence, too.
_NAMED_B_VALUE = b"_b"
_CSA_NAME = b"B_value\0"
_CSA_NAME_BYTES = 64


def b_value(found: dict[int, bytes]) -> float | None:
    """Return the b-value in s/mm², or None where the header states none.

    Parameters
    ----------
    found : values of `DIFFUSION_TAGS` by `tag_key`
    """
    stated = found.get(B_VALUE)
    if stated:
        return _checked(_one_float(stated, "<d"))
    if _ALL_VALUE_TAGS.isdisjoint(found):
        if _NAMED_B_VALUE in found.get(SEQUENCE_NAME, b""):
            raise Declined
        return None
    siemens = _private(found, _SIEMENS)
    if siemens:
        return _checked(_first(siemens))
    _decline_csa_with_value(_private(found, _CSA))
    if _NAMED_B_VALUE in found.get(SEQUENCE_NAME, b""):
        raise Declined
    ge = _private(found, _GE)
    if ge and _first(ge) % _BELOW:
        return _checked(_first(ge) % _BELOW)
    philips = _private(found, _PHILIPS)
    return _checked(_one_float(philips, "<f")) if philips else None


def _private(found: dict[int, bytes], group: int) -> bytes | None:
    for creator_tag, value_tag in zip(_CREATOR_TAGS[group], _VALUE_TAGS[group], strict=True):
        creator = found.get(creator_tag)
        if creator is not None and plain_text(creator).upper() == _CREATOR[group]:
            return found.get(value_tag)
    return None


def _decline_csa_with_value(header: bytes | None) -> None:
    """Decline a CSA header whose B_value holds items; one that is named once and holds none states none."""
    if header is None:
        return
    at = header.find(_CSA_NAME)
    if at < 0:
        return
    count = header[at + _CSA_NAME_BYTES + 12 : at + _CSA_NAME_BYTES + 16]
    if header.find(_CSA_NAME, at + 1) >= 0 or count != b"\0\0\0\0":
        raise Declined


def _first(raw: bytes) -> float:
    # An integer string: no fraction and no exponent.
    if raw.translate(None, b"0123456789+- \\\0"):
        raise Declined
    numbers = decimals(raw)
    if not numbers:
        raise Declined
    return numbers[0]


def _one_float(raw: bytes, layout: str) -> float:
    if len(raw) != struct.calcsize(layout):
        raise Declined
    return float(struct.unpack(layout, raw)[0])


def _checked(value: float) -> float:
    if not 0 <= value < _BELOW:
        raise Declined
    return value
