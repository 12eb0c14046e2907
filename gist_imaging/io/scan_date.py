"""When a scan was made, by its files: asked before a pre/post pair is compared."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from gist_imaging.errors import GistImagingError
from gist_imaging.io.content import Content, content_of

__all__ = ["check_order", "scan_date"]


def scan_date(path: str | Path) -> date | None:
    """Return the day on which the scan at `path` was made; None where its files do not say, or disagree."""
    path = Path(path)
    if content_of(path) in (Content.NIFTI, Content.NRRD):
        return None
    from gist_imaging.io.dicom_index import scan_folder

    told = {frame.acquisition_date for series in scan_folder(path).series for frame in series.frames}
    days = {_date(text) for text in told if text}
    return days.pop() if len(days) == 1 else None


def check_order(pre: str | Path, post: str | Path, *, reason: str | None = None) -> None:
    """Refuse a pair whose second scan is not the later one, or is the first one again.

    Dates that de-identification moved may tell another order; a reason says so.

    Raises
    ------
    GistImagingError
        It names the days between the scans, never the dates.
    """
    pre, post = Path(pre), Path(post)
    if pre.resolve() == post.resolve() or (pre.is_file() and post.is_file() and _same_bytes(pre, post)):
        raise GistImagingError(
            "two scans to compare", "both are the same image", "give the scan after treatment as the second"
        )
    first, second = scan_date(pre), scan_date(post)
    if first is None or second is None or second > first or (reason and reason.strip()):
        return
    apart = (first - second).days
    found = (
        f"its files say that it was made {apart} days before the first" if apart else "both are of one day"
    )
    raise GistImagingError(
        "the second scan is the later one",
        found,
        "swap them; if the dates are not real, say so with --order-reason",
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _same_bytes(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    digests = []
    for path in (one, other):
        with path.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").digest())
    return digests[0] == digests[1]
