"""A series becomes a volume with exactly the values that its files state, or is refused by name."""

import os
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from dicom_images import SHAPE, ct_image, random_values, real_world, save, save_stack
from pydicom.pixels import apply_modality_lut
from pydicom.uid import JPEGLSLossless, RLELossless
from slices import MR_IMAGE, ct_stack

from gist_imaging import Quantity, load_series, read_volume, scan_folder
from gist_imaging.errors import Cancelled, IdentityError, IntakeError, SeriesError
from gist_imaging.io.dicom_load import identify
from gist_imaging.io.identity import identity_of
from gist_imaging.problems import Code
from gist_imaging.study.series import PatientIdentity
from gist_imaging.study.split import assemble

AS_MR = {
    "Modality": "MR",
    "SOPClassUID": MR_IMAGE,
    "RescaleSlope": None,
    "RescaleIntercept": None,
    "RescaleType": None,
    "ImageType": ["ORIGINAL", "PRIMARY", "M"],
}


def only_series(folder):
    (series,) = scan_folder(folder).series
    return series


def expected_values(folder):
    """What pydicom says, in the order of the slices."""
    images = sorted((pydicom.dcmread(path) for path in folder.iterdir()), key=lambda i: i.InstanceNumber)
    return np.stack([apply_modality_lut(image.pixel_array, image) for image in images])


def test_a_ct_becomes_hounsfield_units_on_its_oblique_grid(tmp_path):
    folder = save_stack(tmp_path / "ct")
    series = only_series(folder)
    volume = load_series(series)

    np.testing.assert_array_equal(volume.voxels, expected_values(folder))
    assert volume.voxels.dtype == np.int16
    assert volume.quantity is Quantity.HU
    assert volume.modality == "CT"
    assert volume.slice_thickness_mm == pytest.approx(3.3)
    np.testing.assert_allclose(volume.geometry.spacing_mm, (3.3, 0.7, 0.9), rtol=1e-6)
    np.testing.assert_allclose(volume.geometry.origin_mm, series.frames[0].position_mm)
    assert volume.sop_uids == tuple(frame.sop_instance_uid for frame in series.frames)


@pytest.mark.parametrize(
    ("dtype", "low", "high", "elements", "volume_dtype"),
    [
        ("u2", 0, 4096, {"BitsStored": 12, "HighBit": 11}, "i2"),
        ("u2", 0, 33000, {}, "i2"),
        ("u2", 0, 65536, {}, "i4"),
        ("i2", -2000, 3000, {"RescaleIntercept": 0}, "i2"),
        ("i2", -32768, 32767, {"RescaleIntercept": -1000}, "i4"),
        ("u1", 0, 256, {"RescaleIntercept": 7}, "i2"),
        ("u2", 0, 4096, {"RescaleSlope": 3, "RescaleIntercept": -1000}, "i4"),
        ("u2", 0, 900, {"BitsStored": 10, "HighBit": 9, "RescaleSlope": 2}, "i2"),
        ("u2", 0, 4096, {"RescaleSlope": 0.25, "RescaleIntercept": 3.5}, "f4"),
        ("u4", 0, 2**31, {}, "f8"),
    ],
)
def test_values_are_those_of_pydicom_in_the_smallest_exact_type(
    tmp_path, dtype, low, high, elements, volume_dtype
):
    for position in range(3):
        stored = random_values(position, dtype, low, high) if dtype != "u4" else _large(position)
        save(ct_image(position, stored, **elements), tmp_path / f"{position}")
    volume = load_series(only_series(tmp_path))

    assert volume.voxels.dtype == np.dtype(volume_dtype)
    np.testing.assert_array_equal(volume.voxels, expected_values(tmp_path).astype(volume_dtype), strict=True)


def _large(seed):
    return np.random.default_rng(seed).integers(0, 2**30, SHAPE).astype("u4")


