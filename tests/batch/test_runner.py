from __future__ import annotations

import json
import os
import shutil

import batch_tasks
import numpy as np
import pytest
from batch_cases import GRID, ball, contents, measured, some_rows, table, write_manifest, write_nifti

from gist_imaging.batch.executor import InProcess
from gist_imaging.batch.jobs import CaseConfig
from gist_imaging.batch.plan import CaseLimits
from gist_imaging.batch.report import BatchProgress
from gist_imaging.batch.runner import run_batch
from gist_imaging.errors import Cancelled, GistImagingError, TableError

posix = pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")


def run(manifest, out, **options):
    return run_batch(manifest, out, executor=options.pop("executor", InProcess()), **options)


def failures_of(report):
    return {failure.row: (failure.stage, failure.code) for failure in report.failures}


def test_every_row_is_measured_on_its_own_scan(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path))

    report = run(manifest, tmp_path / "cohort")

    assert (report.n_ok, report.n_failed, report.n_skipped) == (6, 0, 0)
    assert measured(tmp_path / "cohort", "volume") == {
        f"P{number:03d}/L1 {label}": pytest.approx(
            np.count_nonzero(ball((6.0 + number) * share)) * GRID.voxel_volume_mm3 / 1000.0, rel=1e-6
        )
        for number in (1, 2, 3)
        for label, share in (("baseline", 1.0), ("presurgery", 0.75))
    }


def test_the_tables_are_the_same_whatever_the_order_of_rows_and_the_number_of_processes(tmp_path):
    rows = some_rows(tmp_path)
    manifest = write_manifest(tmp_path, rows)
    shuffled = write_manifest(tmp_path, [rows[index] for index in (4, 1, 5, 0, 3, 2)], "shuffled.csv")
    run(manifest, tmp_path / "a")
    shutil.copy(tmp_path / "a.key", tmp_path / "b.key")

    run_batch(shuffled, tmp_path / "b", workers=3)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@posix
def test_bad_cases_harm_no_other(tmp_path):
    rows = some_rows(tmp_path)
    good = measured_alone(tmp_path, rows)
    first = rows[0]
    whole = (tmp_path / first["image"]).read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    write_nifti(tmp_path / "smaller.nii", np.ones((3, 4, 5), dtype=np.uint8), GRID.crop((0, 0, 0), (3, 4, 5)))
    bad = [
        {**first, "lesion_id": "DIES"},
        {**first, "lesion_id": "HANGS"},
        {**first, "lesion_id": "RAISES"},
        {**first, "lesion_id": "L2", "image": "not_there.nii"},
        {**first, "lesion_id": "L3", "image": "cut.nii.gz"},
        {**first, "lesion_id": "L4", "mask": "smaller.nii"},
        {**first, "lesion_id": "L5", "label": "255"},
        {**first, "lesion_id": "L6", "mask": ""},
    ]
    # Each of its own work: the same files and settings are measured once.
    for number, row in enumerate(bad[:3]):
        write_nifti(tmp_path / f"bad_{number}.nii", ball(3.0 + number).astype(np.uint8))
        row["mask"] = f"bad_{number}.nii"
    manifest = write_manifest(tmp_path, [*bad, *rows])

    report = run_batch(
        manifest,
        tmp_path / "cohort",
        workers=2,
        limits=CaseLimits(timeout_s=5.0),
        case=batch_tasks.kill_marked_case,
    )

    assert failures_of(report) == {
        2: ("worker", "WORKER_KILLED"),
        3: ("worker", "LIMIT_TIME"),
        4: ("worker", "UNEXPECTED"),
        5: ("intake", "FILE_NOT_FOUND"),
        6: ("intake", "TRUNCATED"),
        7: ("mask", "MASK"),
        8: ("mask", "LABEL"),
        9: ("mask", "NO_MASK"),
    }
    assert (report.n_ok, report.n_failed) == (6, 8)
    assert measured(tmp_path / "cohort", "volume") == good
    told = (tmp_path / "cohort" / "tables" / "csv" / "failures.csv").read_text("utf-8")
    assert len(table(tmp_path / "cohort", "failures")) == 8
    for secret in ("MARKER", str(tmp_path), "cut.nii", "smaller", "not_there"):
        assert secret not in told


