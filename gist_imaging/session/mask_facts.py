"""What is known of an accepted mask beside its voxels, and how it was made."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from gist_imaging.errors import ReadingError
from gist_imaging.session.canvas import Canvas
from gist_imaging.session.drawing import prompts_of
from gist_imaging.session.state import CaseState
from gist_imaging.spatial.difference import how_grids_differ
from gist_imaging.spatial.mask import Mask

__all__ = ["MaskState", "Method", "check_grid", "mask_facts", "method_after", "signed"]


class MaskState(StrEnum):
    """How far a reader stands behind an accepted mask."""

    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    """Copied from another visit and not touched since."""
    VERIFIED = "verified"
    NONE_VISIBLE = "none_visible"
    """The reader looked and found no tumour: an empty mask."""


class Method(StrEnum):
    """How a mask was made, in the words of the cohort's list mask_method."""

    MANUAL = "manual"
    REGION_GROW = "region_grow"
    INTERPOLATION = "interpolation"
    MODEL = "model"
    MODEL_EDITED = "model_edited"
    MIXED = "mixed"
    IMPORTED = "imported"


def method_after(before: str | None, by: str) -> str:
    """Return the method of a mask made by `before` and then changed by `by`.

    >>> method_after(None, "manual"), method_after("model", "manual"), method_after("region_grow", "manual")
    ('manual', 'model_edited', 'mixed')
    """
    if before is None or before == by:
        return by
    edited_model = before in (Method.MODEL, Method.MODEL_EDITED) and by == Method.MANUAL
    return str(Method.MODEL_EDITED if edited_model else Method.MIXED)


def mask_facts(
    state: CaseState,
    canvas: Canvas,
    word: MaskState,
    method: str,
    *,
    after: str | None = None,
    edited: bool = False,
    reason: str | None = None,
) -> dict[str, Any]:
    """Return what the cell beside a mask holds.

    Parameters
    ----------
    after : hash of what had been drawn when the result was first seen; None takes that of now
    """
    return {
        "state": str(word),
        "method": str(method),
        "series": canvas.series,
        "image_sha256": canvas.image_sha256,
        "by": canvas.by,
        "prompts_sha256": after or prompts_of(state, canvas.lesion, canvas.visit).sha256(),
        "edited": edited,
        "looked_at": None,
        "reason": reason,
    }


def check_grid(mask: Mask | None, canvas: Canvas) -> None:
    """Refuse to mix the measured series with a mask that was made on the one that was pinned before."""
    difference = None if mask is None else how_grids_differ(mask.geometry, canvas.geometry)
    if difference is not None:
        raise ReadingError(
            f"a mask of {canvas.lesion} on the series that is measured at {canvas.visit}",
            f"it was made on another one: {difference}",
            "clear it and outline anew, or pin its series again",
        )


def signed(mask: Mask, author: str) -> Mask:
    """Return the mask with the reader who changed it."""
    return mask.described(provenance=replace(mask.provenance, author=author))
