"""Stored values come out of every transfer syntax as they went in, or the file is refused by name."""

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
import SimpleITK
from dicom_images import SHAPE, ct_image, random_values, save
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging.errors import IntakeError
from gist_imaging.io.pixel_request import PixelRequest
from gist_imaging.io.pixels import decode_many
from gist_imaging.problems import Code

SYNTAXES = REAL_SCANS / "transfer_syntaxes"
ODD = REAL_SCANS / "broken_or_odd"


def decode(path: Path, frames=None, shape=None):
    header = pydicom.dcmread(path, stop_before_pixels=True)
    shape = shape or (header.Rows, header.Columns)
    frames = frames if frames is not None else range(int(header.get("NumberOfFrames", 1)))
    uid = str(header.SOPInstanceUID)
    return np.stack(decode_many([PixelRequest(path, path.name, uid, frame, *shape) for frame in frames]))


def encapsulated(image, syntax, codestream, fragments=1):
    image.PixelData = encapsulate([codestream], fragments_per_frame=fragments, has_bot=False)
    image["PixelData"].is_undefined_length = True
    image.file_meta.TransferSyntaxUID = syntax
    return image


@pytest.mark.parametrize("dtype", ["u2", "i2"])
@pytest.mark.parametrize(
    "syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless], ids=["RLE", "JPEG-LS", "JPEG 2000"]
)
def test_lossless_compression_gives_back_what_went_in(tmp_path, syntax, dtype):
    stored = random_values(5, dtype, low=-2000 if dtype == "i2" else 0)
    image = ct_image(stored=stored, BitsStored=13, HighBit=12)
    image.compress(syntax, generate_instance_uid=False)

    np.testing.assert_array_equal(decode(save(image, tmp_path / "a"))[0], stored)


@pytest.mark.parametrize("fragments", [1, 4])
@pytest.mark.parametrize("syntax", [JPEGLossless, JPEGLosslessSV1], ids=["process 14", "selection value 1"])
def test_jpeg_lossless_gives_back_what_went_in_also_in_fragments(tmp_path, syntax, fragments):
    stored = random_values(6)
    codestream = imagecodecs.ljpeg_encode(stored, bitspersample=16)
    image = encapsulated(ct_image(stored=stored), syntax, codestream, fragments)

    np.testing.assert_array_equal(decode(save(image, tmp_path / "a"))[0], stored)


def test_jpeg_extended_with_twelve_bits_is_close_to_what_went_in(tmp_path):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    stored = (60 * rows + 40 * columns).astype("u2")
    codestream = imagecodecs.jpeg8_encode(stored, level=100, bitspersample=12)
    image = encapsulated(ct_image(stored=stored, BitsStored=12, HighBit=11), JPEGExtended12Bit, codestream)

    np.testing.assert_allclose(decode(save(image, tmp_path / "a"))[0], stored, atol=4)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian], ids=["implicit", "big endian"]
)
def test_other_byte_orders_give_back_what_went_in(tmp_path, syntax):
    stored = random_values(7)
    image = ct_image(stored=stored)
    if syntax == ExplicitVRBigEndian:
        image.PixelData = stored.astype(">u2").tobytes()
    image.file_meta.TransferSyntaxUID = syntax
    image.save_as(
        tmp_path / "a",
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=True,
    )

    np.testing.assert_array_equal(decode(tmp_path / "a")[0], stored)


def test_frames_are_given_in_the_order_asked_for(tmp_path):
    stored = np.stack([random_values(seed) for seed in range(4)])
    path = save(ct_image(stored=stored, NumberOfFrames=4), tmp_path / "a")

    np.testing.assert_array_equal(decode(path, frames=[2, 0, 3]), stored[[2, 0, 3]])


def test_a_matrix_other_than_the_header_said_is_refused(tmp_path):
    path = save(ct_image(), tmp_path / "a")

    with pytest.raises(IntakeError) as refused:
        decode(path, shape=(38, 43))
    assert refused.value.code is Code.DECODE_FAILED


