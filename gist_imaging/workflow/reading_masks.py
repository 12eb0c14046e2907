"""What a reader does with masks of an open case: accept, reject, verify, clear, say that none is visible."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gist_imaging.workflow.reading_lesions import canvas_of

if TYPE_CHECKING:
    from gist_imaging.session.event import Event
    from gist_imaging.session.open_case import OpenCase

__all__ = ["accept", "clear_mask", "mark_none_visible", "reject", "verify_mask"]


def accept(case: OpenCase, lesion: str, visit: str) -> Event:
    """Make the waiting proposal the mask, exactly as it is seen; other lesions keep their voxels."""
    from gist_imaging.session.masks import accepted

    return case.act(accepted(case.state, canvas_of(case, lesion, visit)))


def reject(case: OpenCase, lesion: str, visit: str) -> Event:
    """Put the waiting proposal away."""
    from gist_imaging.session.masks import rejected

    return case.act(rejected(case.state, canvas_of(case, lesion, visit)))


def verify_mask(case: OpenCase, lesion: str, visit: str, slices_seen: Iterable[int] | None = None) -> Event:
    """Stand behind a copied mask.

    Parameters
    ----------
    slices_seen : indices along the slice axis that were on the screen; less than 80 % is refused
    """
    from gist_imaging.session.masks import mask_verified

    return case.act(mask_verified(case.state, canvas_of(case, lesion, visit), slices_seen))


def mark_none_visible(case: OpenCase, lesion: str, visit: str, reason: str | None = None) -> Event:
    """Say that the reader looked and no tumour is visible: an accepted empty mask."""
    from gist_imaging.session.masks import none_visible

    return case.act(none_visible(case.state, canvas_of(case, lesion, visit), reason))


def clear_mask(case: OpenCase, lesion: str, visit: str) -> Event:
    """Take the accepted mask away."""
    from gist_imaging.session.masks import mask_cleared

    return case.act(mask_cleared(case.state, canvas_of(case, lesion, visit)))
