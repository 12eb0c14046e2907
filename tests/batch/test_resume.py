from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import batch_tasks
import pytest
from batch_cases import ball, contents, measured, some_rows, table, write_manifest, write_nifti

from gist_imaging.batch.executor import InProcess
from gist_imaging.batch.runner import run_batch

_RUN_SLOWLY = """
import sys
from batch_tasks import measure_slowly
from gist_imaging.batch.runner import run_batch
run_batch(sys.argv[1], sys.argv[2], workers=2, case=measure_slowly)
"""


def run(manifest, out, **options):
    return run_batch(manifest, out, executor=InProcess(), **options)


@pytest.fixture
def finished(tmp_path):
    """A manifest of six rows and the cohort of its first run."""
    manifest = write_manifest(tmp_path, some_rows(tmp_path))
    run(manifest, tmp_path / "cohort")
    return manifest, tmp_path / "cohort"


def test_a_second_run_measures_nothing_and_gives_the_same_bytes(finished):
    manifest, cohort = finished
    first = contents(cohort)

    report = run(manifest, cohort, case=batch_tasks.measure_never)

    assert (report.n_ok, report.n_skipped, report.n_failed) == (6, 6, 0)
    assert contents(cohort) == first


def test_a_file_with_another_time_and_the_same_bytes_is_not_measured_again(finished, tmp_path):
    manifest, cohort = finished
    os.utime(tmp_path / "scan_1_baseline.nii.gz", ns=(0, 0))

    assert run(manifest, cohort, case=batch_tasks.measure_never).n_skipped == 6


def test_a_file_moved_elsewhere_is_not_measured_again(finished, tmp_path):
    _, cohort = finished
    (tmp_path / "moved").mkdir()
    for scan in tmp_path.glob("scan_*"):
        scan.rename(tmp_path / "moved" / scan.name)
    rows = [{**row, **{name: f"moved/{row[name]}" for name in ("image", "mask")}} for row in table_rows()]
    manifest = write_manifest(tmp_path, rows)

    assert run(manifest, cohort, case=batch_tasks.measure_never).n_skipped == 6


def table_rows():
    return [
        {
            "patient_id": f"P{number:03d}",
            "timepoint_label": label,
            "image": f"scan_{number}_{label}.nii.gz",
            "mask": f"scan_{number}_{label}_mask.nii.gz",
            "modality": "CT",
            "quantity": "HU",
        }
        for number in (1, 2, 3)
        for label in ("baseline", "presurgery")
    ]


def test_a_mask_that_changed_is_measured_again(finished, tmp_path):
    manifest, cohort = finished
    write_nifti(tmp_path / "scan_1_baseline_mask.nii.gz", ball(3.0).astype("u1"))

    report = run(manifest, cohort)

    assert (report.n_ok, report.n_skipped) == (6, 5)
    assert measured(cohort, "n_voxels")["P001/L1 baseline"] == ball(3.0).sum()


def test_a_mask_swapped_for_another_of_one_size_and_one_second_is_measured_again(finished, tmp_path):
    """A change within the clock's tick leaves size and time as they were; such files are not trusted."""
    manifest, cohort = finished
    path = tmp_path / "plain_mask.nii"
    rows = table_rows()
    rows[0]["mask"] = path.name
    manifest = write_manifest(tmp_path, rows)
    write_nifti(path, ball(3.0).astype("u1"))
    written = path.stat()
    run(manifest, cohort)

    write_nifti(path, ball(4.0).astype("u1"))
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert path.stat().st_size == written.st_size
    run(manifest, cohort)

    assert measured(cohort, "n_voxels")["P001/L1 baseline"] == ball(4.0).sum()


def test_a_corrected_fact_of_the_patient_measures_nothing_again(finished, tmp_path):
    _, cohort = finished
    rows = [{**row, "arm": "neoadjuvant", "scan_day": str(day)} for day, row in enumerate(table_rows())]
    manifest = write_manifest(tmp_path, rows)

    report = run(manifest, cohort, case=batch_tasks.measure_never)

    assert report.n_failed == 0
    assert {row["arm"] for row in table(cohort, "patients")} == {"neoadjuvant"}


def test_a_damaged_result_is_measured_again(finished):
    manifest, cohort = finished
    damaged, lying, *_ = sorted((cohort.parent / "cohort.work" / "results").iterdir())
    damaged.write_text(damaged.read_text("utf-8")[:50], "utf-8")
    lying.write_text(lying.read_text("utf-8").replace('"n_voxels":', '"n_voxels": 1'), "utf-8")
    first = contents(cohort)

    report = run(manifest, cohort)

    assert (report.n_ok, report.n_skipped) == (6, 4)
    assert contents(cohort) == first


def test_a_lesion_keeps_its_tracking_uid_from_export_to_export(finished, tmp_path):
    _, cohort = finished
    first = {row["lesion_id"]: row["tracking_uid"] for row in table(cohort, "lesions")}
    more = write_manifest(tmp_path, [*table_rows(), {**table_rows()[0], "lesion_id": "L2", "label": "1"}])

    run(more, cohort)

    again = {row["lesion_id"]: row["tracking_uid"] for row in table(cohort, "lesions")}
    assert {lesion: again[lesion] for lesion in first} == first
    assert len(set(again.values())) == 4


def test_what_failed_stays_failed_until_it_is_asked_to_be_tried_again(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path, 1))
    failed = run(manifest, tmp_path / "cohort", case=batch_tasks.measure_never)

    told_again = run(manifest, tmp_path / "cohort")
    tried_again = run(manifest, tmp_path / "cohort", retry_failed=True)

    assert [report.n_failed for report in (failed, told_again, tried_again)] == [2, 2, 0]
    assert told_again.n_skipped == 2


@pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
def test_a_batch_that_was_killed_goes_on_where_it_was(tmp_path):
    manifest = write_manifest(tmp_path, some_rows(tmp_path))
    cohort, results = tmp_path / "cohort", tmp_path / "cohort.work" / "results"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    batch = subprocess.Popen([sys.executable, "-c", _RUN_SLOWLY, manifest, cohort], env=environment)
    while len(list(results.glob("*.json"))) < 2 and batch.poll() is None:
        time.sleep(0.01)

    os.kill(batch.pid, signal.SIGKILL)
    batch.wait()

    assert not cohort.exists()
    report = run(manifest, cohort)
    assert (report.n_ok, report.n_failed) == (6, 0)
    assert 1 <= report.n_skipped < 6
    assert not list(results.glob("*.tmp"))


def test_a_dry_run_knows_what_is_done(finished, tmp_path):
    manifest, cohort = finished
    # A file written a moment ago is read again before it is trusted.
    for scan in tmp_path.glob("scan_*"):
        os.utime(scan, ns=(10**18, 10**18))
    run(manifest, cohort)

    report = run(manifest, cohort, dry_run=True)

    assert (report.plan.n_done, report.plan.n_to_measure) == (6, 0)
