"""A tumour segmented at the command line, on the sample scans."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runner import gist_imaging
from matplotlib.image import imread
from skimage.measure import find_contours

from gist_imaging.io.read import read_mask, read_volume
from gist_imaging.measure.overlap import dice

SAMPLES = Path(__file__).resolve().parents[2] / "sample_scans"
ANY = ("--method", "region_growing")
SCANS = [("SYN-001", "CT"), ("SYN-002", "MR")]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Image, true mask and a file with a stroke inside and four short ones around, of each sample scan."""
    found = {}
    for patient, modality in SCANS:
        visit = SAMPLES / patient / "baseline"
        volume = read_volume(visit / modality)
        true = read_mask(visit / "labels.nii.gz", like=volume, label=1)
        (k, j, i), (depth, height, width) = true.bounding_box
        middle = np.array([k + depth // 2, j + height // 2, i + width // 2])
        points = middle + np.array([(0, step, 0) for step in range(-height // 4, height // 4 + 1)])
        prompts = [{"kind": "scribble", "points_mm": points, "include": True}]
        reach = np.array([depth, height, width]) / 2 + 4
        for axis, side in [(0, -1), (0, 1)]:
            away = np.clip(middle + side * np.eye(3)[axis] * reach, 0, np.array(true.geometry.shape) - 1)
            prompts.append({"kind": "point", "points_mm": [away], "include": False})
        corners = [(0, -1, -1), (0, -1, 1), (0, 1, 1), (0, 1, -1)]
        prompts.append({"kind": "loop", "points_mm": middle + corners * reach, "include": True})
        for prompt in prompts:
            prompt["points_mm"] = true.geometry.to_patient(prompt["points_mm"]).tolist()
        path = tmp_path_factory.mktemp(patient) / "prompts.json"
        path.write_text(json.dumps({"prompts": prompts}), "utf-8")
        found[patient] = (visit / modality, true, path)
    return found


@pytest.mark.parametrize("patient", ["SYN-001", "SYN-002"])
@pytest.mark.parametrize(("method", "at_least"), [("seeded", 0.85), ("region_growing", 0.6)])
def test_a_mask_is_made_of_strokes_and_measures_like_the_tumour(drawn, tmp_path, patient, method, at_least):
    image, true, prompts = drawn[patient]
    out, preview = tmp_path / "tumour.nii.gz", tmp_path / "look.png"

    ran = gist_imaging(
        "segment",
        image,
        "--prompts",
        prompts,
        "--out",
        out,
        "--method",
        method,
        "--preview",
        preview,
        "--json",
    )

    assert ran.code == 0, ran.err
    found = read_mask(out, like=true.geometry)
    assert dice(found, true) > at_least
    assert ran.json["n_voxels"] == found.n_voxels
    assert ran.json["volume_mm3"] == pytest.approx(found.n_voxels * true.geometry.voxel_volume_mm3)
    assert ran.json["provenance"]["method"].endswith(method)
    assert (ran.json["confidence"] is not None) == (method == "seeded")
    orange = np.abs(imread(preview)[..., :3] - (0.902, 0.624, 0.0)).max(axis=2) < 0.05
    assert orange.sum() > 100


def test_outlines_on_a_few_slices_are_filled_in_between(drawn, tmp_path):
    image, true, _ = drawn["SYN-002"]
    (first, _, _), (depth, _, _) = true.bounding_box
    prompts = []
    for k in (first, first + depth // 2, first + depth - 1):
        line = max(find_contours(true.voxels[k].astype(float), 0.5), key=len)
        points = true.geometry.to_patient(np.c_[np.full(len(line), k), line])
        prompts.append({"kind": "outline", "points_mm": points.tolist(), "include": True})
    path, out = tmp_path / "outlines.json", tmp_path / "tumour.nii.gz"
    path.write_text(json.dumps({"prompts": prompts}), "utf-8")

    ran = gist_imaging("segment", image, "--prompts", path, "--out", out, "--method", "between_slices")

    assert ran.code == 0, ran.err
    assert dice(read_mask(out, like=true.geometry), true) > 0.85


def test_a_mask_that_is_there_is_kept_unless_forced(drawn, tmp_path):
    image, _, prompts = drawn["SYN-001"]
    out = tmp_path / "tumour.nii.gz"
    out.write_bytes(b"precious")
    words = ("segment", image, "--prompts", prompts, "--out", out, *ANY)

    refused = gist_imaging(*words)

    assert refused.code == 1
    assert "there already" in refused.err
    assert out.read_bytes() == b"precious"
    made = gist_imaging(*words, "--force")
    assert made.code == 0
    assert "mL" in made.out
    assert "Research use only" in made.out


def test_a_wrong_method_lists_all_and_missing_prompts_are_named(drawn, tmp_path):
    image, _, prompts = drawn["SYN-001"]
    out = tmp_path / "tumour.nii.gz"

    unknown = gist_imaging("segment", image, "--prompts", prompts, "--out", out, "--method", "magic")
    missing = gist_imaging("segment", image, "--prompts", tmp_path / "no.json", "--out", out, *ANY)

    assert unknown.code == missing.code == 1
    assert "region_growing" in unknown.err
    assert "no.json" in missing.err
    assert not out.exists()
