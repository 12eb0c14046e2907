"""What must not leave with a cohort: names, paths, addresses, dates in words."""

from __future__ import annotations

import re

from gist_imaging.cohort.spec import SAFE_TEXT
from gist_imaging.problems import ADVICE, Code

__all__ = ["OUR_UID_ROOT", "exportable_message", "exportable_words", "tells_too_much"]

OUR_UID_ROOT = "2.25."
"""Root under which re-rooted UIDs live (a UUID as a decimal integer, ITU-T X.667)."""

_TELLTALE = re.compile(
    r"[/\\]\w+[/\\]"  # a path
    r"|\b[A-Za-z]:\\"  # a drive
    r"|\.(dcm|nii|nrrd|nhdr|zip|ima)\b"  # a file name
    r"|(?<!\d)\d+(\.\d+){4,}"  # a UID
    r"|\w\^\w"  # a DICOM person name
    r"|\S@\S+\.\w"  # an address
    # A date: year first, year last with separators or without, month in letters.
    r"|(?<!\d)(19|20)\d{2}[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?<!\d)\d{1,2}[-_.]\d{1,2}[-_.](19|20)\d{2}(?!\d)"
    r"|(?<!\d)(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(19|20)\d{2}(?!\d)"
    r"|(?<!\d)\d{1,2}[-_.]?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[-_.]?(19|20)\d{2}(?!\d)",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[\x00-\x20\x7f]+")
_LONGEST_MESSAGE = 400


def tells_too_much(text: str) -> bool:
    """Return whether `text` looks as if it held a path, a file, a person's name, an address or a date.

    >>> tells_too_much("expected even gaps; found 6.0 mm"), tells_too_much("see /home/anna/scan")
    (False, True)
    >>> tells_too_much("SYN-001"), tells_too_much("P_20240401")
    (False, True)
    """
    return _TELLTALE.search(text) is not None


def exportable_words(text: str | None) -> str | None:
    """Return what a scanner wrote if it can leave as it is, else None."""
    return text if text and re.fullmatch(SAFE_TEXT, text) and not tells_too_much(text) else None


def exportable_message(code: str, message: str) -> str:
    """Return `message` if it can leave, else the advice that belongs to `code`."""
    plain = _BLANKS.sub(" ", message).strip().lstrip("=+-@ ")[:_LONGEST_MESSAGE]
    if plain and re.fullmatch(SAFE_TEXT, plain) and not tells_too_much(plain):
        return plain
    if code in Code.__members__:
        return ADVICE[Code(code)]
    return "the message is not exported: it may hold a path or a name; see the log of the run"
