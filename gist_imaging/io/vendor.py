"""Diffusion b-values: the standard place, and the private places of the vendors.

Where the vendors keep them was compared with dcm2niix (C. Rorden, BSD-2-Clause) and with the vendors' DICOM
conformance statements. A private element is believed only under its own private creator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

from gist_imaging.io.csa import csa_number
from gist_imaging.io.element_values import BadNumber, element_text, numbers_of, value_at

__all__ = ["b_value_in_sequence_name", "b_value_of", "ge_b_value", "private_value"]

# No scanner reaches 100,000 s/mm²; GE adds 1e9 to mark a b-value that stands for a whole protocol.
_B_VALUE_BELOW = 1e5
_GE_MARK = 1e5

# Siemens: "*ep_b800t", "ep_b50#3", "*ep_b50_800" for a map calculated from 50 and 800.
_SIEMENS_SEQUENCE = re.compile(r"_b(?P<value>\d+)(?:[t#_]|$)")


def b_value_of(dataset: Dataset) -> float | None:
    """Return the diffusion b-value of a single-frame image in s/mm², or None where it states none.

    The order is: Diffusion b-value (0018,9087), which Canon and Toshiba write too; Siemens (0019,100C), the
    CSA header, Sequence Name; GE (0043,1039); Philips (2001,1003); United Imaging (0065,1009).
    """
    for value in _stated(dataset):
        if value is not None and 0 <= value < _B_VALUE_BELOW:
            return value
    return None


def _stated(dataset: Dataset) -> Iterator[float | None]:
    yield _first(value_at(dataset, "DiffusionBValue"))
    yield _first(private_value(dataset, 0x0019, "SIEMENS MR HEADER", 0x0C))
    yield csa_number(dataset, "B_value")
    yield b_value_in_sequence_name(element_text(dataset, "SequenceName"))
    yield ge_b_value(private_value(dataset, 0x0043, "GEMS_PARM_01", 0x39))
    yield _first(private_value(dataset, 0x2001, "Philips Imaging DD 001", 0x03))
    yield _united_imaging(dataset)


def _united_imaging(dataset: Dataset) -> float | None:
    # (0065,1009) is a weighted b of one direction; images without diffusion hold 0 there.
    return _first(private_value(dataset, 0x0065, "Image Private Header", 0x09))


def private_value(dataset: Dataset, group: int, creator: str, offset: int) -> Any:
    """Return the value of a private element of `creator`, or None where there is none."""
    for block in range(0x10, 0x100):
        name = value_at(dataset, (group, block))
        if name is None and block > 0x1F:
            return None
        if isinstance(name, str | bytes) and _same_creator(name, creator):
            return value_at(dataset, (group, (block << 8) + offset))
    return None


def _same_creator(name: str | bytes, creator: str) -> bool:
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    return text.strip("\0 ").upper() == creator.upper()


def ge_b_value(value: Any) -> float | None:
    """Return the b-value out of GE's (0043,1039), whose first number may carry a mark of 1e9.

    GE writes 0 there on images without diffusion too, so 0 states nothing.

    >>> ge_b_value([1000000800, 8, 0, 0])
    800.0
    """
    first = _first(value)
    return (first % _GE_MARK) or None if first is not None else None


def b_value_in_sequence_name(name: str) -> float | None:
    """Return the b-value that Siemens writes into Sequence Name (0018,0024), or None.

    A name with two b-values ("*ep_b50_800") belongs to a map calculated from both and states none.

    >>> b_value_in_sequence_name("*ep_b800t"), b_value_in_sequence_name("*ep_b0")
    (800.0, 0.0)
    >>> b_value_in_sequence_name("*ep_b50_800") is None
    True
    """
    found = _SIEMENS_SEQUENCE.search(name)
    if found is None or re.match(r"_b\d+_\d", name[found.start() :]):
        return None
    return float(found["value"])


def _first(value: Any) -> float | None:
    try:
        numbers = numbers_of(value)
    except BadNumber:
        return None
    return numbers[0] if numbers else None
