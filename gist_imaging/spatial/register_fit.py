"""The rigid transform under which two feature images agree best, from a start near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_prepare import Level, Stop, stop_if

__all__ = ["Fit", "Samples", "fit", "rotation_of", "samples_of"]

# Tukey's biweight: residuals beyond 4.685 (95 % efficiency) robust deviations count nothing, so that a
# tumour, bladder or gas that changed does not pull. Reuter et al., NeuroImage 2010;53:1181. A little wider
# here, because before the images fit, the edges themselves are the large residuals.
_TUKEY = 6.0
_LEAST_DEVIATION = 0.05
_STEP_AT_MOST_VOXELS = 2.0
_STILL_MM = 0.005
_DAMPING = 1e-3
_LEVER_MM = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Points of the fixed scan with their feature values.

    Parameters
    ----------
    points_mm : (n, 3) LPS
    values : (n,) feature
    """

    points_mm: FloatArray
    values: FloatArray

    def only(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Samples:
        """Return the chosen samples."""
        return Samples(self.points_mm[keep], self.values[keep])


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Where a fit ended.

    Parameters
    ----------
    matrix : (4, 4) fixed to moving, LPS mm
    correlation : of the features at the samples that both scans show, -1 to 1; 0 where one is flat
    coverage : part of the samples that the moving scan shows, 0 to 1
    expected_mm : error that the noise of the residuals alone would leave, at 60 mm from the middle
    """

    matrix: FloatArray
    correlation: float
    coverage: float
    expected_mm: float


def samples_of(level: Level, count: int, rng: np.random.Generator) -> Samples:
    """Return up to `count` voxels of the region, those with steeper edges more often."""
    gradient = np.gradient(level.values)
    where = np.flatnonzero(level.region)
    steepness = np.sqrt(sum(part.ravel()[where].astype(np.float64) ** 2 for part in gradient))
    weight = steepness + 0.05 * float(steepness.mean()) + 1e-12
    if len(where) > count:
        # Systematic sampling along the cumulated weight: no voxel twice in flat parts, quick on millions.
        steps = np.cumsum(weight)
        picks = (np.arange(count) + rng.uniform(size=count)) * (steps[-1] / count)
        where = where[np.unique(np.searchsorted(steps, picks).clip(max=len(where) - 1))]
    indices = np.stack(np.unravel_index(where, level.values.shape), axis=-1)
    return Samples(level.geometry.to_patient(indices), level.values.ravel()[where].astype(np.float64))


def rotation_of(turn_rad: npt.ArrayLike) -> FloatArray:
    """Return the (3, 3) rotation about the axis `turn_rad` by its length."""
    x, y, z = np.asarray(turn_rad, dtype=np.float64).tolist()
    angle = float(np.sqrt(x * x + y * y + z * z))
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    if angle < 1e-12:
        return np.asarray(np.eye(3) + cross)
    return np.asarray(
        np.eye(3) + np.sin(angle) / angle * cross + (1.0 - np.cos(angle)) / angle**2 * cross @ cross
    )


def fit(
    samples: Samples,
    moving: Level,
    start: FloatArray,
    *,
    iterations: int,
    cancelled: Stop = None,
) -> Fit:
    """Return the fit from `start` by Gauss-Newton steps with Tukey's weights.

    Parameters
    ----------
    samples : of the fixed scan
    moving : the moving scan at one voxel size
    start : (4, 4) fixed to moving, LPS mm
    iterations : at most; it ends sooner when a step moves nothing by more than 0.005 mm
    """
    turn, middle = start[:3, :3].copy(), samples.points_mm.mean(axis=0)
    offsets = samples.points_mm - middle
    there = turn @ middle + start[:3, 3]
    reader = _Reader(moving)
    for _ in range(iterations):
        stop_if(cancelled)
        arms = offsets @ turn.T
        values, gradient, inside = reader.at(arms + there)
        if np.count_nonzero(inside) < 6:
            break
        arm, slope = arms[inside], gradient[inside]
        residual = values[inside] - samples.values[inside]
        weight = _tukey(residual)
        jacobian = np.concatenate([slope, np.cross(arm, slope)], axis=1)
        weighted = jacobian * weight[:, None]
        normal = jacobian.T @ weighted
        normal += np.diag(_DAMPING * np.diag(normal) + 1e-9)
        step = -np.linalg.solve(normal, weighted.T @ residual)
        reach_mm = float(np.linalg.norm(step[:3]) + _LEVER_MM * np.linalg.norm(step[3:]))
        step *= min(1.0, _STEP_AT_MOST_VOXELS * moving.voxel_mm / max(reach_mm, 1e-12))
        there = there + step[:3]
        turn = rotation_of(step[3:]) @ turn
        if reach_mm < _STILL_MM:
            break
    left, _, right = np.linalg.svd(turn)
    matrix = np.eye(4)
    matrix[:3, :3] = left @ right
    matrix[:3, 3] = there - matrix[:3, :3] @ middle
    return judged(samples, moving, matrix)


def judged(samples: Samples, moving: Level, matrix: FloatArray) -> Fit:
    """Return how well the features agree under `matrix`."""
    there = samples.points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    values, gradient, inside = _Reader(moving).at(there)
    coverage = float(inside.mean())
    if np.count_nonzero(inside) < 6:
        return Fit(matrix, 0.0, coverage, np.inf)
    seen, wanted = values[inside], samples.values[inside]
    spread = float(seen.std() * wanted.std())
    correlation = float(((seen - seen.mean()) * (wanted - wanted.mean())).mean() / spread) if spread else 0.0
    arm = there[inside] - there[inside].mean(axis=0)
    slope = gradient[inside]
    jacobian = np.concatenate([slope, np.cross(arm, slope) / _LEVER_MM], axis=1)
    residual = seen - wanted
    weight = _tukey(residual)
    normal = jacobian.T @ (jacobian * weight[:, None])
    least = float(np.linalg.eigvalsh(normal)[0])
    noise = float(np.square(residual * weight).sum() / max(weight.sum(), 1e-12))
    expected_mm = float(np.sqrt(noise / least)) if least > 0.0 else np.inf
    return Fit(matrix, correlation, coverage, expected_mm)


def _tukey(residual: FloatArray) -> FloatArray:
    deviation = max(1.4826 * float(np.median(np.abs(residual))), _LEAST_DEVIATION)
    return np.asarray(np.square(np.maximum(1.0 - np.square(residual / (_TUKEY * deviation)), 0.0)))


class _Reader:
    """Reads feature values between voxel centres, with the slope of the same interpolation."""

    def __init__(self, level: Level) -> None:
        self._values = level.values.ravel()
        self._scanned = level.scanned.ravel()
        self._geometry = level.geometry
        _, rows, columns = level.values.shape
        self._strides = np.array([rows * columns, columns, 1])

    def at(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
        """Return values (n,), slopes (n, 3) per mm in LPS, and whether all eight neighbours were scanned."""
        voxel_mm = self._geometry.spacing_mm[0]
        # The level's axes run along z, y and x.
        index = ((points_mm - self._geometry.origin_mm) / voxel_mm)[:, ::-1]
        last = np.asarray(self._geometry.shape) - 2
        whole = np.floor(index).astype(np.intp)
        inside = np.asarray(((whole >= 0) & (whole <= last)).all(axis=1))
        whole = np.clip(whole, 0, np.maximum(last, 0))
        part = np.clip(index - whole, 0.0, 1.0)
        first = whole @ self._strides
        corner = {}
        for k, j, i in np.ndindex(2, 2, 2):
            at = np.minimum(first + int(self._strides @ (k, j, i)), len(self._values) - 1)
            corner[k, j, i] = self._values[at].astype(np.float64)
            inside &= self._scanned[at]
        a, b, c = part.T
        # Along i, then j, then k; differences give the slopes.
        rows = {(k, j): corner[k, j, 0] * (1 - c) + corner[k, j, 1] * c for k, j in np.ndindex(2, 2)}
        along_i = {(k, j): corner[k, j, 1] - corner[k, j, 0] for k, j in np.ndindex(2, 2)}
        low, high = (rows[k, 0] * (1 - b) + rows[k, 1] * b for k in (0, 1))
        slope_k = high - low
        slope_j = (rows[0, 1] - rows[0, 0]) * (1 - a) + (rows[1, 1] - rows[1, 0]) * a
        slope_i = (along_i[0, 0] * (1 - b) + along_i[0, 1] * b) * (1 - a) + (
            along_i[1, 0] * (1 - b) + along_i[1, 1] * b
        ) * a
        values = low * (1 - a) + high * a
        return values, np.stack([slope_i, slope_j, slope_k], axis=1) / voxel_mm, inside
