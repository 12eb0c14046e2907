from __future__ import annotations

import csv
import gzip

import nibabel
import numpy as np
import pytest
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging.errors import GeometryError, IntakeError, MaskError
from gist_imaging.io.labels import choose_label
from gist_imaging.io.nifti import read_nifti_labels, read_nifti_volume
from gist_imaging.io.nrrd import read_nrrd_labels
from gist_imaging.problems import Code
from gist_imaging.spatial import Geometry

GRID = oblique_geometry(shape=(4, 5, 6), frame_uid=None)
VALUES = np.arange(120, dtype=np.int16).reshape(4, 5, 6) - 40


def ras_affine(geometry: Geometry) -> np.ndarray:
    """Index (i, j, k) to RAS mm, as the format wants it."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine[:, [2, 1, 0, 3]]


def image(values=VALUES, geometry=GRID, kind=nibabel.Nifti1Image, affine=None):
    made = kind(np.ascontiguousarray(values.T), ras_affine(geometry) if affine is None else affine)
    made.header.set_xyzt_units("mm")
    return made


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image], ids=["NIfTI-1", "NIfTI-2"])
def test_values_and_places_are_those_that_were_written(tmp_path, name, kind):
    nibabel.save(image(kind=kind), tmp_path / name)
    volume = read_nifti_volume(tmp_path / name)

    np.testing.assert_array_equal(volume.voxels, VALUES)
    assert volume.voxels.dtype == np.int16
    assert volume.geometry.matches(GRID, tol_mm=1e-4)


def test_a_lopsided_mark_lies_where_nibabel_says(tmp_path):
    values = np.zeros((4, 5, 6), dtype=np.uint8)
    values[3, 0, 5] = 1
    nibabel.save(image(values), tmp_path / "mask.nii.gz")
    read = nibabel.load(tmp_path / "mask.nii.gz")
    ijk = np.argwhere(np.asarray(read.dataobj))[0]
    left, posterior, superior = (read.affine @ [*ijk, 1])[:3] * (-1, -1, 1)

    labels = read_nifti_labels(tmp_path / "mask.nii.gz")
    found = labels.geometry.to_patient(np.argwhere(labels.voxels)[0])
    np.testing.assert_allclose(found, (left, posterior, superior), atol=1e-4)


def test_big_endian_files_are_read(tmp_path):
    made = image()
    swapped = nibabel.Nifti1Image(
        np.ascontiguousarray(VALUES.T).astype(">i2"), made.affine, header=made.header.as_byteswapped(">")
    )
    nibabel.save(swapped, tmp_path / "scan.nii")

    volume = read_nifti_volume(tmp_path / "scan.nii")
    np.testing.assert_array_equal(volume.voxels, VALUES)
    assert volume.voxels.dtype.isnative


def test_slope_and_intercept_are_applied(tmp_path):
    made = image()
    made.header.set_slope_inter(0.5, -10.0)
    nibabel.save(made, tmp_path / "scan.nii.gz")
    stored = nibabel.load(tmp_path / "scan.nii.gz")

    np.testing.assert_allclose(read_nifti_volume(tmp_path / "scan.nii.gz").voxels, stored.get_fdata().T)


@pytest.mark.parametrize(("unit", "factor"), [("meter", 0.001), ("micron", 1000.0), ("unknown", 1.0)])
def test_units_of_length_become_millimetres(tmp_path, unit, factor):
    affine = ras_affine(GRID)
    affine[:3] *= factor
    made = image(affine=affine)
    made.header.set_xyzt_units(unit)
    nibabel.save(made, tmp_path / "scan.nii")

    assert read_nifti_volume(tmp_path / "scan.nii").geometry.matches(GRID, tol_mm=1e-3)


def test_the_sform_counts_and_the_qform_where_there_is_none(tmp_path):
    made = image()
    made.set_qform(ras_affine(GRID), code=1)
    made.set_sform(None, code=0)
    nibabel.save(made, tmp_path / "qform.nii")
    made = image()
    made.set_qform(None, code=0)
    nibabel.save(made, tmp_path / "sform.nii")

    for name in ("qform.nii", "sform.nii"):
        assert read_nifti_volume(tmp_path / name).geometry.matches(GRID, tol_mm=1e-3)


def test_a_file_that_does_not_say_where_it_lies_is_refused_with_advice(tmp_path):
    made = image()
    made.set_sform(None, code=0)
    made.set_qform(None, code=0)
    nibabel.save(made, tmp_path / "scan.nii")

    with pytest.raises(GeometryError, match=r"codes are both 0.*dcm2niix"):
        read_nifti_volume(tmp_path / "scan.nii")


def test_sform_and_qform_that_contradict_each_other_are_refused(tmp_path):
    made = image()
    moved = ras_affine(GRID)
    moved[0, 3] += 0.2
    made.set_sform(moved, code=1)
    made.set_qform(ras_affine(GRID), code=1)
    nibabel.save(made, tmp_path / "scan.nii")

    with pytest.raises(GeometryError, match=r"corners lie up to 0\.2 apart"):
        read_nifti_volume(tmp_path / "scan.nii")


def test_a_sheared_sform_is_refused(tmp_path):
    affine = ras_affine(GRID)
    affine[:3, 2] += 0.2 * affine[:3, 1]
    made = image()
    made.set_qform(None, code=0)
    made.set_sform(affine, code=1)
    nibabel.save(made, tmp_path / "scan.nii")

    with pytest.raises(GeometryError, match=r"scan\.nii: .*right angles"):
        read_nifti_volume(tmp_path / "scan.nii")


def test_four_dimensions_are_read_when_they_hold_one_volume(tmp_path):
    four = nibabel.Nifti1Image(np.ascontiguousarray(VALUES.T)[..., np.newaxis], ras_affine(GRID))
    nibabel.save(four, tmp_path / "one.nii.gz")
    two = nibabel.Nifti1Image(np.stack([VALUES.T] * 2, axis=-1), ras_affine(GRID))
    nibabel.save(two, tmp_path / "two.nii.gz")

    np.testing.assert_array_equal(read_nifti_volume(tmp_path / "one.nii.gz").voxels, VALUES)
    with pytest.raises(GeometryError, match="6 x 5 x 4 x 2"):
        read_nifti_volume(tmp_path / "two.nii.gz")


def test_labels_stored_as_whole_floats_are_labels(tmp_path):
    nibabel.save(image((VALUES > 50).astype(np.float32) * 2), tmp_path / "mask.nii.gz")

    labels = read_nifti_labels(tmp_path / "mask.nii.gz")
    assert labels.voxels.dtype == np.uint16
    assert labels.present == {2: int((VALUES > 50).sum())}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (VALUES * 0.5, "whole numbers"),
        (VALUES.astype(np.int16), "from 0 to 65535"),
        (np.arange(512, dtype=np.int16).reshape(8, 8, 8), "512 different values"),
    ],
    ids=["fractions", "negative values", "an image"],
)
def test_an_image_given_as_a_mask_is_refused_with_a_question(tmp_path, values, words):
    nibabel.save(image(values), tmp_path / "mask.nii")

    with pytest.raises(MaskError, match=words):
        read_nifti_labels(tmp_path / "mask.nii")


def test_colours_are_refused(tmp_path):
    rgb = np.zeros((6, 5, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(rgb, ras_affine(GRID)), tmp_path / "rgb.nii")

    with pytest.raises(IntakeError, match="one number a voxel"):
        read_nifti_volume(tmp_path / "rgb.nii")


def test_a_header_without_its_voxels_is_refused(tmp_path):
    nibabel.save(image(kind=nibabel.Nifti1Pair), tmp_path / "pair.hdr")

    with pytest.raises(IntakeError, match="in two"):
        read_nifti_volume(tmp_path / "pair.hdr")


@pytest.mark.parametrize("packed", [False, True], ids=["nii", "nii.gz"])
def test_a_file_that_ends_too_early_is_refused(tmp_path, packed):
    nibabel.save(image(), tmp_path / "whole.nii")
    cut = (tmp_path / "whole.nii").read_bytes()[:-7]
    (tmp_path / "cut.nii").write_bytes(gzip.compress(cut) if packed else cut)

    with pytest.raises(IntakeError) as refused:
        read_nifti_volume(tmp_path / "cut.nii")
    assert refused.value.code is Code.TRUNCATED


def test_a_packed_file_whose_bits_rotted_is_refused(tmp_path):
    nibabel.save(image(), tmp_path / "whole.nii")
    packed = bytearray(gzip.compress((tmp_path / "whole.nii").read_bytes(), compresslevel=0))
    packed[-40] ^= 1
    (tmp_path / "rotten.nii.gz").write_bytes(packed)

    with pytest.raises(IntakeError) as refused:
        read_nifti_volume(tmp_path / "rotten.nii.gz")
    assert refused.value.code is Code.TRUNCATED


def test_a_small_file_that_claims_a_huge_grid_is_refused_before_it_unpacks(tmp_path):
    made = image()
    nibabel.save(made, tmp_path / "small.nii")
    header = bytearray((tmp_path / "small.nii").read_bytes())
    header[42:48] = np.array([30_000, 30_000, 300], dtype="<i2").tobytes()
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(header))

    with pytest.raises(IntakeError) as refused:
        read_nifti_volume(tmp_path / "bomb.nii.gz")
    assert refused.value.code is Code.LIMIT_MEMORY


@needs_real_scans
@pytest.mark.real
def test_every_real_mask_has_the_voxels_that_are_known():
    with (REAL_SCANS / "FACTS_labels.csv").open() as facts:
        rows = list(csv.DictReader(facts))
    for row in rows:
        path = REAL_SCANS / row["mask"]
        labels = read_nrrd_labels(path) if path.suffix == ".nrrd" else read_nifti_labels(path)
        voxels, chosen = choose_label(labels, int(row["label"]), path.name)

        assert (int(voxels.sum()), chosen) == (int(row["voxels"]), int(row["label"])), row["mask"]
        assert "x".join(str(n) for n in labels.geometry.shape[::-1]) == row["size_xyz"]
        stated = [float(mm) for mm in row["spacing_xyz_mm"].split("x")]
        assert labels.geometry.spacing_mm[::-1] == pytest.approx(stated, abs=6e-5)
    assert len(rows) == 34
