"""Day 0 is imatinib start, else surgery, else the first scan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cohort_records import scan

from gist_imaging.cohort.clock import patient_clock


def days(records):
    return {visit.label: visit.day for visit in patient_clock(records).visits}


def undated(label, **facts):
    plain = {"imatinib_start_date": None, "scan_date": None} | facts
    return replace(scan(label=label), **plain)


def test_day_0_is_the_start_of_imatinib():
    clock = patient_clock([scan(), scan(label="presurgery")])

    assert clock.t0_event == "imatinib_start"
    assert [(visit.label, visit.day, visit.order) for visit in clock.visits] == [
        ("baseline", -7, 1),
        ("presurgery", 182, 2),
    ]


def test_without_imatinib_day_0_is_surgery():
    facts = {"imatinib_start_date": None, "surgery_date": "2020-08-11"}

    assert days([replace(scan(), **facts), replace(scan(label="presurgery"), **facts)]) == {
        "baseline": -190,
        "presurgery": -1,
    }


def test_without_either_day_0_is_the_first_scan():
    records = [undated("b", scan_date="2020-03-01"), undated("a", scan_date="2020-02-01")]

    assert days(records) == {"a": 0, "b": 29}
    assert patient_clock(records).t0_event == "first_scan"


def test_stated_days_are_taken_as_they_are_when_day_0_is_stated():
    records = [undated("x", scan_day=-5, t0_event="imatinib_start"), undated("y", scan_day=90, t0_event=None)]

    assert days(records) == {"x": -5, "y": 90}


def test_stated_days_of_unknown_origin_are_counted_from_the_first_scan():
    assert days([undated("x", scan_day=100), undated("y", scan_day=190)]) == {"x": 0, "y": 90}


def test_undated_visits_are_ordered_by_labels_whose_order_is_known():
    clock = patient_clock([undated("presurgery"), undated("baseline")])

    assert [(visit.label, visit.day) for visit in clock.visits] == [("baseline", None), ("presurgery", None)]
    assert clock.conflict is None


@pytest.mark.parametrize(
    "records",
    [
        [undated("one"), undated("two")],
        [scan(), replace(scan(label="presurgery"), imatinib_start_date="2020-02-11")],
        [replace(scan(), is_baseline=True), replace(scan(label="presurgery"), is_baseline=True)],
    ],
    ids=["no order", "two starts", "two baselines"],
)
def test_what_gives_no_time_line_is_told(records):
    assert patient_clock(records).conflict


def test_the_baseline_is_the_stated_visit_else_the_label_else_the_first():
    dated = [undated("early", scan_date="2020-01-01"), undated("late", scan_date="2020-02-01")]
    labelled = [*dated, undated("baseline", scan_date="2020-01-15")]
    stated = [*dated[:1], replace(dated[1], is_baseline=True)]

    def baseline(records):
        return [visit.label for visit in patient_clock(records).visits if visit.is_baseline]

    assert (baseline(dated), baseline(labelled), baseline(stated)) == (["early"], ["baseline"], ["late"])
