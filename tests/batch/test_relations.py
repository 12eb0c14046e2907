"""The column `relation`: tumour against levator ani for each row, beside the lesion and never at its cost."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import batch_tasks
import numpy as np
import pytest
from batch_cases import contents, table, write_manifest, write_nifti
from relation_rows import GRID, LEFT_MM, RIGHT_MM, face_mm, masks_of, relation_row, relation_rows

from gist_imaging.batch.executor import InProcess
from gist_imaging.batch.jobs import CaseConfig, relation_key, relation_settings
from gist_imaging.batch.local_processes import LocalProcesses
from gist_imaging.batch.manifest import ManifestRow, read_manifest
from gist_imaging.batch.plan import CaseLimits
from gist_imaging.batch.relation_files import RelationFiles, identity_failures
from gist_imaging.batch.runner import run_batch
from gist_imaging.batch.survey import Surveyed
from gist_imaging.cohort.pelvic_names import HEIGHT_FIELDS, LINE_FIELDS, PELVIC_MEASUREMENTS, RELATION_FIELDS
from gist_imaging.errors import Cancelled, TableError
from gist_imaging.io.tables import validate_cohort
from gist_imaging.study.series import PatientIdentity
from gist_imaging.workflow import RelationFiles as Given
from gist_imaging.workflow import ScanOptions, measure_relation


def run(manifest, out, **options):
    return run_batch(manifest, out, executor=InProcess(), **options)


def pelvic(cohort, visit=None):
    """Rows of the pelvis by patient and visit, side and name."""
    return {
        (row["timepoint_id"], row["side"], row["name"]): row
        for row in table(cohort, "measurements")
        if row["name"] in PELVIC_MEASUREMENTS and visit in (None, row["timepoint_id"])
    }


def lesions(cohort):
    return [row for row in table(cohort, "measurements") if row["name"] not in PELVIC_MEASUREMENTS]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A manifest of two pairs with relations, and the cohort of its first run; read only."""
    folder = tmp_path_factory.mktemp("finished")
    manifest = write_manifest(folder, relation_rows(folder))
    report = run(manifest, folder / "cohort")
    return manifest, folder / "cohort", report


