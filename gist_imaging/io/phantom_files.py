"""Synthetic patients on disk: DICOM, masks, a manifest for `gist-imaging batch`, and the truth."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GistImagingError
from gist_imaging.io.dicom_write import SeriesHeader, WrittenSeries, derived_uid, write_series
from gist_imaging.io.phantom_marks import localiser, reader_marks
from gist_imaging.io.rtstruct_write import write_rtstruct
from gist_imaging.phantom import PhantomPatient, PhantomVisit, patient_truth, random_patient, sample_patients
from gist_imaging.spatial import Geometry, Mask
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["LABELS", "write_patient", "write_phantom_case", "write_sample_scans"]

LABELS = {"tumour": 1, "levator_ani_left": 2, "levator_ani_right": 3}
"""Values in `labels.nii.gz`."""
MANIFEST_COLUMNS = (
    "patient_id",
    "timepoint_label",
    "scan_day",
    "t0_event",
    "image",
    "mask",
    "label",
    "lesion_id",
    "modality",
    "phase",
    "reader_id",
)
_STUDY_DATES = {"baseline": "20200106", "presurgery": "20200711"}
_RTSTRUCT_PATIENTS = frozenset({"SYN-003"})
_MARKED_PATIENTS = frozenset({"SYN-002"})
_WINDOWS = {"CT": (40.0, 400.0), "MR": (400.0, 800.0)}
_DESCRIPTIONS = {"CT": "PHANTOM CT portal venous axial", "MR": "PHANTOM T2 TSE oblique to anal canal"}
# Both ways of lying occur; positions are in patient mm either way.
_POSITIONS = {"CT": "HFS", "MR": "FFS"}


def write_phantom_case(
    out: Path, *, seed: int = 0, modality: str = "CT", matrix: int = 256, slices: int = 48
) -> dict[str, Any]:
    """Write one random patient before and after treatment and return what is known of it.

    Parameters
    ----------
    out : folder; is made. Holds patient folder, `manifest.csv` and `truth.json`
    seed : the same arguments give the same bytes
    modality : "CT" (axial, field of view 384 mm, 120 mm high) or "MR" (oblique T2, 180 mm, 96 mm)
    matrix : rows and columns, at least 8
    slices : at least 1
    """
    if modality not in ("CT", "MR"):
        raise GistImagingError("a phantom is scanned by CT or MR", f"got {modality!r}", "give CT or MR")
    if matrix < 8 or slices < 1:
        raise GistImagingError(
            "a phantom needs a matrix of 8 or more and 1 slice or more", f"got {matrix} and {slices}"
        )
    patient = random_patient(seed, "CT" if modality == "CT" else "MR", matrix, slices)
    return _write_cohort(out, [patient])[0]


def write_sample_scans(out: Path) -> list[dict[str, Any]]:
    """Write the three sample patients under `out` and return what is known of each."""
    return _write_cohort(out, sample_patients())


def _write_cohort(out: Path, patients: Sequence[PhantomPatient]) -> list[dict[str, Any]]:
    out.mkdir(parents=True, exist_ok=True)
    truths, rows = [], []
    for patient in patients:
        known, listed = write_patient(out, patient)
        truths.append(known)
        rows += listed
    _write_json(out / "truth.json", {"synthetic": True, "patients": truths})
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, MANIFEST_COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    (out / "manifest.csv").write_bytes(text.getvalue().encode("utf-8"))
    return truths


def write_patient(out: Path, patient: PhantomPatient) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write one patient under `out` and return the truth and the rows for the manifest.

    Each visit has a folder with the DICOM series, `labels.nii.gz` (1 tumour, 2 and 3 left and right levator
    ani) and, for some, the tumour's outline as an RT Structure Set, or what a reader marked of levator ani
    and landmarks (`relation.json`) with a coarse image of the whole pelvis (`localiser.nii.gz`).
    """
    grids, rows = [], []
    for visit in patient.visits:
        folder = out / patient.patient_id / visit.label
        grid = visit.scanner.grid(visit.phantom, derived_uid(f"{patient.patient_id}/{visit.label}/frame"))
        series = write_series(visit.volume(grid), folder / patient.modality, _header(patient, visit))
        _write_labels(folder / "labels.nii.gz", visit.masks(grid), grid)
        mask, label = folder / "labels.nii.gz", str(LABELS["tumour"])
        if patient.patient_id in _RTSTRUCT_PATIENTS:
            mask, label = folder / "RTSTRUCT" / "outlines.dcm", "tumour"
            write_rtstruct(mask, series, {"tumour": _outlines(visit, series)})
        if patient.patient_id in _MARKED_PATIENTS:
            whole = localiser(visit.phantom, visit.noise_seed)
            (folder / "localiser.nii.gz").write_bytes(_nifti_bytes(whole.voxels, whole.geometry))
            _write_json(folder / "relation.json", reader_marks(visit, grid, "localiser.nii.gz"))
        grids.append(grid)
        rows.append(
            {
                "patient_id": patient.patient_id,
                "timepoint_label": visit.label,
                "scan_day": visit.day,
                "t0_event": "imatinib_start",
                "image": (folder / patient.modality).relative_to(out).as_posix(),
                "mask": mask.relative_to(out).as_posix(),
                "label": label,
                "lesion_id": "L1",
                "modality": patient.modality,
                "phase": visit.phase,
                "reader_id": "R1",
            }
        )
    known = patient_truth(patient, (grids[0], grids[1]))
    _write_json(out / patient.patient_id / "truth.json", known)
    return known, rows