def test_a_file_that_became_another_one_is_refused(tmp_path):
    path = save(ct_image(), tmp_path / "a")

    with pytest.raises(IntakeError, match="changed since it was indexed"):
        decode_many([PixelRequest(path, "a", "1.2.3.4", 0, *SHAPE)])


def test_a_signed_codestream_under_an_unsigned_header_is_refused_when_it_matters(tmp_path):
    stored = random_values(8, "i2", low=-2000, high=2000)
    codestream = imagecodecs.jpeg2k_encode(stored, codecformat="j2k", reversible=True)
    image = encapsulated(ct_image(stored=stored.astype("u2")), JPEG2000Lossless, codestream)

    with pytest.raises(IntakeError) as refused:
        decode(save(image, tmp_path / "a"))
    assert refused.value.code is Code.DECODE_FAILED


PAIRS = [
    *[
        ("pydicom__MR_small.dcm", f"pydicom__MR_small_{name}.dcm")
        for name in ("RLE", "bigendian", "expb", "implicit", "jp2klossless", "jpeg_ls_lossless", "padded")
    ],
    *[
        ("pydicom-data__emri_small.dcm", f"pydicom-data__emri_small_{name}.dcm")
        for name in ("RLE", "big_endian", "jpeg_2k_lossless", "jpeg_ls_lossless")
    ],
    ("pydicom-data__693_UNCR.dcm", "pydicom-data__693_J2KR.dcm"),
    ("pydicom-data__MR2_UNCR.dcm", "pydicom-data__MR2_J2KR.dcm"),
]


@needs_real_scans
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[other for _, other in PAIRS])
def test_real_files_that_are_said_to_be_equal_are_equal(one, other):
    np.testing.assert_array_equal(decode(SYNTAXES / one), decode(SYNTAXES / other))


@needs_real_scans
def test_an_enhanced_image_is_the_same_after_a_pacs_has_saved_it_again():
    folder = REAL_SCANS / "ingest" / "pacs_resaved_enhanced_mr"

    np.testing.assert_array_equal(
        decode(folder / "agfa_011-0001.img"), decode(folder / "siemens_011-0001.img")
    )


@needs_real_scans
@pytest.mark.parametrize(
    "path",
    [
        SYNTAXES / "pydicom__J2K_pixelrep_mismatch.dcm",
        SYNTAXES / "pylibjpeg-data__TOSHIBA_J2K_SIZ0_PixRep1.dcm",
        SYNTAXES / "pylibjpeg-data__TOSHIBA_J2K_OpenJPEGv2Regression.dcm",
        SYNTAXES / "pylibjpeg-data__ELSCINT1_JP2vsJ2K.dcm",
        SYNTAXES / "pylibjpeg-data__MAROTECH_CT_JP2Lossy.dcm",
        SYNTAXES / "pylibjpeg-data__JPEGLossless_1s_1f_i_16_16_bad.dcm",
        SYNTAXES / "pylibjpeg-data__JPEGLossless_1s_1f_u_16_12.dcm",
        SYNTAXES / "pylibjpeg-data__CT1_JLSN.dcm",
        SYNTAXES / "pydicom__693_J2KI.dcm",
        ODD / "pydicom-data__bad_sequence.dcm",
        ODD / "pydicom-data__explicit_VR-UN.dcm",
        *sorted((REAL_SCANS / "ingest" / "fragmented_jpeg_lossless").glob("*.dcm")),
    ],
    ids=lambda path: path.name,
)
def test_real_compressed_files_decode_as_gdcm_decodes_them(path):
    header = pydicom.dcmread(path, stop_before_pixels=True)
    slope, intercept = (float(header.get(word, default)) for word, default in _RESCALE)
    theirs = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))

    np.testing.assert_allclose(decode(path) * slope + intercept, theirs, atol=1e-3)


_RESCALE = (("RescaleSlope", 1), ("RescaleIntercept", 0))


@needs_real_scans
def test_the_real_file_with_a_signed_codestream_and_an_unsigned_header_is_refused():
    with pytest.raises(IntakeError, match="codestream"):
        decode(SYNTAXES / "pylibjpeg-data__TOSHIBA_J2K_SIZ1_PixRep0.dcm")
