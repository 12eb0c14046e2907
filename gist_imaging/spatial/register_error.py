"""How far off a registration may be: the spread of registrations from other starts and parts of the scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_fit import Fit, Samples, fit, rotation_of
from gist_imaging.spatial.register_prepare import Level, Stop

__all__ = ["Repeats", "repeated_fits"]

N_PARTS = 8
_BLOCK_MM = 40.0
_SEED = 19980602
_SHIFT_MM, _TURN_DEG = 4.0, 2.0
_ITERATIONS = 25
_N_TARGETS = 400
# What all repeats share cannot be judged from within: interpolation between voxel centres, and whatever
# makes the two images differ. In voxel edges, for images that agree perfectly and not at all; measured on
# phantoms and on loops of real series (docs/registration.md).
_FLOOR_VOXELS = (0.05, 0.30)
_FLOOR_95_VOXELS = (0.15, 0.90)
# Student's t (two-sided 95 %) with 7 degrees of freedom is 2.36; the parts are not quite independent.
_SPREADS_95 = 2.36


@dataclass(frozen=True, slots=True)
class Repeats:
    """What repeated registrations say of the error.

    Parameters
    ----------
    spread_mm : jackknife standard error of target positions, root mean square over the region
    error_mm : expected root mean square error over the region
    error_95_mm : its 95 % bound
    """

    spread_mm: float
    error_mm: float
    error_95_mm: float


def repeated_fits(
    samples: Samples,
    levels: Sequence[Level],
    final: Fit,
    *,
    voxel_mm: float,
    cancelled: Stop = None,
    tick: Callable[[], None] = lambda: None,
) -> Repeats:
    """Return the error of `final` from eight fits, each from a start beside it and without one eighth.

    The eighths are made of 40 mm blocks of the patient, so that what moved by itself (a hip, gas, the
    bladder) is missing in some and shows as spread (delete-a-group jackknife, Kott, J Off Stat 2001;17:521).

    Parameters
    ----------
    samples : of the fixed scan
    levels : of the moving scan, finest first
    final : the fit to judge
    voxel_mm : the longest edge of a voxel in either scan or of the working voxels
    """
    rng = np.random.default_rng(_SEED)
    parts = _parts(samples.points_mm, rng)
    targets = samples.points_mm[:: max(1, len(samples.points_mm) // _N_TARGETS)]
    ends = []
    for part in range(N_PARTS):
        start = _beside(final.matrix, samples.points_mm.mean(axis=0), rng)
        kept = samples.only(parts != part)
        for level in (levels[1], levels[0]):
            start = fit(kept, level, start, iterations=_ITERATIONS, cancelled=cancelled).matrix
        ends.append(targets @ start[:3, :3].T + start[:3, 3])
        tick()
    where = targets @ final.matrix[:3, :3].T + final.matrix[:3, 3]
    squares = np.square(np.stack(ends) - where).sum(axis=2).mean(axis=1)
    spread_mm = float(np.sqrt((N_PARTS - 1) / N_PARTS * squares.sum()))
    return Repeats(
        spread_mm,
        float(np.hypot(spread_mm, voxel_mm * _between(_FLOOR_VOXELS, final.correlation))),
        float(np.hypot(_SPREADS_95 * spread_mm, voxel_mm * _between(_FLOOR_95_VOXELS, final.correlation))),
    )


def _between(ends: tuple[float, float], agreement: float) -> float:
    return ends[0] * agreement + ends[1] * (1.0 - agreement)


def _parts(points_mm: FloatArray, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return which of eight parts each point's block belongs to; blocks are dealt out like cards."""
    blocks = np.floor((points_mm - points_mm.min(axis=0)) / _BLOCK_MM).astype(np.intp)
    _, which = np.unique(blocks, axis=0, return_inverse=True)
    count = int(which.max()) + 1
    return np.asarray(rng.permutation(count) % N_PARTS)[which.ravel()]


def _beside(matrix: FloatArray, middle_mm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return `matrix` followed by a small random shift and turn about `middle_mm`."""
    shift = rng.normal(0.0, _SHIFT_MM, 3)
    turn = rotation_of(np.radians(rng.normal(0.0, _TURN_DEG, 3)))
    there = matrix[:3, :3] @ middle_mm + matrix[:3, 3]
    moved = np.eye(4)
    moved[:3, :3] = turn @ matrix[:3, :3]
    moved[:3, 3] = there + shift - moved[:3, :3] @ middle_mm
    return moved
