"""A person's day at the command line, on the sample scans."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runner import gist_imaging
from strategies import REAL_SCANS, needs_real_scans

SAMPLES = Path(__file__).resolve().parents[2] / "sample_scans"
BEFORE, AFTER = SAMPLES / "SYN-001" / "baseline", SAMPLES / "SYN-001" / "presurgery"
MR_BEFORE = SAMPLES / "SYN-002" / "baseline"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    return out, gist_imaging("demo", "--scans", SAMPLES, "--out", out, "--json")


def test_the_demo_finds_the_truth(demo):
    _, ran = demo

    assert ran.code == 0, ran.err
    assert ran.json["passed"] is True
    assert len(ran.json["rows"]) == 34
    assert {row["quantity"] for row in ran.json["rows"]} >= {"volume", "longest_axial_diameter", "mean_hu"}
    assert len(ran.json["verdicts"]) == 9


def test_the_demo_writes_everything_below_its_folder(demo):
    out, ran = demo

    assert [entry["path"] for entry in ran.json["written"] if not entry["path"].startswith(str(out))] == []
    assert [entry["path"] for entry in ran.json["written"] if not Path(entry["path"]).exists()] == []


def test_the_cohort_of_the_demo_is_valid_and_a_changed_number_is_found(demo, tmp_path):
    out, _ = demo
    copy = tmp_path / "cohort"
    shutil.copytree(out / "cohort", copy)
    assert gist_imaging("cohort", "validate", copy).code == 0

    table = copy / "tables" / "csv" / "measurements.csv"
    text = table.read_text("utf-8")
    volume = next(row["value"] for row in csv.DictReader(text.splitlines()) if row["name"] == "volume")
    table.write_text(text.replace(volume, "99.5", 1), "utf-8")

    assert gist_imaging("cohort", "validate", copy).code == 1


def test_index_lists_series_and_refusals():
    ran = gist_imaging("index", BEFORE, "--json")

    assert ran.code == 0
    (series,) = ran.json["series"]
    assert series["kind"] == "volume"
    assert series["modality"] == "CT"
    assert series["problems"] == []
    assert [refused["code"] for refused in ran.json["refused"]] == ["NOT_DICOM"]
    assert "volume" in gist_imaging("index", BEFORE).out


def test_measure_gives_each_number_by_name_with_its_end_points():
    ran = gist_imaging("measure", BEFORE / "CT", BEFORE / "labels.nii.gz", "--label", 1, "--json")
    truth = json.loads((SAMPLES / "SYN-001" / "truth.json").read_text("utf-8"))["visits"][0]

    assert ran.code == 0, ran.err
    for name in ("volume_mm3", "mesh_volume_mm3"):
        assert ran.json[name] == pytest.approx(truth["volume_mm3"], rel=0.01)
    assert ran.json["mean_hu"] == pytest.approx(truth["mean_hu"], abs=1)
    for name in ("longest_axial_diameter_mm", "short_axis_mm", "longest_3d_diameter_mm"):
        assert ran.json[name] == pytest.approx(truth[name], abs=1.15)
        first, second = ran.json["end_points_mm"][name]
        distance = sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5
        assert distance == pytest.approx(ran.json[name], abs=1e-6)


def test_several_structures_and_none_chosen_is_a_question():
    ran = gist_imaging("measure", BEFORE / "CT", BEFORE / "labels.nii.gz")

    assert ran.code == 1
    assert "it holds 1: 20432 voxels, 2: 6282 voxels, 3: 5342 voxels" in ran.err


def test_a_mask_of_another_scan_is_refused_with_advice():
    ran = gist_imaging("measure", BEFORE / "CT", AFTER / "labels.nii.gz", "--label", 1)

    assert ran.code == 1
    assert "What to do" in ran.err


def test_mr_signal_is_never_called_hu():
    ran = gist_imaging("measure", MR_BEFORE / "MR", MR_BEFORE / "labels.nii.gz", "--label", 1, "--json")

    assert ran.json["mean_hu"] is None
    assert ran.json["not_measured"]["mean_hu"] == "quantity_not_hu"
    assert ran.json["quantity"] == "ARBITRARY"


def compared(*options):
    pair = (BEFORE / "CT", BEFORE / "labels.nii.gz", AFTER / "CT", AFTER / "labels.nii.gz")
    return gist_imaging("compare", *pair, "--label", 1, *options)


def test_compare_judges_the_pair_by_every_set_of_rules():
    ran = compared("--days", -7, 180, "--phase", "portal_venous", "--json")

    assert ran.code == 0, ran.err
    found = {response["criterion"]: response["category"] for response in ran.json["responses"]}
    assert (found["recist11"], found["choi"], found["volume_sphere_recist"]) == ("PR", "PR", "PR")
    assert ran.json["change_pct"]["volume_mm3"] == pytest.approx(-71.25, abs=0.5)


def test_without_a_phase_choi_is_not_evaluable_and_says_why():
    ran = compared("--json")

    choi = next(response for response in ran.json["responses"] if response["criterion"] == "choi")
    assert (choi["category"], choi["reason"]) == ("NE", "phase_unknown")


def test_visits_in_the_wrong_order_are_refused():
    ran = compared("--days", 180, -7)

    assert ran.code == 1
    assert "later than the first" in ran.err


def test_scans_in_the_wrong_order_stop_with_a_question():
    swapped = (AFTER / "CT", AFTER / "labels.nii.gz", BEFORE / "CT", BEFORE / "labels.nii.gz")

    ran = gist_imaging("compare", *swapped, "--label", 1)

    assert ran.code == 1
    assert "187 days before the first" in ran.err
    assert "2020" not in ran.err
    assert gist_imaging("compare", *swapped, "--label", 1, "--order-reason", "dates were moved").code == 0


def test_one_scan_given_twice_is_refused():
    twice = (BEFORE / "CT", BEFORE / "labels.nii.gz", BEFORE / "CT", BEFORE / "labels.nii.gz")

    assert "both are the same image" in gist_imaging("compare", *twice, "--label", 1).err


def test_density_in_hu_cannot_be_claimed_on_mr():
    ran = gist_imaging(
        "measure", MR_BEFORE / "MR", MR_BEFORE / "labels.nii.gz", "--label", 1, "--quantity", "HU"
    )

    assert ran.code == 1
    assert "the image says that it is MR" in ran.err


@needs_real_scans
def test_one_stack_of_a_series_can_be_chosen(tmp_path):
    series = REAL_SCANS / "ingest" / "pelvis_mr_prostatex0000" / "6_dwi_b50_b400_b800"
    mask = MR_BEFORE / "labels.nii.gz"

    several = gist_imaging("measure", series, mask, "--label", 1)
    chosen = gist_imaging("measure", series, mask, "--label", 1, "--split", "b_value=800")

    assert "b_value=400" in several.err
    assert "on the grid of its image" in chosen.err  # the stack was found; this mask is of another scan
    assert gist_imaging("measure", series, mask, "--split", "b_value").code == 2


def test_a_folder_that_cannot_be_written_is_told_in_three_parts():
    ran = gist_imaging("phantom", "--out", BEFORE / "labels.nii.gz")

    assert ran.code == 1
    assert "What to do" in ran.err
    assert "Unexpected" not in ran.err


def test_scans_of_two_patients_stop_with_a_question():
    other = SAMPLES / "SYN-003" / "presurgery"
    pair = (BEFORE / "CT", BEFORE / "labels.nii.gz", other / "CT", other / "labels.nii.gz")

    ran = gist_imaging("compare", *pair, "--label", 1)

    assert ran.code == 1
    assert "PatientID" in ran.err
    assert "SYN-003" not in ran.err
    assert gist_imaging("compare", *pair, "--label", 1, "--same-patient", "new number").code == 0


@pytest.mark.parametrize("command", ["measure", "compare"])
def test_every_report_for_people_says_research_use_only(command):
    one = (BEFORE / "CT", BEFORE / "labels.nii.gz")
    scans = one if command == "measure" else (*one, AFTER / "CT", AFTER / "labels.nii.gz")

    assert "Research use only" in gist_imaging(command, *scans, "--label", 1).out


def test_one_bad_row_of_a_batch_ends_with_3_and_harms_no_other(tmp_path):
    rows = list(csv.DictReader((SAMPLES / "manifest.csv").read_text("utf-8").splitlines()))
    for row in rows:
        row["image"], row["mask"] = str(SAMPLES / row["image"]), str(SAMPLES / row["mask"])
    rows[0]["label"] = "77"
    manifest = tmp_path / "manifest.csv"
    with manifest.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, rows[0])
        table.writeheader()
        table.writerows(rows)

    dry = gist_imaging("batch", manifest, "--out", tmp_path / "cohort", "--dry-run", "--json")
    assert dry.code == 0
    assert not (tmp_path / "cohort").exists()
    ran = gist_imaging("batch", manifest, "--out", tmp_path / "cohort", "--workers", 2, "--json")

    assert ran.code == 3
    assert (ran.json["n_ok"], ran.json["n_failed"]) == (5, 1)
    assert gist_imaging("cohort", "validate", tmp_path / "cohort").code == 0


def test_a_phantom_is_made_at_any_matrix_and_measures_as_it_should(tmp_path):
    made = gist_imaging(
        "phantom", "--out", tmp_path, "--modality", "MR", "--matrix", 160, "--slices", 30, "--json"
    )

    assert made.code == 0, made.err
    visit = next(tmp_path.glob("*/baseline"))
    ran = gist_imaging("measure", visit / "MR", visit / "labels.nii.gz", "--label", 1, "--json")
    truth = made.json["truth"]["visits"][0]
    assert ran.json["volume_mm3"] == pytest.approx(truth["volume_mm3"], rel=0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent another way there")
def test_stopping_a_command_ends_with_130(tmp_path):
    command = [sys.executable, "-m", "gist_imaging", "demo", "--scans", SAMPLES, "--out", tmp_path]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    while not (tmp_path / "index.json").exists():
        assert running.poll() is None
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)

    assert running.returncode == 130
    assert b"Traceback" not in err
