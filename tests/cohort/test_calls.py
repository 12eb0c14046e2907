"""Readers' words and pelvic numbers become rows; words become yes or no by one rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from cohort_records import (
    failed,
    pelvic_numbers,
    relations,
    scan,
    small_cohort,
    some_readings,
)

from gist_imaging.anatomy.metric import Metric
from gist_imaging.cohort.binary_calls import BINARY_RULES, explain, levator_displaced, sphincter_invaded
from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.codes import CODELISTS
from gist_imaging.cohort.emit import codelist_rows, plain_rows
from gist_imaging.cohort.pelvic_names import PELVIC_MEASUREMENTS, RELATION_FIELDS
from gist_imaging.cohort.pelvic_numbers import PelvicNumber, relation_numbers
from gist_imaging.cohort.records import ScanRecord, StudyFacts
from gist_imaging.cohort.validate import validate_frames
from gist_imaging.errors import MeasurementError, TableError
from gist_imaging.study.codes import VOCABULARIES, LevatorDisplacement, Side, SphincterDepth
from gist_imaging.study.reading import PelvicFindings, Reading

STUDY = StudyFacts()


def tables_of(records, readings=(), study=STUDY):
    frames = cohort_frames(records, study, readings)
    assert validate_frames(frames, study) == []
    return {name: plain_rows(frame) for name, frame in frames.items()}


def test_every_call_is_a_row_with_its_words_and_the_hash_of_its_reading():
    readings = some_readings()
    rows = tables_of(small_cohort(), readings)

    assert [(row["lesion_id"], row["timepoint_id"], row["side"]) for row in rows["levator_relations"]] == [
        ("SYN-001/L1", "SYN-001/baseline", "L"),
        ("SYN-001/L1", "SYN-001/baseline", "R"),
        ("SYN-001/L1", "SYN-001/baseline", "midline"),
        ("SYN-001/L1", "SYN-001/presurgery", "L"),
        ("SYN-002/L1", "SYN-002/presurgery", "L"),
        ("SYN-002/L1", "SYN-002/presurgery", "R"),
        ("SYN-002/L1", "SYN-002/presurgery", "midline"),
    ]
    first, *_, last = (row for row in rows["levator_relations"] if row["patient_id"] == "SYN-001")
    assert (first["contact"], first["displacement"], first["invasion"]) == ("abutment", "marked", None)
    assert last["components"] == "puborectalis;iliococcygeus"
    assert first["reading_sha256"] == readings[0].sha256
    by_r1, by_r2, _ = rows["pelvic_findings"]
    assert (by_r1["sphincter_depth"], by_r1["organ_prostate"], by_r1["organ_coccyx"]) == (
        "internal",
        "equivocal",
        "no",
    )
    assert by_r1["organ_uterus"] is None
    assert (by_r1["blinded"], by_r2["blinded"]) == (True, False)


def test_a_cohort_without_readings_has_empty_tables_of_words_and_says_not_asked():
    rows = tables_of(small_cohort())

    assert rows["levator_relations"] == rows["pelvic_findings"] == []
    for row in rows["analysis_patient"]:
        for name in BINARY_RULES:
            assert (row[name], row[f"{name}_status"]) == (None, "not_asked")
            assert (row[f"{name}_post"], row[f"{name}_post_status"]) == (None, "not_asked")


def test_words_are_binarised_for_the_shown_reader_and_lesion_at_both_visits():
    rows = tables_of(small_cohort(), some_readings())
    by_patient = {row["patient_id"]: row for row in rows["analysis_patient"]}
    first, second = by_patient["SYN-001"], by_patient["SYN-002"]

    # One side marked: displaced, although the midline was not assessable.
    assert (first["levator_displaced"], first["levator_displaced_status"]) == (True, "called")
    # One side without displacement and nothing about the others.
    assert (first["levator_displaced_post"], first["levator_displaced_post_status"]) == (None, "not_asked")
    assert (first["sphincter_invasion"], first["distance_anal_verge_mm"], first["dav_method"]) == (
        True,
        31.5,
        "two_segment",
    )
    assert (second["levator_displaced"], second["levator_displaced_post"]) == (None, False)
    assert (second["sphincter_invasion"], second["sphincter_invasion_status"]) == (None, "not_assessable")


def test_another_reader_is_shown_with_that_readers_words():
    rows = tables_of(small_cohort(), some_readings(), StudyFacts(primary_reader="R2"))
    first = next(row for row in rows["analysis_patient"] if row["patient_id"] == "SYN-001")

    assert (first["reader_id"], first["sphincter_invasion"], first["levator_displaced"]) == (
        "R2",
        False,
        None,
    )


def test_an_answer_names_the_words_it_rests_on():
    rows = tables_of(small_cohort(), some_readings())

    why = explain(rows, "SYN-001", "levator_displaced")

    assert why.words == (
        ("SYN-001/L1|SYN-001/baseline|R1|L", "displacement", "marked"),
        ("SYN-001/L1|SYN-001/baseline|R1|R", "displacement", "none"),
        ("SYN-001/L1|SYN-001/baseline|R1|midline", "displacement", "not_assessable"),
    )
    for row in rows["analysis_patient"]:
        for name, suffix in product(BINARY_RULES, ("", "_post")):
            found = explain(rows, row["patient_id"], name + suffix)
            assert (found.value, found.status) == (row[name + suffix], row[f"{name}{suffix}_status"])
    with pytest.raises(KeyError):
        explain(rows, "SYN-001", "ld_pre_mm")
    with pytest.raises(KeyError):
        explain(rows, "SYN-009", "levator_displaced")


def sides(*words):
    """Rows of L, R and midline; "absent" leaves a side out."""
    place = {"lesion_id": "P/L1", "timepoint_id": "P/b", "reader_id": "R1"}
    return [
        {**place, "side": side.value, "displacement": word}
        for side, word in zip(Side, words, strict=True)
        if word != "absent"
    ]


def test_a_displaced_side_is_never_undone_and_an_unknown_side_never_taken_for_none():
    choices = [*(word.value for word in LevatorDisplacement), None, "absent"]
    for words in product(choices, repeat=3):
        call = levator_displaced(sides(*words))

        if {"mild", "marked"} & set(words):
            expected = (True, "called")
        elif set(words) == {"none"}:
            expected = (False, "called")
        elif "not_assessable" in words:
            expected = (None, "not_assessable")
        else:
            expected = (None, "not_asked")
        assert (call.value, call.status) == expected, words


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        ("none", (False, "called")),
        ("internal", (True, "called")),
        ("intersphincteric_plane", (True, "called")),
        ("external", (True, "called")),
        ("not_assessable", (None, "not_assessable")),
        ("absent", (None, "not_assessable")),
        (None, (None, "not_asked")),
    ],
)
def test_a_sphincter_is_invaded_from_the_internal_one_on(depth, expected):
    row = {"lesion_id": "P/L1", "timepoint_id": "P/b", "reader_id": "R1", "sphincter_depth": depth}
    call = sphincter_invaded([row])

    assert (call.value, call.status) == expected
    assert sphincter_invaded([]).status == "not_asked"
    assert depth is None or SphincterDepth.read(depth, "depth")


def test_copies_of_a_reading_are_one_and_two_that_speak_of_one_thing_are_refused():
    first, *_ = some_readings()
    other = first.revised("a second look", relations=first.relations[1:])

    assert len(tables_of(small_cohort(), [first, first])["levator_relations"]) == 4
    with pytest.raises(TableError, match="give the revision that counts") as refusal:
        cohort_frames(small_cohort(), STUDY, [first, other])
    # Three sides and the findings are in both.
    assert len(refusal.value.problems) == 4


def test_words_about_a_lesion_visit_or_reader_that_is_not_there_are_refused_all_at_once():
    reading = Reading("R7", "SYN-001", blinded=True, relations=relations("L9", "tp3m", "R7", L="none"))

    with pytest.raises(TableError) as refusal:
        cohort_frames(small_cohort(), STUDY, [reading])

    assert [what for what in ("lesion", "visit", "reader") if f"a {what} of" in str(refusal.value)] == [
        "lesion",
        "visit",
        "reader",
    ]


def test_words_about_a_scan_that_failed_are_kept():
    reading = Reading(
        "R1",
        "SYN-009",
        blinded=True,
        findings=(PelvicFindings("L1", "baseline", "R1", image_quality="non_diagnostic"),),
    )

    rows = tables_of([scan(), failed("SYN-009")], [reading])

    assert [row["image_quality"] for row in rows["pelvic_findings"]] == ["non_diagnostic"]
    assert [row["patient_id"] for row in rows["analysis_patient"]] == ["SYN-001"]


def test_every_word_of_a_reader_is_listed_with_its_one_code():
    listed = {(row["list"], row["code"]): row for row in codelist_rows()}
    for name, held in VOCABULARIES.items():
        for word in held.words:
            row = listed[name, word.value]
            assert (row["coding_scheme"], row["code_value"]) == (word.code.scheme, word.code.value)
            assert row["description"] == word.definition
    assert listed["arm", "neoadjuvant"]["code_value"] is None


def test_numbers_of_the_pelvis_stand_in_the_long_table_with_side_unit_and_interval():
    rows = tables_of([scan(pelvic=pelvic_numbers())])
    found = {
        (row["name"], row["side"]): row for row in rows["measurements"] if row["name"] in PELVIC_MEASUREMENTS
    }

    assert len(found) == len({row["measurement_id"] for row in found.values()}) == 5
    near = found["distance_to_levator_min", "L"]
    assert (near["value"], near["unit"], near["end2_y_mm"]) == (3.0, "mm", 2.0)
    overlap = found["distance_to_levator_min", "R"]
    assert (overlap["value"], overlap["value_low"], overlap["value_high"]) == (-0.5, -1.1, 0.2)
    # DOMAIN 4.4: a cap of 30 mm pushed in 8 mm displaces 5.496 mL.
    volume = found["levator_displaced_volume", "L"]
    assert (volume["value"], volume["unit"]) == (pytest.approx(5.496), "mL")
    missing = found["levator_displacement_p95", "R"]
    assert (missing["value"], missing["status"], missing["reason"]) == (
        None,
        "not_evaluable",
        "both_sides_affected",
    )
    assert found["h_line", None]["value"] == 50.99


def test_numbers_of_the_pelvis_change_no_other_number():
    plain, with_them = tables_of([scan()]), tables_of([scan(pelvic=pelvic_numbers())])

    others = [row for row in with_them["measurements"] if row["name"] not in PELVIC_MEASUREMENTS]
    assert others == plain["measurements"]
    assert with_them["analysis_patient"] == plain["analysis_patient"]


def test_every_pelvic_name_is_its_field_without_the_unit():
    suffix = {"mm": "_mm", "mm2": "_mm2", "mL": "_mm3", "deg": "_deg", "1": ""}
    for name, entry in PELVIC_MEASUREMENTS.items():
        assert entry.field == name + suffix[entry.unit]
        assert entry.unit in CODELISTS["unit"]


def test_a_metric_becomes_a_number_with_its_reason_as_one_word():
    ends = ((0.0, 0.0, 0.0), (0.0, 3.0, 4.0))
    made = PelvicNumber.from_metric("distance_to_levator_min", Metric(5.0, "mm", points_mm=ends), "L")
    missing = PelvicNumber.from_metric("h_line", Metric.missing("mm", "the anal verge was not marked"))

    assert made.end_points_mm == ends
    assert missing.reason == "the_anal_verge_was_not_marked"
    with pytest.raises(MeasurementError, match="is in mm"):
        PelvicNumber.from_metric("distance_to_levator_min", Metric(5.0, "deg"), "L")


def test_the_metrics_of_a_side_become_one_number_each_and_none_is_lost():
    units = {"mL": "mm3"}
    metrics = {
        field: Metric.missing(
            units.get(PELVIC_MEASUREMENTS[name].unit, PELVIC_MEASUREMENTS[name].unit), "why"
        )
        for field, name in RELATION_FIELDS.items()
    }
    metrics["contact_area"] = Metric(191.6, "mm2", low=150.0, high=230.0)

    numbers = relation_numbers(metrics, "midline", params_sha256="a" * 64)
    rows = tables_of([scan(pelvic=numbers)])["measurements"]

    assert {number.name for number in numbers} == {
        name for name, entry in PELVIC_MEASUREMENTS.items() if entry.of_side
    }
    (area,) = (row for row in rows if row["name"] == "levator_contact_area")
    assert (area["value"], area["value_low"], area["value_high"], area["side"]) == (
        191.6,
        150.0,
        230.0,
        "midline",
    )
    with pytest.raises(MeasurementError, match="bow"):
        relation_numbers({k: v for k, v in metrics.items() if k != "bow"}, "L", params_sha256="a" * 64)


def test_the_page_on_calls_gives_the_rules_that_the_program_follows():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reader_calls.md").read_text("utf-8")

    for name, rule in BINARY_RULES.items():
        assert f"| `{name}` | {rule} |" in page


@pytest.mark.parametrize(
    "given",
    [
        {"name": "levator_colour", "value": 1.0, "side": "L"},
        {"name": "levator_bow", "value": 1.0},
        {"name": "h_line", "value": 1.0, "side": "L"},
        {"name": "h_line", "value": None},
        {"name": "h_line", "value": 1.0, "reason": "why"},
        {"name": "h_line", "value": None, "reason": "not marked"},
        {"name": "h_line", "value": float("nan")},
        {"name": "h_line", "value": 2.0, "low": 2.5, "high": 3.0},
        {"name": "h_line", "value": 2.0, "end_points_mm": ((0.0, 0.0, 0.0),)},
    ],
)
def test_a_number_that_cannot_be_is_refused(given):
    with pytest.raises(MeasurementError):
        PelvicNumber(**given)


def test_a_record_with_numbers_of_the_pelvis_survives_json():
    record = scan(pelvic=pelvic_numbers())

    assert ScanRecord.from_json(record.to_json()) == record
    assert replace(record, pelvic=()) == scan()
