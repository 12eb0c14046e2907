"""The table of ways to make a mask from an image and what a reader drew.

Other packages add their own by an entry point of the group "gist_imaging.segmenters": its name is the
method's name, its value a `Segmenter`. Nothing is imported before its method is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from gist_imaging.errors import GistImagingError
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["DEFAULT_METHOD", "GROUP", "Method", "Segmenter", "methods", "seeded", "segment", "segmenter"]

GROUP = "gist_imaging.segmenters"
DEFAULT_METHOD = "seeded"

Tick = Callable[[int, int], None]


class Segmenter(Protocol):
    """Makes a mask on the grid of an image from what a reader drew.

    The same image and prompts give the same mask. It changes neither, calls `progress(done, total)` now and
    then, raises `Cancelled` soon after `cancelled()` answers true, and `PromptError` where the prompts
    cannot be used. The mask's provenance names the method, its parameters and what went in.
    """

    def __call__(
        self,
        volume: Volume,
        prompts: PromptLog,
        *,
        progress: Tick | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Mask:
        """Return the mask."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table.

    Parameters
    ----------
    name : what the user types
    source : the package that brings it
    entry : where its `Segmenter` is
    """

    name: str
    source: str
    entry: EntryPoint = field(repr=False)

    def load(self) -> Segmenter:
        """Return the segmenter.

        Raises
        ------
        GistImagingError
            If its package cannot be imported, or holds no such thing.
        """
        try:
            found: Segmenter = self.entry.load()
        except (ImportError, AttributeError) as error:
            raise GistImagingError(
                f"the method {self.name} of {self.source} can be loaded",
                f"{type(error).__name__} at {self.entry.value}",
                "install that package again, or choose another method",
            ) from error
        if not callable(found):
            raise GistImagingError(
                f"the method {self.name} of {self.source} is a segmenter",
                f"{self.entry.value} cannot be called",
                "ask its author, or choose another method",
            )
        return found


_OWN = "gist_imaging"
_BUILT_IN = {
    "seeded": "gist_imaging.segment.methods:seeded",
    "between_slices": "gist_imaging.segment.between_slices:mask_between_outlines",
    "region_growing": "gist_imaging.segment.region_growing:grow_region",
}


def seeded(
    volume: Volume,
    prompts: PromptLog,
    *,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Return the mask of the seeded engine; `segment_seeded` returns its distances beside it."""
    from gist_imaging.segment.seeded import segment_seeded

    def tell(share: float) -> None:
        if progress is not None:
            progress(round(100 * share), 100)

    return segment_seeded(volume, prompts, progress=tell if progress else None, cancelled=cancelled).mask


def methods() -> dict[str, Method]:
    """Return every method by its name: our own, then those of other packages by rising name.

    A foreign method cannot take the name of one of ours, nor of another; it is then called
    "package:name".
    """
    table = {name: Method(name, _OWN, EntryPoint(name, value, GROUP)) for name, value in _BUILT_IN.items()}
    for entry in sorted(entry_points(group=GROUP), key=lambda found: (found.name, found.value)):
        source = entry.dist.name if entry.dist is not None else entry.module.partition(".")[0]
        name = entry.name if entry.name not in table else f"{source}:{entry.name}"
        table.setdefault(name, Method(name, source, entry))
    return table


def segmenter(name: str) -> Segmenter:
    """Return the segmenter called `name`.

    Raises
    ------
    GistImagingError
        If there is none, or it cannot be loaded.
    """
    table = methods()
    if name not in table:
        raise GistImagingError(
            f"a method is one of {', '.join(table)}", f"got {name!r}", "correct it, or install its package"
        )
    return table[name].load()


def segment(
    volume: Volume,
    prompts: PromptLog | Iterable[Prompt],
    method: str | None = None,
    *,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Return the mask that `prompts` give on `volume`; importable as `gist_imaging.segment`.

    Parameters
    ----------
    volume : the image that was drawn on
    prompts : what a reader drew, in the order drawn
    method : one of `methods()`; None takes `DEFAULT_METHOD`, the seeded engine
    progress : called with (done, total) steps
    cancelled : asked now and then; True raises `Cancelled`

    Raises
    ------
    PromptError
        If the prompts cannot be used.
    GistImagingError
        If there is no such method, or it cannot be used here.
    Cancelled
        If `cancelled` said so.
    """
    log = prompts if isinstance(prompts, PromptLog) else PromptLog(tuple(prompts))
    make_mask = segmenter(method or DEFAULT_METHOD)
    return make_mask(volume, log, progress=progress, cancelled=cancelled)
