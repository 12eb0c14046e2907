"""Readings named by the rows of a manifest arrive in the cohort, or stop the batch with their row."""

from __future__ import annotations

import json
import shutil

import pytest
from batch_cases import contents, some_rows, table, write_manifest

from gist_imaging.batch.executor import InProcess
from gist_imaging.batch.manifest import read_manifest
from gist_imaging.batch.runner import run_batch
from gist_imaging.errors import IntakeError, ReadingError, TableError
from gist_imaging.io.reading_file import read_reading, write_reading
from gist_imaging.io.tables import validate_cohort
from gist_imaging.study.reading import LevatorRelation, PelvicFindings, Reading


def about(timepoint, reader="R1", lesion="L1", **said):
    return LevatorRelation(lesion, timepoint, reader, said.pop("side", "L"), **said)


def reading(case="P001", reader="R1", relations=None, **given):
    if relations is None:
        relations = tuple(
            about("baseline", reader, side=side, contact="none", displacement="none")
            for side in ("L", "R", "midline")
        )
    return Reading(reader, case, blinded=True, relations=relations, **given)


def rows_with(tmp_path, *readings, n_patients=1):
    """Rows of patients; the n-th row names the n-th reading."""
    rows = some_rows(tmp_path, n_patients)
    for number, (row, held) in enumerate(zip(rows, readings, strict=False)):
        if held is not None:
            row["reading"] = f"readings/{number}.json"
            (tmp_path / "readings").mkdir(exist_ok=True)
            write_reading(held, tmp_path / row["reading"])
    return rows


def problems_of(tmp_path, rows):
    with pytest.raises(TableError) as refusal:
        read_manifest(write_manifest(tmp_path, rows))
    assert str(tmp_path) not in str(refusal.value)
    return list(refusal.value.problems)


def test_a_reading_of_each_row_arrives_in_a_valid_cohort(tmp_path):
    later = reading(
        relations=(about("presurgery", contact="abutment", displacement="mild"),),
        findings=(PelvicFindings("L1", "presurgery", "R1", sphincter_depth="external"),),
    )
    manifest = write_manifest(tmp_path, rows_with(tmp_path, reading(), later, n_patients=2))

    report = run_batch(manifest, tmp_path / "cohort", executor=InProcess())

    assert (report.n_ok, report.n_failed, report.warnings) == (4, 0, ())
    assert validate_cohort(tmp_path / "cohort").problems == ()
    assert [
        (row["timepoint_id"], row["side"], row["contact"], row["displacement"], row["invasion"])
        for row in table(tmp_path / "cohort", "levator_relations")
    ] == [
        ("P001/baseline", "L", "none", "none", ""),
        ("P001/baseline", "R", "none", "none", ""),
        ("P001/baseline", "midline", "none", "none", ""),
        ("P001/presurgery", "L", "abutment", "mild", ""),
    ]
    first, second = table(tmp_path / "cohort", "analysis_patient")
    assert (first["levator_displaced"], first["levator_displaced_post"]) == ("false", "true")
    assert (first["sphincter_invasion"], first["sphincter_invasion_post"]) == ("", "true")
    assert (second["levator_displaced"], second["levator_displaced_status"]) == ("", "not_asked")


def test_one_reading_may_be_named_by_all_rows_it_speaks_of(tmp_path):
    both = reading(relations=(about("baseline", contact="close"), about("presurgery", contact="none")))
    rows = rows_with(tmp_path, both)
    rows[1]["reading"] = rows[0]["reading"]

    manifest = read_manifest(write_manifest(tmp_path, rows))

    assert manifest.readings == (both,)


def test_the_tables_are_the_same_bytes_whatever_the_order_of_rows(tmp_path):
    rows = rows_with(tmp_path, reading(), None, reading("P002"), n_patients=2)
    manifest = write_manifest(tmp_path, rows)
    shuffled = write_manifest(tmp_path, rows[::-1], "shuffled.csv")
    run_batch(manifest, tmp_path / "a", executor=InProcess())
    shutil.copy(tmp_path / "a.key", tmp_path / "b.key")

    run_batch(shuffled, tmp_path / "b", executor=InProcess())

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_corrected_reading_measures_nothing_again(tmp_path):
    rows = rows_with(tmp_path, reading())
    manifest = write_manifest(tmp_path, rows)
    run_batch(manifest, tmp_path / "cohort", executor=InProcess())
    second = reading().revised("slice 31", relations=(about("baseline", contact="abutment"),))
    (tmp_path / rows[0]["reading"]).write_text(json.dumps(second.to_json()), encoding="utf-8")

    report = run_batch(manifest, tmp_path / "cohort", executor=InProcess())

    assert report.n_skipped == 2
    (row,) = table(tmp_path / "cohort", "levator_relations")
    assert (row["contact"], row["revision"]) == ("abutment", "2")
    # What the reader wrote as a reason stays at home.
    assert not [name for name, held in contents(tmp_path / "cohort").items() if b"slice 31" in held]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (reading("P002"), "expected a reading of this row's patient, found another's"),
        (reading(reader="R2"), "expected a reading by this row's reader_id"),
        (
            reading(relations=(about("tp3m", contact="none"),)),
            "expected words about L1 at baseline, found none",
        ),
        (
            reading(
                relations=(about("baseline", contact="none"), about("baseline", lesion="L7", contact="close"))
            ),
            "expected a row of its own, with this reading, for L7 at baseline",
        ),
    ],
    ids=["another patient", "another reader", "another visit", "a lesion without a row"],
)
def test_a_reading_that_does_not_fit_its_row_stops_the_batch_with_the_row(tmp_path, held, expected):
    problems = problems_of(tmp_path, rows_with(tmp_path, held))

    assert [text for text in problems if text.startswith("row 2, column reading: ") and expected in text]


