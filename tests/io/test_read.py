from __future__ import annotations

import csv
import hashlib
import zipfile
from dataclasses import replace

import nibabel
import numpy as np
import pytest
from mask_files import TRACKING_ROOT, outlines_mm, write_rtstruct, write_seg, write_series
from strategies import REAL_SCANS, needs_real_scans, oblique_geometry

from gist_imaging.errors import (
    GistImagingError,
    IdentityError,
    IntakeError,
    MaskError,
    SeriesError,
)
from gist_imaging.io.identity import identity_of, same_patient
from gist_imaging.io.read import read_mask, read_volume
from gist_imaging.spatial import Geometry, Quantity, Volume
from gist_imaging.study import PatientIdentity

GRID = oblique_geometry(shape=(6, 9, 11))
VALUES = np.random.default_rng(2).integers(-500, 900, GRID.shape).astype(np.int16)
INSIDE = np.random.default_rng(1).random(GRID.shape) < 0.3
IMAGE = Volume(VALUES, GRID, series_uid="1.2.3", modality="MR")


def write_nifti(path, values, geometry: Geometry = GRID):
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine[:, [2, 1, 0, 3]]
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(values.T), affine), path)
    return path


def moved(indices: tuple[float, float, float]) -> Geometry:
    affine = GRID.affine.copy()
    affine[:3, 3] = GRID.to_patient(indices)
    return replace(GRID, affine=affine)


@pytest.mark.parametrize("form", ["nifti", "seg", "rtstruct"])
def test_every_format_gives_the_same_mask_on_the_image(tmp_path, form):
    path = tmp_path / "mask"
    if form == "nifti":
        path = write_nifti(tmp_path / "mask.nii.gz", INSIDE.astype(np.uint8))
    elif form == "seg":
        write_seg(path, {1: INSIDE}, GRID)
    else:
        write_rtstruct(path, {"GTV": outlines_mm(INSIDE, GRID)}, GRID.frame_uid)
    mask = read_mask(path, like=IMAGE, structure="tumour", lesion_id="P001/L1")

    np.testing.assert_array_equal(mask.voxels, INSIDE)
    assert mask.geometry is IMAGE.geometry
    assert (mask.structure, mask.lesion_id) == ("tumour", "P001/L1")
    assert mask.provenance.method == {"seg": "file:dicom_seg"}.get(form, f"file:{form}")
    assert mask.provenance.parameters["resampled"] is False


def test_provenance_holds_the_hash_of_the_file_and_never_its_path(tmp_path):
    path = write_nifti(tmp_path / "DOE_JANE.nii.gz", INSIDE.astype(np.uint8))
    provenance = read_mask(path, like=IMAGE).provenance

    assert provenance.inputs == (f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",)
    assert "DOE" not in str(provenance.to_json())


def test_a_format_is_told_by_content_not_by_name(tmp_path):
    path = write_nifti(tmp_path / "mask.nii.gz", INSIDE.astype(np.uint8)).rename(tmp_path / "IMG0001.dcm")

    assert read_mask(path, like=IMAGE).n_voxels == INSIDE.sum()


def test_a_mask_keeps_its_own_grid_without_an_image(tmp_path):
    path = write_nifti(tmp_path / "mask.nii.gz", INSIDE.astype(np.uint8))
    mask = read_mask(path)

    assert mask.geometry.matches(GRID, tol_mm=1e-4)
    seg = read_mask(write_seg(tmp_path / "seg.dcm", {1: INSIDE}, GRID))
    assert seg.geometry.matches(GRID, tol_mm=1e-3)


def test_contours_without_an_image_are_refused(tmp_path):
    path = write_rtstruct(tmp_path / "rs.dcm", {"GTV": outlines_mm(INSIDE, GRID)}, GRID.frame_uid)

    with pytest.raises(MaskError, match="contours need a grid"):
        read_mask(path)


def test_one_label_is_taken_and_several_are_listed(tmp_path):
    two = INSIDE.astype(np.uint8)
    two[5] *= 3
    path = write_nifti(tmp_path / "mask.nii.gz", two)
    n_one, n_three = int((two == 1).sum()), int((two == 3).sum())

    with pytest.raises(MaskError, match=f"it holds 1: {n_one} voxels, 3: {n_three} voxels; choose one"):
        read_mask(path, like=IMAGE)
    assert read_mask(path, like=IMAGE, label=3).n_voxels == n_three
    assert read_mask(path, like=IMAGE, label="3").n_voxels == n_three
    with pytest.raises(MaskError, match=r"label 2; it holds 1: .*3: "):
        read_mask(path, like=IMAGE, label=2)
    with pytest.raises(MaskError, match="label 0"):
        read_mask(path, like=IMAGE, label=0)


@pytest.mark.parametrize("label", [None, 1])
def test_a_file_of_zeros_is_the_empty_mask_of_a_complete_response(tmp_path, label):
    path = write_nifti(tmp_path / "mask.nii.gz", np.zeros(GRID.shape, dtype=np.uint8))
    mask = read_mask(path, like=IMAGE, label=label)

    assert mask.is_empty
    assert mask.geometry is IMAGE.geometry


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (moved((0.0, 0.0, 1.0)), r"its first voxel is shifted by 0\.90 mm"),
        (moved((1.0, 0.0, 0.0)), r"its first voxel is shifted by 3\.30 mm"),
        (
            oblique_geometry(GRID.shape, flips=(1, 1, -1)),
            r"flipped: its columns \(i\) run the other way",
        ),
        (oblique_geometry(GRID.shape, flips=(-1, -1, 1)), r"flipped: its slices \(k\) and rows \(j\)"),
        (oblique_geometry(GRID.shape, spacing_mm=(3.3, 0.7, 0.7)), "its voxels are"),
        (oblique_geometry(GRID.shape, angles_deg=(17.0, -9.0, 31.0)), "its axes are turned"),
    ],
    ids=["shifted by a pixel", "shifted by a slice", "mirrored", "turned over", "other pixels", "turned"],
)
def test_a_mask_that_does_not_lie_on_its_image_is_refused_with_the_reason(tmp_path, grid, words):
    path = write_nifti(tmp_path / "mask.nii.gz", INSIDE.astype(np.uint8), grid)

    with pytest.raises(MaskError, match=words):
        read_mask(path, like=IMAGE)


