from __future__ import annotations

import csv

import frictionless
import pytest
from batch_cases import measured, table
from real_manifest import real_rows, write_manifest
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging.batch.runner import run_batch
from gist_imaging.io.tables import validate_cohort

pytestmark = [needs_real_scans, pytest.mark.real]


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Every real case with a mask, as one cohort."""
    folder = tmp_path_factory.mktemp("real")
    return run_batch(write_manifest(folder / "manifest.csv", real_rows()), folder / "cohort", workers=2)


def facts() -> list[tuple[dict[str, str], dict[str, str]]]:
    """Rows of FACTS_labels.csv with the row of the manifest that measures the same mask."""
    by_mask = {row["mask"]: row for row in real_rows()}
    with (REAL_SCANS / "FACTS_labels.csv").open(encoding="utf-8", newline="") as file:
        known = [row for row in csv.DictReader(file) if "reference_values" not in row["mask"]]
    return [(fact, by_mask[str(REAL_SCANS / fact["mask"])]) for fact in known]


def series_values(cohort, name):
    """Values of one measurement by patient, visit, kind of image and reader."""
    kinds = {row["series_id"]: row["image_kind"] for row in table(cohort, "series")}
    return {
        (
            row["patient_id"],
            row["timepoint_id"].partition("/")[2],
            kinds[row["series_id"]],
            row["reader_id"],
        ): (float(row["value"]))
        for row in table(cohort, "measurements")
        if row["name"] == name and row["value"]
    }


def key_of(row):
    kind = ":".join(filter(None, (row.get("modality") or "CT", row.get("sequence"))))
    return (row["patient_id"], row["timepoint_label"], kind, row.get("reader_id", "R1"))


def test_every_case_is_measured_save_the_one_whose_image_is_not_whole(batch):
    assert batch.n_rows == len(real_rows()) == 40
    assert [(failure.case, failure.stage, failure.code) for failure in batch.failures] == [
        ("UCSF_BR06/L1 baseline R1", "mask", "MASK")
    ]
    assert "lie outside" in batch.failures[0].message


def test_no_label_is_left_out():
    assert len(facts()) == len({fact["mask"] for fact, _ in facts()}) == 33


def test_voxels_are_those_of_the_known_facts(batch):
    found = series_values(batch.folder, "n_voxels")

    assert {key_of(row): found[key_of(row)] for _, row in facts()} == {
        key_of(row): float(fact["voxels"]) for fact, row in facts()
    }


def test_volumes_and_diameters_are_those_of_the_known_facts_where_the_spacing_is_real(batch):
    volumes = series_values(batch.folder, "volume")
    longest = series_values(batch.folder, "longest_3d_diameter")
    physical = [(fact, key_of(row)) for fact, row in facts() if "geometry" not in row]

    assert {key: volumes[key] for _, key in physical} == {
        key: pytest.approx(float(fact["volume_voxel_mL"]), rel=1e-3, abs=1e-4) for fact, key in physical
    }
    assert {key: longest[key] for _, key in physical} == {
        key: pytest.approx(float(fact["max3d_diameter_mesh_mm"]), abs=0.1) for fact, key in physical
    }


def test_the_mean_is_that_of_the_known_facts(batch):
    means = series_values(batch.folder, "mean")

    assert {key_of(row): means[key_of(row)] for _, row in facts()} == {
        key_of(row): pytest.approx(float(fact["mean_intensity"]), abs=2e-3) for fact, row in facts()
    }


@pytest.mark.parametrize(
    ("reader", "volume_ml", "within_ml"),
    [("STS_002/L1 baseline", 53.2954, 0.3), ("STS_001/L1 baseline", 365.5, 4.0)],
    ids=["STS_002", "STS_001"],
)
def test_contours_of_another_program_enclose_its_volume(batch, reader, volume_ml, within_ml):
    volumes = [
        value
        for (patient, label, _, _), value in series_values(batch.folder, "volume").items()
        if f"{patient}/L1 {label}" == reader
    ]

    assert all(volume == pytest.approx(volume_ml, abs=within_ml) for volume in volumes)


def test_the_segmentation_of_the_liver_has_the_volume_of_its_report(batch):
    assert measured(batch.folder, "volume")["LIVER1/L1 baseline"] == pytest.approx(70.3619, abs=1e-3)
    assert measured(batch.folder, "n_voxels")["LIVER1/L1 baseline"] == 107_098


@pytest.mark.parametrize(
    ("patient", "change_pct", "days"), [("BTP_05", 148.1, 55), ("BTP_06", -26.9, 58)], ids=["05", "06"]
)
def test_brain_pairs_give_ratios_and_days_and_no_size(batch, patient, change_pct, days):
    (row,) = (row for row in table(batch.folder, "analysis_patient") if row["patient_id"] == patient)

    assert round(float(row["vol_change_pct"]), 1) == change_pct
    assert int(row["days_pre_to_post"]) == days
    assert [row[name] for name in ("vol_pre_ml", "vol_post_ml", "ld_pre_mm", "ld_post_mm")] == [""] * 4
    sizes = [
        (held["unit"], held["value"], held["reason"])
        for held in table(batch.folder, "measurements")
        if held["patient_id"] == patient and held["unit"] in ("mm", "mm2", "mL")
    ]
    assert set(sizes) == {(unit, "", "geometry_not_physical") for unit in ("mm", "mm2", "mL")}


def test_the_cohort_passes_our_validation_and_an_independent_one(batch):
    assert validate_cohort(batch.folder).problems == ()

    report = frictionless.validate(str(batch.folder / "datapackage.json"))

    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])


def test_no_name_date_or_path_of_a_patient_leaves(batch):
    for path in batch.folder.rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".json", ".jsonl", ".md"):
            text = path.read_text("utf-8")
            assert str(REAL_SCANS) not in text
            assert not any(date in text for date in ("1993-05-26", "1997-04-02", "19930526"))
