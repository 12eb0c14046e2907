"""The letters at the edges of a picture, and how far its slices are tilted, in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gist_napari.layers import DisplayGrid
from gist_napari.planes import Plane

__all__ = [
    "EdgeLetters",
    "direction_letters",
    "edge_letters",
    "position_words",
    "tilt_deg",
    "tilt_text",
    "turned_letters",
]

# Which way each patient axis grows: x to the left, y to the back, z to the head.
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))

# A second letter is written once the direction has turned by more than this from the first letter's axis.
_SECOND_LETTER_FROM_DEG = 15.0

# Below this the slices are called straight: rounding of direction cosines, not a tilt that anybody chose.
_TILT_SHOWN_FROM_DEG = 0.5


class EdgeLetters(NamedTuple):
    """What lies at each edge of the picture."""

    left: str
    right: str
    top: str
    bottom: str


def direction_letters(direction: npt.ArrayLike) -> str:
    """Return the letters of the patient's side that `direction` (LPS) points to, the main one first.

    >>> direction_letters((1.0, 0.0, 0.0)), direction_letters((0.5, -0.8, 0.0))
    ('L', 'AL')
    """
    turned = np.asarray(direction, dtype=np.float64)
    turned = turned / np.linalg.norm(turned)
    by_size = np.argsort(-np.abs(turned), kind="stable")
    least = np.sin(np.radians(_SECOND_LETTER_FROM_DEG))
    return "".join(
        _LETTERS[axis][int(turned[axis] > 0)]
        for rank, axis in enumerate(by_size)
        if rank == 0 or abs(turned[axis]) > least
    )


def edge_letters(grid: DisplayGrid, plane: Plane) -> EdgeLetters:
    """Return the letters at the edges of `plane` as it hangs on the screen."""
    right = grid.directions[:, plane.across]
    bottom = grid.directions[:, plane.down] * plane.down_sign
    return EdgeLetters(
        direction_letters(-right),
        direction_letters(right),
        direction_letters(-bottom),
        direction_letters(bottom),
    )


def turned_letters(grid: DisplayGrid, view_direction: npt.ArrayLike, up: npt.ArrayLike) -> EdgeLetters:
    """Return the letters at the edges of a 3D view.

    Parameters
    ----------
    view_direction, up : (3,) in the display world: away from the reader, and up on the screen
    """
    away, head = (grid.directions @ np.asarray(vector, dtype=np.float64) for vector in (view_direction, up))
    right = np.cross(away, head)
    return EdgeLetters(*(direction_letters(side) for side in (-right, right, head, -head)))


def tilt_deg(grid: DisplayGrid, plane: Plane) -> float:
    """Return the angle between the slices of `plane` and the patient's plane of that name."""
    normal = grid.directions[:, plane.axis]
    main = (2, 1, 0)[plane.axis]
    # atan2 keeps small angles exact, where arccos of a rounded cosine does not.
    return float(np.degrees(np.arctan2(np.linalg.norm(np.delete(normal, main)), abs(normal[main]))))


def tilt_text(grid: DisplayGrid, plane: Plane) -> str:
    """Return the badge that says how oblique a picture is; "" where it is straight.

    A picture whose slices are straight may still be turned within its plane: then the badge says so.
    """
    tilt = tilt_deg(grid, plane)
    if tilt >= _TILT_SHOWN_FROM_DEG:
        return f"tilt {tilt:.0f}°" if tilt >= 1 else f"tilt {tilt:.1f}°"
    across = grid.directions[:, plane.across]
    main = (2, 1, 0)[plane.across]
    turn = float(np.degrees(np.arctan2(np.linalg.norm(np.delete(across, main)), abs(across[main]))))
    return f"turned {turn:.0f}°" if turn >= 1 else ""


def position_words(point_mm: npt.ArrayLike) -> str:
    """Return an LPS position as readers write it.

    >>> position_words((-17.62, 35.3, -12.1))
    'R 17.6 P 35.3 I 12.1 mm'
    """
    point = np.asarray(point_mm, dtype=np.float64)
    words = (f"{_LETTERS[axis][int(point[axis] > 0)]} {abs(point[axis]):.1f}" for axis in range(3))
    return " ".join(words) + " mm"
