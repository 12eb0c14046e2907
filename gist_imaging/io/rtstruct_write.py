"""Contours on a written series as an RT Structure Set; synthetic, like the series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import RTStructureSetStorage

from gist_imaging.io.dicom_write import MIDDAY, WrittenSeries, common_modules, dataset_of, derived_uid, save
from gist_imaging.spatial.geometry import FloatArray

__all__ = ["write_rtstruct"]


def write_rtstruct(
    path: Path, series: WrittenSeries, structures: dict[str, list[tuple[int, FloatArray]]]
) -> None:
    """Write closed planar contours on a written series as an RT Structure Set.

    Parameters
    ----------
    path : the file; its folder is made
    series : the images that the contours were drawn on
    structures : name -> contours as (slice index k, (n, 3) points in LPS mm on that slice)
    """
    header = series.header
    dataset = common_modules(
        header, RTStructureSetStorage, derived_uid(f"{header.series_uid}/rtstruct"), "RTSTRUCT"
    )
    dataset.SeriesInstanceUID = derived_uid(f"{header.series_uid}/rtstruct series")
    dataset.SeriesNumber = header.series_number + 100
    dataset.SeriesDescription = "Outlines of the phantom"
    dataset.OperatorsName = ""
    dataset.StructureSetLabel = "PHANTOM"
    dataset.StructureSetDate, dataset.StructureSetTime = header.study_date, MIDDAY
    dataset.ReferencedFrameOfReferenceSequence = [_referenced_frame(series)]
    frame_uid = series.volume.geometry.frame_uid
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = frame_uid, ""
    dataset.StructureSetROISequence = [
        dataset_of(
            ROINumber=number, ReferencedFrameOfReferenceUID=frame_uid, ROIName=name, ROIGenerationAlgorithm=""
        )
        for number, name in enumerate(structures, start=1)
    ]
    dataset.ROIContourSequence = [
        dataset_of(
            ROIDisplayColor=[255, 140, 0],
            ReferencedROINumber=number,
            ContourSequence=[_contour(series, k, points) for k, points in contours],
        )
        for number, contours in enumerate(structures.values(), start=1)
    ]
    dataset.RTROIObservationsSequence = [
        dataset_of(ObservationNumber=n, ReferencedROINumber=n, RTROIInterpretedType="GTV", ROIInterpreter="")
        for n in range(1, len(structures) + 1)
    ]
    dataset.ApprovalStatus = "UNAPPROVED"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(dataset, path)


def _referenced_frame(series: WrittenSeries) -> Dataset:
    images = [_reference(series, k) for k in range(len(series.sop_uids))]
    in_series = dataset_of(SeriesInstanceUID=series.header.series_uid, ContourImageSequence=images)
    study = dataset_of(
        # Detached Study Management, which the standard still asks for here.
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID=series.header.study_uid,
        RTReferencedSeriesSequence=[in_series],
    )
    return dataset_of(FrameOfReferenceUID=series.volume.geometry.frame_uid, RTReferencedStudySequence=[study])


def _reference(series: WrittenSeries, k: int) -> Dataset:
    return dataset_of(ReferencedSOPClassUID=series.sop_class_uid, ReferencedSOPInstanceUID=series.sop_uids[k])


def _contour(series: WrittenSeries, k: int, points_mm: FloatArray) -> Dataset:
    return dataset_of(
        ContourImageSequence=[_reference(series, k)],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(points_mm),
        ContourData=[f"{value:.6f}" for value in np.ravel(points_mm)],
    )
