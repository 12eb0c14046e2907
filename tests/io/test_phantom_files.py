"""The sample scans in the project, and patients made anew."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from gist_imaging.errors import GistImagingError
from gist_imaging.io.phantom_files import LABELS, write_patient, write_phantom_case
from gist_imaging.phantom import sample_patients

SAMPLES = Path(__file__).resolve().parents[2] / "sample_scans"


def _files(root: Path) -> dict[str, Path]:
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def _content(path: Path) -> bytes:
    # Compressed bytes depend on the zlib of the machine; what they hold does not.
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3])
def test_a_sample_patient_made_again_is_the_delivered_one_to_the_byte(tmp_path, number):
    patient = sample_patients()[number - 1]

    write_patient(tmp_path, patient)

    delivered, again = _files(SAMPLES / patient.patient_id), _files(tmp_path / patient.patient_id)
    assert delivered.keys() == again.keys()
    differing = [name for name in delivered if _content(delivered[name]) != _content(again[name])]
    assert differing == []


def test_the_sample_scans_are_small_enough_to_travel():
    assert sum(path.stat().st_size for path in _files(SAMPLES).values()) < 25_000_000


def test_no_sample_file_names_anybody_but_the_phantom():
    names, ids, births = set(), set(), set()
    for path in SAMPLES.rglob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        names.add(str(header.PatientName).split("^")[0])
        ids.add(header.PatientID)
        births.add(header.PatientBirthDate)

    assert (names, births) == ({"PHANTOM"}, {""})
    assert ids == {"SYN-001", "SYN-002", "SYN-003"}


def test_before_and_after_have_different_frames_of_reference():
    for patient in ("SYN-001", "SYN-002", "SYN-003"):
        firsts = sorted((SAMPLES / patient).rglob("IM0001.dcm"))
        frames = {pydicom.dcmread(path, stop_before_pixels=True).FrameOfReferenceUID for path in firsts}
        assert len(firsts) == len(frames) == 2


def test_every_row_of_the_manifest_points_at_an_image_and_a_mask():
    with (SAMPLES / "manifest.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))

    assert [(row["patient_id"], row["timepoint_label"]) for row in rows] == [
        (f"SYN-00{n}", label) for n in (1, 2, 3) for label in ("baseline", "presurgery")
    ]
    for row in rows:
        assert (SAMPLES / row["image"]).is_dir()
        assert (SAMPLES / row["mask"]).is_file()


@pytest.mark.parametrize("patient", ["SYN-001", "SYN-002", "SYN-003"])
def test_labels_lie_on_the_images_and_hold_the_true_volume(patient):
    known = json.loads((SAMPLES / patient / "truth.json").read_text(encoding="utf-8"))
    for visit in known["visits"]:
        folder = SAMPLES / patient / visit["timepoint_label"]
        labels = nibabel.load(folder / "labels.nii.gz")
        first = pydicom.dcmread(sorted(folder.rglob("IM*.dcm"))[0], stop_before_pixels=True)
        # NIfTI's patient axes are RAS, those of DICOM are LPS.
        origin = labels.affine[:3, 3] * (-1, -1, 1)
        np.testing.assert_allclose(origin, first.ImagePositionPatient, atol=1e-3)
        voxels = np.asarray(labels.dataobj)
        volume = (voxels == LABELS["tumour"]).sum() * abs(np.linalg.det(labels.affine[:3, :3]))
        assert volume == pytest.approx(visit["volume_mm3"], rel=0.01)
        assert set(np.unique(voxels)) == {0, *LABELS.values()}


def test_the_readme_prints_the_truth():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for patient in json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))["patients"]:
        for visit in patient["visits"]:
            sizes = [f"{visit[f'{name}_mm']:.1f}" for name in ("longest_axial_diameter", "short_axis")]
            start = (
                f"| {patient['patient_id']} {visit['timepoint_label']} | {visit['volume_mm3'] / 1000:.2f} | "
            )
            assert start + " | ".join(sizes) in readme


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_a_phantom_case_has_the_matrix_and_slices_that_were_asked_for(tmp_path, modality):
    known = write_phantom_case(tmp_path, seed=4, modality=modality, matrix=40, slices=7)

    images = sorted((tmp_path / known["patient_id"] / "baseline" / modality).iterdir())
    header = pydicom.dcmread(images[0], stop_before_pixels=True)

    assert len(images) == 7
    assert (header.Rows, header.Columns, header.Modality) == (40, 40, modality)
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["synthetic"] is True
    assert (tmp_path / "manifest.csv").is_file()


def test_another_modality_is_refused(tmp_path):
    with pytest.raises(GistImagingError, match="by CT or MR"):
        write_phantom_case(tmp_path, modality="US")
