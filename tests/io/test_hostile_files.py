"""Every file of the hostile table ends in a series or in a named refusal, and harms no other file."""

from __future__ import annotations

import random
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from dicom_files import dicom_bytes, element, insert_before, slice_header, write_series
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from gist_imaging import scan_folder
from gist_imaging.io.limits import Limits
from gist_imaging.problems import Code
from gist_imaging.study import ScanIndex

# pydicom warns of what the tests break on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PIXEL_TAG = b"\xe0\x7f\x10\x00"
DESCRIPTION = (0x0008, 0x103E)


def good(**changes: object) -> bytes:
    return dicom_bytes(slice_header(9, series="hostile", **changes))


def without_preamble(content: bytes) -> bytes:
    meta_length = struct.unpack_from("<I", content, 140)[0]
    return content[144 + meta_length :]


def replaced(old: bytes, new: bytes) -> bytes:
    content = good()
    assert content.count(old) == 1
    return content.replace(old, new)


def opened_sequences(depth: int) -> bytes:
    sequence = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    return (sequence + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)) * depth


def nested(depth: int) -> bytes:
    closed = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0) * depth
    return insert_before(good(), *DESCRIPTION, opened_sequences(depth) + closed)


def deflated(zeros: int = 0) -> bytes:
    """A Deflated file; `zeros` more bytes of zeros stand before its pixels."""
    header = slice_header(9, series="hostile")
    plain = dicom_bytes(header)
    length = struct.unpack_from("<I", plain, 140)[0]
    meta = dicom_bytes(header, DeflatedExplicitVRLittleEndian)
    meta = meta[: 144 + struct.unpack_from("<I", meta, 140)[0]]
    data_set = plain[144 + length :]
    at = data_set.rindex(PIXEL_TAG)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data_set[:at])
    if zeros:
        packed += packer.compress(struct.pack("<HH2sHI", 0x0029, 0x1001, b"OB", 0, zeros))
        packed += b"".join(packer.compress(bytes(1 << 20)) for _ in range(zeros >> 20))
    return meta + packed + packer.compress(data_set[at:]) + packer.flush()


def compressed(syntax: str, rows: int, payload: bytes) -> bytes:
    header = slice_header(9, series="hostile", Rows=rows, Columns=rows)
    del header.PixelData
    items = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    items += struct.pack("<HHI", 0xFFFE, 0xE000, len(payload)) + payload
    items += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    return dicom_bytes(header, syntax) + pixels + items


NOISE = random.Random(5).randbytes(5000)
PNG = b"\x89PNG\r\n\x1a\n" + NOISE

