"""The seeded engine: a few strokes in, a three-dimensional mask out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.provenance import Provenance
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.seeded_rounds import State, Step, later_round, round_zero
from gist_imaging.segment.seeded_strokes import Box
from gist_imaging.spatial import Geometry, Mask, Volume
from gist_imaging.watched import Stop, Tick, watched

__all__ = ["SeededEngine", "SeededResult", "segment_seeded"]

# Rounds whose result is kept, so that an undo or a new stroke does not begin at the first round.
_KEPT_ROUNDS = 4

# Progress is told in so many parts of the whole.
_SHARES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class SeededResult:
    """What the engine made of the prompts.

    Parameters
    ----------
    mask : the tumour, on the image's grid
    box : the part of the grid that was worked on; nothing outside it is tumour
    signed_mm : (k, j, i) of the box; distance to the surface, above 0 inside, up to 20 mm
    drawn : (k, j, i) of the box; 1 where the prompts say tumour, -1 where they say not, else 0
    image_weight : 0 to 1, how far the grey values were believed
    """

    mask: Mask
    box: Box
    signed_mm: npt.NDArray[np.float32] = field(repr=False)
    drawn: npt.NDArray[np.int8] = field(repr=False)
    image_weight: float

    @property
    def geometry(self) -> Geometry:
        """The grid of the box."""
        return self.mask.geometry.crop(self.box.start, self.box.shape)


class SeededEngine:
    """Masks of one lesion on one image, as prompts are added.

    The mask is a function of the image, the prompts and their rounds alone: it does not matter how the
    calls were split, and taking prompts back gives the mask of those that remain. Only the last rounds are
    kept, so that one more stroke costs one more stroke.

    Parameters
    ----------
    volume : the image; values that are not finite are never tumour
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._kept: dict[PromptLog, State] = {}

    def update(
        self,
        log: PromptLog,
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> SeededResult:
        """Return the result for all prompts of `log`.

        Parameters
        ----------
        progress : called with the share done, 0 to 1
        cancelled : asked first and then every 20 ms; True raises `Cancelled` and keeps what was finished

        Raises
        ------
        PromptError
            If a prompt lies outside the image, none says where tumour is, or they span too much of it.
        Cancelled
            If `cancelled` said so.
        """
        if not len(log):
            raise PromptError("at least one prompt", "there is none", "draw a stroke on the tumour")

        def work(tick: Tick | None, stop: Stop | None) -> SeededResult:
            told = 0

            def step(share: float) -> None:
                nonlocal told
                done = round(share * _SHARES)
                if tick is not None and done > told:
                    told = done
                    tick(done, _SHARES)
                if stop is not None and stop():
                    raise Cancelled

            result = self._result(self._state(log, step), log)
            step(1.0)
            return result

        def tell(done: int, total: int) -> None:
            if progress is not None:
                progress(done / total)

        return watched(work, None if progress is None else tell, cancelled)

    def _state(self, log: PromptLog, step: Step) -> State:
        rounds = log.rounds()
        state, done = None, 0
        for n in range(len(rounds), 0, -1):
            known = self._kept.get(log.up_to(rounds[n - 1][0]))
            if known is not None:
                state, done = known, n
                break
        kept = dict(self._kept)
        for n in range(done, len(rounds)):
            number, prompts = rounds[n]
            if state is None:
                state = round_zero(self._volume, prompts, step)
            else:
                state = later_round(self._volume, state, prompts, step)
            kept[log.up_to(number)] = state
            step((n + 1) / len(rounds))
        if state is None:
            raise PromptError("at least one prompt", "there is none", "draw a stroke on the tumour")
        self._kept = dict(list(kept.items())[-_KEPT_ROUNDS:])
        return state

    def _result(self, state: State, log: PromptLog) -> SeededResult:
        series = self._volume.series_uid
        provenance = Provenance(
            "seeded",
            {"prompts_sha256": log.sha256(), "image_weight": round(state.image_weight, 6)},
            (series,) if series else (),
        )
        inside = state.signed_mm > 0
        mask = Mask.of_part(inside, state.box.start, self._volume.geometry, provenance=provenance)
        return SeededResult(mask, state.box, state.signed_mm, state.drawn, state.image_weight)


def segment_seeded(
    volume: Volume,
    log: PromptLog,
    *,
    structure: str = "tumour",
    lesion_id: str | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> SeededResult:
    """Return the mask that the prompts of `log` give on `volume`.

    The same as `SeededEngine(volume).update(log)`; see there.
    """
    result = SeededEngine(volume).update(log, progress=progress, cancelled=cancelled)
    return replace(result, mask=result.mask.described(structure=structure, lesion_id=lesion_id))
