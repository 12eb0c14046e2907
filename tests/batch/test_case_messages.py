from pathlib import Path

import pytest

from gist_imaging.batch.case import failure_of
from gist_imaging.batch.manifest import read_manifest
from gist_imaging.errors import LabelError, MaskError


@pytest.fixture
def row(tmp_path):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("patient_id,timepoint_label,image,mask\nP1,baseline,1,CT\n", "utf-8")
    return read_manifest(manifest).rows[0]


def message(error: Exception, row) -> str:
    return failure_of(error, "mask", row).message


def test_a_short_folder_name_does_not_change_the_words_and_numbers_of_a_message(row):
    error = MaskError(
        "CT: a mask (RTSTRUCT or SEG) on its image", "shifted by 156.112 mm", "give the CT image"
    )

    assert message(error, row) == (
        "the mask: a mask (RTSTRUCT or SEG) on its image; shifted by 156.112 mm; give the CT image"
    )


def test_names_and_paths_of_files_are_taken_out(row):
    error = MaskError(f"{row.mask}: a mask", "there is nothing named 'CT'", "check it")

    assert Path(str(row.mask)).parent.name not in message(error, row)
    assert "'CT'" not in message(error, row)


def test_the_names_of_structures_stay_in_the_mask(row):
    error = LabelError("CT: label 'DOE^JANE'", "it holds 1 (JANE): 5 voxels", "choose one of these")

    failure = failure_of(error, "mask", row)

    assert failure.code == "LABEL"
    assert "JANE" not in failure.message
