"""A big-endian file has the values of its little-endian twin, loaded alone by the way that users load it."""

import numpy as np
import pydicom
import pytest
from dicom_images import ct_image, random_values
from pydicom.pixels import apply_modality_lut
from pydicom.uid import ExplicitVRBigEndian
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import read_mask, read_volume, scan_folder
from gist_imaging.io.pixel_request import request_for
from gist_imaging.io.rescale import write_slice
from gist_imaging.io.worker import shared_worker

SYNTAXES = REAL_SCANS / "transfer_syntaxes"
SINGLE_SLICE = "one slice, values only"


def as_big_endian(image, stored):
    """Swap the bytes of the pixels; words of 16 bits hold the bytes of 8-bit pixels in pairs."""
    image.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    if stored.dtype.itemsize == 1:
        raw = stored.tobytes() + b"\0" * (stored.size % 2)
        image.PixelData = np.frombuffer(raw, "<u2").astype(">u2").tobytes()
        image["PixelData"].VR = "OW"
    else:
        image.PixelData = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    return image


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"RescaleIntercept": 0},
        {"RescaleSlope": 2, "RescaleIntercept": -1000},
        {"RescaleSlope": 0.5, "RescaleIntercept": 3.25},
    ],
    ids=["intercept", "as stored", "slope", "fractions"],
)
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "i4"])
def test_a_big_endian_series_loads_as_its_little_endian_twin(tmp_path, dtype, elements):
    expected = []
    for position in range(3):
        stored = random_values(position, dtype, low=0 if dtype[0] == "u" else -200, high=201)
        image = ct_image(position, stored=stored, **elements)
        expected.append(apply_modality_lut(image.pixel_array, image))
        as_big_endian(image, stored).save_as(
            tmp_path / f"{position}", implicit_vr=False, little_endian=False, enforce_file_format=True
        )

    volume = read_volume(tmp_path)

    np.testing.assert_array_equal(volume.voxels, expected)


def test_a_slice_may_be_written_from_the_other_byte_order():
    stored = random_values(3, "i2", low=-900)
    target = np.empty(stored.shape, "i2")

    write_slice(target, stored.astype(">i2"), (1.0, -24.0))

    np.testing.assert_array_equal(target, stored - 24)


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize("name", ["pydicom__MR_small_bigendian", "pydicom__MR_small_expb"])
def test_a_real_big_endian_slice_loads_as_its_twin(name):
    alone = read_volume(SYNTAXES / f"{name}.dcm", override_reason=SINGLE_SLICE)
    twin = pydicom.dcmread(SYNTAXES / "pydicom__MR_small.dcm")

    np.testing.assert_array_equal(alone.voxels[0], twin.pixel_array)


@needs_real_scans
@pytest.mark.real
def test_a_real_big_endian_multi_frame_image_decodes_as_its_twin():
    path = SYNTAXES / "pydicom-data__emri_small_big_endian.dcm"
    (series,) = scan_folder(path).series
    requests = tuple(request_for(frame) for frame in series.frames)
    decoded = shared_worker().call("gist_imaging.io.pixels:decode_many", requests, file=path.name)
    twin = pydicom.dcmread(SYNTAXES / "pydicom-data__emri_small.dcm")

    assert all(image.dtype.isnative for image in decoded)
    np.testing.assert_array_equal(np.stack(decoded), twin.pixel_array)


@needs_real_scans
@pytest.mark.real
def test_a_real_big_endian_segmentation_holds_the_mask_of_its_twin(tmp_path):
    masks = []
    for name in ("liver_expb_1frame", "liver_1frame"):
        document = pydicom.dcmread(SYNTAXES / f"pydicom__{name}.dcm")
        # The files describe three frames and hold one.
        document.PerFrameFunctionalGroupsSequence = document.PerFrameFunctionalGroupsSequence[:1]
        document.save_as(tmp_path / name)
        masks.append(read_mask(tmp_path / name).voxels)

    np.testing.assert_array_equal(*masks)
    assert masks[0].any()
