"""Where the pointer is, in words: patient mm with letters, the value with its unit, slice and series."""

from __future__ import annotations

from collections.abc import Sequence

from gist_imaging.spatial.volume import Quantity

__all__ = ["patient_words", "readout", "value_words"]

_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))

_UNITS = {Quantity.HU: "HU", Quantity.ADC: "·10⁻³ mm²/s", Quantity.SUV: "g/mL", Quantity.ARBITRARY: "a.u."}


def patient_words(point_mm: Sequence[float]) -> str:
    """Return a position as a radiologist reads it: letters and mm from the scanner's origin, one decimal.

    Parameters
    ----------
    point_mm : (3,) LPS

    >>> patient_words((-17.62, 35.3, -12.1))
    'R 17.6  P 35.3  I 12.1 mm'
    """
    words = []
    for at, (negative, positive) in zip(point_mm, _LETTERS, strict=True):
        words.append(f"{positive if at >= 0 else negative} {abs(at):.1f}")
    return "  ".join(words) + " mm"


def value_words(value: float | None, quantity: Quantity) -> str:
    """Return a voxel's value with its unit; HU without decimals.

    >>> value_words(41.7, Quantity.HU)
    '42 HU'
    """
    if value is None or value != value:
        return "no value"
    unit = _UNITS[quantity]
    return f"{value:.0f} {unit}" if quantity in (Quantity.HU, Quantity.ARBITRARY) else f"{value:.2f} {unit}"


def readout(
    point_mm: Sequence[float],
    value: float | None,
    quantity: Quantity,
    slice_words: str,
    series: str,
    tag: str,
) -> str:
    """Return the whole line of the status bar.

    Parameters
    ----------
    slice_words : such as "slice 41/80"
    series, tag : name of the series, and PRE or POST
    """
    inside = value_words(value, quantity) if value is not None else "outside the image"
    return " · ".join((patient_words(point_mm), inside, slice_words, series, tag))