def measured_alone(tmp_path, rows):
    run(write_manifest(tmp_path, rows, "alone.csv"), tmp_path / "alone")
    return measured(tmp_path / "alone", "volume")


def test_two_lesions_of_one_mask_are_told_apart_by_their_labels(tmp_path):
    row = some_rows(tmp_path, 1)[0]
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[ball(4.0, centre=(4, 8, 8))] = 1
    labels[ball(6.0, centre=(4, 21, 18))] = 255
    write_nifti(tmp_path / "two.nii", labels)
    row["mask"] = "two.nii"
    manifest = write_manifest(
        tmp_path, [{**row, "lesion_id": "L1", "label": "1"}, {**row, "lesion_id": "L2", "label": "255"}]
    )

    run(manifest, tmp_path / "cohort")

    assert measured(tmp_path / "cohort", "n_voxels") == {
        "P001/L1 baseline": np.count_nonzero(labels == 1),
        "P001/L2 baseline": np.count_nonzero(labels == 255),
    }


def test_lesions_of_no_one_and_few_voxels_have_their_place_in_the_cohort(tmp_path):
    row = some_rows(tmp_path, 1)[0]
    shapes = {
        "L1": (),
        "L2": ((4, 5, 6),),
        "L3": ((4, 5, 6), (4, 5, 7)),
        "L4": tuple((4, 5, n) for n in range(20)),
    }
    shapes["L5"] = ((0, 0, 0), (8, 30, 26))
    rows = []
    for lesion, voxels in shapes.items():
        mask = np.zeros(GRID.shape, dtype=np.uint8)
        for voxel in voxels:
            mask[voxel] = 1
        write_nifti(tmp_path / f"{lesion}.nii", mask)
        rows.append({**row, "lesion_id": lesion, "mask": f"{lesion}.nii"})

    report = run(write_manifest(tmp_path, rows), tmp_path / "cohort")

    assert report.failures == ()
    assert measured(tmp_path / "cohort", "n_voxels") == {
        f"P001/{lesion} baseline": len(voxels) for lesion, voxels in shapes.items()
    }


def test_spacing_that_is_not_the_patients_gives_ratios_only(tmp_path):
    rows = [{**row, "geometry": "not_physical"} for row in some_rows(tmp_path, 1)]
    before, after = (np.count_nonzero(ball(7.0 * share)) for share in (1.0, 0.75))

    run(write_manifest(tmp_path, rows), tmp_path / "cohort")

    (patient,) = table(tmp_path / "cohort", "analysis_patient")
    assert float(patient["vol_change_pct"]) == pytest.approx(100.0 * (after - before) / before)
    assert (patient["vol_pre_ml"], patient["ld_pre_mm"]) == ("", "")
    assert measured(tmp_path / "cohort", "volume") == {}
    assert {
        row["reason"] for row in table(tmp_path / "cohort", "measurements") if row["name"] == "volume"
    } == {"geometry_not_physical"}


def test_what_the_manifest_says_against_the_image_is_asked(tmp_path):
    from dicom_images import save_stack

    save_stack(tmp_path / "ct", 4)
    manifest = write_manifest(
        tmp_path,
        [{"patient_id": "P1", "timepoint_label": "tp1", "image": "ct", "mask": "ct", "modality": "MR"}],
    )

    report = run(manifest, tmp_path / "cohort")

    assert "the manifest says modality MR; the image says CT" in report.failures[0].message


def test_unknown_columns_stay_beside_the_cohort_and_never_go_in(tmp_path):
    rows = [{**row, "Ward": "MARKER^NAME"} for row in some_rows(tmp_path, 1)]

    report = run(write_manifest(tmp_path, rows), tmp_path / "cohort")

    assert (report.work_folder / "carried.csv").read_text("utf-8") == (
        "lesion_id,timepoint_id,reader_id,read_no,Ward\n"
        "P001/L1,P001/baseline,R1,1,MARKER^NAME\n"
        "P001/L1,P001/presurgery,R1,1,MARKER^NAME\n"
    )
    assert not any(b"MARKER" in content for content in contents(tmp_path / "cohort").values())


