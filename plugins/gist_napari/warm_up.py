"""Loads what the first stroke and the first Grow need, in a thread, while the reader looks at the images."""

from __future__ import annotations

import importlib
import threading

__all__ = ["warm_up"]

# What the library loads when it is first used: measured in hundreds of milliseconds, which a hand would feel.
_USED_SOON = (
    "gist_imaging.session.drawing",
    "gist_imaging.session.masks",
    "gist_imaging.session.brushing",
    "gist_imaging.session.making",
    "gist_imaging.session.proposals",
    "gist_imaging.session.calipers",
    "gist_imaging.segment.confidence",
    "gist_imaging.measure.lesion",
    "gist_imaging.response.compare",
    "gist_imaging.spatial.register",
    "gist_imaging.session.levator_given",
)


def warm_up() -> threading.Thread:
    """Begin to load them, and return the thread; nothing depends on its end."""
    thread = threading.Thread(target=_load, name="warm up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    for name in _USED_SOON:
        importlib.import_module(name)