def test_a_cropped_mask_is_refused_by_its_shape_and_exact_when_resampled(tmp_path):
    path = write_nifti(
        tmp_path / "mask.nii.gz", INSIDE[1:5, 2:8, 3:].astype(np.uint8), GRID.crop((1, 2, 3), (4, 6, 8))
    )

    with pytest.raises(MaskError, match=r"\(4, 6, 8\) against \(6, 9, 11\)"):
        read_mask(path, like=IMAGE)
    mask = read_mask(path, like=IMAGE, resample=True)
    np.testing.assert_array_equal(mask.voxels[1:5, 2:8, 3:], INSIDE[1:5, 2:8, 3:])
    assert mask.n_voxels == INSIDE[1:5, 2:8, 3:].sum()
    assert mask.provenance.parameters["resampled"] is True


def test_the_same_voxels_stored_in_another_order_lie_on_the_image(tmp_path):
    affine = GRID.affine.copy()
    affine[:3, 3] += affine[:3, 1] * (GRID.shape[1] - 1)
    affine[:3, 1] *= -1
    path = write_nifti(
        tmp_path / "mask.nii.gz", INSIDE[:, ::-1].astype(np.uint8), replace(GRID, affine=affine)
    )

    np.testing.assert_array_equal(read_mask(path, like=IMAGE).voxels, INSIDE)


def test_a_structure_that_leaves_the_image_is_not_cut_by_resampling(tmp_path):
    path = write_nifti(tmp_path / "mask.nii.gz", np.ones(GRID.shape, dtype=np.uint8), moved((0.5, 0.0, 3.0)))

    with pytest.raises(MaskError, match=r"mask\.nii\.gz: a structure inside the image; \d+ of 594"):
        read_mask(path, like=IMAGE, resample=True)


@pytest.mark.parametrize("resample", [False, True])
def test_a_segmentation_of_another_frame_is_refused_even_when_resampling(tmp_path, resample):
    path = write_seg(tmp_path / "seg.dcm", {1: INSIDE}, replace(GRID, frame_uid="1.2.9"))

    with pytest.raises(MaskError, match="another frame of reference"):
        read_mask(path, like=IMAGE, resample=resample)


def test_a_segmentation_between_the_slices_is_resampled_only_when_asked(tmp_path):
    voxels = np.zeros(GRID.shape, dtype=bool)
    voxels[1:4, 2:7, 3:8] = True
    path = write_seg(tmp_path / "seg.dcm", {1: voxels}, moved((0.25, 0.0, 0.0)))

    with pytest.raises(MaskError, match="off the slices"):
        read_mask(path, like=IMAGE)
    np.testing.assert_array_equal(read_mask(path, like=IMAGE, resample=True).voxels, voxels)


