"""The manifest of every real case that has a tumour mask or a segmentation."""

from __future__ import annotations

import csv
from pathlib import Path

from strategies import REAL_SCANS

Row = dict[str, str]

COLUMNS = (
    "patient_id",
    "timepoint_label",
    "scan_date",
    "image",
    "mask",
    "label",
    "modality",
    "sequence",
    "reader_id",
    "quantity",
    "geometry",
    "temporal_position",
    "series_uid",
)


def real_rows() -> list[Row]:
    """Every case of tumour_labels, the SEG cases whose image is there, and the brain pairs."""
    return [*_sarcomas(), *_dicom_sarcomas(), *_pyradiomics(), *_segmentations(), *_brain_pairs()]


def write_manifest(path: Path, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _row(patient: str, image: str, mask: str, **stated: str) -> Row:
    return {
        "patient_id": patient,
        "timepoint_label": "baseline",
        "image": str(REAL_SCANS / image),
        "mask": str(REAL_SCANS / mask),
        **stated,
    }


def _sarcomas() -> list[Row]:
    rows = []
    for folder in sorted((REAL_SCANS / "tumour_labels").glob("STS_*")):
        case = f"tumour_labels/{folder.name}"
        for name, modality, quantity in (("CT", "CT", "HU"), ("MR_T1", "MR", "")):
            if not (folder / f"{name}_mask.nii.gz").is_file():
                continue
            image = f"{case}/{name}_image.nii.gz"
            if not (REAL_SCANS / image).is_file():
                image = f"{case}/dicom_{name}/image"
            sequence = {"sequence": "T1"} if modality == "MR" else {"quantity": quantity}
            rows.append(_row(folder.name, image, f"{case}/{name}_mask.nii.gz", modality=modality, **sequence))
    return rows


def _dicom_sarcomas() -> list[Row]:
    rows = [
        _row(
            "STS_002",
            f"tumour_labels/STS_002/dicom_{name}/image",
            f"tumour_labels/STS_002/dicom_{name}/rtstruct/{_only(f'STS_002/dicom_{name}/rtstruct')}",
            reader_id="CONTOURS",
            **sequence,
        )
        for name, sequence in (("CT", {}), ("MR_T1", {"sequence": "T1"}))
    ]
    raw = "tumour_labels/STS_001_raw_T2FS"
    rtstruct = f"{raw}/rtstruct/1-1.dcm"
    rows.append(_row("STS_001", f"{raw}/image", rtstruct, label="GTV_Mass", sequence="T2FS"))
    return rows


def _only(folder: str) -> str:
    (file,) = (REAL_SCANS / "tumour_labels" / folder).iterdir()
    return file.name


def _pyradiomics() -> list[Row]:
    cases = (
        ("brain1", "", {"modality": "MR"}),
        ("breast1", "", {"modality": "MR"}),
        ("lung1", "_cropped", {"modality": "CT", "quantity": "HU"}),
    )
    return [
        _row(
            name.upper(),
            f"tumour_labels/pyradiomics_{name}/{name}_image{cropped}.nrrd",
            f"tumour_labels/pyradiomics_{name}/{name}_label{cropped}.nrrd",
            **stated,
        )
        for name, cropped, stated in cases
    ]


def _segmentations() -> list[Row]:
    seg = "seg_sr"
    rows = [
        _row("LIVER1", f"{seg}/dcmqi_liver/ct_3slice", f"{seg}/compressed_seg/liver.dcm"),
        _row("DCMQI1", f"{seg}/dcmqi_23x38x3/image", f"{seg}/dcmqi_23x38x3/seg/label.seg", label="1"),
        _row(
            "HIGHDICOM1",
            f"{seg}/highdicom/ct_image.dcm",
            f"{seg}/highdicom/seg_image_ct_binary_single_frame.dcm",
        ),
    ]
    # Five positions are kept of the many that the segmentation covers: refused by name.
    image = "ingest/multi_phase_in_one_series_ge_dce"
    mask = f"{seg}/ucsf_br06_fractional_seg/seg.dcm"
    rows.append(_row("UCSF_BR06", image, mask, temporal_position="1", sequence="DCE"))
    return rows


def _brain_pairs() -> list[Row]:
    dates = {"05": ("1993-05-26", "1993-07-20"), "06": ("1997-02-03", "1997-04-02")}
    return [
        {
            **_row(
                f"BTP_{case}",
                f"longitudinal/brain_tumor_progression_{case}/{when}_Scan_T1.nii.gz",
                f"longitudinal/brain_tumor_progression_{case}/{when}_Mask.nii.gz",
                modality="MR",
                sequence="T1",
                geometry="not_physical",
                scan_date=date,
            ),
            "timepoint_label": label,
        }
        for case, pair in dates.items()
        for when, label, date in zip(("Pre", "Post"), ("baseline", "followup"), pair, strict=True)
    ]