@pytest.mark.parametrize(("dtype", "dirt"), [("u2", 0xF000), ("i2", 0x7000)])
def test_bits_above_bits_stored_do_not_reach_the_values(tmp_path, dtype, dirt):
    clean = random_values(1, dtype, 0 if dtype == "u2" else -2048, 2048)
    dirty = (clean.view("u2") ^ np.uint16(dirt)).view(dtype)
    for position in range(2):
        save(ct_image(position, dirty, BitsStored=12, HighBit=11), tmp_path / f"{position}")
    volume = load_series(only_series(tmp_path))

    np.testing.assert_array_equal(volume.voxels[0], clean.astype(int) - 1024)
    np.testing.assert_array_equal(volume.voxels, expected_values(tmp_path))


def test_each_slice_has_its_own_rescale(tmp_path):
    for position in range(4):
        image = ct_image(position, RescaleSlope=1 + 0.5 * position, RescaleIntercept=-10 * position)
        save(image, tmp_path / f"{position}")
    series = only_series(tmp_path)

    np.testing.assert_array_equal(load_series(series).voxels, expected_values(tmp_path).astype(np.float32))
    assert {problem.code for problem in series.problems} == {Code.MIXED_RESCALE}


def test_slices_of_both_signs_come_out_right(tmp_path):
    for position in range(4):
        dtype = "i2" if position % 2 else "u2"
        save(ct_image(position, random_values(position, dtype)), tmp_path / f"{position}")
    series = only_series(tmp_path)

    np.testing.assert_array_equal(load_series(series).voxels, expected_values(tmp_path))
    assert {problem.code for problem in series.problems} == {Code.MIXED_PIXEL_FORMAT}


def test_compressed_zipped_and_plain_files_give_one_volume(tmp_path):
    plain = save_stack(tmp_path / "plain")
    packed = tmp_path / "packed"
    packed.mkdir()
    for path in plain.iterdir():
        image = pydicom.dcmread(path)
        image.compress(RLELossless, generate_instance_uid=False)
        image.save_as(packed / path.name)
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        for path in plain.iterdir():
            archive.write(path, path.name)
    expected = load_series(only_series(plain))

    for found in (packed, tmp_path / "scan.zip"):
        volume = load_series(only_series(found))
        np.testing.assert_array_equal(volume.voxels, expected.voxels)
        assert volume.sha256() == expected.sha256()


def test_a_large_series_is_read_by_several_threads_alike(tmp_path):
    matrix = np.random.default_rng(0).integers(0, 4096, (512, 512)).astype("u2")
    for position in range(40):
        save(ct_image(position, np.roll(matrix, position)), tmp_path / f"{position:02d}")
    told = []
    volume = load_series(only_series(tmp_path), progress=lambda done, total: told.append((done, total)))

    assert volume.voxels.nbytes > 16 * 2**20
    for position in range(40):
        np.testing.assert_array_equal(volume.voxels[position], np.roll(matrix, position).astype(int) - 1024)
    assert told == [(16, 40), (32, 40), (40, 40)]


@pytest.mark.slow
def test_a_large_compressed_series_is_decoded_by_two_processes_alike(tmp_path):
    matrix = np.random.default_rng(0).integers(1000, 1064, (1024, 1024)).astype("u2")
    for position in range(33):
        image = ct_image(position, np.roll(matrix, position))
        image.compress(JPEGLSLossless, generate_instance_uid=False)
        save(image, tmp_path / f"{position:02d}")
    told = []
    volume = load_series(only_series(tmp_path), progress=lambda done, total: told.append(done))

    assert volume.voxels.nbytes >= 64 * 2**20
    for position in range(33):
        np.testing.assert_array_equal(volume.voxels[position], np.roll(matrix, position).astype(int) - 1024)
    assert told == [*range(4, 33, 4), 33]


def test_magnetic_resonance_has_no_unit(tmp_path):
    volume = load_series(only_series(save_stack(tmp_path / "mr", **AS_MR)))

    assert volume.quantity is Quantity.ARBITRARY


def test_a_stated_diffusion_scale_gives_adc_in_thousandths(tmp_path):
    folder = save_stack(
        tmp_path / "adc", RealWorldValueMappingSequence=[real_world("um2/s", 1.0, 0.0)], **AS_MR
    )
    volume = load_series(only_series(folder))
    stored = np.stack([random_values(position) for position in range(5)])

    assert volume.quantity is Quantity.ADC
    np.testing.assert_allclose(volume.voxels, stored / 1000, rtol=1e-6)


