"""Facts of a classic, uncompressed CT or MR image straight from its header's bytes, or none at all.

Most files of a study are of this kind, and an index of thousands of files is made several times faster by
not building a general data set for each. What is accepted gives the very facts that `dataset_facts` gives;
whatever is unusual is declined, and pydicom reads it in the decoding process.
"""

from __future__ import annotations

from pathlib import Path

from gist_imaging.io.element_walk import Walk, after_file_meta, elements_before_pixels, tag_key, vr_key
from gist_imaging.io.header_diffusion import DIFFUSION_TAGS, b_value
from gist_imaging.io.header_values import (
    Declined,
    above_zero,
    as_float,
    check_character_set,
    first_number,
    image_type,
    kept_text,
    kept_uid,
    matrix,
    orientation,
    patient,
    pixel_spacing,
    plain_text,
    position,
    rescale,
    uid,
    whole_number,
    word,
)
from gist_imaging.io.implicit_walk import MARK_OF_IMPLICIT, implicit_elements_before_pixels
from gist_imaging.io.transfer_syntax import COMPRESSED, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from gist_imaging.study.series import FrameFacts

__all__ = ["IN_WORKER", "PLAIN", "Walk", "walk"]

PLAIN = frozenset({EXPLICIT_LITTLE})
"""Transfer syntaxes that are walked in any process."""
IN_WORKER = COMPRESSED | {EXPLICIT_LITTLE, IMPLICIT_LITTLE}
"""Transfer syntaxes that are walked in the decoding process."""

_MARK = b"DICM"
# File Meta Information Group Length stands first; tags that grow from there keep the file meta together.
_FIRST_ELEMENT = b"\x02\x00\x00\x00UL"
_UNDEFINED = 0xFFFFFFFF
# No single slice is larger; whatever is, is checked against the limits elsewhere.
_COMPRESSED_AT_MOST_BYTES = 64 * 1024 * 1024
_CT = b"1.2.840.10008.5.1.4.1.1.2"
_MR = b"1.2.840.10008.5.1.4.1.1.4"

_TRANSFER_SYNTAX = tag_key(0x0002, 0x0010)
_CHARACTER_SET = tag_key(0x0008, 0x0005)
_IMAGE_TYPE = tag_key(0x0008, 0x0008)
_SOP_CLASS = tag_key(0x0008, 0x0016)
_SOP_INSTANCE = tag_key(0x0008, 0x0018)
_STUDY_DATE = tag_key(0x0008, 0x0020)
_ACQUISITION_DATE = tag_key(0x0008, 0x0022)
_CONTENT_DATE = tag_key(0x0008, 0x0023)
_ACQUISITION_TIME = tag_key(0x0008, 0x0032)
_CONTENT_TIME = tag_key(0x0008, 0x0033)
_MODALITY = tag_key(0x0008, 0x0060)
_DESCRIPTION = tag_key(0x0008, 0x103E)
_PATIENT_ID = tag_key(0x0010, 0x0020)
_BIRTH_DATE = tag_key(0x0010, 0x0030)
_SEX = tag_key(0x0010, 0x0040)
_THICKNESS = tag_key(0x0018, 0x0050)
_KVP = tag_key(0x0018, 0x0060)
_ECHO_TIME = tag_key(0x0018, 0x0081)
_ECHO_NUMBER = tag_key(0x0018, 0x0086)
_SPACING_BETWEEN = tag_key(0x0018, 0x0088)
_TRIGGER_TIME = tag_key(0x0018, 0x1060)
_TILT = tag_key(0x0018, 0x1120)
_STUDY = tag_key(0x0020, 0x000D)
_SERIES = tag_key(0x0020, 0x000E)
_ACQUISITION_NUMBER = tag_key(0x0020, 0x0012)
_INSTANCE_NUMBER = tag_key(0x0020, 0x0013)
_POSITION = tag_key(0x0020, 0x0032)
_ORIENTATION = tag_key(0x0020, 0x0037)
_FRAME_OF_REFERENCE = tag_key(0x0020, 0x0052)
_TEMPORAL_POSITION = tag_key(0x0020, 0x0100)
_EXPECTED = tag_key(0x0020, 0x1209)
_SAMPLES = tag_key(0x0028, 0x0002)
_PHOTOMETRIC = tag_key(0x0028, 0x0004)
_ROWS = tag_key(0x0028, 0x0010)
_COLUMNS = tag_key(0x0028, 0x0011)
_SPACING = tag_key(0x0028, 0x0030)
_BITS_ALLOCATED = tag_key(0x0028, 0x0100)
_BITS_STORED = tag_key(0x0028, 0x0101)
_SIGNED = tag_key(0x0028, 0x0103)
_WINDOW_CENTER = tag_key(0x0028, 0x1050)
_WINDOW_WIDTH = tag_key(0x0028, 0x1051)
_INTERCEPT = tag_key(0x0028, 0x1052)
_SLOPE = tag_key(0x0028, 0x1053)
_RESCALE_TYPE = tag_key(0x0028, 0x1054)
_LOSSY = tag_key(0x0028, 0x2110)

