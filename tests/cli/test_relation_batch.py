"""Words and numbers of tumour and levator ani from a manifest to one cohort folder, as a user gets them."""

from __future__ import annotations

import csv
import json

import frictionless
import pytest
from batch_cases import contents, table, write_manifest
from cli_runner import gist_imaging
from cli_runner import gist_imaging_here as here
from relation_files import SAMPLES, landmarks_of, phantom_of, strokes_of, whole_pelvis, written

from gist_imaging.cohort.pelvic_names import HEIGHT_FIELDS, LINE_FIELDS, PELVIC_MEASUREMENTS, RELATION_FIELDS
from gist_imaging.io.reading_file import write_reading
from gist_imaging.study.reading import LevatorRelation, Reading

VISITS = (("baseline", "-7", "marked"), ("presurgery", "180", "mild"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample patient SYN-002 with strokes, landmarks and words at both visits, measured in a batch."""
    folder = tmp_path_factory.mktemp("cohort")
    rows = []
    for visit, day, word in VISITS:
        phantom = phantom_of("SYN-002", visit)
        whole_pelvis(folder / f"{visit}.nii.gz", phantom)
        written(
            folder / f"{visit}.json",
            landmarks=landmarks_of(phantom),
            landmark_images=[f"{visit}.nii.gz"],
            levator_strokes=strokes_of(phantom),
        )
        call = LevatorRelation("L1", visit, "R1", "R", contact="abutment", displacement=word, invasion="no")
        write_reading(Reading("R1", "SYN-002", blinded=True, relations=(call,)), folder / f"{visit}_r1.json")
        scan = SAMPLES / "SYN-002" / visit
        rows.append(
            {
                "patient_id": "SYN-002",
                "timepoint_label": visit,
                "scan_day": day,
                "t0_event": "imatinib_start",
                "image": str(scan / "MR"),
                "mask": str(scan / "labels.nii.gz"),
                "label": "1",
                "modality": "MR",
                "reading": f"{visit}_r1.json",
                "relation": f"{visit}.json",
                "relation_side": "R",
            }
        )
    write_manifest(folder, rows)
    ran = gist_imaging("batch", folder / "manifest.csv", "--out", folder / "cohort", "--workers", 2, "--json")
    assert ran.code == 0, ran.err + ran.out
    assert ran.json["relation_failures"] == []
    return folder


def test_the_cohort_is_valid_by_our_check_and_by_an_independent_one(folder):
    ran = here("cohort", "validate", folder / "cohort")

    assert ran.code == 0, ran.out
    assert frictionless.validate(str(folder / "cohort" / "datapackage.json")).valid


def test_every_number_is_the_one_that_the_relation_command_prints(folder):
    rows = {
        (row["timepoint_id"], row["name"]): row
        for row in table(folder / "cohort", "measurements")
        if row["name"] in PELVIC_MEASUREMENTS
    }
    n_measured = 0
    for visit, _, _ in VISITS:
        scan = SAMPLES / "SYN-002" / visit
        ran = here(
            "relation", scan / "MR", scan / "labels.nii.gz", "--label", 1, "--side", "R",
            "--strokes", folder / f"{visit}.json", "--json",
        )  # fmt: skip
        (one,) = ran.json["relations"]
        told = {name: one[field] for field, name in RELATION_FIELDS.items()}
        told |= {name: ran.json["pelvic_lines"][field] for field, name in LINE_FIELDS.items()}
        told |= {name: ran.json["height"][field] for field, name in HEIGHT_FIELDS.items()}
        assert told.keys() == PELVIC_MEASUREMENTS.keys()
        for name, metric in told.items():
            row = rows[f"SYN-002/{visit}", name]
            assert row["side"] == ("R" if name in RELATION_FIELDS.values() else "")
            if metric["value"] is None:
                assert (row["value"], row["status"]) == ("", "not_evaluable")
                continue
            n_measured += 1
            # The child has one thread and this process several, so sums differ in their last digits, and
            # a triangle at the rim of a region may fall on its other side.
            wanted = metric["value"] * PELVIC_MEASUREMENTS[name].scale
            assert float(row["value"]) == pytest.approx(wanted, rel=1e-4, abs=1e-9), (visit, name)
    assert len(rows) == 2 * len(PELVIC_MEASUREMENTS)
    # Fat was not outlined, nor wall and hiatus drawn.
    assert n_measured > 2 * (len(PELVIC_MEASUREMENTS) - 6)


def test_changes_are_those_between_the_visits_and_two_ways_are_not_subtracted(folder):
    changes = {row["name"]: row for row in table(folder / "cohort", "relation_changes")}
    values = {
        (row["timepoint_id"], row["name"]): row["value"]
        for row in table(folder / "cohort", "measurements")
        if row["name"] in PELVIC_MEASUREMENTS
    }

    assert changes.keys() == PELVIC_MEASUREMENTS.keys() - {"levator_signal_ratio"}
    for name, row in changes.items():
        before, after = (values[f"SYN-002/{visit}", name] for visit, _, _ in VISITS)
        assert (row["baseline_value"], row["value"]) == (before, after)
        if row["status"] == "measured":
            assert float(row["change"]) == pytest.approx(float(after) - float(before), abs=1e-12)
    assert float(changes["levator_displacement_p95"]["change"]) < -5.0
    # The lower edge rose from below to above the junction, so that only one of the paths turns there.
    assert changes["distance_anal_verge_two_segment"]["reason"] == "measured_in_another_way"
    assert changes["distance_anal_verge_straight"]["status"] == "measured"
    assert changes["ischioanal_fossa_loss"]["reason"] == "not_measured_at_both_visits"


def test_words_stand_beside_the_numbers_and_make_the_yes_or_no(folder):
    said = table(folder / "cohort", "levator_relations")
    (patient,) = table(folder / "cohort", "analysis_patient")

    assert [(row["side"], row["displacement"]) for row in said] == [("R", "marked"), ("R", "mild")]
    assert (patient["levator_displaced"], patient["levator_displaced_post"]) == ("true", "true")


def test_the_dictionary_defines_every_number_with_its_unit_and_every_word_with_its_code(folder):
    page = (folder / "cohort" / "DATA_DICTIONARY.md").read_text("utf-8")

    for name, entry in PELVIC_MEASUREMENTS.items():
        assert f"| measurement | `{name}` | {entry.unit} | {entry.description} |" in page
    assert "| levator_displacement | `marked` |  |" in page
    assert "`value_low`" in page


@pytest.mark.parametrize(
    ("name", "value", "column"),
    [
        ("levator_contact_area", "-1.0", "value"),
        ("hemi_hiatus_ratio", "0.0", "value"),
        ("levator_contact_arc", "361.0", "value"),
        ("anorectal_angle", "181.0", "value"),
    ],
)
def test_a_number_that_cannot_be_is_found_by_the_check(folder, name, value, column):
    from gist_imaging.cohort.emit import plain_rows, typed_frame
    from gist_imaging.cohort.spec import table_named
    from gist_imaging.cohort.validate import validate_frames
    from gist_imaging.io.tables import read_cohort

    frames = dict(read_cohort(folder / "cohort"))
    rows = plain_rows(frames["measurements"])
    changed = next(row for row in rows if row["name"] == name and row["value"] is not None)
    changed |= {column: float(value), "value_low": None, "value_high": None}
    changed |= {f"end{end}_{axis}_mm": None for end in (1, 2) for axis in "xyz"}
    frames["measurements"] = typed_frame(table_named("measurements"), rows)

    found = [problem for problem in validate_frames(frames) if problem.row == changed["measurement_id"]]

    assert {problem.code for problem in found} & {"out_of_range"}


def test_a_second_run_and_one_of_a_shuffled_manifest_give_the_same_bytes(folder):
    first = contents(folder / "cohort")
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    write_manifest(folder, rows[::-1], "shuffled.csv")

    ran = here("batch", folder / "shuffled.csv", "--out", folder / "cohort", "--json")

    assert ran.code == 0, ran.err
    assert ran.json["n_skipped"] == 2
    assert contents(folder / "cohort") == first


def test_a_relation_that_cannot_be_measured_ends_with_3_and_says_why(folder, tmp_path):
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:1]
    strokes = json.loads((folder / "baseline.json").read_text("utf-8"))["levator_strokes"]
    written(tmp_path / "baseline.json", frame_uid="1.2.3.4.5.6", levator_strokes=strokes)
    rows[0] |= {"reading": "", "relation": "baseline.json"}
    manifest = write_manifest(tmp_path, rows)

    ran = here("batch", manifest, "--out", tmp_path / "cohort")

    assert ran.code == 3
    assert "1 of 1 rows measured" in ran.out
    assert "Relation to the levator ani not measured: SYN-002/L1 baseline R1, RELATION" in ran.out
    assert "frame of reference" in ran.out
    assert here("cohort", "validate", tmp_path / "cohort").code == 0