@pytest.mark.parametrize(
    ("rescale_type", "quantity"),
    [(None, Quantity.HU), ("HU", Quantity.HU), ("US", Quantity.ARBITRARY), ("MGML", Quantity.ARBITRARY)],
)
def test_ct_is_in_hounsfield_units_unless_it_says_otherwise(rescale_type, quantity):
    (series,) = assemble(ct_stack(rescale_type=rescale_type))

    assert identify(series) is quantity


def test_a_series_of_two_patients_loads_with_a_reason_only(tmp_path):
    folder = save_stack(tmp_path / "ct")
    save(ct_image(5, PatientID="MARKER-2"), folder / "0006")
    series = only_series(folder)

    with pytest.raises(IdentityError, match="they differ in PatientID; are these the same") as asked:
        load_series(series)
    with pytest.raises(IdentityError, match="--override-reason"):
        read_volume(folder)
    volume = read_volume(folder, override_reason="one patient, renamed in the archive")

    assert "MARKER" not in str(asked.value)
    assert pickle.loads(pickle.dumps(asked.value)).in_series
    assert [override.code for override in volume.overrides] == [Code.MIXED_FRAME_OF_REFERENCE]


def test_who_was_scanned_is_asked_when_the_slices_differ(tmp_path):
    folder = save_stack(tmp_path / "ct", PatientSex="F")
    save(ct_image(5, PatientID="MARKER-2", PatientSex="F"), folder / "0006")

    with pytest.raises(IdentityError, match="PatientID"):
        identity_of(folder)
    assert identity_of(folder, reason="one patient, renamed") == PatientIdentity("", "", "F")


def test_an_error_of_the_gate_blocks_and_an_override_travels_with_the_volume(tmp_path):
    folder = save_stack(tmp_path / "ct", count=9)
    (folder / "0005").unlink()
    series = only_series(folder)

    with pytest.raises(SeriesError, match="MISSING_SLICES"):
        load_series(series)
    volume = load_series(series, override_reason="the hole lies far from the tumour")

    assert volume.voxels.shape[0] == 9
    assert [o.code for o in volume.overrides] == [Code.MISSING_SLICES]
    assert volume.overrides[0].reason.startswith("the hole lies far from the tumour [1 of 9 slices")
    assert {problem.code for problem in volume.problems} == {Code.INSTANCE_NUMBER_GAPS}


def test_a_ct_without_rescale_gives_stored_values_when_overridden_and_no_hounsfield_units(tmp_path):
    folder = save_stack(tmp_path / "ct", RescaleSlope=None, RescaleIntercept=None)
    volume = load_series(only_series(folder), override_reason="shape only")

    assert volume.quantity is Quantity.ARBITRARY
    np.testing.assert_array_equal(volume.voxels[0], random_values(0))


def test_what_has_no_grid_cannot_be_overridden(tmp_path):
    series = only_series(save_stack(tmp_path / "ct", PixelSpacing=None))

    with pytest.raises(SeriesError, match="cannot be overridden"):
        load_series(series, override_reason="please")


def test_a_picture_is_no_volume_whatever_the_reason(tmp_path):
    folder = save_stack(tmp_path / "scout", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])

    with pytest.raises(SeriesError, match="SCOUT"):
        load_series(only_series(folder), override_reason="please")


def test_one_slice_can_be_loaded_and_says_that_it_is_one(tmp_path):
    volume = load_series(only_series(save_stack(tmp_path / "ct", count=1)))

    assert volume.voxels.shape == (1, *SHAPE)
    assert {problem.code for problem in volume.problems} == {Code.SINGLE_SLICE}


def test_a_file_that_became_another_one_is_refused(tmp_path):
    folder = save_stack(tmp_path / "ct")
    series = only_series(folder)
    save(ct_image(3, SOPInstanceUID="1.2.826.0.1.3680043.8.498.7.9"), folder / "0002")

    with pytest.raises(IntakeError) as refused:
        load_series(series)
    assert refused.value.code is Code.BAD_VALUE
    assert refused.value.problem.file == "0002"