def test_progress_counts_every_row_and_every_failure(tmp_path):
    rows = some_rows(tmp_path, 1)
    rows.append({**rows[0], "lesion_id": "L2", "mask": ""})
    told: list[BatchProgress] = []

    run(write_manifest(tmp_path, rows), tmp_path / "cohort", progress=told.append)

    assert told[0].done == 0
    assert told[-1] == BatchProgress(3, 3, 1)


def test_a_run_is_recorded_beside_the_tables(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path, 1))
    run(manifest, tmp_path / "cohort")

    run(manifest, tmp_path / "cohort")

    first, second = (
        json.loads(line)
        for line in (tmp_path / "cohort" / "provenance" / "runs.jsonl").read_text("utf-8").splitlines()
    )
    assert (first["n_ok"], first["n_skipped"], second["n_skipped"]) == (2, 0, 2)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path):
    rows = some_rows(tmp_path)
    rows.append({**rows[0], "lesion_id": "L2", "image": "not_there.nii"})
    manifest = write_manifest(tmp_path, rows)
    before = sorted(tmp_path.rglob("*"))

    report = run(manifest, tmp_path / "cohort", dry_run=True)

    assert (report.plan.n_to_measure, report.plan.n_done) == (6, 0)
    assert failures_of(report) == {8: ("intake", "FILE_NOT_FOUND")}
    assert report.plan.n_bytes > 0
    assert report.plan.estimated_seconds > 0.0
    assert sorted(tmp_path.rglob("*")) == before


def test_a_wrong_manifest_is_refused_before_anything_is_written(tmp_path):
    manifest = write_manifest(tmp_path, [{"patient_id": "p 1", "image": "a"}])

    with pytest.raises(TableError, match="row 2, column patient_id"):
        run(manifest, tmp_path / "cohort")

    assert not (tmp_path / "cohort.work").exists()


def test_cancelling_keeps_what_is_finished_and_writes_no_cohort(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path))
    done: list[BatchProgress] = []

    with pytest.raises(Cancelled):
        run(
            manifest,
            tmp_path / "cohort",
            progress=done.append,
            cancelled=lambda: bool(done) and done[-1].done >= 2,
        )

    assert not (tmp_path / "cohort").exists()
    assert run(manifest, tmp_path / "cohort").n_skipped == 2


def test_where_density_is_read_is_part_of_the_work(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path, 1))
    run(manifest, tmp_path / "cohort")

    report = run(manifest, tmp_path / "cohort", config=CaseConfig(hu_roi="largest_slice"))

    assert report.n_skipped == 0


def test_two_batches_in_one_folder_do_not_run_at_once(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path, 1))

    def another_batch(_progress):
        with pytest.raises(GistImagingError, match="another program works on this one"):
            run(manifest, tmp_path / "cohort")

    report = run(manifest, tmp_path / "cohort", progress=another_batch)

    assert report.n_ok == 2


def test_two_masks_that_claim_to_be_one_read_are_failures_of_both_rows(tmp_path):
    first, second = some_rows(tmp_path, 1)
    shutil.copy(tmp_path / first["image"], tmp_path / "copy.nii.gz")
    twice = {**first, "image": "copy.nii.gz", "mask": second["mask"]}
    manifest = write_manifest(tmp_path, [first, twice, second])

    report = run(manifest, tmp_path / "cohort")

    assert failures_of(report) == {2: ("manifest", "DUPLICATE_READ"), 3: ("manifest", "DUPLICATE_READ")}
    assert report.n_ok == 1


def test_two_failed_scans_of_one_lesion_visit_and_reader_are_two_failures(tmp_path):
    rows = some_rows(tmp_path, 2)
    twice = [{**rows[0], "image": name} for name in ("arterial.nii", "portal.nii")]
    manifest = write_manifest(tmp_path, [*twice, *rows[1:]])

    report = run(manifest, tmp_path / "cohort")
    failures = table(tmp_path / "cohort", "failures")

    assert report.n_failed == len(failures) == 2
    assert sorted(row["series_no"] for row in failures) == ["1", "2"]
    assert len({row["failure_id"] for row in failures}) == 2
