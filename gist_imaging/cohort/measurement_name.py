"""What one name of the long table stands for: unit, field and the values that it can have."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ML_PER_MM3", "MeasurementName"]


@dataclass(frozen=True, slots=True)
class MeasurementName:
    """One name of the long table.

    Parameters
    ----------
    field : the field of `LesionMeasurement.to_json()` that it is filled from
    unit : the one unit of the name; None: that of the series' quantity
    scale : factor from the field's unit to `unit`, applied once
    physical : whether it needs the spacing of the patient
    of_voxel_values : whether it is a statistic of voxel values, rather than a size or a count
    signed : whether a size may be below 0
    above_0 : whether it is above 0 (exclusive) wherever it is measured
    at_least, at_most : bounds of what the definition can give, inclusive
    of_side : whether it is measured for each side of the levator ani
    """

    field: str
    unit: str | None
    description: str
    scale: float = 1.0
    physical: bool = True
    of_voxel_values: bool = False
    signed: bool = False
    above_0: bool = False
    at_least: float | None = None
    at_most: float | None = None
    of_side: bool = False

    def range_in_words(self) -> str:
        """Return what the definition can give, in `unit`.

        >>> MeasurementName("levator_contact_arc_deg", "deg", "an arc", at_most=360.0).range_in_words()
        'at least 0 and at most 360'
        """
        lowest = self.at_least if self.signed else 0.0
        ends = ["above 0"] if self.above_0 else [] if lowest is None else [f"at least {lowest:g}"]
        ends += [] if self.at_most is None else [f"at most {self.at_most:g}"]
        return " and ".join(ends) or "any number"

    def excludes(self, value: float) -> bool:
        """Return whether the definition cannot give `value`, in `unit`.

        >>> ratio = MeasurementName("hemi_hiatus_ratio", "1", "a ratio", above_0=True)
        >>> ratio.excludes(0.0), ratio.excludes(0.9)
        (True, False)
        """
        lowest = self.at_least if self.signed else 0.0
        return (
            (self.above_0 and not value > 0)
            or (lowest is not None and value < lowest)
            or (self.at_most is not None and value > self.at_most)
        )


ML_PER_MM3 = 0.001
"""Millilitres per cubic millimetre."""