@pytest.fixture
def again(finished, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(finished[0].parent, tmp_path / "copy")
    return tmp_path / "copy" / "manifest.csv", tmp_path / "copy" / "cohort"


def test_every_number_of_a_relation_is_the_one_that_the_command_measures(finished):
    manifest, cohort, report = finished

    assert (report.n_ok, report.n_failed, report.relation_failures) == (4, 0, ())
    assert validate_cohort(cohort).problems == ()
    rows = pelvic(cohort)
    assert len(rows) == 4 * (len(RELATION_FIELDS) + len(LINE_FIELDS) + len(HEIGHT_FIELDS))
    for row in read_manifest(manifest).rows:
        truth = measure_relation(row.image, row.mask, Given(marks=(row.relation,)), ScanOptions(label="1"))
        (one,) = truth.relations
        expected = {(one.side, name): one.metrics[field] for field, name in RELATION_FIELDS.items()}
        expected |= {("", name): getattr(truth.lines, field) for field, name in LINE_FIELDS.items()}
        expected |= {("", name): getattr(truth.height, field) for field, name in HEIGHT_FIELDS.items()}
        for (side, name), metric in expected.items():
            held = rows[f"{row.patient_id}/{row.timepoint_label}", side, name]
            scale = PELVIC_MEASUREMENTS[name].scale
            numbers = [held[key] for key in ("value_low", "value", "value_high")]
            assert numbers == [
                "" if number is None else repr(number * scale)
                for number in (metric.low, metric.value, metric.high)
            ]
            assert (held["status"] == "measured") == (metric.value is not None)
            assert bool(held["reason"]) == (metric.value is None)
            assert held["notes"] == "; ".join((*([metric.reason] if metric.reason else []), *metric.notes))


def test_distance_and_contact_are_those_of_a_ball_beside_a_slab(finished):
    rows = pelvic(finished[1])

    for visit, radius_mm in (("P001/baseline", 6.0), ("P001/presurgery", 4.0)):
        near = rows[visit, "L", "distance_to_levator_min"]
        # What surfaces from masks are known to (RULINGS: 0.3 mm).
        assert float(near["value"]) == pytest.approx(face_mm(LEFT_MM) - radius_mm, abs=0.3)
        assert float(near["value_low"]) < float(near["value"]) < float(near["value_high"])
    displaced = rows["P001/baseline", "L", "levator_displacement_p95"]
    assert (displaced["value"], displaced["status"]) == ("", "not_evaluable")
    assert "the inferior pubic point" in displaced["notes"]
    assert float(rows["P001/presurgery", "L", "levator_contact_area"]["value"]) == 0.0


def test_the_tables_are_the_same_bytes_whatever_the_order_of_rows_and_processes(finished, tmp_path):
    manifest, cohort, _ = finished
    lines = manifest.read_text("utf-8").splitlines()
    shuffled = manifest.with_name("shuffled.csv")
    shuffled.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", "utf-8")
    shutil.copy(cohort.with_name("cohort.key"), tmp_path / "other.key")

    report = run_batch(shuffled, tmp_path / "other", workers=2)

    assert report.n_ok == 4
    assert contents(tmp_path / "other") == contents(cohort)


def test_a_second_run_measures_nothing_and_gives_the_same_bytes(again):
    manifest, cohort = again
    first = contents(cohort)

    report = run(manifest, cohort, case=batch_tasks.measure_never)

    assert (report.n_ok, report.n_skipped, report.relation_failures) == (4, 4, ())
    assert contents(cohort) == first


def test_a_corrected_relation_measures_no_lesion_again(again):
    manifest, cohort = again
    path = manifest.parent / "P001_baseline.json"
    path.write_text(json.dumps({"levator_masks": {"L": masks_of("P001_baseline")["L"]}}), "utf-8")

    report = run(manifest, cohort, case=batch_tasks.measure_no_lesion)

    assert (report.n_ok, report.n_failed, report.n_skipped) == (4, 0, 3)
    assert validate_cohort(cohort).is_valid


def test_a_levator_mask_that_changed_is_measured_again(again):
    manifest, cohort = again
    row = relation_row(manifest.parent, "P001", "baseline", 6.0, left_mm=7.0)
    before = pelvic(cohort)["P001/baseline", "L", "distance_to_levator_min"]["value"]

    run(manifest, cohort)

    after = pelvic(cohort)["P001/baseline", "L", "distance_to_levator_min"]["value"]
    assert row["relation"] == "P001_baseline.json"
    moved_mm = face_mm(LEFT_MM) - face_mm(7.0)
    assert float(before) - float(after) == pytest.approx(moved_mm, abs=0.3)


def test_without_the_column_there_are_no_numbers_of_the_pelvis_and_all_others_are_the_same(
    finished, tmp_path
):
    _, cohort, _ = finished
    rows = [
        {name: cell for name, cell in row.items() if name != "relation"} for row in relation_rows(tmp_path)
    ]
    shutil.copy(cohort.with_name("cohort.key"), tmp_path / "plain.key")
    run(write_manifest(tmp_path, rows), tmp_path / "plain")

    assert pelvic(tmp_path / "plain") == {}
    assert lesions(tmp_path / "plain") == lesions(cohort)
    assert table(tmp_path / "plain", "analysis_patient") == table(cohort, "analysis_patient")


FAR = {"side": "L", "points_mm": [[0.0, 0.0, 900.0], [20.0, 0.0, 900.0]]}


@pytest.mark.parametrize(
    ("relation", "code", "said"),
    [
        (None, "FILE_NOT_FOUND", "the row's relation file should be there"),
        ("{", "RELATION_FILE", "has the form that docs say"),
        ("[" * 100_000, "RELATION_FILE", "has the form that docs say"),
        ({"Doe^Jane": 1}, "RELATION_FILE", "has the form that docs say"),
        ({"levator_masks": {"L": {"path": "Doe.nii.gz"}}}, "FILE_NOT_FOUND", "names should be there"),
        ({"levator_masks": masks_of("P001_baseline", left=7)}, "LABEL", "correct the label"),
        ({"levator_masks": masks_of("P001_baseline", left=3, right=2)}, "RELATION", "swap the sides"),
        ({"levator_strokes": [FAR]}, "RELATION", "strokes on two slices or more"),
    ],
    ids=["no file", "no JSON", "too deep", "unknown name", "no mask", "label", "swapped", "strokes"],
)
def test_a_relation_that_cannot_be_measured_leaves_the_lesion_and_says_why(tmp_path, relation, code, said):
    row = relation_row(tmp_path, "P001", "baseline", 6.0)
    path = tmp_path / row["relation"]
    if relation is None:
        path.unlink()
    else:
        path.write_text(relation if isinstance(relation, str) else json.dumps(relation), "utf-8")

    report = run(write_manifest(tmp_path, [row]), tmp_path / "cohort")

    assert (report.n_ok, report.n_failed) == (1, 0)
    assert [failure.code for failure in report.relation_failures] == [code]
    assert validate_cohort(tmp_path / "cohort").problems == ()
    (told,) = table(tmp_path / "cohort", "failures")
    assert (told["stage"], told["code"]) == ("relation", code)
    assert said in told["message"]
    assert {float(one["value"]) > 0 for one in lesions(tmp_path / "cohort") if one["name"] == "volume"} == {
        True
    }
    missing = pelvic(tmp_path / "cohort").values()
    assert {(one["status"], one["reason"], one["value"]) for one in missing} == {
        ("not_evaluable", code.lower(), "")
    }
    assert {one["side"] for one in missing} == {"", "L", "R"}
    (shown,) = table(tmp_path / "cohort", "analysis_patient")
    assert shown["ld_pre_status"] == "measured"
    for name, held in contents(tmp_path / "cohort").items():
        assert b"Doe" not in held, name


def test_a_tumour_as_near_to_both_sides_asks_and_a_stated_side_answers(tmp_path):
    row = relation_row(tmp_path, "P001", "baseline", 6.0, right_mm=LEFT_MM)
    run(write_manifest(tmp_path, [row]), tmp_path / "asked")
    answers = {}
    for side in ("L", "midline", "both"):
        manifest = write_manifest(tmp_path, [{**row, "relation_side": side}], f"{side}.csv")
        assert run(manifest, tmp_path / side).relation_failures == ()
        assert validate_cohort(tmp_path / side).is_valid
        answers[side] = {held for _, held, _ in pelvic(tmp_path / side)} - {""}

    (told,) = table(tmp_path / "asked", "failures")
    assert (told["code"], "column relation_side" in told["message"]) == ("SIDE_UNCLEAR", True)
    assert answers == {"L": {"L"}, "midline": {"midline"}, "both": {"L", "R"}}


def test_visits_measured_on_different_sides_are_asked_about(tmp_path):
    rows = [
        {**relation_row(tmp_path, "P001", visit, 6.0), "relation_side": side}
        for visit, side in (("baseline", "L"), ("presurgery", "R"))
    ]

    report = run(write_manifest(tmp_path, rows), tmp_path / "cohort")

    assert [text for text in report.warnings if text.startswith("P001/L1 R1: its visits were measured on")]
    far = pelvic(tmp_path / "cohort")["P001/presurgery", "R", "distance_to_levator_min"]
    assert float(far["value"]) == pytest.approx(face_mm(RIGHT_MM) - 6.0, abs=0.3)


def test_a_tumour_that_has_gone_has_no_side_unless_it_is_stated(tmp_path):
    row = relation_row(tmp_path, "P001", "baseline", 0.0)
    write_nifti(tmp_path / "gone.nii.gz", np.zeros(GRID.shape, np.uint8), GRID)
    row |= {"mask": "gone.nii.gz", "label": ""}

    report = run(write_manifest(tmp_path, [row]), tmp_path / "cohort")

    assert (report.n_ok, report.relation_failures) == (1, ())
    assert validate_cohort(tmp_path / "cohort").problems == ()
    reasons = {held["reason"] for (_, side, _), held in pelvic(tmp_path / "cohort").items() if side}
    assert reasons == {"no_side_measured"}


def test_a_row_that_fails_has_no_numbers_and_one_failure(tmp_path):
    row = relation_row(tmp_path, "P001", "baseline", 6.0)
    other = relation_row(tmp_path, "P002", "baseline", 6.0)
    (tmp_path / row["image"]).write_bytes(b"no image")

    report = run(write_manifest(tmp_path, [row, other]), tmp_path / "cohort")

    assert (report.n_ok, report.n_failed, report.relation_failures) == (1, 1, ())
    assert validate_cohort(tmp_path / "cohort").problems == ()
    assert [held["stage"] for held in table(tmp_path / "cohort", "failures")] != ["relation"]


def test_a_scan_whose_spacing_is_not_the_patients_gives_no_distance(tmp_path):
    row = {**relation_row(tmp_path, "P001", "baseline", 6.0), "geometry": "not_physical"}

    report = run(write_manifest(tmp_path, [row]), tmp_path / "cohort")

    assert [failure.code for failure in report.relation_failures] == ["NOT_PHYSICAL"]
    assert validate_cohort(tmp_path / "cohort").problems == ()


@pytest.mark.parametrize(
    ("task", "limits", "code"),
    [
        (batch_tasks.hang_on_relations, CaseLimits(timeout_s=4.0), "LIMIT_TIME"),
        (batch_tasks.hog_on_relations, CaseLimits(memory_mb=900.0), "LIMIT_MEMORY"),
        (batch_tasks.die_on_relations, CaseLimits(), "WORKER_KILLED"),
    ],
    ids=["time", "memory", "death"],
)
def test_a_relation_that_breaks_its_limits_costs_no_lesion(tmp_path, task, limits, code):
    manifest = write_manifest(tmp_path, [relation_row(tmp_path, "P001", "baseline", 6.0)])

    report = run_batch(manifest, tmp_path / "cohort", workers=1, case=task, limits=limits)

    assert (report.n_ok, report.n_failed) == (1, 0)
    assert [failure.code for failure in report.relation_failures] == [code]
    assert validate_cohort(tmp_path / "cohort").problems == ()

    kept = run(manifest, tmp_path / "cohort", case=batch_tasks.measure_never)
    tried = run(manifest, tmp_path / "cohort", case=batch_tasks.measure_no_lesion, retry_failed=True)
    assert [failure.code for failure in kept.relation_failures] == [code]
    assert tried.relation_failures == ()
    assert (
        pelvic(tmp_path / "cohort")["P001/baseline", "L", "distance_to_levator_min"]["status"] == "measured"
    )


def test_a_batch_is_stopped_in_the_middle_of_a_relation_and_goes_on_later(tmp_path):
    manifest = write_manifest(tmp_path, [relation_row(tmp_path, "P001", "baseline", 6.0)])
    stop = threading.Event()
    timer = threading.Timer(4.0, stop.set)
    timer.start()
    with pytest.raises(Cancelled):
        run_batch(
            manifest,
            tmp_path / "cohort",
            executor=LocalProcesses(1),
            case=batch_tasks.hang_on_relations,
            cancelled=stop.is_set,
        )
    began = time.perf_counter()
    timer.join()

    assert not (tmp_path / "cohort").exists()
    assert time.perf_counter() - began < 30.0
    assert run(manifest, tmp_path / "cohort").n_ok == 1


def test_a_dry_run_counts_relations_apart_and_writes_nothing(again, tmp_path):
    manifest, cohort = again
    run(manifest, cohort)
    (manifest.parent / "P002_baseline.json").unlink()

    done = run(manifest, cohort, dry_run=True)
    fresh = run(manifest, tmp_path / "fresh", dry_run=True)

    assert (done.plan.n_to_measure, done.plan.n_done) == (0, 4)
    assert (fresh.plan.n_to_measure, fresh.plan.n_done) == (7, 0)
    assert [failure.code for failure in fresh.relation_failures] == ["FILE_NOT_FOUND"]
    assert not list(tmp_path.glob("fresh*"))


def test_a_side_without_a_relation_is_refused_with_its_row(tmp_path):
    row = relation_row(tmp_path, "P001", "baseline", 6.0)

    with pytest.raises(TableError) as refusal:
        read_manifest(write_manifest(tmp_path, [{**row, "relation": "", "relation_side": "L"}]))
    with pytest.raises(TableError, match="expected one of L, R, midline, both"):
        read_manifest(write_manifest(tmp_path, [{**row, "relation_side": "left"}]))

    assert [text.partition(":")[0] for text in refusal.value.problems] == ["row 2, column relation_side"]


def test_words_in_a_relation_file_ask_for_the_reading(tmp_path):
    call = {"lesion": "L1", "timepoint": "baseline", "reader": "R1", "side": "L", "contact": "none"}
    relation = {"levator_masks": masks_of("P001_baseline"), "calls": [call]}
    row = relation_row(tmp_path, "P001", "baseline", 6.0, relation)
    manifest = write_manifest(tmp_path, [row])

    planned = run(manifest, tmp_path / "cohort", dry_run=True)
    done = run(manifest, tmp_path / "cohort")

    (question,) = done.warnings
    assert planned.warnings == done.warnings
    assert question.startswith("P001/L1 baseline R1: the relation file holds a reader's words")
    assert table(tmp_path / "cohort", "levator_relations") == []


def test_files_of_another_patient_are_no_yardstick_for_this_one():
    own, levator = Path("image"), Path("levator")
    row = ManifestRow(2, "P001", "baseline", own, Path("mask"), relation=Path("r.json"))
    said = ManifestRow(3, "P001", "tp3m", own, Path("mask"), stated={"same_patient_reason": "moved"})
    files = RelationFiles({0: (Path("r.json"), levator), 1: (Path("r.json"), levator)})
    seen = {
        own: Surveyed((), PatientIdentity(patient_id="a")),
        levator: Surveyed((), PatientIdentity(patient_id="b")),
    }

    found = identity_failures([row, said], files, seen)

    assert [(index, failure.stage, failure.code) for index, failure in found.items()] == [
        (0, "relation", "IDENTITY")
    ]


def test_the_work_is_named_by_what_can_change_a_number_and_by_nothing_else():
    def key(relation=("r",), hu_roi="whole", **given):
        row = ManifestRow(2, "P001", "tp1", Path("a"), Path("m"), **given)
        return relation_key("i", "m", relation_settings(row, CaseConfig(hu_roi), relation))

    assert key(stated={"arm": "neoadjuvant", "reader_id": "R2"}) == key(hu_roi="eroded_1mm") == key()
    assert len({key(), key(("s",)), key(relation_side="L"), key(label=2), key(("r", "l"))}) == 5