_WANTED_BY_VR = {
    "UI": (_TRANSFER_SYNTAX, _SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES, _FRAME_OF_REFERENCE),
    "CS": (_CHARACTER_SET, _IMAGE_TYPE, _MODALITY, _SEX, _PHOTOMETRIC, _LOSSY),
    "DA": (_STUDY_DATE, _ACQUISITION_DATE, _CONTENT_DATE, _BIRTH_DATE),
    "TM": (_ACQUISITION_TIME, _CONTENT_TIME),
    "LO": (_DESCRIPTION, _PATIENT_ID, _RESCALE_TYPE),
    "IS": (_ECHO_NUMBER, _ACQUISITION_NUMBER, _INSTANCE_NUMBER, _TEMPORAL_POSITION, _EXPECTED),
    "DS": (
        _THICKNESS,
        _KVP,
        _ECHO_TIME,
        _SPACING_BETWEEN,
        _TRIGGER_TIME,
        _TILT,
        _WINDOW_CENTER,
        _WINDOW_WIDTH,
        _POSITION,
        _ORIENTATION,
        _SPACING,
        _INTERCEPT,
        _SLOPE,
    ),
    "US": (_SAMPLES, _ROWS, _COLUMNS, _BITS_ALLOCATED, _BITS_STORED, _SIGNED),
}
_WANTED = {tag: (vr_key(vr),) for vr, tags in _WANTED_BY_VR.items() for tag in tags} | DIFFUSION_TAGS
# What makes an image more than one plain slice, or its values more than a slope and an intercept.
_UNWANTED = frozenset(
    {
        tag_key(0x0008, 0x002A),  # Acquisition DateTime
        tag_key(0x0020, 0x9241),  # Nominal Percentage of Cardiac Phase
        tag_key(0x0028, 0x0008),  # Number of Frames
        tag_key(0x0028, 0x3000),  # Modality LUT Sequence
        tag_key(0x0040, 0x9096),  # Real World Value Mapping Sequence
        tag_key(0x5200, 0x9229),  # Shared Functional Groups Sequence
        tag_key(0x5200, 0x9230),  # Per-Frame Functional Groups Sequence
        tag_key(0x7FE0, 0x0008),  # Float Pixel Data
        tag_key(0x7FE0, 0x0009),  # Double Float Pixel Data
    }
)
_MATRIX_TAGS = (_ROWS, _COLUMNS, _SAMPLES, _BITS_ALLOCATED, _BITS_STORED, _SIGNED)


def walk(
    buffer: bytes,
    size: int,
    path: Path,
    name: str,
    syntaxes: frozenset[str] = PLAIN,
    modified_ns: int | None = None,
) -> FrameFacts | Walk:
    """Return the facts of a plain CT or MR image, or why there are none.

    Parameters
    ----------
    buffer : the first bytes of the file, as many as the caller likes
    size : bytes of the whole file
    path, name : as in FrameFacts
    syntaxes : transfer syntaxes that are walked
    modified_ns : as in FrameFacts
    """
    if buffer[128:132] != _MARK or buffer[132:138] != _FIRST_ELEMENT:
        return Walk.GAVE_UP
    walked, syntax = _walked(buffer, syntaxes)
    if isinstance(walked, Walk):
        return walked
    found, pixel_offset, pixel_length = walked
    if not syntax:
        syntax = found.get(_TRANSFER_SYNTAX, b"").rstrip(b"\0 ").decode("latin-1")
    if syntax not in syntaxes:
        return Walk.GAVE_UP
    try:
        return _facts(found, pixel_offset, pixel_length, size, path, name, syntax, modified_ns)
    except (Declined, KeyError):  # unusual, or missing
        return Walk.GAVE_UP


def _walked(buffer: bytes, syntaxes: frozenset[str]) -> tuple[tuple[dict[int, bytes], int, int] | Walk, str]:
    """Return what the walk gave, and the transfer syntax if it had to be known before."""
    if IMPLICIT_LITTLE in syntaxes:
        start = after_file_meta(buffer, 132)
        if MARK_OF_IMPLICIT in buffer[132 : max(start, 132)]:
            return implicit_elements_before_pixels(buffer, start, _WANTED, _UNWANTED), IMPLICIT_LITTLE
    return elements_before_pixels(buffer, 132, _WANTED, _UNWANTED), ""


