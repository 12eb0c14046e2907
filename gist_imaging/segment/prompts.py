"""What a reader draws to outline a tumour, as values that can be stored and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import PromptError
from gist_imaging.provenance import sha256_of

__all__ = ["Kind", "Prompt", "PromptLog"]

Kind = Literal["scribble", "point", "box", "loop", "outline"]

# Fewer points than this do not make the shape.
_AT_LEAST_POINTS: Mapping[str, int] = {"scribble": 1, "point": 1, "box": 2, "loop": 3, "outline": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """One thing that a reader drew.

    Parameters
    ----------
    kind : what was drawn
        "scribble": a stroke, as the points of a line. "point": one or several single clicks. "box": two or
        more corners; the box stands along the image's axes. "loop": a closed line around the tumour on one
        slice, loosely outside it, so its line is never tumour. "outline": a closed line on the edge itself.
    points_mm : (n, 3) LPS
        Copied, and read-only afterwards. A scribble or point needs 1, a box 2, a loop or outline 3 points.
    include : whether what was drawn is tumour
        For a scribble or point: these places are tumour (True) or are not. A box with True holds the whole
        tumour, with False it holds none. A loop holds tumour either way. An outline with True has only
        tumour inside, with False none.
    round : 0 before the first result, then the number of results that the reader had seen

    Raises
    ------
    PromptError
        If the kind is unknown, points are missing or not finite, or the round is below 0.
    """

    kind: Kind
    points_mm: npt.NDArray[np.float64] = field(repr=False)
    include: bool
    round: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise PromptError(
                f"a prompt is one of {', '.join(get_args(Kind))}", f"got {self.kind!r}", "correct its kind"
            )
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
        needed = _AT_LEAST_POINTS[self.kind]
        if len(points) < needed:
            raise PromptError(
                f"a {self.kind} has at least {needed} point(s)", f"got {len(points)}", "draw it again"
            )
        if not np.isfinite(points).all():
            raise PromptError(
                "points are finite positions in mm",
                f"{int((~np.isfinite(points).all(axis=1)).sum())} of {len(points)} are not",
                "leave these points out",
            )
        if not isinstance(self.include, bool | np.bool_):
            raise PromptError(
                "include is true or false", f"got {self.include!r}", "write true for tumour, false for not"
            )
        if isinstance(self.round, bool) or not isinstance(self.round, int | np.integer) or self.round < 0:
            raise PromptError(
                "a round is a whole number from 0", f"got {self.round!r}", "write 0 for the first strokes"
            )
        points.flags.writeable = False
        object.__setattr__(self, "points_mm", points)
        object.__setattr__(self, "include", bool(self.include))
        object.__setattr__(self, "round", int(self.round))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Prompt):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.kind, self.include, self.round, self.points_mm.tobytes()))

    def to_json(self) -> dict[str, Any]:
        """Return the prompt as plain values for `json.dumps`."""
        return {
            "kind": self.kind,
            "points_mm": self.points_mm.tolist(),
            "include": self.include,
            "round": self.round,
        }

    @classmethod
    def from_json(cls, value: Any) -> Prompt:
        """Return the prompt that `to_json` wrote; `round` may be missing and is 0 then."""
        if not isinstance(value, Mapping):
            raise PromptError("a prompt is an object", f"got {type(value).__name__}", "correct the file")
        missing = [key for key in ("kind", "points_mm", "include") if key not in value]
        unknown = sorted(str(key) for key in set(value) - {"kind", "points_mm", "include", "round"})
        if missing or unknown:
            raise PromptError(
                "a prompt has kind, points_mm, include and perhaps round",
                f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}",
                "correct the file",
            )
        return cls(value["kind"], value["points_mm"], value["include"], value.get("round", 0))


@dataclass(frozen=True, slots=True)
class PromptLog:
    """Everything that a reader drew for one lesion on one image, in order.

    Parameters
    ----------
    prompts : in the order drawn; rounds never fall

    Raises
    ------
    PromptError
        If a round is lower than that of an earlier prompt.
    """

    prompts: tuple[Prompt, ...] = ()

    def __post_init__(self) -> None:
        prompts = tuple(self.prompts)
        rounds = [prompt.round for prompt in prompts]
        if rounds != sorted(rounds):
            raise PromptError(
                "rounds never fall from one prompt to the next", f"got {rounds}", "sort the prompts as drawn"
            )
        object.__setattr__(self, "prompts", prompts)

    def __len__(self) -> int:
        return len(self.prompts)

    def adding(self, prompts: Iterable[Prompt]) -> PromptLog:
        """Return the log with `prompts` after its own."""
        return PromptLog((*self.prompts, *prompts))

    def up_to(self, last_round: int) -> PromptLog:
        """Return what was drawn in rounds up to `last_round` (inclusive)."""
        return PromptLog(tuple(prompt for prompt in self.prompts if prompt.round <= last_round))

    def rounds(self) -> tuple[tuple[int, tuple[Prompt, ...]], ...]:
        """Return the prompts of each round that has any, by rising round."""
        numbers = sorted({prompt.round for prompt in self.prompts})
        return tuple((n, tuple(prompt for prompt in self.prompts if prompt.round == n)) for n in numbers)

    def to_json(self) -> dict[str, Any]:
        """Return the log as plain values for `json.dumps`."""
        return {"prompts": [prompt.to_json() for prompt in self.prompts]}

    def sha256(self) -> str:
        """Return the SHA-256 of the log in its canonical JSON form."""
        return sha256_of(self.to_json())

    @classmethod
    def from_json(cls, value: Any) -> PromptLog:
        """Return the log that `to_json` wrote, or that JSON text holds.

        >>> log = PromptLog.from_json(
        ...     '{"prompts": [{"kind": "point", "points_mm": [[1, 2, 3]], "include": true}]}'
        ... )
        >>> log.prompts[0].round
        0
        """
        if isinstance(value, str | bytes):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise PromptError("prompts are JSON", str(error), "correct the file") from error
        if (
            not isinstance(value, Mapping)
            or set(value) != {"prompts"}
            or not isinstance(value["prompts"], list)
        ):
            raise PromptError(
                'prompts are an object {"prompts": [...]}', f"got {type(value).__name__}", "correct the file"
            )
        return cls(tuple(Prompt.from_json(prompt) for prompt in value["prompts"]))
