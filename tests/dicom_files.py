"""Small DICOM files for tests of the intake, made so that every byte is known."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
# Stands in every test file where a patient's name, number or birth date belongs, and may appear nowhere else.
MARKER = "MARKER^NAME"
ROWS, COLUMNS = 6, 5


def slice_header(position: int = 0, modality: str = "CT", series: str = "a", **changes: Any) -> Dataset:
    """One slice of an oblique series; `changes` replace elements by keyword, None deletes one."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SOPClassUID = CT if modality == "CT" else MR
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series, str(position)])
    dataset.StudyDate = "20260102"
    dataset.AcquisitionTime = "101112.25"
    dataset.Modality = modality
    dataset.SeriesDescription = "Pelvis"
    dataset.PatientName = MARKER
    dataset.PatientID = f"{MARKER} 1"
    dataset.PatientBirthDate = "19600101"
    dataset.PatientSex = "F"
    dataset.SliceThickness = "3.3"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", series])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame"])
    dataset.InstanceNumber = str(position + 1)
    # Turned by 30 degrees about x; the normal is (0, -0.5, 0.866).
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "0.8660254", "0.5"]
    dataset.ImagePositionPatient = [
        "-63.0",
        f"{41.5 - 0.5 * 3.3 * position:.4f}",
        f"{-318.2 + 0.8660254 * 3.3 * position:.4f}",
    ]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.PixelSpacing = ["0.7", "0.9"]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    if modality == "CT":
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "-1024", "1", "HU"
    dataset.PixelData = (np.arange(ROWS * COLUMNS, dtype="<u2") + position).tobytes()
    for keyword, value in changes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def dicom_bytes(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The file that `dataset` makes."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CT)
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def write_slice(path: Path, position: int = 0, **changes: Any) -> Path:
    """One slice as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dicom_bytes(slice_header(position, **changes)))
    return path


def write_series(folder: Path, count: int = 4, **changes: Any) -> Path:
    """A good series of `count` slices."""
    for position in range(count):
        write_slice(folder / f"IM{position:04d}", position, **changes)
    return folder


def element(group: int, number: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """One element in Explicit VR Little Endian; `length` may lie."""
    head = group.to_bytes(2, "little") + number.to_bytes(2, "little") + vr.encode("ascii")
    size = len(value) if length is None else length
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + b"\0\0" + size.to_bytes(4, "little") + value
    return head + size.to_bytes(2, "little") + value


def insert_before(content: bytes, group: int, number: int, inserted: bytes) -> bytes:
    """The file with more bytes before the element of that tag, whose header must be unique."""
    tag = group.to_bytes(2, "little") + number.to_bytes(2, "little")
    at = content.rindex(tag)
    return content[:at] + inserted + content[at:]