def _check_pixels(length: int, expected: int, offset: int, size: int, syntax: str) -> None:
    """Decline pixels that are not as many as the matrix says, and compressed ones of uncommon size."""
    if syntax in COMPRESSED:
        if length != _UNDEFINED or expected > _COMPRESSED_AT_MOST_BYTES:
            raise Declined
    # One byte more makes the length even (PS3.5 section 7.1.1).
    elif not (0 <= length - expected <= 1 and offset + length <= size):
        raise Declined


def _facts(
    found: dict[int, bytes],
    pixel_offset: int,
    pixel_length: int,
    size: int,
    path: Path,
    name: str,
    syntax: str,
    modified_ns: int | None,
) -> FrameFacts:
    get = found.get
    check_character_set(get(_CHARACTER_SET, b""))
    sop_class = found[_SOP_CLASS].rstrip(b"\0 ")
    if sop_class not in (_CT, _MR):
        raise Declined
    rows, columns, samples, allocated, stored, signed = matrix(*[found[tag] for tag in _MATRIX_TAGS])
    _check_pixels(pixel_length, rows * columns * (allocated >> 3), pixel_offset, size, syntax)
    in_the_file = syntax not in COMPRESSED
    slope, intercept, rescale_type = rescale(get(_SLOPE, b""), get(_INTERCEPT, b""), get(_RESCALE_TYPE, b""))
    thickness = first_number(get(_THICKNESS, b""))
    between = first_number(get(_SPACING_BETWEEN, b""))
    return FrameFacts(
        path,
        name,
        uid(found[_SOP_INSTANCE]),
        kept_text(sop_class),
        kept_uid(found[_SERIES]),
        kept_uid(found[_STUDY]),
        word(found[_MODALITY]),
        syntax,
        frame_uid=kept_uid(found[_FRAME_OF_REFERENCE]) if get(_FRAME_OF_REFERENCE) else None,
        description=kept_text(get(_DESCRIPTION, b"")),
        rows=rows,
        columns=columns,
        samples_per_pixel=samples,
        photometric=kept_text(get(_PHOTOMETRIC, b"")),
        bits_allocated=allocated,
        bits_stored=stored,
        pixel_representation=signed,
        pixel_offset=pixel_offset if in_the_file else None,
        pixel_length=pixel_length if in_the_file else None,
        position_mm=position(found[_POSITION]),
        orientation=orientation(found[_ORIENTATION]),
        pixel_spacing_mm=pixel_spacing(found[_SPACING]),
        slice_thickness_mm=thickness if thickness is not None and thickness > 0 else None,
        spacing_between_slices_mm=abs(between) if between else None,
        gantry_tilt_deg=first_number(get(_TILT, b"")),
        rescale_slope=slope,
        rescale_intercept=intercept,
        rescale_type=rescale_type,
        instance_number=whole_number(get(_INSTANCE_NUMBER, b"")),
        acquisition_number=whole_number(get(_ACQUISITION_NUMBER, b"")),
        temporal_position=as_float(whole_number(get(_TEMPORAL_POSITION, b""))),
        acquisition_time=plain_text(get(_ACQUISITION_TIME, b""))
        or plain_text(get(_CONTENT_TIME, b""))
        or None,
        trigger_time_ms=first_number(get(_TRIGGER_TIME, b"")),
        echo_time_ms=first_number(get(_ECHO_TIME, b"")) or None,
        echo_number=whole_number(get(_ECHO_NUMBER, b"")),
        b_value=b_value(found),
        image_type=image_type(get(_IMAGE_TYPE, b"")),
        lossy=kept_text(get(_LOSSY, b"")) == "01",
        expected_in_series=whole_number(get(_EXPECTED, b"")),
        kvp=above_zero(get(_KVP, b"")),
        window_center=first_number(get(_WINDOW_CENTER, b"")),
        window_width=above_zero(get(_WINDOW_WIDTH, b"")),
        modified_ns=modified_ns,
        acquisition_date=kept_text(get(_ACQUISITION_DATE, b""))
        or kept_text(get(_CONTENT_DATE, b""))
        or kept_text(get(_STUDY_DATE, b""))
        or None,
        patient=patient(get(_PATIENT_ID, b""), get(_BIRTH_DATE, b""), get(_SEX, b"")),
    )
