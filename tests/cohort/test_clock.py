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


def test_days_and_dates_of_events_give_the_day_of_surgery():
    facts = {"t0_event": "imatinib_start", "surgery_date": "2024-06-10", "imatinib_start_date": "2024-01-05"}
    clock = patient_clock([undated("baseline", scan_day=-4, **facts), undated("tp3m", scan_day=90, **facts)])

    assert (clock.t0_event, clock.imatinib_start_day, clock.surgery_day) == ("imatinib_start", 0, 157)
    assert [visit.day for visit in clock.visits] == [-4, 90]
    assert clock.conflict is None


def test_days_counted_from_surgery_are_moved_to_the_start_of_imatinib():
    facts = {"t0_event": "surgery", "surgery_date": "2024-06-10", "imatinib_start_date": "2024-01-05"}
    clock = patient_clock([undated("baseline", scan_day=-161, **facts)])

    assert (clock.t0_event, clock.visits[0].day, clock.surgery_day) == ("imatinib_start", -4, 157)


def test_a_day_beside_a_date_places_the_days_of_other_scans():
    records = [
        undated("baseline", scan_date="2024-01-01", scan_day=-4, t0_event="imatinib_start"),
        undated("tp3m", scan_day=90, surgery_date="2024-06-10"),
    ]
    clock = patient_clock(records)

    assert [visit.day for visit in clock.visits] == [-4, 90]
    assert (clock.imatinib_start_day, clock.surgery_day, clock.conflict) == (0, 157, None)


def test_events_have_days_where_the_scans_have_none():
    facts = {"imatinib_start_date": "2024-01-05", "surgery_date": "2024-06-10"}
    clock = patient_clock([undated("baseline", **facts), undated("tp3m", **facts)])

    assert (clock.imatinib_start_day, clock.surgery_day) == (0, 157)
    assert [visit.day for visit in clock.visits] == [None, None]


def test_visits_that_have_a_day_keep_it_where_another_has_none():
    records = [scan(), undated("tp3m"), scan(label="presurgery")]

    assert [(visit.label, visit.day) for visit in patient_clock(records).visits] == [
        ("baseline", -7),
        ("tp3m", None),
        ("presurgery", 182),
    ]


@pytest.mark.parametrize(("apart", "conflicts"), [(14, False), (15, True)], ids=["14 days", "15 days"])
def test_scans_of_one_visit_lie_at_most_14_days_apart(apart, conflicts):
    records = [undated("tp3m", scan_day=90), undated("tp3m", scan_day=90 + apart), undated("x", scan_day=0)]

    assert bool(patient_clock(records).conflict) == conflicts


@pytest.mark.parametrize(
    ("label", "day", "conflicts"),
    [
        ("presurgery", 0, False),
        ("presurgery", 1, True),
        ("postop", -1, True),
        ("postop", 0, False),
        ("tp3m", 1, False),
    ],
)
def test_a_label_that_says_on_which_side_of_surgery_agrees_with_the_days(label, day, conflicts):
    records = [undated(name, scan_day=at, t0_event="surgery") for name, at in (("a", -90), (label, day))]

    assert bool(patient_clock(records).conflict) == conflicts


def test_one_visit_does_not_lie_on_both_sides_of_surgery():
    records = [undated("tp3m", scan_day=at, t0_event="surgery") for at in (-2, 3)]

    assert "surgery" in patient_clock(records).conflict


@pytest.mark.parametrize(
    "records",
    [
        [undated("a", scan_date="2024-01-01", scan_day=0), undated("b", scan_date="2024-04-01", scan_day=5)],
        [undated("a", scan_date="2024-01-01", scan_day=0, t0_event="surgery", surgery_date="2024-01-02")],
        [
            scan(label="tp3m", scan_date="2020-09-01"),
            undated("early"),
            scan(label="presurgery", scan_date="2020-05-01"),
        ],
    ],
    ids=["two days 0", "another day 0 than stated", "days against the order of labels"],
)
def test_dates_and_days_that_contradict_are_told(records):
    assert patient_clock(records).conflict


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
