"""The frozen codes for what is wrong with a file or a series, with severity and advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gist_imaging.errors import GistImagingError

__all__ = ["ADVICE", "Code", "Override", "Problem", "Severity"]


class Severity(StrEnum):
    """What a problem means for measuring."""

    ERROR = "error"
    """Blocks measurement unless a reader overrides it with a recorded reason."""
    WARNING = "warning"
    """Is told; measurement goes on."""
    NOT_A_VOLUME = "not_a_volume"
    """The series is a picture or document, not a volume of the patient."""
    REFUSED = "refused"
    """The file is not read at all."""


class Code(StrEnum):
    """Codes that tables, reports and other programs may rely on; none is ever renamed."""

    # Series, error
    NO_GEOMETRY = "NO_GEOMETRY"
    BAD_ORIENTATION = "BAD_ORIENTATION"
    BAD_PIXEL_SPACING = "BAD_PIXEL_SPACING"
    BAD_RESCALE = "BAD_RESCALE"
    MIXED_ORIENTATION = "MIXED_ORIENTATION"
    MIXED_MATRIX = "MIXED_MATRIX"
    MIXED_PIXEL_SPACING = "MIXED_PIXEL_SPACING"
    MIXED_FRAME_OF_REFERENCE = "MIXED_FRAME_OF_REFERENCE"
    MISSING_SLICES = "MISSING_SLICES"
    NONUNIFORM_SPACING = "NONUNIFORM_SPACING"
    DUPLICATE_POSITION = "DUPLICATE_POSITION"
    DUPLICATE_INSTANCE = "DUPLICATE_INSTANCE"
    TILT = "TILT"
    SINGLE_SLICE = "SINGLE_SLICE"
    MOSAIC_NO_GEOMETRY = "MOSAIC_NO_GEOMETRY"
    # Series, warning
    GAP_EXCEEDS_THICKNESS = "GAP_EXCEEDS_THICKNESS"
    INSTANCE_NUMBER_GAPS = "INSTANCE_NUMBER_GAPS"
    MIXED_RESCALE = "MIXED_RESCALE"
    MIXED_PIXEL_FORMAT = "MIXED_PIXEL_FORMAT"
    IDENTICAL_DUPLICATE = "IDENTICAL_DUPLICATE"
    THICK_SLICES = "THICK_SLICES"
    LOSSY_COMPRESSED = "LOSSY_COMPRESSED"
    COUNT_BELOW_EXPECTED = "COUNT_BELOW_EXPECTED"
    MASK_TOUCHES_EDGE = "MASK_TOUCHES_EDGE"
    # Series, not a volume
    LOCALIZER = "LOCALIZER"
    SCOUT = "SCOUT"
    SECONDARY_CAPTURE = "SECONDARY_CAPTURE"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    SEGMENTATION = "SEGMENTATION"
    # File, refused
    NOT_DICOM = "NOT_DICOM"
    TRUNCATED = "TRUNCATED"
    MISSING_REQUIRED_TAGS = "MISSING_REQUIRED_TAGS"
    BAD_VALUE = "BAD_VALUE"
    PIXEL_LENGTH_MISMATCH = "PIXEL_LENGTH_MISMATCH"
    UNSUPPORTED_TRANSFER_SYNTAX = "UNSUPPORTED_TRANSFER_SYNTAX"
    DECODE_FAILED = "DECODE_FAILED"
    LIMIT_MEMORY = "LIMIT_MEMORY"
    LIMIT_TIME = "LIMIT_TIME"
    LIMIT_SIZE = "LIMIT_SIZE"
    LIMIT_DEPTH = "LIMIT_DEPTH"
    LIMIT_DEFLATE = "LIMIT_DEFLATE"
    LIMIT_FILES = "LIMIT_FILES"
    ARCHIVE_UNSAFE = "ARCHIVE_UNSAFE"
    NOT_A_REGULAR_FILE = "NOT_A_REGULAR_FILE"
    LINK_OUTSIDE_ROOT = "LINK_OUTSIDE_ROOT"

    @property
    def severity(self) -> Severity:
        """What the code means for measuring."""
        return _SEVERITY[self]


_ORDER = list(Code)
_SEVERITY = {
    code: (
        Severity.ERROR
        if position < _ORDER.index(Code.GAP_EXCEEDS_THICKNESS)
        else Severity.WARNING
        if position < _ORDER.index(Code.LOCALIZER)
        else Severity.NOT_A_VOLUME
        if position < _ORDER.index(Code.NOT_DICOM)
        else Severity.REFUSED
    )
    for position, code in enumerate(_ORDER)
}

ADVICE: dict[Code, str] = {
    Code.NO_GEOMETRY: "export the series again from the PACS with its positions and orientations",
    Code.BAD_ORIENTATION: "export the series again from the PACS; its orientation vectors cannot be right",
    Code.BAD_PIXEL_SPACING: "export the series again from the PACS; pixel spacing is two numbers above 0",
    Code.BAD_RESCALE: "export the series again from the PACS; CT needs a valid rescale slope and intercept",
    Code.MIXED_ORIENTATION: "take the series of one plane, or split it at the PACS",
    Code.MIXED_MATRIX: "take the slices of one matrix size, or split the series at the PACS",
    Code.MIXED_PIXEL_SPACING: "take the slices of one field of view, or split the series at the PACS",
    Code.MIXED_FRAME_OF_REFERENCE: "take the slices of one patient in one frame of reference",
    Code.MISSING_SLICES: "fetch the missing slices from the PACS",
    Code.NONUNIFORM_SPACING: "take a series with even spacing, or resample this one before measuring",
    Code.DUPLICATE_POSITION: "state which phase or time point to measure, or remove the extra slices",
    Code.DUPLICATE_INSTANCE: "two files claim to be one image but differ; fetch the series again",
    Code.TILT: "resample the tilted (sheared) stack before measuring",
    Code.SINGLE_SLICE: "areas and diameters can be measured, a volume cannot",
    Code.MOSAIC_NO_GEOMETRY: "export the series as single slices; this mosaic does not say where they lie",
    Code.GAP_EXCEEDS_THICKNESS: "check that no slices are missing: the gap is wider than a slice is thick",
    Code.INSTANCE_NUMBER_GAPS: "check that no slices are missing: the instance numbers have holes",
    Code.MIXED_RESCALE: "nothing: the rescale of each slice was applied",
    Code.MIXED_PIXEL_FORMAT: "nothing: each slice was decoded by its own format",
    Code.IDENTICAL_DUPLICATE: "nothing: identical copies were dropped",
    Code.THICK_SLICES: "prefer a series with slices of 5 mm or less (RECIST 1.1)",
    Code.LOSSY_COMPRESSED: "prefer the original: lossy compression changes values",
    Code.COUNT_BELOW_EXPECTED: "fetch the rest: the archive says that the series has more images",
    Code.MASK_TOUCHES_EDGE: "check that the lesion is not cut off by the field of view",
    Code.LOCALIZER: "choose a diagnostic series",
    Code.SCOUT: "choose a diagnostic series",
    Code.SECONDARY_CAPTURE: "choose the original series, not a picture of it",
    Code.NOT_AN_IMAGE: "nothing: the object holds no image",
    Code.SEGMENTATION: "give it as a mask, not as an image",
    Code.NOT_DICOM: "nothing, if the file is not meant to be an image",
    Code.TRUNCATED: "fetch the file again: it ends too early",
    Code.MISSING_REQUIRED_TAGS: "fetch the file again: elements that every image needs are missing",
    Code.BAD_VALUE: "fetch the file again, or have its writer corrected",
    Code.PIXEL_LENGTH_MISMATCH: "fetch the file again: its pixel data do not fit its matrix",
    Code.UNSUPPORTED_TRANSFER_SYNTAX: "have the PACS send it uncompressed (Explicit VR Little Endian)",
    Code.DECODE_FAILED: "fetch the file again, or have the PACS send it uncompressed",
    Code.LIMIT_MEMORY: "the file asks for more memory than is allowed; check where it comes from",
    Code.LIMIT_TIME: "the file takes longer than is allowed; check where it comes from",
    Code.LIMIT_SIZE: "the file is larger than is allowed; check where it comes from",
    Code.LIMIT_DEPTH: "its sequences or folders are nested too deep; check where it comes from",
    Code.LIMIT_DEFLATE: "it inflates beyond what is allowed; check where it comes from",
    Code.LIMIT_FILES: "give a smaller folder or archive",
    Code.ARCHIVE_UNSAFE: "unpack the archive by hand after checking it",
    Code.NOT_A_REGULAR_FILE: "give a regular file",
    Code.LINK_OUTSIDE_ROOT: "copy the file into the folder: links that leave it are not followed",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file or a series.

    Parameters
    ----------
    code : the frozen code
    message : what was expected and what was found, without values that could name a patient
    file : path relative to the given root, where one file is to blame
    """

    code: Code
    message: str
    file: str | None = None

    @property
    def severity(self) -> Severity:
        """What the problem means for measuring."""
        return self.code.severity

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.code]

    def __str__(self) -> str:
        place = f"{self.file}: " if self.file else ""
        return f"{self.code}: {place}{self.message}; {self.advice}"


@dataclass(frozen=True, slots=True)
class Override:
    """A gate error that a reader took the responsibility for.

    Parameters
    ----------
    code : the error that was overridden; its severity is ERROR
    reason : why measuring is right all the same, in the reader's words; travels with every number
    """

    code: Code
    reason: str

    def __post_init__(self) -> None:
        if self.code.severity is not Severity.ERROR:
            raise GistImagingError(f"only errors of the geometry gate can be overridden, got {self.code}")
        if not self.reason.strip():
            raise GistImagingError(
                f"overriding {self.code} needs a reason",
                "none was given",
                "write why measuring is right all the same",
            )