def test_a_call_of_a_second_read_is_refused(tmp_path):
    rows = rows_with(tmp_path, reading())
    rows[0]["read_no"] = "2"

    (problem,) = problems_of(tmp_path, rows)

    assert problem.startswith("row 2, column reading: expected the calls of a first read")


def test_two_readings_that_speak_of_one_thing_are_named_by_both_rows(tmp_path):
    first = reading(relations=(about("baseline", contact="none"), about("presurgery", contact="none")))
    second = reading(relations=(about("presurgery", contact="close"),))
    rows = rows_with(tmp_path, first, second)
    rows.append({**rows[1], "reading": rows[0]["reading"], "lesion_id": "L1", "image": rows[0]["image"]})

    problems = problems_of(tmp_path, rows)

    assert problems == [
        "row 3, column reading: expected one reading, found another in row 2 that speaks of the same lesion "
        "and visit; give the revision that counts"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "there is none"),
        (b"\x00\x01", "a reading is JSON"),
        (b"[" * 100_000, "a reading is JSON"),
        (b'{"case": "P001", "case": "P002"}', "each name once"),
        (b"[]", "a reading is an object"),
        (b'{"format": "gist_imaging.reading/1"}', "missing: reader, case, blinded"),
    ],
    ids=["no file", "binary", "too deep", "a name twice", "a list", "an empty object"],
)
def test_a_file_that_is_no_reading_is_told_with_its_row_and_without_its_name(tmp_path, content, expected):
    rows = some_rows(tmp_path, 1)
    rows[0]["reading"] = "Doe_Jane.json"
    if content is not None:
        (tmp_path / "Doe_Jane.json").write_bytes(content)

    (problem,) = problems_of(tmp_path, rows)

    assert problem.startswith("row 2, column reading: ")
    assert expected in problem
    assert "Doe" not in problem


def test_an_unknown_word_is_told_by_name_with_its_row(tmp_path):
    rows = rows_with(tmp_path, reading(), None, reading("P002"), n_patients=2)
    for row in (rows[0], rows[2]):
        path = tmp_path / row["reading"]
        path.write_text(path.read_text().replace('"none"', '"touching"', 1))

    first, second = problems_of(tmp_path, rows)

    assert first.startswith("row 2, column reading:")
    assert second.startswith("row 4, column reading:")
    assert "'touching'" in first
    assert "contact is one of none, close, abutment, not_assessable" in first


def test_a_contradiction_is_told_with_the_code_of_its_rule(tmp_path):
    rows = rows_with(tmp_path, reading())
    path = tmp_path / rows[0]["reading"]
    path.write_text(path.read_text().replace('"invasion": null', '"invasion": "yes"', 1))

    (problem,) = problems_of(tmp_path, rows)

    assert "INVASION_WITHOUT_CONTACT" in problem


def test_everything_wrong_with_a_reading_is_told_at_once(tmp_path):
    rows = rows_with(tmp_path, reading())
    path = tmp_path / rows[0]["reading"]
    held = json.loads(path.read_text())
    held["relations"][0]["contact"] = "touching"
    held["relations"][2] |= {"invasion": "yes"}
    held["findings"] = [{"lesion": "L1", "timepoint": "baseline", "reader": "R1", "height_class": "low"}]
    path.write_text(json.dumps(held))

    problems = problems_of(tmp_path, rows)

    assert sorted(text.split(":")[1].strip() for text in problems) == [
        "findings 1",
        "relations 1",
        "relations 3",
    ]


def test_rare_calls_are_kept_and_asked_about(tmp_path):
    odd = reading(relations=(about("baseline", contact="none", displacement="marked"),))
    manifest = write_manifest(tmp_path, rows_with(tmp_path, odd))

    planned = run_batch(manifest, tmp_path / "cohort", executor=InProcess(), dry_run=True)
    done = run_batch(manifest, tmp_path / "cohort", executor=InProcess())

    (question,) = done.warnings
    assert planned.warnings == done.warnings
    assert question.startswith("P001/L1 baseline R1 levator L: displacement is marked and contact none")
    assert len(table(tmp_path / "cohort", "levator_relations")) == 1


def test_words_about_a_row_that_fails_are_kept(tmp_path):
    rows = rows_with(tmp_path, reading())
    rows[0]["mask"] = ""
    manifest = write_manifest(tmp_path, rows)

    report = run_batch(manifest, tmp_path / "cohort", executor=InProcess())

    assert [failure.code for failure in report.failures] == ["NO_MASK"]
    assert len(table(tmp_path / "cohort", "levator_relations")) == 3
    assert validate_cohort(tmp_path / "cohort").is_valid


def test_a_reading_comes_back_from_its_file_and_is_never_overwritten(tmp_path):
    first = reading()
    path = write_reading(first, tmp_path / "r1.json")
    second = first.revised("again")

    assert read_reading(path) == first
    assert write_reading(first, path) == path
    with pytest.raises(ReadingError, match="a file of its own"):
        write_reading(second, path)
    assert read_reading(path) == first
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r1.json"]
    with pytest.raises(IntakeError):
        read_reading(tmp_path)
