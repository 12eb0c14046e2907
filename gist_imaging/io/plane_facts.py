"""Where an image lies and how its stored numbers become values; unusable statements become flags."""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset

from gist_imaging.io.element_values import BadNumber, element_numbers, element_text, first_number, value_at
from gist_imaging.study.flags import (
    MODALITY_LUT,
    ORIENTATION_BAD,
    PIXEL_SPACING_BAD,
    POSITION_BAD,
    RESCALE_BAD,
    with_reason,
)

__all__ = [
    "RESCALE_SLOPE_AT_MOST",
    "orientation_fault",
    "place_facts",
    "real_world_facts",
    "rescale_facts",
    "thickness_facts",
]

# Scanners round direction cosines; 1e-4 is what the geometry gate allows (inclusive).
_ORTHONORMAL_WITHIN = 1e-4

# House rule: the largest slope (inclusive) that is believed. A 16-bit value through a larger one would be
# beyond every quantity of CT, MR or PET; an ordinary one is 1 for CT and below 100 for the others.
RESCALE_SLOPE_AT_MOST = 1e4

# UCUM units of diffusion coefficients, as the factor that takes them to 10⁻³ mm²/s.
_ADC_UNITS = {
    "mm2/s": 1e3,
    "10*-3.mm2/s": 1.0,
    "10-3.mm2/s": 1.0,
    "10*-6.mm2/s": 1e-3,
    "10-6.mm2/s": 1e-3,
    "um2/s": 1e-3,
    "um2/ms": 1.0,
}


def place_facts(
    position: Dataset, orientation: Dataset, measures: Dataset
) -> tuple[dict[str, Any], list[str]]:
    """Return position, orientation and pixel spacing as FrameFacts fields, and flags for unusable ones."""
    fields: dict[str, Any] = {}
    flags: list[str] = []
    for name, flag, dataset, keyword, fault in (
        ("position_mm", POSITION_BAD, position, "ImagePositionPatient", _position_fault),
        ("orientation", ORIENTATION_BAD, orientation, "ImageOrientationPatient", orientation_fault),
        ("pixel_spacing_mm", PIXEL_SPACING_BAD, measures, "PixelSpacing", _spacing_fault),
    ):
        try:
            numbers = element_numbers(dataset, keyword)
            if numbers is None:
                continue
            found = fault(numbers)
        except BadNumber as bad:
            found = bad.found
        if found:
            flags.append(with_reason(flag, found))
        else:
            fields[name] = numbers
    return fields, flags


def _position_fault(numbers: tuple[float, ...]) -> str:
    return "" if len(numbers) == 3 else f"{len(numbers)} numbers"


def _spacing_fault(numbers: tuple[float, ...]) -> str:
    if len(numbers) != 2:
        return f"{len(numbers)} number{'s' if len(numbers) > 1 else ''}"
    if min(numbers) < 0:
        return "a negative number"
    return "" if min(numbers) > 0 else "zero"


def orientation_fault(numbers: tuple[float, ...]) -> str:
    """Return what makes these no two unit vectors at right angles (within 1e-4, inclusive), or "".

    >>> orientation_fault((1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    ''
    >>> orientation_fault((0.0,) * 6)
    'vectors of length 0'
    """
    if len(numbers) != 6:
        return f"{len(numbers)} numbers"
    row, column = numbers[:3], numbers[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    if min(lengths) == 0:
        return "vectors of length 0"
    if max(abs(length - 1) for length in lengths) > _ORTHONORMAL_WITHIN:
        return "vectors that are not of length 1"
    dot = sum(a * b for a, b in zip(row, column, strict=True))
    return "" if abs(dot) <= _ORTHONORMAL_WITHIN else "vectors that are not at right angles"


def thickness_facts(measures: Dataset, dataset: Dataset) -> dict[str, Any]:
    """Return slice thickness, spacing between slices and gantry tilt; what is not above 0 is not stated."""
    fields: dict[str, Any] = {"gantry_tilt_deg": first_number(dataset, "GantryDetectorTilt")}
    for name, keyword in (
        ("slice_thickness_mm", "SliceThickness"),
        ("spacing_between_slices_mm", "SpacingBetweenSlices"),
    ):
        number = first_number(measures, keyword)
        # Some scanners write a negative spacing for a reversed stack; positions decide the order here.
        number = abs(number) if number is not None and name.startswith("spacing") else number
        fields[name] = number if number is not None and number > 0 else None
    return fields


def rescale_facts(dataset: Dataset) -> tuple[dict[str, Any], list[str]]:
    """Return rescale slope, intercept and type, and flags for unusable ones.

    A table (Modality LUT Sequence) is flagged: values that go through it are not decoded.
    """
    flags = [MODALITY_LUT] if value_at(dataset, "ModalityLUTSequence") else []
    numbers: dict[str, Any] = {}
    for name, keyword in (("rescale_slope", "RescaleSlope"), ("rescale_intercept", "RescaleIntercept")):
        try:
            stated = element_numbers(dataset, keyword)
        except BadNumber as bad:
            flags.append(with_reason(RESCALE_BAD, bad.found))
            continue
        if stated is None:
            continue
        found = f"{len(stated)} numbers" if len(stated) > 1 else ""
        if not found and name == "rescale_slope":
            found = _slope_fault(stated[0])
        if found:
            flags.append(with_reason(RESCALE_BAD, found))
            continue
        numbers[name] = stated[0]
    if len(numbers) == 1:
        missing = "intercept" if "rescale_slope" in numbers else "slope"
        flags.append(with_reason(RESCALE_BAD, f"no {missing}"))
    if len(numbers) != 2:
        return {}, flags
    return {**numbers, "rescale_type": element_text(dataset, "RescaleType") or None}, flags


def _slope_fault(slope: float) -> str:
    if slope == 0:
        return "a slope of 0"
    if slope < 0:
        return "a slope below 0"
    return "" if slope <= RESCALE_SLOPE_AT_MOST else f"a slope above {RESCALE_SLOPE_AT_MOST:g}"


def real_world_facts(mappings: Any) -> dict[str, Any]:
    """Return the scale to ADC in 10⁻³ mm²/s where a Real World Value Mapping states one, else {}.

    Only linear mappings with a unit of the mm²/s family count: no other mapping changes a value here.
    """
    for mapping in mappings or ():
        units = value_at(mapping, "MeasurementUnitsCodeSequence")
        unit = element_text(units[0], "CodeValue") if units else ""
        slope = first_number(mapping, "RealWorldValueSlope")
        if unit not in _ADC_UNITS or not slope:
            continue
        factor = _ADC_UNITS[unit]
        intercept = first_number(mapping, "RealWorldValueIntercept") or 0.0
        return {
            "real_world_slope": slope * factor,
            "real_world_intercept": intercept * factor,
            "quantity_hint": "ADC",
        }
    return {}
