"""Whether two images that claim to be one hold the same values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GistImagingError
from gist_imaging.io.pixel_request import request_for
from gist_imaging.io.worker import shared_worker
from gist_imaging.study.series import FrameFacts

__all__ = ["same_pixels"]


def same_pixels(one: FrameFacts, other: FrameFacts) -> bool:
    """Return whether the stored values of two images are equal; False when one of them does not decode.

    Objects without pixels are compared by their facts alone, so here they are the same.
    """
    if one.rows == 0 and other.rows == 0:
        return True
    try:
        return bool(np.array_equal(_stored(one), _stored(other)))
    except GistImagingError:
        return False


def _stored(frame: FrameFacts) -> npt.NDArray[np.integer]:
    decoded: list[npt.NDArray[np.integer]] = shared_worker().call(
        "gist_imaging.io.pixels:decode_many", (request_for(frame),), file=frame.name
    )
    return decoded[0]
