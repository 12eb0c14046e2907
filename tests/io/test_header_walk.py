from __future__ import annotations

import io
import os
import random
import struct
from pathlib import Path

import pytest
from dicom_files import dicom_bytes, element, insert_before, slice_header
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging.errors import IntakeError
from gist_imaging.io.file_facts import read_with_pydicom
from gist_imaging.io.file_records import Request
from gist_imaging.io.header_walk import IN_WORKER, Walk, walk
from gist_imaging.io.limits import Limits
from gist_imaging.study import FrameFacts

# pydicom warns of what the tests break on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PATH = Path("somewhere/IM0001")


def walked(content: bytes) -> FrameFacts | Walk:
    return walk(content, len(content), PATH, "IM0001")


def by_pydicom(content: bytes, path: Path = PATH, name: str = "IM0001") -> FrameFacts:
    request = Request(str(path), name)
    (frame,) = read_with_pydicom(io.BytesIO(content), len(content), request, Limits()).frames
    return frame


def differences(one: FrameFacts, other: FrameFacts) -> list[str]:
    return [
        name
        for name in FrameFacts.__dataclass_fields__
        if getattr(one, name) != getattr(other, name)
        or type(getattr(one, name)) is not type(getattr(other, name))
    ]


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"SliceThickness": None},
        {"SliceThickness": ""},
        {"PixelSpacing": ["0.70000000001", "0.9"]},
        {"AcquisitionDate": "20260103", "ContentTime": "101500"},
        {"AcquisitionTime": "", "ContentTime": "101500"},
        {"AcquisitionTime": "  ", "ContentTime": "101500"},
        {"FrameOfReferenceUID": None},
        {"SeriesDescription": None},
        {"PatientID": None},
        {"PatientSex": ""},
        {"LossyImageCompression": "01"},
        {"SpacingBetweenSlices": "-3.3", "GantryDetectorTilt": "-12.5"},
        {"EchoTime": "0", "EchoNumbers": "2", "TriggerTime": "12.5"},
        {"EchoTime": "92.5", "TemporalPositionIdentifier": "3"},
        {"DiffusionBValue": 800.0},
        {"NumberOfSeriesRelatedInstances": "40", "AcquisitionNumber": "7"},
        {"RescaleIntercept": "-1024.5", "RescaleSlope": "0.25", "RescaleType": None},
        {"ImageType": ["DERIVED", "PRIMARY", "", "ADC"]},
        {"StudyDate": None},
        {"KVP": "120"},
        {"KVP": "0"},
        {"KVP": ""},
        {"WindowCenter": "40\\600", "WindowWidth": "400\\1600"},
        {"WindowCenter": "-30.5", "WindowWidth": "0"},
        {"WindowCenter": "", "WindowWidth": ""},
    ],
    ids=str,
)
def test_a_plain_image_gives_the_facts_that_pydicom_gives(modality, changes):
    header = slice_header(3, modality)
    for keyword, value in changes.items():
        if value is None and keyword in header:
            delattr(header, keyword)
        elif value is not None:
            setattr(header, keyword, value)
    content = dicom_bytes(header)

    facts = walked(content)

    assert isinstance(facts, FrameFacts)
    assert differences(facts, by_pydicom(content)) == []


def test_sequences_of_undefined_length_are_passed_over():
    inner = Dataset()
    inner.CodeValue = "T-1"
    inner.is_undefined_length_sequence_item = True
    outer = Dataset()
    outer.PurposeOfReferenceCodeSequence = Sequence([inner, inner])
    outer["PurposeOfReferenceCodeSequence"].is_undefined_length = True
    outer.is_undefined_length_sequence_item = True
    header = slice_header(1)
    header.ReferencedImageSequence = Sequence([outer])
    header["ReferencedImageSequence"].is_undefined_length = True
    content = dicom_bytes(header)

    facts = walked(content)

    assert isinstance(facts, FrameFacts)
    assert facts == by_pydicom(content)


@needs_real_scans
@pytest.mark.real
def test_every_real_image_that_is_accepted_gives_the_facts_that_pydicom_gives():
    accepted = 0
    for folder, _, files in os.walk(REAL_SCANS):
        for file in files:
            path = Path(folder) / file
            content = path.read_bytes()
            facts = walk(content, len(content), path, "name", IN_WORKER)
            if isinstance(facts, FrameFacts):
                accepted += 1
                assert differences(facts, by_pydicom(content, path, "name")) == [], path

    assert accepted > 300


