"""Small series, Segmentations and RT Structure Sets with known content, written for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds
from skimage.measure import find_contours

from gist_imaging.spatial import Geometry

_ROOT = "1.2.826.0.1.3680043.8.498"
TRACKING_ROOT = f"{_ROOT}.900"


def write_seg(
    path: Path,
    segments: Mapping[int, npt.NDArray[np.bool_]],
    geometry: Geometry,
    *,
    kind: str = "BINARY",
    syntax: str = ExplicitVRLittleEndian,
    vr: str = "OB",
    omit_empty: bool = True,
    shuffled: bool = True,
    states_spacing: bool = True,
    values: npt.NDArray[np.integer] | None = None,
    maximum: int = 255,
) -> Path:
    """Write boolean (k, j, i) arrays as a SEG whose frames come in no particular order.

    `values` (k, j, i) replaces the stored numbers of a FRACTIONAL or LABELMAP.
    """
    frames: list[tuple[int | None, int, npt.NDArray[np.integer]]] = []
    if kind == "LABELMAP":
        stack = values if values is not None else sum(n * v.astype(np.uint8) for n, v in segments.items())
        frames = [(None, k, plane) for k, plane in enumerate(np.asarray(stack, dtype=np.uint8))]
    else:
        for number, voxels in segments.items():
            scale = maximum if kind == "FRACTIONAL" else 1
            stack = values if values is not None else voxels.astype(np.uint8) * scale
            frames += [(number, k, plane) for k, plane in enumerate(stack)]
    if omit_empty:
        frames = [frame for frame in frames if frame[2].any()]
    if shuffled:
        np.random.default_rng(3).shuffle(frames)
    dataset = _object("SEG", "1.2.840.10008.5.1.4.1.1.66.4", syntax, geometry.frame_uid)
    dataset.SegmentationType = kind
    dataset.Rows, dataset.Columns = geometry.shape[1:]
    dataset.NumberOfFrames = len(frames)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 1 if kind == "BINARY" else 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if kind == "FRACTIONAL":
        dataset.MaximumFractionalValue = maximum
        dataset.SegmentationFractionalType = "PROBABILITY"
    dataset.SegmentSequence = [_segment(number) for number in segments]
    dataset.SharedFunctionalGroupsSequence = [_shared(geometry, states_spacing)]
    dataset.PerFrameFunctionalGroupsSequence = [_placed(geometry, number, k) for number, k, _ in frames]
    planes = np.array([plane for _, _, plane in frames], dtype=np.uint8)
    packed = np.packbits(planes.reshape(-1), bitorder="little") if kind == "BINARY" else planes.reshape(-1)
    raw = packed.tobytes() + b"\0" * (packed.size % 2)
    if syntax == ExplicitVRBigEndian and vr == "OW":
        raw = np.frombuffer(raw, dtype="<u2").astype(">u2").tobytes()
    dataset.add_new("PixelData", vr, raw)
    return _saved(dataset, path)


def write_rtstruct(
    path: Path,
    structures: Mapping[str, Sequence[npt.NDArray[np.float64]]],
    frame_uid: str | None,
    *,
    geometric_type: str = "CLOSED_PLANAR",
) -> Path:
    """Write contours (n, 3) in mm, LPS."""
    dataset = _object("RTSTRUCT", "1.2.840.10008.5.1.4.1.1.481.3", ImplicitVRLittleEndian, frame_uid)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        roi, outlined = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, name
        roi.ReferencedFrameOfReferenceUID = frame_uid
        outlined.ReferencedROINumber = number
        outlined.ContourSequence = [_contour(points, geometric_type) for points in contours]
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(outlined)
    return _saved(dataset, path)


def write_series(
    folder: Path,
    voxels: npt.NDArray[np.int16],
    geometry: Geometry,
    *,
    patient_id: str = "",
    series: int = 5,
) -> Path:
    """Write an MR series, one file a slice, named against its order."""
    folder.mkdir(exist_ok=True)
    for k, plane in enumerate(voxels):
        dataset = _object("MR", "1.2.840.10008.5.1.4.1.1.4", ExplicitVRLittleEndian, geometry.frame_uid)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"{_ROOT}.{series}.{k + 1}"
        dataset.SeriesInstanceUID = f"{_ROOT}.{series}"
        dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate = patient_id, "", ""
        dataset.PatientSex = dataset.AccessionNumber = dataset.StudyID = dataset.ReferringPhysicianName = ""
        dataset.StudyDate = dataset.StudyTime = dataset.Manufacturer = ""
        dataset.SeriesNumber, dataset.InstanceNumber = series, k + 1
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
        dataset.Rows, dataset.Columns = plane.shape
        dataset.PixelSpacing = _texts(geometry.spacing_mm[1:])
        dataset.SliceThickness = _texts(geometry.spacing_mm[:1])[0]
        dataset.ImageOrientationPatient = _texts([*geometry.axes[:, 2], *geometry.axes[:, 1]])
        dataset.ImagePositionPatient = _texts(geometry.to_patient((k, 0, 0)))
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 1
        dataset.PixelData = np.ascontiguousarray(plane, dtype="<i2").tobytes()
        _saved(dataset, folder / f"{len(voxels) - k:03d}.dcm")
    return folder


def outlines_mm(voxels: npt.NDArray[np.bool_], geometry: Geometry) -> list[npt.NDArray[np.float64]]:
    """Return contours midway between the pixels inside and those outside, slice by slice, in mm."""
    contours = []
    for k, plane in enumerate(voxels):
        for outline in find_contours(np.pad(plane, 1).astype(float), 0.5):
            indices = np.column_stack([np.full(len(outline), k), outline - 1])
            contours.append(geometry.to_patient(indices[:-1]))
    return contours


def _object(modality: str, sop_class: str, syntax: str, frame_uid: str | None) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"{_ROOT}.2"
    dataset.Modality = modality
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{_ROOT}.3", f"{_ROOT}.4"
    if frame_uid:
        dataset.FrameOfReferenceUID = frame_uid
    return dataset


def _segment(number: int) -> Dataset:
    segment = Dataset()
    segment.SegmentNumber = number
    segment.SegmentLabel = f"part {number}"
    segment.SegmentAlgorithmType = "MANUAL"
    segment.TrackingUID = f"{TRACKING_ROOT}.{number}"
    segment.TrackingID = f"lesion {number}"
    return segment


def _shared(geometry: Geometry, states_spacing: bool) -> Dataset:
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = _texts(geometry.spacing_mm[1:])
    measures.SliceThickness = "1.0"
    if states_spacing:
        measures.SpacingBetweenSlices = _texts(geometry.spacing_mm[:1])[0]
    orientation.ImageOrientationPatient = _texts([*geometry.axes[:, 2], *geometry.axes[:, 1]])
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    return shared


def _placed(geometry: Geometry, number: int | None, k: int) -> Dataset:
    frame, position = Dataset(), Dataset()
    position.ImagePositionPatient = _texts(geometry.to_patient((k, 0, 0)))
    frame.PlanePositionSequence = [position]
    if number is not None:
        identification = Dataset()
        identification.ReferencedSegmentNumber = number
        frame.SegmentIdentificationSequence = [identification]
    return frame


def _contour(points: npt.NDArray[np.float64], geometric_type: str) -> Dataset:
    contour = Dataset()
    contour.ContourGeometricType = geometric_type
    contour.NumberOfContourPoints = len(points)
    contour.ContourData = _texts(points.reshape(-1))
    return contour


def _texts(numbers: Sequence[float] | npt.NDArray[np.float64]) -> list[str]:
    return [format_number_as_ds(float(number)) for number in numbers]


def _saved(dataset: Dataset, path: Path) -> Path:
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.save_as(
        path,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return path
