"""What the images of a study say of themselves: facts and paths, no pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from gist_imaging.problems import Problem, Severity
from gist_imaging.spatial.geometry import Geometry

__all__ = ["FrameFacts", "PatientIdentity", "RefusedFile", "ScanIndex", "Series", "SeriesKind"]


_IDENTIFYING = {"patient_id": "PatientID", "birth_date": "PatientBirthDate", "sex": "PatientSex"}


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who was scanned, kept only to compare two scans; never printed and never exported."""

    patient_id: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)

    def differing(self, other: PatientIdentity) -> tuple[str, ...]:
        """Return the DICOM names of the attributes that both scans state and that differ."""
        return PatientIdentity.conflicts((self, other))

    @staticmethod
    def conflicts(identities: Iterable[PatientIdentity]) -> tuple[str, ...]:
        """Return the DICOM names of the attributes of which several values are stated."""
        distinct = set(identities)
        return tuple(
            dicom_name
            for name, dicom_name in _IDENTIFYING.items()
            if len({getattr(one, name) for one in distinct} - {""}) > 1
        )

    @staticmethod
    def shared(identities: Iterable[PatientIdentity]) -> PatientIdentity:
        """Return what is stated without contradiction; "" for an attribute of several values or none."""
        distinct = set(identities)
        stated = {name: {getattr(one, name) for one in distinct} - {""} for name in _IDENTIFYING}
        return PatientIdentity(
            **{name: values.pop() if len(values) == 1 else "" for name, values in stated.items()}
        )


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What one image (a frame of a file) says of itself; None where it does not say.

    Parameters
    ----------
    path : file on disk; for a member of an archive, the archive
    name : the file as shown to people: relative to the given root, members as "scan.zip/0001"
    member : position of the member in its archive, or None for a plain file
    frame : 0-based frame within the file
    n_frames : frames in the file
    position_mm : (3,) Image Position (Patient), LPS: centre of the first pixel
    orientation : (6,) Image Orientation (Patient): direction of the column index, then of the row index
    pixel_spacing_mm : (2,) between rows, between columns
    rescale_slope, rescale_intercept : stored value to real value; None where absent
    pixel_offset, pixel_length : where the bytes of uncompressed Pixel Data begin in the file, and their
        length for the whole file; None when compressed, deflated or inside an archive
    image_type : Image Type (0008,0008) values
    kvp : peak kilovoltage of the X-ray tube, KVP (0018,0060); above 0
    window_center, window_width : the first window that the file suggests, (0028,1050) and (0028,1051), in
        rescaled values; for the eye only. The width is above 0
    modified_ns : when the file (or its archive) was last written, as the file system says; another time
        later on means that it is another file
    quantity_hint : "HU", "ADC" (with `real_world_slope`) or None, as the file states it
    flags : oddities found while reading ("pixel_spacing_bad", "tilt", ...), for the gate
    """

    path: Path
    name: str
    sop_instance_uid: str
    sop_class_uid: str
    series_uid: str
    study_uid: str
    modality: str
    transfer_syntax_uid: str
    frame: int = 0
    n_frames: int = 1
    member: int | None = None
    frame_uid: str | None = None
    description: str = ""
    rows: int = 0
    columns: int = 0
    samples_per_pixel: int = 1
    photometric: str = ""
    bits_allocated: int = 0
    bits_stored: int = 0
    pixel_representation: int | None = None
    pixel_offset: int | None = None
    pixel_length: int | None = None
    position_mm: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    slice_thickness_mm: float | None = None
    spacing_between_slices_mm: float | None = None
    gantry_tilt_deg: float | None = None
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    rescale_type: str | None = None
    real_world_slope: float | None = None
    real_world_intercept: float | None = None
    quantity_hint: str | None = None
    instance_number: int | None = None
    acquisition_number: int | None = None
    temporal_position: float | None = None
    acquisition_time: str | None = None
    trigger_time_ms: float | None = None
    echo_time_ms: float | None = None
    echo_number: int | None = None
    b_value: float | None = None
    phase: str | None = None
    image_type: tuple[str, ...] = ()
    lossy: bool = False
    expected_in_series: int | None = None
    kvp: float | None = None
    window_center: float | None = None
    window_width: float | None = None
    modified_ns: int | None = None
    acquisition_date: str | None = field(default=None, repr=False)
    patient: PatientIdentity = field(default_factory=PatientIdentity, repr=False)
    flags: tuple[str, ...] = ()


class SeriesKind(StrEnum):
    """Whether a series can be measured."""

    VOLUME = "volume"
    NOT_A_VOLUME = "not_a_volume"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One stack of slices that belong together: one plane, echo, b-value, phase and time.

    One Series Instance UID may hold several; `split` says what separated them.

    Parameters
    ----------
    frames : sorted along the slice normal where positions are known, else as found
    split : what separates this stack from its sisters, e.g. {"b_value": 50.0}
    shape : images, rows, columns
    geometry : the grid, where the gate could make one (also when an error would need an override); where
        slices are missing or uneven it may have another number of slices than there are images
    n_files : files that hold the frames
    """

    series_uid: str
    study_uid: str
    modality: str
    description: str
    kind: SeriesKind
    shape: tuple[int, int, int] | None
    spacing_mm: tuple[float, float, float] | None
    n_files: int
    split: Mapping[str, str | float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    geometry: Geometry | None = None
    frames: tuple[FrameFacts, ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        """Name of this stack within its study: the Series Instance UID and what splits it."""
        parts = [self.series_uid, *(f"{name}={self.split[name]}" for name in sorted(self.split))]
        return "|".join(parts)

    @property
    def patient(self) -> PatientIdentity:
        """Who was scanned, for comparison only; what the images contradict one another in is left out."""
        return PatientIdentity.shared(frame.patient for frame in self.frames)

    @property
    def patient_conflicts(self) -> tuple[str, ...]:
        """DICOM names of the attributes in which the images say that they are of several patients."""
        return PatientIdentity.conflicts(frame.patient for frame in self.frames)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that block measurement."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def to_json(self) -> dict[str, Any]:
        """Return what `gist-imaging index --json` prints for this series."""
        return {
            "series_uid": self.series_uid,
            "study_uid": self.study_uid,
            "modality": self.modality,
            "description": self.description,
            "shape": list(self.shape) if self.shape else None,
            "spacing_mm": list(self.spacing_mm) if self.spacing_mm else None,
            "n_files": self.n_files,
            "kind": str(self.kind),
            "split": dict(self.split),
            "problems": [{"code": str(p.code), "message": p.message} for p in self.problems],
        }


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was not read, with the reason."""

    file: str
    problem: Problem

    def to_json(self) -> dict[str, Any]:
        """Return what `gist-imaging index --json` prints for this file."""
        return {"file": self.file, "code": str(self.problem.code), "message": self.problem.message}


@dataclass(frozen=True, slots=True, eq=False)
class ScanIndex:
    """What a folder, archive or DICOMDIR holds.

    Parameters
    ----------
    root : what was scanned
    series : every stack found, in the order of study, series and split
    refused : every file that was not read, with the reason
    """

    root: Path
    series: tuple[Series, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def volumes(self) -> tuple[Series, ...]:
        """The stacks that can be measured."""
        return tuple(series for series in self.series if series.kind is SeriesKind.VOLUME)

    def to_json(self) -> dict[str, Any]:
        """Return what `gist-imaging index --json` prints."""
        return {
            "series": [series.to_json() for series in self.series],
            "refused": [refused.to_json() for refused in self.refused],
        }