@pytest.mark.parametrize(
    "changes",
    [
        {"NumberOfFrames": "1"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]},
        {"SequenceName": "*ep_b800t"},
        {"PixelSpacing": ["0", "0.9"]},
        {"PixelSpacing": ["0.7"]},
        {"PixelSpacing": None},
        {"ImageOrientationPatient": ["1", "0", "0", "0", "0.5", "0.5"]},
        {"ImagePositionPatient": None},
        {"RescaleSlope": "0"},
        {"RescaleSlope": None},
        {"RescaleSlope": "-1"},
        {"RescaleSlope": "10001"},
        {"RescaleSlope": ["1", "2"]},
        {"RescaleIntercept": ["0", "0"]},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
        {"Modality": None},
        {"StudyInstanceUID": None},
        {"PixelRepresentation": None},
        {"SamplesPerPixel": 3},
        {"Rows": 7},
        {"Rows": 0},
        {"BitsAllocated": 32},
        {"BitsStored": 17},
        {"SeriesDescription": "Becken nativ, Größe"},
        {"AcquisitionDateTime": "20260102101112"},
        {"ModalityLUTSequence": [Dataset()]},
        {"RealWorldValueMappingSequence": [Dataset()]},
        {"DiffusionBValue": -1.0},
    ],
    ids=str,
)
def test_what_is_unusual_is_left_to_pydicom(changes):
    assert walked(dicom_bytes(slice_header(2, **changes))) is Walk.GAVE_UP


def private(group: int, creator: str, low: int, vr: str, value: bytes, block: int = 0x10) -> bytes:
    named = creator.encode("ascii")
    return element(group, block, "LO", named + b" " * (len(named) % 2)) + element(
        group, (block << 8) + low, vr, value
    )


def csa(items: int, name: bytes = b"B_value") -> bytes:
    return name.ljust(64, b"\0") + struct.pack("<i4s3i", 1, b"IS", 6, items, 77) + bytes(16)


def with_private(inserted: bytes, **changes: object) -> bytes:
    content = dicom_bytes(slice_header(2, "MR", **changes))
    group = int.from_bytes(inserted[:2], "little")
    return insert_before(
        content, 0x0020 if group < 0x0020 else 0x7FE0, 0x000D if group < 0x0020 else 0x0010, inserted
    )


@pytest.mark.parametrize(
    ("inserted", "b_value"),
    [
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"800 "), 800.0),
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "OB", b"800 "), 800.0),
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"50", block=0x1F), 50.0),
        (private(0x0019, "SOMEBODY ELSE", 0x0C, "IS", b"800 "), None),
        (private(0x0043, "GEMS_PARM_01", 0x39, "IS", b"1000000600\\8\\0\\0 "), 600.0),
        (private(0x0043, "GEMS_PARM_01", 0x39, "IS", b"0\\8\\0\\0 "), None),
        (private(0x2001, "Philips Imaging DD 001", 0x03, "FL", struct.pack("<f", 1000.0)), 1000.0),
        (private(0x0029, "SIEMENS CSA HEADER", 0x10, "OB", csa(0)), None),
        (private(0x0029, "SIEMENS CSA HEADER", 0x10, "OB", csa(6, b"EchoTime")), None),
        (private(0x0029, "SIEMENS MEDCOM HEADER", 0x10, "OB", csa(6)), None),
    ],
)
def test_b_values_of_the_vendors_are_those_that_pydicom_gives(inserted, b_value):
    content = with_private(inserted)

    facts = walked(content)

    assert isinstance(facts, FrameFacts)
    assert facts.b_value == b_value
    assert differences(facts, by_pydicom(content)) == []


def test_the_standard_b_value_goes_before_those_of_the_vendors():
    content = with_private(private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"800 "), DiffusionBValue=50.0)

    assert walked(content) == by_pydicom(content)
    assert walked(content).b_value == 50.0


@pytest.mark.parametrize(
    "inserted",
    [
        private(0x0065, "Image Private Header", 0x09, "FD", bytes(8)),
        private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"800 ", block=0x20),
        private(0x0019, "SIEMENS MR HEADER", 0x0C, "LO", b"800 "),
        private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"-1"),
        private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"8.5 "),
        private(0x0029, "SIEMENS CSA HEADER", 0x10, "OB", csa(6)),
        private(0x0029, "SIEMENS CSA HEADER", 0x10, "OB", csa(0) + csa(0)),
        private(0x0043, "GEMS_PARM_01", 0x39, "IS", b"eight "),
    ],
)
def test_b_values_that_are_no_plain_number_are_left_to_pydicom(inserted):
    assert walked(with_private(inserted)) is Walk.GAVE_UP


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_transfer_syntaxes_are_left_to_pydicom(syntax):
    header = slice_header()
    header["PixelData"].VR = "OW"

    assert not isinstance(walked(dicom_bytes(header, syntax)), FrameFacts)


