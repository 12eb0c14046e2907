"""Where everything that a reader gives to a case is kept: named cells with plain values or masks.

A cell's key is a tuple of words. Its value is plain JSON, or a `Mask` for the kinds in `MASK_KINDS`. A cell
that nobody has filled is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gist_imaging.errors import ReadingError
from gist_imaging.spatial.mask import Mask

__all__ = ["CELL_KINDS", "MASK_KINDS", "CellKey", "Plain", "Value", "checked_key", "checked_plain"]

CellKey = tuple[str, ...]
Plain = Any  # None, bool, int, float, str, list or dict of them
Value = Plain | Mask

MASK_KINDS: Final = frozenset({"mask", "proposal"})

CELL_KINDS: Final[Mapping[str, str]] = {
    "lesion": "(lesion): tracking_uid, organ, role; what is followed over time",
    "fate": "(lesion, visit): what became of it: word, reason",
    "prompts": "(lesion, visit): PromptLog as JSON; drawn on the visit's measured series",
    "mask": "(lesion, visit): the accepted voxels",
    "mask_facts": "(lesion, visit): state, method, series, by, looked_at",
    "proposal": "(lesion, visit): voxels that wait for Enter or Esc",
    "proposal_facts": "(lesion, visit): method, warnings, replaces",
    "caliper": "(lesion, visit, measure): end points in place of the proposed ones: points_mm, by, why",
    "ruler": "(visit, number): two points, points_mm, of a distance",
    "roi": "(visit, number): bidimensional or ellipse region without a mask: shape, points_mm",
    "landmark": "(visit, name): point_mm or None (not visible), status placed, copied or verified",
    "levator": "(visit, side, number): points_mm of one stroke along the levator ani",
    "call": "(visit, lesion, form, side, field): a word of the reader about levator ani or pelvis",
    "fact": "(visit, name): phase, quality, filling, ... as the reader states them",
    "impression": "(lesion): much_smaller, smaller, same, larger or cannot_tell, asked before any number",
    "note": "(visit): free text; stays at home",
    "registration": "(): transform and whether the reader has checked it",
    "commit": "(): revision and SHA-256 of the reading that holds the committed call",
    "view": "(...): where the reader was: stage, plane, slice, active visit; never undone",
}
"""Kind of cell (first word of its key) to the words that follow, and what the value holds."""


def checked_key(key: Sequence[str]) -> CellKey:
    """Return `key` as a tuple of words.

    Raises
    ------
    ReadingError
        If its first word is no kind of cell, or a word is empty.
    """
    words = tuple(key)
    if not words or words[0] not in CELL_KINDS or not all(isinstance(word, str) and word for word in words):
        raise ReadingError(
            f"a cell begins with one of {', '.join(CELL_KINDS)}, words only",
            f"got {words!r}",
            "correct its key",
        )
    return words


def checked_plain(key: CellKey, value: Plain) -> Plain:
    """Return `value` as it comes back from JSON: a copy that nothing else can change.

    Raises
    ------
    ReadingError
        If JSON cannot hold it, or it is not finite.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ReadingError(f"cell {' '.join(key)} holds plain finite values", str(error)) from error
