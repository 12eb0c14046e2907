"""Low, mid or high: the third of the rectum from the distance above the anal verge, by a named rule."""

from __future__ import annotations

from gist_imaging.study.codes import HeightClass, HeightRule

__all__ = ["height_class"]

# Cancer Care Ontario, RadElement RDES11: low 0-5.0, mid 5.1-10, high 10.1-15 cm; stated to 0.1 cm there, so
# that what lies between two classes goes to the upper one.
CCO_LOW_AT_MOST_MM = 50.0
CCO_MID_AT_MOST_MM = 100.0
CCO_HIGH_AT_MOST_MM = 150.0
# SEER and UICC: low up to 6 (inclusive), mid above 6 and below 12, upper 12 to 16 cm (both inclusive).
SEER_LOW_AT_MOST_MM = 60.0
SEER_HIGH_AT_LEAST_MM = 120.0
SEER_HIGH_AT_MOST_MM = 160.0


def height_class(distance_mm: float, rule: HeightRule) -> HeightClass | None:
    """Return the class of a lower tumour edge `distance_mm` above the anal verge; None above the rectum.

    An edge at or below the anal verge (0 or less) is low.

    >>> height_class(50.0, HeightRule.CCO).value, height_class(50.1, HeightRule.CCO).value
    ('low', 'mid')
    >>> height_class(119.9, HeightRule.SEER).value, height_class(120.0, HeightRule.SEER).value
    ('mid', 'high')
    """
    if rule is HeightRule.CCO:
        if distance_mm <= CCO_LOW_AT_MOST_MM:
            return HeightClass.LOW
        if distance_mm <= CCO_MID_AT_MOST_MM:
            return HeightClass.MID
        return HeightClass.HIGH if distance_mm <= CCO_HIGH_AT_MOST_MM else None
    if distance_mm <= SEER_LOW_AT_MOST_MM:
        return HeightClass.LOW
    if distance_mm < SEER_HIGH_AT_LEAST_MM:
        return HeightClass.MID
    return HeightClass.HIGH if distance_mm <= SEER_HIGH_AT_MOST_MM else None
