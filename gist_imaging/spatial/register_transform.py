"""How positions in one scan carry over to another scan of the same patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.geometry import FloatArray, Geometry

__all__ = ["RigidTransform"]

# Products of rotations written with 17 digits; far below a thousandth of a millimetre over a pelvis.
_ROTATION_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class RigidTransform:
    """A rotation and a shift that carry positions of the fixed scan to those of the moving scan.

    Parameters
    ----------
    matrix : (4, 4) mm; takes (x, y, z, 1) in LPS of the fixed frame to LPS of the moving frame
        Copied, and read-only afterwards.
    fixed_frame_uid, moving_frame_uid : Frame of Reference UIDs, or None where a format has none
    error_mm : expected root mean square error over the region that was matched; None when not estimated
    error_95_mm : in 95 of 100 registrations that error is at most this; None when not estimated
    method : "image:bone", "image:whole", "point_pairs", "stated", or a chain of them
    provenance : parameters and inputs

    Raises
    ------
    GeometryError
        If the matrix scales, shears, mirrors or is not finite.
    """

    matrix: FloatArray = field(repr=False)
    fixed_frame_uid: str | None
    moving_frame_uid: str | None
    error_mm: float | None = None
    error_95_mm: float | None = None
    method: str = "stated"
    provenance: Provenance = field(default_factory=lambda: Provenance("register"), repr=False)

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise GeometryError("a rigid transform is 4 x 4", f"got {matrix.shape}")
        turn = matrix[:3, :3]
        is_rigid = (
            np.isfinite(matrix).all()
            and np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0))
            and np.allclose(turn.T @ turn, np.eye(3), atol=_ROTATION_TOLERANCE)
            and np.linalg.det(turn) > 0
        )
        if not is_rigid:
            raise GeometryError(
                "a rigid transform turns and shifts",
                "this matrix scales, shears, mirrors or is not finite",
                "register the scans again, or give the rotation without scaling",
            )
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)

    def apply(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Return where points of the fixed scan lie in the moving scan.

        Parameters
        ----------
        points_mm : (..., 3) LPS, fixed frame

        Returns
        -------
        (..., 3) mm, LPS, moving frame
        """
        points = np.asarray(points_mm, dtype=np.float64)
        return np.asarray(points @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    def carried(self, grid: Geometry) -> Geometry:
        """Return a grid of the fixed scan as it lies in the moving scan; no value is interpolated.

        Raises
        ------
        GeometryError
            If the grid lies in another frame than the fixed scan's.
        """
        if not in_one_frame(grid.frame_uid, self.fixed_frame_uid):
            raise GeometryError(
                "a grid in the frame of reference that the transform starts from",
                "it lies in another one",
                "use the inverse, or register these two scans",
            )
        return Geometry(grid.shape, self.matrix @ grid.affine, self.moving_frame_uid, grid.physical)

    def inverse(self) -> RigidTransform:
        """Return the transform from the moving to the fixed scan, with the same error."""
        turn = self.matrix[:3, :3].T
        back = np.eye(4)
        back[:3, :3] = turn
        back[:3, 3] = -turn @ self.matrix[:3, 3]
        return RigidTransform(
            back,
            self.moving_frame_uid,
            self.fixed_frame_uid,
            self.error_mm,
            self.error_95_mm,
            self.method,
            Provenance("register.inverse", {"of": self.provenance.to_json()}, self.provenance.inputs),
        )

    def compose(self, then: RigidTransform) -> RigidTransform:
        """Return this transform followed by `then`.

        Expected errors add in squares. The bounds add plainly: both steps share the scan in between, so
        their errors need not be independent.

        Raises
        ------
        GeometryError
            If `then` does not start in the frame where this one ends.
        """
        if not in_one_frame(self.moving_frame_uid, then.fixed_frame_uid):
            raise GeometryError(
                "the second transform starts in the frame of reference where the first one ends",
                "it starts in another one",
                "give the transforms in the order of the scans, or invert one",
            )
        steps = (self, then)
        errors = [step.error_mm for step in steps if step.error_mm is not None]
        bounds = [step.error_95_mm for step in steps if step.error_95_mm is not None]
        product = then.matrix @ self.matrix
        # The nearest rotation, so that long chains stay rigid.
        left, _, right = np.linalg.svd(product[:3, :3])
        product[:3, :3] = left @ right
        return RigidTransform(
            product,
            self.fixed_frame_uid,
            then.moving_frame_uid,
            float(np.hypot(errors[0], errors[1])) if len(errors) == 2 else None,
            float(sum(bounds)) if len(bounds) == 2 else None,
            f"{self.method} > {then.method}",
            Provenance(
                "register.compose",
                {"steps": [step.provenance.to_json() for step in steps]},
                self.provenance.inputs + then.provenance.inputs,
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the transform as plain values for `json.dumps`, in full precision."""
        return {
            "matrix_fixed_to_moving_lps_mm": self.matrix.tolist(),
            "fixed_frame_uid": self.fixed_frame_uid,
            "moving_frame_uid": self.moving_frame_uid,
            "error_mm": self.error_mm,
            "error_95_mm": self.error_95_mm,
            "method": self.method,
            "provenance": self.provenance.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RigidTransform:
        """Return the transform that `to_json` wrote.

        Raises
        ------
        GeometryError
            If a field is missing, or the matrix is not rigid.
        """
        try:
            origin = values["provenance"]
            return cls(
                np.asarray(values["matrix_fixed_to_moving_lps_mm"], dtype=np.float64),
                values["fixed_frame_uid"],
                values["moving_frame_uid"],
                values["error_mm"],
                values["error_95_mm"],
                values["method"],
                Provenance(
                    origin["method"],
                    origin["parameters"],
                    tuple(origin["inputs"]),
                    origin["author"],
                    origin["tool"],
                    origin["version"],
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise GeometryError(
                "a stored transform with matrix, frames, errors, method and provenance",
                f"{type(error).__name__} at {error}",
                "register the scans again",
            ) from error
