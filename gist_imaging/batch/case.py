"""One row of a manifest: read the image and the mask, measure, and say why not where it fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.batch.jobs import CaseConfig, settings_of
from gist_imaging.batch.manifest import ManifestRow
from gist_imaging.cohort.records import FailureRecord, ScanRecord, SeriesFacts
from gist_imaging.errors import (
    GeometryError,
    GistImagingError,
    IdentityError,
    IntakeError,
    LabelError,
    MaskError,
    MeasurementError,
    SeriesError,
)
from gist_imaging.problems import Severity
from gist_imaging.provenance import sha256_of

if TYPE_CHECKING:
    from gist_imaging.spatial import Mask, Volume

__all__ = [
    "SAME_PATIENT",
    "failed_record",
    "failure_of",
    "opened_image",
    "opened_mask",
    "restated",
    "run_row",
]

SAME_PATIENT = "SAME_PATIENT"
"""Name under which a record keeps why scans whose patient data differ are of one patient."""

_UID_IN_TEXT = re.compile(r"\b[0-9]+(?:\.[0-9]+){4,}\b")
_UNKNOWN_MODALITY = "OT"
_MODALITIES = ("CT", "MR", "PT", "US")


def run_row(row: ManifestRow, config: CaseConfig) -> ScanRecord:
    """Return what was measured in `row`, or a record that says why nothing was.

    Never raises for what a file may hold: an error of this package becomes a failure with its stage, code
    and message; any other error becomes one that names its class only, because its text may hold patient
    values.
    """
    stage = "intake"
    try:
        from gist_imaging.measure.lesion import DEFINITIONS_VERSION, measure_lesion

        if row.mask is None:
            return failed_record(row, _NOT_OUTLINED)
        volume = opened_image(row)
        stage = "mask"
        mask = opened_mask(row, row.mask, volume)
        if not row.physical:
            grid = replace(volume.geometry, physical=False)
            volume, mask = replace(volume, geometry=grid), replace(mask, geometry=grid)
        stage = "measure"
        measurement = measure_lesion(volume, mask, hu_roi=config.hu_roi).to_json()
    except Exception as error:  # noqa: BLE001 - one bad case harms no other
        return failed_record(row, failure_of(error, stage, row))
    record = ScanRecord(
        patient_id=row.patient_id,
        lesion=row.lesion,
        timepoint_label=row.timepoint_label,
        series=_series_facts(volume, row),
        mask_sha256=mask.sha256(),
        mask_empty=mask.is_empty,
        mask_touches_edge=measurement.get("touches_image_edge"),
        n_voxels=mask.n_voxels,
        measurement=measurement,
        problems=tuple(sorted({str(problem.code) for problem in volume.problems})),
        overrides=tuple((str(override.code), override.reason) for override in volume.overrides),
        params_sha256=sha256_of(settings_of(row, config)),
        algorithm_version=DEFINITIONS_VERSION,
    )
    return restated(record, row)


def opened_image(row: ManifestRow) -> Volume:
    """Return the image of a row.

    Raises
    ------
    GistImagingError
        If it cannot be read, or is of another modality than the row says.
    """
    from gist_imaging.io.read import read_volume

    volume = read_volume(
        row.image,
        series_uid=row.stated.get("series_uid"),
        split=dict(row.split) or None,
        quantity=row.stated.get("quantity"),
        override_reason=row.stated.get("override_reason"),
    )
    _check_modality(volume.modality, row)
    return volume


def opened_mask(row: ManifestRow, path: Path, volume: Volume) -> Mask:
    """Return the mask of a row's lesion on its image."""
    from gist_imaging.io.read import read_mask

    return read_mask(path, like=volume, label=row.label, resample=row.stated.get("resample", False))


def restated(record: ScanRecord, row: ManifestRow) -> ScanRecord:
    """Return a measured record with the facts of the patient, visit and reader as `row` states them."""
    facts = {name: row.stated[name] for name in _FACTS if name in row.stated}
    series = record.series
    if series is not None:
        phase = row.stated.get("phase", "unknown")
        series = replace(series, sequence=row.stated.get("sequence"), phase=phase)
    overrides = tuple((code, reason) for code, reason in record.overrides if code != SAME_PATIENT)
    if "same_patient_reason" in row.stated:
        overrides = (*overrides, (SAME_PATIENT, row.stated["same_patient_reason"]))
    bare = ScanRecord(
        patient_id=row.patient_id,
        lesion=row.lesion,
        timepoint_label=row.timepoint_label,
        lesion_number=row.lesion_number,
        series_no=row.series_no,
        series=series,
        overrides=overrides,
        **{name: getattr(record, name) for name in _MEASURED},
    )
    return replace(bare, **facts)


_MEASURED = (
    "mask_sha256",
    "mask_empty",
    "mask_touches_edge",
    "n_voxels",
    "measurement",
    "pelvic",
    "relation_failure",
    "problems",
    "params_sha256",
    "algorithm_version",
    "failure",
)
_FACTS = (
    "centre_id",
    "arm",
    "sex",
    "age_years",
    "scan_date",
    "scan_day",
    "imatinib_start_date",
    "surgery_date",
    "t0_event",
    "on_imatinib",
    "is_baseline",
    "reader_id",
    "reader_kind",
    "read_no",
    "mask_method",
)


