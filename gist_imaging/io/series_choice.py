"""The one series of a folder that is meant: chosen by its UID and split, else the only one there is."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from gist_imaging.errors import GistImagingError, IdentityError, IntakeError, SeriesError
from gist_imaging.spatial.volume import Volume
from gist_imaging.study.series import ScanIndex, Series, SeriesKind

__all__ = ["choose_series", "read_dicom_volume"]

_LISTED_AT_MOST = 12


def read_dicom_volume(
    path: Path, series_uid: str | None, split: Mapping[str, str | float], override_reason: str | None
) -> Volume:
    """Return the chosen DICOM series at `path` (file, folder or zip) as a volume."""
    from gist_imaging.io.dicom_index import scan_folder
    from gist_imaging.io.dicom_load import load_series

    series = choose_series(scan_folder(path), series_uid, split, may_override=override_reason is not None)
    return load_series(series, override_reason=override_reason)


def choose_series(
    index: ScanIndex,
    series_uid: str | None = None,
    split: Mapping[str, str | float] | None = None,
    *,
    may_override: bool = False,
) -> Series:
    """Return the one series of `index` that can be measured and fits.

    Parameters
    ----------
    series_uid : Series Instance UID, or None for any
    split : what the series' `split` must say, compared as text or number; other entries may be there
    may_override : take a series with errors of the geometry gate too, when it is the only one

    Raises
    ------
    GistImagingError
        If several fit, or none; the message lists them by modality, shape, spacing, split and UID.
    SeriesError
        If the only one that fits cannot be measured.
    IdentityError
        If the slices of the only one that fits are of several patients.
    IntakeError
        If the only file is refused.
    """
    fitting = [
        series
        for series in index.series
        if (series_uid is None or series.series_uid == series_uid) and _has_split(series, split or {})
    ]
    measurable = [series for series in fitting if series.kind is SeriesKind.VOLUME]
    blocked = [series for series in fitting if series.kind is SeriesKind.REFUSED]
    if not measurable and may_override:
        measurable = blocked
    if len(measurable) == 1:
        return measurable[0]
    if measurable:
        raise GistImagingError(
            "one series that can be measured",
            f"found {len(measurable)}:\n{_listed(measurable)}",
            f"choose one, such as {_options(measurable[0])}",
        )
    raise _why_none(index, fitting, blocked)


def _why_none(index: ScanIndex, fitting: Sequence[Series], blocked: Sequence[Series]) -> GistImagingError:
    if not index.series and len(index.refused) == 1:
        return IntakeError(index.refused[0].problem)
    candidates = blocked or fitting
    if len(candidates) == 1:
        if blocked and blocked[0].patient_conflicts:
            return IdentityError(blocked[0].patient_conflicts, in_series=True)
        return SeriesError(candidates[0].series_uid, candidates[0].problems)
    if candidates:
        return GistImagingError(
            "one series that can be measured",
            f"found none among {len(candidates)}:\n{_listed(candidates)}",
            "choose another folder, or see why with `gist-imaging index`",
        )
    if index.series:
        return GistImagingError(
            "the series that was asked for",
            f"found only:\n{_listed(index.series)}",
            f"choose one of these, such as {_options(index.series[0])}",
        )
    codes = Counter(str(refused.problem.code) for refused in index.refused)
    refusals = ", ".join(f"{count} x {code}" for code, count in sorted(codes.items()))
    return GistImagingError(
        "a NIfTI, NRRD or DICOM image",
        f"found none ({refusals or 'no file'})",
        "give the folder or file of the scan",
    )


def _has_split(series: Series, split: Mapping[str, str | float]) -> bool:
    return all(name in series.split and _same(series.split[name], value) for name, value in split.items())


def _same(one: str | float, other: str | float) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return str(one) == str(other)


def _options(series: Series) -> str:
    """Return the command line options that choose `series`."""
    options = [f"--series-uid {series.series_uid}"]
    options += [f"--split {shlex.quote(f'{name}={series.split[name]}')}" for name in sorted(series.split)]
    return " ".join(options)


def _listed(series: Sequence[Series]) -> str:
    lines = [_described(one) for one in series[:_LISTED_AT_MOST]]
    if len(series) > _LISTED_AT_MOST:
        lines.append(f"  and {len(series) - _LISTED_AT_MOST} more")
    return "\n".join(lines)


def _described(series: Series) -> str:
    shape = " x ".join(map(str, series.shape)) if series.shape else "no grid"
    spacing = " x ".join(f"{mm:.4g}" for mm in series.spacing_mm) + " mm" if series.spacing_mm else ""
    split = " ".join(f"{name}={series.split[name]}" for name in sorted(series.split))
    codes = " ".join(str(problem.code) for problem in series.problems)
    words = (series.modality, shape, spacing, split, series.series_uid, codes)
    return "  " + ", ".join(word for word in words if word)
