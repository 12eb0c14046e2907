"""The rigid transform that point pairs placed by a reader give, with its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import RegistrationError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_transform import RigidTransform

__all__ = ["PointPairs", "register_points"]

# Nobody places a point better than about a voxel of a pelvic scan.
LOCALISATION_MM = 1.0
# Points nearer than this to one line say nothing about the turn round it.
_OFF_LINE_MM = 2.0
# Degrees of freedom of a target's error: it moves in three directions.
_TARGET_FREEDOM = 3


@dataclass(frozen=True, slots=True, eq=False)
class PointPairs:
    """The same anatomical points in two scans.

    Parameters
    ----------
    fixed_mm, moving_mm : (n, 3) LPS, each in its own frame, in the same order; n at least 3

    Raises
    ------
    RegistrationError
        If there are fewer than three pairs, or they lie within 2 mm of one line.
    """

    fixed_mm: FloatArray
    moving_mm: FloatArray

    def __post_init__(self) -> None:
        fixed, moving = (np.array(points, dtype=np.float64) for points in (self.fixed_mm, self.moving_mm))
        if fixed.ndim != 2 or fixed.shape[1:] != (3,) or fixed.shape != moving.shape or len(fixed) < 3:
            raise RegistrationError(
                "at least three point pairs, each with x, y and z in both scans",
                f"got {fixed.shape} and {moving.shape}",
                "mark the same three or more points in both scans",
            )
        if not (np.isfinite(fixed).all() and np.isfinite(moving).all()):
            raise RegistrationError("finite point positions", "some are not", "place these points again")
        for points in (fixed, moving):
            off_line_mm = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1]
            if off_line_mm / np.sqrt(len(points)) < _OFF_LINE_MM:
                raise RegistrationError(
                    "points that do not lie on one line",
                    f"they lie {off_line_mm / np.sqrt(len(points)):.1f} mm from one",
                    "add a point well beside the others, such as an ischial spine or the coccyx",
                )
        for name, points in (("fixed_mm", fixed), ("moving_mm", moving)):
            points.flags.writeable = False
            object.__setattr__(self, name, points)


def register_points(
    pairs: PointPairs,
    *,
    fixed_frame_uid: str | None = None,
    moving_frame_uid: str | None = None,
    targets_mm: npt.ArrayLike | None = None,
    localisation_mm: float = LOCALISATION_MM,
) -> RigidTransform:
    """Return the rigid transform that brings the pairs together with least squares.

    Closed form: Kabsch, Acta Cryst A 1976;32:922. The expected error at the targets follows from the
    residuals by Fitzpatrick, West and Maurer, IEEE Trans Med Imaging 1998;17:694 (equations 10 and 46).

    Parameters
    ----------
    targets_mm : (m, 3) LPS, fixed frame; where the error is asked. Default: the corners of the points' box
    localisation_mm : least error with which one point was placed (root mean square over the pair)
    """
    matrix = _kabsch(pairs.fixed_mm, pairs.moving_mm)
    residuals = pairs.fixed_mm @ matrix[:3, :3].T + matrix[:3, 3] - pairs.moving_mm
    n_points = len(residuals)
    freedom = 3 * n_points - 6
    placed_mm = float(np.sqrt(max(3.0 * np.square(residuals).sum() / freedom, localisation_mm**2)))
    targets = _box_corners(pairs.fixed_mm) if targets_mm is None else np.asarray(targets_mm, dtype=np.float64)
    error_mm = placed_mm * _error_per_mm(pairs.fixed_mm, targets)
    from scipy.stats import f

    # Few pairs estimate their own error badly; F pays for it (3 pairs: x 3.0, 6 pairs: x 1.9).
    bound_mm = error_mm * float(np.sqrt(f.ppf(0.95, _TARGET_FREEDOM, freedom)))
    return RigidTransform(
        matrix,
        fixed_frame_uid,
        moving_frame_uid,
        error_mm,
        bound_mm,
        "point_pairs",
        Provenance(
            "register.point_pairs",
            {
                "fixed_mm": pairs.fixed_mm.tolist(),
                "moving_mm": pairs.moving_mm.tolist(),
                "residual_rms_mm": float(np.sqrt(np.square(residuals).sum(axis=1).mean())),
            },
        ),
    )


def _kabsch(fixed: FloatArray, moving: FloatArray) -> FloatArray:
    middle_fixed, middle_moving = fixed.mean(axis=0), moving.mean(axis=0)
    left, _, right = np.linalg.svd((moving - middle_moving).T @ (fixed - middle_fixed))
    # A mirror image fits flat point sets as well; the patient was not mirrored.
    turn = left @ np.diag((1.0, 1.0, np.linalg.det(left @ right))) @ right
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = middle_moving - turn @ middle_fixed
    return matrix


def _box_corners(points: FloatArray) -> FloatArray:
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray(np.where(np.array(list(np.ndindex(2, 2, 2)), dtype=bool), high, low))


def _error_per_mm(points: FloatArray, targets: FloatArray) -> float:
    """Return the root mean square error over the targets for points placed with an error of 1 mm."""
    middle = points.mean(axis=0)
    centred = points - middle
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    along = np.square((targets - middle) @ axes.T)
    from_points = np.square(lengths) / len(points)
    ratio = 0.0
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        ratio += float(along[:, others].sum(axis=1).mean() / from_points[others].sum())
    return float(np.sqrt((1.0 + ratio / 3.0) / len(points)))
