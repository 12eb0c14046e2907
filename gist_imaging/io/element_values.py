"""Numbers and words out of DICOM elements that may be missing, empty, malformed or of the wrong type."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

__all__ = [
    "BadNumber",
    "above_zero",
    "element_numbers",
    "element_text",
    "first_number",
    "numbers_of",
    "text_of",
    "value_at",
]


class BadNumber(ValueError):  # noqa: N818 - a finding about a file, caught where it becomes a flag
    """An element holds no usable numbers; `found` says in kind what it holds, never its text."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(found)


def value_at(dataset: Dataset, tag: Any) -> Any:
    """Return the value of an element, its raw bytes where pydicom cannot convert them, or None."""
    try:
        element = dataset.get(tag)
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 - pydicom raises anything at all on malformed values
        return _raw_value(dataset, tag)
    return getattr(element, "value", element)


def _raw_value(dataset: Dataset, tag: Any) -> Any:
    number = tag_for_keyword(tag) if isinstance(tag, str) else tag
    element = dataset.get_item(number) if number is not None else None
    return element.value if isinstance(element, RawDataElement) else None


def element_numbers(dataset: Dataset, tag: Any) -> tuple[float, ...] | None:
    """Return the numbers of an element, or None where it is absent or empty.

    Raises
    ------
    BadNumber
        When the element holds something that is no finite number.
    """
    return numbers_of(value_at(dataset, tag))


def numbers_of(value: Any) -> tuple[float, ...] | None:
    r"""Return finite numbers out of whatever an element holds, or None where it is empty.

    >>> numbers_of("0.8\\0.8")
    (0.8, 0.8)
    >>> numbers_of(b"800 ")
    (800.0,)
    """
    parts = [part for part in _parts(value) if part not in ("", None)]
    if not parts:
        return None
    return tuple(_finite(part) for part in parts)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, bytes):
        value = value.decode("latin-1").strip("\0 ")
    if isinstance(value, str):
        return [part.strip() for part in value.split("\\")]
    if isinstance(value, list | tuple | MultiValue):
        return [part.strip() if isinstance(part, str) else part for part in value]
    return [value]


def _finite(part: Any) -> float:
    try:
        number = float(part)
    except (TypeError, ValueError, OverflowError):
        comma = isinstance(part, str) and part.count(",") == 1 and part.replace(",", "").strip("+-").isdigit()
        raise BadNumber("a decimal comma" if comma else "a text") from None
    if math.isnan(number):
        raise BadNumber("not a number (NaN)")
    if math.isinf(number):
        raise BadNumber("a number beyond all bounds")
    return number


def first_number(dataset: Dataset, tag: Any) -> float | None:
    """Return the first number of an element, or None where it holds no usable one."""
    try:
        numbers = element_numbers(dataset, tag)
    except BadNumber:
        return None
    return numbers[0] if numbers else None


def above_zero(dataset: Dataset, tag: Any) -> float | None:
    """Return the first number of an element, or None where it holds no usable one above 0."""
    number = first_number(dataset, tag)
    return number if number is not None and number > 0 else None


def element_text(dataset: Dataset, tag: Any) -> str:
    """Return the text of an element, "" where it is absent; several values are joined by a backslash."""
    return text_of(value_at(dataset, tag))


def text_of(value: Any) -> str:
    r"""Return the text of whatever an element holds.

    >>> text_of(["ORIGINAL", "PRIMARY"])
    'ORIGINAL\\PRIMARY'
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1").strip("\0 ")
    if isinstance(value, list | tuple | MultiValue):
        return "\\".join(text_of(part) for part in value)
    return str(value).strip("\0 ")
