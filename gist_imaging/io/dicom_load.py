"""A series into a volume, through the geometry gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import Cancelled, IdentityError, SeriesError
from gist_imaging.io.decoded_slices import read_decoded
from gist_imaging.io.even_slices import on_even_grid
from gist_imaging.io.raw_slices import is_raw, read_raw
from gist_imaging.io.rescale import Scale, ValueRangeError, scales_of, volume_dtype
from gist_imaging.problems import Code, Override, Problem, Severity
from gist_imaging.spatial.geometry import Geometry
from gist_imaging.spatial.volume import Quantity, Volume
from gist_imaging.study.positions import position_tolerance_mm
from gist_imaging.study.series import FrameFacts, Series

__all__ = ["identify", "load_series"]

Progress = Callable[[int, int], None]


def load_series(
    series: Series,
    *,
    override_reason: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Volume:
    """Return the values of a series on its grid.

    Values are exactly those of slope and intercept, slice by slice: int16 where whole numbers fit, else
    int32, else float32. CT becomes HU when every slice states its rescale (see `identify`).

    Where MISSING_SLICES or NONUNIFORM_SPACING are overridden, slices at places of the even grid keep their
    values, and those between are interpolated linearly along the normal; the override's reason says how
    many. So a mask that lies where it says meets the anatomy that it was drawn on.

    Parameters
    ----------
    series : as `scan_folder` gives it
    override_reason : why the errors of the gate may be ignored; they travel with the volume as overrides.
        What such a volume measures is said at `gist_imaging.study.gate.check_stack`.
    progress : told the number of slices done and of all slices
    cancelled : asked now and then; when it returns True the work stops

    Raises
    ------
    SeriesError
        When the series is no volume, or an error stands against it without a reason to override it, or no
        grid fits it. SINGLE_SLICE alone does not block: areas and diameters can be measured.
    IdentityError
        When its slices differ in Patient ID, birth date or sex and no reason was given.
    IntakeError
        When a file is refused, or is another one than when it was indexed.
    Cancelled
        When `cancelled` said so.
    """
    overrides = _overrides(series, override_reason)
    if series.geometry is None:
        raise SeriesError(series.series_uid, _with_hint(series.problems or (_NO_GRID,)))
    quantity = identify(series)
    scales = scales_of(
        series.frames,
        real_world=quantity is Quantity.ADC,
        stored_only=any(problem.code is Code.BAD_RESCALE for problem in series.problems),
    )
    voxels = _voxels(series.frames, scales, _Reporter(len(series.frames), progress, cancelled))
    overridden = {override.code for override in overrides}
    if overridden & _UNEVEN:
        voxels, interpolated = _evened(voxels, series.frames, series.geometry)
        told = f"{interpolated} of {len(voxels)} slices are interpolated along the normal"
        overrides = tuple(
            replace(override, reason=f"{override.reason} [{told}]") if override.code in _UNEVEN else override
            for override in overrides
        )
    thicknesses = [frame.slice_thickness_mm for frame in series.frames if frame.slice_thickness_mm]
    return Volume(
        voxels=voxels,
        geometry=series.geometry,
        quantity=quantity,
        series_uid=series.series_uid,
        modality=series.modality,
        slice_thickness_mm=median(thicknesses) if thicknesses else None,
        problems=tuple(problem for problem in series.problems if problem.code not in overridden),
        overrides=overrides,
        kvp=_shared_kvp(series.frames),
        window=_window(series.frames),
        sop_uids=tuple(dict.fromkeys(frame.sop_instance_uid for frame in series.frames)),
    )


def identify(series: Series) -> Quantity:
    """Return what the values of a series mean, as far as its images say so.

    HU: modality CT, a usable rescale on every image, and Rescale Type (0028,1054) HU or absent, which
    means HU (PS3.3 C.8.2.1). ADC: a Real World Value Mapping in a unit of the mm²/s family on every image.
    """
    frames = series.frames
    if frames and all(frame.quantity_hint == "ADC" and frame.real_world_slope for frame in frames):
        return Quantity.ADC
    usable = all(frame.rescale_slope is not None for frame in frames) and not any(
        problem.code is Code.BAD_RESCALE for problem in series.problems
    )
    types = {(frame.rescale_type or "HU").upper() for frame in frames}
    if frames and series.modality == "CT" and usable and types == {"HU"}:
        return Quantity.HU
    return Quantity.ARBITRARY


_UNEVEN = {Code.MISSING_SLICES, Code.NONUNIFORM_SPACING}


def _evened(
    voxels: npt.NDArray[Any], frames: Sequence[FrameFacts], grid: Geometry
) -> tuple[npt.NDArray[Any], int]:
    """Return the values on the slices of `grid`, and how many slices had to be interpolated."""
    places = grid.to_index(np.asarray([frame.position_mm for frame in frames]))[:, 0]
    gap_mm = grid.spacing_mm[0]
    return on_even_grid(voxels, places, grid.shape[0], within=position_tolerance_mm(gap_mm) / gap_mm)


def _shared_kvp(frames: Sequence[FrameFacts]) -> float | None:
    stated = {frame.kvp for frame in frames}
    return stated.pop() if len(stated) == 1 else None


def _window(frames: Sequence[FrameFacts]) -> tuple[float, float] | None:
    """Return the median of the windows that the images suggest: some scanners suggest one for each slice."""
    levels = [frame.window_center for frame in frames if frame.window_center is not None]
    widths = [frame.window_width for frame in frames if frame.window_width is not None]
    if not frames or len(levels) < len(frames) or len(widths) < len(frames):
        return None
    return median(levels), median(widths)


_NO_GRID = Problem(Code.NO_GEOMETRY, "positions are needed, this series has no grid")


def _overrides(series: Series, reason: str | None) -> tuple[Override, ...]:
    pictures = tuple(p for p in series.problems if p.severity is Severity.NOT_A_VOLUME)
    if pictures:
        raise SeriesError(series.series_uid, pictures)
    if series.patient_conflicts and reason is None:
        raise IdentityError(series.patient_conflicts, in_series=True)
    blocking = [problem for problem in series.errors if problem.code is not Code.SINGLE_SLICE]
    if blocking and reason is None:
        raise SeriesError(series.series_uid, tuple(blocking))
    codes = dict.fromkeys(problem.code for problem in blocking)
    return tuple(Override(code, reason or "") for code in codes)


def _with_hint(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    hint = "; no right-angled grid fits, so this cannot be overridden"
    return tuple(
        replace(problem, message=problem.message + hint) if problem.severity is Severity.ERROR else problem
        for problem in problems
    )


class _Reporter:
    """Tells how far the work is, and stops it when asked to."""

    def __init__(self, total: int, progress: Progress | None, cancelled: Callable[[], bool] | None) -> None:
        self._total = total
        self._progress = progress
        self._cancelled = cancelled

    def __call__(self, done: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._progress is not None:
            self._progress(done, self._total)


def _voxels(frames: Sequence[FrameFacts], scales: Sequence[Scale], reporter: _Reporter) -> npt.NDArray[Any]:
    dtype, widest = volume_dtype(frames, scales), volume_dtype(frames, scales, wide=True)
    try:
        return _filled(frames, scales, dtype, reporter, fits=dtype == widest)
    except ValueRangeError:
        # Unsigned 16-bit values that int16 cannot hold: read again into a wider type.
        return _filled(frames, scales, widest, reporter, fits=True)


def _filled(
    frames: Sequence[FrameFacts],
    scales: Sequence[Scale],
    dtype: np.dtype[Any],
    reporter: _Reporter,
    *,
    fits: bool,
) -> npt.NDArray[Any]:
    volume = np.empty((len(frames), frames[0].rows, frames[0].columns), dtype)
    if all(is_raw(frame) for frame in frames):
        read_raw(frames, scales, volume, fits=fits, done=reporter)
    else:
        read_decoded(frames, scales, volume, done=reporter)
    return volume
