"""Bring two scans of one patient together by a rigid transform, with its error or a reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gist_imaging.errors import RegistrationError
from gist_imaging.provenance import Provenance
from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.register_error import N_PARTS, Repeats, repeated_fits
from gist_imaging.spatial.register_fit import Fit, fit, samples_of
from gist_imaging.spatial.register_points import PointPairs, register_points
from gist_imaging.spatial.register_prepare import Level, Region, Stop, levels_of, stop_if
from gist_imaging.spatial.register_start import LEAST_OVERLAP, starts
from gist_imaging.spatial.register_transform import RigidTransform
from gist_imaging.spatial.volume import Quantity, Volume
from gist_imaging.watched import watched

__all__ = ["PointPairs", "Region", "RigidTransform", "register", "register_points"]

Tick = Callable[[int, int], None]

_SEED = 20070501
_N_STEPS = 5 + N_PARTS
_COARSE_SAMPLES, _FINE_SAMPLES = 6_000, 24_000
_COARSE_ITERATIONS, _FINE_ITERATIONS = 25, 40
_STARTS_TRIED = 4
# Noisy ADC maps of one patient reach 0.28, T2 of different planes 0.75; below this nothing was recognised.
LEAST_CORRELATION = 0.2
# A transform that repeated registrations find only to within this is no registration. Pairs of scans that
# show different patients or places gave 29 mm and more, the worst true pair 10 mm (docs/registration.md).
MOST_ERROR_MM = 15.0


def register(
    fixed: Volume,
    moving: Volume,
    *,
    on: Region | None = None,
    initial: RigidTransform | None = None,
    point_pairs: PointPairs | None = None,
    progress: Tick | None = None,
    cancelled: Stop = None,
) -> RigidTransform:
    """Return the rigid transform that carries positions of `fixed` to those of `moving`.

    Shifts and small turns are searched on coarse voxels (8 mm), the best refined at 8, 4 and 2 mm by robust
    Gauss-Newton steps. Positions are patient mm throughout, so flipped, turned or uneven grids give the
    same answer. The same scans give the same transform.

    Parameters
    ----------
    fixed, moving : scans of one patient: two CT in HU, or two of one other quantity (MR with MR)
    on : "bone" matches bone (HU above 180), "whole" everything in the body; default bone for HU, else whole
    initial : where to begin instead of searching; also states where the two frames nearly agree
    point_pairs : the same points marked in both scans, where to begin. If the images then cannot be matched,
        or end beyond the error of the points, the transform of the points is returned; its `method` says
        "point_pairs", its provenance why.
    progress : called with (done, total) steps
    cancelled : asked first and then every 20 ms

    Raises
    ------
    RegistrationError
        If there is no bone, too little overlap, nothing to see, no agreement, or no reproducible answer,
        and no point pairs were given.
    Cancelled
        If `cancelled` says so.
    """
    region: Region = on or ("bone" if fixed.quantity is Quantity.HU else "whole")
    return watched(
        lambda tick, stop: _registered(fixed, moving, region, initial, point_pairs, tick, stop),
        progress,
        cancelled,
    )


def _registered(
    fixed: Volume,
    moving: Volume,
    region: Region,
    initial: RigidTransform | None,
    point_pairs: PointPairs | None,
    progress: Tick | None,
    cancelled: Stop,
) -> RigidTransform:
    if point_pairs is None:
        return _by_image(fixed, moving, region, initial, progress, cancelled)
    by_points = register_points(
        point_pairs,
        fixed_frame_uid=fixed.geometry.frame_uid,
        moving_frame_uid=moving.geometry.frame_uid,
    )
    try:
        by_image = _by_image(fixed, moving, region, by_points, progress, cancelled)
        _check_points_agree(point_pairs, by_points, by_image)
    except RegistrationError as failure:
        return _with_reason(by_points, str(failure))
    return by_image


def _by_image(
    fixed: Volume,
    moving: Volume,
    on: Region,
    initial: RigidTransform | None,
    progress: Tick | None,
    cancelled: Stop,
) -> RigidTransform:
    _check_comparable(fixed, moving, on)
    steps = _Steps(progress, cancelled)
    fixed_levels = levels_of(fixed, on, "fixed", cancelled)
    steps.done()
    moving_levels = levels_of(moving, on, "moving", cancelled)
    steps.done()
    rng = np.random.default_rng(_SEED)
    coarse, middle = (samples_of(level, _COARSE_SAMPLES, rng) for level in fixed_levels[:0:-1])
    fine = samples_of(fixed_levels[0], _FINE_SAMPLES, rng)
    candidates = _candidates(fixed_levels[-1], moving_levels[-1], initial, cancelled)
    steps.done()
    tried = [
        fit(coarse, moving_levels[-1], start, iterations=_COARSE_ITERATIONS, cancelled=cancelled)
        for start in candidates
    ]
    tried = [
        fit(middle, moving_levels[1], each.matrix, iterations=_COARSE_ITERATIONS, cancelled=cancelled)
        for each in tried
    ]
    best = max(tried, key=_worth)
    steps.done()
    final = fit(fine, moving_levels[0], best.matrix, iterations=_FINE_ITERATIONS, cancelled=cancelled)
    steps.done()
    _check_matched(final)
    fine_mm = moving_levels[0].voxel_mm
    repeats = repeated_fits(
        fine,
        moving_levels,
        final,
        voxel_mm=max(fine_mm, *fixed.geometry.spacing_mm, *moving.geometry.spacing_mm),
        cancelled=cancelled,
        tick=steps.done,
    )
    _check_reproducible(repeats)
    return RigidTransform(
        final.matrix,
        fixed.geometry.frame_uid,
        moving.geometry.frame_uid,
        repeats.error_mm,
        repeats.error_95_mm,
        f"image:{on}",
        _provenance(fixed, moving, on, initial, final, repeats),
    )


def _candidates(
    fixed: Level, moving: Level, initial: RigidTransform | None, cancelled: Stop
) -> list[FloatArray]:
    if initial is not None:
        return [initial.matrix]
    found = [start.matrix for start in starts(fixed, moving, cancelled)][:_STARTS_TRIED]
    if fixed.geometry.frame_uid and fixed.geometry.frame_uid == moving.geometry.frame_uid:
        # One frame of reference: the scanner itself says where the scans lie, unless the patient moved.
        found.append(np.eye(4))
    if not found:
        raise RegistrationError(
            f"scans of which at least {100 * LEAST_OVERLAP:.0f} % overlap",
            "no shift brings enough of them together",
            "choose series of the same region, or place point pairs",
        )
    return found


def _worth(each: Fit) -> float:
    return float(each.correlation * each.coverage**0.25)


def _check_comparable(fixed: Volume, moving: Volume, on: Region) -> None:
    if fixed.quantity is not moving.quantity:
        raise RegistrationError(
            "two scans whose values mean the same (CT with CT, MR with MR)",
            f"got {fixed.quantity} and {moving.quantity}",
            "place point pairs in both scans instead",
        )
    if on == "bone" and fixed.quantity is not Quantity.HU:
        raise RegistrationError(
            "CT in HU, where bone is told by its density",
            f"the values are {fixed.quantity}",
            'match the whole pelvis (on="whole")',
        )
    if not (fixed.geometry.physical and moving.geometry.physical):
        raise RegistrationError(
            "scans with the patient's real voxel sizes",
            "the spacing of one of them is stated not to be physical",
            "use the original DICOM series",
        )


def _check_matched(final: Fit) -> None:
    if final.coverage < LEAST_OVERLAP:
        raise RegistrationError(
            f"at least {100 * LEAST_OVERLAP:.0f} % of the fixed scan's region inside the moving scan",
            f"found {100 * final.coverage:.0f} %",
            "choose series of the same region, or place point pairs",
        )
    if final.correlation < LEAST_CORRELATION:
        raise RegistrationError(
            f"scans that agree once they are brought together (correlation {LEAST_CORRELATION} or more)",
            f"the best agreement is {final.correlation:.2f}",
            "check that both show the same patient, region and kind of image, or place point pairs",
        )
    if not final.expected_mm < MOST_ERROR_MM:
        raise RegistrationError(
            "edges in all directions to hold on to",
            "shifting or turning the scans along some direction changes nothing",
            "choose series that show more of the pelvis, or place point pairs",
        )


def _check_reproducible(repeats: Repeats) -> None:
    if not repeats.error_95_mm < MOST_ERROR_MM:
        raise RegistrationError(
            f"repeated registrations that agree within {MOST_ERROR_MM:.0f} mm",
            f"they differ by {repeats.error_95_mm:.0f} mm",
            "place three or more point pairs to begin from",
        )


def _check_points_agree(pairs: PointPairs, by_points: RigidTransform, by_image: RigidTransform) -> None:
    apart = by_image.apply(pairs.fixed_mm) - by_points.apply(pairs.fixed_mm)
    apart_mm = float(np.sqrt(np.square(apart).sum(axis=1).mean()))
    allowed_mm = (by_points.error_95_mm or 0.0) + (by_image.error_95_mm or 0.0)
    if apart_mm > allowed_mm:
        raise RegistrationError(
            f"images and point pairs that agree within {allowed_mm:.1f} mm",
            f"they differ by {apart_mm:.1f} mm",
            "check the points and the overlay",
        )


def _with_reason(by_points: RigidTransform, reason: str) -> RigidTransform:
    parameters = dict(by_points.provenance.parameters) | {"image_not_used": reason}
    return replace(by_points, provenance=replace(by_points.provenance, parameters=parameters))


def _provenance(
    fixed: Volume,
    moving: Volume,
    on: Region,
    initial: RigidTransform | None,
    final: Fit,
    repeats: Repeats,
) -> Provenance:
    return Provenance(
        "register",
        {
            "on": on,
            "seed": _SEED,
            "start": "searched" if initial is None else initial.method,
            "correlation": final.correlation,
            "coverage": final.coverage,
            "spread_mm": repeats.spread_mm,
        },
        (_name_of(fixed), _name_of(moving)),
    )


def _name_of(volume: Volume) -> str:
    return volume.series_uid or f"sha256:{volume.sha256()}"


@dataclass(slots=True)
class _Steps:
    """Counts finished steps for the progress bar and stops where the user asks."""

    progress: Tick | None
    cancelled: Stop
    count: int = 0

    def done(self) -> None:
        self.count += 1
        stop_if(self.cancelled)
        if self.progress is not None:
            self.progress(self.count, _N_STEPS)