REFUSED: dict[str, tuple[Callable[[], bytes], set[Code]]] = {
    "empty": (lambda: b"", {Code.NOT_DICOM}),
    "one byte": (lambda: b"\x08", {Code.NOT_DICOM}),
    "noise": (lambda: NOISE, {Code.NOT_DICOM}),
    "PNG": (lambda: PNG, {Code.NOT_DICOM}),
    "text": (lambda: b"some notes\n" * 100, {Code.NOT_DICOM}),
    "noise after the mark": (
        lambda: bytes(128) + b"DICM" + NOISE,
        {Code.MISSING_REQUIRED_TAGS, Code.TRUNCATED, Code.BAD_VALUE},
    ),
    "begins like group 8": (
        lambda: b"\x08\x00" + NOISE,
        {Code.MISSING_REQUIRED_TAGS, Code.TRUNCATED, Code.BAD_VALUE, Code.NOT_DICOM},
    ),
    "preamble only": (lambda: bytes(128) + b"DICM", {Code.NOT_DICOM}),
    "header cut at 300 bytes": (
        lambda: good()[:300],
        {Code.MISSING_REQUIRED_TAGS, Code.TRUNCATED},
    ),
    "cut just before the pixels": (
        lambda: good()[: good().rindex(PIXEL_TAG)],
        {Code.MISSING_REQUIRED_TAGS},
    ),
    "pixels cut": (lambda: good()[:-1], {Code.TRUNCATED}),
    "Rows 65535": (lambda: good(Rows=65535), {Code.PIXEL_LENGTH_MISMATCH}),
    "Rows and Columns 65535": (lambda: good(Rows=65535, Columns=65535), {Code.PIXEL_LENGTH_MISMATCH}),
    "Rows 0": (lambda: good(Rows=0), {Code.BAD_VALUE, Code.PIXEL_LENGTH_MISMATCH}),
    "bits 32 of 16": (lambda: good(BitsAllocated=32), {Code.PIXEL_LENGTH_MISMATCH}),
    "bits 8 of 16": (
        lambda: good(BitsAllocated=8, BitsStored=8, HighBit=7),
        {Code.PIXEL_LENGTH_MISMATCH},
    ),
    "bits 7": (lambda: good(BitsAllocated=7), {Code.BAD_VALUE}),
    "more bits stored than there are": (lambda: good(BitsStored=17), {Code.BAD_VALUE}),
    "no PixelRepresentation": (lambda: good(PixelRepresentation=None), {Code.MISSING_REQUIRED_TAGS}),
    "no SOP Class": (lambda: good(SOPClassUID=None), {Code.MISSING_REQUIRED_TAGS}),
    "minus one frame": (lambda: good(NumberOfFrames="-1"), {Code.BAD_VALUE}),
    "10,000 frames": (lambda: good(NumberOfFrames="10000"), {Code.PIXEL_LENGTH_MISMATCH}),
    "2,000,000,000 frames": (lambda: good(NumberOfFrames="2000000000"), {Code.PIXEL_LENGTH_MISMATCH}),
    "PN length 65534": (
        lambda: replaced(b"PN" + struct.pack("<H", 12), b"PN" + struct.pack("<H", 65534)),
        {Code.TRUNCATED},
    ),
    "OB of 3 GB": (
        lambda: insert_before(good(), *DESCRIPTION, element(0x0008, 0x1033, "OB", b"", 3_000_000_000)),
        {Code.TRUNCATED},
    ),
    "PN marked SQ": (
        lambda: replaced(b"PN" + struct.pack("<H", 12), b"SQ" + struct.pack("<H", 12)),
        {Code.TRUNCATED, Code.MISSING_REQUIRED_TAGS, Code.BAD_VALUE},
    ),
    "nested 20,000 deep": (lambda: nested(20_000), {Code.LIMIT_DEPTH}),
    "nested 20,000 deep and never closed": (
        lambda: insert_before(good(), *DESCRIPTION, opened_sequences(20_000)),
        {Code.LIMIT_DEPTH, Code.TRUNCATED},
    ),
    "deflated noise": (lambda: deflated()[:500] + NOISE, {Code.TRUNCATED}),
    "deflated and cut": (lambda: deflated()[:-20], {Code.TRUNCATED}),
    "deflated 66 MB of zeros": (lambda: deflated(66 << 20), {Code.LIMIT_DEFLATE}),
    "RLE 30000 x 30000 of 20 bytes": (
        lambda: compressed(RLELossless, 30_000, bytes(20)),
        {Code.LIMIT_MEMORY},
    ),
    "compressed but in one piece": (
        lambda: good().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"),
        {Code.PIXEL_LENGTH_MISMATCH},
    ),
    "a transfer syntax nobody knows": (
        lambda: good().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0"),
        {Code.UNSUPPORTED_TRANSFER_SYNTAX},
    ),
    "a transfer syntax that is a name": (
        lambda: good().replace(b"1.2.840.10008.1.2.1\0", b"MARKER^NAME 1234567\0"),
        {Code.UNSUPPORTED_TRANSFER_SYNTAX},
    ),
}

