"""The seeded engine for robots that give voxel strokes: `make(path)(image, spacing, strokes)` returns a mask.

A stroke has `points` (n, 3) as (k, j, i) and `include`. Strokes only grow from call to call; each call is
a round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import SeededEngine
from gist_imaging.spatial import Geometry, Volume


def make(path: str) -> Callable[[np.ndarray, Any, Any], np.ndarray]:
    """Return the segmenter of one image; `path` is not needed."""
    engine, log, round_ = None, PromptLog(), 0

    def segment(image: np.ndarray, spacing: Any, strokes: Any) -> np.ndarray:
        nonlocal engine, log, round_
        size = (float(spacing[0]), float(spacing[1]), float(spacing[2]))
        grid = Geometry.from_spacing(image.shape, size, (0.0, 0.0, 0.0), np.eye(3)[::-1])
        engine = engine or SeededEngine(Volume(image, grid))
        log = log.adding(
            Prompt("scribble", grid.to_patient(stroke.points), bool(stroke.include), round_)
            for stroke in strokes[len(log) :]
        )
        round_ += 1
        return engine.update(log).mask.voxels

    return segment
