"""How numbers and states are told on the screen: mm and mL with one decimal, words with a mark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gist_imaging.errors import GistImagingError
from gist_imaging.measure.region import slice_axis
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.spatial import slice_number
from gist_napari.widgets.style import number_text

if TYPE_CHECKING:
    from gist_imaging.session.open_case import OpenCase
    from gist_imaging.spatial.geometry import Geometry
    from gist_imaging.spatial.mask import Mask

_NATIVE_SLICE = re.compile(r"slice k = (\d+)")
_BEFORE_DIGIT = re.compile(r"(?<!\w)-(?=\d)")

__all__ = [
    "MASK_STATES",
    "NOT_MEASURED",
    "distance_mm",
    "mask_state",
    "ml",
    "mm",
    "number_of",
    "place_in_slice",
    "reason_told",
    "sentence",
    "slices_as_shown",
    "slices_of",
    "uncapped",
]  # fmt: skip

MASK_STATES: Mapping[str, str] = {
    "empty": "○ not outlined",
    "sketched": "◌ sketched, not grown",
    "proposal": "▨ proposal: Enter accepts, Esc rejects",
    "accepted": "● accepted",
    "unverified": "◐ unverified copy",
    "verified": "● verified",
    "none_visible": "∅ none visible",
    "stale": "◔ strokes are newer: grow again",
}
"""States of a mask: a mark and a word, never colour alone."""

NOT_MEASURED: Mapping[str, str] = {
    "geometry_not_physical": "the file's spacing is not the patient's",
    "single_slice": "the image has one slice",
    "quantity_not_hu": "these values have no unit",
    "empty_mask": "no tumour is outlined",
}


def mm(value: float | None) -> str:
    """Return a length in mm.

    >>> mm(61.42), mm(None)
    ('61.4 mm', '–')
    """
    return "–" if value is None else f"{number_text(value)} mm"


def ml(volume_mm3: float | None) -> str:
    """Return a volume in mL.

    >>> ml(81063.96)
    '81.1 mL'
    """
    return "–" if volume_mm3 is None else f"{number_text(volume_mm3 / 1000.0)} mL"


def reason_told(reason: str | None) -> str:
    """Return why something was not measured, in words."""
    if reason is None:
        return ""
    return NOT_MEASURED.get(reason, _BEFORE_DIGIT.sub("\N{MINUS SIGN}", reason.replace("_", " ")))


def sentence(words: str, end: str = "") -> str:
    """Return words as a sentence: a capital first, true minus signs before digits, hyphens as they are.

    >>> sentence("the cut-off is -30 %", ".")
    'The cut-off is −30 %.'
    """
    told = _BEFORE_DIGIT.sub("\N{MINUS SIGN}", f"{words[:1].upper()}{words[1:]}")
    return told if not end or told.endswith((".", "?")) else told + end


def uncapped(words: str) -> str:
    """Return words as they stand inside a sentence.

    >>> uncapped("Contact on patient R")
    'contact on patient R'
    """
    return words[:1].lower() + words[1:]


def distance_mm(points_mm: Sequence[Sequence[float]] | None) -> float | None:
    """Return the distance of two points in mm, None without them."""
    if points_mm is None or len(points_mm) < 2:
        return None
    return float(np.linalg.norm(np.subtract(points_mm[1], points_mm[0])))


def mask_state(case: OpenCase, lesion: str, visit: str) -> str:
    """Return how far the outline of a lesion is at a visit; a key of `MASK_STATES`."""
    state = case.state
    if state.proposal(lesion, visit) is not None:
        return "proposal"
    facts = state.plain("mask_facts", lesion, visit)
    prompts = state.plain("prompts", lesion, visit)
    if state.mask(lesion, visit) is None:
        return "empty" if prompts is None else "sketched"
    facts = facts or {}
    seen = facts.get("prompts_sha256")
    if prompts is not None and seen and PromptLog.from_json(prompts).sha256() != seen:
        return "stale"
    return str(facts.get("state", "accepted"))


def number_of(case: OpenCase, mask: Mask, visit: str, index: int) -> int:
    """Return the number that the pane shows for a slice of a mask's grid, `index` along its slice axis."""
    try:
        is_dicom = bool(case.measured_volume(visit).series_uid)
    except GistImagingError:  # its files are gone or changed; the pane says so
        is_dicom = False
    return slice_number(mask.geometry, slice_axis(mask.geometry, is_dicom), index)


def slices_as_shown(words: str, geometry: Geometry) -> str:
    """Return words with slices counted as the pane does, where they name one as it lies in the file.

    >>> from gist_imaging.spatial import Geometry
    >>> feet_first = Geometry((26, 2, 2), np.diag([3.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]], None)
    >>> slices_as_shown("one more stroke on slice k = 10 tells", feet_first)
    'one more stroke on slice 16 tells'
    """
    return _NATIVE_SLICE.sub(lambda found: f"slice {slice_number(geometry, 0, int(found[1]))}", words)


def slices_of(case: OpenCase, mask: Mask, visit: str) -> list[int]:
    """Return the slices that a mask covers, as indices along the axis that runs from slice to slice."""
    facts: Any = case.visit(visit)
    try:
        volume = case.images.volume(visit, facts.measured) if facts.measured else None
    except GistImagingError:  # its files are gone or changed; the pane says so
        volume = None
    axis = slice_axis(mask.geometry, from_dicom=bool(volume is not None and volume.series_uid))
    return [int(k) for k in mask.occupied(axis)]


def place_in_slice(case: OpenCase, mask: Mask, visit: str, number: int) -> tuple[float, float, float]:
    """Return a place of the mask in a slice, (3,) LPS mm; the middle of the slice where it has none."""
    geometry = mask.geometry
    volume = case.measured_volume(visit)
    axis = slice_axis(geometry, from_dicom=bool(volume.series_uid))
    inside = np.argwhere(np.take(mask.voxels, number, axis=axis))
    middle = inside.mean(axis=0) if len(inside) else (np.delete(geometry.shape, axis) - 1) / 2.0
    x, y, z = geometry.to_patient(np.insert(middle, axis, number)).tolist()
    return x, y, z
