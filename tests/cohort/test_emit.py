"""One specification gives every schema, and text comes back as it was."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest
from cohort_records import small_cohort
from hypothesis import given, settings
from hypothesis import strategies as st

from gist_imaging.cohort.build import cohort_frames
from gist_imaging.cohort.codes import CODELISTS
from gist_imaging.cohort.csv_text import csv_text, frame_from_csv
from gist_imaging.cohort.emit import arrow_schema, data_dictionary, table_schema, typed_frame
from gist_imaging.cohort.measured_names import LESION_MEASUREMENTS, MEASURED_NAMES, QUANTITY_UNITS
from gist_imaging.cohort.package import frame_from_parquet, parquet_bytes
from gist_imaging.cohort.records import StudyFacts
from gist_imaging.cohort.spec import SAFE_TEXT, table_named, tables
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.response.assess import CRITERIA
from gist_imaging.response.change import Category

TABLES = tables()


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_every_emitter_has_the_columns_of_the_table(table):
    names = table.column_names

    assert [field["name"] for field in table_schema(table)["fields"]] == names
    assert arrow_schema(table).names == names
    assert list(typed_frame(table, []).columns) == names
    assert len(set(names)) == len(names)
    for name in names:
        assert f"| `{name}` |" in data_dictionary()


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_keys_are_required_columns_and_references_reach_a_key(table):
    for name in table.primary_key:
        assert table.column(name).required
    for key in table.foreign_keys:
        assert table_named(key.table).primary_key == key.target
        assert set(key.columns) <= set(table.column_names)


def test_every_column_is_described_and_every_list_has_words():
    for table in TABLES:
        for column in table.columns:
            assert column.description
            assert column.codes is None or CODELISTS[column.codes]
            assert column.pattern is None or re.compile(column.pattern)


def test_every_measured_name_is_a_field_of_the_measurement_and_has_a_unit():
    for entry in LESION_MEASUREMENTS.values():
        assert entry.field in LesionMeasurement.__slots__
    for entry in MEASURED_NAMES.values():
        assert (entry.unit or QUANTITY_UNITS["HU"]) in CODELISTS["unit"]


def test_the_lists_hold_every_criterion_and_category_there_is():
    assert set(CODELISTS["criterion"]) == set(CRITERIA)
    assert {str(category) for category in Category} <= set(CODELISTS["response"])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "a\nb", ""])
def test_text_that_a_spreadsheet_would_run_is_unsafe(text):
    assert not re.fullmatch(SAFE_TEXT, text)


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.none()
texts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12).filter(bool)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(numbers, texts, st.integers(-(2**53), 2**53) | st.none()), max_size=5))
def test_csv_and_parquet_give_back_every_value(cells):
    table = table_named("patients")
    required = {"sex": "U", "arm": "not_recorded", "t0_event": "surgery", "included": True}
    frame = typed_frame(
        table,
        [
            required
            | {"patient_id": f"{number:03d}", "age_years": age, "centre_id": text, "surgery_day": day}
            for number, (age, text, day) in enumerate(cells)
        ],
    )

    from_csv, unread = frame_from_csv(csv_text(frame, table).encode(), table)
    from_parquet = frame_from_parquet(parquet_bytes(frame, table), table)

    assert unread == []
    pd.testing.assert_frame_equal(from_csv, frame, check_exact=True)
    pd.testing.assert_frame_equal(from_parquet, frame, check_exact=True)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("age_years", "61,5"),
        ("age_years", "nan"),
        ("age_years", "1_0"),
        ("surgery_day", "3.0"),
        ("included", "True"),
    ],
)
def test_nothing_is_guessed_from_a_cell(column, text):
    table = table_named("patients")
    cells = ['"' + text + '"' if name == column else "" for name in table.column_names]
    content = ",".join(table.column_names) + "\n" + ",".join(cells) + "\n"

    frame, problems = frame_from_csv(content.encode(), table)

    assert [(problem.code, problem.row, problem.column) for problem in problems] == [
        ("type", "line 2", column)
    ]
    assert frame[column].isna().all()


def test_na_and_none_stay_text():
    table = table_named("readers")

    frame, _ = frame_from_csv(b"reader_id,kind\nNA,human\nNone,human\n", table)

    assert frame["reader_id"].tolist() == ["NA", "None"]


def test_floats_are_written_in_their_shortest_form():
    frame = cohort_frames(small_cohort(), StudyFacts())["analysis_patient"]
    text = csv_text(frame, table_named("analysis_patient"))

    assert repr(100.0 * (47.0 - 68.0) / 68.0) in text
    assert not math.isnan(frame["ld_change_pct"].iloc[1])
