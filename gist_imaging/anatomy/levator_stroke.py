"""A line that a reader drew along the levator ani on one slice, as a value that can be stored."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gist_imaging.anatomy.surface import FloatArray, Side
from gist_imaging.errors import PromptError

__all__ = ["LevatorStroke", "strokes_from_json", "strokes_to_json"]

# A shorter line does not show which way the muscle runs.
SHORTEST_STROKE_MM = 5.0

# Twice the published thickness of the thickest part, so what lies above is a slip of the pen (exclusive).
THICKEST_STATED_MM = 15.0

_KEYS = {"points_mm", "side", "thickness_mm"}


@dataclass(frozen=True, slots=True, eq=False)
class LevatorStroke:
    """A line along the middle of the levator ani of one side, drawn on one slice of any orientation.

    Parameters
    ----------
    points_mm : (n, 3) LPS, n of 2 or more, in the order drawn (either direction)
        Copied, and read-only afterwards.
    side : the patient's left or right
    thickness_mm : how thick the reader saw the muscle there, above 0 and at most 15; None = not measured

    Raises
    ------
    PromptError
        If points are missing or not finite, the line is shorter than 5 mm, the side is neither L nor R, or
        the thickness cannot be.
    """

    points_mm: FloatArray = field(repr=False)
    side: Side
    thickness_mm: float | None = None

    def __post_init__(self) -> None:
        try:
            points = np.array(self.points_mm, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise PromptError(
                "points are rows of x, y, z in mm", "got something else", "correct points_mm"
            ) from error
        if points.ndim != 2 or points.shape[1] != 3:
            raise PromptError(
                "points are rows of x, y, z in mm", f"got shape {points.shape}", "correct points_mm"
            )
        if not np.isfinite(points).all():
            raise PromptError(
                "points are finite positions in mm",
                f"{int((~np.isfinite(points).all(axis=1)).sum())} of {len(points)} are not",
                "leave these points out",
            )
        if self.side not in ("L", "R"):
            raise PromptError(
                "a stroke's side is L or R, the patient's own", f"got {self.side!r}", "correct the side"
            )
        length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
        if length < SHORTEST_STROKE_MM:
            raise PromptError(
                f"a stroke along the levator ani is at least {SHORTEST_STROKE_MM:g} mm long",
                f"got {len(points)} point(s) over {length:.1f} mm",
                "draw it from the muscle's origin to its insertion",
            )
        thickness = self.thickness_mm
        if thickness is not None:
            wrong_kind = isinstance(thickness, bool) or not isinstance(
                thickness, int | float | np.integer | np.floating
            )
            if wrong_kind or not 0.0 < float(thickness) <= THICKEST_STATED_MM:
                raise PromptError(
                    f"a thickness is above 0 and at most {THICKEST_STATED_MM:g} mm",
                    f"got {thickness!r}",
                    "correct it, or leave it out",
                )
            object.__setattr__(self, "thickness_mm", float(thickness))
        points.flags.writeable = False
        object.__setattr__(self, "points_mm", points)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LevatorStroke):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.side, self.thickness_mm, self.points_mm.tobytes()))

    @property
    def length_mm(self) -> float:
        """Length along the line."""
        return float(np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1).sum())

    def to_json(self) -> dict[str, Any]:
        """Return the stroke as plain values for `json.dumps`."""
        return {"points_mm": self.points_mm.tolist(), "side": self.side, "thickness_mm": self.thickness_mm}

    @classmethod
    def from_json(cls, value: Any) -> LevatorStroke:
        """Return the stroke that `to_json` wrote; `thickness_mm` may be missing and is None then.

        >>> LevatorStroke.from_json({"points_mm": [[20, 0, 0], [30, 0, 9]], "side": "L"}).side
        'L'
        """
        if not isinstance(value, Mapping):
            raise PromptError("a stroke is an object", f"got {type(value).__name__}", "correct the file")
        missing = sorted({"points_mm", "side"} - set(value))
        unknown = sorted(str(key) for key in set(value) - _KEYS)
        if missing or unknown:
            raise PromptError(
                "a stroke has points_mm, side and perhaps thickness_mm",
                f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}",
                "correct the file",
            )
        return cls(value["points_mm"], value["side"], value.get("thickness_mm"))


def resampled(points_mm: FloatArray, step_mm: float) -> FloatArray:
    """Return points about every `step_mm` along a line, both ends kept.

    Between sparse clicks the line bends as a drawn curve does (Akima), so a muscle clicked every 10 mm is not
    cut short at its bends.
    """
    from scipy.interpolate import Akima1DInterpolator

    steps = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    points = points_mm[np.concatenate([[True], steps > 1e-6])]
    along = np.concatenate([[0.0], np.cumsum(steps[steps > 1e-6])])
    n = max(2, math.ceil(along[-1] / step_mm) + 1)
    at = np.linspace(0.0, along[-1], n)
    if len(points) == 2:
        return np.asarray(points[0] + (points[1] - points[0]) * (at / along[-1])[:, None])
    return np.asarray(Akima1DInterpolator(along, points)(at))


def strokes_to_json(strokes: Iterable[LevatorStroke]) -> dict[str, Any]:
    """Return strokes as plain values for `json.dumps`."""
    return {"levator_strokes": [stroke.to_json() for stroke in strokes]}


def strokes_from_json(value: Any) -> tuple[LevatorStroke, ...]:
    """Return the strokes that `strokes_to_json` wrote, or that JSON text holds.

    Raises
    ------
    PromptError
        If it is something else; the message says which stroke is wrong.
    """
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise PromptError("strokes are JSON", str(error), "correct the file") from error
    if (
        not isinstance(value, Mapping)
        or set(value) != {"levator_strokes"}
        or not isinstance(value["levator_strokes"], list)
    ):
        raise PromptError(
            'strokes are an object {"levator_strokes": [...]}',
            f"got {type(value).__name__}",
            "correct the file",
        )
    strokes = []
    for number, entry in enumerate(value["levator_strokes"], start=1):
        try:
            strokes.append(LevatorStroke.from_json(entry))
        except PromptError as error:
            raise PromptError(f"stroke {number}: {error.expected}", error.found, error.advice) from error
    return tuple(strokes)
