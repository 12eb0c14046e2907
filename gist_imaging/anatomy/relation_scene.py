"""What one visit gives for measuring tumour and levator ani, and its surfaces made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.pelvic_frame import PelvicFrame, pelvic_frame
from gist_imaging.anatomy.relation_surfaces import LevatorInput, LevatorSide, TumourInput, TumourSurface
from gist_imaging.anatomy.relation_values import RelationSide
from gist_imaging.anatomy.surface import FloatArray, Side
from gist_imaging.errors import GeometryError, MeasurementError
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.spatial.volume import Volume

__all__ = ["SIDE_WORDS", "Mirror", "RelationScene"]

SIDE_WORDS: Mapping[Side, str] = {"L": "left", "R": "right"}

# DOMAIN.md 4.4, M2: contact is a distance of at most 1 mm, or of half a voxel's diagonal where that is more.
_TAU_AT_LEAST_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Mirror:
    """Two sides that can be compared through the midsagittal plane.

    Parameters
    ----------
    frame : of the pelvis
    side, other : of the tumour, and across the midline
    refinement : carries the mirror image of the pelvic bones onto the bones, where they were registered
    """

    frame: PelvicFrame
    side: Side
    other: Side
    refinement: RigidTransform | None = None

    def reflect(self, points_mm: FloatArray) -> FloatArray:
        """Return where points (n, 3) LPS of the other side have their mirror image."""
        points = self.frame.reflect(points_mm)
        return points if self.refinement is None else self.refinement.apply(points)

    def back(self, points_mm: FloatArray) -> FloatArray:
        """Return which points (n, 3) LPS the given ones are mirror images of."""
        points = points_mm if self.refinement is None else self.refinement.inverse().apply(points_mm)
        return self.frame.reflect(points)


@dataclass(frozen=True, eq=False)
class RelationScene:
    """What one visit gives for measuring tumour and levator ani, all in one frame of reference.

    Surfaces are made when they are first needed, and kept.

    Parameters
    ----------
    tumour : mask (empty: no tumour is left) or closed mesh
    levator : the levator ani by side: mask, closed mesh or open sheet, or the surface from strokes
    side : of the tumour; "midline" where it lies across the midline
    bilateral : whether the other side is affected, too, so that it is no yardstick
    landmarks : of the same visit
    volume : the series, for the signal ratio M9 and, on CT, the fat of M8
    fat : fat of both ischioanal fossae, for M8; None on CT for what has the HU of fat
    slices : in which contact lengths are measured; None for the grid of the first mask
    tau_mm : contact is a distance of at most this; None for 1 mm, or half the diagonal of a mask's voxel
        where that is more
    mirror_refinement : carries the mirror image of the pelvic bones onto the bones, from registration

    Raises
    ------
    GeometryError
        If the inputs lie in different frames of reference.
    MeasurementError
        If tau is not above 0, or a levator surface is filed under the wrong side.
    """

    tumour: TumourInput = field(repr=False)
    levator: Mapping[Side, LevatorInput] = field(repr=False)
    side: RelationSide
    bilateral: bool = False
    landmarks: Landmarks = field(default_factory=Landmarks, repr=False)
    volume: Volume | None = field(default=None, repr=False)
    fat: Mask | None = field(default=None, repr=False)
    slices: Geometry | None = field(default=None, repr=False)
    tau_mm: float | None = None
    mirror_refinement: RigidTransform | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.tau_mm is not None and not (np.isfinite(self.tau_mm) and self.tau_mm > 0):
            raise MeasurementError("a contact distance above 0 mm", f"got {self.tau_mm}", "leave it out")
        if self.side not in ("L", "R", "midline"):
            raise MeasurementError("a side is L, R or midline", f"got {self.side!r}", "correct it")
        for side, levator in self.levator.items():
            if side not in SIDE_WORDS or getattr(levator, "side", side) != side:
                raise MeasurementError(
                    "each levator ani is filed under its own side, L or R",
                    f"one of side {getattr(levator, 'side', '?')} under {side!r}",
                    "correct it",
                )
        uids = self._frame_uids()
        for name, uid in uids:
            for other, held in uids:
                if not in_one_frame(uid, held):
                    raise GeometryError(
                        f"{name} and {other} lie in one frame of reference",
                        "they lie in two",
                        "carry one of them over with a transform first",
                    )

    def _frame_uids(self) -> list[tuple[str, str | None]]:
        found = [("tumour", _frame_uid(self.tumour))]
        found += [
            (f"{SIDE_WORDS[side]} levator ani", _frame_uid(held)) for side, held in self.levator.items()
        ]
        found.append(("landmarks", self.landmarks.frame_uid))
        for name, grid in (("series", self.volume), ("fat", self.fat)):
            if grid is not None:
                found.append((name, grid.geometry.frame_uid))
        if self.slices is not None:
            found.append(("slices", self.slices.frame_uid))
        return found

    @cached_property
    def tau(self) -> float:
        """The contact distance in use, mm."""
        if self.tau_mm is not None:
            return self.tau_mm
        masks = [held for held in (self.tumour, *self.levator.values()) if isinstance(held, Mask)]
        diagonals = [float(np.linalg.norm(mask.geometry.spacing_mm)) for mask in masks]
        return max(_TAU_AT_LEAST_MM, *(diagonal / 2.0 for diagonal in diagonals), 0.0)

    @cached_property
    def outlines_overlap(self) -> bool | None:
        """Whether a voxel of tumour or levator ani lies within the other; None where one is no mask."""
        muscles = [held for held in self.levator.values() if isinstance(held, Mask)]
        if not isinstance(self.tumour, Mask) or not muscles or len(muscles) < len(self.levator):
            return None
        return any(_reaches_into(self.tumour, held) or _reaches_into(held, self.tumour) for held in muscles)

    @cached_property
    def frame(self) -> PelvicFrame | str:
        """The pelvic frame, or the reason why there is none."""
        try:
            return pelvic_frame(self.landmarks)
        except MeasurementError as error:
            # What to do (the advice) is for whoever sees the error, not for a reason in a table.
            return f"there is no pelvic frame ({error.expected}; {error.found})"

    @cached_property
    def tumour_surface(self) -> TumourSurface | str:
        """The tumour's surface, or the reason why there is none."""
        if isinstance(self.tumour, Mask) and self.tumour.is_empty:
            return "no tumour is outlined (the mask is empty)"
        return TumourSurface.of(self.tumour)

    @cached_property
    def sides(self) -> Mapping[Side, LevatorSide]:
        """The levator ani of the sides that are outlined."""
        frame = None if isinstance(self.frame, str) else self.frame
        return {
            side: LevatorSide.of(held, side, frame)
            for side, held in self.levator.items()
            if not (isinstance(held, Mask) and held.is_empty)
        }

    @property
    def frame_uid(self) -> str | None:
        """The Frame of Reference UID of whatever names one, or None."""
        return next((uid for _, uid in self._frame_uids() if uid), None)

    def missing_side(self, side: Side) -> str | None:
        """Return why a side cannot be measured, or None."""
        return None if side in self.sides else f"the {SIDE_WORDS[side]} levator ani was not outlined"

    @cached_property
    def mirror(self) -> Mirror | str:
        """The two sides to be compared, or why the other side is no yardstick for this one."""
        if self.side == "midline":
            return "the tumour lies across the midline, so neither side is a yardstick for the other"
        if self.bilateral:
            return "both sides are affected, so the other one is no yardstick"
        if isinstance(self.frame, str):
            return self.frame
        other: Side = "R" if self.side == "L" else "L"
        reason = self.missing_side(self.side) or self.missing_side(other)
        return reason or Mirror(self.frame, self.side, other, self.mirror_refinement)

    @cached_property
    def slice_grid(self) -> Geometry | None:
        """The grid in whose slices contact lengths are measured."""
        if self.slices is not None:
            return self.slices
        masks = [held for held in (self.tumour, *self.levator.values()) if isinstance(held, Mask)]
        if masks:
            return masks[0].geometry
        return None if self.volume is None else self.volume.geometry


def _frame_uid(held: TumourInput | LevatorInput) -> str | None:
    return held.geometry.frame_uid if isinstance(held, Mask) else held.frame_uid


def _reaches_into(one: Mask, other: Mask) -> bool:
    """Return whether the centre of a voxel of `one` lies amid voxels that all belong to `other`."""
    within = other.bounding_box
    if one.is_empty or within is None:
        return False
    index = other.geometry.to_index(one.geometry.to_patient(one.indices))
    first, last = np.array(within[0]), np.array(within[0]) + within[1] - 1
    # Rounding must not part a point from the voxel that it is the centre of.
    low, high = np.floor(index + 1e-6).astype(np.int64), np.ceil(index - 1e-6).astype(np.int64)
    near = ((low >= first) & (high <= last)).all(axis=1)
    amid = np.ones(int(np.count_nonzero(near)), dtype=np.bool_)
    for corner in np.ndindex(2, 2, 2):
        at = np.where(np.array(corner) == 1, high[near], low[near])
        amid &= other.voxels[tuple(at.T)]
    return bool(amid.any())