def failed_record(row: ManifestRow, failure: FailureRecord) -> ScanRecord:
    """Return the record of a row that was not measured."""
    empty = ScanRecord(
        patient_id=row.patient_id,
        lesion=row.lesion,
        timepoint_label=row.timepoint_label,
        failure=failure,
    )
    return restated(empty, row)


_NOT_OUTLINED = FailureRecord(
    "mask", "NO_MASK", "a mask is needed to measure; the row names none; outline the lesion and add its mask"
)


# The names of structures are free text and may hold a patient's; so is a cell that slipped into `label`.
_OTHER_STRUCTURES = FailureRecord(
    "mask",
    "LABEL",
    "the row's label names one structure of the mask; it fits none or several; correct `label`, "
    "`gist-imaging measure` lists what a mask holds",
)


def failure_of(
    error: Exception, stage: str, row: ManifestRow, others: Sequence[tuple[Path, str]] = ()
) -> FailureRecord:
    """Return why a row failed, without paths, UIDs or texts of foreign errors.

    Parameters
    ----------
    others : further files of the row, each with what it is called in the message
    """
    names = [(row.image, "the image"), *([(row.mask, "the mask")] if row.mask else []), *others]
    if isinstance(error, IntakeError):
        problem = error.problem
        return FailureRecord(stage, str(problem.code), _clean(f"{problem.message}; {problem.advice}", names))
    if isinstance(error, SeriesError):
        blocking = [one for one in error.problems if one.severity is not Severity.WARNING]
        first, *more = blocking or error.problems
        also = f" (also {', '.join(sorted({str(one.code) for one in more}))})" if more else ""
        return FailureRecord(
            "geometry", str(first.code), _clean(f"{first.message}; {first.advice}{also}", names)
        )
    if isinstance(error, LabelError):
        return _OTHER_STRUCTURES
    if isinstance(error, GistImagingError):
        own_stage, code = next(
            ((own or stage, code) for kind, own, code in _KINDS if isinstance(error, kind)),
            (stage, _OTHER_CODES.get(stage, "REFUSED")),
        )
        return FailureRecord(own_stage, code, _clean(str(error), names))
    if isinstance(error, MemoryError):
        return FailureRecord(
            "worker",
            "LIMIT_MEMORY",
            "a case stays within the memory allowed; it asked for more; allow more, or crop the image",
        )
    return FailureRecord(
        stage, "UNEXPECTED", f"no error was expected; found {type(error).__name__}; please report it"
    )


_KINDS: tuple[tuple[type[GistImagingError], str | None, str], ...] = (
    (MaskError, "mask", "MASK"),
    (GeometryError, "geometry", "GEOMETRY"),
    (IdentityError, "identity", "IDENTITY"),
    (MeasurementError, "measure", "MEASUREMENT"),
)
_OTHER_CODES = {
    "intake": "SERIES_CHOICE",
    "mask": "MASK",
    "measure": "MEASUREMENT",
    "relation": "RELATION",
}


def _clean(text: str, names: Sequence[tuple[Path, str]]) -> str:
    """Return `text` on one line, with paths and UIDs of this row's files taken out."""
    for path, name in names:
        text = text.replace(str(path), name)
        # A name stands in quotes or before a colon; elsewhere "1" or "CT" is a word of the message.
        text = re.sub(rf"'{re.escape(path.name)}'|(?:^|(?<=; )){re.escape(path.name)}(?=: )", name, text)
    text = _UID_IN_TEXT.sub("(UID)", text)
    return "; ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def _check_modality(found: str | None, row: ManifestRow) -> None:
    stated = row.stated.get("modality")
    if found and stated and found != stated:
        raise GistImagingError(
            f"the manifest says modality {stated}", f"the image says {found}", "correct the manifest"
        )
    if row.stated.get("quantity") == "HU" and (found or stated or "CT") != "CT":
        raise GistImagingError("HU on CT", f"the row says modality {stated}", "leave out the quantity")


def _series_facts(volume: Any, row: ManifestRow) -> SeriesFacts:
    modality = volume.modality or row.stated.get("modality", _UNKNOWN_MODALITY)
    slices, rows, columns = volume.geometry.shape
    return SeriesFacts(
        image_sha256=volume.sha256(),
        modality=modality if modality in _MODALITIES else _UNKNOWN_MODALITY,
        slices=slices,
        rows=rows,
        columns=columns,
        spacing_mm=volume.geometry.spacing_mm,
        series_uid=volume.series_uid or None,
        frame_uid=volume.geometry.frame_uid,
        slice_thickness_mm=volume.slice_thickness_mm,
        kvp=volume.kvp,
        geometry_physical=volume.geometry.physical,
        quantity=str(volume.quantity),
    )
