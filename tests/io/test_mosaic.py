"""Mosaics are unfolded where nibabel's independent reader puts them."""

import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
from nibabel.nicom import csareader, dicomwrappers
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import load_series, scan_folder
from gist_imaging.io.csa import csa_numbers, csa_values
from gist_imaging.io.dataset_facts import facts_of
from gist_imaging.io.mosaic import tile_of

SIEMENS = REAL_SCANS / "ingest" / "mosaic" / "siemens_ep2d"
UNITED = REAL_SCANS / "ingest" / "mosaic" / "uih_dti"
STRIPPED = REAL_SCANS / "broken_or_odd" / "nibabel__csa_slice_norm.dcm"


def test_tiles_follow_the_rows_of_the_mosaic():
    mosaic = np.arange(6 * 8).reshape(6, 8)

    np.testing.assert_array_equal(tile_of(mosaic, 4, 3, (3, 2)), mosaic[3:6, 2:4])


@needs_real_scans
def test_a_siemens_mosaic_lies_where_nibabel_puts_it_with_the_same_values():
    path = SIEMENS / "IM-0001-0001.dcm"
    wrapper = dicomwrappers.wrapper_from_file(path)
    volumes = scan_folder(SIEMENS).volumes
    volume = next(load_series(s) for s in volumes if s.frames[0].path == path)

    # nibabel's array runs (row, column, slice).
    np.testing.assert_array_equal(volume.voxels, np.moveaxis(wrapper.get_data(), 2, 0))
    for k, j, i in [(0, 0, 0), (35, 0, 0), (11, 50, 3), (7, 63, 63)]:
        # This reader of nibabel stays in DICOM's own frame (LPS).
        there = (wrapper.affine @ [j, i, k, 1])[:3]
        np.testing.assert_allclose(volume.geometry.to_patient((k, j, i)), there, atol=1e-3)


@needs_real_scans
def test_a_mosaic_whose_slices_run_against_the_normal_is_put_in_order():
    dataset = pydicom.dcmread(STRIPPED)
    wrapper = dicomwrappers.wrapper_from_data(dataset)
    frames = facts_of(dataset, Path("a"), "a")

    assert len(frames) == wrapper.n_mosaic
    np.testing.assert_allclose(frames[0].position_mm, wrapper.image_position, atol=1e-3)


@needs_real_scans
def test_the_csa_header_is_read_as_nibabel_reads_it():
    dataset = pydicom.dcmread(SIEMENS / "IM-0001-0001.dcm", stop_before_pixels=True)
    theirs = csareader.get_csa_header(dataset)["tags"]

    for name in ("SliceNormalVector", "NumberOfImagesInMosaic", "MosaicRefAcqTimes", "PixelSpacing"):
        assert csa_numbers(dataset, name) == tuple(float(x) for x in theirs[name]["items"] if x != "")


@needs_real_scans
def test_a_united_imaging_mosaic_takes_the_position_of_each_slice():
    dataset = pydicom.dcmread(UNITED / "00000001.dcm", stop_before_pixels=True)
    stated = [part.ImagePositionPatient for part in dataset[0x0065, 0x1051].value]
    frames = facts_of(dataset, Path("a"), "a")

    assert [frame.position_mm for frame in frames] == [tuple(map(float, place)) for place in stated]
    assert {(frame.rows, frame.columns) for frame in frames} == {(64, 64)}


@pytest.mark.parametrize(
    "header", [b"SV10\4\3\2\1" + b"\xff" * 8, b"\2\0\0\0M\0\0\0" + b"x" * 40, b"\0" * 100]
)
def test_a_broken_csa_header_ends_in_an_error_and_no_loop(header):
    with pytest.raises((ValueError, struct.error)):
        csa_values(header)