TAKEN: dict[str, Callable[[], bytes]] = {
    "no preamble": lambda: without_preamble(good()),
    "no preamble, big endian": lambda: without_preamble(
        dicom_bytes(big_endian_slice(), ExplicitVRBigEndian),
    ),
    "no preamble, implicit": lambda: without_preamble(
        dicom_bytes(slice_header(9, series="hostile"), ImplicitVRLittleEndian)
    ),
    "nested 40 deep": lambda: nested(40),
    "60,000 characters in a text": lambda: good(ImageComments="x" * 60_000),
    "a name of 60,000 characters": lambda: insert_before(
        good(), 0x0010, 0x0020, element(0x0010, 0x0019, "UT", b"MARKER^NAME" * 6000)
    ),
    "unknown VR": lambda: insert_before(good(), *DESCRIPTION, element(0x0008, 0x1033, "ZZ", b"abcd")),
    "bogus character set": lambda: replaced(b"ISO_IR 100", b"ISO_IR 999"),
    "a text that is not in its character set": lambda: replaced(b"Pelvis", b"Pel\xff\xfes"),
    "a date that is none": lambda: good(AcquisitionDate="20249999"),
    "identifiers that are paths": lambda: good(PatientID="../../../../x"),
    "spacing 0": lambda: good(PixelSpacing=["0", "0"]),
    "spacing with decimal commas": lambda: replaced(b"0.7\\0.9", b"0,7\\0,9"),
    "spacing not a number": lambda: replaced(b"0.7\\0.9", b"NaN\\0.9"),
    "no position": lambda: good(ImagePositionPatient=None),
    "orientation zero": lambda: good(ImageOrientationPatient=["0"] * 6),
    "slope beyond all bounds": lambda: replaced(b"DS\x02\x001 ", b"DS\x02\x00e9"),
    "JPEG 2000 of noise": lambda: compressed(JPEG2000Lossless, 6, NOISE),
    "deflated": lambda: deflated(),
    "padded with zeros": lambda: good(PixelData=slice_header(9).PixelData + bytes(20)),
}


def big_endian_slice():
    header = slice_header(9, series="hostile")
    header["PixelData"].VR = "OW"
    return header


def index_of(tmp_path: Path, content: bytes, limits: Limits | None = None) -> ScanIndex:
    """The index of a folder that holds a good series and one hostile file."""
    write_series(tmp_path / "good")
    (tmp_path / "hostile").write_bytes(content)
    index = scan_folder(tmp_path, limits=limits)
    # A patient's name is in every file; it may be in no answer.
    assert "MARKER" not in repr(index)
    assert "MARKER" not in str(index.to_json())
    (beside,) = [series for series in index.volumes if series.frames[0].name.startswith("good/")]
    assert beside.n_files == 4, "the good series must not suffer"
    return index


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_by_name(tmp_path, name):
    make, codes = REFUSED[name]

    (refused,) = index_of(tmp_path, make()).refused

    assert refused.file == "hostile"
    assert refused.problem.code in codes
    assert refused.problem.file == "hostile"


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_file_is_taken_with_what_it_says(tmp_path, name):
    index = index_of(tmp_path, TAKEN[name]())

    assert index.refused == ()
    assert {frame.name for series in index.series for frame in series.frames} >= {"hostile"}


def test_sequences_nested_300_deep_end_in_facts_or_a_refusal(tmp_path):
    index = index_of(tmp_path, nested(300))

    assert {refused.problem.code for refused in index.refused} <= {Code.LIMIT_DEPTH}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_a_bomb_of_2_gb_costs_no_memory(tmp_path):
    content = deflated(2 << 30)
    assert len(content) < 3_000_000

    (refused,) = index_of(tmp_path, content).refused

    assert refused.problem.code is Code.LIMIT_DEFLATE


def test_many_hostile_files_in_one_call_harm_no_neighbour(tmp_path):
    for name, (make, _) in REFUSED.items():
        (tmp_path / name.replace(" ", "_").replace(",", "")).write_bytes(make())

    index = index_of(tmp_path, good(ImageType=["ORIGINAL", "PRIMARY", "MOSAIC"]))

    assert len(index.refused) == len(REFUSED)
    assert any(frame.name == "hostile" for series in index.series for frame in series.frames)


def test_a_file_that_takes_too_long_is_refused_and_its_neighbours_are_read(tmp_path):
    # Every call takes some time, so a limit of none refuses each file that goes to the decoding process.
    limits = Limits(call_seconds=0.0)

    (refused,) = index_of(tmp_path, nested(40), limits).refused

    assert refused.problem.code is Code.LIMIT_TIME


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_end_as_facts_or_refusals(tmp_path, seed):
    chance = random.Random(seed)
    content = good()
    for number in range(60):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 3, 20))):
            damaged[chance.randrange(128, len(damaged))] = chance.randrange(256)
        (tmp_path / f"{number:03d}").write_bytes(damaged[: chance.choice((None, None, 400, 700))])

    index = scan_folder(tmp_path)

    ended = {refused.file for refused in index.refused}
    ended |= {frame.name for series in index.series for frame in series.frames}
    assert ended <= {f"{number:03d}" for number in range(60)}
    assert "MARKER" not in repr(index)
