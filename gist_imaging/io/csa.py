"""The Siemens CSA image header (0029,1010): a few named values out of a bounded walk.

The layout is not published; this follows nibabel's csareader (MIT), which the tests compare with.
"""

from __future__ import annotations

import struct
from typing import Any

from pydicom.dataset import Dataset

from gist_imaging.io.element_values import value_at

__all__ = ["csa_number", "csa_numbers", "csa_values"]

# More tags or items than any header has; a larger number is a broken header.
_AT_MOST = 1000
_TAG = struct.Struct("<64si4s3i")
_ITEM = struct.Struct("<4i")


def csa_numbers(dataset: Dataset, name: str) -> tuple[float, ...]:
    """Return the numbers of one CSA value, () where the header or the value is absent or broken."""
    if value_at(dataset, (0x0029, 0x0010)) is None:
        return ()
    header = _image_header(dataset)
    try:
        return tuple(float(text) for text in csa_values(header).get(name, ()))
    except (struct.error, ValueError):
        return ()


def csa_number(dataset: Dataset, name: str) -> float | None:
    """Return the first number of one CSA value, or None."""
    numbers = csa_numbers(dataset, name)
    return numbers[0] if numbers else None


def _image_header(dataset: Dataset) -> bytes:
    for block in range(0x10, 0x20):
        creator: Any = value_at(dataset, (0x0029, block))
        if isinstance(creator, str) and creator.strip() == "SIEMENS CSA HEADER":
            header = value_at(dataset, (0x0029, (block << 8) + 0x10))
            return header if isinstance(header, bytes) else b""
    return b""


def csa_values(header: bytes) -> dict[str, tuple[str, ...]]:
    """Return the values of a CSA header by name, each as its texts; {} for an empty header.

    Raises
    ------
    ValueError, struct.error
        When the header is broken.
    """
    if not header:
        return {}
    newer = header.startswith(b"SV10")
    at = 8 if newer else 0
    (count,) = struct.unpack_from("<I", header, at)
    if not 0 < count <= _AT_MOST:
        raise ValueError("a CSA header holds 1 to 1000 values")
    at += 8
    found: dict[str, tuple[str, ...]] = {}
    # In the older layout every length carries the number of items of the first value as an offset.
    offset = 0
    for position in range(count):
        name, _, _, _, n_items, _ = _TAG.unpack_from(header, at)
        at += _TAG.size
        if not 0 <= n_items <= _AT_MOST:
            raise ValueError("a CSA value holds at most 1000 items")
        if position == 0:
            offset = n_items
        texts, at = _items(header, at, n_items, None if newer else offset)
        found[_text(name)] = texts
    return found


def _items(header: bytes, at: int, n_items: int, offset: int | None) -> tuple[tuple[str, ...], int]:
    texts = []
    for _item in range(n_items):
        words = _ITEM.unpack_from(header, at)
        at += _ITEM.size
        length = words[1] if offset is None else words[0] - offset
        if length < 0 or at + length > len(header):
            if offset is None:
                raise ValueError("a CSA item ends within the header")
            break
        text = _text(header[at : at + length])
        at += length + (-length % 4)
        if text:
            texts.append(text)
    return tuple(texts), at


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1").strip()
