import gzip
import json

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from strategies import geometries, oblique_geometry

from gist_imaging.errors import GistImagingError
from gist_imaging.io import mask_write
from gist_imaging.io.mask_write import nifti_bytes, write_mask
from gist_imaging.io.read import read_mask
from gist_imaging.provenance import Provenance
from gist_imaging.spatial import Mask


def lopsided(grid):
    return Mask(np.random.default_rng(5).random(grid.shape) < 0.3, grid)


def test_a_mask_comes_back_on_the_grid_of_its_image_exactly(tmp_path):
    mask = lopsided(oblique_geometry())

    path = write_mask(tmp_path / "tumour.nii.gz", mask)

    found = read_mask(path, like=mask.geometry)
    np.testing.assert_array_equal(found.voxels, mask.voxels)
    np.testing.assert_array_equal(found.geometry.affine, mask.geometry.affine)


def test_an_empty_mask_comes_back_empty(tmp_path):
    grid = oblique_geometry()

    path = write_mask(tmp_path / "none.nii.gz", Mask(np.zeros(grid.shape, dtype=bool), grid))

    assert read_mask(path, like=grid).is_empty


@settings(max_examples=15, deadline=None)
@given(geometries())
def test_positions_are_kept_within_a_thousandth_of_a_millimetre_in_another_program(grid):
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(nifti_bytes(lopsided(grid))))

    stated = [image.get_sform()] + [image.get_qform()] * (int(image.header["qform_code"]) > 0)
    for affine in stated:
        to_lps = np.diag([-1, -1, 1, 1]) @ affine
        corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(grid.shape) - 1)
        there = corners[:, ::-1] @ to_lps[:3, :3].T + to_lps[:3, 3]
        np.testing.assert_allclose(there, grid.corners_mm, atol=1e-3)


def test_a_quaternion_that_cannot_hold_the_grid_is_not_given(tmp_path):
    slightly_tilted = oblique_geometry((40, 60, 60), (1, 1, 1), angles_deg=(1.0, 7.0, 0.0))
    codes = {}
    for name, grid in (("tilted", slightly_tilted), ("ordinary", oblique_geometry())):
        header = nibabel.load(write_mask(tmp_path / f"{name}.nii.gz", lopsided(grid))).header
        codes[name] = (int(header["sform_code"]), int(header["qform_code"]))

    image = SimpleITK.ReadImage(str(tmp_path / "tilted.nii.gz"))

    assert codes == {"tilted": (1, 0), "ordinary": (1, 1)}
    for index in [(0, 0, 0), (39, 59, 59)]:
        place = image.TransformIndexToPhysicalPoint([int(n) for n in index[::-1]])
        np.testing.assert_allclose(place, slightly_tilted.to_patient(index), atol=1e-3)


def test_simpleitk_sees_the_same_voxels_in_the_same_place(tmp_path):
    mask = lopsided(oblique_geometry(flips=(1, -1, 1)))

    image = SimpleITK.ReadImage(str(write_mask(tmp_path / "m.nii.gz", mask)))

    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).astype(bool), mask.voxels)
    for index in [(0, 0, 0), (8, 30, 26), (3, 11, 7)]:
        place = image.TransformIndexToPhysicalPoint([int(n) for n in index[::-1]])
        np.testing.assert_allclose(place, mask.geometry.to_patient(index), atol=1e-3)


def test_the_same_mask_gives_the_same_bytes_and_its_provenance_goes_with_it():
    mask = lopsided(oblique_geometry())
    made = Mask(mask.voxels.copy(), mask.geometry, provenance=Provenance("segment:seeded", {"a": 1}))

    assert nifti_bytes(made) == nifti_bytes(Mask(mask.voxels, mask.geometry, provenance=made.provenance))
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(nifti_bytes(made)))
    told = json.loads(image.header.extensions[0].get_content())
    assert told["provenance"]["method"] == "segment:seeded"
    assert image.header.get_intent()[0] == "label"


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path):
    path = tmp_path / "tumour.nii.gz"
    path.write_bytes(b"precious")
    mask = lopsided(oblique_geometry())

    with pytest.raises(GistImagingError, match="there already"):
        write_mask(path, mask)
    assert path.read_bytes() == b"precious"
    write_mask(path, mask, overwrite=True)
    assert path.read_bytes() == nifti_bytes(mask)
    assert [entry.name for entry in tmp_path.iterdir()] == ["tumour.nii.gz"]


def test_a_file_that_appears_meanwhile_is_not_lost(tmp_path, monkeypatch):
    path = tmp_path / "tumour.nii.gz"

    def slow(mask):
        path.write_bytes(b"precious")
        return b"new"

    monkeypatch.setattr(mask_write, "nifti_bytes", slow)

    with pytest.raises(GistImagingError, match="there already"):
        write_mask(path, lopsided(oblique_geometry()))
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == ["tumour.nii.gz"]


def test_without_links_a_file_is_still_written_whole(tmp_path, monkeypatch):
    def no_links(source, target):
        raise OSError("not supported")

    monkeypatch.setattr(mask_write.os, "link", no_links)
    path = tmp_path / "tumour.nii.gz"
    mask = lopsided(oblique_geometry())

    write_mask(path, mask)

    assert path.read_bytes() == nifti_bytes(mask)
    with pytest.raises(GistImagingError, match="there already"):
        write_mask(path, mask)


@pytest.mark.parametrize("name", ["tumour.nii", "tumour.png", ".nii.gz", "nowhere/tumour.nii.gz"])
def test_another_ending_or_no_folder_is_refused(tmp_path, name):
    with pytest.raises(GistImagingError, match=r"ends with|folder"):
        write_mask(tmp_path / name, lopsided(oblique_geometry()))
