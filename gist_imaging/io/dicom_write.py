"""Volumes as classic CT and MR images, one file a slice.

What is written is synthetic and says so in every file. The same input gives the same bytes: no clock, no
random UID, no version of a library goes in.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from gist_imaging.errors import GistImagingError
from gist_imaging.spatial import Quantity, Volume

__all__ = [
    "MIDDAY",
    "SeriesHeader",
    "WrittenSeries",
    "common_modules",
    "dataset_of",
    "derived_uid",
    "save",
    "write_series",
]

_UID_NAMESPACE = uuid.UUID("5d1c8a52-6d0e-5a53-9a0c-7f3f2b1e4c60")
_CT_INTERCEPT = -1024
_SYNTHETIC = "SYNTHETIC PHANTOM, NO PATIENT BEHIND IT"
MIDDAY = "120000"
"""Time of every synthetic study."""


def derived_uid(seed: str) -> str:
    """Return the UID that belongs to `seed`: the same text always gives the same UID, under 2.25.

    >>> derived_uid("a") == derived_uid("a"), derived_uid("a") == derived_uid("b")
    (True, False)
    """
    return f"2.25.{uuid.uuid5(_UID_NAMESPACE, seed).int}"


@dataclass(frozen=True, slots=True)
class SeriesHeader:
    """What the files of a series say besides voxels and geometry.

    Parameters
    ----------
    patient_id : pseudonym; the name in the files is PHANTOM^ and this pseudonym
    study_uid, series_uid : DICOM UIDs
    description : Series Description
    study_date : YYYYMMDD; invented
    patient_position : HFS, FFS, HFP, ...
    series_number : within the study
    window : centre and width that a viewer should begin with
    """

    patient_id: str
    study_uid: str
    series_uid: str
    description: str
    study_date: str
    patient_position: str = "HFS"
    series_number: int = 1
    window: tuple[float, float] = (40.0, 400.0)


@dataclass(frozen=True, slots=True)
class WrittenSeries:
    """A series on disk.

    Parameters
    ----------
    header, volume : what was written
    sop_class_uid : CT or MR Image Storage
    sop_uids, paths : in slice order
    """

    header: SeriesHeader
    volume: Volume
    sop_class_uid: str
    sop_uids: tuple[str, ...]
    paths: tuple[Path, ...]


def write_series(volume: Volume, folder: Path, header: SeriesHeader) -> WrittenSeries:
    """Write a volume as classic CT (HU) or MR images, one file a slice, explicit VR little endian.

    Parameters
    ----------
    volume : integers; HU in −1024 … 64511 for CT, −32768 … 32767 for MR; its grid names a frame
    folder : is made; files are IM0001.dcm, IM0002.dcm, ... in slice order
    header : what the files say besides

    Raises
    ------
    GistImagingError
        If the values are not integers in that range, the modality is neither CT nor MR, or the grid has no
        Frame of Reference UID.
    """
    stored = _stored_values(volume)
    folder.mkdir(parents=True, exist_ok=True)
    sop_class = CTImageStorage if volume.modality == "CT" else MRImageStorage
    sop_uids = tuple(derived_uid(f"{header.series_uid}/{k}") for k in range(len(stored)))
    paths = tuple(folder / f"IM{k + 1:04d}.dcm" for k in range(len(stored)))
    for k, (sop_uid, path) in enumerate(zip(sop_uids, paths, strict=True)):
        dataset = common_modules(header, sop_class, sop_uid, volume.modality or "")
        _add_series(dataset, header, volume)
        _add_slice(dataset, header, volume, k, stored[k])
        if volume.modality == "CT":
            _add_ct(dataset)
        else:
            _add_mr(dataset, volume)
        save(dataset, path)
    return WrittenSeries(header, volume, sop_class, sop_uids, paths)


def _stored_values(volume: Volume) -> npt.NDArray[Any]:
    if volume.modality not in ("CT", "MR"):
        raise GistImagingError("a series is written as CT or MR", f"got modality {volume.modality!r}")
    if volume.geometry.frame_uid is None:
        raise GistImagingError("a series is written with its frame of reference", "the grid names none")
    is_ct = volume.modality == "CT"
    if is_ct and volume.quantity is not Quantity.HU:
        raise GistImagingError("CT is written in HU", f"got {volume.quantity}", "state the quantity first")
    voxels = volume.voxels
    lowest, dtype = (_CT_INTERCEPT, np.dtype("<u2")) if is_ct else (-32768, np.dtype("<i2"))
    if voxels.dtype.kind not in "iu" or voxels.min() < lowest or voxels.max() > lowest + 65535:
        raise GistImagingError(
            f"voxels are written as integers of {lowest} to {lowest + 65535}",
            f"got {voxels.dtype} of {voxels.min()} to {voxels.max()}",
            "round and clip the values before writing",
        )
    return (voxels.astype(np.int32) - (_CT_INTERCEPT if is_ct else 0)).astype(dtype)


def common_modules(header: SeriesHeader, sop_class: str, sop_uid: str, modality: str) -> Dataset:
    """Return the patient, study, equipment and SOP common modules."""
    return dataset_of(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class,
        SOPInstanceUID=sop_uid,
        StudyDate=header.study_date,
        StudyTime=MIDDAY,
        AccessionNumber="",
        Modality=modality,
        Manufacturer="gist_imaging phantom",
        ManufacturerModelName="synthetic pelvis",
        DeviceSerialNumber="0",
        SoftwareVersions="1",
        ReferringPhysicianName="",
        StudyDescription="PHANTOM pelvis",
        PatientName=f"PHANTOM^{header.patient_id}",
        PatientID=header.patient_id,
        PatientBirthDate="",
        PatientSex="O",
        QualityControlSubject="YES",
        PatientIdentityRemoved="YES",
        DeidentificationMethod=_SYNTHETIC,
        StudyInstanceUID=header.study_uid,
        StudyID="1",
    )


def _add_series(dataset: Dataset, header: SeriesHeader, volume: Volume) -> None:
    dataset.SeriesDescription = header.description
    dataset.BodyPartExamined = "PELVIS"
    dataset.PatientPosition = header.patient_position
    dataset.SeriesInstanceUID = header.series_uid
    dataset.SeriesNumber = header.series_number
    dataset.FrameOfReferenceUID = volume.geometry.frame_uid
    dataset.PositionReferenceIndicator = ""


def _add_slice(
    dataset: Dataset, header: SeriesHeader, volume: Volume, k: int, stored: npt.NDArray[Any]
) -> None:
    geometry = volume.geometry
    _, row_spacing, column_spacing = geometry.spacing_mm
    thickness = volume.slice_thickness_mm or geometry.spacing_mm[0]
    # Image Orientation gives the direction of growing column index first, then of growing row index.
    orientation = [*geometry.axes[:, 2], *geometry.axes[:, 1]]
    centre, width = header.window
    dataset.AcquisitionDate, dataset.AcquisitionTime = header.study_date, MIDDAY
    dataset.ContentDate, dataset.ContentTime = header.study_date, MIDDAY
    dataset.AcquisitionNumber = 1
    dataset.InstanceNumber = k + 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if volume.modality == "CT" else "OTHER"]
    dataset.ImageComments = _SYNTHETIC
    dataset.BurnedInAnnotation = "NO"
    dataset.SliceThickness = _decimal(thickness)
    dataset.ImagePositionPatient = [_decimal(mm) for mm in geometry.to_patient((k, 0, 0))]
    dataset.ImageOrientationPatient = [_decimal(cosine) for cosine in orientation]
    dataset.PixelSpacing = [_decimal(row_spacing), _decimal(column_spacing)]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1 if stored.dtype.kind == "i" else 0
    dataset.WindowCenter, dataset.WindowWidth = _decimal(centre), _decimal(width)
    dataset.add_new("PixelData", "OW", np.ascontiguousarray(stored).tobytes())


def _add_ct(dataset: Dataset) -> None:
    dataset.RescaleIntercept, dataset.RescaleSlope = _decimal(_CT_INTERCEPT), "1"
    dataset.RescaleType = "HU"
    dataset.KVP = "120"
    dataset.ContrastBolusAgent = "simulated, portal venous phase"
    dataset.ConvolutionKernel = "PHANTOM"


def _add_mr(dataset: Dataset, volume: Volume) -> None:
    dataset.ScanningSequence, dataset.SequenceVariant = "SE", "SK"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.RepetitionTime, dataset.EchoTime, dataset.EchoTrainLength = "4500", "100", "16"
    dataset.MagneticFieldStrength = "3"
    dataset.SpacingBetweenSlices = _decimal(volume.geometry.spacing_mm[0])


def dataset_of(**elements: Any) -> Dataset:
    """Return a dataset of elements by keyword."""
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def _decimal(value: float) -> str:
    """Return a decimal string of at most 16 characters; −0 is written as 0."""
    return str(format_number_as_ds(float(value) + 0.0))


def save(dataset: Dataset, path: Path) -> None:
    """Write a dataset as a DICOM file, explicit VR little endian."""
    meta: Any = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = derived_uid("implementation")
    meta.ImplementationVersionName = "GIST_IMAGING"
    dataset.file_meta = meta
    dataset.save_as(path, enforce_file_format=True)