def test_a_segment_is_chosen_by_number_name_or_tracking_uid(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", {1: INSIDE, 2: ~INSIDE}, GRID)

    for label in (2, "2", "part 2", f"{TRACKING_ROOT}.2"):
        np.testing.assert_array_equal(read_mask(path, like=IMAGE, label=label).voxels, ~INSIDE)


def test_an_image_given_as_a_mask_is_refused_with_advice(tmp_path):
    folder = write_series(tmp_path / "scan", VALUES, GRID)

    with pytest.raises(MaskError, match="found modality MR; give the mask here"):
        read_mask(folder / "001.dcm", like=IMAGE)
    with pytest.raises(MaskError, match="a folder of 6 files"):
        read_mask(folder, like=IMAGE)
    with pytest.raises(MaskError, match="is this the image"):
        read_mask(write_nifti(tmp_path / "image.nii.gz", VALUES), like=IMAGE)


def test_a_mask_given_as_an_image_is_refused_with_advice(tmp_path):
    path = write_seg(tmp_path / "seg.dcm", {1: INSIDE}, GRID)

    with pytest.raises(SeriesError, match="give it as a mask"):
        read_volume(path)


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_dicom_series_and_a_nifti_file_are_one_image(tmp_path, form):
    source = write_series(tmp_path / "scan", VALUES, GRID)
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
            for file in source.iterdir():
                archive.write(file, file.name)
        source = tmp_path / "scan.zip"
    dicom = read_volume(source)
    nifti = read_volume(write_nifti(tmp_path / "scan.nii.gz", VALUES))

    np.testing.assert_array_equal(dicom.voxels, nifti.voxels)
    assert dicom.geometry.matches(nifti.geometry)
    assert (dicom.modality, dicom.quantity) == ("MR", Quantity.ARBITRARY)


def test_a_quantity_is_what_the_user_states(tmp_path):
    path = write_nifti(tmp_path / "ct.nii.gz", VALUES)

    assert read_volume(path).quantity is Quantity.ARBITRARY
    assert read_volume(path, quantity="HU").quantity is Quantity.HU
    with pytest.raises(GistImagingError, match="one of HU, ADC"):
        read_volume(path, quantity="hounsfield")


def test_several_series_are_listed_and_one_is_chosen(tmp_path):
    write_series(tmp_path / "scan", VALUES, GRID)
    other = tmp_path / "scan" / "other"
    write_series(other, VALUES[:4] + 1, GRID.crop((0, 0, 0), (4, 9, 11)), series=6)
    # What the list names: modality, shape, spacing, UID.
    with pytest.raises(GistImagingError, match=r"found 2:\n  MR, 6 x 9 x 11, 3\.3 x 0\.7 x 0\.9 mm, 1\.2"):
        read_volume(tmp_path / "scan")

    chosen = read_volume(tmp_path / "scan", series_uid="1.2.826.0.1.3680043.8.498.6")
    assert chosen.geometry.shape == (4, 9, 11)
    with pytest.raises(GistImagingError, match="series that was asked for"):
        read_volume(tmp_path / "scan", series_uid="1.2.3")


def test_a_series_with_a_missing_slice_needs_a_reason(tmp_path):
    folder = write_series(tmp_path / "scan", VALUES, GRID)
    (folder / "003.dcm").unlink()

    with pytest.raises(SeriesError, match="MISSING_SLICES"):
        read_volume(folder)


@pytest.mark.parametrize("name", ["gone.nii", "empty"])
def test_what_is_not_there_or_holds_nothing_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()

    with pytest.raises(GistImagingError):
        read_volume(tmp_path / name)


def test_a_format_that_is_not_read_is_named(tmp_path):
    (tmp_path / "a.mha").write_text("ObjectType = Image\nNDims = 3\n")

    with pytest.raises(IntakeError, match="MetaImage"):
        read_volume(tmp_path / "a.mha")


def test_patients_are_compared_without_naming_them(tmp_path):
    one = identity_of(write_series(tmp_path / "pre", VALUES, GRID, patient_id="MARKER-1"))
    other = identity_of(write_series(tmp_path / "post", VALUES, GRID, patient_id="MARKER-2"))

    with pytest.raises(IdentityError, match="they differ in PatientID; are these the same patient") as asked:
        same_patient(one, other)
    assert "MARKER" not in str(asked.value)
    assert same_patient(one, other, reason="the hospital changed its numbers") == ("PatientID",)
    with pytest.raises(IdentityError):
        same_patient(one, other, reason="  ")


def test_a_scan_that_names_nobody_contradicts_nobody(tmp_path):
    named = PatientIdentity("A", "19500101", "F")
    unnamed = identity_of(write_nifti(tmp_path / "scan.nii.gz", VALUES))

    assert same_patient(named, unnamed) == ()
    assert same_patient(named, PatientIdentity("A", "", "F")) == ()
    with pytest.raises(IdentityError, match="PatientBirthDate, PatientSex"):
        same_patient(named, PatientIdentity("A", "19500102", "M"))


def test_a_folder_of_two_patients_is_a_question(tmp_path):
    write_series(tmp_path / "scan", VALUES, GRID, patient_id="A")
    write_series(tmp_path / "scan" / "other", VALUES, GRID, patient_id="B", series=6)

    with pytest.raises(IdentityError, match="PatientID"):
        identity_of(tmp_path / "scan")


@needs_real_scans
@pytest.mark.real
def test_every_real_mask_lies_on_its_image():
    with (REAL_SCANS / "FACTS_labels.csv").open() as facts:
        rows = list(csv.DictReader(facts))
    for row in rows:
        volume = read_volume(REAL_SCANS / row["image"])
        mask = read_mask(REAL_SCANS / row["mask"], like=volume)
        inside = volume.voxels[mask.voxels]

        assert mask.n_voxels == int(row["voxels"]), row["mask"]
        assert float(inside.mean()) == pytest.approx(float(row["mean_intensity"]), abs=6e-4), row["mask"]
        assert (float(inside.min()), float(inside.max())) == pytest.approx(
            (float(row["min"]), float(row["max"])), abs=1e-3
        )


@needs_real_scans
@pytest.mark.real
def test_the_ibsi_phantom_is_the_same_in_nifti_and_dicom():
    phantom = REAL_SCANS / "reference_values" / "ibsi1_digital_phantom"
    nifti = read_volume(phantom / "nifti" / "image" / "phantom.nii.gz")
    inside = read_mask(phantom / "nifti" / "mask" / "mask.nii.gz", like=nifti)
    dicom = read_volume(phantom / "dicom" / "image" / "phantom.dcm")
    segment = read_mask(phantom / "dicom" / "mask" / "mask.dcm", like=dicom)

    # The DICOM is a coronal stack: what NIfTI calls slices are its rows.
    assert dicom.voxels.shape == nifti.voxels.shape == (4, 4, 5)
    assert segment.n_voxels == inside.n_voxels == 74
    np.testing.assert_array_equal(dicom.voxels.transpose(1, 0, 2), nifti.voxels)
    np.testing.assert_array_equal(segment.voxels.transpose(1, 0, 2), inside.voxels)


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize(
    ("image", "mask", "label", "n_voxels"),
    [
        ("dcmqi_liver/ct_3slice", "compressed_seg/liver.dcm", None, 107_098),
        ("dcmqi_liver/ct_3slice", "compressed_seg/liver_nonbyte_aligned.dcm", None, 107_098),
        ("dcmqi_liver/ct_3slice", "dcmqi_other/partial_overlaps.dcm", "LIGHT_BLUE", 6693),
        ("dcmqi_23x38x3/image", "dcmqi_23x38x3/seg/label.seg", None, 322),
        ("dcmqi_23x38x3/multiframe", "dcmqi_23x38x3/seg/label.seg", None, 322),
    ],
)
def test_segments_of_other_programs_lie_on_their_images(image, mask, label, n_voxels):
    volume = read_volume(REAL_SCANS / "seg_sr" / image)

    assert read_mask(REAL_SCANS / "seg_sr" / mask, like=volume, label=label).n_voxels == n_voxels


@needs_real_scans
@pytest.mark.real
def test_a_real_mask_on_the_wrong_image_is_refused_and_moved_when_asked():
    case = REAL_SCANS / "tumour_labels" / "STS_002"
    volume = read_volume(case / "dicom_CT" / "image")

    with pytest.raises(MaskError, match=r"\(35, 90, 115\) against \(48, 143, 161\).*shifted by 45\.23 mm"):
        read_mask(case / "MR_T1_mask.nii.gz", like=volume)
    moved_mask = read_mask(case / "MR_T1_mask.nii.gz", like=volume, resample=True)
    np.testing.assert_array_equal(moved_mask.voxels, read_mask(case / "CT_mask.nii.gz", like=volume).voxels)
