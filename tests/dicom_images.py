"""Small DICOM images written by pydicom, for tests of reading; oblique and off centre."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from slices import CT_IMAGE, ORIGIN_MM, axes

SHAPE = (37, 43)


def ct_image(position: int = 0, stored: np.ndarray | None = None, **elements: Any) -> Dataset:
    """One CT slice, 3.3 mm from the next; `elements` replace or (with None) remove what it says."""
    row, column, normal = axes()
    values = random_values(position) if stored is None else stored
    image = Dataset()
    image.file_meta = FileMetaDataset()
    said = {
        "SOPClassUID": CT_IMAGE,
        "SOPInstanceUID": f"1.2.826.0.1.3680043.8.498.7.{position + 1}",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.8",
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.9",
        "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.10",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientID": "TEST",
        "InstanceNumber": position + 1,
        "SliceThickness": 3.3,
        "PixelSpacing": [0.7, 0.9],
        "ImageOrientationPatient": [round(number, 9) for number in (*row, *column)],
        "ImagePositionPatient": [round(number, 9) for number in ORIGIN_MM + 3.3 * position * normal],
        "Rows": values.shape[-2],
        "Columns": values.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": values.dtype.itemsize * 8,
        "BitsStored": values.dtype.itemsize * 8,
        "HighBit": values.dtype.itemsize * 8 - 1,
        "PixelRepresentation": int(values.dtype.kind == "i"),
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
        **elements,
    }
    for keyword, value in said.items():
        if value is not None:
            setattr(image, keyword, value)
    image.PixelData = values.astype(values.dtype.newbyteorder("<")).tobytes()
    image.file_meta.MediaStorageSOPClassUID = image.get("SOPClassUID", CT_IMAGE)
    image.file_meta.MediaStorageSOPInstanceUID = image.get("SOPInstanceUID", "1.2.3")
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def item(**elements: Any) -> Dataset:
    """One item of a sequence."""
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def real_world(unit: str, slope: float = 2.0, intercept: float = 1.0) -> Dataset:
    """A Real World Value Mapping in a UCUM unit."""
    code = item(CodeValue=unit, CodingSchemeDesignator="UCUM", CodeMeaning=unit)
    return item(
        MeasurementUnitsCodeSequence=[code], RealWorldValueSlope=slope, RealWorldValueIntercept=intercept
    )


def random_values(seed: int, dtype: str = "u2", low: int = 0, high: int = 4096) -> np.ndarray:
    """Values of a lopsided image."""
    return np.random.default_rng(seed).integers(low, high, SHAPE).astype(dtype)


def save(image: Dataset, path: Path) -> Path:
    """Write the image as a DICOM file."""
    image.save_as(path, enforce_file_format=True)
    return path


def save_stack(folder: Path, count: int = 5, **elements: Any) -> Path:
    """Write a CT of `count` slices, in file names that run against the slices."""
    folder.mkdir(parents=True, exist_ok=True)
    for position in range(count):
        save(ct_image(position, **elements), folder / f"{count - position:04d}")
    return folder