def encapsulated(header: Dataset, syntax: str) -> bytes:
    del header.PixelData
    items = b"".join(
        struct.pack("<HHI", 0xFFFE, tag, len(value)) + value
        for tag, value in ((0xE000, b""), (0xE000, b"any bytes "), (0xE0DD, b""))
    )
    return dicom_bytes(header, syntax) + struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF) + items


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_compressed_images_are_walked_in_the_decoding_process(modality, syntax):
    content = encapsulated(slice_header(3, modality), syntax)

    facts = walk(content, len(content), PATH, "IM0001", IN_WORKER)

    assert walked(content) is Walk.GAVE_UP
    assert isinstance(facts, FrameFacts)
    assert (facts.pixel_offset, facts.transfer_syntax_uid) == (None, syntax)
    assert differences(facts, by_pydicom(content)) == []


@pytest.mark.parametrize("changes", [{}, {"SliceThickness": ""}, {"DiffusionBValue": 50.0}], ids=str)
@pytest.mark.parametrize("nested", [False, True])
def test_implicit_images_are_walked_in_the_decoding_process(changes, nested):
    header = slice_header(3, "MR", **changes)
    if nested:
        item = Dataset()
        item.CodeValue = "T-1"
        item.is_undefined_length_sequence_item = True
        header.ReferencedImageSequence = Sequence([item, item])
        header["ReferencedImageSequence"].is_undefined_length = True
    content = dicom_bytes(header, ImplicitVRLittleEndian)

    facts = walk(content, len(content), PATH, "IM0001", IN_WORKER)

    assert isinstance(facts, FrameFacts)
    assert differences(facts, by_pydicom(content)) == []


@pytest.mark.parametrize("seed", range(4))
def test_damaged_implicit_headers_are_never_read_differently(seed):
    chance = random.Random(seed)
    good = dicom_bytes(slice_header(seed), ImplicitVRLittleEndian)
    end = good.rindex(b"\xe0\x7f\x10\x00") + 8
    for _ in range(400):
        content = bytearray(good)
        for _ in range(chance.choice((1, 1, 2, 5))):
            content[chance.randrange(132, end)] = chance.choice((0, 0x20, 0x5C, 0xFF, chance.randrange(256)))
        facts = walk(bytes(content), len(content), PATH, "IM0001", IN_WORKER)
        if isinstance(facts, FrameFacts):
            assert differences(facts, by_pydicom(bytes(content))) == []


def test_a_short_head_asks_for_more_and_never_guesses():
    content = dicom_bytes(slice_header())
    end = content.rindex(b"\xe0\x7f\x10\x00") + 12

    answers = {walk(content[:cut], len(content), PATH, "IM0001") for cut in range(138, end)}

    assert answers == {Walk.NEEDS_MORE}
    assert isinstance(walk(content[:end], len(content), PATH, "IM0001"), FrameFacts)


def test_pixels_that_end_after_the_file_are_left_to_pydicom():
    content = dicom_bytes(slice_header())

    assert walk(content, len(content) - 1, PATH, "IM0001") is Walk.GAVE_UP


@pytest.mark.parametrize("seed", range(4))
def test_damaged_headers_never_raise_and_are_never_read_differently(seed):
    chance = random.Random(seed)
    good = (
        with_private(private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", b"800 "))
        if seed % 2
        else dicom_bytes(slice_header(seed))
    )
    end = good.rindex(b"\xe0\x7f\x10\x00") + 12
    for _ in range(400):
        content = bytearray(good)
        for _ in range(chance.choice((1, 1, 2, 5))):
            content[chance.randrange(132, end)] = chance.choice((0, 0x20, 0x5C, 0xFF, chance.randrange(256)))
        facts = walked(bytes(content))
        if isinstance(facts, FrameFacts):
            assert differences(facts, by_pydicom(bytes(content))) == []


def test_noise_never_raises():
    chance = random.Random(7)
    for _ in range(300):
        content = bytes(128) + b"DICM" + chance.randbytes(chance.randrange(400))
        assert not isinstance(walked(content), FrameFacts)


def test_deeply_nested_sequences_are_left_to_pydicom():
    opened = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    opened += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    content = insert_before(dicom_bytes(slice_header()), 0x0008, 0x103E, opened * 20_000)

    assert walked(content) is Walk.GAVE_UP


def test_what_was_seen_before_changes_no_answer():
    # Layouts met before are taken in one step: alternate between many, with and without some elements.
    contents = [
        dicom_bytes(
            slice_header(
                position,
                "CT",
                SeriesDescription="x" * (position % 7),
                SliceLocation=f"{10**position}",
                InstanceNumber=str(7 ** (position % 9)),
                **({"Exposure": "1" * (1 + position % 4)} if position % 3 else {"StudyID": "1"}),
            )
        )
        for position in range(12)
    ]
    expected = [by_pydicom(content) for content in contents]

    for order in (range(12), reversed(range(12)), [0, 11] * 6, range(12)):
        for position in order:
            assert walked(contents[position]) == expected[position]


def test_a_refused_pixel_length_is_refused_by_name():
    content = dicom_bytes(slice_header(Rows=7))

    with pytest.raises(IntakeError, match="PIXEL_LENGTH_MISMATCH"):
        by_pydicom(content)
