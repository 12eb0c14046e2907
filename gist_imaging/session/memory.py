"""What an open case computes once and keeps in memory: hashes, engines, measurements; none is stored."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from gist_imaging.segment.seeded import SeededEngine
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["CaseMemory"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENGINES_KEPT = 4
"""Engines hold a few arrays of the size of a tumour's box each; two lesions at two visits are usual."""

VALUES_KEPT = 64


@dataclass(eq=False)
class CaseMemory:
    """Results that are a function of their key alone, so that forgetting one costs only time.

    Several threads may ask; two that ask for the same at once may both compute it.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _images: dict[int, tuple[Volume, str]] = field(default_factory=dict)
    _masks: WeakKeyDictionary[Mask, str] = field(default_factory=WeakKeyDictionary)
    _engines: OrderedDict[tuple[str, str], tuple[Volume, SeededEngine]] = field(default_factory=OrderedDict)
    _values: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    _last: dict[Hashable, Hashable] = field(default_factory=dict)

    def image_sha256(self, volume: Volume) -> str:
        """Return `volume.sha256()`, computed once for the same object."""
        held = self._images.get(id(volume))
        if held is None or held[0] is not volume:
            held = self._images[id(volume)] = (volume, volume.sha256())
        return held[1]

    def mask_sha256(self, mask: Mask) -> str:
        """Return `mask.sha256()`, computed once for the same object; the mask is not kept alive by it."""
        with self._lock:
            held = self._masks.get(mask)
        if held is None:
            held = mask.sha256()
            with self._lock:
                self._masks[mask] = held
        return held

    def engine(self, lesion: str, visit: str, volume: Volume) -> SeededEngine:
        """Return the engine that remembers the last strokes of a lesion at a visit."""
        held = self._engines.get((lesion, visit))
        if held is None or held[0] is not volume:
            held = (volume, SeededEngine(volume))
        with self._lock:
            _keep(self._engines, (lesion, visit), held, ENGINES_KEPT)
        return held[1]

    def kept(self, key: Hashable) -> Any:
        """Return what was kept under `key`, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def keep(self, key: Hashable, value: Any) -> None:
        """Keep a result; of many, the ones not asked for longest are forgotten."""
        with self._lock:
            _keep(self._values, key, value, VALUES_KEPT)

    def last_of(self, place: Hashable) -> Hashable:
        """Return what was told last at a place, as noted by `note_last`; None before."""
        return self._last.get(place)

    def note_last(self, place: Hashable, inputs: Hashable) -> None:
        """Note by its inputs what was told at a place, so that it can be called stale later."""
        self._last[place] = inputs


def _keep(held: OrderedDict[K, V], key: K, value: V, at_most: int) -> None:
    held[key] = value
    held.move_to_end(key)
    while len(held) > at_most:
        held.popitem(last=False)
