"""What the rules of response look at: the target lesions of a visit and the reader's flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from gist_imaging.errors import MeasurementError
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.response.change import Category, Reason, at_least
from gist_imaging.study.case import ContrastPhase

__all__ = ["LesionState", "TargetLesion", "Visit", "check_visits", "is_measurable"]

# RECIST 1.1, Eur J Cancer 2009;45:228: a lesion is measurable from 10 mm (inclusive) on slices of 5 mm or
# less (inclusive); on thicker slices from twice the slice thickness (inclusive).
MEASURABLE_AT_LEAST_MM = 10.0
SLICE_AT_MOST_MM = 5.0
SLICES_AT_LEAST = 2.0
# A node is a target from a short axis of 15 mm (inclusive).
NODE_MEASURABLE_AT_LEAST_MM = 15.0


class LesionState(StrEnum):
    """What became of a target lesion at a visit."""

    MEASURED = "measured"
    ABSENT = "absent"
    """Gone: sizes are 0."""
    TOO_SMALL = "too_small"
    """Visible, too small to measure: RECIST counts 5 mm."""
    NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLesion:
    """One target lesion at one visit; None where not measured.

    Parameters
    ----------
    lesion_id : the same at every visit
    state : what became of it
    longest_diameter_mm, short_axis_mm : in one slice
    volume_mm3 : voxels times voxel volume
    mean_hu : mean attenuation; None where the values are not HU
    in_hu : whether the values are HU; None where there is no image of the lesion
    n_voxels : voxels of the mask
    nominal_spacing_mm : spacing that the file states; with `physical` False only voxel counts of equal
        nominal spacing compare
    physical : whether the spacing is the patient's
    is_node : a lymph node counts by its short axis
    slice_mm : the greater of slice thickness and slice spacing
    reason : why a size is None
    """

    lesion_id: str = "L1"
    state: LesionState = LesionState.MEASURED
    longest_diameter_mm: float | None = None
    short_axis_mm: float | None = None
    volume_mm3: float | None = None
    mean_hu: float | None = None
    in_hu: bool | None = None
    n_voxels: int | None = None
    nominal_spacing_mm: tuple[float, float, float] | None = None
    physical: bool = True
    is_node: bool = False
    slice_mm: float | None = None
    reason: str | None = None

    @classmethod
    def of(
        cls, measured: LesionMeasurement, lesion_id: str | None = None, is_node: bool = False
    ) -> TargetLesion:
        """Return what the rules look at in a measurement; an empty mask is a lesion that is gone."""
        reasons = measured.not_measured
        slices = (measured.slice_thickness_mm, measured.slice_spacing_mm)
        return cls(
            lesion_id=lesion_id or measured.lesion_id or "L1",
            state=LesionState.ABSENT if measured.n_voxels == 0 else LesionState.MEASURED,
            longest_diameter_mm=measured.longest_axial_diameter_mm,
            short_axis_mm=measured.short_axis_mm,
            volume_mm3=measured.volume_mm3,
            mean_hu=measured.mean_hu,
            in_hu=measured.quantity == "HU",
            n_voxels=measured.n_voxels,
            nominal_spacing_mm=measured.nominal_spacing_mm,
            physical=measured.spacing_mm is not None,
            is_node=is_node,
            slice_mm=max((held for held in slices if held is not None), default=None),
            reason=reasons.get("longest_axial_diameter_mm") or reasons.get("volume_mm3"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit as the rules see it.

    Parameters
    ----------
    targets : every target lesion; at follow-up those of the baseline, one that is missing is not evaluable
    day : on the treatment clock; increases strictly where given
    phase : contrast phase as reader or manifest state it; unknown is NE for Choi
    kvp : tube voltage, where known
    non_target : what the reader calls the other lesions; None where there are none
    new_lesion : an unequivocal new lesion
    new_nodule : a new nodule in a target, or growth of an existing one; seen by the reader, never by us
    """

    targets: tuple[TargetLesion, ...] = ()
    day: int | None = None
    phase: ContrastPhase = ContrastPhase.UNKNOWN
    kvp: float | None = None
    non_target: Category | None = None
    new_lesion: bool = False
    new_nodule: bool = False

    def __post_init__(self) -> None:
        # Words from a manifest are as good as members.
        object.__setattr__(self, "phase", ContrastPhase(self.phase))
        if self.non_target is not None:
            object.__setattr__(self, "non_target", Category(self.non_target))

    @classmethod
    def of(cls, measured: LesionMeasurement, *, day: int | None = None, phase: str = "unknown") -> Visit:
        """Return a visit with one target lesion, called L1 whatever its mask calls it, and no flags."""
        target = TargetLesion.of(measured, "L1")
        return cls(targets=(target,), day=day, phase=ContrastPhase(phase), kvp=measured.kvp)


def is_measurable(lesion: TargetLesion) -> bool | None:
    """Return whether a lesion is measurable by RECIST 1.1; None where its size or slices are unknown."""
    if lesion.is_node:
        size, needed = lesion.short_axis_mm, NODE_MEASURABLE_AT_LEAST_MM
    elif lesion.slice_mm is None:
        return None
    else:
        size = lesion.longest_diameter_mm
        thin = lesion.slice_mm <= SLICE_AT_MOST_MM
        needed = MEASURABLE_AT_LEAST_MM if thin else SLICES_AT_LEAST * lesion.slice_mm
    return None if size is None else at_least(size, needed)


def check_visits(visits: Sequence[Visit]) -> None:
    """Refuse visits that cannot be judged together.

    Raises
    ------
    MeasurementError
        If there is no follow-up, days do not increase, or a follow-up names a lesion that the baseline
        does not.
    """
    if len(visits) < 2:
        raise MeasurementError(
            "a response compares a baseline with a follow-up",
            f"got {len(visits)} visit(s)",
            "give the baseline first and every follow-up after it",
        )
    days = [visit.day for visit in visits if visit.day is not None]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise MeasurementError("days of visits increase strictly", f"got {days}", "check the scan dates")
    known = [lesion.lesion_id for lesion in visits[0].targets]
    for visit in visits:
        named = [lesion.lesion_id for lesion in visit.targets]
        if len(set(named)) != len(named) or not set(named) <= set(known):
            raise MeasurementError(
                f"targets are those of the baseline, each once: {', '.join(known) or 'none'}",
                f"got {', '.join(named)}",
                "say that a lesion is new with new_lesion",
            )


def why_unmeasured(lesion: TargetLesion) -> str:
    """Return why a size of `lesion` is None."""
    if not lesion.physical:
        return Reason.GEOMETRY_NOT_PHYSICAL
    return lesion.reason or Reason.TARGET_NOT_EVALUABLE