@pytest.mark.parametrize("syntax", [None, RLELossless], ids=["plain", "compressed"])
def test_a_file_of_the_same_size_and_uid_that_was_written_since_is_refused(tmp_path, syntax):
    for position in range(3):
        image = ct_image(position)
        if syntax:
            image.compress(syntax, generate_instance_uid=False)
        save(image, tmp_path / f"{position}")
    series = only_series(tmp_path)
    assert load_series(series).voxels.shape[0] == 3
    written = (tmp_path / "1").stat()
    os.utime(tmp_path / "1", ns=(written.st_atime_ns, written.st_mtime_ns + 1_000_000))

    with pytest.raises(IntakeError, match="changed since it was indexed"):
        load_series(series)


def test_the_window_is_the_one_that_the_files_suggest_and_none_where_one_does_not(tmp_path):
    """DICOM PS3.3 C.11.2.1.2: in rescaled values; of several the first is the default."""
    one = save_stack(tmp_path / "one", WindowCenter="40\\600", WindowWidth="400\\1600")
    each = save_stack(tmp_path / "each", WindowCenter="40", WindowWidth="400")
    save(ct_image(5, WindowCenter="60", WindowWidth="300"), each / "0006")
    some = save_stack(tmp_path / "some", WindowCenter="40", WindowWidth="400")
    save(ct_image(5), some / "0006")

    assert load_series(only_series(one)).window == (40.0, 400.0)
    assert load_series(only_series(each)).window == (40.0, 400.0)
    assert load_series(only_series(some)).window is None


def test_a_tube_voltage_that_all_slices_share_is_that_of_the_volume(tmp_path):
    one = load_series(only_series(save_stack(tmp_path / "one", KVP="120")))
    several = save_stack(tmp_path / "several", KVP="120")
    save(ct_image(5, KVP="100"), several / "0006")
    compressed = ct_image(KVP="80")
    compressed.compress(RLELossless, generate_instance_uid=False)
    save(compressed, tmp_path / "compressed")

    assert one.kvp == 120.0
    assert load_series(only_series(several)).kvp is None
    assert load_series(only_series(save_stack(tmp_path / "none"))).kvp is None
    assert load_series(only_series(tmp_path / "compressed")).kvp == 80.0


def test_a_file_that_was_cut_since_is_refused(tmp_path):
    folder = save_stack(tmp_path / "ct")
    series = only_series(folder)
    os.truncate(folder / "0002", (folder / "0002").stat().st_size - 100)

    with pytest.raises(IntakeError) as refused:
        load_series(series)
    assert refused.value.code is Code.TRUNCATED


def test_a_file_that_is_gone_is_refused(tmp_path):
    folder = save_stack(tmp_path / "ct")
    series = only_series(folder)
    (folder / "0003").unlink()

    with pytest.raises(IntakeError):
        load_series(series)


def test_loading_stops_when_asked_to(tmp_path):
    series = only_series(save_stack(tmp_path / "ct"))

    with pytest.raises(Cancelled):
        load_series(series, cancelled=lambda: True)


def test_frames_of_one_file_are_read_one_by_one(tmp_path):
    series = only_series(save_stack(tmp_path / "ct", count=3))
    stored = np.stack([random_values(seed) for seed in (7, 8, 9)])
    path = save(ct_image(0, stored, NumberOfFrames=3), tmp_path / "multi")
    offset = path.read_bytes().index(stored.tobytes())
    frames = tuple(
        replace(
            frame,
            path=path,
            frame=2 - position,
            n_frames=3,
            sop_instance_uid="1.2.826.0.1.3680043.8.498.7.1",
            pixel_offset=offset,
            modified_ns=None,
        )
        for position, frame in enumerate(series.frames)
    )
    volume = load_series(replace(series, frames=frames))

    np.testing.assert_array_equal(volume.voxels, stored[::-1].astype(int) - 1024)
