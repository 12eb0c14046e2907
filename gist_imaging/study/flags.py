"""Words for what was odd about an image while it was read; the geometry gate turns them into codes."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "MODALITY_LUT",
    "MOSAIC",
    "MOSAIC_NO_GEOMETRY",
    "ORIENTATION_BAD",
    "PIXEL_SPACING_BAD",
    "POSITION_BAD",
    "RESCALE_BAD",
    "reasons",
    "with_reason",
]

PIXEL_SPACING_BAD = "pixel_spacing_bad"
"""Pixel Spacing is there but cannot be used; the reason follows a colon."""
ORIENTATION_BAD = "orientation_bad"
"""Image Orientation (Patient) is there but cannot be used; the reason follows a colon."""
POSITION_BAD = "position_bad"
"""Image Position (Patient) is there but cannot be used; the reason follows a colon."""
RESCALE_BAD = "rescale_bad"
"""Rescale Slope or Intercept is there but cannot be used; the reason follows a colon."""
MODALITY_LUT = "modality_lut"
"""Stored values go through a table (Modality LUT Sequence) instead of a slope and an intercept."""
MOSAIC = "mosaic"
"""The image was one tile of a mosaic; the tiles in a row of the mosaic follow a colon."""
MOSAIC_NO_GEOMETRY = "mosaic_no_geometry"
"""The image is a mosaic that does not say where its slices lie."""


def with_reason(flag: str, reason: str) -> str:
    """Return `flag` with what was found.

    >>> with_reason(PIXEL_SPACING_BAD, "decimal comma")
    'pixel_spacing_bad:decimal comma'
    """
    return f"{flag}:{reason}"


def reasons(flags: Sequence[str], flag: str) -> tuple[str, ...]:
    """Return the reasons given with `flag`, "" where it stands alone.

    >>> reasons(("mosaic:6", "rescale_bad:slope 0"), "rescale_bad")
    ('slope 0',)
    """
    if not flags:
        return ()
    return tuple(word.partition(":")[2] for word in flags if word.partition(":")[0] == flag)
