"""What a DICOM header says of its image or images, as plain facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from gist_imaging.errors import IntakeError
from gist_imaging.io.element_values import above_zero, element_text, first_number, text_of, value_at
from gist_imaging.io.functional_groups import frame_fields
from gist_imaging.io.mosaic import mosaic_tiles
from gist_imaging.io.plane_facts import place_facts, real_world_facts, rescale_facts, thickness_facts
from gist_imaging.io.vendor import b_value_of
from gist_imaging.problems import Code, Problem
from gist_imaging.study.kinds import is_measurable_class
from gist_imaging.study.series import FrameFacts, PatientIdentity

__all__ = ["facts_of"]

# PS3.3 C.7.6.3: what an image cannot be decoded without.
_NEEDED_TO_DECODE = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
)


def facts_of(dataset: Dataset, path: Path, name: str, member: int | None = None) -> tuple[FrameFacts, ...]:
    """Return the facts of every image in a file; objects without images give one record.

    Parameters
    ----------
    dataset : header, with or without Pixel Data; its `file_meta` names the transfer syntax
    path : file on disk; for a member of an archive, the archive
    name : the file as shown to people, relative to the given root
    member : position of the member in its archive

    Raises
    ------
    IntakeError
        MISSING_REQUIRED_TAGS without SOP Class, SOP Instance or Series Instance UID, or for an image
        without the elements that decoding needs; BAD_VALUE when one of those is no number.
    """
    fields = _file_fields(dataset, name)
    common = FrameFacts(path=path, name=name, member=member, **fields)
    if not _has_image(dataset):
        return (common,)
    if not is_measurable_class(common.sop_class_uid):
        return (_single_frame(dataset, common),) if common.n_frames == 1 else (common,)
    tiles = mosaic_tiles(dataset, common)
    if tiles is not None:
        return tiles
    frames = frame_fields(dataset, common.n_frames)
    if frames is None:
        return (_single_frame(dataset, common),) if common.n_frames == 1 else _unplaced(dataset, common)
    return tuple(
        _with(common, frame=position, **frame, flags=tuple(flags))
        for position, (frame, flags) in enumerate(frames)
    )


def _single_frame(dataset: Dataset, common: FrameFacts) -> FrameFacts:
    place, flags = place_facts(dataset, dataset, dataset)
    rescale, rescale_flags = rescale_facts(dataset)
    return _with(
        common,
        **place,
        **thickness_facts(dataset, dataset),
        **rescale,
        **real_world_facts(value_at(dataset, "RealWorldValueMappingSequence")),
        flags=(*flags, *rescale_flags),
    )


def _unplaced(dataset: Dataset, common: FrameFacts) -> tuple[FrameFacts, ...]:
    """Return the frames of a multi-frame image that says nothing of where each of them lies."""
    rescale, flags = rescale_facts(dataset)
    return tuple(
        _with(common, frame=frame, **rescale, flags=tuple(flags)) for frame in range(common.n_frames)
    )


def _with(facts: FrameFacts, **changes: Any) -> FrameFacts:
    names = {name: getattr(facts, name) for name in FrameFacts.__dataclass_fields__}
    return FrameFacts(**{**names, **changes})


def _has_image(dataset: Dataset) -> bool:
    return any(keyword in dataset for keyword in ("Rows", "Columns", "PixelData", "BitsAllocated"))


def _file_fields(dataset: Dataset, name: str) -> dict[str, Any]:
    meta = getattr(dataset, "file_meta", None) or Dataset()
    identity = {
        "SOPClassUID": element_text(dataset, "SOPClassUID") or element_text(meta, "MediaStorageSOPClassUID"),
        "SOPInstanceUID": element_text(dataset, "SOPInstanceUID")
        or element_text(meta, "MediaStorageSOPInstanceUID"),
        "SeriesInstanceUID": element_text(dataset, "SeriesInstanceUID"),
    }
    missing = [keyword for keyword, uid in identity.items() if not uid]
    image = _has_image(dataset)
    if image:
        missing += [keyword for keyword in _NEEDED_TO_DECODE if text_of(value_at(dataset, keyword)) == ""]
    if missing:
        raise IntakeError(
            Problem(Code.MISSING_REQUIRED_TAGS, f"it should have {', '.join(missing)}, but has not", name)
        )
    return {
        "sop_class_uid": identity["SOPClassUID"],
        "sop_instance_uid": identity["SOPInstanceUID"],
        "series_uid": identity["SeriesInstanceUID"],
        "study_uid": element_text(dataset, "StudyInstanceUID"),
        "modality": element_text(dataset, "Modality"),
        "transfer_syntax_uid": element_text(meta, "TransferSyntaxUID"),
        "frame_uid": element_text(dataset, "FrameOfReferenceUID") or None,
        "description": element_text(dataset, "SeriesDescription"),
        "patient": PatientIdentity(
            element_text(dataset, "PatientID"),
            element_text(dataset, "PatientBirthDate"),
            element_text(dataset, "PatientSex"),
        ),
        "instance_number": _whole(dataset, "InstanceNumber"),
        "expected_in_series": _whole(dataset, "NumberOfSeriesRelatedInstances"),
        **(_image_fields(dataset, name) if image else {}),
    }


def _image_fields(dataset: Dataset, name: str) -> dict[str, Any]:
    sizes = {keyword: _whole(dataset, keyword) for keyword in _NEEDED_TO_DECODE}
    bad = [keyword for keyword, size in sizes.items() if size is None or size < 0]
    if bad or not sizes["Rows"] or not sizes["Columns"]:
        found = ", ".join(bad) or "Rows or Columns"
        raise IntakeError(Problem(Code.BAD_VALUE, f"{found} should be a whole number above 0", name))
    date, time = _when(dataset)
    return {
        "n_frames": max(_whole(dataset, "NumberOfFrames") or 1, 1),
        "rows": sizes["Rows"],
        "columns": sizes["Columns"],
        "samples_per_pixel": sizes["SamplesPerPixel"],
        "bits_allocated": sizes["BitsAllocated"],
        "bits_stored": sizes["BitsStored"],
        "pixel_representation": sizes["PixelRepresentation"],
        "photometric": element_text(dataset, "PhotometricInterpretation"),
        "acquisition_number": _whole(dataset, "AcquisitionNumber"),
        "temporal_position": first_number(dataset, "TemporalPositionIdentifier"),
        "acquisition_time": time,
        "acquisition_date": date,
        "trigger_time_ms": first_number(dataset, "TriggerTime"),
        "echo_time_ms": first_number(dataset, "EchoTime") or None,
        "echo_number": _whole(dataset, "EchoNumbers"),
        "b_value": b_value_of(dataset),
        "kvp": above_zero(dataset, "KVP"),
        "window_center": first_number(dataset, "WindowCenter"),
        "window_width": above_zero(dataset, "WindowWidth"),
        "phase": _cardiac_phase(dataset),
        "image_type": tuple(part for part in element_text(dataset, "ImageType").split("\\") if part),
        "lossy": element_text(dataset, "LossyImageCompression") == "01",
    }


def _whole(dataset: Dataset, keyword: str) -> int | None:
    number = first_number(dataset, keyword)
    return int(number) if number is not None and number == int(number) else None


def _when(dataset: Dataset) -> tuple[str | None, str | None]:
    """Return acquisition date and time; what is not stated is taken from the combined or content ones."""
    combined = element_text(dataset, "AcquisitionDateTime")
    date = element_text(dataset, "AcquisitionDate") or combined[:8]
    time = element_text(dataset, "AcquisitionTime") or combined[8:].partition("+")[0].partition("-")[0]
    return (
        date or element_text(dataset, "ContentDate") or element_text(dataset, "StudyDate") or None,
        time or element_text(dataset, "ContentTime") or None,
    )


def _cardiac_phase(dataset: Dataset) -> str | None:
    percentage = first_number(dataset, "NominalPercentageOfCardiacPhase")
    return None if percentage is None else f"{percentage:g} %"