def _header(patient: PhantomPatient, visit: PhantomVisit) -> SeriesHeader:
    scan = f"{patient.patient_id}/{visit.label}/{visit.noise_seed}/{visit.scanner}"
    return SeriesHeader(
        patient_id=patient.patient_id,
        study_uid=derived_uid(f"{scan}/study"),
        series_uid=derived_uid(f"{scan}/series"),
        description=_DESCRIPTIONS[patient.modality],
        study_date=_STUDY_DATES[visit.label],
        patient_position=_POSITIONS[patient.modality],
        window=_WINDOWS[patient.modality],
    )


def _outlines(visit: PhantomVisit, series: WrittenSeries) -> list[tuple[int, FloatArray]]:
    """Return the exact outline of the tumour on every slice that cuts it."""
    phantom, geometry = visit.phantom, series.volume.geometry
    tumour = phantom.tumour
    if tumour is None:
        return []
    normal = geometry.axes[:, 0] @ phantom.axes
    depth = geometry.spacing_mm[0] * (np.arange(geometry.shape[0])) + float(
        (phantom.to_body(geometry.origin_mm) - np.asarray(tumour.centre_mm)) @ normal
    )
    sections = [(k, tumour.section(normal, float(offset))) for k, offset in enumerate(depth)]
    return [(k, phantom.to_patient(section.outline())) for k, section in sections if section is not None]


def _write_labels(path: Path, masks: dict[str, Mask], geometry: Geometry) -> None:
    """Write the masks as one label image."""
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    for structure, mask in masks.items():
        labels[mask.voxels] = LABELS[structure]
    path.write_bytes(_nifti_bytes(labels, geometry))


def _nifti_bytes(voxels: npt.NDArray[Any], geometry: Geometry) -> bytes:
    """Return a NIfTI file; its bytes hold no file name and no time."""
    import nibabel

    # NIfTI counts (i, j, k) and its patient axes are RAS.
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine[:, [2, 1, 0, 3]]
    kind: Any = nibabel.Nifti1Image
    image = kind(voxels.transpose(2, 1, 0), affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=9, mtime=0)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    text = json.dumps(_rounded(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_bytes(f"{text}\n".encode())


def _rounded(value: Any) -> Any:
    """Return numbers to 1e-6, so that the last bit of another machine's arithmetic does not show."""
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, dict):
        return {name: _rounded(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_rounded(held) for held in value]
    return value
