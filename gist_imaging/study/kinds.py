"""Which DICOM objects can be a volume of the patient, and what the others are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gist_imaging.problems import Code, Problem
from gist_imaging.study.series import FrameFacts

__all__ = ["is_measurable_class", "localizer_by_name", "not_a_volume"]

_STORAGE = "1.2.840.10008.5.1.4.1.1."

# PS3.6 annex A. PET is kept: its images have patient positions, and SUV may be stated by the user.
_MEASURABLE = {
    _STORAGE + "2": "CT Image",
    _STORAGE + "2.1": "Enhanced CT Image",
    _STORAGE + "2.2": "Legacy Converted Enhanced CT Image",
    _STORAGE + "4": "MR Image",
    _STORAGE + "4.1": "Enhanced MR Image",
    _STORAGE + "4.4": "Legacy Converted Enhanced MR Image",
    _STORAGE + "128": "PET Image",
    _STORAGE + "128.1": "Legacy Converted Enhanced PET Image",
    _STORAGE + "130": "Enhanced PET Image",
}
_SEGMENTATION = {_STORAGE + "66.4": "Segmentation", _STORAGE + "66.7": "Label Map Segmentation"}
# Photometric Interpretation (PS3.3 C.7.6.3.1.2) MONOCHROME1 and 2; a PALETTE COLOR value is a row of a table.
_GREY = "MONOCHROME"
_SECONDARY_CAPTURE = _STORAGE + "7"
_SCOUT_WORDS = {"LOCALIZER", "SCOUT", "SURVIEW"}
_LOCALIZER_NAMES = re.compile(r"(?<![a-z])(localizers?|localisers?|scout|survey)(?![a-z])", re.IGNORECASE)


def is_measurable_class(sop_class_uid: str) -> bool:
    """Return whether images of this SOP Class can be slices of a volume."""
    return sop_class_uid in _MEASURABLE


def not_a_volume(facts: FrameFacts) -> tuple[Problem, ...]:
    """Return why this object can be no slice of a volume, () when it can.

    Secondary captures, and colour images of whatever class (palette too), are pictures. Image Type
    (0008,0008) LOCALIZER makes an image a LOCALIZER; of CT it is a projection, so it is a SCOUT too.
    """
    sop_class = facts.sop_class_uid
    if sop_class in _SEGMENTATION:
        found = _SEGMENTATION[sop_class]
        return (Problem(Code.SEGMENTATION, f"an image is wanted, this is a {found}"),)
    if sop_class == _SECONDARY_CAPTURE or sop_class.startswith(_SECONDARY_CAPTURE + "."):
        return (Problem(Code.SECONDARY_CAPTURE, "a slice is wanted, this is a picture (secondary capture)"),)
    if not is_measurable_class(sop_class):
        found = f"of modality {facts.modality}" if facts.modality.isalnum() else "another kind of object"
        return (Problem(Code.NOT_AN_IMAGE, f"a CT, MR or PET image is wanted, this is {found}"),)
    if facts.rows == 0:
        return (Problem(Code.NOT_AN_IMAGE, "an image is wanted, this object has no pixels"),)
    if facts.samples_per_pixel != 1 or not (facts.photometric or _GREY).startswith(_GREY):
        found = "one value for each pixel is wanted, this is a colour image"
        return (Problem(Code.SECONDARY_CAPTURE, found),)
    return _scout(facts)


def _scout(facts: FrameFacts) -> tuple[Problem, ...]:
    words = {word.upper() for word in facts.image_type}
    if not words.intersection(_SCOUT_WORDS):
        return ()
    localizer = Problem(Code.LOCALIZER, "a diagnostic slice is wanted, by its Image Type this is a localizer")
    if facts.modality != "CT":
        return (localizer,)
    return (Problem(Code.SCOUT, "a slice is wanted, this is a projection for planning (scout)"), localizer)


def localizer_by_name(frames: Sequence[FrameFacts]) -> tuple[Problem, ...]:
    """Return LOCALIZER for a single MR slice whose Series Description calls it localizer, scout or survey.

    The description of a stack of several slices decides nothing: it may be a survey of diagnostic quality.
    """
    if len(frames) != 1 or frames[0].modality != "MR" or not _LOCALIZER_NAMES.search(frames[0].description):
        return ()
    return (Problem(Code.LOCALIZER, "a diagnostic stack is wanted, by its description this is a localizer"),)
