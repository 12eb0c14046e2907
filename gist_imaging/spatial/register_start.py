"""Where to begin a registration: every shift and a few turns, tried on coarse voxels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_fit import rotation_of
from gist_imaging.spatial.register_prepare import FloatImage, Level, Stop, stop_if

__all__ = ["Start", "starts"]

_TURN_DEG = 9.0
# At least this part of the smaller scan must lie in the other one.
LEAST_OVERLAP = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """One place to begin.

    Parameters
    ----------
    matrix : (4, 4) fixed to moving, LPS mm
    score : correlation of the coarse voxels where both were scanned, less where they overlap little
    """

    matrix: FloatArray
    score: float


def starts(fixed: Level, moving: Level, cancelled: Stop = None) -> list[Start]:
    """Return the best shift for each of seven turns of the patient, best first.

    For each turn the correlation over the overlap is computed for all whole-voxel shifts at once (masked
    normalised cross-correlation, Padfield, IEEE Trans Image Process 2012;21:2706), so no centre has to be
    guessed and neither grid has to cover the other.
    """
    found = []
    search = _Search(fixed, moving)
    for turn in _turns():
        stop_if(cancelled)
        start = search.best_shift(turn)
        if start is not None:
            found.append(start)
    return sorted(found, key=lambda start: -start.score)


def _turns() -> Iterator[FloatArray]:
    yield np.eye(3)
    for axis in np.eye(3):
        for sign in (1.0, -1.0):
            yield rotation_of(np.radians(_TURN_DEG) * sign * axis)


class _Search:
    def __init__(self, fixed: Level, moving: Level) -> None:
        from scipy.fft import next_fast_len

        self._fixed, self._moving = fixed, moving
        sides_mm = np.asarray(moving.geometry.shape) * moving.voxel_mm
        # A turned box reaches farther than its sides, by at most this at 9 degrees.
        reach_mm = np.sin(np.radians(_TURN_DEG)) * float(np.sort(sides_mm)[-1])
        self._turned_shape = tuple(
            int(np.ceil((side + reach_mm) / fixed.voxel_mm)) + 1 for side in sides_mm.tolist()
        )
        self._shape = tuple(
            next_fast_len(one + other, real=True)
            for one, other in zip(fixed.geometry.shape, self._turned_shape, strict=True)
        )
        self._seen = fixed.scanned.astype(np.float32)
        self._spectra = [self._forward(image) for image in _powers(fixed.values, self._seen)]
        self._least = LEAST_OVERLAP * min(
            float(fixed.scanned.sum()),
            float(moving.scanned.sum()) * (moving.voxel_mm / fixed.voxel_mm) ** 3,
        )

    def _forward(self, image: FloatImage) -> npt.NDArray[np.complex64]:
        from scipy.fft import rfftn

        return np.asarray(rfftn(image, self._shape))

    def _correlated(self, one: npt.NDArray[np.complex64], other: npt.NDArray[np.complex64]) -> FloatImage:
        from scipy.fft import irfftn

        return np.asarray(irfftn(np.conj(one) * other, self._shape))

    def best_shift(self, turn: FloatArray) -> Start | None:
        """Return the best shift when the patient of the fixed scan is turned by `turn`."""
        values, seen, to_moving = self._turned(turn)
        spectra = [self._forward(image) for image in _powers(values, seen)]
        (one_f, sum_f, square_f), (one_m, sum_m, square_m) = self._spectra, spectra
        overlap = np.maximum(self._correlated(one_f, one_m), 1.0)
        total_f, total_m = self._correlated(sum_f, one_m), self._correlated(one_f, sum_m)
        product = self._correlated(sum_f, sum_m) - total_f * total_m / overlap
        spread_f = self._correlated(square_f, one_m) - np.square(total_f) / overlap
        spread_m = self._correlated(one_f, square_m) - np.square(total_m) / overlap
        spread = np.sqrt(np.maximum(spread_f, 0.0) * np.maximum(spread_m, 0.0))
        enough = (overlap >= self._least) & (spread > 1e-3 * float(spread.max()) + 1e-6)
        if not enough.any():
            return None
        share = np.minimum(overlap / (self._least / LEAST_OVERLAP), 1.0)
        score = np.where(enough, product / np.maximum(spread, 1e-6) * share**0.25, -np.inf)
        best = np.asarray(np.unravel_index(int(score.argmax()), score.shape))
        sizes = np.asarray(self._shape)
        # Shifts that the turned scan is too short for are negative ones, wrapped round.
        shift = np.where(best >= np.asarray(self._turned_shape), best - sizes, best)
        fixed_to_turned = np.eye(4)
        fixed_to_turned[:3, 3] = shift[::-1] * self._fixed.voxel_mm
        origin = np.eye(4)
        origin[:3, 3] = -np.asarray(self._fixed.geometry.origin_mm)
        matrix = to_moving @ fixed_to_turned @ origin
        return Start(matrix, float(score.max()))

    def _turned(self, turn: FloatArray) -> tuple[FloatImage, FloatImage, FloatArray]:
        """Return the moving scan turned back on voxels of the fixed size, and where its first voxel lies.

        The third part takes mm from the first voxel of the turned image to LPS of the moving frame.
        """
        from scipy.ndimage import affine_transform

        grid = self._moving.geometry
        middle = grid.to_patient((np.asarray(grid.shape) - 1) / 2.0)
        half_mm = (np.asarray(self._turned_shape)[::-1] - 1) / 2.0 * self._fixed.voxel_mm
        to_moving = np.eye(4)
        to_moving[:3, :3] = turn
        to_moving[:3, 3] = middle - turn @ half_mm
        index_to_mm = np.eye(4)
        index_to_mm[:3, :3] = np.eye(3)[:, ::-1] * self._fixed.voxel_mm
        to_index = np.linalg.inv(grid.affine) @ to_moving @ index_to_mm
        turned = [
            affine_transform(
                image,
                to_index[:3, :3],
                to_index[:3, 3],
                output_shape=self._turned_shape,
                order=1,
                mode="constant",
                prefilter=False,
            )
            for image in (self._moving.values, self._moving.scanned.astype(np.float32))
        ]
        seen = (turned[1] > 0.5).astype(np.float32)
        return turned[0] * seen, seen, to_moving


def _powers(values: FloatImage, seen: FloatImage) -> tuple[FloatImage, FloatImage, FloatImage]:
    return seen, values * seen, values * values * seen
