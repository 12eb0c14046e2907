"""How two voxel grids differ, in words for a person who has to mend it."""

from __future__ import annotations

import numpy as np

from gist_imaging.spatial.geometry import Geometry

__all__ = ["POSITION_WITHIN_MM", "how_grids_differ", "in_one_frame"]

# A tenth of the finest pixel in use; positions in DICOM are decimal strings, rounded by whoever wrote them.
POSITION_WITHIN_MM = 0.05

_AXIS_NAMES = ("slices (k)", "rows (j)", "columns (i)")
_SPACING_WITHIN = 1e-4
_TURNED_BEYOND_DEG = 0.05


def in_one_frame(one: str | None, other: str | None) -> bool:
    """Return whether two frames of reference may be one: equal by name, or one has no name.

    >>> in_one_frame("1.2.3", "1.2.4"), in_one_frame("1.2.3", None)
    (False, True)
    """
    return not (one and other) or one == other


def how_grids_differ(grid: Geometry, other: Geometry, tol_mm: float = POSITION_WITHIN_MM) -> str | None:
    """Return how `grid` differs from `other`, or None when `grid.matches(other, tol_mm)`.

    The words name frame of reference, shape, voxel size, flipped axes, turned axes and the shift of the
    first voxel in mm (LPS), each where it applies.
    """
    if grid.matches(other, tol_mm):
        return None
    found = []
    if not in_one_frame(grid.frame_uid, other.frame_uid):
        found.append("it lies in another frame of reference")
    if grid.shape != other.shape:
        found.append(f"its shape (k, j, i) is {grid.shape} against {other.shape}")
    if not np.allclose(grid.spacing_mm, other.spacing_mm, rtol=_SPACING_WITHIN, atol=0.0):
        found.append(
            f"its voxels are {_millimetres(grid.spacing_mm)} against {_millimetres(other.spacing_mm)}"
        )
    found += _turns(grid, other)
    shift = np.subtract(grid.origin_mm, other.origin_mm)
    length = float(np.linalg.norm(shift))
    if length > tol_mm:
        x, y, z = (shift + 0.0).round(2).tolist()
        found.append(
            f"its first voxel is shifted by {length:.2f} mm ({x:+.2f} to the left, {y:+.2f} to the back, "
            f"{z:+.2f} to the head)"
        )
    return "; ".join(found) or "its corners lie elsewhere"


def _turns(grid: Geometry, other: Geometry) -> list[str]:
    cosines = grid.axes.T @ other.axes
    # Small angles lie in the sine: the part of an axis that the other axis does not explain.
    across = np.linalg.norm(grid.axes - other.axes * np.diag(cosines), axis=0)
    angles_deg = np.degrees(np.arctan2(across, np.abs(np.diag(cosines))))
    if angles_deg.max() <= _TURNED_BEYOND_DEG:
        flipped = [name for name, cosine in zip(_AXIS_NAMES, np.diag(cosines), strict=True) if cosine < 0]
        return [f"it is flipped: its {' and '.join(flipped)} run the other way"] if flipped else []
    if np.allclose(np.abs(cosines).max(axis=0), 1.0, atol=1e-6):
        return ["its axes are swapped"]
    return [f"its axes are turned by up to {angles_deg.max():.2f} degrees"]


def _millimetres(spacing_mm: tuple[float, float, float]) -> str:
    return " x ".join(f"{length:.4g}" for length in spacing_mm) + " mm"
